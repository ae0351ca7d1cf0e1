"""Our OPC UA client against a server that is not made of our library (`node-opcua`)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from recording_opcua import Received, head, peer, peer_or_skip, session

from connectors.opcua import decode
from deploy.ports import free_port
from domain.readings import ReadingQuality

SOURCE_MS = 1_792_728_000_000


@pytest.fixture(autouse=True)
def _node_opcua_is_there() -> None:
    peer_or_skip()


def test_values_come_with_their_status_and_their_times(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            await server.write("Power", 12_500.0, source_ms=SOURCE_MS)
            await server.write("Energy", 1000.5, source_ms=SOURCE_MS)
            await server.write("Parts", 7, source_ms=SOURCE_MS)
            await server.write("State", "Execute", source_ms=SOURCE_MS)
            received = Received()
            async with session(head(server.endpoint), received):
                await received.until(lambda: {r.channel for r in received.readings} == {"power", "energy_import", "parts", "state"})
                assert received.states == ["connected"]
                (power,) = received.of("power")
                assert (power.value, power.observed_ms, power.quality) == (12.5, SOURCE_MS, ReadingQuality.GOOD)
                assert received.of("state")[0].text == "Execute"
                await server.write("Power", 13_000.0, "UncertainLastUsableValue", SOURCE_MS + 1000)
                await received.until(lambda: received.has_received("power", 13.0))
                assert received.of("power")[-1].quality is ReadingQuality.UNCERTAIN
                assert received.of("power")[-1].text == "status 0x40900000 UncertainLastUsableValue"
                await server.write("Power", 0.0, "BadNoCommunication", SOURCE_MS + 2000)
                await received.until(lambda: received.of("power")[-1].quality is ReadingQuality.BAD)
                assert received.of("power")[-1].value is None

    asyncio.run(asyncio.wait_for(main(), 60))


def test_quick_changes_are_all_heard_and_in_order(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            received = Received()
            async with session(head(server.endpoint, sampling_ms=400, queue_size=50), received):
                await received.until(lambda: received.states == ["connected"])
                for number in range(1, 31):
                    await server.write("Energy", float(number), source_ms=SOURCE_MS + 1000 * number)
                await received.until(lambda: received.has_received("energy_import", 30.0))
                reported = [r.value for r in received.of("energy_import") if r.value]
                assert reported == sorted(reported)  # type: ignore[type-var]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_after_a_restart_with_shuffled_namespaces_the_same_nodes_are_found(tmp_path: Path) -> None:
    async def main() -> None:
        port, received = free_port(), Received()
        async with peer(port, tmp_path) as before:
            await before.write("Energy", 100.0, source_ms=SOURCE_MS)
            async with session(head(before.endpoint), received):
                await received.until(lambda: received.has_received("energy_import", 100.0))
                await before.kill()
                await received.until(lambda: "lost" in received.states)
                async with peer(port, tmp_path, namespaces_before=3) as after:
                    assert after.namespace_index != before.namespace_index
                    await after.write("Energy", 101.0, source_ms=SOURCE_MS + 60_000)
                    await received.until(lambda: received.has_received("energy_import", 101.0))
                    await received.until(lambda: received.states[:3] == ["connected", "lost", "connected"])
                    await after.write("Energy", 102.0, source_ms=SOURCE_MS + 70_000)
                    await received.until(lambda: received.has_received("energy_import", 102.0))

    asyncio.run(asyncio.wait_for(main(), 90))


def test_a_value_that_does_not_change_is_reported_again_with_its_date(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            await server.write("Energy", 100.0, source_ms=SOURCE_MS)
            received = Received()
            async with session(head(server.endpoint, max_silence_s=0.5), received):
                await received.until(lambda: len(received.of("energy_import")) >= 3)
            first, *again = received.of("energy_import")
            assert first.observed_ms == SOURCE_MS
            for reading in again:
                assert reading.value == 100.0
                assert reading.text in (decode.STILL_BY_SERVER, decode.STILL_BY_GATEWAY)
                assert 0 <= reading.received_ms - reading.observed_ms < 5_000
            assert not [r for r in received.of("parts") if r.text in (decode.STILL_BY_SERVER, decode.STILL_BY_GATEWAY)]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_namespace_that_the_server_does_not_have_is_refused_by_its_name(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            received = Received()
            async with session(head(server.endpoint, namespace_uri="urn:example:other"), received):
                await received.until(lambda: bool(received.states))
            assert received.states == ["refused"]
            assert "no namespace 'urn:example:other'" in received.reasons[0]

    asyncio.run(asyncio.wait_for(main(), 60))

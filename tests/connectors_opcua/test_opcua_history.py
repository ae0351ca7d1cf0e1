"""What was missed is asked for and comes late, from a server that is not made of our library."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from network_cut import Cable
from recording_opcua import Ledger, Received, head, peer, peer_or_skip, session

from connectors.gaps import PastValue
from connectors.opcua.config import OpcUaHead
from deploy.ports import free_port
from domain.readings import ReadingQuality

KEPT = "Power,Energy,State"
QUICK: dict[str, Any] = {"history_pause_s": 0.01, "history_chunk": 7}


@pytest.fixture(autouse=True)
def _node_opcua_is_there() -> None:
    peer_or_skip()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def in_time(main: Callable[[], Awaitable[None]], limit_s: float = 120) -> None:
    asyncio.run(asyncio.wait_for(main(), limit_s))


async def filled(received: Received) -> None:
    await received.until(lambda: any(count is not None for _, count, _ in received.gaps_reported))


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_a_gateway_that_was_off_for_a_day_asks_for_the_day_and_no_more(tmp_path: Path, order: str) -> None:
    async def main() -> None:
        start_ms = now_ms() - 26 * 3_600_000
        async with peer(free_port(), tmp_path, history_of=KEPT) as server:
            await server.write_many("Energy", 0.0, 1.0, 26 * 4 + 1, start_ms, 900_000)
            received = Received()
            known_ms = start_ms + 8 * 900_000
            received.ledger.marks["press", "energy_import"] = known_ms
            received.book = received.ledger.book()
            async with session(head(server.endpoint, history=order, **QUICK), received):
                await filled(received)
            live = received.of("energy_import")[0].observed_ms
            assert live == start_ms + 104 * 900_000
            expected = [start_ms + 900_000 * number for number in range(9, 104)]
            assert sorted(received.past_ms("energy_import")) == expected
            assert [value.value for _, value in sorted(received.past, key=lambda found: found[1].observed_ms)] == list(
                range(9, 104)
            )
            first_piece = received.past_ms("energy_import")[:5]
            assert first_piece == (expected[:5] if order == "oldest_first" else expected[-6:-1])
            requests = await server.requests()
            assert (requests["earliest_ms"], requests["latest_ms"], requests["most"]) == (known_ms, live, 7)
            assert requests["continued"] >= 12
            assert received.ledger.gaps == {}
            assert received.ledger.marks["press", "energy_import"] >= live
            assert [text for _, _, text in received.gaps_reported] == [
                "history requested: 1 register for 1,440 min",
                "history: 95 values of 1 register for 1,440 min",
            ]

    in_time(main)


def test_a_network_cut_is_filled_while_live_readings_go_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path, history_of=KEPT) as server, Cable(server.endpoint) as cable:
            received = Received()
            begin_ms = now_ms() - 60_000
            await server.write("Energy", 1.0, source_ms=begin_ms)
            async with session(head(cable.endpoint, history_chunk=7, history_pause_s=0.1), received):
                await received.until(lambda: received.has_received("energy_import", 1.0))
                cable.cut()
                await received.until(lambda: "lost" in received.states)
                await server.write_many("Energy", 2.0, 1.0, 60, begin_ms + 1000, 10)
                cable.repair()
                values = {float(value): begin_ms + 1000 + 10 * (value - 2) for value in range(2, 62)}
                while not any(count for _, count, _ in received.gaps_reported):
                    values[100.0 + len(values)] = now_ms()
                    await server.write("Energy", 40.0 + len(values) + 59.0, source_ms=list(values.values())[-1])
                    await asyncio.sleep(0.02)
                live = len(received.of("energy_import"))
                await server.write("Energy", 1e6, source_ms=now_ms())
                await received.until(lambda: received.has_received("energy_import", 1e6))
            past = {value.value: value.observed_ms for _, value in received.past}
            assert past == {value: at for value, at in values.items() if at <= max(past.values())}
            assert len(past) >= 60
            assert live > 3  # the first, one at the end of the gap, and others while it was filled
            assert received.ledger.gaps == {}
            requests = await server.requests()
            assert requests["earliest_ms"] == begin_ms

    in_time(main)


def test_a_stretch_of_bad_values_is_requested_when_the_machine_is_reached_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path, history_of=KEPT) as server:
            received = Received()
            begin_ms = now_ms() - 3_600_000
            await server.write("Power", 1000.0, source_ms=begin_ms)
            async with session(head(server.endpoint, **QUICK), received):
                await received.until(lambda: received.has_received("power", 1.0))
                await server.write("Power", 0.0, "BadNoCommunication", begin_ms + 1000)
                await received.until(lambda: received.of("power")[-1].quality is ReadingQuality.BAD)
                await server.write("Power", 2000.0, source_ms=begin_ms + 60_000)
                await filled(received)
            # The server's own memory holds the bad value, and says so: quality is kept.
            assert [value for channel, value in received.past if channel == "power"] == [
                PastValue(begin_ms + 1000, None, ReadingQuality.BAD, "status 0x80310000 BadNoCommunication")
            ]

    in_time(main)


def test_values_lost_in_the_servers_queue_are_requested(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path, history_of=KEPT) as server, Cable(server.endpoint) as cable:
            received = Received()
            await server.write("Energy", 1.0, source_ms=now_ms())
            async with session(head(cable.endpoint, queue_size=3, timeout_s=30, **QUICK), received):
                await received.until(lambda: received.has_received("energy_import", 1.0))
                cable.hold()
                await server.write_many("Energy", 2.0, 1.0, 20, now_ms(), 75, pace_ms=75)
                cable.release()
                await received.until(lambda: received.has_received("energy_import", 21.0))
                await filled(received)
            both = [r.value for r in received.of("energy_import")] + [value.value for _, value in received.past]
            assert sorted(set(both)) == [float(value) for value in range(1, 22)]  # type: ignore[type-var]
            assert any("lost in the server's queue" in (r.text or "") for r in received.of("energy_import"))
            assert received.states == ["connected"]  # no loss of the connection showed it, only the bit

    in_time(main)


def test_registers_without_history_are_found_once_and_never_read(tmp_path: Path) -> None:
    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            begin_ms = now_ms() - 3_600_000
            await server.write("Energy", 5.0, source_ms=begin_ms)
            received = Received()
            received.ledger.marks["press", "energy_import"] = begin_ms - 900_000
            received.book = received.ledger.book()
            async with session(head(server.endpoint, **QUICK), received) as running:
                # A gap that is noticed before the server has shown what it keeps is requested first.
                none = ("press", 0, "no history of energy_import: the server keeps none")
                await received.until(lambda: none in received.gaps_reported)
                assert set((await running.keeps_history()).values()) == {False}
                await server.write("Energy", 0.0, "BadNoCommunication", begin_ms + 1000)
                await server.write("Energy", 6.0, source_ms=begin_ms + 900_000)
                await received.until(lambda: received.has_received("energy_import", 6.0))
            assert received.ledger.gaps == {}
            assert received.gaps_reported.count(none) == 1
            assert (await server.requests())["reads"] == 0

    in_time(main)


def test_what_is_older_than_the_look_back_stays_lost_and_off_means_off(tmp_path: Path) -> None:
    async def main() -> None:
        start_ms = now_ms() - 48 * 3_600_000
        async with peer(free_port(), tmp_path, history_of=KEPT) as server:
            await server.write_many("Energy", 0.0, 1.0, 48 * 4 + 1, start_ms, 900_000)
            received = Received()
            received.book = Ledger({("press", "energy_import"): start_ms}).book()
            async with session(head(server.endpoint, history_days=0.5, **QUICK), received):
                await filled(received)
            past = received.past_ms("energy_import")
            assert 46 <= len(past) <= 48
            assert min(past) > now_ms() - 12 * 3_600_000 - 60_000
            silent = Received()
            silent.book = Ledger({("press", "energy_import"): start_ms}).book()
            before = (await server.requests())["reads"]
            off: OpcUaHead = head(server.endpoint, history="off")
            async with session(off, silent):
                await silent.until(lambda: silent.has_received("energy_import", 192.0))
            assert (await server.requests())["reads"] == before

    in_time(main)


def test_a_fill_that_was_stopped_in_the_middle_goes_on_where_its_last_piece_ended(tmp_path: Path) -> None:
    async def main() -> None:
        start_ms = now_ms() - 3_600_000
        async with peer(free_port(), tmp_path, history_of=KEPT) as server:
            await server.write_many("Energy", 0.0, 1.0, 201, start_ms, 10_000)
            first = Received()
            first.ledger.marks["press", "energy_import"] = start_ms
            first.book = first.ledger.book()
            async with session(head(server.endpoint, **QUICK), first):
                await first.until(lambda: len(first.pieces) >= 5)
            (gap,) = first.ledger.gaps.values()
            assert gap.from_ms == max(first.past_ms("energy_import"))
            assert gap.values == len(first.past)
            second = Received()
            second.ledger = first.ledger
            second.book = second.ledger.book()
            async with session(head(server.endpoint, **QUICK), second):
                await filled(second)
            came = first.past_ms("energy_import") + second.past_ms("energy_import")
            assert came == [start_ms + 10_000 * number for number in range(1, 200)]  # each once, in order
            assert second.gaps_reported[-1][1] == 199

    in_time(main)

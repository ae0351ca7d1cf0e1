"""What stops to tell its changes is made again, whatever it is: after a program download, and where a server just forgets."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asyncua import ua
from own_server import Machine, machine
from recording_opcua import Ledger, Received, context, gauge, head, peer, peer_or_skip, session

from connectors.channels import Channel
from connectors.opcua.config import OpcUaHead
from deploy.ports import free_port

VARIABLES = (("E", 100.0), ("State", "S0"), ("Recipe", "A"))


@pytest.fixture(autouse=True)
def _a_server_that_drops_its_callbacks() -> Iterator[None]:
    """The library's server forgets to tell of a deleted node, and Python says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "coroutine .* was never awaited")
        yield


def wanted() -> list[Channel]:
    return [gauge("energy_import", "s=E"), context("state", "s=State"), context("recipe", "s=Recipe")]


def monitored(server: Machine) -> set[str]:
    """The nodes whose changes the server would tell."""
    space = server.server.iserver.aspace
    names = [name for name, _ in VARIABLES if server.node_id(name) in space]
    values = [space._nodes[server.node_id(name)].attributes[ua.AttributeIds.Value] for name in names]
    return {name for name, value in zip(names, values, strict=True) if value.datachange_callbacks}


def quick(endpoint: str) -> OpcUaHead:
    """Looks after what is silent twice a second."""
    return head(endpoint, max_silence_s=0.5)


async def reported(server: Machine, received: Received, number: int) -> None:
    """Every change is notified by the subscription: a read alone would miss one of two that follow at once."""
    for half in (0, 1):
        await server.write("State", f"T{number}.{half}")
        await server.write("E", number + half / 2)
        await server.write("Recipe", f"R{number}.{half}")
    for half in (0, 1):
        await received.until(lambda half=half: any(reading.text == f"T{number}.{half}" for reading in received.of("state")))  # type: ignore[misc]
        await received.until(lambda half=half: any(reading.text == f"R{number}.{half}" for reading in received.of("recipe")))  # type: ignore[misc]
        await received.until(lambda half=half: received.has_received("energy_import", number + half / 2))  # type: ignore[misc]


def test_after_a_program_download_every_class_of_channel_publishes_its_changes_again() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(quick(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                await reported(server, received, 1)
                await server.remove(["E", "State", "Recipe"])
                await received.until(lambda: len(received.refused) > 0 and len(received.refused[-1]) == 3)
                assert received.states == ["connected", "refused"]
                assert {one.why for one in received.refused[-1]} == {"BadNodeIdUnknown"}
                for name, value in VARIABLES:
                    await server.add(name, value)
                await received.until(lambda: received.refused[-1] == ())
                await reported(server, received, 2)
            assert received.states == ["connected", "refused", "connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_nodes_made_again_at_once_are_noticed_by_their_first_change() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(quick(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                await reported(server, received, 1)
                await server.remove(["E", "State", "Recipe"])
                for name, value in (("E", 200.0), ("State", "U0"), ("Recipe", "B")):
                    await server.add(name, value)
                await server.until(lambda: monitored(server) == {"E", "State", "Recipe"})
                await received.until_published("U0", "state")
                await received.until_published("B", "recipe")
                await received.until_published(200.0, "energy_import")
                await reported(server, received, 2)
            assert received.states[0] == received.states[-1] == "connected"

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_program_that_moves_the_namespace_within_a_session_is_followed() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(quick(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                await reported(server, received, 1)
                await server.remove(["E", "State", "Recipe"])
                array = server.server.get_node(ua.ObjectIds.Server_NamespaceArray)
                known = await array.read_value()
                moved = [*known[: server.index], "urn:example:inserted", *known[server.index :]]
                await array.write_value(ua.Variant(moved, ua.VariantType.String))
                server.index += 1
                for name, value in VARIABLES:
                    await server.add(name, value)
                await received.until(lambda: received.states == ["connected", "refused", "connected"])
                await reported(server, received, 2)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_items_that_a_server_forgets_without_a_word_are_made_again_and_what_was_missed_is_requested() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            received.book = Ledger({("press", "state"): 1_000}).book()
            async with session(quick(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                await reported(server, received, 1)
                subscriptions = server.calls("subscription")
                server.subscriptions()[0].monitored_item_srv.delete_all_monitored_items()
                await server.write("State", "Lost")
                await server.write("Recipe", "Lost too")
                await server.write("E", 7.0)
                await server.until(lambda: monitored(server) == {"E", "State", "Recipe"})
                await received.until_published("Lost", "state")
                await received.until_published("Lost too", "recipe")
                await received.until_published(7.0, "energy_import")
                await reported(server, received, 2)
                assert server.calls("subscription") == subscriptions  # that itself was in order
            assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_subscription_that_a_server_drops_is_made_again() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(quick(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                await reported(server, received, 1)
                service = server.server.iserver.subscription_service
                await service.delete_subscriptions(list(service.subscriptions))
                requests = server.calls("items")
                await server.until(lambda: server.calls("items") > requests)
                await server.write("State", "Lost")
                await received.until_published("Lost", "state")
                await reported(server, received, 2)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_constant_whose_source_time_moves_with_every_read_is_not_made_again() -> None:
    """Many servers stamp a value when they sample it: that is no change."""

    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(quick(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                await reported(server, received, 1)
                requests = server.calls("items")
                space = server.server.iserver.aspace
                value = space.read_attribute_value(server.node_id("Recipe"), ua.AttributeIds.Value)
                for _ in range(12):
                    value.SourceTimestamp = datetime.now(UTC)
                    reads = server.calls("read")
                    await server.until(lambda reads=reads: server.calls("read") > reads)  # type: ignore[misc]
                assert server.calls("items") == requests

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_program_download_on_a_server_of_another_make(tmp_path: Path) -> None:
    peer_or_skip()

    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            received = Received()
            at_ms = 1_792_728_000_000
            async with session(quick(server.endpoint), received):
                await server.write("Energy", 1.0, source_ms=at_ms)
                await server.write("State", "S1", source_ms=at_ms)
                await received.until_published(1.0, "energy_import")
                await received.until_published("S1", "state")
                for node in ("Energy", "State"):
                    await server.remove(node)
                await received.until(lambda: bool(received.refused) and len(received.refused[-1]) == 2)
                assert received.states == ["connected"]  # the others are still there
                for node in ("Energy", "State"):
                    await server.make(node)
                await received.until(lambda: received.refused[-1] == ())
                for number in (2, 3, 4):
                    await server.write("Energy", float(number), source_ms=at_ms + number)
                    await server.write("State", f"S{number}", source_ms=at_ms + number)
                    await received.until_published(float(number), "energy_import")
                    await received.until_published(f"S{number}", "state")

    asyncio.run(asyncio.wait_for(main(), 120))

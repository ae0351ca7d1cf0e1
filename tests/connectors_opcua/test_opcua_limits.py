"""A server limits the operations of a call: what it states, else what it refuses, is kept to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st
from own_server import Machine, machine
from recording_opcua import Ledger, Received, context, gauge, head, peer, peer_or_skip, session

from connectors.channels import Channel
from connectors.opcua.calls import MOST_AT_ONCE, TOO_MUCH, UNREADABLE, Calls
from deploy.ports import free_port

MANY = 120


def many_channels() -> list[Channel]:
    return [(gauge if number % 2 else context)(f"c{number}", f"s=V{number}") for number in range(MANY)]


def many_variables() -> list[tuple[str, Any]]:
    return [(f"V{number}", float(number)) for number in range(MANY)]


async def all_received(received: Received, more: float) -> None:
    await received.until(lambda: all(received.has_received(f"c{number}", number + more) for number in range(MANY)))


@pytest.mark.parametrize("limit", [100, 7])
def test_120_channels_come_from_a_server_that_states_and_keeps_a_limit(limit: int) -> None:
    async def main() -> None:
        async with machine(variables=many_variables()) as server:
            limits = dict.fromkeys(("read", "items", "browse"), limit)
            await server.announce(limits)
            server.rules.most = limits
            received = Received()
            async with session(head(server.endpoint), received, wanted=many_channels()):
                await all_received(received, 0.0)
                for number in range(MANY):
                    await server.write(f"V{number}", number + 0.5)
                await all_received(received, 0.5)
            assert received.states == ["connected"]
            # As stated, from the first call that asks for many on.
            assert all(operations <= limit for operations in server.rules.largest().values())

    asyncio.run(asyncio.wait_for(main(), 120))


@pytest.mark.parametrize("answer", sorted(TOO_MUCH))
def test_120_channels_come_from_a_server_that_refuses_more_than_100_without_stating_it(answer: int) -> None:
    async def main() -> None:
        async with machine(variables=many_variables()) as server:
            server.rules.most, server.rules.answer = dict.fromkeys(("read", "items", "browse"), 100), answer
            received = Received()
            received.book = Ledger({("press", "c1"): 1_000}).book()
            async with session(head(server.endpoint), received, wanted=many_channels()):
                await all_received(received, 0.0)
                await received.until(lambda: bool(received.gaps_reported))  # history is asked for, and there is none
            assert received.gaps_reported[0][2] == "no history of c1: the server keeps none"
            assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_server_of_another_make_with_a_limit_of_3_gives_all_and_its_history(tmp_path: Path) -> None:
    peer_or_skip()

    async def main() -> None:
        async with peer(free_port(), tmp_path, history_of="Power,Energy,State", most=3) as server:
            begin_ms = 1_792_728_000_000
            await server.write("State", "Execute", source_ms=begin_ms)
            await server.write_many("Energy", 0.0, 1.0, 21, begin_ms, 60_000)
            received = Received()
            received.book = Ledger({("press", "energy_import"): begin_ms}).book()
            settings = head(server.endpoint, history_days=3660, history_pause_s=0.0, history_chunk=7)
            async with session(settings, received):
                await received.until_published("Execute", "state")
                await received.until(lambda: any(count is not None for _, count, _ in received.gaps_reported))
            assert received.past_ms("energy_import") == [begin_ms + 60_000 * number for number in range(1, 20)]

    asyncio.run(asyncio.wait_for(main(), 120))


BEGIN_UTC = datetime(2026, 10, 23, 4, tzinfo=UTC)
BEGIN_MS = round(BEGIN_UTC.timestamp() * 1000)


async def with_history(server: Machine, names: str, count: int) -> Received:
    """Who has missed `count` values of each node, a minute apart."""
    await server.remember(names)
    for number in range(count + 2):
        for name in names:
            await server.write(name, float(number), BEGIN_UTC + timedelta(minutes=number))
    received = Received()
    received.book = Ledger({("press", name.lower()): BEGIN_MS for name in names}).book()
    return received


def missed(count: int) -> list[int]:
    return [BEGIN_MS + 60_000 * number for number in range(1, count + 1)]


def test_a_piece_of_history_is_as_long_as_the_server_gives() -> None:
    async def main() -> None:
        async with machine(variables=[("A", 0.0)]) as server:
            received = await with_history(server, "A", 30)
            server.rules.most, server.rules.answer = {"history": 6}, ua.StatusCodes.BadResponseTooLarge
            settings = head(server.endpoint, history_days=3660, history_chunk=50, history_pause_s=0.0)
            async with session(settings, received, wanted=[gauge("a", "s=A")]):
                await received.until(lambda: received.past_ms("a") == missed(30))
            assert [count for count in server.rules.requests["history"] if count <= 6][:1] == [6]

    asyncio.run(asyncio.wait_for(main(), 120))


@pytest.mark.parametrize("answer", ["BadInternalError", "BadHistoryOperationInvalid", "BadTooManyOperations"])
def test_a_register_whose_history_is_refused_does_not_hold_up_the_others(answer: str) -> None:
    async def main() -> None:
        async with machine(variables=[("A", 0.0), ("B", 0.0)]) as server:
            received = await with_history(server, "AB", 10)
            server.rules.history = {"A": getattr(ua.StatusCodes, answer)}
            settings = head(server.endpoint, history_days=3660, history_chunk=4, history_pause_s=0.0)
            async with session(settings, received, wanted=[gauge("a", "s=A"), gauge("b", "s=B")]):
                await received.until(lambda: received.past_ms("b") == missed(10))
            assert received.past_ms("a") == []
            assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_what_a_server_has_no_room_to_monitor_is_read_instead() -> None:
    async def main() -> None:
        async with machine(variables=[("A", 1.0), ("B", 2.0), ("C", "Idle")]) as server:
            server.rules.items_in_all = 1
            received = Received()
            wanted = [gauge("a", "s=A"), gauge("b", "s=B"), context("c", "s=C")]
            async with session(head(server.endpoint, max_silence_s=0.5), received, wanted=wanted):
                await received.until_published("Idle", "c")
                await received.until(lambda: received.states == ["connected"])
                assert [str(one) for one in received.refused[-1]] == [
                    "b (s=B): BadTooManyMonitoredItems; it is read instead",
                    "c (s=C): BadTooManyMonitoredItems; it is read instead",
                ]
                for number in range(3, 6):
                    await server.write("A", float(number))
                    await server.write("B", float(number))
                    await server.write("C", f"S{number}")
                    await received.until_published(float(number), "a")
                    await received.until_published(float(number), "b")
                    await received.until_published(f"S{number}", "c")
                server.rules.items_in_all = 3
                await received.until(lambda: received.refused[-1] == ())

    asyncio.run(asyncio.wait_for(main(), 120))


class Picky:
    """A Read service that takes at most `most` nodes, and gives what nobody can decode for some of them."""

    def __init__(self, most: int, poison: set[int], refusal: int) -> None:
        self.most, self.poison, self.refusal = most, poison, refusal
        self.requests: list[list[int]] = []

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        numbers = [int(one.NodeId.Identifier) for one in params.NodesToRead]
        self.requests.append(numbers)
        if len(numbers) > self.most:
            raise ua.UaStatusCodeError(self.refusal)
        if self.poison & set(numbers):
            raise TypeError("'NoneType' object is not subscriptable")  # what the library makes of a matrix without a size
        return [ua.DataValue(ua.Variant(number, ua.VariantType.Int64)) for number in numbers]


def answers(values: Sequence[ua.DataValue]) -> list[int | None]:
    return [value.Value.Value if value.Value is not None else None for value in values]


@given(st.integers(0, 200), st.integers(1, 50), st.sets(st.integers(0, 200), max_size=5), st.sampled_from(sorted(TOO_MUCH)))
def test_whatever_is_refused_or_cannot_be_decoded_every_node_has_its_own_answer_in_its_place(
    count: int, most: int, poison: set[int], refusal: int
) -> None:
    service = Picky(most, poison, refusal)
    calls = Calls(service, "opc.tcp://test")  # type: ignore[arg-type]
    values = asyncio.run(calls.read([ua.NodeId(number, 2) for number in range(count)]))
    assert answers(values) == [None if number in poison else number for number in range(count)]
    assert all(value.StatusCode == UNREADABLE for value in values if value.Value is None)
    assert max([len(one) for one in service.requests], default=0) <= MOST_AT_ONCE
    # What is refused as too much is learnt, so that few calls are wasted.
    refused = [len(one) for one in service.requests if len(one) > most]
    assert len(refused) <= 8


def test_what_a_server_refuses_even_alone_is_that_nodes_own_answer() -> None:
    service = Picky(0, set(), ua.StatusCodes.BadResponseTooLarge)
    (value,) = asyncio.run(Calls(service, "opc.tcp://test").read([ua.NodeId(1, 2)]))  # type: ignore[arg-type]
    assert value.StatusCode.name == "BadResponseTooLarge"


def test_a_server_that_answers_fewer_than_were_requested_is_refused_with_the_reason() -> None:
    class Short(Picky):
        async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
            return (await super().read(params))[:-1]

    with pytest.raises(ValueError, match="1 answers to 2 operations of read"):
        asyncio.run(Calls(Short(9, set(), 0), "opc.tcp://test").read([ua.NodeId(n, 2) for n in range(2)]))  # type: ignore[arg-type]

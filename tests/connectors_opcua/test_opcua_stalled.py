"""A server that stands and gives nothing is stalled after the stated time, is given time, and is connected again by itself."""

from __future__ import annotations

import asyncio
import time

import pytest
from asyncua import ua
from own_server import Machine, machine
from recording_opcua import Received, context, gauge, head, session

from connectors.channels import Channel
from connectors.opcua.config import OpcUaHead
from connectors.pause import Pause

STALLED_AFTER_S = 1.5
VARIABLES = (("P", 1.0), ("State", "Idle"))


def wanted() -> list[Channel]:
    return [gauge("power", "s=P"), context("state", "s=State")]


def settings(server: Machine) -> OpcUaHead:
    return head(server.endpoint, stalled_after_s=STALLED_AFTER_S)


async def all_flows(server: Machine, received: Received, first: float) -> None:
    """Each of some changes comes, and comes of the subscription: no read is due within that time."""
    for number in range(3):
        await server.write("P", first + number)
        await server.write("State", f"S{first + number}")
        await received.until_published(first + number, "power")
        await received.until_published(f"S{first + number}", "state")


@pytest.mark.parametrize("answer", ["BadServerTooBusy", "BadTooManyPublishRequests", "BadTimeout"])
def test_a_server_that_refuses_to_publish_for_ever_is_stalled_and_not_stormed(answer: str) -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(settings(server), received, wanted=wanted()):
                await received.until(lambda: received.states == ["connected"])
                await all_flows(server, received, 10.0)
                requests, began_s = server.calls("publish"), time.monotonic()
                server.rules.refusing = {"publish": getattr(ua.StatusCodes, answer)}
                await received.until(lambda: "stalled" in received.states)
                assert time.monotonic() - began_s >= STALLED_AFTER_S - 0.5
                assert "no value and no keep-alive for" in received.reasons[-1]
                assert answer in received.reasons[-1]
                await server.until(lambda: server.calls("subscription") >= 3)  # it is tried again, on new connections
                assert server.calls("publish") - requests < 40
                assert received.states == ["connected", "stalled"]
                server.rules.refusing = {}
                await received.until(lambda: received.states == ["connected", "stalled", "connected"])
                await all_flows(server, received, 20.0)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_server_whose_subscription_falls_silent_without_a_keep_alive_is_stalled() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(settings(server), received, wanted=wanted()):
                await received.until(lambda: received.states == ["connected"])
                await all_flows(server, received, 10.0)
                await server.mute()
                await received.until(lambda: received.states == ["connected", "stalled"])
                subscriptions = server.calls("subscription")
                await server.until(lambda: server.calls("subscription") > subscriptions + 1)
                assert received.states == ["connected", "stalled"]  # to be connected is not enough
                server.rules.is_mute = False
                await received.until(lambda: received.states == ["connected", "stalled", "connected"])
                await all_flows(server, received, 20.0)

    asyncio.run(asyncio.wait_for(main(), 120))


@pytest.mark.parametrize(
    ("service", "answer"), [("read", "BadServerTooBusy"), ("subscription", "BadTooManySubscriptions"), ("items", "BadOutOfMemory")]
)
def test_a_server_that_has_no_time_from_the_start_is_stalled_and_not_refused(service: str, answer: str) -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            server.rules.refusing = {service: getattr(ua.StatusCodes, answer)}
            received = Received()
            async with session(settings(server), received, wanted=wanted()):
                await received.until(lambda: bool(received.states))
                assert received.states == ["stalled"]
                assert answer in received.reasons[0]
                server.rules.refusing = {}
                await received.until(lambda: received.states == ["stalled", "connected"])
                await all_flows(server, received, 20.0)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_server_that_is_busy_for_a_moment_is_not_reported() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(head(server.endpoint, stalled_after_s=20.0), received, wanted=wanted()):
                await received.until(lambda: received.states == ["connected"])
                await all_flows(server, received, 10.0)
                server.rules.refusing = dict.fromkeys(("publish", "read"), ua.StatusCodes.BadServerTooBusy)
                requests = server.calls("publish")
                await server.write("P", 5.0)
                await server.until(lambda: server.calls("publish") >= requests + 3)
                server.rules.refusing = {}
                await received.until_published(5.0, "power")
                await all_flows(server, received, 20.0)
            assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_machine_that_stands_still_is_not_stalled() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            received = Received()
            async with session(settings(server), received, wanted=[context("state", "s=State")]):
                await received.until(lambda: received.states == ["connected"])
                began_s, requests = time.monotonic(), server.calls("publish")
                await server.until(lambda: server.calls("publish") >= requests + 8)  # as many keep-alives
                assert time.monotonic() - began_s > STALLED_AFTER_S
            assert received.states == ["connected"]
            assert [reading.text for reading in received.readings] == ["Idle"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_waits_double_up_to_the_last_and_begin_again() -> None:
    pause = Pause(0.5)
    assert [pause.next_s(5.0) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert [pause.next_s(60.0) for _ in range(5)] == [10.0, 20.0, 40.0, 60.0, 60.0]
    pause.reset()
    assert pause.next_s(60.0) == 0.5

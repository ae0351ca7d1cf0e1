"""A server that stands and gives nothing is stalled after the stated time, is given time, and is connected again by itself."""

from __future__ import annotations

import asyncio
import time

import pytest
from asyncua import ua
from heard_opcua import Heard, context, gauge, head, session
from own_server import Machine, machine

from connectors.devices import Channel
from connectors.opcua.config import OpcUaHead
from connectors.pause import Pause

STALLED_AFTER_S = 1.5
VARIABLES = (("P", 1.0), ("State", "Idle"))


def wanted() -> list[Channel]:
    return [gauge("power", "s=P"), context("state", "s=State")]


def settings(server: Machine) -> OpcUaHead:
    return head(server.endpoint, stalled_after_s=STALLED_AFTER_S)


async def all_flows(server: Machine, heard: Heard, first: float) -> None:
    """Each of some changes comes, and comes of the subscription: no read is due within that time."""
    for number in range(3):
        await server.write("P", first + number)
        await server.write("State", f"S{first + number}")
        await heard.until_said(first + number, "power")
        await heard.until_said(f"S{first + number}", "state")


@pytest.mark.parametrize("answer", ["BadServerTooBusy", "BadTooManyPublishRequests", "BadTimeout"])
def test_a_server_that_refuses_to_tell_its_news_for_ever_is_stalled_and_not_stormed(answer: str) -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            heard = Heard()
            async with session(settings(server), heard, wanted=wanted()):
                await heard.until(lambda: heard.states == ["connected"])
                await all_flows(server, heard, 10.0)
                asked, began_s = server.calls("publish"), time.monotonic()
                server.rules.refusing = {"publish": getattr(ua.StatusCodes, answer)}
                await heard.until(lambda: "stalled" in heard.states)
                assert time.monotonic() - began_s >= STALLED_AFTER_S - 0.5
                assert "no value and no keep-alive for" in heard.reasons[-1]
                assert answer in heard.reasons[-1]
                await server.until(lambda: server.calls("subscription") >= 3)  # it is tried again, on new connections
                assert server.calls("publish") - asked < 40
                assert heard.states == ["connected", "stalled"]
                server.rules.refusing = {}
                await heard.until(lambda: heard.states == ["connected", "stalled", "connected"])
                await all_flows(server, heard, 20.0)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_server_whose_subscription_falls_silent_without_a_keep_alive_is_stalled() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            heard = Heard()
            async with session(settings(server), heard, wanted=wanted()):
                await heard.until(lambda: heard.states == ["connected"])
                await all_flows(server, heard, 10.0)
                await server.mute()
                await heard.until(lambda: heard.states == ["connected", "stalled"])
                subscriptions = server.calls("subscription")
                await server.until(lambda: server.calls("subscription") > subscriptions + 1)
                assert heard.states == ["connected", "stalled"]  # to be connected is not enough
                server.rules.is_mute = False
                await heard.until(lambda: heard.states == ["connected", "stalled", "connected"])
                await all_flows(server, heard, 20.0)

    asyncio.run(asyncio.wait_for(main(), 120))


@pytest.mark.parametrize(
    ("service", "answer"), [("read", "BadServerTooBusy"), ("subscription", "BadTooManySubscriptions"), ("items", "BadOutOfMemory")]
)
def test_a_server_that_has_no_time_from_the_start_is_stalled_and_not_refused(service: str, answer: str) -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            server.rules.refusing = {service: getattr(ua.StatusCodes, answer)}
            heard = Heard()
            async with session(settings(server), heard, wanted=wanted()):
                await heard.until(lambda: bool(heard.states))
                assert heard.states == ["stalled"]
                assert answer in heard.reasons[0]
                server.rules.refusing = {}
                await heard.until(lambda: heard.states == ["stalled", "connected"])
                await all_flows(server, heard, 20.0)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_server_that_is_busy_for_a_moment_is_not_reported() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            heard = Heard()
            async with session(head(server.endpoint, stalled_after_s=20.0), heard, wanted=wanted()):
                await heard.until(lambda: heard.states == ["connected"])
                await all_flows(server, heard, 10.0)
                server.rules.refusing = dict.fromkeys(("publish", "read"), ua.StatusCodes.BadServerTooBusy)
                asked = server.calls("publish")
                await server.write("P", 5.0)
                await server.until(lambda: server.calls("publish") >= asked + 3)
                server.rules.refusing = {}
                await heard.until_said(5.0, "power")
                await all_flows(server, heard, 20.0)
            assert heard.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_machine_that_stands_still_is_not_stalled() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            heard = Heard()
            async with session(settings(server), heard, wanted=[context("state", "s=State")]):
                await heard.until(lambda: heard.states == ["connected"])
                began_s, asked = time.monotonic(), server.calls("publish")
                await server.until(lambda: server.calls("publish") >= asked + 8)  # as many keep-alives
                assert time.monotonic() - began_s > STALLED_AFTER_S
            assert heard.states == ["connected"]
            assert [reading.text for reading in heard.readings] == ["Idle"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_waits_double_up_to_the_last_and_begin_again() -> None:
    pause = Pause(0.5)
    assert [pause.next_s(5.0) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert [pause.next_s(60.0) for _ in range(5)] == [10.0, 20.0, 40.0, 60.0, 60.0]
    pause.reset()
    assert pause.next_s(60.0) == 0.5

"""What a server does not give is named, and keeps nothing else from coming."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asyncua import ua
from own_server import Machine, decimal, machine
from recording_opcua import URI, Received, context, gauge, head, session

from connectors.gateway.fleet import load_fleet
from connectors.gateway.probe import probe_all
from connectors.probe import Probe
from domain.clock import SystemClock
from domain.readings import ReadingQuality

S = ua.StatusCodes
REFUSED_NAMES = ("absent", "unreadable", "denied")


async def with_refusals(server: Machine) -> None:
    """Two nodes that are not given, and one that is not there."""
    server.rules.values = {"unreadable": S.BadNotReadable, "denied": S.BadUserAccessDenied}
    for name in ("unreadable", "denied"):
        status = ua.StatusCode(ua.UInt32(server.rules.values[name]))
        await server.server.write_attribute_value(server.node_id(name), ua.DataValue(StatusCode=status))


def wanted() -> list[Any]:
    return [gauge("power", "s=P"), context("state", "s=State"), *(gauge(name, f"s={name}") for name in REFUSED_NAMES)]


VARIABLES = (("P", 1.0), ("State", "Idle"), ("unreadable", 2.0), ("denied", 3.0))


def test_nodes_that_are_refused_are_named_with_the_servers_answer_and_the_others_flow() -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            await with_refusals(server)
            received = Received()
            async with session(head(server.endpoint), received, wanted=wanted()):
                await received.until(lambda: bool(received.refused) and len(received.refused[-1]) == 3)
                assert [str(one) for one in received.refused[-1]] == [
                    "absent (s=absent): BadNodeIdUnknown",
                    "unreadable (s=unreadable): BadNotReadable",
                    "denied (s=denied): BadUserAccessDenied",
                ]
                for number in range(2, 6):
                    await server.write("P", float(number))
                    await server.write("State", f"S{number}")
                    await received.until_published(float(number), "power")
                    await received.until_published(f"S{number}", "state")
                assert received.states == ["connected"]
                for name in REFUSED_NAMES:
                    assert {reading.quality for reading in received.of(name)} <= {ReadingQuality.BAD}
                    assert len(received.of(name)) <= 2  # the reason, and not over and over
                # They are given in the end: the report says so, and they flow.
                server.rules.values = {}
                await server.add("absent", 1.0)
                for name in ("unreadable", "denied"):
                    await server.write(name, 7.0)
                await received.until(lambda: received.refused[-1] == ())
                for name in REFUSED_NAMES:
                    await server.write(name, 8.0)
                    await received.until_published(8.0, name)
            assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_a_device_that_gives_nothing_at_all_is_refused_and_comes_back_by_itself() -> None:
    async def main() -> None:
        async with machine() as server:
            received = Received()
            async with session(head(server.endpoint), received, wanted=[gauge("power", "s=P"), context("state", "s=State")]):
                await received.until(lambda: bool(received.states))
                assert received.states == ["refused"]
                assert received.reasons == ["nothing is given: BadNodeIdUnknown"]
                await server.add("P", 5.0)
                await received.until_published(5.0, "power")
                await received.until(lambda: received.states == ["refused", "connected"])
                assert [one.channel for one in received.refused[-1]] == ["state"]

    asyncio.run(asyncio.wait_for(main(), 120))


NOT_DECODABLE = ua.Variant(
    ua.ExtensionObject(ua.NodeId(ua.ObjectIds.EUInformation_Encoding_DefaultBinary), b"\x00"), ua.VariantType.ExtensionObject
)
"""A structure of a standard type whose body ends too early: the library cannot decode it, nor the message that it is in."""


def test_a_value_that_nobody_can_decode_does_not_spoil_the_news_of_the_others() -> None:
    async def main() -> None:
        async with machine(
            variables=[("P", 1.0), ("State", "Idle"), ("X", ua.Variant(decimal(0, 0), ua.VariantType.ExtensionObject))]
        ) as server:
            received = Received()
            async with session(
                head(server.endpoint), received, wanted=[gauge("power", "s=P"), context("state", "s=State"), gauge("x", "s=X")]
            ):
                await received.until_published(0, "x")
                await received.until(lambda: bool(received.states))
                await server.write("X", NOT_DECODABLE)
                await server.write("State", "Hit")  # in the same message
                await received.until_published("Hit", "state")
                await received.until(lambda: bool(received.refused) and len(received.refused[-1]) == 1)
                assert str(received.refused[-1][0]) == "x (s=X): BadDecodingError"
                for number in range(2, 8):
                    await server.write("X", NOT_DECODABLE)
                    await server.write("P", float(number))
                    await received.until_published(float(number), "power")
                await server.write("X", ua.Variant(decimal(95, 1), ua.VariantType.ExtensionObject))
                await received.until_published(9.5, "x")
                await received.until(lambda: received.refused[-1] == ())
            assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


PLANT = """
[site]
id = "werk"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z

[[meter]]
id = "m"
max_power_kw = 500.0
"""
REGISTER = """
[[meter.register]]
channel = "{name}"
kind = "gauge"
unit = "kW"
sampling_s = 10
resolution = 0.1
"""
DEVICE = """
[device]
id = "press"
meter = "m"
protocol = "opcua"
endpoint = "{endpoint}"
namespace_uri = "{uri}"
security = "none"

[channels]
power = "s=P"
state = "s=State"
"""


def plant(folder: Path, endpoint: str, uri: str = URI) -> Path:
    (folder / "devices").mkdir()
    registers = "".join(REGISTER.format(name=name) for name in ("power", *REFUSED_NAMES))
    (folder / "plant.toml").write_text(PLANT + registers, encoding="utf-8")
    channels = "".join(f'{name} = "s={name}"\n' for name in REFUSED_NAMES)
    (folder / "devices" / "press.toml").write_text(DEVICE.format(endpoint=endpoint, uri=uri) + channels, encoding="utf-8")
    return folder


async def one_probe(folder: Path) -> Probe:
    (probe,) = await probe_all(load_fleet(folder), SystemClock(), patience_s=20.0)
    return probe


def test_commissioning_names_each_node_that_is_refused_and_shows_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            await with_refusals(server)
            probe = await one_probe(plant(tmp_path, server.endpoint))
            newest = {reading.channel: reading for reading in probe.found.readings}
            assert (newest["power"].value, newest["state"].text) == (1.0, "Idle")
            assert [str(one) for one in probe.found.refused] == [
                "absent (s=absent): BadNodeIdUnknown",
                "unreadable (s=unreadable): BadNotReadable",
                "denied (s=denied): BadUserAccessDenied",
            ]
            assert probe.found.trouble == ""
            assert probe.found.remarks[0].startswith("history: the server keeps none of ")

    asyncio.run(asyncio.wait_for(main(), 120))


def test_commissioning_says_once_that_the_namespace_is_not_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with machine(variables=VARIABLES) as server:
            probe = await one_probe(plant(tmp_path, server.endpoint, "urn:example:other"))
            assert probe.found.trouble.startswith("refused: nothing is given: no namespace 'urn:example:other' on")
            assert probe.found.trouble.count(URI) == 1

    asyncio.run(asyncio.wait_for(main(), 120))


def test_commissioning_hands_on_the_readings_that_the_gateway_would_send(tmp_path: Path) -> None:
    """With them whoever judges what metering would refuse sees a clock that is two hours ahead."""

    async def main() -> None:
        async with machine(variables=(*VARIABLES, ("absent", 0.0))) as server:
            ahead_utc = datetime.now(UTC) + timedelta(hours=2)
            await server.write("P", 4.5, ahead_utc)
            probe = await one_probe(plant(tmp_path, server.endpoint))
            assert (probe.found.trouble, probe.found.refused, probe.found.doubts) == ("", (), ())
            (power,) = [reading for reading in probe.found.readings if reading.channel == "power"]
            assert (power.site, power.meter, power.value, power.quality) == ("werk", "m", 4.5, ReadingQuality.GOOD)
            assert power.observed_ms == int(ahead_utc.timestamp() * 1000)
            assert 7_100_000 < power.observed_ms - power.received_ms <= 7_200_000
            assert {reading.channel for reading in probe.found.readings} == {"power", "state", *REFUSED_NAMES}

    asyncio.run(asyncio.wait_for(main(), 120))

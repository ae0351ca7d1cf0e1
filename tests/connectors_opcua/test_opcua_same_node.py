"""One node of a server may stand behind several channels: of one device, and of several."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from own_server import machine
from recording_opcua import Received, context, gauge, head, peer, peer_or_skip, session, session_of

from connectors.channels import Channel
from connectors.opcua.items import SubscribedDevice
from deploy.ports import free_port
from domain.plant import RegisterKind

PRESSES = ("press-1", "press-2")


def test_two_devices_on_one_node_of_a_line_server_both_get_every_reading() -> None:
    async def main() -> None:
        async with machine(variables=[("Line.State", "S0"), ("E", 100.0)]) as line:
            received = Received()
            devices = [
                SubscribedDevice(
                    head(line.endpoint, id=name), [context("state", "s=Line.State", name), gauge("power", "s=E", name)], Path()
                )
                for name in PRESSES
            ]
            async with session_of(devices, received):
                for number in range(1, 7):
                    await line.write("Line.State", f"S{number}")
                    await line.write("E", 100.0 + number)
                    await received.until_published(f"S{number}", "state", *PRESSES)
                    await received.until_published(100.0 + number, "power", *PRESSES)
            assert received.states == ["connected", "connected"]

    asyncio.run(asyncio.wait_for(main(), 120))


def test_two_channels_of_one_device_on_one_node_are_two_readings_each_in_its_unit() -> None:
    async def main() -> None:
        async with machine(variables=[("P", 12_000.0)]) as press:
            received = Received()
            watts = Channel("press", "m", "power_w", "s=P", Decimal(1), "W", RegisterKind.GAUGE, 1.0)
            kilowatts = Channel("press", "m", "power", "s=P", Decimal("0.001"), "kW", RegisterKind.GAUGE, 1.0)
            async with session(head(press.endpoint), received, wanted=[watts, kilowatts]):
                await received.until(lambda: received.has_received("power", 12.0) and received.has_received("power_w", 12_000.0))
                await press.write("P", 13_000.0)
                await received.until(lambda: received.has_received("power", 13.0) and received.has_received("power_w", 13_000.0))

    asyncio.run(asyncio.wait_for(main(), 120))


def test_two_devices_on_one_node_of_another_makes_server_both_get_every_reading(tmp_path: Path) -> None:
    peer_or_skip()

    async def main() -> None:
        async with peer(free_port(), tmp_path) as server:
            received = Received()
            devices = [
                SubscribedDevice(head(server.endpoint, id=name), [context("state", "s=Press.State", name)], Path())
                for name in PRESSES
            ]
            async with session_of(devices, received):
                await received.until(lambda: received.states == ["connected", "connected"])
                for number in range(1, 6):
                    await server.write("State", f"S{number}", source_ms=1_792_728_000_000 + number)
                    await received.until_published(f"S{number}", "state", *PRESSES)

    asyncio.run(asyncio.wait_for(main(), 120))

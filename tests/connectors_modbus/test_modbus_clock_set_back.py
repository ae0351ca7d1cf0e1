"""A gateway whose clock is set back reads on, instead of waiting until it is as late again as it was."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hand_modbus_server import HandServer, table

from connectors.channels import bind
from connectors.devices import LiveValue
from connectors.modbus.client import ModbusConnection
from connectors.modbus.poller import PolledDevice, Poller
from connectors.modbus.profile import load_profile
from domain.clock import StartableClock, epoch_ms
from domain.plant import Register

START_UTC = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
REGISTERS = {1: {3: table(_19068=[0x4B00, 0x0000])}}


def test_a_clock_that_is_set_back_by_an_hour_holds_no_reading_up(tmp_path: Path) -> None:
    async def main() -> None:
        StartableClock.hold(tmp_path / "clock", START_UTC, 60.0)
        StartableClock.start(tmp_path / "clock")
        clock = StartableClock(tmp_path / "clock")
        observed: list[int] = []
        came = asyncio.Condition()

        def emit(live: LiveValue) -> None:
            observed.append(live.observed_ms)
            asyncio.get_running_loop().create_task(report())

        async def report() -> None:
            async with came:
                came.notify_all()

        async def until(count: int) -> None:
            async with came:
                await came.wait_for(lambda: len(observed) >= count)

        register = Register(channel="energy_import", kind="counter", unit="Wh", sampling_s=10, resolution=1, encoding="float32")
        channel = bind("d1", "m", "energy_import", "active_energy_import", "Wh", register, 10.0)
        assert channel is not None
        device = PolledDevice("d1", 1, load_profile("janitza_umg96rm"), [channel])
        async with HandServer(REGISTERS) as server:
            connection = ModbusConnection("127.0.0.1", server.port)
            task = asyncio.create_task(Poller(connection, [device], clock, emit, lambda *_: None).run())
            await until(2)
            StartableClock.step(tmp_path / "clock", timedelta(hours=-1))
            count = len(observed)
            await until(count + 3)  # an hour of the plant would be a minute of ours
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert max(observed[:2]) >= epoch_ms(START_UTC)
        assert observed[-1] < epoch_ms(START_UTC)

    asyncio.run(asyncio.wait_for(main(), 30))

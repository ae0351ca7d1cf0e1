"""Reading meters over real sockets, from a server that is made of no library."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hand_modbus_server import HandServer, table
from recording_modbus import START_UTC, Received, run

from connectors.channels import bind
from connectors.modbus.client import DeviceBusy, DeviceRefuses, ModbusConnection, NoAnswer
from connectors.modbus.plan import Block
from connectors.modbus.poller import PolledDevice, Poller
from connectors.modbus.profile import load_profile
from domain.clock import ScaledClock
from domain.plant import Register
from domain.readings import ReadingQuality

BLOCK = Block(3, 19026, 2, ())
NOTHING = dict.fromkeys(range(19_000, 19_122), 0)
JANITZA = {3: NOTHING | table(_19026=[0x4348, 0x0000], _19068=[0x4B00, 0x0000])}
"""200.0 W and 8388608.0 Wh; the other registers of the table read zero."""


def test_the_units_behind_one_address_share_one_connection_and_take_turns() -> None:
    async def main() -> None:
        units = {unit: {3: table(_19026=[0x4348, unit])} for unit in range(1, 6)}
        async with HandServer(units) as server:
            connection = ModbusConnection("127.0.0.1", server.port)
            answers = await asyncio.gather(*(connection.read(unit, BLOCK) for unit in units))
            connection.close()
            assert answers == [bytes([0x43, 0x48, 0, unit]) for unit in units]
            assert server.connections == 1
            assert {request[7] for request in server.requests} == {3}

    run(main)


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (2, DeviceRefuses, "exception 02, illegal data address"),
        (6, DeviceBusy, "exception 06, busy"),
        (11, NoAnswer, "exception 11, gateway target did not respond"),
    ],
)
def test_an_exception_is_reported_by_its_name_and_place(code: int, error: type[Exception], words: str) -> None:
    async def main() -> None:
        async with HandServer({}, exceptions={3: code}) as server:
            connection = ModbusConnection("127.0.0.1", server.port)
            with pytest.raises(error, match=f"unit 3 function 3 registers 19026 to 19027: {words}"):
                await connection.read(3, BLOCK)
            connection.close()

    run(main)


def test_a_silent_unit_does_not_keep_the_others_from_answering() -> None:
    async def main() -> None:
        async with HandServer({1: JANITZA}, silent={9}) as server:
            connection = ModbusConnection("127.0.0.1", server.port, timeout_s=0.1)
            with pytest.raises(NoAnswer, match="unit 9"):
                await connection.read(9, BLOCK)
            assert await connection.read(1, BLOCK) == bytes.fromhex("43480000")
            connection.close()

    run(main)


def test_a_connection_that_was_cut_is_made_again() -> None:
    async def main() -> None:
        async with HandServer({1: JANITZA}) as server:
            connection = ModbusConnection("127.0.0.1", server.port, timeout_s=5.0)
            await connection.read(1, BLOCK)
            await server.go_away()
            with pytest.raises(NoAnswer):
                await connection.read(1, BLOCK)
            async with HandServer({1: JANITZA}, port=server.port):
                assert await connection.read(1, BLOCK) == bytes.fromhex("43480000")
            connection.close()

    run(main)


def janitza(unit: int, every_s: float = 10.0) -> PolledDevice:
    profile = load_profile("janitza_umg96rm")
    power = Register(channel="power", kind="gauge", unit="kW", sampling_s=every_s, resolution=0.1)  # type: ignore[arg-type]
    energy = Register(channel="energy_import", kind="counter", unit="kWh", sampling_s=3 * every_s, resolution=1)  # type: ignore[arg-type]
    channels = [
        bind(f"d{unit}", "m", "power", "active_power_total", "W", power, every_s),
        bind(f"d{unit}", "m", "energy_import", "active_energy_import", "Wh", energy, every_s),
    ]
    return PolledDevice(f"d{unit}", unit, profile, [channel for channel in channels if channel is not None])


def test_readings_come_on_the_grid_of_the_plants_clock_in_the_plants_units() -> None:
    async def main() -> None:
        clock = ScaledClock(datetime.now(UTC), START_UTC, 600.0)
        async with HandServer({1: JANITZA}) as server:
            received = Received()
            poller = Poller(ModbusConnection("127.0.0.1", server.port), [janitza(1)], clock, received.emit, received.report)
            task = asyncio.create_task(poller.run())
            await received.until(lambda: len(received.values("energy_import")) >= 2)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert set(received.values("power")) == {0.2}
        assert set(received.values("energy_import")) == {8388.608}
        assert len(received.values("power")) > len(received.values("energy_import"))  # three times as often
        assert received.states == [("d1", "connected")]
        for _, observed_ms, received_ms, *_ in received.readings:
            assert START_UTC.timestamp() * 1000 <= observed_ms <= received_ms

    run(main)


def test_a_device_that_goes_and_comes_back_is_reported_and_read_again() -> None:
    async def main() -> None:
        clock = ScaledClock(datetime.now(UTC), START_UTC, 600.0)
        received = Received()
        async with HandServer({1: JANITZA}) as server:
            poller = Poller(ModbusConnection("127.0.0.1", server.port, 1.0), [janitza(1)], clock, received.emit, received.report)
            task = asyncio.create_task(poller.run())
            await received.until(lambda: bool(received.readings))
            await server.go_away()
            await received.until(lambda: ("d1", "lost") in received.states)
            count = len(received.readings)
            async with HandServer({1: JANITZA}, port=server.port):
                await received.until(lambda: len(received.readings) > count)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        assert received.states == [("d1", "connected"), ("d1", "lost"), ("d1", "connected")]

    run(main)


def test_a_value_that_the_meter_does_not_have_is_a_bad_reading_with_the_reason() -> None:
    async def main() -> None:
        clock = ScaledClock(datetime.now(UTC), START_UTC, 600.0)
        received = Received()
        async with HandServer({1: {3: NOTHING | table(_19026=[0x7FC0, 0], _19068=[0x4B00, 0])}}) as server:
            device = janitza(1)
            poller = Poller(ModbusConnection("127.0.0.1", server.port), [device], clock, received.emit, received.report)
            await poller.poll(device, device.channels)
        (power, energy) = received.readings
        assert power[3:] == (None, ReadingQuality.BAD, "nan is no number, 0x7FC00000")
        assert energy[3:] == (8388.608, ReadingQuality.GOOD, None)

    run(main)


def test_a_late_poll_takes_each_channel_once_and_piles_nothing_up() -> None:
    device = janitza(1, every_s=5.0)
    start_ms = round(START_UTC.timestamp() * 1000)
    assert [c.channel for c in device.due(start_ms, start_ms + 4_999)] == []
    assert [c.channel for c in device.due(start_ms, start_ms + 5_000)] == ["power"]
    assert [c.channel for c in device.due(start_ms, start_ms + 61_000)] == ["power", "energy_import"]
    assert device.next_tick_ms(start_ms + 61_000) == start_ms + 65_000
    assert timedelta(seconds=5) == timedelta(milliseconds=device.next_tick_ms(start_ms) - start_ms)

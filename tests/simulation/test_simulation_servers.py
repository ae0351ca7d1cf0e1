"""Real clients read the simulated devices over real sockets; words are decoded here by hand, not by our own decoder."""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import Client, ua
from pymodbus.client import AsyncModbusTcpClient

from simulation import demo_plant
from simulation.live import LivePlant, served_devices, set_register_starts
from simulation.modbus_server import MeterServer, PortTaken, SimulatedMeter
from simulation.opcua_server import unit_id
from simulation.registers import B23, EEM, IEM3000, KINDS, PAC3200, SDM630, UMG_96RM, Measured, packed
from simulation.serve import PlantServers
from simulation.span import begin, load_span, register_start_uwh, schedule_of
from tests.simulation.running_clock import HandClock

NOW = Measured(
    power_kw=123.4, reactive_kvar=30.0, import_uwh=7_654_321_987_000_000, export_uwh=4_000_000_000, reactive_uvarh=55_000_000
)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Serving:
    """Served plant, its clock and ports."""

    live: LivePlant
    clock: HandClock
    servers: PlantServers
    modbus: int
    compressors: int
    opcua: int

    async def go_to(self, instant_utc: datetime) -> None:
        self.clock.now = instant_utc
        await self.servers.update(int(self.live.now_s()))


@asynccontextmanager
async def serving(folder: Path, with_machines: bool) -> AsyncIterator[Serving]:
    modbus, compressors, opcua = free_ports(3)
    demo_plant.write(folder, modbus, compressors, opcua)
    span = load_span(folder)
    meters, machines = served_devices(folder)
    factory = begin(span, schedule_of(span.orders_of(span.first_day)))
    profiles = {meter.meter: meter.profile for meter in meters}
    set_register_starts(
        factory, {key: register_start_uwh(span.seed, *key, profiles.get(key[0])) for key in factory.counters.energy_uwh}
    )
    clock = HandClock(span.start_utc)
    live = LivePlant(factory, clock)
    servers = PlantServers(live, meters, machines if with_machines else [])
    await servers.start()
    try:
        yield Serving(live, clock, servers, modbus, compressors, opcua)
    finally:
        await servers.stop()


@asynccontextmanager
async def modbus(port: int) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, reconnect_delay=0, retries=0, timeout=2)
    await client.connect()
    try:
        yield client
    finally:
        client.close()


def with_plant(folder: Path, check: Callable[[Serving], Awaitable[None]], machines: bool = False) -> None:
    async def whole() -> None:
        async with serving(folder, machines) as served:
            await check(served)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
        assert others == []

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("kind", "function", "address", "form", "expected"),
    [
        (PAC3200, 3, 65, ">f", 123400.0),
        (PAC3200, 4, 801, ">d", 7654321987.0),
        (UMG_96RM, 3, 19026, ">f", 123400.0),
        (UMG_96RM, 3, 19068, ">f", 7654322176.0),  # single precision: the nearest multiple of 512 Wh
        (IEM3000, 3, 3059, ">f", 123.4),  # kilowatts
        (IEM3000, 3, 3203, ">q", 7654321987),
        (SDM630, 4, 0x34, ">f", 123400.0),
        (SDM630, 4, 0x48, ">f", 7654322.0),  # kilowatt-hours, steps of 0.5
        (B23, 3, 0x5B14, ">i", 12340000),  # hundredths of a watt
        (B23, 3, 0x5000, ">Q", 765432198),  # hundredths of a kilowatt-hour
    ],
)
def test_each_meter_shows_power_and_energy_where_its_maker_lists_them(
    kind: object, function: int, address: int, form: str, expected: float
) -> None:
    words = KINDS[kind.name].read(function, address, struct.calcsize(form) // 2, NOW)  # type: ignore[attr-defined]
    assert isinstance(words, list)
    (value,) = struct.unpack(form, struct.pack(f">{len(words)}H", *words))
    assert value == pytest.approx(expected, rel=1e-7)


def test_the_phoenix_meter_sends_the_low_word_first() -> None:
    # 123400.0 as float32 is 0x47F10400
    assert EEM.read(3, 0x8016, 2, NOW) == [0x0400, 0x47F1]
    assert packed("f32", 200.0) == (0x4348, 0x0000)


def test_what_is_not_in_the_table_is_refused() -> None:
    assert IEM3000.read(3, 3100, 2, NOW) == 2
    assert IEM3000.read(4, 3059, 2, NOW) == 1
    assert SDM630.read(3, 0x34, 2, NOW) == 1
    assert PAC3200.read(3, 802, 4, NOW) == 2
    assert PAC3200.read(3, 801, 3, NOW) == 2


def test_a_modbus_client_reads_the_main_meter_and_the_counter_follows_the_clock(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        async with modbus(served.modbus) as client:

            async def energy_wh() -> float:
                answer = await client.read_holding_registers(801, count=4, device_id=1)
                return float(struct.unpack(">d", struct.pack(">4H", *answer.registers))[0])

            first = await energy_wh()
            await served.go_to(served.clock.now + timedelta(hours=2))
            advanced = await energy_wh() - first
            truth = served.live.factory.counter_uwh("main", "energy_import", served.clock.now.timestamp()) / 1e6
            assert first > 1e9
            assert advanced == pytest.approx(truth, abs=2)  # whole watt-hours at both ends
            assert 600_000 < advanced < 1_300_000

    with_plant(tmp_path, check)


def test_a_modbus_client_is_reported_of_wrong_addresses_and_missing_units(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        async with modbus(served.modbus) as client:
            for address, count, unit, code in ((5000, 2, 1, 2), (802, 4, 1, 2), (65, 2, 99, 11)):
                answer = await client.read_holding_registers(address, count=count, device_id=unit)
                assert answer.isError()
                assert answer.exception_code == code
            write = await client.write_register(801, 0, device_id=1)
            assert write.exception_code == 1

    with_plant(tmp_path, check)


def test_every_meter_of_the_plant_answers_for_its_power(tmp_path: Path) -> None:
    places = {"siemens_pac3200": (3, 65, 1e-3), "janitza_umg96rm": (3, 19026, 1e-3), "schneider_iem3000": (3, 3059, 1.0),
              "eastron_sdm630": (4, 0x34, 1e-3), "phoenix_eem": (3, 0x8016, 1e-3)}  # fmt: skip

    async def check(served: Serving) -> None:
        await served.go_to(served.clock.now + timedelta(hours=1))
        for meter in served_devices(tmp_path)[0]:
            async with modbus(meter.port) as client:
                if meter.profile == "abb_b23":
                    answer = await client.read_holding_registers(0x5B14, count=2, device_id=meter.unit_id)
                    power_kw = struct.unpack(">i", struct.pack(">2H", *answer.registers))[0] / 100_000
                else:
                    function, address, factor = places[meter.profile]
                    read = client.read_holding_registers if function == 3 else client.read_input_registers
                    words = (await read(address, count=2, device_id=meter.unit_id)).registers
                    words = words[::-1] if meter.profile == "phoenix_eem" else words
                    power_kw = struct.unpack(">f", struct.pack(">2H", *words))[0] * factor
                assert power_kw == pytest.approx(served.live.factory.power_kw[meter.meter], abs=1e-3), meter.meter

    with_plant(tmp_path, check)


def test_the_compressor_house_loses_its_network_for_ten_minutes_and_its_counters_go_on(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        async def energy_wh() -> float:
            async with modbus(served.compressors) as client:
                answer = await client.read_holding_registers(0x8100, count=2, device_id=1)
                return float(struct.unpack(">f", struct.pack(">2H", *answer.registers[::-1]))[0])

        outage = served.live.factory.surprises.outages[0]
        await served.go_to(datetime.fromtimestamp(outage.from_s - 60, UTC))
        before = await energy_wh()
        await served.go_to(datetime.fromtimestamp(outage.from_s + 60, UTC))
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection("127.0.0.1", served.compressors)
        await served.go_to(datetime.fromtimestamp(outage.to_s, UTC))
        # eleven minutes at 70 kW
        assert 9_000 < await energy_wh() - before < 16_000

    with_plant(tmp_path, check)


def test_an_opc_ua_client_sees_values_with_plant_time_units_and_status(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        async with Client(f"opc.tcp://127.0.0.1:{served.opcua}/werk-nord/") as client:
            index = await client.get_namespace_index("urn:werk-nord:machines")

            async def read(name: str) -> ua.DataValue:
                return await client.get_node(f"ns={index};s={name}").read_data_value(raise_on_bad_status=False)

            await served.go_to(served.clock.now + timedelta(hours=1))
            power = await read("moulding-1.Power")
            assert power.SourceTimestamp == served.clock.now
            assert power.Value.Value == pytest.approx(served.live.factory.power_kw["moulding-1"], abs=0.006)
            assert (await read("moulding-1.State")).Value.Value == "Execute"
            assert (await read("moulding-1.Parts")).Value.Value > 50
            unit = await client.get_node(f"ns={index};s=moulding-1.Energy").get_child("0:EngineeringUnits")
            assert (await unit.read_value()).UnitId == unit_id("KWH") == 4937544
            outage = served.live.factory.surprises.outages[0]
            await served.go_to(datetime.fromtimestamp(outage.from_s + 30, UTC))
            assert (await read("compressor-1.State")).StatusCode.value == ua.StatusCodes.BadNoCommunication
            assert (await read("moulding-1.State")).StatusCode.is_good()
            await served.go_to(datetime.fromtimestamp(outage.to_s + 30, UTC))
            assert (await read("compressor-1.State")).StatusCode.is_good()

    with_plant(tmp_path, check, machines=True)


def test_an_opc_ua_subscription_brings_every_state_change(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        seen: asyncio.Queue[str] = asyncio.Queue()

        class Handler:
            def datachange_notification(self, node: object, value: str, data: object) -> None:
                seen.put_nowait(value)

        async with Client(f"opc.tcp://127.0.0.1:{served.opcua}/werk-nord/") as client:
            index = await client.get_namespace_index("urn:werk-nord:machines")
            subscription = await client.create_subscription(20, Handler())
            await subscription.subscribe_data_change(client.get_node(f"ns={index};s=furnace-1.State"))
            states = [await seen.get()]
            start = served.clock.now
            for minutes in (20, 165, 250):
                await served.go_to(start + timedelta(minutes=minutes))
                states.append(await seen.get())
            await subscription.delete()
        assert states == ["Idle", "Execute", "Idle", "Execute"]

    with_plant(tmp_path, check, machines=True)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    async def check() -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            server = MeterServer("127.0.0.1", port, {1: SimulatedMeter(PAC3200, lambda: NOW)})
            with pytest.raises(PortTaken, match=f"nobody can listen on 127.0.0.1:{port}"):
                await server.start()

    asyncio.run(check())


def test_libmodbus_reads_the_same_as_pymodbus(tmp_path: Path) -> None:
    mbpoll = shutil.which("mbpoll")
    if mbpoll is None:
        pytest.skip("mbpoll is not installed (Debian package mbpoll)")

    async def check() -> None:
        server = MeterServer("127.0.0.1", 0, {1: SimulatedMeter(PAC3200, lambda: NOW), 2: SimulatedMeter(EEM, lambda: NOW)})
        await server.start()
        try:
            for unit, address, swap, expected in ((1, 65, ["-B"], "123400"), (2, 0x8016, [], "123400")):
                command = [
                    mbpoll,
                    "-m",
                    "tcp",
                    "-p",
                    str(server.port),
                    "-a",
                    str(unit),
                    "-0",
                    "-r",
                    str(address),
                    "-t",
                    "4:float",
                    "-1",
                    "-c",
                    "1",
                    *swap,
                ]
                done = await asyncio.to_thread(subprocess.run, [*command, "127.0.0.1"], capture_output=True, text=True, timeout=20)
                assert f"[{address}]" in done.stdout.replace(" ", "")
                assert expected in done.stdout, done.stdout + done.stderr
        finally:
            await server.stop()

    asyncio.run(check())

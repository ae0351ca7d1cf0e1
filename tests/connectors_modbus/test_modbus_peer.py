"""Servers and clients that are not made of the same library: `mbpoll` (libmodbus) reads our simulated meters."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess

import pytest

from connectors.modbus.client import ModbusConnection
from connectors.modbus.decode import Value, decode_block, value_of
from connectors.modbus.learned import Learned
from connectors.modbus.plan import plan
from connectors.modbus.profile import Profile, all_profiles, load_profile
from connectors.modbus.reading import Reader
from domain.clock import SystemClock
from simulation.modbus_server import MeterServer, SimulatedMeter
from simulation.registers import KINDS, Measured, MeterKind

MBPOLL = shutil.which("mbpoll")
MEASURED = Measured(123.456, 40.0, 7_350_037_276_000_000, 1_234_000_000, 987_654_000_000)
TRUTH_KW_AND_KWH = {"active_power_total": 123.456, "active_energy_import": 7_350_037.276}
IN_KILO = {"W": 1e-3, "Wh": 1e-3, "kW": 1.0, "kWh": 1.0}


@pytest.fixture
def mbpoll() -> str:
    if MBPOLL is None:
        message = "no mbpoll: `apt-get install mbpoll`"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return MBPOLL


def _words_by_mbpoll(mbpoll: str, port: int, unit: int, function: int, address: int, count: int) -> bytes:
    done = subprocess.run(
        [mbpoll, "-m", "tcp", "-p", str(port), "-a", str(unit), "-0", "-1", "-q", "-t", "4:hex" if function == 3 else "3:hex",
         "-r", str(address), "-c", str(count), "127.0.0.1"],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    words = re.findall(r"^\[\d+\]:\s+0x([0-9A-F]{4})$", done.stdout, flags=re.MULTILINE)
    return b"".join(bytes.fromhex(word) for word in words)


@pytest.mark.parametrize("profile", all_profiles(), ids=lambda profile: profile.profile.id)
def test_what_our_client_reads_from_a_simulated_meter_is_what_mbpoll_reads(mbpoll: str, profile: Profile) -> None:
    async def main() -> None:
        kind = KINDS[profile.profile.id]
        server = MeterServer("127.0.0.1", 0, {7: SimulatedMeter(kind, lambda: MEASURED)})
        await server.start()
        connection = ModbusConnection("127.0.0.1", server.port)
        values: dict[str, Value] = {}
        try:
            for block in plan(profile, ["active_power_total", "active_energy_import"]):
                ours = await connection.read(7, block)
                theirs = await asyncio.to_thread(
                    _words_by_mbpoll, mbpoll, server.port, 7, block.function, block.address, block.count
                )
                assert ours == theirs
                values |= decode_block(profile, block.points, block.address, theirs)
            for name, truth in TRUTH_KW_AND_KWH.items():
                number = value_of(profile, name, values).number
                assert number is not None
                # float32 has 24 bits: steps of 512 Wh at 7.35 GWh
                assert number * IN_KILO[profile.parts(name)[0].unit] == pytest.approx(truth, rel=2**-23)
        finally:
            connection.close()
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 60))


class RefusesFrequency:
    """A meter that answers exception 2 to whatever touches its frequency, behind the library's own server."""

    def __init__(self, kind: MeterKind) -> None:
        self._kind = kind

    def read(self, function: int, address: int, count: int, measured: Measured) -> list[int] | int:
        return 2 if address <= 56 and address + count > 55 else self._kind.read(function, address, count, measured)


def test_a_refusing_meter_gives_the_rest_and_mbpoll_is_refused_the_same_read(mbpoll: str) -> None:
    async def main() -> None:
        profile = load_profile("siemens_pac3200")
        meter = SimulatedMeter(RefusesFrequency(KINDS[profile.profile.id]), lambda: MEASURED)  # type: ignore[arg-type]
        server = MeterServer("127.0.0.1", 0, {7: meter})
        await server.start()
        learned = Learned(profile, 10.0)
        connection = ModbusConnection("127.0.0.1", server.port)
        try:
            found = await Reader(connection, 7, profile, learned, SystemClock()).round(["frequency", *TRUTH_KW_AND_KWH])
            assert "frequency" not in found.values
            values = {name: seen.value for name, seen in found.values.items()}
            for name, truth in TRUTH_KW_AND_KWH.items():
                number = value_of(profile, name, values).number
                assert number is not None
                assert number * IN_KILO[profile.parts(name)[0].unit] == pytest.approx(truth, rel=2**-23)
            with pytest.raises(subprocess.CalledProcessError) as refused:
                await asyncio.to_thread(_words_by_mbpoll, mbpoll, server.port, 7, 3, 55, 12)
            assert "Illegal data address" in refused.value.stderr + refused.value.stdout
        finally:
            connection.close()
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 60))

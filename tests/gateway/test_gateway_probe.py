"""`check-config --connect`: a line for each channel, and no device is called well of which metering would refuse a value."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import Server, ua
from click.testing import CliRunner
from gateway_helpers import PLANT, write_plant
from hand_modbus_server import HandServer, Manner

from connectors.gateway.fleet import load_fleet
from connectors.gateway.probe import probe_all
from connectors.gateway.verdicts import Verdict, age_text, verdicts
from deploy.ports import free_port
from domain.clock import ScaledClock, SystemClock, epoch_ms
from lastgang.commands.check_config import command

FREQUENCY, POWER, ENERGY = 19050, 19026, 19068
URI = "urn:example:machine"
OPCUA = """
[device]
id = "{device}"
meter = "{device}-meter"
protocol = "opcua"
endpoint = "{endpoint}"
namespace_uri = "urn:example:machine"
security = "none"
history = "off"
[channels]
energy_import = "s={device}.Energy"
state = "s={device}.State"
"""


def words(power_w: float = 120_000.0, energy_wh: float = 8_388_608.0) -> dict[int, dict[int, int]]:
    table = dict.fromkeys(range(19_000, 19_122), 0)
    for address, value in (
        (19000, 230.0),
        (19002, 231.0),
        (19004, 229.0),
        (FREQUENCY, 50.0),
        (POWER, power_w),
        (ENERGY, energy_wh),
    ):
        table[address], table[address + 1] = struct.unpack(">2H", struct.pack(">f", value))
    for address in (19020, 19022, 19024):
        table[address], table[address + 1] = struct.unpack(">2H", struct.pack(">f", power_w / 3))
    return {3: table}


def looked_at(folder: Path, server: HandServer | None = None, clock: object = None) -> dict[str, Verdict]:
    """The verdicts by ``device.channel``."""

    async def main() -> list[Verdict]:
        fleet = load_fleet(folder)
        running = clock or SystemClock()
        probes = await probe_all(fleet, running, patience_s=30.0)  # type: ignore[arg-type]
        return verdicts(fleet.plant, probes, epoch_ms(running.now_utc()))  # type: ignore[attr-defined]

    async def with_server() -> list[Verdict]:
        if server is None:
            return await main()
        async with server:
            for file in (folder / "devices").glob("*.toml"):
                file.write_text(file.read_text().replace("port = 5020", f"port = {server.port}"))
            return await main()

    found = asyncio.run(asyncio.wait_for(with_server(), 60))
    return {f"{verdict.device}.{verdict.channel}": verdict for verdict in found}


def with_frequency(folder: Path) -> Path:
    return write_plant(folder, **{"[channels]": '[channels]\nfrequency = "frequency"'})


def test_a_channel_is_a_line_with_value_unit_age_and_verdict(tmp_path: Path) -> None:
    found = looked_at(with_frequency(tmp_path), HandServer({1: words()}))
    assert found == {
        "main-meter.frequency": Verdict("main-meter", "frequency", "50", "Hz", "now", "ok", True),
        "main-meter.power": Verdict("main-meter", "power", "120", "kW", "now", "ok", True),
        "main-meter.energy_import": Verdict("main-meter", "energy_import", "8388608", "Wh", "now", "ok", True),
    }


@pytest.mark.parametrize("manner", [2, "silent", 6])
def test_a_refused_register_is_named_and_the_others_are_well(tmp_path: Path, manner: Manner) -> None:
    def refuse(unit: int, function: int, address: int, count: int) -> Manner:
        return manner if address <= FREQUENCY + 1 and address + count > FREQUENCY else None

    folder = with_frequency(tmp_path)
    (folder / "devices" / "main-meter.toml").write_text(
        (folder / "devices" / "main-meter.toml").read_text().replace("unit_id = 1", "unit_id = 1\ntimeout_s = 0.2")
    )
    found = looked_at(folder, HandServer({1: words()}, manner=refuse))
    answer = {2: "exception 02, illegal data address", "silent": "no answer within 0.2 s", 6: "exception 06, busy"}[manner]  # type: ignore[index]
    refused = found.pop("main-meter.frequency")
    assert refused.verdict == f"THE DEVICE REFUSES IT: {answer} (frequency, function 3 registers 19050 to 19051)"
    assert not refused.is_good
    assert {verdict.verdict for verdict in found.values()} == {"ok"}


def test_a_meter_that_gives_nothing_is_a_line_and_the_one_beside_it_is_well(tmp_path: Path) -> None:
    folder = write_plant(tmp_path)
    text = (folder / "devices" / "main-meter.toml").read_text()
    second = (
        text.replace('id = "main-meter"', 'id = "dead"')
        .replace('meter = "main"', 'meter = "hall"')
        .replace("unit_id = 1", "unit_id = 9")
    )
    (folder / "devices" / "dead.toml").write_text(second)
    (folder / "plant.toml").write_text(PLANT + PLANT[PLANT.index("[[meter]]") :].replace('id = "main"', 'id = "hall"'))
    found = looked_at(folder, HandServer({1: words()}, exceptions={9: 11}))
    dead = found["dead.all channels"]
    assert dead.verdict.startswith("NOTHING CAME: 127.0.0.1:")
    assert dead.verdict.endswith("exception 11, gateway target did not respond")
    assert not dead.is_good
    assert found["main-meter.power"].is_good


def test_a_power_beyond_the_meters_rating_would_be_refused_and_is_reported_with_what_to_look_at(tmp_path: Path) -> None:
    found = looked_at(write_plant(tmp_path), HandServer({1: words(power_w=120e6)}))
    power = found["main-meter.power"]
    assert power.verdict.startswith("METERING WOULD REFUSE IT (impossible_power): ")
    assert "check unit, factor, word order and max_power_kw" in power.verdict
    assert not power.is_good
    assert found["main-meter.energy_import"].is_good


def test_a_site_that_is_commissioned_next_year_is_reported_of_every_value(tmp_path: Path) -> None:
    folder = write_plant(tmp_path)
    (folder / "plant.toml").write_text(PLANT.replace("2026-01-01", "2999-01-01"))
    found = looked_at(folder, HandServer({1: words()}))
    assert {verdict.is_good for verdict in found.values()} == {False}
    assert all("before [site] commissioned_utc = 2999-01-01T00:00:00Z" in verdict.verdict for verdict in found.values())


def test_a_value_that_the_meter_has_not_got_would_be_refused(tmp_path: Path) -> None:
    found = looked_at(write_plant(tmp_path), HandServer({1: words(energy_wh=float("nan"))}))
    energy = found["main-meter.energy_import"]
    assert (energy.value, energy.is_good) == ("nan is no number, 0x7FC00000", False)
    assert energy.verdict.startswith("METERING WOULD REFUSE IT (bad_quality): nan is no number")


@asynccontextmanager
async def machines(**ahead_s: float) -> AsyncIterator[str]:
    """An OPC UA server with the energy and the state of some machines, dated so much ahead; its endpoint."""
    server = Server()
    await server.init()
    endpoint = f"opc.tcp://127.0.0.1:{free_port()}/"
    server.set_endpoint(endpoint)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(URI)
    for machine, seconds in ahead_s.items():
        dated = datetime.now(UTC) + timedelta(seconds=seconds)
        for name, value in (("Energy", ua.Variant(100.0, ua.VariantType.Double)), ("State", ua.Variant("EXECUTE"))):
            node = await server.nodes.objects.add_variable(ua.NodeId(f"{machine}.{name}", index), name, value)
            await node.write_value(ua.DataValue(value, SourceTimestamp=dated.replace(tzinfo=None)))
    async with server:
        yield endpoint


def plant_of_machines(folder: Path, endpoint: str, *names: str) -> Path:
    (folder / "devices").mkdir(parents=True)
    head, meter = PLANT.split("[[meter]]")
    meters = [
        f"[[meter]]{meter}".replace('id = "main"', f'id = "{name}-meter"').replace('unit = "Wh"', 'unit = "kWh"') for name in names
    ]
    text = head + "".join(meters)
    gauge = text[text.index("[[meter.register]]") : text.index("[[meter.register]]", text.index("[[meter.register]]") + 1)]
    (folder / "plant.toml").write_text(text.replace(gauge, ""))
    for name in names:
        (folder / "devices" / f"{name}.toml").write_text(OPCUA.format(device=name, endpoint=endpoint))
    return folder


def test_a_machine_whose_clock_is_two_hours_ahead_is_not_called_well(tmp_path: Path) -> None:
    async def main() -> dict[str, Verdict]:
        async with machines(press=7200.0, saw=0.0, late=-7200.0) as endpoint:
            fleet = load_fleet(plant_of_machines(tmp_path / "p", endpoint, "press", "saw", "late"))
            probes = await probe_all(fleet, SystemClock(), patience_s=30.0)
            found = verdicts(fleet.plant, probes, epoch_ms(datetime.now(UTC)))
            return {f"{verdict.device}.{verdict.channel}": verdict for verdict in found}

    found = asyncio.run(asyncio.wait_for(main(), 60))
    for channel in ("energy_import", "state"):
        ahead = found[f"press.{channel}"]
        assert (ahead.age, ahead.is_good) == ("2 h ahead", False)
        assert ahead.verdict.startswith("METERING WOULD REFUSE IT (clock_in_future): dated ")
        assert ahead.verdict.endswith("set the clock that dates it")
        assert found[f"saw.{channel}"].is_good
    assert found["saw.energy_import"].verdict == "ok"
    assert found["late.energy_import"].verdict == "ok; unchanged since then, or the device's clock is behind"
    assert found["late.energy_import"].age == "2 h"


def test_the_plants_own_clock_counts_and_not_the_computers(tmp_path: Path) -> None:
    next_year = ScaledClock(datetime.now(UTC), datetime(2030, 5, 1, tzinfo=UTC), 1.0)
    folder = write_plant(tmp_path)
    (folder / "plant.toml").write_text(PLANT.replace("2026-01-01", "2030-01-01"))
    found = looked_at(folder, HandServer({1: words()}), next_year)
    assert {verdict.is_good for verdict in found.values()} == {True}


class Meter:
    """A server on a thread of its own, for a command that runs a loop of its own."""

    def __init__(self, server: HandServer) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(server.__aenter__())
        self.server = server
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.go_away(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def meter() -> Iterator[Meter]:
    made = Meter(HandServer({1: words()}))
    yield made
    made.close()


def test_the_command_prints_a_table_and_ends_well_only_where_all_is_well(tmp_path: Path, meter: Meter) -> None:
    folder = write_plant(tmp_path, meter.server.port)
    good = CliRunner().invoke(command, [str(folder), "--connect"])
    assert good.exit_code == 0, good.output
    assert "device      channel        value    unit  age  verdict\n" in good.output
    assert "main-meter  energy_import  8388608  Wh    now  ok\n" in good.output
    assert good.output.endswith("devices looked at: 1; to look into: nothing\n")
    meter.server.manner = lambda unit, function, address, count: 2 if address <= ENERGY < address + count else None
    bad = CliRunner().invoke(command, [str(folder), "--connect"])
    assert bad.exit_code == 1
    assert "main-meter  power          120    kW    now  ok\n" in bad.output
    assert "main-meter  energy_import  -      Wh    -    THE DEVICE REFUSES IT: exception 02, illegal data address" in bad.output
    assert bad.output.endswith("devices looked at: 1; to look into: 1\n")


def test_a_doubt_about_a_turned_transformer_still_comes_with_its_device(tmp_path: Path, meter: Meter) -> None:
    table = meter.server.words[1][3]
    table[19022], table[19023] = struct.unpack(">2H", struct.pack(">f", -40_000.0))  # type: ignore[index]
    result = CliRunner().invoke(command, [str(write_plant(tmp_path, meter.server.port)), "--connect"])
    assert result.exit_code == 1
    assert f"DOUBT main-meter (127.0.0.1:{meter.server.port} unit 1): the phases' active powers sum to" in result.output


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "now"),
        (1_999, "now"),
        (40_000, "40 s"),
        (600_000, "10 min"),
        (7_199_500, "2 h"),
        (-7_200_000, "2 h ahead"),
        (40 * 86_400_000, "40 d"),
    ],
)
def test_an_age_is_reported_as_people_say_it(milliseconds: int, text: str) -> None:
    assert age_text(milliseconds) == text

"""Gas, heat, compressed air and water are metered like energy and never enter the electric sums."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.clock import epoch_ms
from domain.errors import InputFaults
from domain.intervals import Interval
from domain.plant import Plant, load_plant
from domain.readings import Reading
from metering.tree import judged_tree
from metering.whole_site import WholeSite
from quarters.net import net_quarters
from quarters.remainder import nodes
from reporting.month import channels_of

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SITE = '[site]\nid = "s"\ntimezone = "Europe/Berlin"\ncommissioned_utc = 2026-01-01T00:00:00Z\n'


def meter(name: str, channel: str, unit: str, limit: str, more: str = "", resolution: float = 0.001) -> str:
    return (
        f'[[meter]]\nid = "{name}"\n{limit}\n{more}\n[[meter.register]]\nchannel = "{channel}"\nkind = "counter"\nunit = "{unit}"\n'
        f"sampling_s = 60.0\nresolution = {resolution}\n"
    )


MAIN = meter("main", "energy_import", "kWh", "max_power_kw = 400.0")
GAS = meter("boiler-gas", "gas_volume", "m3", "max_flow_m3_per_h = 40.0", 'medium = "gas"')
AIR = meter("air", "compressed_air_volume", "l", "max_flow_m3_per_h = 600.0", 'medium = "compressed_air"', 1)
HEAT = meter("heat", "heat_energy", "MWh", "max_power_kw = 500.0", 'medium = "heat"')


def plant_of(folder: Path, *parts: str) -> Plant:
    path = folder / "plant.toml"
    path.write_text(SITE + "\n".join(parts))
    return load_plant(path)


def metered(plant: Plant, rises: dict[tuple[str, str], float], minutes: int = 60) -> list[Interval]:
    """Quarter hours of counters that rise evenly, from 1000 on, by so much a minute."""
    site, found = WholeSite(plant), []
    for minute in range(minutes + 20):
        at_ms = epoch_ms(BEGIN) + minute * 60_000
        outputs = site.take(
            [Reading("s", name, channel, at_ms, at_ms, 1000.0 + rise * minute) for (name, channel), rise in rises.items()]
        )
        found += [one for one in outputs if isinstance(one, Interval)]
    found += [one for one in site.close() if isinstance(one, Interval)]
    return found


def test_volumes_are_kept_in_whole_microlitres_and_heat_in_micro_watt_hours(tmp_path: Path) -> None:
    plant = plant_of(tmp_path, MAIN, GAS, AIR, HEAT)
    rows = metered(
        plant,
        {("main", "energy_import"): 2.0, ("boiler-gas", "gas_volume"): 0.25, ("air", "compressed_air_volume"): 4000.0, ("heat", "heat_energy"): 0.004},
    )  # fmt: skip
    first = {row.meter: row.energy_uwh for row in rows if row.start_utc == BEGIN}
    assert first == {
        "main": 30 * 10**9,
        "boiler-gas": 3_750_000_000,  # 15 times 0.25 m3
        "air": 60_000 * 10**6,
        "heat": 60 * 10**9,
    }


def test_units_are_shown_as_the_medium_has_them(tmp_path: Path) -> None:
    plant = plant_of(tmp_path, MAIN, GAS, AIR, HEAT)
    assert [channels_of(one) for one in plant.meters] == [
        [("energy_import", "kWh")], [("gas_volume", "m3")], [("compressed_air_volume", "m3")], [("heat_energy", "kWh")],
    ]  # fmt: skip


def test_other_media_are_no_energy_of_the_site(tmp_path: Path) -> None:
    sub = meter("oven-gas", "gas_volume", "m3", "max_flow_m3_per_h = 9.0", 'medium = "gas"\nparent = "boiler-gas"')
    plant = plant_of(tmp_path, MAIN, GAS, sub, AIR, HEAT)
    billing = plant.billing_meter()
    assert billing is not None
    assert billing.id == "main"  # the only one without a parent among the electric ones
    rows = metered(plant, {("boiler-gas", "gas_volume"): 0.1, ("oven-gas", "gas_volume"): 0.12})
    by_meter = {one.id: {row.start_utc: row for row in rows if row.meter == one.id} for one in plant.meters}
    for one in plant.meters[1:]:
        assert one.energy_channel() is None
        assert net_quarters(one, {"gas_volume": by_meter[one.id], "heat_energy": by_meter[one.id]}) == {}
    assert list(nodes(plant, {}, [BEGIN])) == []
    assert judged_tree(plant, {name: {"gas_volume": some} for name, some in by_meter.items()}, [BEGIN]) == []


def test_more_than_the_pipe_carries_is_not_booked(tmp_path: Path) -> None:
    plant = plant_of(tmp_path, MAIN, GAS)
    rows = metered(plant, {("boiler-gas", "gas_volume"): 100.0})  # 6,000 m3/h where 40 m3/h fit through
    assert all(row.energy_uwh is None or row.energy_uwh <= 20 * 10**9 for row in rows)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((MAIN, GAS.replace("gas_volume", "energy_import")), "a name that begins with gas_"),
        ((MAIN, GAS.replace("max_flow_m3_per_h", "max_power_kw")), "a flow for a meter that counts a volume"),
        ((MAIN, HEAT.replace("MWh", "m3").replace("max_power_kw", "max_flow_m3_per_h")), "Wh, kWh, MWh for heat"),
        ((MAIN, GAS.replace('medium = "gas"', 'medium = "gas"\nparent = "main"')), "a meter of gas; this one is of electricity"),
        ((MAIN.replace('"kWh"', '"m3"'),), "a unit of electricity"),
        ((MAIN, GAS, '[[machine]]\nid = "boiler"\nmeter = "boiler-gas"\nrated_kw = 300.0\n'), "a meter of electricity"),
    ],
)
def test_what_would_mix_media_is_refused(tmp_path: Path, parts: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputFaults, match=words):
        plant_of(tmp_path, *parts)

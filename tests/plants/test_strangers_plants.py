"""Plants that are not like the demo's: each starts, measures a live quarter hour to the watt-hour, and stops without leaving anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_plant import FIRST_UTC, LivePlant, as_json, nothing_of
from served_plant import Load, ServedPlant

from domain.units import UWH_PER_KWH

PLANTS = Path(__file__).parent
WHAT_THE_METERS_MEASURE = {
    "one-meter": {"house": Load(import_kw=24.0)},
    "month-billed": {"grid": Load(import_kw=180.0, export_kw=12.0, reactive_kvar=96.0), "roof": Load(export_kw=120.0)},
    "two-halls": {
        "main": Load(import_kw=300.0),
        "hall-a": Load(import_kw=132.0),
        "hall-b": Load(import_kw=144.0),
        "oven": Load(import_kw=96.0),
        "mill": Load(import_kw=108.0),
    },
}
"""24 kW are 7 kWh a quarter hour: see `served_plant.Load`."""

KWH = {
    ("one-meter", "house", "energy_import"): 7.0,
    ("month-billed", "grid", "energy_import"): 52.5,
    ("month-billed", "grid", "energy_export"): 3.5,
    ("month-billed", "grid", "reactive_import"): 28.0,
    ("month-billed", "roof", "energy_export"): 35.0,
    ("two-halls", "main", "energy_import"): 87.5,
    ("two-halls", "hall-a", "energy_import"): 38.5,
    ("two-halls", "hall-b", "energy_import"): 42.0,
    ("two-halls", "oven", "energy_import"): 28.0,
    ("two-halls", "mill", "energy_import"): 31.5,
}
NO_TOKEN = "influx-sink failed: ended with exit 2: environment: INFLUX_TOKEN: found nothing; expected a token with write access"
"""The message for the plant whose owner has named an InfluxDB and no token; all else runs."""
MACHINES_WITH_JOBS: dict[str, list[str]] = {"one-meter": [], "month-billed": [], "two-halls": ["oven", "mill"]}
"""As the page *Plan* shows the jobs of the plant file."""
ON_THE_WAY = 5.0 / 900.0
"""An answer takes some milliseconds of the wall clock from the meter to the gateway, which stamps it; the plant's clock runs 60 times as
fast, and a busy machine stretches them: 5 s of a quarter hour."""


@pytest.mark.cluster
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", WHAT_THE_METERS_MEASURE)
def test_a_plant_starts_measures_a_quarter_hour_and_stops(java_parts: None, tmp_path: Path, name: str) -> None:
    with ServedPlant.copied(PLANTS / name, tmp_path, WHAT_THE_METERS_MEASURE[name]) as served, LivePlant(served, tmp_path) as live:
        loss = "" if name != "one-meter" else NO_TOKEN
        if loss:
            with (served.plant_dir / "stack.toml").open("a") as settings:
                settings.write('[influx]\nurl = "http://127.0.0.1:8086"\norg = "werk"\nbucket = "energy"\n')
        live.up(loss)
        for (plant, meter, channel), kwh in KWH.items():
            if plant == name:
                quarter = live.await_quarter(meter, channel)
                assert quarter["energy_uwh"] / UWH_PER_KWH == pytest.approx(kwh, abs=0.011 + kwh * ON_THE_WAY), (meter, channel)
                assert quarter["coverage"] == pytest.approx(1.0, abs=0.05)
        status = live.type(f"lastgang status --plant {live.plant} --json")
        assert status.returncode == (1 if loss else 0), status.stdout
        lost = [part["name"] for part in as_json(status)["parts"] if part["state"] != "running"]
        assert lost == (["influx-sink"] if loss else [])
        assert [part["name"] for part in live.answer_of("/platform")["losses"]] == lost
        assert live.answer_of("/now")["demand"]["projected_kw"] > 0
        assert served.now_utc() > FIRST_UTC
        assert [row["machine"] for row in live.answer_of("/plan")["rows"]] == MACHINES_WITH_JOBS[name]
        live.down()
    assert nothing_of(tmp_path) == []

"""``lastgang flexible``: what can wait, and a fleet beside the load of a plant, priced by two bills."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register

from lastgang.cli import run
from simulation import demo_plant

MONDAY = datetime(2026, 10, 18, 22, 0, tzinfo=UTC)
"""Midnight in Berlin, on which the vans stand since Friday."""
QUARTER = timedelta(minutes=15)
FLEET = "".join(
    f'[[flexible.charge_point]]\nid = "point-{n}"\nmax_kw = 22.0\n'
    f'[[flexible.vehicle]]\nid = "van-{n}"\ncharge_point = "point-{n}"\ncapacity_kwh = 70.0\n'
    '[[flexible.vehicle.trip]]\ndays = ["mon", "tue", "wed", "thu", "fri"]\n'
    f'leaves = "0{n + 5}:00"\nreturns = "14:{n}0"\nneeds_kwh = 45.0\n'
    for n in (1, 2, 3)
)
BATTERY = (
    '[[flexible.battery]]\nid = "battery"\ncapacity_kwh = 100.0\nmax_charge_kw = 50.0\nmax_discharge_kw = 50.0\n'
    'cycle_cost_eur_per_kwh = 0.06\nvalid_from = 2026-01-01\nsource = "offer"\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = plant("werk-1", "main", register(*COUNTER), max_power_kw=900) + FLEET + BATTERY + '[tariff]\nfile = "tariff.toml"\n'
    (tmp_path / "plant.toml").write_text(text, encoding="utf-8")
    shutil.copy(Path(demo_plant.__file__).parent / "tariff.toml", tmp_path / "tariff.toml")
    write_load(tmp_path, 192)
    return tmp_path


def load_kw(start: datetime) -> float:
    """A day with its peak at half past two in the afternoon, when the vans come back."""
    hour = (start + timedelta(hours=2)).hour + start.minute / 60
    return round(120 + 200 * math.exp(-(((hour - 14.5) / 3) ** 2)), 1)


def write_load(folder: Path, count: int, missing: int | None = None) -> None:
    starts = [MONDAY + number * QUARTER for number in range(count)]
    rows = [f"{start:%Y-%m-%dT%H:%M:%SZ},{'' if number == missing else load_kw(start)}" for number, start in enumerate(starts)]
    (folder / "load.csv").write_text("start_utc,power_kw\n" + "\n".join(rows) + "\n", encoding="utf-8")


def test_vans_and_battery_lower_the_bill_and_all_are_ready(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--plant", str(folder), "--out", str(folder / "plan.csv"), "--json", str(folder / "plan.json")]
    assert run(["flexible", "plan", str(folder / "load.csv"), *at, "--level", "battery=50"]) == 0
    result = json.loads((folder / "plan.json").read_text())
    # The load alone reaches 320 kW, with three vans at 22 kW more; 90 kWh of battery, less losses, cut what stands above.
    assert result["peak_kw"]["without"] == pytest.approx(320.0 + 66.0, abs=2.0)
    assert result["peak_kw"]["with_plan"] < 305.0
    assert result["unmet"] == []
    lower_kw = result["peak_kw"]["without"] - result["peak_kw"]["with_plan"]
    # 131.40 EUR/kW a year above 2500 usage hours, less what the battery wears; the little energy that its losses cost is in the tolerance.
    assert result["saved_eur"] == pytest.approx(131.4 * lower_kw - result["life_eur"], abs=10.0)
    by_load = {one["id"]: one for one in result["loads"]}
    for number in (1, 2, 3):
        kw = by_load[f"point-{number}"]["power_kw"]
        monday = datetime(2026, 10, 19, number + 2, 45, tzinfo=UTC)
        # It stands with 56 kWh less a trip, and needs 45 on Monday; it comes back with what was left, and needs 45 on Tuesday.
        for ready, needed_kwh in ((monday, 45.0 - 11.0), (monday + timedelta(days=1), 90.0 - 11.0)):
            drawn = sum(one for slot, one in enumerate(kw) if MONDAY + slot * QUARTER < ready) * 0.25
            assert drawn * 0.9 >= needed_kwh - 0.01
    assert all(10.0 - 1e-3 <= level <= 90.0 + 1e-3 for level in by_load["battery"]["levels"])
    assert (folder / "plan.csv").read_text().splitlines()[0] == "start_utc,site_kw,point-1_kw,point-2_kw,point-3_kw,battery_kw"
    assert "saved: " in capsys.readouterr().err


def test_a_battery_of_unknown_charge_is_named_and_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flexible", "plan", str(folder / "load.csv"), "--plant", str(folder)]) == 0
    output = capsys.readouterr()
    assert "battery: level not known (--level battery=VALUE), not placed" in output.err
    assert output.out.splitlines()[0] == "start_utc,site_kw,point-1_kw,point-2_kw,point-3_kw"


def test_a_van_that_cannot_get_ready_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "plant.toml").read_text().replace("max_kw = 22.0", "max_kw = 2.0")
    (folder / "plant.toml").write_text(text)
    assert run(["flexible", "plan", str(folder / "load.csv"), "--plant", str(folder), "--level", "van-1=0"]) == 0
    # 2 kW * 5.75 h * 0.9 = 10.35 of 45 kWh: 34.65 kWh in the battery are 38.5 kWh from the grid.
    assert "van-1: 38.50 kWh cannot be met" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--level", "battery=much"],
            "--level: level: found 'battery=much'; expected NAME=NUMBER with one of the names ['battery', 'van-1'",
        ),
        (["--level", "nothing=1"], "expected NAME=NUMBER"),
        (["--tariff", "none.toml"], "none.toml: file: found No such file"),
    ],
)
def test_wrong_input_is_named(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert run(["flexible", "plan", str(folder / "load.csv"), "--plant", str(folder), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_load_with_a_hole_or_of_a_month_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for count, missing, words in ((8, 3, "found 'nothing at 2026-10-18T22:45:00Z'"), (96 * 15, None, "14 days of load at most")):
        write_load(folder, count, missing)
        assert run(["flexible", "plan", str(folder / "load.csv"), "--plant", str(folder)]) == 2
        assert words in capsys.readouterr().err


def test_show_has_a_row_a_load_with_its_times(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flexible", "show", "--plant", str(folder)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["load", "priority", "holds_kw", "at_least_min", "usually_min", "back_kwh"]
    # From 90 to 10 kWh: 76 kWh given at 50 kW, 80 / 0.95 kWh bought for it.
    assert rows[-1] == ["battery", "50", "50.0", "91.2", "91.2", "84.21"]
    assert len(rows) == 5

"""``lastgang metering`` on files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from plant_texts import plant, register

from lastgang.commands.metering import command

PLANT = plant("s", "m", register("energy_import", "counter", "kWh", 0.001, sampling_s=60), max_power_kw=100.0)


def _line(minute: int, **changes: object) -> str:
    at = 1_773_136_800_000 + minute * 60_000
    row = {"site": "s", "meter": "m", "channel": "energy_import", "observed_ms": at, "received_ms": at + 300}
    return json.dumps({**row, "value": 1000.0 + minute, "quality": "good", **changes}) + "\n"


def test_readings_become_a_table_and_what_was_not_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(PLANT)
    strange = [_line(40, meter="nobody"), _line(40, channel="state", value=None, text="Execute"), _line(41, quality="bad")]
    (tmp_path / "readings.jsonl").write_text("".join([*map(_line, range(40)), *strange]))
    out, rejected = tmp_path / "intervals.csv", tmp_path / "rejected.jsonl"
    result = CliRunner().invoke(
        command,
        [str(tmp_path / "readings.jsonl"), "--plant", str(tmp_path / "plant.toml"), "--out", str(out), "--rejected", str(rejected)],
    )
    assert result.exit_code == 0, result.output
    rows = out.read_text().splitlines()
    assert rows[0] == "site,meter,channel,start_utc,energy_kwh,power_kw,coverage,quality,method,revision"
    assert rows[1] == "s,m,energy_import,2026-03-10T10:00:00Z,15.000000000,60.000000000,1.0,measured,register,1"
    assert rows[3].startswith("s,m,energy_import,2026-03-10T10:30:00Z,,,")
    assert [json.loads(line)["reason"] for line in rejected.read_text().splitlines()] == ["unknown_register", "bad_quality"]
    assert "43 readings: 41 used, 2 rejected" in result.output


def test_lines_that_are_no_readings_are_reported_with_their_number(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(PLANT)
    (tmp_path / "readings.jsonl").write_text(_line(0) + "{nonsense\n" + _line(1, value="12") + _line(2, quality="fine"))
    finished = subprocess.run(
        [sys.executable, "-m", "lastgang.cli", "metering", "readings.jsonl", "--plant", "plant.toml", "--out", "out.csv"],
        cwd=tmp_path, env={"PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 2
    assert "readings.jsonl:2: line: found '{nonsense'; expected a reading as a JSON object" in finished.stderr
    assert "readings.jsonl:3: value: found '12'; expected a number or null" in finished.stderr
    assert "readings.jsonl:4: quality: found 'fine'; expected good, uncertain or bad" in finished.stderr

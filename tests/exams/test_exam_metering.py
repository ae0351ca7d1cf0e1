"""``lastgang metering`` on the exam's samples, scored by the exam's own program."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from exam_folder import exam_file

from lastgang.commands.metering import command
from metering.clocks import JumpWatch


@pytest.mark.parametrize("sample", ["vectors", "seed-0"])
def test_the_exams_samples_pass_whole(tmp_path: Path, sample: str) -> None:
    exam = exam_file("exams/metering")
    folder = exam / "sample" / sample
    readings = folder / "readings.jsonl"
    if not readings.is_file():
        readings = tmp_path / "readings.jsonl"
        readings.write_bytes(gzip.decompress((folder / "readings.jsonl.gz").read_bytes()))
    out, rejected = tmp_path / "intervals.csv", tmp_path / "rejected.jsonl"
    arguments = [str(readings), "--plant", str(folder / "plant.toml"), "--out", str(out), "--rejected", str(rejected)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    scored = subprocess.run(
        [sys.executable, "-B", str(exam / "check.py"), str(folder), str(out), str(rejected)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert scored.stdout.splitlines()[-1].endswith(" passed, 0 failed"), scored.stdout


def test_late_history_duplicates_and_disorder_of_a_bad_week_are_no_jumps() -> None:
    watches: dict[tuple[str, str], JumpWatch] = {}
    sample = exam_file("exams/metering/sample/seed-0/readings.jsonl.gz")
    for line in gzip.decompress(sample.read_bytes()).splitlines():
        row = json.loads(line)
        watch = watches.setdefault((row["meter"], row["channel"]), JumpWatch())
        assert watch.judge(row["observed_ms"], row["received_ms"]) == 0, row

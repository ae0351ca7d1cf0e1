"""Reports of one month made at the same moment, by a schedule and by the page: all whole, none takes the other's folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from report_sample import NOW, put, whole_month

import reporting.report as report
from domain.plant import load_plant
from lastgang.commands.report import command
from reporting.ledger import Ledger
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.verifier import verify

Make = Callable[..., WrittenReport]


def test_reports_made_at_once_are_versions_that_follow_each_other(ledger: Ledger, folder: Path) -> None:
    put(ledger, *whole_month()[:200])
    plant = load_plant(folder / "plant" / "plant.toml")

    def one(_: int) -> WrittenReport:
        with Ledger.open(folder / "ledger.sqlite", readonly=True) as reading:
            order = ReportOrder(folder / "plant", folder / "out")
            return write_report(reading, plant, month_period("2026-10", "Europe/Berlin"), order, NOW)

    with ThreadPoolExecutor(4) as pool:
        made = sorted(pool.map(one, range(4)), key=lambda report: report.version)
    assert [report.version for report in made] == [1, 2, 3, 4]
    assert all(verify(report.folder).holds for report in made)
    for before, after in pairwise(made):
        manifest = json.loads((after.folder / "manifest.json").read_text())
        assert manifest["replaces"]["manifest_sha256"] == before.manifest_sha256
    assert sorted(path.name for path in (folder / "out").iterdir()) == [report.folder.name for report in made]


def test_one_that_was_overtaken_takes_the_next_number(
    ledger: Ledger, make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ledger, *whole_month()[:200])
    original, overtaken = report.write_manifest, []

    def slow(beside: Path, header: dict[str, object]) -> str:
        if not overtaken:
            overtaken.append(1)
            assert make().version == 1
        return original(beside, header)

    monkeypatch.setattr(report, "write_manifest", slow)
    made = make()
    assert made.version == 2
    assert json.loads((made.folder / "manifest.json").read_text())["replaces"]["version"] == 1


def test_what_a_killed_report_left_is_cleared_after_a_day_and_not_before(ledger: Ledger, make: Make, folder: Path) -> None:
    put(ledger, *whole_month()[:200])
    old, young = (folder / "out" / f".werk-nord-2026-10.{n}-abc.part" for n in (1, 2))
    for part in (old, young):
        part.mkdir(parents=True)
        (part / "report.json").write_text("{}")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    make()
    assert (old.exists(), young.exists()) == (False, True)


def run(folder: Path, **options: str) -> Result:
    results = {
        "plant": str(folder / "plant"),
        "ledger": str(folder / "ledger.sqlite"),
        "month": "2026-10",
        "out": str(folder / "out"),
        **options,
    }
    return CliRunner().invoke(command, [word for name, value in results.items() for word in (f"--{name}", value)])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("place", ["file/out", "fifo", "/proc/out"])
def test_a_folder_that_cannot_be_written_to_is_known_before_the_work(place: str, ledger: Ledger, folder: Path) -> None:
    put(ledger, *whole_month()[:10])
    (folder / "file").write_text("")
    os.mkfifo(folder / "fifo")
    result = run(folder, out=str(folder / place))
    assert "expected a folder" in str(result.exception)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/dev/zero", "a device"),
        (".", "a folder"),
        ("none", "No such file"),
        ("fifo", "a FIFO"),
        ("plant/plant.toml", "no ledger that can be opened"),
    ],
)
def test_what_is_no_ledger_is_called_what_it_is(path: str, found: str, ledger: Ledger, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    assert found in str(run(folder, ledger=str(folder / path)).exception)
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("month", "0001-01"),
        ("month", "9999-12"),
        ("as-of", "yesterday"),
        ("as-of", "2026-10-01T00:00:00"),
        ("as-of", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_extreme_months_and_instants_are_usage_errors(option: str, value: str, ledger: Ledger, folder: Path) -> None:
    result = run(folder, **{option: value})
    assert result.exit_code == 2
    assert f"--{option}" in result.output

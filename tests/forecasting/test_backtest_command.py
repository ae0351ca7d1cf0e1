"""`lastgang forecast backtest` on files of strangers: what is refused, where, and with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain.errors import InputFaults
from lastgang.commands.forecast import command

START = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = ("--timezone", "Europe/Berlin")


def rows(count: int, minutes: int = 15, begins: datetime = START, kw: float = 100.0) -> list[str]:
    return [f"{begins + n * timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ},{kw + n % 7}" for n in range(count)]


def written(path: Path, lines: list[str], header: str = "start_utc,power_kw") -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def backtest(load: Path, *options: str, first: str = "2026-03-12T00:00:00Z") -> Result:
    out = load.parent / "forecasts.csv"
    return CliRunner().invoke(
        command, ["backtest", str(load), "--first-origin", first, "--origins", "2", "--out", str(out), *options]
    )


def refusal(result: Result) -> str:
    """The words of the faults."""
    assert isinstance(result.exception, InputFaults), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("BW", "did you mean DE-BW"),
        ("NW", "did you mean DE-NW"),
        ("DE-XX", "one of DE's subdivisions"),
        ("KR", "add --holidays-abroad"),
        ("Bayern", "No country has the code"),
    ],
)
def test_a_region_that_is_none_or_does_not_fit_is_refused_with_what_was_meant(tmp_path: Path, region: str, words: str) -> None:
    found = refusal(backtest(written(tmp_path / "load.csv", rows(96 * 12)), *ZONE, "--holidays", region))
    assert found.startswith(f"command line: --holidays: found {region}; expected")
    assert words in found


def test_holidays_of_another_country_are_taken_where_that_is_confirmed(tmp_path: Path) -> None:
    load = written(tmp_path / "load.csv", rows(96 * 12))
    result = backtest(load, *ZONE, "--holidays", "KR", "--holidays-abroad", first="2026-03-12T00:00:00Z")
    assert result.exit_code == 0, result.output


def test_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    found = refusal(backtest(written(tmp_path / "load.csv", rows(96 * 12)), "--timezone", "Europe/Stuttgart"))
    assert "--timezone: found Europe/Stuttgart; expected an IANA name" in found


def test_a_load_that_changes_its_resolution_is_refused_with_the_line(tmp_path: Path) -> None:
    hours = rows(24 * 5, 60)
    load = written(tmp_path / "load.csv", hours + rows(96 * 7, 15, START + timedelta(days=5)))
    assert "load.csv:2: start_utc: found rows 60 minutes apart from here on, 15 minutes elsewhere" in refusal(backtest(load, *ZONE))


def test_a_plan_that_changes_its_resolution_is_refused_with_the_line(tmp_path: Path) -> None:
    load = written(tmp_path / "load.csv", rows(96 * 12))
    lines = rows(96 * 10) + rows(24 * 4, 60, START + timedelta(days=10))
    plan = written(tmp_path / "plan.csv", lines, "start_utc,planned_kw")
    found = refusal(backtest(load, *ZONE, "--plan", str(plan)))
    assert "plan.csv:962: start_utc: found rows 60 minutes apart from here on" in found


@pytest.mark.parametrize("year", ["1026", "2162", "8999"])
@pytest.mark.parametrize("file", ["load", "plan"])
def test_a_mistyped_year_is_refused_and_fills_no_memory(tmp_path: Path, file: str, year: str) -> None:
    wrong = [f"{year}-03-20T00:00:00Z,100"]
    lines = wrong + rows(96 * 12) if year < "2026" else rows(96 * 12) + wrong
    load = written(tmp_path / "load.csv", lines if file == "load" else rows(96 * 12))
    plan = written(tmp_path / "plan.csv", lines, "start_utc,planned_kw")
    found = refusal(backtest(load, *ZONE, "--plan", str(plan)))
    assert f"{file}.csv" in found and "rows of at most 50 years" in found


def test_a_gap_of_months_in_the_load_is_no_fault(tmp_path: Path) -> None:
    """A backtest reads one file in order: what follows a gap counts at once, and no origin is passed over."""
    load = written(tmp_path / "load.csv", rows(96 * 10, begins=START - timedelta(days=100)) + rows(96 * 12))
    result = backtest(load, *ZONE, first="2026-03-02T00:15:00Z")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "forecasts.csv").read_text().count("\n") == 2 * 192 + 1

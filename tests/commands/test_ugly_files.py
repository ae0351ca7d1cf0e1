"""Files as people have them: read right, or one clear question or fault; the same by every command, and never silently wrong."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from plant_texts import COUNTER, plant, register, tariff

from domain.errors import InputFaults
from lastgang.cli import main
from quarters.profiles.grid import RESOLUTIONS_MIN
from quarters.profiles.load import LoadSeries
from quarters.profiles.sniff.read import read_any
from quarters.profiles.sniff.reading import ReadOptions, Unclear
from words.reader import assumption_text
from words.speech import of_page

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "ugly_files"
CASES = sorted(path for path in FOLDER.iterdir() if path.suffix not in (".toml", ".md"))
HOME = "Europe/Berlin"
COMMANDS = {
    "bill": "bill {file} --tariff tariff.toml --json bill.json",
    "backtest": "forecast backtest {file} --first-origin {origin} --origins 1 --timezone Europe/Berlin --out out.csv",
    "import": "import {file} --plant . --dry-run",
}
OF_BACKTEST = {"--timezone": "--file-timezone"}


def expected_of(case: Path) -> dict[str, Any]:
    return tomllib.loads(case.with_suffix(".toml").read_text(encoding="utf-8"))


def answered(expected: dict[str, Any]) -> ReadOptions:
    return ReadOptions(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in expected.get("answered", {}).items()},
        home=HOME,
    )


def kwh_of(series: LoadSeries) -> Decimal:
    per_hour = Decimal(timedelta(hours=1) // series.resolution)
    return sum((kw for kw in series.power_kw() if kw is not None), Decimal(0)) / per_hour


def assert_holds(series: LoadSeries, profile: dict[str, Any]) -> None:
    found = {
        "first_utc": f"{series.starts[0]:%Y-%m-%dT%H:%MZ}", "last_utc": f"{series.starts[-1]:%Y-%m-%dT%H:%MZ}", "count": len(series.starts),
        "missing": sum(value is None for value in series.values),
    }  # fmt: skip
    assert found == {name: profile[name] for name in found}
    assert abs(kwh_of(series) - Decimal(profile["sum_kwh"])) < Decimal("1e-6")


def test_there_are_at_least_thirty_and_each_has_its_answer() -> None:
    assert len(CASES) >= 30
    assert {case.with_suffix(".toml") for case in CASES} == set(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_is_read_right_or_asked_about(case: Path, tmp_path: Path) -> None:
    expected = expected_of(case)
    file = Path(shutil.copy(case, tmp_path / f"load{case.suffix}"))
    resolutions = (15,) if expected.get("profile", {}).get("count", 96) > 90 else RESOLUTIONS_MIN
    if "question" in expected:
        with pytest.raises(Unclear) as unclear:
            read_any(file, ReadOptions(home=HOME))
        assert [one.option for one in unclear.value.questions] == expected["question"]
    elif "fault" in expected and "60 minutes" not in expected["fault"]:
        with pytest.raises(InputFaults) as faults:
            read_any(file, ReadOptions(home=HOME))
        assert expected["fault"] in str(faults.value)
        assert len(str(faults.value).splitlines()) == 1
    if "profile" in expected:
        assert_holds(read_any(file, answered(expected), resolutions).series, expected["profile"])


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_assumption_and_each_question_has_its_sentence(language: str) -> None:
    words = of_page(language, ZoneInfo(HOME))
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "quarters" / "profiles" / "sniff").glob("*.py"))
    keys = set(re.findall(r'Assumption\(\s*"([a-z0-9_]+)"', source))
    questions = set(re.findall(r'Question\(\s*"--[a-z-]+",\s*"([a-z0-9_]+)"', source))
    assert len(keys) > 10
    assert len(questions) > 8
    assert [key for key in keys if not words[f"reader.{key}"]] == []
    assert [key for key in questions if not words[f"reader_question.{key}"]] == []
    for case in CASES:
        expected = expected_of(case)
        if "profile" not in expected or ("fault" in expected and "answered" not in expected):
            continue
        for one in read_any(case, answered(expected), RESOLUTIONS_MIN).assumptions:
            assert "{" not in assumption_text(one.key, one.values, words)


Run = Callable[[str], tuple[object, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line: its exit code and what it says on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LASTGANG_CLOCK", f"{datetime.now(UTC).isoformat()},2026-11-01T00:00:00+00:00,1")
    (tmp_path / "plant.toml").write_text(plant("p", "main", register(*COUNTER), max_power_kw=1e12))
    (tmp_path / "tariff.toml").write_text(tariff('price = "10.00 ct/kWh"'))

    def invoke(line: str) -> tuple[object, str]:
        with pytest.raises(SystemExit) as end:
            main(line.split())
        return end.value.code, capsys.readouterr().err

    return invoke


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_command_reads_it_in_the_same_way(case: Path, run: Run, tmp_path: Path) -> None:
    expected = expected_of(case)
    file = Path(shutil.copy(case, tmp_path / f"load{case.suffix}"))
    origin = f"{datetime.fromisoformat(expected.get('profile', {}).get('first_utc', '2026-01-14T00:00Z')) + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    output = {name: run(line.format(file=file.name, origin=origin)) for name, line in COMMANDS.items()}
    assert "Traceback" not in str(output)
    if "question" in expected or ("fault" in expected and "60 minutes" not in expected["fault"]):
        assert {code for code, _ in output.values()} == {2}
        assert {text.replace("--file-timezone", "--timezone") for _, text in output.values()} == {output["bill"][1]}
    else:
        hides_peaks = "fault" in expected
        assert {name: code for name, (code, _) in output.items()} == {
            "bill": 0,
            "backtest": 2 * hides_peaks,
            "import": 2 * hides_peaks,
        }, output
        if not hides_peaks:
            notes = [{line for line in text.splitlines() if line and line in output["bill"][1]} for _, text in output.values()]
            assert notes[0] >= notes[1] and notes[1] == notes[2]

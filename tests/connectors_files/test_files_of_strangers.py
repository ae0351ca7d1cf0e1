"""Whatever a verb is given as a file: one clear error and exit 2, no traceback, no waiting, no memory without bound."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register, tariff

from domain.intervals import QUARTER
from lastgang.cli import main

START = datetime(2026, 3, 1, 23, tzinfo=UTC)
TARIFF = tariff('spot = { file = "spot.csv" }')
VERBS = {
    "bill": "bill LOAD --tariff tariff.toml --json OUT",
    "bill tariff": "bill load.csv --tariff LOAD --json OUT",
    "metering": "metering LOAD --plant plant.toml --out OUT --rejected rejected.jsonl",
    "metering plant": "metering readings.jsonl --plant LOAD --out OUT",
    "backtest": "forecast backtest LOAD --first-origin 2026-03-02T23:00:00Z --origins 1 --out OUT",
    "backtest plan": "forecast backtest load.csv --plan LOAD --first-origin 2026-03-02T23:00:00Z --origins 1 --out OUT",
    "import": "import LOAD --plant . --dry-run",
    "report ledger": "report --plant . --ledger LOAD --month 2026-03 --out reports",
    "verify": "verify LOAD",
}
INPUTS = ("fifo", "/dev/zero", "folder", "nowhere", "long", "binary", "empty")
OUTPUTS = ("fifo", "folder", "nowhere/out.csv", "load.csv/out.csv", "/proc/out.csv")
Run = Callable[[str], str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line, run in a folder that holds every kind of thing: must end with exit 2; what it says on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LASTGANG_CLOCK", f"{datetime.now(UTC).isoformat()},2026-11-01T00:00:00+00:00,1")
    (tmp_path / "plant.toml").write_text(plant("p", "main", register(*COUNTER)))
    (tmp_path / "tariff.toml").write_text(TARIFF)
    rows = "".join(f"{START + n * QUARTER:%Y-%m-%dT%H:%M:%SZ},100\n" for n in range(400))
    (tmp_path / "load.csv").write_text("start_utc,power_kw\n" + rows)
    (tmp_path / "spot.csv").write_text("start_utc,price_eur_per_mwh\n" + rows)
    (tmp_path / "readings.jsonl").write_text("")
    (tmp_path / "empty").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 50)
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "long").open("wb") as file:
        file.truncate(1 << 34)

    def invoke(line: str) -> str:
        with pytest.raises(SystemExit) as end:
            main(line.split())
        output = capsys.readouterr().err
        assert end.value.code == 2, output
        return output

    return invoke


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("verb", "given"), [(verb, given) for verb in VERBS for given in INPUTS if (verb, given) != ("metering", "empty")]
)
def test_an_input_of_any_kind_is_one_clear_error(verb: str, given: str, run: Run, tmp_path: Path) -> None:
    """But for no readings at all: they are no fault."""
    output = run(VERBS[verb].replace("LOAD", given).replace("OUT", "out.csv"))
    assert 0 < len(output.splitlines()) <= 21, output
    assert given in output
    assert not (tmp_path / "out.csv").exists()
    assert not list(tmp_path.glob(".*.new"))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("place", OUTPUTS)
@pytest.mark.parametrize("verb", ["bill", "metering", "backtest"])
def test_a_place_that_cannot_be_written_to_is_one_clear_error_before_the_work(verb: str, place: str, run: Run) -> None:
    output = run(VERBS[verb].replace("LOAD", "fifo").replace("OUT", place))
    assert place in output
    assert "found a FIFO; expected a regular file" not in output  # the input was not looked at yet


@pytest.mark.timeout(30)
@pytest.mark.parametrize("given", ["fifo", "/dev/zero", "folder", "nowhere", "long"])
def test_prices_beside_a_tariff_are_opened_as_carefully(given: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "tariff.toml").write_text(TARIFF.replace("spot.csv", given))
    assert given in run("bill load.csv --tariff tariff.toml")


def test_a_million_wrong_rows_are_twenty_lines(run: Run, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("start_utc,power_kw\n" + "x,y\n" * 200_000)
    for line in ("bill load.csv --tariff tariff.toml", "import load.csv --plant . --dry-run"):
        output = run(line).splitlines()
        assert len(output) == 21
        assert "more faults" in output[-1]


def test_a_line_of_readings_without_an_end_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "readings.jsonl").write_text("[" * 3_000_000)
    output = run("metering readings.jsonl --plant plant.toml --out out.csv")
    assert "readings.jsonl:1: line: found more than 1,048,576 bytes; expected a reading as a JSON object" in output


@pytest.mark.timeout(60)
def test_a_gzip_of_gigabytes_takes_no_gigabytes(tmp_path: Path) -> None:
    """Run apart, with as much address space as a verb may need and not a tenth of what the file would unpack to."""
    with gzip.open(tmp_path / "load.csv.gz", "wb", compresslevel=1) as packing:
        for _ in range(1200):
            packing.write(bytes(1 << 20))
    (tmp_path / "plant.toml").write_text(plant("p", "main", register(*COUNTER)))
    command = f"ulimit -v 900000; exec {sys.executable} -m lastgang.cli import load.csv.gz --plant . --dry-run"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert (
        done.stderr
        == "load.csv.gz: file: found more than 64 MiB, unpacked; expected at most 64 MiB: split it by meter or by year\n"
    )

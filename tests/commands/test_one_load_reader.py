"""Whatever a load profile looks like: every command that reads one takes it, or all refuse it with the same words."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register, tariff

from domain.errors import InputFaults
from domain.intervals import QUARTER
from lastgang.cli import main
from simulation.replay import read_replay

START = datetime(2026, 3, 1, 23, tzinfo=UTC)
TARIFF = tariff('price = "10.00 ct/kWh"')
COMMANDS = {
    "bill": "bill load.csv --tariff tariff.toml --json bill.json",
    "backtest": "forecast backtest load.csv --first-origin 2026-03-04T23:00:00Z --origins 1 --timezone Europe/Berlin --out out.csv",
    "import": "import load.csv --plant . --dry-run",
}
STAMPS = [f"{START + n * QUARTER:%Y-%m-%dT%H:%M:%SZ}" for n in range(400)]
ROWS = [f"{stamp},{100 + n % 7}" for n, stamp in enumerate(STAMPS)]


def text(rows: list[str], header: str = "start_utc,power_kw") -> str:
    return "\n".join([header, *rows]) + "\n"


def changed(line: int, row: str) -> str:
    """The usual file with another row in `line`; the header is line 1."""
    return text([*ROWS[: line - 2], row, *ROWS[line - 1 :]])


SHIFTED = [f"{START.replace(minute=7) + n * QUARTER:%Y-%m-%dT%H:%M:%SZ},100" for n in range(400)]
LONG = "meter,channel,start_utc,energy_kwh"
TAKEN = {
    "as it should be": text(ROWS),
    "carriage returns": text(ROWS).replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + text(ROWS),
    "columns in another order": text([",".join(reversed(row.split(","))) for row in ROWS], "power_kw,start_utc"),
    "reactive power beside it": text([f"{row},30" for row in ROWS], "start_utc,power_kw,reactive_kvar"),
    "energies": text(ROWS, "start_utc,energy_kwh"),
    "energies of a named meter": text([f"main,energy_import,{row}" for row in ROWS], LONG),
    "semicolons and decimal commas": text([f"{stamp};100,5" for stamp in STAMPS], "start_utc;power_kw"),
    "tabs": text([row.replace(",", "\t") for row in ROWS], "start_utc\tpower_kw"),
    "an offset": text([row.replace("Z", "+00:00") for row in ROWS]),
    "local time with its offset": changed(3, "2026-03-02T00:15:00+01:00,100"),
    "spaces around values": changed(3, f" {STAMPS[1]} , 100 "),
    "a number with an exponent": changed(3, f"{STAMPS[1]},1.5e2"),
    "a missing value": changed(3, f"{STAMPS[1]},"),
    "a dash for a missing value": changed(3, f"{STAMPS[1]},-"),
    "a missing row": text([*ROWS[:5], *ROWS[6:]]),
    "a missing day": text([*ROWS[:96], *ROWS[192:]]),
    "blank lines": changed(3, "\n" + ROWS[1] + "\n,"),
}
REFUSED = {
    "empty": ("", "load.csv: file: found no rows"),
    "a header only": (text([]), "load.csv: file: found a header only"),
    "no zone": (changed(3, "2026-03-01T23:15:00,100"), "load.csv:3: start_utc: found '2026-03-01T23:15:00'; expected an instant with Z or offset"),
    "no date at all": (changed(3, "yesterday,100"), "load.csv:3: start_utc: found 'yesterday'"),
    "twice the same": (changed(4, ROWS[1]), f"load.csv:4: start_utc: found {STAMPS[1]}, a duplicate of line 3"),
    "the wrong order": (text([ROWS[1], ROWS[0], *ROWS[2:]]), f"load.csv:3: start_utc: found {STAMPS[0]} after {STAMPS[1]} (line 2)"),
    "a row beside the grid": (changed(4, "2026-03-01T23:33:00Z,100"), "load.csv:4: start_utc: found 2026-03-01T23:33:00Z; expected a start on the grid of 15"),
    "all rows beside the grid": (text(SHIFTED), "load.csv:2: start_utc: found 2026-03-01T23:07:00Z; expected a start on the grid of 15"),
    "hours from one day on": (text([*ROWS[:96], *ROWS[96:384:4]]), "load.csv:98: start_utc: found rows 60 minutes apart from here on, 15 minutes elsewhere"),
    "a mistyped year": (changed(401, "2926-03-06T02:45:00Z,100"), "load.csv:401: start_utc: found 2926-03-06T02:45:00Z after"),
    "a short row": (changed(3, STAMPS[1]), "load.csv:3: row: found 1 cells; expected 2 cells"),
    "a long row": (changed(3, f"{STAMPS[1]},100,5"), "load.csv:3: row: found 3 cells; expected 2 cells"),
    "words": (changed(3, f"{STAMPS[1]},much"), "load.csv:3: power_kw: found 'much'; expected a number with '.' as decimal mark"),
    "not a number": (changed(3, f"{STAMPS[1]},nan"), "load.csv:3: power_kw: found 'nan'"),
    "infinity": (changed(3, f"{STAMPS[1]},inf"), "load.csv:3: power_kw: found 'inf'"),
    "digits of another script": (changed(3, f"{STAMPS[1]},٣"), "load.csv:3: power_kw: found '٣'"),
    "a number beyond all measure": (changed(3, f"{STAMPS[1]},1e99"), "load.csv:3: power_kw: found '1e99'; expected a number up to 1e+12"),
    "more than a ledger holds": (changed(3, f"{STAMPS[1]},99999999999"), "load.csv:3: power_kw: found '99999999999'; expected at most 3.69e+10 kW"),
    "a decimal comma between commas": (changed(3, f'{STAMPS[1]},"100,5"'), "load.csv:3: power_kw: found '100,5'"),
    "thousands": (changed(3, f'{STAMPS[1]},"1,000"'), "load.csv:3: power_kw: found '1,000'; expected a number whose ',' parts no thousands"),
    "a column too many": (text([f"{row},x" for row in ROWS], "start_utc,power_kw,note"), "load.csv:1: header: found 'start_utc,power_kw,note'"),
    "a column twice": (text([f"{row},5" for row in ROWS], "start_utc,power_kw,power_kw"), "load.csv:1: header: found"),
    "no unit": (text(ROWS, "start_utc,power"), "load.csv:1: header: found 'start_utc,power'; expected start_utc,power_kw[,reactive_kvar] or start_utc,energy_kwh"),
    "a cell as long as a book": (changed(3, f"{STAMPS[1]},{'9' * 200_000}"), "load.csv:3: row: found field larger than field limit"),
    "a workbook": ("PK\x03\x04", "load.csv: file: found a workbook that cannot be read"),
}  # fmt: skip
Run = Callable[[str], str | None]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command on ``load.csv``: what it says on stderr where it refuses the file, else None."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LASTGANG_CLOCK", f"{datetime.now(UTC).isoformat()},2926-11-01T00:00:00+00:00,1")
    (tmp_path / "plant.toml").write_text(plant("p", "main", register(*COUNTER), max_power_kw=1e12))
    (tmp_path / "tariff.toml").write_text(TARIFF)

    def invoke(command: str) -> str | None:
        if command == "replay":
            try:
                read_replay(Path("load.csv"))
            except InputFaults as faults:
                return f"{faults}\n"
            return None
        with pytest.raises(SystemExit) as end:
            main(COMMANDS[command].split())
        output = capsys.readouterr().err
        assert end.value.code in (0, 2), output
        return output if end.value.code else None

    return invoke


@pytest.mark.parametrize("case", TAKEN)
def test_every_command_takes_it(case: str, run: Run) -> None:
    Path("load.csv").write_text(TAKEN[case], encoding="utf-8", newline="")
    assert {command: run(command) for command in (*COMMANDS, "replay")} == dict.fromkeys((*COMMANDS, "replay"))


@pytest.mark.parametrize("encode", [gzip.compress, lambda raw: raw.decode().encode("utf-16")], ids=["packed", "UTF-16"])
def test_every_command_unpacks_and_decodes_it(encode: Callable[[bytes], bytes], run: Run) -> None:
    Path("load.csv").write_bytes(encode(text(ROWS).encode()))
    assert [run(command) for command in (*COMMANDS, "replay")] == [None] * 4


@pytest.mark.parametrize("case", REFUSED)
def test_every_command_refuses_it_with_the_same_words(case: str, run: Run) -> None:
    content, expected = REFUSED[case]
    Path("load.csv").write_text(content, encoding="utf-8", newline="")
    output = {command: run(command) for command in (*COMMANDS, "replay")}
    assert set(output.values()) == {output["bill"]}
    assert expected in str(output["bill"])


def test_a_bill_takes_hours_and_whoever_needs_quarter_hours_refuses_them_with_the_same_words(run: Run) -> None:
    Path("load.csv").write_text(text(ROWS[::4]))
    assert run("bill") is None
    refusals = {run(command) for command in ("backtest", "import", "replay")}
    assert refusals == {
        "load.csv:3: start_utc: found 60 minutes as the smallest distance of two rows; expected 15 minutes: a coarser profile hides its peaks\n"
    }


def test_feed_in_is_refused_only_where_the_row_is_booked_to_a_channel(run: Run) -> None:
    Path("load.csv").write_text(changed(3, f"{STAMPS[1]},-5"))
    assert {command: run(command) is None for command in (*COMMANDS, "replay")} == {
        "bill": True, "backtest": True, "import": False, "replay": True,
    }  # fmt: skip


def test_a_file_of_two_meters_is_imported_and_is_no_load_of_one(run: Run) -> None:
    both = [f"{meter},energy_import,{row}" for row in ROWS for meter in ("main", "other")]
    Path("plant.toml").write_text(
        Path("plant.toml").read_text() + '[[meter]]\nid = "other"\nparent = "main"\nmax_power_kw = 1000\n' + register(*COUNTER)
    )
    Path("load.csv").write_text(text(both, LONG))
    assert run("import") is None
    expected = "load.csv: channel: found main/energy_import, other/energy_import; expected rows of one meter and of its channel energy_import\n"
    assert {run(command) for command in ("bill", "backtest", "replay")} == {expected}


def test_the_demo_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load = tmp_path / "load.csv"
    load.write_text(changed(3, f"{STAMPS[1]},nan"))
    with pytest.raises(SystemExit) as end:
        main(["demo", "--replay", str(load), "--folder", str(tmp_path / "demo")])
    assert end.value.code == 2
    assert f"{load}:3: power_kw: found 'nan'; expected a number with '.' as decimal mark\n" in capsys.readouterr().err

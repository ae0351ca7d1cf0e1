"""What an import refuses or questions before anything is sent: the future, another age, a wrong unit; and what the dry run shows."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from plant_texts import COUNTER, plant, register

from connectors.files.load_profile import ProfileOptions, ProfileRow, read_profile, to_intervals, unit_in
from connectors.files.plausible import Limits, time_faults
from domain.errors import InputFaults
from domain.intervals import QUARTER
from domain.topics import INTERVALS
from lastgang.commands.import_ import command
from quarters.profiles.status import explained_words
from reporting.ledger import Ledger

NOW = datetime(2026, 11, 29, 12, 7, tzinfo=UTC)
PLANT = plant("werk-nord", "main", register(*COUNTER), max_power_kw=800)
Import = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """The command on a plant of 800 kW whose clock shows `NOW`."""
    (tmp_path / "plant.toml").write_text(PLANT)
    monkeypatch.setenv("LASTGANG_CLOCK", f"{datetime.now(UTC).isoformat()},{NOW.isoformat()},1")

    def invoke(text: str, *options: str) -> Result:
        (tmp_path / "load.csv").write_text(text)
        return CliRunner().invoke(command, [str(tmp_path / "load.csv"), "--plant", str(tmp_path), "--dry-run", *options])

    return invoke


def rows(first_utc: datetime, *powers_kw: float | str) -> str:
    lines = (f"{first_utc + n * QUARTER:%Y-%m-%dT%H:%M:%SZ},{power}" for n, power in enumerate(powers_kw))
    return "\n".join(["start_utc,power_kw", *lines]) + "\n"


def refusal(result: Result) -> str:
    assert isinstance(result.exception, InputFaults), result.output
    return str(result.exception)


def test_a_mistyped_year_is_refused_with_its_line_and_the_plants_clock(run: Import) -> None:
    output = refusal(run(rows(datetime(2062, 3, 1, tzinfo=UTC), 400, 400, 400, 400)))
    assert "load.csv:2: time: found 2062-03-01T00:00:00Z, a quarter hour in the future, and 3 more rows" in output
    assert "expected quarter hours that ended by 2026-11-29T12:07" in output
    assert "or 5 s after it; check the year" in output


def test_one_row_of_the_future_among_right_ones_is_named(run: Import) -> None:
    text = rows(NOW.replace(minute=0) - 4 * QUARTER, 400, 400, 400) + "2027-11-29T11:45:00Z,400\n"
    assert "load.csv:5: time: found 2027-11-29T11:45:00Z, a quarter hour in the future;" in refusal(run(text))


def test_the_quarter_hour_that_just_ended_is_taken_and_the_running_one_is_not(run: Import) -> None:
    just_over = datetime(2026, 11, 29, 11, 45, tzinfo=UTC)
    assert run(rows(just_over, 400)).exit_code == 0
    assert "found 2026-11-29T12:00:00Z, a quarter hour in the future" in refusal(run(rows(just_over, 400, 400)))


def test_five_seconds_of_a_clock_that_stands_behind_are_granted() -> None:
    row = ProfileRow(2, NOW - NOW.minute * timedelta(minutes=1), 1)
    end = row.start_utc + QUARTER

    def faults(before_the_end: timedelta) -> int:
        return len(time_faults([row], Limits(end - before_the_end, timedelta(seconds=5), {}, {}), "load.csv"))

    assert [faults(timedelta(seconds=s)) for s in (0, 5, 6)] == [0, 0, 1]


def test_empty_rows_until_the_months_end_are_left_out_with_a_note(run: Import) -> None:
    result = run(rows(datetime(2026, 11, 29, 11, 30, tzinfo=UTC), 400, 410, "", "", ""))
    assert result.exit_code == 0, result.output
    assert "2 quarter hours would be sent" in result.output
    assert "3 rows without a value lie after the plant's clock: they were left out" in result.output


def test_a_year_before_meters_stored_quarter_hours_is_refused(run: Import) -> None:
    assert "load.csv:2: time: found 1026-03-01T00:00:00Z; expected quarter hours since 1990" in refusal(
        run(rows(datetime(1026, 3, 1, tzinfo=UTC), 400))
    )


def test_watts_taken_for_kilowatts_are_questioned_and_the_dry_run_shows_them(run: Import) -> None:
    watts = rows(datetime(2026, 3, 1, tzinfo=UTC), 400_000, 400_001, 400_095, 400)
    result = run(watts)
    output = refusal(result)
    assert "load.csv:2: main/energy_import: found 400,095.0 kW at 2026-03-01T00:30:00Z as the highest of 3 quarter hours" in output
    assert "max_power_kw of meter 'main'" in output
    assert "--confirm above-rating" in output
    assert "highest 400095.0 kW (50012% of max_power_kw)" in result.output
    confirmed = run(watts, "--confirm", "above-rating")
    assert confirmed.exit_code == 0
    assert "3 quarter hours above 960 kW, of 4; confirmed" in confirmed.output


def test_a_load_of_the_rating_and_a_fifth_is_nobodys_mistake(run: Import) -> None:
    assert run(rows(datetime(2026, 3, 1, tzinfo=UTC), 960)).exit_code == 0
    assert run(rows(datetime(2026, 3, 1, tzinfo=UTC), 960.01)).exit_code == 1


def test_a_load_of_less_than_a_hundredth_of_the_rating_is_pointed_at(run: Import) -> None:
    result = run(rows(datetime(2026, 3, 1, tzinfo=UTC), 0.4))
    assert result.exit_code == 0
    assert "0.05% of max_power_kw; is the unit right?" in result.output


def test_what_was_imported_in_watts_is_repaired_by_a_higher_revision(tmp_path: Path) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    (tmp_path / "w.csv").write_text(rows(first, 400_000))
    (tmp_path / "kw.csv").write_text(rows(first, 400))
    wrong, right = (
        to_intervals(read_profile(tmp_path / name), "werk-nord", "main", "energy_import", revision)
        for name, revision in (("w.csv", 0), ("kw.csv", 1))
    )
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.append([(INTERVALS, 0, n, interval) for n, interval in enumerate([*wrong, *right])])
        peak = ledger.peak("main", "energy_import", first, first + QUARTER)
    assert peak is not None
    assert (peak.power_kw, peak.revision) == (400.0, 1)


STATUS = "Zeit;kWh;Status\n" + "".join(
    f"01.03.2026 0{n}:{m};1,5;{'E' if n == 1 else 'W'}\n" for n in (0, 1) for m in ("00", "15", "30", "45")
)
COLUMNS = ("--timezone", "Europe/Berlin", "--label", "start", "--time-column", "Zeit", "--power-column", "kWh", "--unit", "kWh")


def test_the_dry_run_counts_every_status_word(run: Import) -> None:
    output = run(
        STATUS.replace(";W\n", ";fraglich\n", 1), *COLUMNS, "--status-column", "Status", "--status", "Fraglich=faulty"
    ).output
    assert "'E': 4 rows, taken as substituted\n" in output
    assert "'W': 3 rows, taken as measured\n" in output
    assert "'fraglich': 1 rows, taken as faulty as --status says\n" in output


@pytest.mark.parametrize("option", ["Wert fraglich", "Wert fraglich=gut", "=", ""])
def test_an_explanation_that_explains_nothing_is_refused(option: str) -> None:
    with pytest.raises(InputFaults, match=r"--status: found .*; expected WORD=QUALITY with one of measured, calculated"):
        explained_words([option])


def test_one_word_with_two_explanations_is_refused() -> None:
    with pytest.raises(InputFaults, match="expected each word with one meaning"):
        explained_words(["a=measured", "A=faulty"])


def test_an_equals_sign_may_be_part_of_a_word() -> None:
    assert explained_words(["a = b=measured"]) == {"a = b": "measured"}


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("Wirkleistung [kW]", "kW"), ("Energie in Wh", "Wh"), ("A+ (KWH)", "kWh"), ("power_kw", "kW"), ("kWh/15min", "kWh"),
        ("Leistung W", "W"), ("MW", "MW"), ("Wert", None), ("Zeitumwandlung", None), ("kW oder kWh", None), ("kvarh", None), ("w", None),
    ],
)  # fmt: skip
def test_a_heading_names_a_unit_or_none(heading: str, unit: str | None) -> None:
    assert unit_in(heading) == unit


def options_of(path: Path) -> str:
    with pytest.raises(InputFaults) as refused:
        read_profile(path, ProfileOptions())
    return str(refused.value)


def test_a_small_gzip_of_gigabytes_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "load.csv.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as packing:
        for _ in range(200):
            packing.write(b"0" * (1 << 20))
    assert bomb.stat().st_size < 300_000
    assert "found more than 64 MiB, unpacked; expected at most 64 MiB: split it by meter or by year" in options_of(bomb)


def test_what_has_no_end_or_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert "found a FIFO; expected a regular file" in options_of(tmp_path / "fifo")
    assert "found a device; expected a regular file" in options_of(Path("/dev/zero"))
    assert "found a folder; expected a regular file" in options_of(tmp_path)
    assert "found No such file or directory; expected a readable file" in options_of(tmp_path / "none.csv")


def test_a_workbook_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "load.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    assert "found a ZIP archive or an Excel workbook; expected a CSV file: save the sheet as CSV" in options_of(
        tmp_path / "load.xlsx"
    )


def test_the_text_that_excel_calls_unicode_is_read(tmp_path: Path) -> None:
    path = tmp_path / "load.txt"
    path.write_text("Zeit\tkWh\tStatus\n01.03.2026 00:00\t1,5\tgeschätzt\n", encoding="utf-16")
    options = ProfileOptions("Europe/Berlin", "start", ("Zeit",), "kWh", "kWh", "Status", decimal=",")
    assert [(row.energy_uwh, str(row.quality)) for row in read_profile(path, options).rows] == [(1_500_000_000, "estimated")]

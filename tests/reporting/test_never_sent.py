"""Quarter hours that nobody ever sent are a gap: in the report, in its coverage and in every sentence about both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from report_sample import FIRST, NOON, NOW, PLANT, StepClock, data_of, page_of, put, quarter, table_under, whole_month

from domain.contracts import EXAMPLES
from domain.intervals import QUARTER, Interval, IntervalOrigin, IntervalQuality
from domain.plant import load_plant
from domain.topics import DEMAND
from quarters.gaps import DUE_AFTER, Absence, gaps_of_span, never_sent
from reporting.cover import boundary_text
from reporting.ledger import Ledger
from reporting.month import changes_since, month_period, month_report
from reporting.report import WrittenReport
from words.speech import of_report

Make = Callable[..., WrittenReport]
DAY = timedelta(days=1)


def runs(starts: list[datetime], begun: datetime | None, now: datetime, to: datetime = NOON + DAY) -> list[tuple[str, int]]:
    return [(gap.reason, gap.quarters) for gap in never_sent(starts, NOON, to, begun, now)]


def test_what_nobody_sent_is_reported_by_why() -> None:
    starts = [NOON + n * QUARTER for n in (4, 5, 10)]
    now = NOON + 20 * QUARTER + DUE_AFTER
    assert runs(starts, NOON + 4 * QUARTER, now) == [("before_recording", 4), ("no_record", 4), ("no_record", 9), ("not_yet", 76)]


def test_history_until_five_days_ago_and_a_meter_since_ten_minutes_is_five_days_of_gap() -> None:
    """The running quarter hour and the one that has only just ended are no gap."""
    now = NOON + timedelta(days=6, minutes=10)
    history = [NOON + n * QUARTER for n in range(96)]
    assert runs(history, NOON, now, to=NOON + 7 * DAY) == [("no_record", 5 * 96), ("not_yet", 96)]


def test_a_quarter_hour_is_due_five_minutes_after_its_end() -> None:
    end = NOON + QUARTER
    assert runs([], NOON, end + timedelta(minutes=4, seconds=59), to=end) == [("not_yet", 1)]
    assert runs([], NOON, end + timedelta(minutes=5), to=end) == [("no_record", 1)]


def test_before_anything_was_recorded_nothing_is_a_gap_of_a_meter() -> None:
    assert runs([], None, NOON + 4 * QUARTER + DUE_AFTER, to=NOON + 8 * QUARTER) == [("before_recording", 4), ("not_yet", 4)]


@given(
    places=st.sets(st.integers(-5, 105)),
    begun=st.none() | st.integers(-50, 150),
    now=st.integers(-50, 150),
)
def test_every_quarter_hour_of_a_span_is_there_or_in_one_gap(places: set[int], begun: int | None, now: int) -> None:
    starts = [NOON + n * QUARTER for n in places]
    begun_utc = None if begun is None else NOON + begun * QUARTER
    found = gaps_of_span([], starts, NOON, NOON + DAY, begun_utc, NOON + now * QUARTER + DUE_AFTER)
    covered = [gap.from_utc + n * QUARTER for gap in found for n in range(gap.quarters)]
    assert sorted(covered + [s for s in starts if NOON <= s < NOON + DAY]) == [NOON + n * QUARTER for n in range(96)]
    for gap in found:
        assert (gap.reason == Absence.AFTER) == (gap.from_utc >= NOON + now * QUARTER)
        assert gap.quality is IntervalQuality.MISSING
        assert not gap.has_value


def imported(start: datetime, kwh: float) -> Interval:
    return replace(quarter(start, kwh, revision=0), origin=IntervalOrigin.IMPORT)


def test_the_report_counts_the_days_between_history_and_the_live_meter(
    ledger: Ledger, clock: StepClock, make: Make, folder: Path
) -> None:
    """History of 20 days, then nothing for five, then a live meter since ten minutes: 480 quarter hours that nobody sent."""
    history_end, now = FIRST + 20 * DAY, FIRST + 25 * DAY + timedelta(minutes=10)
    clock.now = now
    put(ledger, *[imported(FIRST + n * QUARTER, 100.0) for n in range(20 * 96)])
    demand: Any = EXAMPLES[DEMAND.name]
    ledger.append([(DEMAND, 0, 0, demand), (DEMAND, 0, 1, demand)])
    data = data_of(make(now_utc=now))
    main = data["meters"][0]
    gaps = [(g["from_utc"], g["quarter_hours"], g["reason"]) for g in main["gaps"]]
    assert gaps == [(f"{history_end:%Y-%m-%dT%H:%M:%SZ}", 5 * 96, "no_record"), ("2026-10-25T22:00:00Z", 2980 - 25 * 96, "not_yet")]
    assert main["coverage"] == round(20 * 96 / 2980, 9)
    assert main["quality"]["missing"]["quarter_hours"] == 2980 - 20 * 96
    assert data["status"] == "provisional"
    page = page_of(ledger, folder)
    assert page["notice"]["texts"][-1] != ""
    assert any("war der Zeitraum noch nicht zu Ende: Daten bis 21.10.2026 00:00" in text for text in page["notice"]["texts"])
    assert [row[5] for row in table_under(page, "Lücken und Ersatzwerte")["rows"] if "main/energy_import" in row[0]] == [
        "nichts aufgezeichnet",
        "noch nicht gemessen",
    ]


def test_a_live_meter_is_heard_before_its_first_quarter_hour_is_over(
    ledger: Ledger, clock: StepClock, make: Make, folder: Path
) -> None:
    """History was recorded when it ended; five days later nothing has been written but the running quarter hour."""
    clock.now = FIRST + 20 * DAY
    put(ledger, *[imported(FIRST + n * QUARTER, 100.0) for n in range(20 * 96)])
    live = FIRST + 25 * DAY + timedelta(minutes=10)
    ledger.append(
        [(DEMAND, 0, 0, replace(EXAMPLES[DEMAND.name], site="werk-nord", start_utc=live - timedelta(minutes=10), at_utc=live))]
    )
    data = data_of(make(now_utc=live + timedelta(seconds=5)))
    assert data["data_cut_off_utc"] == "2026-10-25T22:10:00Z"
    assert [(g["quarter_hours"], g["reason"]) for g in data["meters"][0]["gaps"]] == [
        (480, "no_record"),
        (2980 - 25 * 96, "not_yet"),
    ]
    assert data_of(make(as_of_utc=live, now_utc=live + DAY)) == data


def test_a_clock_that_runs_ahead_moves_no_report_into_the_future(ledger: Ledger, make: Make) -> None:
    put(ledger, quarter(NOON, 100.0))
    ledger.append([(DEMAND, 0, 0, replace(EXAMPLES[DEMAND.name], site="werk-nord", at_utc=datetime(2062, 3, 1, tzinfo=UTC)))])
    assert data_of(make(now_utc=NOW))["data_cut_off_utc"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"


def test_a_month_that_is_over_does_not_run_because_its_data_end(ledger: Ledger, folder: Path, make: Make) -> None:
    put(ledger, *whole_month()[:2880])
    made = data_of(make())
    page = page_of(ledger, folder)
    assert made["status"] == "provisional"
    assert not any("nicht zu Ende" in text for text in page["notice"]["texts"])
    assert any(
        text.startswith("Für 100 Viertelstunden des Netzbezugs (3,36\u202f%) liegt kein Wert vor")
        for text in page["notice"]["texts"]
    )


def test_without_a_tariff_a_month_with_gaps_is_provisional_all_the_same(ledger: Ledger, folder: Path, make: Make) -> None:
    (folder / "plant" / "plant.toml").write_text(PLANT.replace('[tariff]\nfile = "tariff.toml"\n', ""))
    put(ledger, *[row for row in whole_month() if row.start_utc != NOON])
    assert data_of(make())["status"] == "provisional"
    put(ledger, quarter(NOON, 1.0))
    assert data_of(make())["status"] == "final"


def test_what_the_bill_lacks_is_named(ledger: Ledger, folder: Path) -> None:
    spot = '[[energy]]\nid = "spot"\nspot = { file = "spot.csv" }\n'
    tariff = folder / "plant" / "tariff.toml"
    tariff.write_text(tariff.read_text() + spot)
    hours = [FIRST + n * timedelta(hours=1) for n in range(700)]
    (folder / "plant" / "spot.csv").write_text(
        "start_utc,price_eur_per_mwh\n" + "".join(f"{h:%Y-%m-%dT%H:%M:%SZ},80\n" for h in hours)
    )
    put(ledger, *whole_month())
    assert page_of(ledger, folder)["notice"]["texts"] == ["Die Rechnung kann sich noch ändern: es fehlen Börsenpreise."]


def test_a_version_whose_predecessor_cannot_be_read_is_not_called_the_first(ledger: Ledger, folder: Path, make: Make) -> None:
    put(ledger, *whole_month()[:100])
    first = make()
    manifest = json.loads((first.folder / "manifest.json").read_text())
    for broken in (
        "no json",
        "[]",
        json.dumps({**manifest, "data_cut_off_utc": "yesterday"}),
        json.dumps({**manifest, "data_cut_off_utc": "2026-01-01T00:00:00"}),
    ):
        (first.folder / "manifest.json").write_text(broken)
        assert make().version == 2
        second = folder / "out" / "werk-nord-2026-10-v2"
        assert json.loads((second / "manifest.json").read_text())["replaces"]["report"] == "werk-nord-2026-10-v1"
        changes: Any = load_workbook(second / "report.xlsx")["Änderungen"]
        assert changes.cell(2, 1).value.startswith("Nicht vergleichbar: das Manifest der ersetzten Version")
        shutil.rmtree(second)


def test_a_quality_that_changed_without_the_energy_is_a_change(ledger: Ledger, clock: StepClock, make: Make, folder: Path) -> None:
    put(ledger, quarter(NOON, 100.0, quality=IntervalQuality.ESTIMATED))
    then = clock.now
    clock.now += DAY
    put(ledger, quarter(NOON, 100.0, revision=2))
    plant = load_plant(folder / "plant" / "plant.toml")
    month = month_report(ledger, plant, month_period("2026-10", "Europe/Berlin"))
    [change] = changes_since(ledger, month, then)
    assert (change.quarters, change.after_uwh - change.before_uwh) == (1, 0)


@pytest.mark.parametrize(
    ("parents", "boundary"),
    [
        ({"furnace-1": "main"}, "grid connection main and 1 meters behind it (see table of meters)"),
        ({}, "grid connection main and 0 meters behind it (see table of meters); 1 other meters are not behind it"),
    ],
)
def test_the_boundary_counts_the_meters_behind_the_grid_connection(parents: dict[str, str], boundary: str, folder: Path) -> None:
    text = PLANT if parents else PLANT.replace('parent = "main"\n', "")
    (folder / "plant" / "plant.toml").write_text(text)
    assert boundary_text(load_plant(folder / "plant" / "plant.toml"), of_report("en", ZoneInfo("UTC"))) == boundary


def test_the_factors_of_transformers_are_stated_to_be_in_the_plant_file(ledger: Ledger, folder: Path) -> None:
    put(ledger, *whole_month()[:10])
    limits = page_of(ledger, folder)["statements"][-1]
    assert "Wandlerfaktoren und Zählerwechsel mit Seriennummern stehen dort" in limits
    multiplier = (
        '[[meter.multiplier]]\nchannel = "energy_import"\nfactor = 40\nfrom_utc = 2026-01-01T00:00:00Z\nevidence = "plate"\n'
    )
    (folder / "plant" / "plant.toml").write_text(PLANT + multiplier)
    assert load_plant(folder / "plant" / "plant.toml").meters[1].multipliers[0].factor == 40


def test_months_beyond_the_calendar_are_refused() -> None:
    for month in ("0001-01", "0999-12", "9000-01", "9999-12", "٢٠٢٦-10"):
        with pytest.raises(ValueError, match="expected YYYY-MM"):
            month_period(month, "Europe/Berlin")
    assert month_period("1000-01", "Europe/Berlin").from_utc.year == 999
    assert month_period("8999-12", "Asia/Tokyo").to_utc < datetime(9000, 1, 1, tzinfo=UTC)

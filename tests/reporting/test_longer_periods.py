"""Reports of quarters, years and spans: worked by hand, and equal to the sum of the reports of their months."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from report_sample import NOW, StepClock, put, quarter

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import load_plant
from domain.units import UWH_PER_KWH
from quarters.sums import joined, sum_of
from reporting.cost import month_cost
from reporting.ledger import Ledger
from reporting.month import MonthReport, month_report
from reporting.pdf import page_data
from reporting.periods import period_of
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.sections.section import Content
from reporting.slots import Slots
from reporting.verifier import verify
from words.speech import of_report

BERLIN = "Europe/Berlin"
LATER = datetime(2027, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def make_of(ledger: Ledger, folder: Path) -> Callable[..., WrittenReport]:
    def write(label: str, **others: Any) -> WrittenReport:
        plant = load_plant(folder / "plant" / "plant.toml")
        order = ReportOrder(folder / "plant", folder / "out", **others)
        return write_report(ledger, plant, period_of(label, BERLIN), order, LATER)

    return write


@pytest.fixture
def filled(ledger: Ledger, clock: StepClock) -> Ledger:
    """1 September to 31 December 2026: 100 kWh a quarter hour at the connection, 25 at the furnace; a higher one in each month."""
    clock.now = LATER
    for label, highest in (("2026-09", 120.0), ("2026-10", 160.0), ("2026-11", 140.0), ("2026-12", 130.0)):
        month = period_of(label, BERLIN)
        put(ledger, *[quarter(month.start_utc(n), highest if n == 48 else 100.0) for n in range(month.expected)])
        put(ledger, *[quarter(month.start_utc(n), 25.0, "furnace-1") for n in range(month.expected)])
    return ledger


def data_of(made: WrittenReport) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((made.folder / "report.json").read_text())
    return data


def report_of(ledger: Ledger, folder: Path, label: str) -> MonthReport:
    return month_report(ledger, load_plant(folder / "plant" / "plant.toml"), period_of(label, BERLIN), None, LATER)


@pytest.mark.usefixtures("filled")
def test_a_quarter_is_its_months_with_one_bill_each(make_of: Callable[..., WrittenReport]) -> None:
    data = data_of(make_of("2026-Q4"))
    months = {label: data_of(make_of(label)) for label in ("2026-10", "2026-11", "2026-12")}
    main = data["meters"][0]
    assert (data["status"], data["period"]["quarter_hours_expected"]) == ("final", 8836)
    assert main["energy_uwh"] == sum(one["meters"][0]["energy_uwh"] for one in months.values()) == 883_730 * UWH_PER_KWH
    assert (main["peak"]["power_kw"], main["peak"]["start_utc"]) == (640.0, "2026-10-01T10:00:00Z")
    assert len(data["daily_peaks"]) == 92
    cost = data["cost"]
    assert cost["bill"] is None
    assert {one["period"]: one["bill"] for one in cost["months"]} == {label: one["cost"]["bill"] for label, one in months.items()}
    # 883,730 kWh x 10 ct + (640 + 560 + 520) kW x 2 EUR
    assert cost["total_eur"] == 88_373.0 + 3_440.0
    by_month = {(row["meter"], row["period"]): row["energy_uwh"] for row in data["months"]}
    assert by_month["furnace-1", "2026-10"] == 2980 * 25 * UWH_PER_KWH
    assert by_month["main", "2026-12"] == (2976 * 100 + 30) * UWH_PER_KWH
    assert "months" not in months["2026-10"]


@pytest.mark.usefixtures("filled")
def test_a_month_that_is_cut_has_no_bill_and_says_so(make_of: Callable[..., WrittenReport]) -> None:
    data = data_of(make_of("2026-10-20--2026-12-10"))
    found = [(one["period"], one["bill"] is None, one.get("why_not", "")) for one in data["cost"]["months"]]
    why = "the period has only a part of this month, and bills are of whole months"
    assert found == [("2026-10-20--2026-10-31", True, why), ("2026-11", False, ""), ("2026-12-01--2026-12-10", True, why)]
    assert data["cost"]["total_eur"] == (2879 * 100 + 140) / 10 + 560 * 2
    week = data_of(make_of("2026-10-03--2026-10-09"))
    assert (week["cost"]["total_eur"], week["meters"][0]["energy_kwh"], week["status"]) == (None, 7 * 96 * 100.0, "final")


@pytest.mark.usefixtures("filled")
def test_a_year_with_four_months_of_data_is_provisional_and_names_what_is_missing(make_of: Callable[..., WrittenReport]) -> None:
    data = data_of(make_of("2026"))
    main = data["meters"][0]
    assert data["status"] == "provisional"
    assert main["quarter_hours_with_value"] == 2880 + 8836
    assert main["gaps"][0]["reason"] == "before_recording"
    january = next(row for row in data["months"] if (row["meter"], row["period"]) == ("main", "2026-01"))
    assert (january["energy_uwh"], january["quarter_hours_with_value"], january["coverage"], january["peak"]) == (0, 0, 0.0, None)


@pytest.mark.usefixtures("filled")
def test_long_periods_have_days_in_place_of_quarter_hours(make_of: Callable[..., WrittenReport]) -> None:
    names = {label: {file.name for file in make_of(label).folder.iterdir()} for label in ("2026-10", "2026-Q4", "2026")}
    assert {"intervals.csv", "days.csv", "days-excel.csv"} <= names["2026-10"]
    assert "months.csv" not in names["2026-10"]
    assert {"intervals.csv", "days.csv", "months.csv", "months-excel.csv"} <= names["2026-Q4"]
    assert not {"intervals.csv", "intervals-excel.csv"} & names["2026"]
    assert {"days.csv", "months.csv"} <= names["2026"]


@pytest.mark.usefixtures("filled")
def test_tables_of_days_and_months_in_both_dialects(make_of: Callable[..., WrittenReport]) -> None:
    folder = make_of("2026-Q4").folder
    with (folder / "days.csv").open(newline="") as file:
        days = {(row["meter"], row["day"]): row for row in csv.DictReader(file)}
    change = days["main", "2026-10-25"]
    assert (change["energy"], change["quarter_hours_expected"], change["coverage"]) == ("10000.000", "100", "1.0")
    assert days["main", "2026-10-01"]["peak_start_utc"] == "2026-10-01T10:00:00Z"
    german = (folder / "days-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert german[1] == (
        '"main";"energy_import";"01.10.2026";9660,000;"kWh";640,000;01.10.2026 12:00;"gemessen";96;96;1,0;"gemessen"'
    )
    months = (folder / "months-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert months[1].startswith('"main";"Netzanschluss";"energy_import";"Oktober 2026";298060,000;"kWh";640,000;')
    book: Any = load_workbook(folder / "report.xlsx", read_only=True)
    assert {"Nach Monaten", "Nach Tagen"} <= set(book.sheetnames)
    assert "Viertelstunden" not in book.sheetnames


def test_the_paper_of_a_year_goes_by_months(filled: Ledger, folder: Path) -> None:
    report = report_of(filled, folder, "2026")
    content = Content(report, month_cost(report, folder / "plant"), None, "")
    page = page_data(content, [], [], of_report("en", report.period.zone))
    assert page["month"] == "2026"
    headings = [block["text"] for block in page["blocks"] if block["kind"] == "heading"]
    assert "Load profile of the grid connection" not in headings
    assert {"By month", "Bills of the months", "By line of the bills"} <= set(headings)
    chart = next(block for block in page["blocks"] if block["kind"] == "chart")
    assert [day["label"] for day in chart["numbers"]["days"] if day["label"]][:3] == ["Jan", "Feb", "Mar"]
    tables = [block for block in page["blocks"] if block["kind"] == "table"]
    assert max(len(table["rows"]) for table in tables) <= 60
    (cost,) = (figure for figure in page["figures"] if figure["unit"] == "EUR")
    assert "4 of 12 months have a bill" in cost["note"]


@pytest.mark.usefixtures("filled")
def test_the_same_year_gives_the_same_bytes_and_verifies(make_of: Callable[..., WrittenReport]) -> None:
    first = make_of("2026", language="en").folder
    other = make_of("2026", language="en").folder
    assert verify(first).holds
    same = {file.name for file in first.iterdir() if file.suffix in {".json", ".csv"} and file.name != "manifest.json"}
    assert {name: (first / name).read_bytes() == (other / name).read_bytes() for name in same} == dict.fromkeys(same, True)
    assert (first / "report.pdf").read_bytes().startswith(b"%PDF")


QUARTERS = st.builds(
    lambda place, quality, method, uwh, coverage, revision, readings, origin: (
        place,
        None if quality is IntervalQuality.MISSING else uwh,
        coverage,
        quality,
        method,
        revision,
        readings,
        origin,
    ),
    st.integers(0, 95), st.sampled_from(IntervalQuality), st.sampled_from(IntervalMethod), st.integers(-(2**63), 2**63 - 1),
    st.floats(0, 1), st.integers(0, 2**63 - 1), st.integers(0, 2**31), st.sampled_from(IntervalOrigin),
)  # fmt: skip


@given(st.lists(QUARTERS, unique_by=lambda row: row[0], max_size=20))
def test_what_is_kept_small_is_given_back_as_it_was(rows: list[Any]) -> None:
    day = period_of("2026-10-03--2026-10-03", "UTC")
    made = [Interval("s", "m", "c", day.start_utc(place), *rest) for place, *rest in rows]
    slots = Slots(day, made)
    at = {row.start_utc: row for row in made}
    expected = [at.get(day.start_utc(n)) for n in range(96)]
    assert (list(slots), len(slots), slots[10:20], slots[-1]) == (expected, 96, tuple(expected[10:20]), expected[-1])
    with pytest.raises(IndexError):
        slots[96]


@given(st.lists(QUARTERS, unique_by=lambda row: row[0], max_size=60), st.lists(st.integers(0, 96), max_size=4))
def test_the_sums_of_parts_are_the_sum_of_the_whole(rows: list[Any], cuts: list[int]) -> None:
    begin = datetime(2026, 10, 3, tzinfo=UTC)
    slots: list[Interval | None] = [None] * 96
    for place, *rest in rows:
        slots[place] = Interval("s", "m", "c", begin + QUARTER * place, *rest)
    edges = [0, *sorted(cuts), 96]
    whole, parts = sum_of(slots), joined(sum_of(slots[a:b]) for a, b in pairwise(edges))
    assert (parts.energy_uwh, parts.with_value, parts.quarters, parts.by_quality) == (
        whole.energy_uwh, whole.with_value, whole.quarters, whole.by_quality,
    )  # fmt: skip
    assert parts.coverage == pytest.approx(whole.coverage, abs=1e-12)


def test_a_restated_quarter_hour_is_found_among_many(ledger: Ledger, folder: Path, clock: StepClock) -> None:
    clock.now = NOW
    put(ledger, *[quarter(NOW - timedelta(days=20) + QUARTER * n, 10.0) for n in range(200)])
    put(ledger, quarter(NOW - timedelta(days=20), 11.0, revision=2))
    (restated,) = report_of(ledger, folder, "2026-Q4").series[0].restatements
    assert [one.energy_kwh for one in restated.revisions] == [10.0, 11.0]

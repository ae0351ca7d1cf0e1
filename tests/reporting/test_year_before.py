"""A period beside the same days one year earlier: worked by hand, and never a difference where a year is not covered."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from report_sample import BERLIN, PLANT, StepClock, put, quarter

from domain.plant import load_plant
from reporting.ledger import Ledger
from reporting.month import MonthReport, month_report
from reporting.periods import period_of
from reporting.progress import Stage, Step
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.sections.comparison import SECTION
from reporting.sections.section import Content
from reporting.year_before import Compared, WhyNot, with_year_before
from words.speech import of_report

LATER = datetime(2027, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def ready(ledger: Ledger, folder: Path, clock: StepClock) -> Ledger:
    clock.now = LATER
    text = PLANT.replace("commissioned_utc = 2026", 'holiday_region = "DE-BW"\ncommissioned_utc = 2025')
    (folder / "plant" / "plant.toml").write_text(text)
    return ledger


def fill(ledger: Ledger, label: str, kwh: float, meter: str = "main", without: range = range(0)) -> None:
    """`kwh` each quarter hour; twice that on Saturdays and Sundays, which no mean of working days may see."""
    period = period_of(label, "Europe/Berlin")
    slots = [n for n in range(period.expected) if n not in without]
    weekend = [period.local(period.start_utc(n)).weekday() >= 5 for n in slots]
    put(ledger, *[quarter(period.start_utc(n), kwh * (2 if off else 1), meter) for n, off in zip(slots, weekend, strict=True)])


def report_of(ledger: Ledger, folder: Path, label: str = "2026-10") -> MonthReport:
    plant = load_plant(folder / "plant" / "plant.toml")
    return with_year_before(ledger, month_report(ledger, plant, period_of(label, "Europe/Berlin"), None, LATER))


def compared(report: MonthReport) -> dict[str, Compared]:
    assert report.before is not None
    return {one.meter.id: one for one in report.before.series}


def test_a_covered_year_is_compared_by_energy_peak_and_working_day(ready: Ledger, folder: Path) -> None:
    fill(ready, "2025-10", 10.0)
    fill(ready, "2026-10", 11.0)
    report = report_of(ready, folder)
    main = compared(report)["main"]
    # October 2025: 31 days, 8 of them at weekends; 2026: 9. The day of 25 hours is a Sunday in both.
    before, now = (31 + 8) * 960 + 80, (31 + 9) * 1056 + 88
    assert (main.before.sum.energy_kwh, main.now.sum.energy_kwh) == (before, now)
    assert main.difference_uwh == (now - before) * 10**9
    assert main.change == pytest.approx((now - before) / before)
    assert main.peak_change == pytest.approx(0.1)
    # Friday 3 October 2025 is a holiday; Saturday 3 October 2026 is none more.
    assert (main.before.workdays.days, main.now.workdays.days) == (22, 22)
    assert main.workday_change == pytest.approx(0.1), "one more weekend day makes no difference to a working day"


def test_a_year_that_is_not_covered_has_no_difference_and_says_why(ready: Ledger, folder: Path) -> None:
    fill(ready, "2025-10", 10.0, without=range(100, 131))
    fill(ready, "2026-10", 11.0)
    fill(ready, "2026-10", 5.0, "furnace-1")
    found = compared(report_of(ready, folder))
    assert {name: one.why_not for name, one in found.items()} == {"main": WhyNot.BEFORE_INCOMPLETE, "furnace-1": WhyNot.NOTHING}
    assert [(one.difference_uwh, one.change, one.peak_change, one.workday_change) for one in found.values()] == [(None,) * 4] * 2
    assert found["furnace-1"].before.workdays.mean_uwh is None


def test_a_missing_quarter_hour_of_a_hundred_is_still_compared_and_its_day_is_no_whole_one(ready: Ledger, folder: Path) -> None:
    fill(ready, "2025-10", 10.0, without=range(29))
    fill(ready, "2026-10", 10.0)
    main = compared(report_of(ready, folder))["main"]
    assert (main.why_not, main.before.workdays.days, main.workday_change) == (None, 21, 0.0)


def test_a_period_that_is_not_covered_itself_is_not_compared(ready: Ledger, folder: Path) -> None:
    fill(ready, "2025-10", 10.0)
    fill(ready, "2026-10", 10.0, without=range(500, 2980))
    assert compared(report_of(ready, folder))["main"].why_not is WhyNot.INCOMPLETE


def test_what_was_recorded_after_the_cut_off_is_not_in_the_year_before(ready: Ledger, folder: Path, clock: StepClock) -> None:
    fill(ready, "2026-10", 10.0)
    clock.now = datetime(2027, 3, 1, tzinfo=UTC)
    fill(ready, "2025-10", 10.0)
    plant = load_plant(folder / "plant" / "plant.toml")
    month = month_report(ready, plant, period_of("2026-10", "Europe/Berlin"), LATER)
    assert compared(with_year_before(ready, month))["main"].why_not is WhyNot.NOTHING


@pytest.mark.parametrize("label", ["2026-10", "2026-Q4", "2026", "2026-10-03--2026-10-17"])
def test_each_kind_is_compared_with_its_own(label: str, ready: Ledger, folder: Path) -> None:
    fill(ready, "2026-10", 10.0)
    report = report_of(ready, folder, label)
    assert report.before is not None
    assert report.before.period == period_of(label.replace("2026", "2025"), "Europe/Berlin")


def test_the_comparison_is_in_every_file(ready: Ledger, folder: Path) -> None:
    fill(ready, "2025-10", 10.0)
    fill(ready, "2026-10", 11.0)
    steps: list[Step] = []
    plant = load_plant(folder / "plant" / "plant.toml")
    order = ReportOrder(folder / "plant", folder / "out", progress=steps.append)
    made = write_report(ready, plant, period_of("2026-10", "Europe/Berlin"), order, LATER)
    data: dict[str, Any] = json.loads((made.folder / "report.json").read_text())["year_before"]
    assert (data["period"], data["from_utc"]) == ("2025-10", "2025-09-30T22:00:00Z")
    main, furnace = data["meters"]
    assert (main["why_not"], main["peak_change"], main["workday_change"], main["before"]["working_days"]) == (None, 0.1, 0.1, 22)
    assert (furnace["why_not"], furnace["before"]["energy_uwh"], furnace["energy_change"]) == ("nothing_before", None, None)
    with (made.folder / "year-before.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["energy"], rows[0]["energy_before"], rows[0]["peak_change"]) == ("42328.000", "37520.000", "0.1")
    assert (rows[1]["energy_before"], rows[1]["energy_difference"], rows[1]["why_not"]) == ("", "", "nothing_before")
    german = (made.folder / "year-before-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert german[1].startswith('"main";"energy_import";"kWh";42328,000;37520,000;4808,000;0,128144989;88,000;80,000;0,1;22;22;')
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == [
        Stage.SERIES, Stage.REMAINDERS, Stage.YEAR_BEFORE, Stage.BILL, Stage.TABLES, Stage.WORKBOOK, Stage.PAPER,
    ]  # fmt: skip
    assert all(0 <= step.done < step.of for step in steps)


def test_the_paper_has_what_can_be_compared_and_names_what_not(
    ready: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    fill(ready, "2025-10", 10.0)
    fill(ready, "2026-10", 11.0)
    blocks = SECTION.page(Content(report_of(ready, folder), None, None, ""), of_report("en", BERLIN))  # type: ignore[arg-type]
    heading, _, table, left_out = blocks
    assert heading.text == "Compared with October 2025"  # type: ignore[union-attr]
    assert [row[0] for row in table.rows] == ["main/energy_import"]  # type: ignore[union-attr]
    assert table.rows[0][3] == "+12.8\u202f%"  # type: ignore[union-attr]
    assert left_out.text == "Not compared: 1 series, no quarter hour of the year before has a value."  # type: ignore[union-attr]

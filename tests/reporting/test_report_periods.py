"""Months, quarters, years and spans of days: their labels, their days, the year before them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from report_sample import put, whole_month

from lastgang.commands.report import command
from reporting.ledger import Ledger
from reporting.periods import (
    LABEL,
    MOST_DAYS,
    Period,
    PeriodKind,
    month_period,
    period_of,
    quarter_period,
    span_period,
    year_period,
)
from words.speech import of_page, of_report

BERLIN = "Europe/Berlin"
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first = draw(DAYS)
    last = first + timedelta(days=draw(st.integers(0, 400)))
    label = draw(st.sampled_from([f"{first:%Y-%m}", f"{first:%Y}-Q{(first.month + 2) // 3}", f"{first:%Y}", f"{first}--{last}"]))
    return period_of(label, draw(st.sampled_from([BERLIN, "UTC", "America/St_Johns", "Asia/Tokyo"])))


def test_each_kind_has_its_local_days_and_quarter_hours() -> None:
    found = [period_of(label, BERLIN) for label in ("2026-10", "2026-Q4", "2026", "2026-10-03--2026-10-17")]
    assert [p.kind for p in found] == [PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.SPAN]
    # October and the quarter have the day of 25 hours; over the year both changes cancel.
    assert [p.expected for p in found] == [2980, 92 * 96 + 4, 365 * 96, 15 * 96]
    assert [p.day_count for p in found] == [31, 92, 365, 15]
    assert (found[3].first_day, found[3].last_day) == (date(2026, 10, 3), date(2026, 10, 17))
    assert found[3].from_utc == datetime(2026, 10, 2, 22, tzinfo=UTC)
    assert found[3].to_utc == datetime(2026, 10, 17, 22, tzinfo=UTC)


@given(periods())
def test_a_label_names_its_period(period: Period) -> None:
    assert period_of(period.label, period.timezone) == period
    assert LABEL.fullmatch(period.label)


@given(periods())
def test_the_months_of_a_period_are_all_its_days_once(period: Period) -> None:
    months = period.months()
    assert (months[0].from_utc, months[-1].to_utc) == (period.from_utc, period.to_utc)
    assert all(one.to_utc == other.from_utc for one, other in pairwise(months))
    assert all((one.first_day.year, one.first_day.month) == (one.last_day.year, one.last_day.month) for one in months)
    assert all(one.kind in (PeriodKind.MONTH, PeriodKind.SPAN) for one in months)
    assert {one.kind for one in months[1:-1]} <= {PeriodKind.MONTH}


@given(periods())
def test_the_year_before_has_the_same_kind_and_the_same_days(period: Period) -> None:
    before = period.year_before()
    assert before is not None
    assert before.kind is period.kind
    assert before.first_day.year == period.first_day.year - 1
    assert before.first_day.month == period.first_day.month
    assert abs(before.day_count - period.day_count) <= 1


def test_the_year_before_a_leap_day() -> None:
    labels = {
        "2028-02": "2027-02", "2028-02-29--2028-02-29": "2027-02-28--2027-02-28", "2027-02-28--2027-03-01": "2026-02-28--2026-03-01",
        "2028-Q1": "2027-Q1", "2028": "2027",
    }  # fmt: skip
    found = {label: period_of(label, BERLIN).year_before() for label in labels}
    assert {label: None if before is None else before.label for label, before in found.items()} == labels
    assert period_of("1000-05", BERLIN).year_before() is None


def test_a_cut_month_is_a_span_and_a_whole_one_a_month() -> None:
    months = period_of("2026-10-20--2026-12-31", BERLIN).months()
    assert [(one.label, one.kind) for one in months] == [
        ("2026-10-20--2026-10-31", PeriodKind.SPAN), ("2026-11", PeriodKind.MONTH), ("2026-12", PeriodKind.MONTH),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("2026-13", "expected a month, quarter, year or span"), ("2026-Q5", "expected a month, quarter, year or span"),
        ("٢٠٢٦", "expected a month, quarter, year or span"), ("0999", "expected a year from 1000"),
        ("2026-10-01--2026-09-30", "the last one not before the first"), ("2026-02-30--2026-03-01", "a day of the calendar"),
        ("2020-01-01--2026-01-01", f"expected 1 to {MOST_DAYS:,}"), ("2026-10\n", "expected a month"),
    ],
)  # fmt: skip
def test_other_labels_are_refused(label: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        period_of(label, BERLIN)


def test_each_option_takes_its_own_form_only() -> None:
    kinds: list[tuple[Callable[[str, str], Period], str]] = [
        (month_period, "2026-Q4"), (quarter_period, "2026"), (year_period, "2026-10"),
    ]  # fmt: skip
    for of, label in kinds:
        with pytest.raises(ValueError, match=f"'{label}': expected YYYY"):
            of(label, BERLIN)
    assert span_period(date(2026, 10, 3), date(2026, 10, 3), BERLIN).expected == 96


def test_labels_are_named_in_both_languages() -> None:
    words = [of_report(language, period_of("2026", BERLIN).zone) for language in ("de", "en")]
    named = {label: [w.period(label) for w in words] for label in ("2026-10", "2026-Q4", "2026", "2026-10-03--2026-10-17")}
    assert named == {
        "2026-10": ["Oktober 2026", "October 2026"], "2026-Q4": ["4. Quartal 2026", "Q4 2026"], "2026": ["2026", "2026"],
        "2026-10-03--2026-10-17": ["03.10.2026 – 17.10.2026", "3 Oct 2026 – 17 Oct 2026"],
    }  # fmt: skip
    assert of_page("de", period_of("2026", BERLIN).zone).period("2026-Q4") == "4. Quartal 2026"


def run(folder: Path, *options: str) -> Result:
    fixed = ("--plant", str(folder / "plant"), "--ledger", str(folder / "ledger.sqlite"), "--out", str(folder / "out"))
    return CliRunner().invoke(command, [*fixed, *options])


@pytest.mark.parametrize(
    ("options", "label", "kind", "expected"),
    [
        (("--month", "2026-10"), "2026-10", "month", 2980),
        (("--quarter", "2026-Q4"), "2026-Q4", "quarter", 8836),
        (("--year", "2026"), "2026", "year", 35_040),
        (("--from", "2026-10-03", "--to", "2026-10-17"), "2026-10-03--2026-10-17", "span", 1440),
    ],
)
def test_the_command_makes_each_kind(
    options: tuple[str, ...], label: str, kind: str, expected: int, ledger: Ledger, folder: Path
) -> None:
    put(ledger, *whole_month()[:400])
    result = run(folder, *options)
    assert result.exit_code == 0, result.output
    made = folder / "out" / f"werk-nord-{label}-v1"
    assert str(made) in result.stdout
    period = json.loads((made / "report.json").read_text())["period"]
    assert (period["label"], period["kind"], period["quarter_hours_expected"]) == (label, kind, expected)
    assert json.loads((made / "manifest.json").read_text())["period"]["kind"] == kind


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "found none of them; expected exactly one of"),
        (("--month", "2026-10", "--year", "2026"), "found --month and --year; expected exactly one of"),
        (("--from", "2026-10-03"), "found --from alone"), (("--to", "2026-10-03"), "found --to alone"),
        (("--quarter", "2026-10"), "expected YYYY-QN"), (("--year", "26"), "expected YYYY such as"),
        (("--from", "2026-10-17", "--to", "2026-10-03"), "the last one not before the first"),
    ],
)  # fmt: skip
def test_no_period_or_two_are_a_usage_error(options: tuple[str, ...], expected: str, ledger: Ledger, folder: Path) -> None:
    result = run(folder, *options)
    assert result.exit_code == 2
    assert expected in " ".join(result.output.replace("│", " ").split())

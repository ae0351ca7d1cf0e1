"""Every local day of every meter: tables only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reporting.month import MonthReport
from reporting.sections.section import DataFile, Section, Sheet, SheetPart
from reporting.tables import Column, exact_kwh, field_columns, local_time
from words.speech import Words


@dataclass(frozen=True, slots=True)
class DayRow:
    """One register on one local day of 92 to 100 quarter hours; a day without any value has none, which is not zero."""

    meter: str
    channel: str
    day: str
    """``YYYY-MM-DD``"""
    energy: Decimal | None
    unit: str
    peak_power: Decimal | None
    peak_start_utc: datetime | None
    peak_quality: str | None
    quarter_hours_expected: int
    quarter_hours_with_value: int
    coverage: float
    worst_quality: str


def day_rows(report: MonthReport) -> Iterator[DayRow]:
    """Every day of every series."""
    for series in report.series:
        for one in series.days:
            peak, known = one.peak, one.sum
            yield DayRow(
                series.meter.id, series.channel, one.day.isoformat(), exact_kwh(known.energy_uwh) if known.with_value else None,
                series.unit, None if peak is None else exact_kwh(peak.energy_uwh, 4), None if peak is None else peak.start_utc,
                None if peak is None else str(peak.quality), known.quarters, known.with_value, round(known.coverage, 9), str(known.worst),
            )  # fmt: skip


def _for_people(words: Words) -> list[Column[DayRow]]:
    peak = words["peak"]
    return [
        Column(words["meter"], lambda row: row.meter),
        Column(words["channel"], lambda row: row.channel),
        Column(words["day"], lambda row: words.full_day(date.fromisoformat(row.day))),
        Column(f"{words['energy']} [kWh, kvarh]", lambda row: row.energy),
        Column(words["unit"], lambda row: row.unit),
        Column(f"{peak} [kW, kvar]", lambda row: row.peak_power),
        Column(
            f"{peak}: {words['start_local']}",
            lambda row: None if row.peak_start_utc is None else local_time(row.peak_start_utc, words.zone),
        ),
        Column(
            f"{peak}: {words['quality']}", lambda row: None if row.peak_quality is None else words.either("q", row.peak_quality)
        ),
        Column(words["expected"], lambda row: row.quarter_hours_expected),
        Column(f"{words['quarters']} {words['values']}", lambda row: row.quarter_hours_with_value),
        Column(f"{words['coverage']} [0..1]", lambda row: row.coverage),
        Column(words["quality"], lambda row: words.either("q", row.worst_quality)),
    ]


SECTION = Section(
    files=(DataFile("days", day_rows, field_columns(DayRow), _for_people),),
    sheets=(
        SheetPart(Sheet("by_day", _for_people, (16, 18, 14), place=22, is_long=True), lambda content, _: day_rows(content.month)),
    ),
)

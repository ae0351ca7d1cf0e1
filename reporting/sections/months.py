"""Months of a longer period: each meter's energy, peak and coverage in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.intervals import Interval
from quarters.quality import is_sound
from quarters.sums import EnergySum
from reporting.month import MonthReport, SeriesMonth
from reporting.periods import Period
from reporting.sections.blocks import Block, Heading, PrintColumn, printed
from reporting.sections.quarters import power_text, quality_text, quarter_data, start_text
from reporting.sections.section import Content, DataFile, Section, Sheet, SheetPart
from reporting.tables import Column, exact_kwh, local_time
from words.speech import Words

_COLUMNS = 6
"""Months that stand beside one another on paper."""


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One meter's channel in one month."""

    series: SeriesMonth
    part: Period
    sum: EnergySum
    peak: Interval | None


def _rows(report: MonthReport) -> Iterator[MonthRow]:
    for series in report.series:
        yield from _rows_of(series, report.period)


def _rows_of(series: SeriesMonth, period: Period) -> list[MonthRow]:
    return [MonthRow(series, found.part, found.sum, found.peak) for found in series.parts(period)]


def _data(content: Content) -> dict[str, Any]:
    if not content.month.period.has_months:
        return {}
    return {"months": [_month_data(row) for row in _rows(content.month)]}


def _month_data(row: MonthRow) -> dict[str, Any]:
    return {
        "meter": row.series.meter.id, "channel": row.series.channel, "unit": row.series.unit, "period": row.part.label,
        "energy_uwh": row.sum.energy_uwh, "quarter_hours_expected": row.sum.quarters, "quarter_hours_with_value": row.sum.with_value,
        "coverage": round(row.sum.coverage, 9), "share_of_quarter_hours_measured": round(row.sum.sound_share, 9),
        "worst_quality": str(row.sum.worst), "peak": quarter_data(row.peak),
    }  # fmt: skip


_FOR_MACHINES: list[Column[MonthRow]] = [
    Column("meter", lambda row: row.series.meter.id),
    Column("channel", lambda row: row.series.channel),
    Column("period", lambda row: row.part.label),
    Column("energy", lambda row: exact_kwh(row.sum.energy_uwh)),
    Column("unit", lambda row: row.series.unit),
    Column("peak_power", lambda row: None if row.peak is None else exact_kwh(row.peak.energy_uwh, 4)),
    Column("peak_start_utc", lambda row: None if row.peak is None else row.peak.start_utc),
    Column("peak_quality", lambda row: None if row.peak is None else str(row.peak.quality)),
    Column("quarter_hours_expected", lambda row: row.sum.quarters),
    Column("quarter_hours_with_value", lambda row: row.sum.with_value),
    Column("coverage", lambda row: round(row.sum.coverage, 9)),
    Column("share_of_quarter_hours_covered", lambda row: round(row.sum.sound_share, 9)),
    Column("worst_quality", lambda row: str(row.sum.worst)),
    Column("peak_rests_on_substitute", lambda row: None if row.peak is None else "no" if is_sound(row.peak.quality) else "yes"),
]


def _for_people(words: Words) -> list[Column[MonthRow]]:
    peak = words["peak"]
    return [
        Column(words["meter"], lambda row: row.series.meter.id),
        Column(words["name"], lambda row: row.series.meter.label),
        Column(words["channel"], lambda row: row.series.channel),
        Column(words["period"], lambda row: words.period(row.part.label)),
        Column(f"{words['energy']} [kWh, kvarh]", lambda row: exact_kwh(row.sum.energy_uwh)),
        Column(words["unit"], lambda row: row.series.unit),
        Column(f"{peak} [kW, kvar]", lambda row: None if row.peak is None else exact_kwh(row.peak.energy_uwh, 4)),
        Column(
            f"{peak}: {words['start_local']}", lambda row: None if row.peak is None else local_time(row.peak.start_utc, words.zone)
        ),
        Column(f"{peak}: {words['quality']}", lambda row: None if row.peak is None else words.either("q", str(row.peak.quality))),
        Column(words["expected"], lambda row: row.sum.quarters),
        Column(f"{words['quarters']} {words['values']}", lambda row: row.sum.with_value),
        Column(f"{words['coverage']} [0..1]", lambda row: round(row.sum.coverage, 9)),
        Column(f"{words['peak.of_covered.name']} [0..1]", lambda row: round(row.sum.sound_share, 9)),
        Column(words["quality"], lambda row: words.either("q", str(row.sum.worst))),
    ]


# the page ------------------------------------------------------------------------------------------------------------


def _page(content: Content, words: Words) -> list[Block]:
    report, period = content.month, content.month.period
    if not period.has_months:
        return []
    blocks: list[Block] = [Heading(words["by_month"])]
    if report.billing is not None:
        blocks.append(printed(_connection_columns(words), _rows_of(report.billing, period)))
    blocks.append(Heading(words["by_month.meters"], level=2))
    rows = [_rows_of(series, period) for series in report.series]
    firsts = range(0, len(period.months()), _COLUMNS)
    return blocks + [printed(_month_columns(period.months(), first, words), rows, 7.2) for first in firsts]


def _connection_columns(words: Words) -> list[PrintColumn[MonthRow]]:
    return [
        PrintColumn(words["period"], lambda row: words.period(row.part.label), "1fr"),
        PrintColumn(f"{words['consumption']} [kWh]", lambda row: words.energy(row.sum.energy_uwh), is_number=True),
        PrintColumn(f"{words['highest']} [kW]", lambda row: power_text(row.peak, words), is_number=True),
        PrintColumn(words["start_local"], lambda row: start_text(row.peak, words)),
        PrintColumn(words["quality"], lambda row: quality_text(row.peak, words)),
        PrintColumn(words["coverage"], lambda row: words.percent(row.sum.coverage, 2), is_number=True),
    ]


def _month_columns(months: Sequence[Period], first: int, words: Words) -> list[PrintColumn[list[MonthRow]]]:
    """A meter's months beside one another."""

    def month(place: int) -> PrintColumn[list[MonthRow]]:
        return PrintColumn(_short(months[place], words), lambda row: _energy(row[place], words), "1fr", is_number=True)

    return [
        PrintColumn(words["meter"], lambda row: f"{row[0].series.meter.id}/{row[0].series.channel} [{row[0].series.unit}]"),
        *(month(place) for place in range(first, min(first + _COLUMNS, len(months)))),
    ]


def _short(part: Period, words: Words) -> str:
    """``Okt 2026``, or the days of a month that is cut, as ``03.–17. Okt 2026``."""
    name = f"{words.texts[f'month_short.{part.first_day.month}']} {part.first_day.year}"
    return name if len(part.label) == len("2026-10") else f"{part.first_day.day}.–{part.last_day.day}. {name}"


def _energy(row: MonthRow, words: Words) -> str:
    """The energy; a dash where nothing has a value, and a mark where something is missing."""
    if not row.sum.with_value:
        return "–"
    return words.energy(row.sum.energy_uwh) + ("*" if row.sum.missing else "")


def _has_months(period: Period) -> bool:
    return period.has_months


SECTION = Section(
    data=_data,
    files=(DataFile("months", _rows, _FOR_MACHINES, _for_people, _has_months),),
    sheets=(
        SheetPart(
            Sheet("by_month", _for_people, (16, 20, 16, 26), place=12, fits=_has_months), lambda content, _: _rows(content.month)
        ),
    ),
    page=_page,
)

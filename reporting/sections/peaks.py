"""The highest quarter hours: the load of a month as a chart, the highest of each day, the ten highest, and those of demand windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain.intervals import Interval
from quarters.periods import midnight_utc
from reporting.cost import WindowPeak
from reporting.month import TOP_PEAKS, MonthReport, SeriesMonth
from reporting.sections.blocks import Block, Chart, Heading, PrintColumn, printed
from reporting.sections.quarters import power_text, quality_text, quarter_data, start_text
from reporting.sections.section import NAME, Content, Section
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A quarter hour and its place, from 1."""

    place: int
    quarter: Interval


def _data(content: Content) -> dict[str, Any]:
    billing = content.month.billing
    if billing is None:
        return {"top_peaks": [], "daily_peaks": []}
    return {
        "top_peaks": [quarter_data(i) for i in billing.highest(TOP_PEAKS)],
        "daily_peaks": [{"day": one.day.isoformat(), **(quarter_data(one.peak) or {})} for one in billing.days],
    }


def _page(content: Content, words: Words) -> list[Block]:
    billing = content.month.billing
    if billing is None or billing.peak is None:
        return []
    numbers = _chart_numbers(content.month, billing, billing.peak, words)
    load: list[Block] = [Heading(words["load_chart"]), Chart("load", words["load_chart.alt"], numbers)]
    return [
        *(load if content.month.period.is_by_day else []),
        Heading(words["daily_peaks"]),
        Chart("daily_peaks", words["daily_peaks.alt"], numbers),
        Heading(words["top_peaks"]),
        printed(_ranked_columns(words), _ranked(billing), size_pt=8),
        *_windows(content, words),
    ]


def _ranked(billing: SeriesMonth) -> Iterator[_Ranked]:
    return (_Ranked(place, quarter) for place, quarter in enumerate(billing.highest(TOP_PEAKS), 1))


def _ranked_columns(words: Words) -> list[PrintColumn[_Ranked]]:
    return [
        PrintColumn("", lambda row: f"{row.place}.", is_number=True),
        PrintColumn(words["start_local"], lambda row: start_text(row.quarter, words)),
        PrintColumn(f"{words['power']} [kW]", lambda row: power_text(row.quarter, words), is_number=True),
        PrintColumn(words["quality"], lambda row: quality_text(row.quarter, words), "1fr"),
    ]


def _windows(content: Content, words: Words) -> list[Block]:
    """The highest quarter hour inside or outside the windows of demand charges."""
    columns: list[PrintColumn[WindowPeak]] = [
        PrintColumn("", lambda window: one_line(window.component, NAME)),
        PrintColumn("", lambda window: f"{words[window.where]} {one_line(window.calendar, NAME)}"),
        PrintColumn(words["start_local"], lambda window: start_text(window.peak, words)),
        PrintColumn(f"{words['power']} [kW]", lambda window: power_text(window.peak, words), is_number=True),
        PrintColumn(words["quality"], lambda window: quality_text(window.peak, words), "1fr"),
    ]
    windows = content.cost.windows
    return [Heading(words["windows"]), printed(columns, windows, size_pt=8)] if windows else []


def _chart_numbers(report: MonthReport, billing: SeriesMonth, highest: Interval, words: Words) -> dict[str, Any]:
    is_by_day = report.period.is_by_day
    days = [
        {
            "label": _label(one.day, is_by_day, words), "weekend": one.day.weekday() >= 5,
            "kw": None if one.peak is None else one.peak.power_kw,
            "is_peak": one.peak is not None and one.peak.start_utc == highest.start_utc,
        }
        for one in billing.days
    ]  # fmt: skip
    return {
        "by_day": is_by_day,
        "kw": [None if i is None or i.power_kw is None else round(i.power_kw, 1) for i in billing.slots] if is_by_day else [],
        "unsure": [
            [report.period.slot(gap.from_utc), report.period.slot(gap.to_utc)]
            for gap in billing.gaps
            if gap.has_value and not gap.is_healed
        ],
        "days": days,
        "day_starts": [report.period.slot(_midnight(report, number)) for number in range(len(days))],
        "target": report.plant.site.target_kw,
        "axis": "kW",
        "words": {key: words[key] for key in ("target", "no_value", "q.substituted")},
    }


def _label(day: date, is_by_day: bool, words: Words) -> str:
    """The day's number; where there are too many days, the month at its first."""
    if is_by_day:
        return f"{day.day}."
    return words.texts[f"month_short.{day.month}"] if day.day == 1 else ""


def _midnight(report: MonthReport, number: int) -> datetime:
    day = report.period.first_day + timedelta(days=number)
    return midnight_utc(day, report.period.zone)


SECTION = Section(data=_data, page=_page)

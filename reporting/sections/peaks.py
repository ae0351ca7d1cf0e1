"""The highest quarter hours: the month's load as a chart, the highest of each day, the ten highest, and those of demand windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    billing, period = content.month.billing, content.month.period
    if billing is None:
        return {"top_peaks": [], "daily_peaks": []}
    return {
        "top_peaks": [quarter_data(i) for i in billing.highest(TOP_PEAKS)],
        "daily_peaks": [{"day": day.isoformat(), **(quarter_data(peak) or {})} for day, peak in billing.daily_peaks(period)],
    }


def _page(content: Content, words: Words) -> list[Block]:
    billing = content.month.billing
    if billing is None or billing.peak is None:
        return []
    numbers = _chart_numbers(content.month, billing, billing.peak, words)
    return [
        Heading(words["load_chart"]),
        Chart("load", words["load_chart.alt"], numbers),
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
    days = [
        {
            "label": f"{day.day}", "weekend": day.weekday() >= 5, "kw": None if peak is None else peak.power_kw,
            "is_peak": peak is not None and peak.start_utc == highest.start_utc,
        }
        for day, peak in billing.daily_peaks(report.period)
    ]  # fmt: skip
    return {
        "kw": [None if i is None or i.power_kw is None else round(i.power_kw, 1) for i in billing.slots],
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


def _midnight(report: MonthReport, number: int) -> datetime:
    day = report.period.first_day + timedelta(days=number)
    return midnight_utc(day, report.period.zone)


SECTION = Section(data=_data, page=_page)

"""Quarter hours in which a register was reset, rolled over, exchanged or jumped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.intervals import Interval
from reporting.month import SeriesMonth
from reporting.sections.blocks import Block, Heading, PrintColumn, printed, shortened, table_or
from reporting.sections.gaps import GAPS, PRINTED_ROWS, GapRow
from reporting.sections.quarters import quality_text, quarter_data, start_text
from reporting.sections.section import Content, Section, SheetPart
from reporting.tables import exact_kwh
from words.speech import Words


@dataclass(frozen=True, slots=True)
class _Event:
    """One of them."""

    series: SeriesMonth
    quarter: Interval


def _events(content: Content) -> Iterator[_Event]:
    return (_Event(series, quarter) for series in content.month.series for quarter in series.events)


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    return {"events": [quarter_data(interval) for interval in series.events]}


def _rows(content: Content, _: Words) -> Iterator[GapRow]:
    """In the columns of the gaps."""
    for event in _events(content):
        series, quarter = event.series, event.quarter
        yield GapRow(
            series.meter.id, series.channel, quarter.start_utc, quarter.end_utc, 15, 1, exact_kwh(quarter.energy_uwh), series.unit,
            str(quarter.quality), None, str(quarter.method), quarter.revision,
        )  # fmt: skip


def _page(content: Content, words: Words) -> list[Block]:
    columns: list[PrintColumn[_Event]] = [
        PrintColumn(words["meter"], lambda event: f"{event.series.meter.id}/{event.series.channel}"),
        PrintColumn(words["start_local"], lambda event: start_text(event.quarter, words)),
        PrintColumn(words["method"], lambda event: words.either("m", str(event.quarter.method)), "1fr"),
        PrintColumn(words["quality"], lambda event: quality_text(event.quarter, words)),
        PrintColumn(
            f"{words['energy']} [kWh, kvarh]", lambda event: words.energy(event.quarter.energy_uwh or 0, 1), is_number=True
        ),
    ]
    table = shortened(printed(columns, _events(content)), PRINTED_ROWS, words)
    return [Heading(words["events"]), *table_or(words["events.none"], table)]


SECTION = Section(series_data=_series_data, sheets=(SheetPart(GAPS, _rows),), page=_page)

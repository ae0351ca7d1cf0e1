"""Quarter hours with more than one revision, and records that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.instants import instant_text
from domain.intervals import Interval
from quarters.gaps import QuarterRevisions
from reporting.month import SeriesMonth
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened
from reporting.sections.section import Content, Section, SheetPart
from reporting.sections.shared_sheets import CHANGELOG, ChangeRow
from reporting.tables import exact_kwh, local_time
from words.speech import Words

_PRINTED_ROWS = 12


def _data(content: Content) -> dict[str, Any]:
    return {"conflicts": len(content.month.conflicts)}


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    return {
        "restatements": [
            {
                "start_utc": instant_text(r.start_utc),
                "revisions": [
                    {"revision": i.revision, "energy_uwh": i.energy_uwh, "quality": str(i.quality), "method": str(i.method),
                     "origin": str(i.origin), "recorded_utc": instant_text(at)}
                    for i, at in zip(r.revisions, r.recorded_utc, strict=True)
                ],
            }
            for r in series.restatements
        ]
    }  # fmt: skip


def _rows(content: Content, words: Words) -> Iterator[ChangeRow]:
    yield ChangeRow(words["restatements"])
    for series in content.month.series:
        for restated in series.restatements:
            for interval, recorded_utc in zip(restated.revisions, restated.recorded_utc, strict=True):
                yield ChangeRow(
                    series.meter.id, series.channel, local_time(interval.start_utc, words.zone), interval.start_utc, interval.revision,
                    exact_kwh(interval.energy_uwh), words.either("q", str(interval.quality)), words.either("m", str(interval.method)),
                    words.either("o", str(interval.origin)), recorded_utc,
                )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Restated:
    """A quarter hour and whose it is."""

    series: SeriesMonth
    quarter: QuarterRevisions

    @property
    def change_uwh(self) -> int:
        """How far the value that counts is from the first one."""
        return abs((self.quarter.last.energy_uwh or 0) - (self.quarter.first.energy_uwh or 0))

    @property
    def place(self) -> tuple[Any, ...]:
        """By which they are printed in order."""
        return self.series.meter.id, self.series.channel, self.quarter.start_utc


def _page(content: Content, words: Words) -> list[Block]:
    found = [_Restated(series, quarter) for series in content.month.series for quarter in series.restatements]
    intro = words.fill("restatements.count", count=words.number(len(found))) if found else words["restatements.none"]
    blocks: list[Block] = [Heading(words["restatements"]), Paragraph(intro, stays_with_next=True)]
    if found:
        blocks.append(shortened(printed(_columns(words), _largest_first(found)), _PRINTED_ROWS, words))
    if content.month.conflicts:
        blocks.append(Paragraph(words.fill("conflicts.text", count=len(content.month.conflicts))))
    return blocks


def _largest_first(found: list[_Restated]) -> list[_Restated]:
    """Those of the largest change, in order of meter and time, before all others."""
    found = sorted(found, key=lambda restated: -restated.change_uwh)
    return [*sorted(found[:_PRINTED_ROWS], key=lambda restated: restated.place), *found[_PRINTED_ROWS:]]


def _columns(words: Words) -> list[PrintColumn[_Restated]]:
    def value(interval: Interval) -> str:
        energy = "–" if interval.energy_uwh is None else words.energy(interval.energy_uwh, 3)
        return f"{energy} ({words.either('q', str(interval.quality))})"

    return [
        PrintColumn(words["meter"], lambda r: f"{r.series.meter.id}/{r.series.channel}", "1fr"),
        PrintColumn(words["start_local"], lambda r: words.moment(r.quarter.start_utc)),
        PrintColumn(f"{words['before']} [kWh, kvarh]", lambda r: value(r.quarter.first), is_number=True),
        PrintColumn(f"{words['after']} [kWh, kvarh]", lambda r: value(r.quarter.last), is_number=True),
        PrintColumn("Rev.", lambda r: f"{r.quarter.first.revision} → {r.quarter.last.revision}", is_number=True),
        PrintColumn(words["recorded"], lambda r: f"{r.quarter.recorded_utc[-1]:%Y-%m-%d %H:%M}"),
    ]


SECTION = Section(data=_data, series_data=_series_data, sheets=(SheetPart(CHANGELOG, _rows, place=1),), page=_page)

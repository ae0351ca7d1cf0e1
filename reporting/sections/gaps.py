"""Gaps: quarter hours that were not simply measured or that nobody sent, how they were filled, and what was published before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.instants import instant_text
from quarters.gaps import Gap
from reporting.month import MonthReport, SeriesMonth
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened, table_or
from reporting.sections.section import Content, DataFile, Section, Sheet, SheetPart
from reporting.tables import Column, exact_kwh, field_columns, local_time
from words.speech import Words

PRINTED_ROWS = 36


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    return {"gaps": [_gap_data(gap) for gap in series.gaps]}


def _gap_data(gap: Gap) -> dict[str, Any]:
    return {
        "from_utc": instant_text(gap.from_utc), "to_utc": instant_text(gap.to_utc), "quarter_hours": gap.quarters,
        "quality": str(gap.quality), "reason": gap.reason, "filled_by": str(gap.filling),
        "energy_uwh": gap.energy_uwh if gap.has_value else None, "revision": gap.revision,
        "first_published": None if gap.revision is None else
            {"energy_uwh": gap.first_energy_uwh, "quarter_hours_without_value": gap.first_without_value,
             "quality": str(gap.first_quality), "method": gap.first_method},
        "published_before": [
            {"quality": str(e.quality), "method": str(e.method), "quarter_hours": e.quarters, "energy_uwh": e.energy_uwh} for e in gap.earlier
        ],
        "last_recorded_utc": None if gap.last_recorded_utc is None else instant_text(gap.last_recorded_utc),
    }  # fmt: skip


# tables --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GapRow:
    """Quarter hours in a row of one register: what counts, and what was published first."""

    meter: str
    channel: str
    from_utc: datetime
    to_utc: datetime
    minutes: int
    quarter_hours: int
    energy: Decimal | None
    unit: str
    quality: str
    filled_by: str | None
    method: str
    revision: int | None
    first_energy: Decimal | None = None
    first_quarter_hours_without_value: int | None = None
    first_quality: str | None = None
    first_method: str | None = None
    last_recorded_utc: datetime | None = None


def _rows(report: MonthReport) -> Iterator[GapRow]:
    return (_row(series, gap) for series in report.series for gap in series.gaps)


def _row(series: SeriesMonth, gap: Gap) -> GapRow:
    was_published = gap.revision is not None
    return GapRow(
        series.meter.id, series.channel, gap.from_utc, gap.to_utc, gap.duration // timedelta(minutes=1), gap.quarters,
        exact_kwh(gap.energy_uwh) if gap.has_value else None, series.unit, str(gap.quality), str(gap.filling), gap.reason, gap.revision,
        first_energy=exact_kwh(gap.first_energy_uwh),
        first_quarter_hours_without_value=gap.first_without_value if was_published else None,
        first_quality=str(gap.first_quality) if was_published else None,
        first_method=gap.first_method if was_published else None,
        last_recorded_utc=gap.last_recorded_utc,
    )  # fmt: skip


def _for_people(words: Words) -> list[Column[GapRow]]:
    """The same with local times, their zones, and words."""
    energy, first, zone = f"{words['energy']} [kWh, kvarh]", words["first"], words.zone

    def word(prefix: str, key: str | None) -> str | None:
        return None if key is None else words.either(prefix, key)

    return [
        Column(words["meter"], lambda row: row.meter),
        Column(words["channel"], lambda row: row.channel),
        Column(words["start_local"], lambda row: local_time(row.from_utc, zone)),
        Column(words["zone"], lambda row: f"{row.from_utc.astimezone(zone):%Z}"),
        Column(words["start_utc"], lambda row: row.from_utc),
        Column(words["end_local"], lambda row: local_time(row.to_utc, zone)),
        Column(words["zone"], lambda row: f"{row.to_utc.astimezone(zone):%Z}"),
        Column(words["end_utc"], lambda row: row.to_utc),
        Column(f"{words['duration']} [{words['minutes']}]", lambda row: row.minutes),
        Column(words["quarters"], lambda row: row.quarter_hours),
        Column(f"{energy} {words['last']}", lambda row: row.energy),
        Column(words["unit"], lambda row: row.unit),
        Column(words["quality"], lambda row: word("q", row.quality)),
        Column(words["filled"], lambda row: word("f", row.filled_by)),
        Column(words["method"], lambda row: word("m", row.method)),
        Column(words["revision"], lambda row: row.revision),
        Column(f"{energy} {first}", lambda row: row.first_energy),
        Column(f"{first}: {words['no_value']}", lambda row: row.first_quarter_hours_without_value),
        Column(f"{first}: {words['quality']}", lambda row: word("q", row.first_quality)),
        Column(f"{first}: {words['method']}", lambda row: word("m", row.first_method)),
        Column(words["recorded"], lambda row: row.last_recorded_utc),
    ]


GAPS = Sheet("gaps.short", _for_people, (18, 18, 18, 8, 20, 18, 8, 20, 12, 12, 16, 8, 14, 44, 44), place=30)


# the page ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Printed:
    """A gap as it is printed: once where many registers have it alike."""

    registers: tuple[str, ...]
    gap: Gap


def _page(content: Content, words: Words) -> list[Block]:
    columns: list[PrintColumn[_Printed]] = [
        PrintColumn(words["meter"], lambda row: _some(row.registers), "31mm"),
        PrintColumn(words["gaps.span"], lambda row: f"{words.span(row.gap.from_utc, row.gap.to_utc)}\n{_utc_span(row.gap)}"),
        PrintColumn(
            f"{words['duration']},\n¼\u202fh",
            lambda row: f"{words.lasting(row.gap.duration)}\n{words.number(row.gap.quarters)}",
            is_number=True,
        ),
        PrintColumn(f"{words['before']}\n[kWh, kvarh]", lambda row: _before(row.gap, words), is_number=True),
        PrintColumn(f"{words['now']}\n[kWh, kvarh]", lambda row: _now(row.gap, words), is_number=True),
        PrintColumn(words["filled"], lambda row: _filled(row.gap, words), "1fr"),
        PrintColumn("Rev.", lambda row: "–" if row.gap.revision is None else words.number(row.gap.revision), is_number=True),
    ]
    table = shortened(printed(columns, _alike(content.month.series), size_pt=7.4), PRINTED_ROWS, words)
    note = Paragraph(words["gaps.note"], is_small=True, stays_with_next=True)
    return [Heading(words["gaps"]), *table_or(words["gaps.none"], table, note)]


def _alike(series: Iterable[SeriesMonth]) -> Iterator[_Printed]:
    """Gaps of all series; those without any value that many series have alike are one row."""
    alike: dict[tuple[Any, ...], list[tuple[str, Gap]]] = {}
    for one in series:
        name = f"{one.meter.id}/{one.channel}"
        for gap in one.gaps:
            own = name if gap.has_value or gap.earlier else ""
            alike.setdefault((gap.from_utc, own, gap.to_utc, str(gap.quality), gap.reason), []).append((name, gap))
    for _, found in sorted(alike.items(), key=lambda item: item[0]):
        yield _Printed(tuple(dict.fromkeys(name for name, _ in found)), found[0][1])


def _some(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} + {len(names) - most}"


def _utc_span(gap: Gap) -> str:
    end = f"{gap.to_utc:%H:%M}" if gap.from_utc.date() == gap.to_utc.date() else f"{gap.to_utc:%Y-%m-%d %H:%M}"
    return f"{gap.from_utc:%Y-%m-%d %H:%M} – {end} UTC"


def _before(gap: Gap, words: Words) -> str:
    """Everything that was published and no longer counts."""
    published = [
        words.fill("without_value", count=words.number(e.quarters))
        if e.energy_uwh is None
        else f"{words.energy(e.energy_uwh, 3)}\n({words.either('q', str(e.quality))})"
        for e in gap.earlier
    ]
    return "\n".join(published) or "–"


def _now(gap: Gap, words: Words) -> str:
    value = words.energy(gap.energy_uwh, 3) if gap.has_value else "–"
    return f"{value}\n({words.either('q', str(gap.quality))})"


def _filled(gap: Gap, words: Words) -> str:
    return words.either("m", gap.reason) if gap.revision is None else words.either("f", str(gap.filling))


SECTION = Section(
    series_data=_series_data,
    files=(DataFile("gaps", _rows, field_columns(GapRow), _for_people),),
    sheets=(SheetPart(GAPS, lambda content, _: _rows(content.month)),),
    page=_page,
)

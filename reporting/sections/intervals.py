"""Every quarter hour of every meter: tables only. Long periods have days in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reporting.month import MonthReport
from reporting.periods import Period
from reporting.sections.section import DataFile, Section, Sheet, SheetPart
from reporting.tables import Column, exact_kwh, field_columns, local_time
from words.speech import Words


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One quarter hour of one register; where there is none the value is empty and the quality says missing."""

    meter: str
    channel: str
    start_utc: datetime
    energy: Decimal | None
    unit: str
    power: Decimal | None
    coverage: float
    quality: str
    method: str
    revision: int | None
    origin: str | None


def interval_rows(report: MonthReport) -> Iterator[IntervalRow]:
    """Every quarter hour of every series."""
    for series in report.series:
        meter, channel, unit = series.meter.id, series.channel, series.unit
        for slot, interval in enumerate(series.slots):
            start_utc = report.period.start_utc(slot)
            if interval is None:
                yield IntervalRow(meter, channel, start_utc, None, unit, None, 0, "missing", "none", None, None)
                continue
            energy, power = exact_kwh(interval.energy_uwh), exact_kwh(interval.energy_uwh, 4)
            yield IntervalRow(
                meter, channel, start_utc, energy, unit, power, interval.coverage, str(interval.quality), str(interval.method),
                interval.revision, str(interval.origin),
            )  # fmt: skip


def for_people(words: Words) -> list[Column[IntervalRow]]:
    """The same with local time, its offset, and words."""
    return [
        Column(words["meter"], lambda row: row.meter),
        Column(words["channel"], lambda row: row.channel),
        Column(words["start_local"], lambda row: local_time(row.start_utc, words.zone)),
        Column(words["offset"], lambda row: _offset(row.start_utc.astimezone(words.zone))),
        Column(words["start_utc"], lambda row: row.start_utc),
        Column(f"{words['energy']} [kWh, kvarh]", lambda row: row.energy),
        Column(words["unit"], lambda row: row.unit),
        Column(f"{words['power']} [kW, kvar]", lambda row: row.power),
        Column(f"{words['coverage']} [0..1]", lambda row: row.coverage),
        Column(words["quality"], lambda row: words.either("q", row.quality)),
        Column(words["method"], lambda row: words.either("m", row.method)),
        Column(words["revision"], lambda row: row.revision),
        Column(words["origin"], lambda row: None if row.origin is None else words.either("o", row.origin)),
    ]


def _offset(local: datetime) -> str:
    offset = f"{local:%z}"
    return f"UTC{offset[:3]}:{offset[3:]}"


def _has_quarter_hours(period: Period) -> bool:
    return period.has_quarter_hours


def _is_by_day(period: Period) -> bool:
    return period.is_by_day


SECTION = Section(
    files=(DataFile("intervals", interval_rows, field_columns(IntervalRow), for_people, _has_quarter_hours),),
    sheets=(
        SheetPart(
            Sheet("intervals", for_people, place=20, is_long=True, fits=_is_by_day),
            lambda content, _: interval_rows(content.month),
        ),
    ),
)

"""CSV in two dialects: one that a German Excel opens by a double click, one for machines.

Excel: ``;``, decimal comma, byte-order mark, CRLF, local time beside ISO UTC; texts are quoted, and a text that Excel would take for a
formula begins with an apostrophe. Machines: ``,``, decimal point, ISO UTC, LF.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.instants import instant_text
from domain.intervals import QUALITIES_BEST_FIRST
from domain.texts import printable
from domain.units import UWH_PER_KWH
from reporting.gaps import SOUND
from reporting.month import MonthReport
from words.speech import Words

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
MOST_CHARACTERS = 32_000
"""Of a cell: Excel takes 32,767 and drops the rest."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall-clock time for people; the instant stands in a column of its own."""

    local: datetime


Cell = str | int | Decimal | Fraction | float | datetime | LocalTime | None


def guarded(text: str) -> str:
    """`text`, so that a spreadsheet takes it for text."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def text_cell(text: str, allowed: str = "") -> str:
    """`text` as a cell can hold it: guarded, cut to what Excel takes, with U+FFFD for controls, halves of pairs and reordering marks."""
    return guarded(printable(text, MOST_CHARACTERS, allowed))


def german_excel(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as a German Excel opens it."""
    lines = (";".join(_german(cell) for cell in row) for row in (header, *rows))
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode("utf-8")


def plain(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table for machines."""
    return "".join(",".join(_plain(cell) for cell in row) + "\n" for row in (header, *rows)).encode("utf-8")


def _german(cell: Cell) -> str:
    if isinstance(cell, str):
        return '"' + text_cell(cell).replace('"', '""') + '"'
    if isinstance(cell, LocalTime):
        return f"{cell.local:%d.%m.%Y %H:%M}"
    if isinstance(cell, datetime):
        return instant_text(cell)
    return "" if cell is None else _number(cell).replace(".", ",")


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        text = text_cell(cell)
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"') else text
    if isinstance(cell, LocalTime):
        return cell.local.isoformat()
    if isinstance(cell, datetime):
        return instant_text(cell)
    return "" if cell is None else _number(cell)


def _number(value: int | float | Decimal | Fraction) -> str:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int) else format(Decimal(repr(value)), "f")


def exact_kwh(uwh: int | None, parts: int = 1) -> Decimal | None:
    """Energy [kWh] with all its digits, three at least; times `parts` for a power [kW]."""
    if uwh is None:
        return None
    value = (Decimal(uwh * parts) / UWH_PER_KWH).normalize()
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal("0.001")) if isinstance(exponent, int) and exponent > -3 else value


INTERVAL_COLUMNS = (
    "meter",
    "channel",
    "start_utc",
    "energy",
    "unit",
    "power",
    "coverage",
    "quality",
    "method",
    "revision",
    "origin",
)


def interval_rows(report: MonthReport) -> Iterable[tuple[Cell, ...]]:
    """Every quarter hour of every series, for machines; where there is none the value is empty and the quality says missing."""
    for series in report.series:
        for slot, interval in enumerate(series.slots):
            start = report.period.start_utc(slot)
            if interval is None:
                yield (series.meter.id, series.channel, start, None, series.unit, None, 0, "missing", "none", None, None)
                continue
            yield (
                series.meter.id, series.channel, start, exact_kwh(interval.energy_uwh), series.unit, exact_kwh(interval.energy_uwh, 4),
                interval.coverage, str(interval.quality), str(interval.method), interval.revision, str(interval.origin),
            )  # fmt: skip


def interval_header_for_people(words: Words) -> list[str]:
    """Headings of `interval_rows_for_people`, with units."""
    return [
        words["meter"], words["channel"], words["start_local"], words["offset"], words["start_utc"], f"{words['energy']} [kWh, kvarh]",
        words["unit"], f"{words['power']} [kW, kvar]", f"{words['coverage']} [0..1]", words["quality"], words["method"],
        words["revision"], words["origin"],
    ]  # fmt: skip


def interval_rows_for_people(report: MonthReport, words: Words) -> Iterable[tuple[Cell, ...]]:
    """The same with local time, its offset, and words."""
    for row in interval_rows(report):
        meter, channel, start, energy, unit, power, coverage, quality, method, revision, origin = row
        assert isinstance(start, datetime)
        local = report.period.local(start)
        offset = f"{local:%z}"
        yield (
            meter, channel, LocalTime(local.replace(tzinfo=None)), f"UTC{offset[:3]}:{offset[3:]}", start, energy, unit, power, coverage,
            words.either("q", str(quality)), words.either("m", str(method)), revision,
            None if origin is None else words.either("o", str(origin)),
        )  # fmt: skip


GAP_COLUMNS = (
    "meter", "channel", "from_utc", "to_utc", "minutes", "quarter_hours", "energy", "unit", "quality", "filled_by", "method", "revision",
    "first_energy", "first_quarter_hours_without_value", "first_quality", "first_method", "last_recorded_utc",
)  # fmt: skip


def gap_rows(report: MonthReport) -> Iterable[tuple[Cell, ...]]:
    """A row a gap, for machines: what counts, and what was said first."""
    for series in report.series:
        for gap in series.gaps:
            said = gap.revision is not None
            yield (
                series.meter.id, series.channel, gap.from_utc, gap.to_utc, gap.duration // timedelta(minutes=1), gap.quarters,
                exact_kwh(gap.energy_uwh) if gap.has_value else None, series.unit, str(gap.quality), str(gap.filling), gap.reason,
                gap.revision, exact_kwh(gap.first_energy_uwh), gap.first_without_value if said else None,
                str(gap.first_quality) if said else None, gap.first_method if said else None, gap.last_recorded_utc,
            )  # fmt: skip


def gap_header_for_people(words: Words) -> list[str]:
    """Headings of `gap_rows_for_people`, with units."""
    energy = f"{words['energy']} [kWh, kvarh]"
    return [
        words["meter"], words["channel"], words["start_local"], words["zone"], words["start_utc"], words["end_local"], words["zone"],
        words["end_utc"], f"{words['duration']} [{words['minutes']}]", words["quarters"], f"{energy} {words['last']}", words["unit"],
        words["quality"], words["filled"], words["method"], words["revision"], f"{energy} {words['first']}",
        f"{words['first']}: {words['no_value']}", f"{words['first']}: {words['quality']}", f"{words['first']}: {words['method']}",
        words["recorded"],
    ]  # fmt: skip


def gap_rows_for_people(report: MonthReport, words: Words) -> Iterable[tuple[Cell, ...]]:
    """The same with local times, their zones, and words."""
    for row in gap_rows(report):
        begin, end = row[2], row[3]
        assert isinstance(begin, datetime) and isinstance(end, datetime)
        local = [report.period.local(instant) for instant in (begin, end)]
        quality, filled, method, revision, first_energy, without, first_quality, first_method, recorded = row[8:]
        yield (
            *row[:2], LocalTime(local[0].replace(tzinfo=None)), f"{local[0]:%Z}", begin, LocalTime(local[1].replace(tzinfo=None)),
            f"{local[1]:%Z}", end, *row[4:8], words.either("q", str(quality)), words.either("f", str(filled)),
            words.either("m", str(method)), revision, first_energy, without,
            None if first_quality is None else words.either("q", str(first_quality)),
            None if first_method is None else words.either("m", str(first_method)), recorded,
        )  # fmt: skip


_QUALITIES = tuple(map(str, QUALITIES_BEST_FIRST))
_WITH_VALUE = _QUALITIES[:-1]
METER_COLUMNS = (
    "meter", "name", "parent", "channel", "energy", "unit", "peak_power", "peak_start_utc", "peak_quality", "quarter_hours_expected",
    "quarter_hours_with_value", "coverage", *(f"quarter_hours_{q}" for q in _QUALITIES),
    *(f"energy_{q}" for q in _WITH_VALUE), *(f"share_of_quarter_hours_{q}" for q in _QUALITIES), *(f"share_of_energy_{q}" for q in _WITH_VALUE),
    "share_of_quarter_hours_covered", "peak_rests_on_substitute",
)  # fmt: skip


def meter_rows(report: MonthReport) -> Iterable[tuple[Cell, ...]]:
    """A row a series: energy, peak, coverage, quality in quarter hours and in energy."""
    for series in report.series:
        peak, shares = series.peak, list(series.by_quality.values())
        yield (
            series.meter.id, series.meter.label, series.meter.parent, series.channel, exact_kwh(series.energy_uwh), series.unit,
            None if peak is None else exact_kwh(peak.energy_uwh, 4), None if peak is None else peak.start_utc,
            None if peak is None else str(peak.quality), len(series.slots), series.with_value, round(series.coverage, 9),
            *(share.quarters for share in shares), *(exact_kwh(share.energy_uwh) for share in shares[:-1]),
            *(round(share.quarters / len(series.slots), 9) for share in shares),
            *(round(share.energy_uwh / series.energy_uwh, 9) if series.energy_uwh else None for share in shares[:-1]),
            round(series.covered_share, 9), None if peak is None else "no" if peak.quality in SOUND else "yes",
        )  # fmt: skip


def meter_header_for_people(words: Words) -> list[str]:
    """Headings of `meter_rows_for_people`, with units."""
    names = [words[f"q.{q}"] for q in _QUALITIES]
    return [
        words["meter"], words["name"], words["parent"], words["channel"], f"{words['energy']} [kWh, kvarh]", words["unit"],
        f"{words['peak']} [kW, kvar]", f"{words['peak']}: {words['start_local']}", f"{words['peak']}: {words['start_utc']}",
        f"{words['peak']}: {words['quality']}", words["expected"], f"{words['quarters']} {words['values']}", f"{words['coverage']} [0..1]",
        *(f"{words['quarters']} {name}" for name in names), *(f"{words['energy']} {name} [kWh, kvarh]" for name in names[:-1]),
        *(f"{words['share_quarters']} {name} [0..1]" for name in names), *(f"{words['share_energy']} {name} [0..1]" for name in names[:-1]),
        f"{words['peak.of_covered.name']} [0..1]", words["peak.rests.name"],
    ]  # fmt: skip


def meter_rows_for_people(report: MonthReport, words: Words) -> Iterable[tuple[Cell, ...]]:
    """The same with the peak's local time and words."""
    for row in meter_rows(report):
        start: Any = row[7]
        local = None if start is None else LocalTime(report.period.local(start).replace(tzinfo=None))
        quality = None if row[8] is None else words.either("q", str(row[8]))
        rests = None if row[-1] is None else words[f"answer.{row[-1]}"]
        yield (*row[:7], local, start, quality, *row[9:-1], rests)

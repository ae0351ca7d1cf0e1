"""Load profiles from CSV files: what a row means is read from a header of ours, or told by the caller, and never guessed.

Formats: ``start_utc,power_kw``; ``[site,]meter,channel,start_utc,energy_kwh``; files of grid operators and loggers with local labels
(options say zone, label, column and unit); one column of numbers without stamps (an option says when it starts).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Literal

from connectors.files.stamps import DateOrder, Label, Midnight, StampFault, aware_stamp, starts_of, wall_clock, zone_named
from domain.errors import Fault, InputFaults
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.units import UWH_PER_KWH

Unit = Literal["kW", "W", "MW", "kWh", "Wh", "MWh"]
MOST_FAULTS = 20
"""A file in another format has a fault a row; more than these help nobody."""

_UWH_PER_QUARTER: dict[str, Decimal] = {
    "W": Decimal(UWH_PER_KWH) / 4000, "kW": Decimal(UWH_PER_KWH) / 4, "MW": Decimal(UWH_PER_KWH) * 250,
    "Wh": Decimal(UWH_PER_KWH) / 1000, "kWh": Decimal(UWH_PER_KWH), "MWh": Decimal(UWH_PER_KWH) * 1000,
}  # fmt: skip
"""Micro-watt-hours in a quarter hour that one unit of the column stands for."""
_NO_VALUE = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "#nv"})
_STATUS = {"w": IntervalQuality.MEASURED, "e": IntervalQuality.SUBSTITUTED, "v": IntervalQuality.ESTIMATED}
_GZIP = b"\x1f\x8b"
_MOST_BYTES = 256 << 20
_MOST_DIGITS = 12
"""Before the decimal mark: more are no plant's."""
_STATUS_HEADERS = ("status", "kennung", "qualität", "qualitaet", "statuskennung")


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What only a person knows about a file; None: not told. Named as the options of ``lastgang import``."""

    timezone: str | None = None
    label: Label | None = None
    time_columns: tuple[str, ...] = ()
    """Column with date and time, or one with the date and one with the time."""
    power_column: str | None = None
    unit: Unit | None = None
    status_column: str | None = None
    decimal: Literal[",", "."] | None = None
    date_order: DateOrder | None = None
    midnight: Midnight = "begins-day"
    first_start: str | None = None
    skip_lines: int = 0


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One quarter hour of a file; `meter` and `channel` are None where the file names none. No energy: the file has no value."""

    line: int
    start_utc: datetime
    energy_uwh: int | None
    meter: str | None = None
    channel: str | None = None
    site: str | None = None
    quality: IntervalQuality = IntervalQuality.MEASURED


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file says, and what a person should know about it."""

    rows: tuple[ProfileRow, ...]
    notes: tuple[str, ...] = ()


class _Faults(list[Fault]):
    """Collects faults of one file and raises them together."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.name

    def wrong(self, line: int | None, field: str, found: str, expected: str) -> None:
        self.append(Fault(self._file, line, field, found, expected))

    def raise_if_any(self) -> None:
        if len(self) > MOST_FAULTS:
            rest = Fault(self._file, None, "file", f"{len(self) - MOST_FAULTS} more faults", "a file of the format that was told")
            raise InputFaults([*self[:MOST_FAULTS], rest])
        if self:
            raise InputFaults(list(self))


def read_profile(path: Path, options: ProfileOptions | None = None) -> Profile:
    """The quarter hours in `path`.

    Raises
    ------
    InputFaults
        Naming every line that cannot be read or could mean two things.
    """
    options = options or ProfileOptions()
    faults = _Faults(path)
    text = _text(path, faults)
    lines = text.splitlines()[options.skip_lines :]
    first_line = options.skip_lines + 1
    delimiter = _delimiter(lines[0] if lines else "")
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    try:
        table = [(options.skip_lines + reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        faults.wrong(options.skip_lines + reader.line_num, "row", str(error), "cells of less than 128 KiB, quotes that end")
        faults.raise_if_any()
        raise
    if not table:
        faults.wrong(None, "file", "no rows", "a header and a row a quarter hour")
        faults.raise_if_any()
    numbers = _Numbers(options.decimal or ("," if delimiter == ";" else "."), told=options.decimal is not None)
    if options.first_start is not None:
        return _without_stamps(text.rstrip().splitlines()[options.skip_lines :], first_line, options, numbers, faults)
    header = [cell.strip().strip("\ufeff") for cell in table[0][1]]
    if "start_utc" in header:
        return _own_format(header, table[1:], numbers, faults)
    return _logger_format(header, table, options, numbers, faults)


def _text(path: Path, faults: _Faults) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        faults.wrong(None, "file", error.strerror or "unreadable", "a readable file")
        faults.raise_if_any()
        raise
    if raw.startswith(_GZIP):
        raw = _unpacked(raw, faults)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # only headers can differ; stamps and numbers are ASCII


def _unpacked(raw: bytes, faults: _Faults) -> bytes:
    try:
        with gzip.open(io.BytesIO(raw)) as packed:
            text = packed.read(_MOST_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        faults.wrong(None, "file", f"gzip that cannot be unpacked ({error})", "a whole gzip file, or a plain one")
        faults.raise_if_any()
        raise
    if len(text) > _MOST_BYTES:
        faults.wrong(None, "file", f"more than {_MOST_BYTES >> 20} MiB, unpacked", "a load profile: a year of one meter is 2 MiB")
        faults.raise_if_any()
    return text


def _delimiter(first: str) -> str:
    return ";" if ";" in first else "\t" if "\t" in first else ","


class _Numbers:
    """Numbers as they stand in a file."""

    def __init__(self, decimal: str, told: bool) -> None:
        self._decimal, self._told = decimal, told
        self._other = "." if decimal == "," else ","
        thousands = re.escape(self._other)
        self._plain = re.compile(rf"^[+-]?\d+(?:{re.escape(decimal)}\d+)?(?:[eE][+-]?\d+)?$")
        self._grouped = re.compile(rf"^[+-]?\d{{1,3}}(?:{thousands}\d{{3}})+(?:{re.escape(decimal)}\d+)?$")

    def read(self, text: str) -> Decimal | str:
        """The number, or what was expected instead."""
        text = text.strip()
        if self._grouped.match(text):
            if not self._told:
                return f"a number whose {self._other!r} is no riddle: give --decimal ',' or --decimal '.'"
            text = text.replace(self._other, "")
        elif not self._plain.match(text):
            return f"a number with {self._decimal!r} as decimal mark (see --decimal)"
        try:
            number = Decimal(text.replace(self._decimal, "."))
        except InvalidOperation:
            return "a number"
        return number if number.adjusted() < _MOST_DIGITS else f"a number of at most {_MOST_DIGITS} digits"


def energy_uwh(value: Decimal, unit: str) -> int:
    """Whole micro-watt-hours of a quarter hour with this mean power or energy, rounded half to even."""
    return int((value * _UWH_PER_QUARTER[unit]).quantize(Decimal(1), ROUND_HALF_EVEN))


def _value(text: str, unit: str, numbers: _Numbers, line: int, column: str, faults: _Faults) -> int | None:
    if text.strip().lower() in _NO_VALUE:
        return None
    number = numbers.read(text)
    if isinstance(number, str):
        faults.wrong(line, column, repr(text), number)
        return None
    if number < 0:
        faults.wrong(
            line,
            column,
            repr(text),
            "no negative value: feed-in belongs to a channel of its own (energy_export), in a file of its own",
        )
        return None
    return energy_uwh(number, unit)


_LONG = ("meter", "channel", "start_utc", "energy_kwh")
_SHORT = ("start_utc", "power_kw")


def _own_format(header: list[str], table: Sequence[tuple[int, list[str]]], numbers: _Numbers, faults: _Faults) -> Profile:
    """``start_utc,power_kw`` or ``[site,]meter,channel,start_utc,energy_kwh``: stamps are instants."""
    is_long = set(_LONG) <= set(header)
    columns = _LONG if is_long else _SHORT
    unknown = sorted(set(header) - set(columns) - ({"site"} if is_long else set()))
    missing = [column for column in columns if column not in header]
    if unknown or missing or len(set(header)) != len(header):
        faults.wrong(1, "header", ",".join(header), f"{','.join(_SHORT)} or {','.join(_LONG)}")
        faults.raise_if_any()
    rows = []
    for line, cells in table:
        if len(cells) != len(header):
            faults.wrong(line, "row", f"{len(cells)} cells", f"{len(header)} as in the header")
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        start = aware_stamp(row["start_utc"])
        if start is None:
            faults.wrong(line, "start_utc", repr(row["start_utc"]), "an instant with Z or offset, such as 2026-10-23T04:00:00Z")
            continue
        column, unit = ("energy_kwh", "kWh") if is_long else ("power_kw", "kW")
        value = _value(row[column], unit, numbers, line, column, faults)
        rows.append(ProfileRow(line, start, value, row.get("meter"), row.get("channel"), row.get("site")))
    return _checked(rows, faults, ())


def _without_stamps(lines: Sequence[str], first_line: int, options: ProfileOptions, numbers: _Numbers, faults: _Faults) -> Profile:
    """One column of numbers, a quarter hour each, the first one at `first_start`; an empty line is a quarter hour without a value."""
    start = aware_stamp(options.first_start or "")
    if start is None:
        faults.wrong(None, "--first-start", repr(options.first_start), "an instant with its offset, such as 2020-01-01T00:00+01:00")
    if options.unit is None:
        faults.wrong(None, "--unit", "nothing", "what the numbers are: kW, W, MW, kWh, Wh or MWh")
    faults.raise_if_any()
    assert start is not None
    assert options.unit is not None
    is_headed = (
        isinstance(numbers.read(lines[0]), str) and lines[0].strip().lower() not in _NO_VALUE and not lines[0].strip()[0].isdigit()
    )
    rows = [
        ProfileRow(
            first_line + number,
            start + QUARTER * (number - is_headed),
            _value(line, options.unit, numbers, first_line + number, "value", faults),
        )
        for number, line in enumerate(lines)
        if number >= is_headed
    ]
    return _checked(rows, faults, ())


def _logger_format(
    header: list[str], table: Sequence[tuple[int, list[str]]], options: ProfileOptions, numbers: _Numbers, faults: _Faults
) -> Profile:
    """Files of grid operators and loggers: the options say what the columns are."""
    place = _columns(header, options, faults)
    if options.unit is None:
        faults.wrong(None, "--unit", "nothing", "what the column holds: kW, W or MW (mean power), kWh, Wh or MWh (energy)")
    if options.label is None:
        faults.wrong(
            None, "--label", "nothing", "start or end: which edge of the quarter hour the stamps name (grid operators mostly: end)"
        )
    faults.raise_if_any()
    assert options.unit is not None
    assert options.label is not None
    assert options.power_column is not None
    body = [(line, cells) for line, cells in table[1:] if len(cells) > max(place.values())]
    for line, cells in table[1:]:
        if len(cells) <= max(place.values()):
            faults.wrong(line, "row", f"{len(cells)} cells", f"at least {max(place.values()) + 1}")
    starts = _starts(body, [place[column] for column in options.time_columns], options, faults)
    rows = []
    for (line, cells), start in zip(body, starts, strict=True):
        value = _value(cells[place[options.power_column]], options.unit, numbers, line, options.power_column, faults)
        quality = IntervalQuality.MEASURED
        if options.status_column is not None:
            quality = _quality(cells[place[options.status_column]], line, options.status_column, faults)
        rows.append(ProfileRow(line, start, value, quality=quality))
    left_out = [name for name in header if name.lower() in _STATUS_HEADERS and name != options.status_column]
    notes = tuple(f"column {name!r} was not read: give --status-column if it marks substitute values" for name in left_out)
    return _checked(rows, faults, notes)


def _columns(header: list[str], options: ProfileOptions, faults: _Faults) -> dict[str, int]:
    """Column name -> its place; every column that was told must be there once."""
    told = [("--time-column", name) for name in options.time_columns]
    told += [("--power-column", options.power_column)] if options.power_column else []
    told += [("--status-column", options.status_column)] if options.status_column else []
    if not 1 <= len(options.time_columns) <= 2:
        faults.wrong(None, "--time-column", repr(options.time_columns), f"one or two (date, time) of the columns {header}")
    if not options.power_column:
        faults.wrong(None, "--power-column", "nothing", f"one of the columns {header}")
    for option, name in told:
        if header.count(name) != 1:
            faults.wrong(None, option, repr(name), f"a column that is there once, of {header}")
    faults.raise_if_any()
    return {name: header.index(name) for _, name in told}


def _starts(body: Sequence[tuple[int, list[str]]], places: list[int], options: ProfileOptions, faults: _Faults) -> list[datetime]:
    assert options.label is not None
    texts = [" ".join(cells[place].strip() for place in places) for _, cells in body]
    aware = [aware_stamp(text) for text in texts]
    if all(stamp is not None for stamp in aware):
        ends = options.label == "end"
        return [stamp - QUARTER if ends else stamp for stamp in aware if stamp is not None]
    if options.timezone is None:
        expected = "the zone of the stamps, such as Europe/Berlin, or +01:00 if the logger stays on winter time all year"
        faults.wrong(None, "--timezone", "nothing", expected)
        faults.raise_if_any()
    assert options.timezone is not None
    try:
        zone = zone_named(options.timezone)
        walls = [wall_clock(text, row, options.date_order, options.midnight) for row, text in enumerate(texts)]
        return starts_of(walls, zone, options.label)
    except StampFault as fault:
        faults.wrong(body[fault.row][0], "+".join(options.time_columns), fault.found, fault.expected)
    except ValueError as error:
        faults.wrong(None, "--timezone", repr(options.timezone), str(error))
    faults.raise_if_any()
    raise AssertionError


def _quality(text: str, line: int, column: str, faults: _Faults) -> IntervalQuality:
    quality = _STATUS.get(text.strip().lower()[:1])
    if quality is None:
        faults.wrong(line, column, repr(text), "W (measured), E (substitute) or V (preliminary)")
    return quality or IntervalQuality.MEASURED


def _checked(rows: list[ProfileRow], faults: _Faults, notes: tuple[str, ...]) -> Profile:
    """Rows on the grid of quarter hours, each series rising."""
    last: dict[tuple[str | None, str | None], ProfileRow] = {}
    for row in rows:
        before = last.get((row.meter, row.channel))
        if (row.start_utc - _EPOCH) % QUARTER:
            faults.wrong(row.line, "time", _utc(row.start_utc), "a stamp on a quarter hour")
        elif before is not None and row.start_utc <= before.start_utc:
            found = f"{_utc(row.start_utc)} after {_utc(before.start_utc)} (line {before.line})"
            faults.wrong(row.line, "time", found, "rows in rising order, each quarter hour once")
        last[row.meter, row.channel] = row
    steps = _coarse_series(rows)
    if steps:
        faults.wrong(None, "file", f"rows {steps} apart throughout", "quarter hours: a coarser profile cannot tell their peaks")
    if not rows and not faults:
        faults.wrong(None, "file", "a header only", "a row a quarter hour")
    faults.raise_if_any()
    return Profile(tuple(rows), notes)


def _coarse_series(rows: Sequence[ProfileRow]) -> timedelta | None:
    """The distance of rows if it is more than a quarter hour everywhere (three rows at least)."""
    by_series: dict[tuple[str | None, str | None], list[datetime]] = {}
    for row in rows:
        by_series.setdefault((row.meter, row.channel), []).append(row.start_utc)
    for starts in by_series.values():
        smallest = min((b - a for a, b in pairwise(starts)), default=QUARTER)
        if len(starts) > 2 and smallest > QUARTER:
            return smallest
    return None


def to_intervals(profile: Profile, site: str, meter: str, channel: str, revision: int = 0) -> list[Interval]:
    """The rows as intervals, by start; `meter` and `channel` are for rows that name none.

    They have method ``register``, since a load profile is what a meter's register stored; substitute and preliminary values have ``none``:
    the rule was not ours. A row without a value is missing, never zero. Revision 0 stands below whatever the platform has metered itself.
    """
    return sorted(
        (_interval(row, site, row.meter or meter, row.channel or channel, revision) for row in profile.rows),
        key=lambda interval: (interval.start_utc, interval.meter, interval.channel),
    )


def _interval(row: ProfileRow, site: str, meter: str, channel: str, revision: int) -> Interval:
    if row.energy_uwh is None:
        quality, method, coverage = IntervalQuality.MISSING, IntervalMethod.NONE, 0.0
    else:
        quality, coverage = row.quality, 1.0 if row.quality is IntervalQuality.MEASURED else 0.0
        method = IntervalMethod.REGISTER if row.quality is IntervalQuality.MEASURED else IntervalMethod.NONE
    return Interval(
        site, meter, channel, row.start_utc, row.energy_uwh, coverage, quality, method, revision, 0, IntervalOrigin.IMPORT
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _utc(instant_utc: datetime) -> str:
    return f"{instant_utc:%Y-%m-%dT%H:%M:%SZ}"

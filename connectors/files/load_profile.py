"""Load profiles from CSV files: what a row means is read from a header of ours, or told by the caller, and never guessed.

Formats: ``start_utc,power_kw``; ``[site,]meter,channel,start_utc,energy_kwh``; files of grid operators and loggers with local labels
(options say zone, label, column and unit); one column of numbers without stamps (an option says when it starts).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from connectors.files.cells import NO_VALUE, Faults, Numbers, Unit, text_of, unit_in, value_of
from connectors.files.stamps import DateOrder, Label, Midnight, StampFault, aware_stamp, starts_of, wall_clock, zone_named
from connectors.files.status import StatusCount, explained_words, folded, known_words, unknown_word
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from quarters.resolution import coarser_stretch

_STATUS_HEADERS = ("status", "kennung", "qualität", "qualitaet", "statuskennung")
_SEEN = {
    IntervalQuality.MEASURED: IntervalMethod.REGISTER,
    IntervalQuality.CORRECTED: IntervalMethod.REGISTER,
    IntervalQuality.CALCULATED: IntervalMethod.FORMULA,
}
"""Qualities of values that rest on readings of the quarter hour, and how they came about."""


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
    status: tuple[str, ...] = ()
    """Words of the status column that are not known, as ``WORD=QUALITY``."""
    decimal: Literal[",", "."] | None = None
    date_order: DateOrder | None = None
    midnight: Midnight = "begins-day"
    first_start: str | None = None
    skip_lines: int = 0
    unit_confirmed: bool = False
    """The unit is meant although the column's heading names another."""


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
    statuses: tuple[StatusCount, ...] = ()
    """Each status word with what it was taken as, the most frequent one first."""


def read_profile(path: Path, options: ProfileOptions | None = None) -> Profile:
    """The quarter hours in `path`.

    Raises
    ------
    InputFaults
        Naming every line that cannot be read or could mean two things.
    """
    options = options or ProfileOptions()
    faults = Faults(path)
    text = text_of(path).replace("\r\n", "\n").replace("\r", "\n")
    stream = io.StringIO(text)
    for _ in range(options.skip_lines):
        stream.readline()
    begin = stream.tell()
    delimiter = _delimiter(stream.readline())
    stream.seek(begin)
    numbers = Numbers(options.decimal or ("," if delimiter == ";" else "."), told=options.decimal is not None)
    table = _rows(stream, delimiter, options.skip_lines, faults)
    first = next(table, None)
    if first is None:
        faults.wrong(None, "file", "no rows", "a header and a row a quarter hour")
        faults.raise_if_any()
        raise AssertionError
    if options.first_start is not None:
        return _without_stamps(text[begin:].rstrip().split("\n"), options.skip_lines + 1, options, numbers, faults)
    header = [cell.strip().strip("\ufeff") for cell in first[1]]
    if "start_utc" in header:
        return _own_format(header, table, numbers, faults)
    return _logger_format(header, list(table), options, numbers, faults)


def _rows(stream: io.StringIO, delimiter: str, skipped: int, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row that has any, one at a time: a file of many meters has a million."""
    reader = csv.reader(stream, delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield skipped + reader.line_num, cells
    except csv.Error as error:
        faults.wrong(skipped + reader.line_num, "row", str(error), "cells of less than 128 KiB, quotes that end")
        faults.raise_if_any()


def _delimiter(first: str) -> str:
    return ";" if ";" in first else "\t" if "\t" in first else ","


_LONG = ("meter", "channel", "start_utc", "energy_kwh")
_SHORT = ("start_utc", "power_kw")


def _own_format(header: list[str], table: Iterable[tuple[int, list[str]]], numbers: Numbers, faults: Faults) -> Profile:
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
        value = value_of(row[column], unit, numbers, line, column, faults)
        rows.append(ProfileRow(line, start, value, row.get("meter"), row.get("channel"), row.get("site")))
    return _checked(rows, faults)


def _without_stamps(lines: Sequence[str], first_line: int, options: ProfileOptions, numbers: Numbers, faults: Faults) -> Profile:
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
        isinstance(numbers.read(lines[0]), str) and lines[0].strip().lower() not in NO_VALUE and not lines[0].strip()[0].isdigit()
    )
    rows = [
        ProfileRow(
            first_line + number,
            start + QUARTER * (number - is_headed),
            value_of(line, options.unit, numbers, first_line + number, "value", faults),
        )
        for number, line in enumerate(lines)
        if number >= is_headed
    ]
    return _checked(rows, faults)


def _logger_format(
    header: list[str], table: Sequence[tuple[int, list[str]]], options: ProfileOptions, numbers: Numbers, faults: Faults
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
    named = unit_in(options.power_column)
    if named not in (None, options.unit) and not options.unit_confirmed:
        expected = f"{named}, as the column {options.power_column!r} says, or --confirm unit if its heading is wrong"
        faults.wrong(None, "--unit", repr(options.unit), expected)
    body = [(line, cells) for line, cells in table if len(cells) > max(place.values())]
    for line, cells in table:
        if len(cells) <= max(place.values()):
            faults.wrong(line, "row", f"{len(cells)} cells", f"at least {max(place.values()) + 1}")
    starts = _starts(body, [place[column] for column in options.time_columns], options, faults)
    rows, statuses = [], _Statuses(options)
    for (line, cells), start in zip(body, starts, strict=True):
        value = value_of(cells[place[options.power_column]], options.unit, numbers, line, options.power_column, faults)
        quality = IntervalQuality.MEASURED
        if options.status_column is not None:
            quality = statuses.of(cells[place[options.status_column]].strip(), line, value is not None)
        rows.append(ProfileRow(line, start, None if quality is IntervalQuality.MISSING else value, quality=quality))
    statuses.tell(faults)
    left_out = [name for name in header if name.lower() in _STATUS_HEADERS and name != options.status_column]
    notes = tuple(f"column {name!r} was not read: give --status-column if it marks substitute values" for name in left_out)
    return _checked(rows, faults, notes, statuses.counts())


def _columns(header: list[str], options: ProfileOptions, faults: Faults) -> dict[str, int]:
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


def _starts(body: Sequence[tuple[int, list[str]]], places: list[int], options: ProfileOptions, faults: Faults) -> list[datetime]:
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


class _Statuses:
    """The status words of one file: what each was taken as, how often, and which nobody has explained."""

    def __init__(self, options: ProfileOptions) -> None:
        self._column = options.status_column or ""
        self._told = explained_words(options.status)
        self._counts: Counter[tuple[str, IntervalQuality]] = Counter()
        self._unknown: dict[str, tuple[str, int, int]] = {}
        self._spelled: dict[str, str] = {}

    def of(self, word: str, line: int, has_value: bool) -> IntervalQuality:
        """The quality of a row; one without a value needs no status to be missing."""
        key = folded(word)
        quality = self._told.get(key, known_words().get(key))
        if not has_value:
            quality = IntervalQuality.MISSING
        if quality is None:
            first = self._unknown.get(key, (word, line, 0))
            self._unknown[key] = (*first[:2], first[2] + 1)
            return IntervalQuality.FAULTY
        self._counts[self._spelled.setdefault(key, word), quality] += 1
        return quality

    def tell(self, faults: Faults) -> None:
        """Keep a fault for every word that is not known."""
        for word, line, rows in self._unknown.values():
            faults.append(unknown_word(faults.file, line, self._column, word, rows))

    def counts(self) -> tuple[StatusCount, ...]:
        """Every word, the most frequent one first."""
        return tuple(
            StatusCount(word, quality, rows, folded(word) in self._told) for (word, quality), rows in self._counts.most_common()
        )


def _checked(
    rows: list[ProfileRow], faults: Faults, notes: tuple[str, ...] = (), statuses: tuple[StatusCount, ...] = ()
) -> Profile:
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
    _check_resolution(rows, faults)
    if not rows and not faults:
        faults.wrong(None, "file", "a header only", "a row a quarter hour")
    faults.raise_if_any()
    return Profile(tuple(rows), notes, statuses)


def _check_resolution(rows: Sequence[ProfileRow], faults: Faults) -> None:
    """Whether each series is of quarter hours throughout (told from three rows on)."""
    by_series: dict[tuple[str | None, str | None], list[ProfileRow]] = {}
    for row in rows:
        by_series.setdefault((row.meter, row.channel), []).append(row)
    for series in by_series.values():
        starts = [row.start_utc for row in series]
        smallest = min((b - a for a, b in pairwise(starts)), default=QUARTER)
        if len(starts) > 2 and smallest > QUARTER:
            expected = "quarter hours: a coarser profile cannot tell their peaks"
            faults.wrong(None, "file", f"rows {smallest} apart throughout", expected)
            return
        if stretch := coarser_stretch(starts, QUARTER):
            found = f"rows {stretch.step} apart from here on, {QUARTER} elsewhere"
            expected = "quarter hours throughout, or a row for each, its value empty where it is missing"
            faults.wrong(series[stretch.first].line, "time", found, expected)


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
    quality = IntervalQuality.MISSING if row.energy_uwh is None else row.quality
    method, coverage = _SEEN.get(quality, IntervalMethod.NONE), 1.0 if quality in _SEEN else 0.0
    return Interval(
        site, meter, channel, row.start_utc, row.energy_uwh, coverage, quality, method, revision, 0, IntervalOrigin.IMPORT
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _utc(instant_utc: datetime) -> str:
    return f"{instant_utc:%Y-%m-%dT%H:%M:%SZ}"

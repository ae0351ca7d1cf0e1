"""Load profiles from CSV files: what a row means is read from a header of ours, or stated by the caller, and never guessed.

Formats: ``start_utc,power_kw``; ``[site,]meter,channel,start_utc,energy_kwh``; files of grid operators and loggers with local labels
(options say zone, label, column and unit); one column of numbers without stamps (an option says when it starts).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from quarters.numbers import quarter_start
from quarters.profiles.cells import NO_VALUE, Faults, Numbers, Unit, beyond_a_ledger, energy_uwh, text_of
from quarters.profiles.grid import QUARTER_HOURS, Stamps, checked_resolution
from quarters.profiles.load import REACTIVE, read_series
from quarters.profiles.stamps import DateOrder, Label, Midnight, StampFault, aware_stamp, starts_of, wall_clock, zone_named
from quarters.profiles.status import StatusCount, explained_words, folded, known_words, unknown_word
from quarters.profiles.table import NO_ROWS, START, CsvTable, decimal_of, delimiter_of, open_table
from quarters.quality import is_sound

_NO_VALUE = NO_VALUE | {"nan"}
"""Other programs write ``nan`` where they have no value."""
_UNIT_IN_HEADER = re.compile(r"(?<![^\W_])(kwh|mwh|wh|kw|mw|W)(?![^\W_])", re.IGNORECASE)
_SPELLED = {"kwh": "kWh", "mwh": "MWh", "wh": "Wh", "kw": "kW", "mw": "MW"}
_STATUS_HEADERS = ("status", "kennung", "qualität", "qualitaet", "statuskennung")


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What only a person knows about a file; None: not stated. Named as the options of ``lastgang import``."""

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
    if options.first_start is not None:
        return _without_stamps(path, options)
    table = open_table(path, options.skip_lines, options.decimal)
    return _own_form(table) if START in table.header else _mapped(table, options)


def _own_form(table: CsvTable) -> Profile:
    series = read_series(table, QUARTER_HOURS, lambda column, value: None if column == REACTIVE else negative_fault(value))
    rows = [
        ProfileRow(line, start, energy, one.meter, one.channel, one.site)
        for one in series
        for line, start, energy in zip(one.lines, one.starts, one.quarters_uwh(), strict=True)
    ]
    has_reactive = any(one.reactive_kvar is not None for one in series)
    notes = (f"column {REACTIVE!r} was not read: reactive energy belongs to channels of its own",) if has_reactive else ()
    return Profile(tuple(sorted(rows, key=lambda row: row.line)), notes)


def negative_fault(value: Decimal) -> str | None:
    """What was expected in place of a negative value, since a channel of a meter counts one direction only; None for others."""
    if value >= 0:
        return None
    return "no negative value: feed-in belongs to a channel of its own (energy_export), in a file of its own"


def _value(text: str, unit: Unit, numbers: Numbers, line: int, column: str, faults: Faults) -> int | None:
    """The energy [µWh] in a cell; None where there is no value, or none that can be used (then a fault is kept)."""
    if text.strip().lower() in _NO_VALUE:
        return None
    number = numbers.read(text)
    expected = number if isinstance(number, str) else negative_fault(number) or beyond_a_ledger(number, unit)
    if expected is not None:
        faults.wrong(line, column, repr(text), expected)
    return None if isinstance(number, str) or expected is not None else energy_uwh(number, unit)


def _numbers(options: ProfileOptions, delimiter: str) -> Numbers:
    return Numbers(options.decimal or decimal_of(delimiter), options.decimal is not None, "--decimal")


def _without_stamps(path: Path, options: ProfileOptions) -> Profile:
    """One column of numbers, a quarter hour each, the first one at `first_start`; an empty line is a quarter hour without a value."""
    faults = Faults(path)
    start = aware_stamp(options.first_start or "")
    if start is None or start != quarter_start(start):
        expected = "an instant with its offset on a quarter hour, such as 2020-01-01T00:00+01:00"
        faults.wrong(None, "--first-start", repr(options.first_start), expected)
    if options.unit is None:
        faults.wrong(None, "--unit", "nothing", "what the numbers are: kW, W, MW, kWh, Wh or MWh")
    faults.raise_if_any()
    assert start is not None
    assert options.unit is not None
    lines = text_of(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")[options.skip_lines :]
    while lines and not lines[-1].strip():
        lines.pop()
    numbers = _numbers(options, delimiter_of(lines[0]) if lines else ",")
    is_headed = bool(lines) and _is_heading(lines[0].strip(), numbers)
    rows = [
        ProfileRow(number, start + place * QUARTER, _value(line, options.unit, numbers, number, "value", faults))
        for place, (number, line) in enumerate(list(enumerate(lines, options.skip_lines + 1))[is_headed:])
    ]
    return _checked(rows, "--first-start", faults)


def _is_heading(text: str, numbers: Numbers) -> bool:
    return isinstance(numbers.read(text), str) and text.lower() not in _NO_VALUE and not text[0].isdigit()


def _mapped(table: CsvTable, options: ProfileOptions) -> Profile:
    """Files of grid operators and loggers: the options say what the columns are."""
    header, faults, numbers = table.header, Faults(table.path), _numbers(options, table.delimiter)
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
    body = []
    for line, cells in table.body:
        if len(cells) > max(place.values()):
            body.append((line, cells))
        else:
            faults.wrong(line, "row", f"{len(cells)} cells", f"at least {max(place.values()) + 1}")
    starts = _starts(body, [place[column] for column in options.time_columns], options, faults)
    rows, statuses = [], _Statuses(options)
    for (line, cells), start in zip(body, starts, strict=True):
        value = _value(cells[place[options.power_column]], options.unit, numbers, line, options.power_column, faults)
        quality = IntervalQuality.MEASURED
        if options.status_column is not None:
            quality = statuses.of(cells[place[options.status_column]].strip(), line, value is not None)
        rows.append(ProfileRow(line, start, None if quality is IntervalQuality.MISSING else value, quality=quality))
    statuses.report(faults)
    left_out = [name for name in header if name.lower() in _STATUS_HEADERS and name != options.status_column]
    notes = tuple(f"column {name!r} was not read: give --status-column if it marks substitute values" for name in left_out)
    return _checked(rows, "+".join(options.time_columns), faults, notes, statuses.counts())


def _columns(header: list[str], options: ProfileOptions, faults: Faults) -> dict[str, int]:
    """Column name -> its place; every column that was named must be there once."""
    named = [("--time-column", name) for name in options.time_columns]
    named += [("--power-column", options.power_column)] if options.power_column else []
    named += [("--status-column", options.status_column)] if options.status_column else []
    if not 1 <= len(options.time_columns) <= 2:
        faults.wrong(None, "--time-column", repr(options.time_columns), f"one or two (date, time) of the columns {header}")
    if not options.power_column:
        faults.wrong(None, "--power-column", "nothing", f"one of the columns {header}")
    for option, name in named:
        if header.count(name) != 1:
            faults.wrong(None, option, repr(name), f"a column that is there once, of {header}")
    faults.raise_if_any()
    return {name: header.index(name) for _, name in named}


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
        self._stated = explained_words(options.status)
        self._counts: Counter[tuple[str, IntervalQuality]] = Counter()
        self._unknown: dict[str, tuple[str, int, int]] = {}
        self._spelled: dict[str, str] = {}

    def of(self, word: str, line: int, has_value: bool) -> IntervalQuality:
        """The quality of a row; one without a value needs no status to be missing."""
        key = folded(word)
        quality = self._stated.get(key, known_words().get(key))
        if not has_value:
            quality = IntervalQuality.MISSING
        if quality is None:
            first = self._unknown.get(key, (word, line, 0))
            self._unknown[key] = (*first[:2], first[2] + 1)
            return IntervalQuality.FAULTY
        self._counts[self._spelled.setdefault(key, word), quality] += 1
        return quality

    def report(self, faults: Faults) -> None:
        """Keep a fault for every word that is not known."""
        for word, line, rows in self._unknown.values():
            faults.append(unknown_word(faults.file, line, self._column, word, rows))

    def counts(self) -> tuple[StatusCount, ...]:
        """Every word, the most frequent one first."""
        return tuple(
            StatusCount(word, quality, rows, folded(word) in self._stated) for (word, quality), rows in self._counts.most_common()
        )


def _checked(
    rows: list[ProfileRow],
    column: str,
    faults: Faults,
    notes: tuple[str, ...] = (),
    statuses: tuple[StatusCount, ...] = (),
) -> Profile:
    stamps = Stamps(column, [row.start_utc for row in rows], [row.line for row in rows])
    checked_resolution(stamps, QUARTER_HOURS, faults)
    if not rows and not faults:
        faults.wrong(None, "file", *NO_ROWS)
    faults.raise_if_any()
    return Profile(tuple(rows), notes, statuses)


def unit_in(header: str) -> str | None:
    """The unit that a column's heading names; None where it names none, or several."""
    found = {_SPELLED.get(name.lower(), name) for name in _UNIT_IN_HEADER.findall(header) if name != "w"}
    return found.pop() if len(found) == 1 else None


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
    seen = IntervalMethod.FORMULA if quality is IntervalQuality.CALCULATED else IntervalMethod.REGISTER
    method, coverage = (seen, 1.0) if is_sound(quality) else (IntervalMethod.NONE, 0.0)
    return Interval(
        site, meter, channel, row.start_utc, row.energy_uwh, coverage, quality, method, revision, 0, IntervalOrigin.IMPORT
    )

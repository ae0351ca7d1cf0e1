"""Reads a file as it was proposed, by the strict rules: exact numbers, every stamp in its place, one grid, nothing left out in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from domain.intervals import QUARTER, IntervalQuality, worst_quality
from quarters.numbers import quarter_start
from quarters.profiles.cells import EXACT, UWH_PER_QUARTER, Faults, Numbers, beyond_a_ledger
from quarters.profiles.grid import QUARTER_HOURS, RESOLUTIONS_MIN, Stamps, checked_resolution
from quarters.profiles.load import ENERGY, POWER, LoadSeries, is_own_form, read_profile
from quarters.profiles.sniff.clocks import Walls
from quarters.profiles.sniff.grids import Numeral
from quarters.profiles.sniff.marks import without_unit
from quarters.profiles.sniff.propose import Proposal, proposal
from quarters.profiles.sniff.reading import Assumption, Reading, ReadOptions
from quarters.profiles.sniff.spelling import NONE
from quarters.profiles.sniff.units import is_energy, units_in
from quarters.profiles.stamps import StampFault, aware_stamp, starts_of, zone_named
from quarters.profiles.status import explained_words, folded, known_words, unknown_word

_SCALE = {"W": -3, "kW": 0, "MW": 3}
_SENTINELS = frozenset(Decimal(-number) for number in (999, 9999, 99999, 999999))
"""What loggers write where they have no value."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load profile and what was assumed to read it; nothing of a file in our own form."""

    series: LoadSeries
    reading: Reading | None = None

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """With the evidence of each."""
        return () if self.reading is None else self.reading.assumptions


def read_any(path: Path, options: ReadOptions | None = None, resolutions_min: Sequence[int] = QUARTER_HOURS) -> Loaded:
    """The load in `path`, in our own form or as evidence and `options` say.

    Parameters
    ----------
    resolutions_min
        What the caller can use [min]. Where only quarter hours will do, finer rows become quarter hours: one that lacks a row, or a value, is
        missing. Coarser rows are refused, since they hide peaks.

    Raises
    ------
    Unclear
        With the questions that only a person can answer.
    InputFaults
        With the faults of the file.
    """
    options = options or ReadOptions()
    if not options.skip_lines and is_own_form(path):
        return Loaded(read_profile(path, resolutions_min))
    found = proposal(path, options)
    return Loaded(_series(path, found, options, resolutions_min), found.reading)


def _series(path: Path, found: Proposal, options: ReadOptions, resolutions_min: Sequence[int]) -> LoadSeries:
    reading, faults = found.reading, Faults(path, "a file as it was proposed to be read")
    values = _values(found, faults)
    qualities = _qualities(found, values, options, faults)
    lines = found.rows.lines
    if reading.newest_first:
        values, qualities, lines = values[::-1], qualities[::-1], lines[::-1]
    kept = list(range(len(values)))
    if found.walls is None:
        starts = _counted(reading.first_start or "", len(values), faults)
    else:
        walls = found.walls.walls
        kept = [place for place in kept if values[place] is not None or walls[place] not in found.clock.blank_hours]
        starts = _starts(found.walls, kept, reading, lines, faults)
    faults.raise_if_any()
    lines, values, qualities = [lines[at] for at in kept], [values[at] for at in kept], [qualities[at] for at in kept]
    column = "+".join(reading.time_columns) or "--first-start"
    stamps = Stamps(column, starts, lines)
    minutes = checked_resolution(stamps, RESOLUTIONS_MIN if min(resolutions_min) == 15 else resolutions_min, faults)
    if minutes not in resolutions_min and 15 % minutes:
        checked_resolution(stamps, resolutions_min, faults)
    faults.raise_if_any()
    energy = is_energy(reading.unit)
    series = LoadSeries(
        path,
        timedelta(minutes=minutes),
        starts,
        lines,
        ENERGY if energy else POWER,
        values,
        qualities=qualities if reading.status_column else None,
    )
    return series if minutes in resolutions_min else _to_quarters(series)


def _values(found: Proposal, faults: Faults) -> list[Decimal | None]:
    """Powers [kW] or energies [kWh]; None where the value is missing."""
    reading = found.reading
    scale = _SCALE[reading.unit.removesuffix("h")]
    as_workbook = Numbers(".")
    values: list[Decimal | None] = []
    for line, text in zip(found.rows.lines, found.rows.values, strict=True):
        if text.lower() in NONE:
            values.append(None)
            continue
        numbers = as_workbook if isinstance(text, Numeral) else found.numbers
        bare = without_unit(text)
        number = numbers.read(bare.replace(" ", ""))
        expected = number if isinstance(number, str) else _beyond(number, reading.unit)
        if bare != text and units_in(text) != {reading.unit}:
            expected = f"{reading.unit}, as in the other rows"
        if expected is not None:
            faults.wrong(line, reading.column, repr(text), expected)
        values.append(EXACT.scaleb(number, Decimal(scale)) if isinstance(number, Decimal) else None)
    return values


def _beyond(number: Decimal, unit: str) -> str | None:
    if number in _SENTINELS:
        return "an empty cell where there is no value: this number is what loggers write for none"
    return beyond_a_ledger(number, unit)


def _qualities(found: Proposal, values: list[Decimal | None], options: ReadOptions, faults: Faults) -> list[IntervalQuality]:
    """As the status words say; a value whose word says that it is missing is taken out of `values`."""
    if not found.rows.statuses:
        return [IntervalQuality.MISSING if value is None else IntervalQuality.MEASURED for value in values]
    stated, qualities = explained_words(options.status), []
    unknown: dict[str, tuple[str, int, int]] = {}
    for place, (line, word) in enumerate(zip(found.rows.lines, found.rows.statuses, strict=True)):
        key = folded(word)
        quality = stated.get(key, known_words().get(key))
        if values[place] is None:
            quality = IntervalQuality.MISSING
        elif quality is None:
            first = unknown.get(key, (word, line, 0))
            unknown[key] = (*first[:2], first[2] + 1)
            quality = IntervalQuality.FAULTY
        elif quality is IntervalQuality.MISSING:
            values[place] = None
        qualities.append(quality)
    for word, line, count in unknown.values():
        faults.append(unknown_word(faults.file, line, found.reading.status_column or "", word, count))
    return qualities


def _starts(walls: Walls, kept: list[int], reading: Reading, lines: Sequence[int], faults: Faults) -> list[datetime]:
    if walls.instants is not None:
        ends = reading.label == "end"
        return [walls.instants[place] - reading.resolution if ends else walls.instants[place] for place in kept]
    try:
        return starts_of(
            [walls.walls[place] for place in kept], zone_named(reading.zone or "UTC"), reading.label, reading.resolution
        )
    except StampFault as fault:
        faults.wrong(lines[kept[fault.row]], "+".join(reading.time_columns), fault.found, fault.expected)
    except ValueError as error:
        faults.wrong(None, "--timezone", repr(reading.zone), str(error))
    return []


def _counted(first_start: str, count: int, faults: Faults) -> list[datetime]:
    start = aware_stamp(first_start)
    if start is None or start != quarter_start(start):
        expected = "an instant with its offset on a quarter hour, such as 2020-01-01T00:00+01:00"
        faults.wrong(None, "--first-start", repr(first_start), expected)
        return []
    return [start + place * QUARTER for place in range(count)]


def _to_quarters(series: LoadSeries) -> LoadSeries:
    """Quarter hours of finer rows, to the micro-watt-hour; missing where one of their rows is missing."""
    per_quarter = QUARTER // series.resolution
    by_quarter: dict[datetime, list[int]] = {}
    for place, start in enumerate(series.starts):
        by_quarter.setdefault(quarter_start(start), []).append(place)
    unit, parts = (UWH_PER_QUARTER["kWh"], 1) if series.column == ENERGY else (UWH_PER_QUARTER["kW"], per_quarter)
    energies: list[Decimal | None] = []
    for places in by_quarter.values():
        found = [value for place in places if (value := series.values[place]) is not None]
        whole = len(found) == per_quarter
        uwh = EXACT.divide(EXACT.multiply(_sum(found), unit), Decimal(parts)).quantize(Decimal(1), ROUND_HALF_EVEN, EXACT)
        energies.append(EXACT.divide(uwh, UWH_PER_QUARTER["kWh"]) if whole else None)
    lines = [series.lines[places[0]] for places in by_quarter.values()]
    worst = (
        None
        if series.qualities is None
        else [worst_quality(series.qualities[place] for place in places) for places in by_quarter.values()]
    )
    return LoadSeries(series.path, QUARTER, list(by_quarter), lines, ENERGY, energies, qualities=worst)


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total

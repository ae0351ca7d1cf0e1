"""What a plant's quarter hours can be: not in the future, not of another age, not far above what the meter lets through. Pure.

In: rows of a file, the plant's clock and its meters' ratings.  Out: faults, each with the line of the first row that it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from connectors.files.load_profile import Profile, ProfileRow
from domain.errors import Fault
from domain.instants import instant_text
from domain.intervals import QUARTER
from domain.units import UWH_PER_KWH

Confirmation = Literal["above-rating", "unit"]
"""What a person may confirm: values above the meter's rating; a unit other than the one in the column's heading."""
OLDEST_UTC = datetime(1990, 1, 1, tzinfo=UTC)
"""Load profiles of quarter hours are no older."""
_LOW_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be of a plant now."""

    now_utc: datetime
    """The plant's clock."""
    ahead: timedelta
    """How far it may stand behind the clock that ended a quarter hour."""
    most_kw: Mapping[str, float]
    """By meter: no quarter hour can draw more."""
    rated_kw: Mapping[str, float]
    """By meter: its ``max_power_kw``."""


def without_blanks_ahead(profile: Profile, limits: Limits) -> tuple[Profile, int]:
    """The profile without rows that are neither over nor have a value, as exports of the running month have them, and how many."""
    rows = tuple(row for row in profile.rows if row.energy_uwh is not None or not _is_ahead(row, limits))
    return replace(profile, rows=rows), len(profile.rows) - len(rows)


def time_faults(rows: Sequence[ProfileRow], limits: Limits, file: str) -> list[Fault]:
    """Rows that are not over yet by the plant's clock, and rows of another age: one fault each, at the first of them."""
    faults = []
    if ahead := [row for row in rows if _is_ahead(row, limits)]:
        last = f"{limits.now_utc:%Y-%m-%dT%H:%M:%SZ}, the plant's clock, or {limits.ahead.total_seconds():g} s after it"
        expected = f"quarter hours that ended by {last}; check the year, the zone and which edge the stamps name (--label)"
        faults.append(
            Fault(
                file,
                ahead[0].line,
                "time",
                f"{instant_text(ahead[0].start_utc)}, a quarter hour in the future{_more(ahead)}",
                expected,
            )
        )
    if aged := [row for row in rows if row.start_utc < OLDEST_UTC]:
        expected = f"quarter hours since {OLDEST_UTC.year}; check the year"
        faults.append(Fault(file, aged[0].line, "time", f"{instant_text(aged[0].start_utc)}{_more(aged)}", expected))
    return faults


def power_faults(rows: Sequence[ProfileRow], meter: str, channel: str, limits: Limits, file: str) -> list[Fault]:
    """Series with quarter hours above what their meter lets through; `meter` and `channel` are for rows that name none."""
    faults = []
    for (name, of_channel), series in _by_series(rows, meter, channel):
        above = [row for row in series if name in limits.most_kw and _kw(row) > limits.most_kw[name]]
        if above:
            highest = max(above, key=_kw)
            found = (
                f"{_kw(highest):,.1f} kW at {instant_text(highest.start_utc)} as the highest of {len(above):,} quarter hours above "
                f"{limits.most_kw[name]:,.6g} kW, of {len(series):,}"
            )
            expected = (
                f"no more than 1.2 times the {limits.rated_kw[name]:,.6g} kW that max_power_kw of meter {name!r} says; are the values in "
                f"another unit (--unit; a column power_kw holds kW)? If they are right, correct max_power_kw or give --confirm above-rating"
            )
            faults.append(Fault(file, above[0].line, f"{name}/{of_channel}", found, expected))
    return faults


def power_notes(rows: Sequence[ProfileRow], meter: str, channel: str, limits: Limits) -> list[str]:
    """Series whose highest quarter hour is so far below the rating that the unit should be looked at."""
    notes = []
    for (name, of_channel), series in _by_series(rows, meter, channel):
        highest = max((_kw(row) for row in series), default=0.0)
        if name in limits.rated_kw and 0 < highest < _LOW_SHARE * limits.rated_kw[name]:
            share = f"{highest / limits.rated_kw[name]:.2%}"
            notes.append(f"{name}/{of_channel}: the highest quarter hour is {share} of max_power_kw; is the unit right?")
    return notes


def _by_series(rows: Sequence[ProfileRow], meter: str, channel: str) -> Iterable[tuple[tuple[str, str], list[ProfileRow]]]:
    series: dict[tuple[str, str], list[ProfileRow]] = {}
    for row in rows:
        series.setdefault((row.meter or meter, row.channel or channel), []).append(row)
    return series.items()


def _is_ahead(row: ProfileRow, limits: Limits) -> bool:
    return row.start_utc + QUARTER > limits.now_utc + limits.ahead


def _kw(row: ProfileRow) -> float:
    return 0.0 if row.energy_uwh is None else 4 * row.energy_uwh / UWH_PER_KWH


def _more(rows: Sequence[ProfileRow]) -> str:
    return "" if len(rows) == 1 else f", and {len(rows) - 1:,} more rows"

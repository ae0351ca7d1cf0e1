"""A series laid out by local days, so that the same quarter hour of the clock stands under itself.

In: loads by UTC quarter hour (`slots.LoadRing`), the site's local days.  Out: `Grid`: quarter hour `q` of local day `d` at index
``96 d + q``, whatever the clock changes do. A skipped hour shows the hour after it, of a doubled one the first is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from domain.calendars import DayKind
from forecasting.days import LocalDay, SiteDays
from forecasting.jobs import FOREVER, JobLoads
from forecasting.slots import LEADS, SLOTS_PER_DAY, Bools, Floats, Ints

AHEAD_DAYS = 3
"""48 h from any time of day reach into two days after the running one."""
_SPECIAL = (DayKind.BRIDGE, DayKind.YEAR_END, DayKind.SHUTDOWN)
REACH = LEADS + 4
"""Grid steps ahead of an origin: a day of 92 quarter hours skips four of them."""


@dataclass(frozen=True)
class Grid:
    """One series by local day; all arrays of loads are ``(96 days,)`` in kW and nan where nothing is known."""

    load_kw: Floats
    trust: Floats
    """0..1."""
    origin: int
    """Index of the first quarter hour that is not known yet."""
    slot_at: Ints
    """UTC quarter hour of each index."""
    lead_index: Ints
    """Index of each of the `LEADS` quarter hours to come."""
    weekday: Ints
    """Of each day; holidays rest as Sundays do: (days,)."""
    kind: Ints
    """Of each day, alike by its shifts, or by the calendar where there are none: (days,)."""
    special: Ints
    """0 for usual days; bridge days, days between the years and shutdowns have numbers of their own: (days,)."""
    rests: Ints
    """1 for days without work: (days,)."""
    at_work: Bools
    """Whether a shift runs at each index; of a plant without shifts, whether it is a working day: (96 days,)."""
    jobs: JobLoads
    inputs: Mapping[str, Floats] = field(default_factory=dict)
    changed: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """Days whose shifts differ from the weekly pattern, as their numbers in the grid."""

    @property
    def days(self) -> int:
        """How many local days it spans, those ahead included."""
        return len(self.weekday)

    def jobs_kw(self, at: int, origin: int) -> Floats:
        """Jobs from index `at` over `REACH` steps, by the plan as it stood at `origin`; the newest origin knows all that is planned."""
        slots = self.slot_at[at : at + REACH]
        known = FOREVER - 1 if origin == self.origin else int(self.slot_at[origin])
        first = int(slots[0])
        found: Floats = self.jobs.as_known_at(known, first, int(slots[-1]) - first + 1)[slots - first]
        return found

    def past_jobs_kw(self) -> Floats:
        """Jobs at every index, as they came to pass by the newest plan."""
        first = int(self.slot_at[0])
        found: Floats = self.jobs.as_known_at(FOREVER - 1, first, int(self.slot_at[-1]) - first + 1)[self.slot_at - first]
        return found


def lay_out(
    days: SiteDays,
    first_slot: int,
    load_kw: Floats,
    trust: Floats,
    next_slot: int,
    jobs: JobLoads,
    inputs: Mapping[str, Floats] | None = None,
    at_rest: bool = False,
) -> Grid:
    """The grid of a series.

    Parameters
    ----------
    first_slot
        Quarter hour of ``load_kw[0]``; `load_kw`, `trust` reach at most to the one before `next_slot`.
    inputs
        Known inputs from `first_slot` on, past `next_slot` as far as they are known.
    at_rest
        Whether days ahead that are only in part like an ordinary one stand as what they are like while they rest, not while they work.
    """
    first_day, today = days.date_of(first_slot), days.date_of(next_slot)
    # One day more than requested: a horizon of 48 h may skip an hour.
    spanned = days.from_day(first_day, (today - first_day).days + AHEAD_DAYS + 1)
    slot_at = np.concatenate([day.slot_at for day in spanned])
    begin = (today - first_day).days * SLOTS_PER_DAY
    index_of = _indexes(spanned, next_slot + LEADS)
    origin = int(index_of[next_slot - spanned[0].first_slot])
    like = [_like(day, day.day >= today, at_rest) for day in spanned]
    weekday, rests = np.array([(day.weekday, day.rests) for day in like], np.int64).T
    numbers: dict[tuple[str, ...], int] = {}
    kind = np.array([numbers.setdefault(day.by_shifts, len(numbers)) for day in like])
    special = np.array([_SPECIAL.index(day.by_kind[0]) + 1 if day.by_kind[0] in _SPECIAL else 0 for day in spanned])
    known = slot_at < next_slot
    known[begin + SLOTS_PER_DAY :] = False
    # Where a clock change skips an hour, the grid would show the hour after it before that has come.
    known[origin:] = False
    return Grid(
        np.where(known, _at(load_kw, slot_at - first_slot, np.nan), np.nan),
        np.where(known, _at(trust, slot_at - first_slot, 0.0), 0.0),
        origin,
        slot_at,
        index_of[next_slot - spanned[0].first_slot :][:LEADS],
        weekday,
        kind,
        special,
        rests,
        _at_work(spanned),
        jobs,
        {name: _at(values, slot_at - first_slot, np.nan) for name, values in (inputs or {}).items()},
        np.flatnonzero([day.stand_ins is not None for day in spanned]),
    )


def _like(day: LocalDay, is_ahead: bool, at_rest: bool) -> LocalDay:
    """What `day` is compared as. A past one that no ordinary day is wholly like is compared as itself: others must not be like half of it."""
    if day.stand_ins is None or (day.is_partly_ordinary and not is_ahead):
        return day
    return day.stand_ins[at_rest and day.is_partly_ordinary]


def _at_work(spanned: list[LocalDay]) -> Bools:
    return np.concatenate([day.at_work[day.slot_at - day.first_slot] for day in spanned])


def _indexes(spanned: list[LocalDay], until_slot: int) -> Ints:
    """Grid index of every UTC quarter hour from the first day's beginning to `until_slot`."""
    parts = [number * SLOTS_PER_DAY + day.clock for number, day in enumerate(spanned)]
    found: Ints = np.concatenate(parts)[: until_slot - spanned[0].first_slot]
    return found


def _at(values: Floats, places: Ints, otherwise: float) -> Floats:
    inside = (places >= 0) & (places < len(values))
    if not len(values):
        return np.full(len(places), otherwise)
    found: Floats = np.where(inside, values[np.clip(places, 0, len(values) - 1)], otherwise)
    return found

"""A real load profile at the grid connection, with the simulated factory's decisions on top.

main = profile + (the factory as it runs - the factory as it would have run without moved jobs and without the furnace left on),
never below zero import. Within a quarter hour the profile ripples, and keeps its energy to the micro-watt-hour.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from domain.calendars import at_local
from domain.errors import Fault, InputFaults
from domain.intervals import QUARTER
from quarters.profiles.sniff.read import read_any
from quarters.profiles.sniff.reading import ReadOptions
from simulation.noise import Noise
from simulation.surprises import Surprises
from simulation.surroundings import QUARTER_S

HISTORY = timedelta(weeks=5)
LIVE = timedelta(hours=12)
START_CLOCK = "06:00"
BATCH_KW = 135.0
"""What a batch adds while it heats up, in a factory of scale 1."""
BATCH_SHARE = 0.05
_WEEK_S = 7 * 86_400
_UWH_PER_KW_QUARTER = 250_000_000


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """Mean power [kW] by start of the quarter hour [s since 1970], in order and without gaps in the order of rows."""

    starts_s: tuple[int, ...]
    power_kw: tuple[float, ...]

    def at(self, start_s: int) -> float:
        """Mean power of a quarter hour; beyond the end, and in a gap, that of the same quarter hour a week before."""
        if start_s < self.starts_s[0]:
            return self.power_kw[0]
        while start_s >= self.starts_s[0]:
            place = bisect_left(self.starts_s, start_s)
            if place < len(self.starts_s) and self.starts_s[place] == start_s:
                return self.power_kw[place]
            start_s -= _WEEK_S
        return self.power_kw[0]

    def between(self, from_utc: datetime, to_utc: datetime) -> Iterator[tuple[datetime, float]]:
        """Rows that start in ``[from_utc, to_utc)``."""
        first, last = (bisect_left(self.starts_s, int(instant.timestamp())) for instant in (from_utc, to_utc))
        for place in range(first, last):
            yield datetime.fromtimestamp(self.starts_s[place], UTC), self.power_kw[place]

    @property
    def first_utc(self) -> datetime:
        """Start of the first row."""
        return datetime.fromtimestamp(self.starts_s[0], UTC)

    @property
    def end_utc(self) -> datetime:
        """End of the last row."""
        return datetime.fromtimestamp(self.starts_s[-1], UTC) + QUARTER


def read_replay(path: Path, options: ReadOptions | None = None) -> LoadProfile:
    """The load profile of quarter hours in `path`; rows without a value are left out.

    Raises
    ------
    InputFaults
        With every fault of the file, or if no row has a value.
    """
    load = read_any(path, options).series
    known = [(int(start.timestamp()), float(kw)) for start, kw in zip(load.starts, load.power_kw(), strict=True) if kw is not None]
    if not known:
        raise InputFaults([Fault(str(path), None, "rows", "none with a value", "a value a quarter hour")])
    return LoadProfile(tuple(start for start, _ in known), tuple(power for _, power in known))


def pick_replay_start(profile: LoadProfile, zone: ZoneInfo) -> datetime:
    """A Friday 06:00 local with five weeks before it and a day after it, whose next twelve hours bring a new peak.

    Of all such Fridays the one whose highest quarter hour stands highest above everything of the five weeks before; where none
    brings a new peak, the one that comes nearest.

    Raises
    ------
    InputFaults
        If the profile is too short.
    """
    day = (profile.first_utc + HISTORY).astimezone(zone).date()
    best: tuple[float, datetime] | None = None
    while True:
        day += timedelta(days=1)
        start = at_local(day, START_CLOCK, zone)
        if start + LIVE > profile.end_utc:
            break
        if day.weekday() == 4:
            before = max((power for _, power in profile.between(start - HISTORY, start)), default=0.0)
            after = max((power for _, power in profile.between(start, start + LIVE)), default=0.0)
            if before > 0 and (best is None or after / before > best[0]):
                best = (after / before, start)
    if best is None:
        found = f"rows from {profile.first_utc:%Y-%m-%d} to {profile.end_utc:%Y-%m-%d}"
        raise InputFaults([Fault("load profile", None, "rows", found, "five weeks and a Friday after them, at least")])
    return best[1]


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How the demo plant is made to fit behind a load profile; arguments of `demo_plant.write`."""

    start_utc: datetime
    scale: float
    target_kw: float
    billed_peak_kw: float


def plan_replay(profile: LoadProfile, zone: ZoneInfo, start_utc: datetime | None = None) -> ReplayPlan:
    """Start, size and limits: a batch draws a twentieth of the profile's peak while it heats up, so that there are hours to move it to.

    The peak billed so far is the highest quarter hour of the five weeks before; the target lies a hundredth below it.
    """
    start = pick_replay_start(profile, zone) if start_utc is None else start_utc
    before = max(power for _, power in profile.between(start - HISTORY, start))
    return ReplayPlan(start, round(BATCH_SHARE * before / BATCH_KW, 3), round(0.99 * before, 1), round(before, 1))


def baseline_surprises(surprises: Surprises) -> Surprises:
    """What the profile has in it already: all but the furnace left on."""
    return replace(surprises, left_on=(), resets=())


class Shadow(Protocol):
    """A factory that runs beside, without moves."""

    def advance_to(self, t_s: float) -> None:
        """Go on to `t_s`."""

    def own_step_uwh(self) -> int:
        """Energy of the running tick [µWh]."""


class Replay:
    """The grid meter's energy per tick, given what the factory behind it draws."""

    def __init__(self, profile: LoadProfile, seed: int, tick_s: int, shadow: Shadow | None = None) -> None:
        self._profile = profile
        self._noise = Noise(seed, "replay", 20.0)
        self._tick_s = tick_s
        self.shadow = shadow
        self._ticks = lru_cache(maxsize=4)(self._quarter_ticks)

    def main_step_uwh(self, t_s: int, own_uwh: int) -> int:
        """Energy [µWh] that the grid meter counts in the tick at `t_s`; never negative."""
        step = self._ticks(t_s // QUARTER_S)[t_s % QUARTER_S // self._tick_s]
        if self.shadow is None:
            return max(0, step)
        self.shadow.advance_to(t_s)
        return max(0, step + own_uwh - self.shadow.own_step_uwh())

    def _quarter_ticks(self, quarter: int) -> list[int]:
        """The quarter hour's energy, divided over its ticks: towards its neighbours, with ripple; the sum is exact."""
        start = quarter * QUARTER_S
        before, here, after = (self._profile.at(start + offset) for offset in (-QUARTER_S, 0, QUARTER_S))
        count = QUARTER_S // self._tick_s
        total = round(here * _UWH_PER_KW_QUARTER)
        if here <= 0:
            return [total // count + (1 if place < total % count else 0) for place in range(count)]
        weights = []
        for place in range(count):
            share = (place + 0.5) / count - 0.5
            toward = after if share > 0 else before
            level = here + (toward - here) * abs(share)
            weights.append(max(0.05 * here, level * (1 + 0.02 * self._noise.at(start + place * self._tick_s))))
        scale = total / sum(weights)
        booked, reached, ticks = 0, 0.0, []
        for weight in weights[:-1]:
            reached += weight * scale
            ticks.append(round(reached) - booked)
            booked += ticks[-1]
        return [*ticks, total - booked]

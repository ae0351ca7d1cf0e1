"""Which loads are held for so many kilowatts, from when, and when each may draw again, so that no second peak follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.clock import EPOCH
from domain.flexible_loads import ChargePoint, FlexibleLoad
from domain.intervals import QUARTER
from flexibility.holding import Holdable
from flexibility.physics import store_of
from governor.live.moment import HOUR, MINUTE, NOTICE, Running

STAGGER = 2 * MINUTE
"""Between the returns of two loads: motors and heaters that start together draw more than their power."""

_NOTHING_KWH = 1e-6


@dataclass(frozen=True, slots=True)
class Chosen:
    """A load that is to be held from `start_utc`, and may draw again from `end_utc` on."""

    load: str
    kw: float
    start_utc: datetime
    end_utc: datetime
    back_kwh: float
    """What it draws more afterwards."""


def in_turn(free: Sequence[Holdable], released: Mapping[str, datetime]) -> list[Holdable]:
    """Who waits first: by priority; of the same priority, who has waited the longest ago."""
    return sorted(free, key=lambda one: (one.priority, released.get(one.name, EPOCH), -one.kw_now, one.name))


def capacity_kw(run: Running, free: Sequence[Holdable], start_utc: datetime) -> float:
    """What all loads together take off the quarter hour if they are held from `start_utc` on, as its mean [kW]."""
    return sum(run.mean_kw(one.kw_now, start_utc) for one in free)


def choose(
    run: Running, wanted_kw: float, level_kw: float, free: Sequence[Holdable], loads: Mapping[str, FlexibleLoad], returning_kwh: Sequence[tuple[datetime, float]] = ()
) -> tuple[Chosen, ...]:  # fmt: skip
    """Loads to hold for `wanted_kw` off the mean of the quarter hour, those first that wait first; fewer where the others could not come back.

    Parameters
    ----------
    level_kw
        What the quarter hours that follow must stay below with what comes back in them.
    free
        In the order in which they are to wait.
    returning_kwh
        What comes back by earlier holds: from when on, and how much.
    """
    start = run.now_utc + NOTICE
    returns = _Returns(run, level_kw, returning_kwh)
    found: list[Chosen] = []
    for one in free:
        if sum(run.mean_kw(chosen.kw, start) for chosen in found) >= wanted_kw:
            break
        earliest = max(run.end_utc, start + loads[one.name].min_off_min * MINUTE)
        chosen = returns.place(one, start, earliest, surplus_kw(loads[one.name])) if run.mean_kw(one.kw_now, start) > 0 else None
        if chosen is not None:
            found.append(chosen)
    return _without_superfluous(run, wanted_kw, start, found)


def _without_superfluous(run: Running, wanted_kw: float, start: datetime, found: list[Chosen]) -> tuple[Chosen, ...]:
    """Without those that the others make up for: a large one may have come last."""
    kept = list(found)
    for one in found:
        rest = sum(run.mean_kw(other.kw, start) for other in kept if other is not one)
        if rest >= wanted_kw:
            kept.remove(one)
    return tuple(kept)


class _Returns:
    """Places what comes back in the quarter hours that follow, one load after the other, below a level."""

    def __init__(self, run: Running, level_kw: float, returning_kwh: Sequence[tuple[datetime, float]]) -> None:
        self._run, self._level_kw = run, level_kw
        self._kw = [float(kw) for kw in run.ahead_kw]
        self._places = [0] * len(self._kw)
        for at, kwh in returning_kwh:
            slot = (at - run.end_utc) // QUARTER
            if 0 <= slot < len(self._kw):
                self._kw[slot] += kwh * (HOUR / QUARTER)
                self._places[slot] += 1

    def place(self, one: Holdable, start: datetime, earliest: datetime, surplus_kw: float) -> Chosen | None:
        """The first return of a load that keeps the level; None where it would have to come back before."""
        for slot in range(max((earliest - self._run.end_utc) // QUARTER, 0), len(self._kw)):
            end = max(self._run.end_utc + slot * QUARTER + self._places[slot] * STAGGER, earliest)
            if end > one.until_utc:
                return None
            if end >= self._run.end_utc + (slot + 1) * QUARTER:
                continue
            back_kwh = min(one.kw_now * ((end - start) / HOUR), one.must_return_kwh)
            if self._put(slot, back_kwh, surplus_kw):
                self._places[slot] += 1
                return Chosen(one.name, one.kw_now, start, end, back_kwh)
        return None

    def _put(self, slot: int, kwh: float, surplus_kw: float) -> bool:
        """Count a return from `slot` on, with at most `surplus_kw`; False, and nothing counted, where it passes the level."""
        added = []
        for index in range(slot, len(self._kw)):
            kw = min(kwh * (HOUR / QUARTER), surplus_kw)
            if kw > 0 and self._kw[index] + kw > self._level_kw:
                return False
            added.append((index, kw))
            kwh -= kw * (QUARTER / HOUR)
            if kwh <= _NOTHING_KWH or kw <= 0:
                break
        for index, kw in added:
            self._kw[index] += kw
        return True


def surplus_kw(load: FlexibleLoad) -> float:
    """By how much more than usual a load can draw after a hold [kW]."""
    store = store_of(load)
    if store is not None:
        return store.most_kw - store.keeping_kw((store.lower + store.upper) / 2, store.usual_use_per_h)
    return load.max_kw if isinstance(load, ChargePoint) else math.inf

"""The peaks that make the bill, and what it takes to cut them.

A peak is the highest quarter hour of its surroundings: no other one lies within `APART` of it. To cut the highest `n` peaks is to bring the load
down to where the next one stands, everywhere; what is not drawn then is drawn in the lowest quarter hours of the same local day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from analysis.local_load import Flags, Floats, LocalLoad

APART = 24
"""Quarter hours between two peaks: six hours, so that the two shoulders of one shift are one peak."""


@dataclass(frozen=True, slots=True)
class Peak:
    """One peak."""

    start_utc: datetime
    kw: float
    above_next_kw: float
    """How far it lies above the next lower peak."""
    quarters_above_next: int
    """Quarter hours of its surroundings that lie above the next lower peak."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What it takes to cut the highest peaks."""

    peaks: int
    level_kw: float
    """What no quarter hour passes then."""
    shifted_kw: float
    """The most that is drawn less in one quarter hour."""
    shifted_kwh: float
    """Energy that is drawn later or earlier on the same day, in all."""
    longest_h: float
    """The longest time in a row that load is held back."""
    days: int
    """On how many days."""
    after: LocalLoad


def peaks_of(load: LocalLoad, most: int) -> list[Peak]:
    """The highest peaks, the highest first; fewer where there are not so many."""
    places = peak_places(load.kw, most + 1)
    found = []
    for place, following in zip(places, [*places[1:], None], strict=False):
        below = float(load.kw[following]) if following is not None else 0.0
        around = load.kw[max(place - APART + 1, 0) : place + APART]
        count = int((around > below).sum()) if following is not None else len(around)
        found.append(Peak(load.start_utc(place), float(load.kw[place]), float(load.kw[place]) - below, count))
    return found[:most]


def peak_places(kw: Floats, most: int) -> list[int]:
    """Places of the highest quarter hours that lie `APART` from each other, the highest first; equal ones in order of time."""
    taken = np.isnan(kw) | (kw <= 0)
    found: list[int] = []
    for place in np.argsort(np.where(taken, 0.0, -kw), kind="stable"):
        if len(found) == most or taken[place]:
            if len(found) == most or np.isnan(kw[place]) or kw[place] <= 0:
                break
            continue
        found.append(int(place))
        taken[max(place - APART + 1, 0) : place + APART] = True
    return found


def cut(load: LocalLoad, peaks: int) -> Cut | None:
    """What it takes to cut the highest `peaks` peaks; None where there are no more than these."""
    places = peak_places(load.kw, peaks + 1)
    if len(places) <= peaks:
        return None
    level = float(load.kw[places[peaks]])
    return cut_to(load, level, peaks)


def cut_to(load: LocalLoad, level_kw: float, peaks: int = 0) -> Cut:
    """What it takes to let no quarter hour pass `level_kw`. Energy that its day has no room for below the level is not drawn at all."""
    over = np.nan_to_num(np.maximum(load.kw - level_kw, 0.0))
    after = np.minimum(load.kw, level_kw)
    days = np.unique(load.day[over > 0])
    for day in days:
        first, end = np.searchsorted(load.day, [day, day + 1])
        after[first:end] = _filled(after[first:end], float(over[first:end].sum()), level_kw)
    return Cut(
        peaks, level_kw, float(over.max(initial=0.0)), float(over.sum()) / 4, _longest(over > 0) / 4, len(days), load.with_kw(after)
    )  # fmt: skip


def _filled(kw: Floats, more_kw: float, level_kw: float) -> Floats:
    """A day with `more_kw` (summed over quarter hours) added where it is lowest, up to one height and never above `level_kw`."""
    there = np.flatnonzero(~np.isnan(kw))
    order = there[np.argsort(kw[there], kind="stable")]
    values = kw[order]
    counts = np.arange(1, len(values) + 1)
    steps = np.append(values[1:], level_kw)
    needed = counts * steps - np.cumsum(values)
    reached = np.flatnonzero(needed >= more_kw - 1e-9)
    height = level_kw if not len(reached) else (more_kw + float(np.cumsum(values)[reached[0]])) / counts[reached[0]]
    filled = kw.copy()
    filled[order] = np.maximum(values, min(height, level_kw))
    return filled


def _longest(held: Flags) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], held.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))

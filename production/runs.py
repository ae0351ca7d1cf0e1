"""One run of a job: what the machine drew in each of its quarter hours, above what it draws between jobs.

In: loads of one machine's own meter, and when its jobs ran.  Out: runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.orders import Order
from domain.texts import Key
from domain.units import Int64
from quarters.numbers import slot_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEAR_SLOTS = 8
"""Quarter hours before and after a job that show what the machine draws between jobs: further away it may be switched off or cold."""
HALFWAY_SLOTS = 1
"""Quarter hours next to a job that count for nothing: it may have begun or ended in them."""
FEWEST_IDLE = 4
"""Quarter hours between jobs that it takes to know the idle power."""


@dataclass(frozen=True, slots=True)
class Run:
    """One job that ran from beginning to end and was measured throughout."""

    job: Key
    start_slot: Int64
    above_idle_kw: tuple[float, ...]
    """Mean power above the machine's idle power [kW], quarter hour by quarter hour."""

    @property
    def end_slot(self) -> int:
        """First quarter hour after it."""
        return self.start_slot + len(self.above_idle_kw)

    @property
    def mean_kw(self) -> float:
        """Its mean power above the machine's idle power."""
        return float(np.mean(self.above_idle_kw))


@dataclass(frozen=True, slots=True)
class Loads:
    """Loads of one meter."""

    first_slot: int
    kw: Floats
    """Mean power [kW] of successive quarter hours; NaN where it does not rest on readings of that quarter hour."""

    @property
    def end_slot(self) -> int:
        """First quarter hour after them."""
        return self.first_slot + len(self.kw)

    def between(self, first_slot: int, end_slot: int) -> Floats:
        """Loads of ``[first_slot, end_slot)``; NaN where there are none."""
        found = np.full(max(end_slot - first_slot, 0), np.nan)
        begin, end = max(first_slot, self.first_slot), min(end_slot, self.end_slot)
        if begin < end:
            found[begin - first_slot : end - first_slot] = self.kw[begin - self.first_slot : end - self.first_slot]
        return found


def spans_of(orders: Iterable[Order]) -> list[tuple[int, int]]:
    """First quarter hour, and first one after, of each job."""
    return [(slot, slot + order.duration_quarters) for order in orders for slot in (slot_of(order.start_utc),)]


def covered(first_slot: int, end_slot: int, spans: Iterable[tuple[int, int]], margin: int = 0) -> Bools:
    """Which quarter hours of ``[first_slot, end_slot)`` lie in a span, or next to one by no more than `margin`."""
    found = np.zeros(max(end_slot - first_slot, 0), np.bool_)
    for begin, end in spans:
        found[max(begin - margin - first_slot, 0) : max(end + margin - first_slot, 0)] = True
    return found


def idle_kw(loads: Loads, spans: Iterable[tuple[int, int]]) -> float | None:
    """What the machine draws between jobs [kW]: the median of the quarter hours near jobs and in none; None where there are too few."""
    spans = list(spans)
    near = covered(loads.first_slot, loads.end_slot, spans, NEAR_SLOTS + HALFWAY_SLOTS)
    busy = covered(loads.first_slot, loads.end_slot, spans, HALFWAY_SLOTS)
    between = loads.kw[near & ~busy & np.isfinite(loads.kw)]
    return float(np.median(between)) if len(between) >= FEWEST_IDLE else None


def run_of(order: Order, loads: Loads, idle: float, others: Iterable[tuple[int, int]] = ()) -> Run | None:
    """The run of a job that is done; None where a quarter hour of it is missing or is a substitute, or another job ran in it too.

    Parameters
    ----------
    idle
        The machine's idle power [kW].
    others
        First quarter hour, and first one after, of the machine's other jobs.
    """
    start = slot_of(order.start_utc)
    end = start + order.duration_quarters
    if end > loads.end_slot or start < loads.first_slot:
        return None
    kw = loads.between(start, end)
    if not np.isfinite(kw).all() or covered(start, end, others).any():
        return None
    return Run(order.job, start, tuple((kw - idle).tolist()))

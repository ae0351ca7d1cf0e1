"""Whether a machine runs, quarter hour by quarter hour: by its load, or by what its control says of its state.

In: loads of the machine's own meter and its idle power, or shares of quarter hours in which it was in a running state.  Out: on, off, or not known.
A load between the two thresholds, like one that was not measured, shows nothing: what was before goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.orders import LoadCurve
from production.runs import Floats, Loads

ON, OFF, UNKNOWN = 1, -1, 0
ON_SHARE, OFF_SHARE = 0.5, 0.25
"""Of the power expected of the job: above the first it runs, so a quarter hour that it ran half way counts; below the second it does not."""
LEAST_EXPECTED = 0.02
"""Of the rated power: less is noise."""
EXPECTED_UNKNOWN = 0.2
"""Of the rated power: what is expected of a job of which no power is known."""


@dataclass(frozen=True, slots=True)
class Activity:
    """`ON`, `OFF` or `UNKNOWN` in successive quarter hours."""

    first_slot: int
    states: NDArray[np.int8]

    @property
    def end_slot(self) -> int:
        """First quarter hour that has not ended yet."""
        return self.first_slot + len(self.states)

    def state(self, slot: int) -> int:
        """The state in one quarter hour."""
        return int(self.states[slot - self.first_slot]) if self.first_slot <= slot < self.end_slot else UNKNOWN

    def first(self, state: int, from_slot: int) -> int | None:
        """The first quarter hour from `from_slot` on in that state."""
        begin = max(from_slot - self.first_slot, 0)
        places = np.flatnonzero(self.states[begin:] == state)
        return self.first_slot + begin + int(places[0]) if len(places) else None

    def pauses(self, from_slot: int) -> Iterator[tuple[int, int]]:
        """Each time from `from_slot` on that the machine is off: where it begins, and how many quarter hours off are known of it."""
        begin, length = None, 0
        for place in range(max(from_slot - self.first_slot, 0), len(self.states)):
            if self.states[place] == OFF:
                begin = self.first_slot + place if begin is None else begin
                length += 1
            elif self.states[place] == ON and begin is not None:
                yield begin, length
                begin, length = None, 0
        if begin is not None:
            yield begin, length


def by_load(loads: Loads, idle_kw: float, rated_kw: float, curve_kw: LoadCurve = ()) -> Activity:
    """By the load of the machine's own meter.

    Parameters
    ----------
    idle_kw
        What it draws between jobs.
    curve_kw
        What the job is expected to add, as typed or learned; empty: not known.
    """
    expected_kw = min(float(np.mean(curve_kw)), curve_kw[0]) if curve_kw else EXPECTED_UNKNOWN * rated_kw
    expected_kw = max(expected_kw, LEAST_EXPECTED * rated_kw)
    above_kw = loads.kw - idle_kw
    return Activity(loads.first_slot, _states(above_kw >= ON_SHARE * expected_kw, above_kw < OFF_SHARE * expected_kw))


def by_state(first_slot: int, running_share: Floats) -> Activity:
    """By the state that its control reports.

    Parameters
    ----------
    running_share
        Share of each quarter hour in a running state; NaN where no state is known.
    """
    return Activity(first_slot, _states(running_share >= ON_SHARE, running_share < ON_SHARE))


def _states(on: NDArray[np.bool_], off: NDArray[np.bool_]) -> NDArray[np.int8]:
    found: NDArray[np.int8] = np.where(on, ON, np.where(off, OFF, UNKNOWN)).astype(np.int8)
    return found

"""The what-if year: a billed period with the load that is supposed in some of its quarter hours. Pure.

In: quarter hours that are known, peaks that were billed before, the load that is supposed.  Out: a load for every quarter hour of the period.

A saving is the difference of two bills of such periods. What is neither known nor supposed is the mean of the known quarter hours: the same in
both bills, so that usage hours and tiers come out as for a whole year.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Loads = npt.NDArray[np.float64]
"""Mean power [kW] of successive quarter hours, shape (quarter hours,); NaN where it is not known."""


@dataclass(frozen=True, slots=True)
class BilledPeak:
    """A peak that was billed in the quarter hours ``[first_slot, end_slot)``; in which of them is not known."""

    first_slot: int
    end_slot: int
    power_kw: float


@dataclass(frozen=True, slots=True)
class WhatIfYear:
    """What is known of a billed period, from quarter hour `first_slot` on, before anything is supposed."""

    first_slot: int
    known_kw: Loads
    mean_kw: float | None
    """Of the quarter hours that are known; None where there is none."""

    @staticmethod
    def of(first_slot: int, known_kw: Loads, peaks: Iterable[BilledPeak]) -> WhatIfYear:
        """The period whose known quarter hours are `known_kw`, with each of `peaks` in an unknown quarter hour of its time.

        Where all of its time is known the highest quarter hour stands for the peak. A peak below what is known of its time is in it already.
        """
        mean_kw = None if np.isnan(known_kw).all() else float(np.nanmean(known_kw))
        loads = known_kw.copy()
        for peak in peaks:
            part = loads[max(peak.first_slot - first_slot, 0) : max(peak.end_slot - first_slot, 0)]
            unknown = np.flatnonzero(np.isnan(part))
            if len(part) and peak.power_kw > np.nanmax(part, initial=0.0):
                part[unknown[0] if len(unknown) else int(np.nanargmax(part))] = peak.power_kw
        return WhatIfYear(first_slot, loads, mean_kw)

    def loads_kw(self, first_slot: int, supposed_kw: Loads, otherwise_kw: float) -> Loads:
        """The load of every quarter hour, with `supposed_kw` from `first_slot` on, as far as it lies within the period.

        Parameters
        ----------
        otherwise_kw
            What stands for the mean where nothing is known; the same for both sides of a comparison.
        """
        loads = self.known_kw.copy()
        supposed = supposed_kw[max(self.first_slot - first_slot, 0) :]
        place = max(first_slot - self.first_slot, 0)
        supposed = supposed[: max(len(loads) - place, 0)]
        there = ~np.isnan(supposed)
        loads[place : place + len(supposed)][there] = supposed[there]
        loads[np.isnan(loads)] = otherwise_kw if self.mean_kw is None else self.mean_kw
        return loads

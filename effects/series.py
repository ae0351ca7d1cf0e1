"""Powers of one meter over successive quarter hours, with which of them are in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quarters.series import QuarterSeries

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Powers:
    """Mean powers from quarter hour `first_slot` on."""

    first_slot: int
    kw: Floats
    """[kW], shape (quarter hours,); NaN where missing or faulty."""
    in_doubt: Bools
    """Which of them do not rest on readings of the quarter hour itself: substitutes and estimates. Shape as `kw`."""

    @property
    def end_slot(self) -> int:
        """First quarter hour after them."""
        return self.first_slot + len(self.kw)

    def between(self, first_slot: int, end_slot: int) -> Powers:
        """Those of ``[first_slot, end_slot)``; missing where there are none."""
        size = max(end_slot - first_slot, 0)
        kw, in_doubt = np.full(size, np.nan), np.zeros(size, np.bool_)
        begin, end = max(first_slot, self.first_slot), min(end_slot, self.end_slot)
        if begin < end:
            here, there = slice(begin - first_slot, end - first_slot), slice(begin - self.first_slot, end - self.first_slot)
            kw[here], in_doubt[here] = self.kw[there], self.in_doubt[there]
        return Powers(first_slot, kw, in_doubt)

    @property
    def sound_kw(self) -> Floats:
        """Powers [kW] that rest on readings; NaN elsewhere."""
        return np.where(self.in_doubt, np.nan, self.kw)


def powers_of(series: QuarterSeries, first_slot: int, end_slot: int) -> Powers:
    """The quarter hours ``[first_slot, end_slot)`` of a meter."""
    kw = series.loads_kw(first_slot, end_slot)
    return Powers(first_slot, kw, series.in_doubt(first_slot, end_slot))


def powers_from(by_slot: Mapping[int, float], first_slot: int, end_slot: int) -> Powers:
    """The same from sound powers [kW] by number of the quarter hour."""
    kw = np.array([by_slot.get(slot, np.nan) for slot in range(first_slot, end_slot)], dtype=np.float64)
    return Powers(first_slot, kw, np.zeros(len(kw), np.bool_))

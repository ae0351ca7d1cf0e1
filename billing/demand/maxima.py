"""What a load's highest means are, month by month, by the statistic of a demand charge and inside or outside its windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from billing.demand.statistic import Statistic
from billing.measured import Measured
from billing.peaks import Peak, active_means, apparent_means, highest
from billing.sums import Flags


class Maxima:
    """Maxima of one load.

    Parameters
    ----------
    apparent
        Of apparent power [kVA]; else of active power [kW].
    mask
        Intervals of the frame inside the charge's windows, shape ``(n,)``; None: it has none, and all are inside.
    """

    def __init__(self, statistic: Statistic, apparent: bool, measured: Measured, mask: Flags | None) -> None:
        self._statistic = statistic
        self._frame = measured.frame
        grid = self._frame.grid(statistic.interval_min, statistic.step_min)
        self._means = active_means(measured.imported, measured.may_be_maximum, measured.unit, grid)
        if apparent:
            assert measured.reactive is not None
            assert measured.reactive_there is not None
            self._means = apparent_means(self._means, measured.reactive, measured.reactive_there)
        self._windows: Flags = np.ones(len(grid.first), dtype=np.bool_) if mask is None else mask[grid.first]

    def inside(self, months: Sequence[int]) -> Peak | None:
        """The billed power of `months` (rising numbers of the frame's) inside the windows; None where no interval is whole."""
        return self._peak(months, self._windows)

    def outside(self, months: Sequence[int]) -> Peak | None:
        """The same outside of them."""
        return self._peak(months, ~self._windows)

    def windows_occur(self, months: Sequence[int]) -> bool:
        """Whether any interval between the first and the last of `months` lies in the windows."""
        return bool(self._windows[self._means.months(months)].any())

    def _peak(self, months: Sequence[int], within: Flags) -> Peak | None:
        places = highest(self._means, months, within, self._statistic.highest, self._statistic.per_day)
        if not places:
            return None
        cause = sorted(self._frame.start_utc(int(self._means.grid.first[place])) for place in places)
        return Peak(self._means.mean(places), tuple(cause))

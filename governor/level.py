"""Which peak a billing period cannot stay below, and which it would have: by its plan, as far as plans have been right before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from governor.least_peak import Floats, least_peak_kw

PLAN_IS_TOO_HIGH = 0.975
"""Least peak that a period allowed over the one that its plan promised, before any period has been seen: errors of a plan add to its highest."""
_PRIOR_PERIODS = 3
"""As many periods the value above is worth."""
_WORTH = 0.02
"""Of the planned peak: where holding could lower it by less, it is left alone."""


class Level:
    """The levels of the running billing period, from the periods before it."""

    def __init__(self, share: float, delay: int) -> None:
        self._share, self._delay = share, delay
        self._ratios: list[float] = []
        self._least_kw = self._highest_kw = 0.0
        self._least_before_kw = self._highest_before_kw = 0.0

    def close(self, loads_kw: Sequence[float], plans_kw: Floats) -> None:
        """A whole period has ended: its loads, as if nothing had been held, and what was planned."""
        planned = least_peak_kw(plans_kw, self._share, self._delay)
        self._least_before_kw = least_peak_kw(np.asarray(loads_kw), self._share, self._delay)
        self._highest_before_kw = max(loads_kw)
        if planned > 0:
            self._ratios.append(self._least_before_kw / planned)

    def plan(self, rest_kw: Floats, to_the_end: bool) -> None:
        """What is planned for the rest of the period (at least one quarter hour); where the plan does not reach `to_the_end`, the period
        before says what else may come."""
        self._least_kw = least_peak_kw(rest_kw, self._share, self._delay)
        self._highest_kw = float(rest_kw.max())
        if not to_the_end:
            self._least_kw = max(self._least_kw, self._least_before_kw)
            self._highest_kw = max(self._highest_kw, self._highest_before_kw)

    @property
    def worth_it(self) -> bool:
        """Whether the plan has a peak that can be lowered."""
        return self._least_kw < (1 - _WORTH) * self._highest_kw

    def between_kw(self, part: float) -> float:
        """The level [kW] that lies `part` of the way from the least peak to the highest planned quarter hour."""
        ratio = (_PRIOR_PERIODS * PLAN_IS_TOO_HIGH + sum(self._ratios)) / (_PRIOR_PERIODS + len(self._ratios))
        return ratio * (self._least_kw + part * (self._highest_kw - self._least_kw))

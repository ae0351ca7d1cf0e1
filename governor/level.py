"""Which peak a billing period cannot stay below: what is reached already, and what its plan allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from governor.least_peak import Floats, least_peak_kw

PLAN_IS_TOO_HIGH = 0.975
"""Least peak that a period allowed over the one that its plan promised, before any period has been seen: errors of a plan add to its highest."""
_PRIOR_PERIODS = 3
"""As many periods the value above is worth."""
DOUBT = (0.98, 1.0, 1.025)
"""Times the expected level: it is known to a few percent only."""


class Level:
    """The level of the running billing period, from the periods before it."""

    def __init__(self, share: float, delay: int) -> None:
        self._share, self._delay = share, delay
        self._ratios: list[float] = []
        self._planned_kw = 0.0
        self._before_kw = 0.0
        self.peak_kw = 0.0
        """Highest quarter hour of the period so far, with what was held and given back: it is paid, and nothing below it is worth an effort."""

    def close(self, loads_kw: Sequence[float], plans_kw: Floats) -> None:
        """A whole period has ended: its loads, as if nothing had been held, and what was planned."""
        planned = least_peak_kw(plans_kw, self._share, self._delay)
        self._before_kw = least_peak_kw(np.asarray(loads_kw), self._share, self._delay)
        if planned > 0:
            self._ratios.append(self._before_kw / planned)

    def begin(self) -> None:
        """A period begins."""
        self.peak_kw = 0.0

    def plan(self, rest_kw: Floats, to_the_end: bool) -> None:
        """What is planned for the rest of the period (at least one quarter hour); where the plan does not reach `to_the_end`, the period
        before says what else may come."""
        planned = least_peak_kw(rest_kw, self._share, self._delay)
        self._planned_kw = planned if to_the_end else max(planned, self._before_kw)

    @property
    def levels_kw(self) -> Floats:
        """The level within its doubt [kW], the lowest first."""
        ratio = (_PRIOR_PERIODS * PLAN_IS_TOO_HIGH + sum(self._ratios)) / (_PRIOR_PERIODS + len(self._ratios))
        return np.maximum(self.peak_kw, self._planned_kw * ratio * np.array(DOUBT))

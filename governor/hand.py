"""One way to govern, followed for itself: what it holds, what it owes, and the peak that it has reached."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from governor.flexibility import MINUTES, Flexibility
from governor.held import Held
from governor.least_peak import Floats, least_peaks_kw
from governor.level import Level
from governor.rules import LEAST_PEAK_MARGIN, Moment, Rule, shift_kw

_SPREADS = 3.0
"""A quarter hour that stays below the level even so many spreads higher is left alone, where nothing is owed."""


class Hand:
    """Follows `rule`, which may be exchanged; `peak_kw` is the highest quarter hour of the period so far, with what was held and given back."""

    def __init__(self, rule: Rule, flexibility: Flexibility, level: Level, ahead_slots: int) -> None:
        self.rule = rule
        self.peak_kw = 0.0
        self._flexibility, self._level, self._ahead_slots = flexibility, level, ahead_slots
        self._held = Held(flexibility)
        self.open_quarter(0)

    def open_quarter(self, slot: int) -> None:
        """A quarter hour begins."""
        self._first_minute = slot * MINUTES
        self._hold_kw, self._back_kw = np.zeros(MINUTES), np.zeros(MINUTES)
        self._requested_kw = 0.0
        self._owed_kw = np.zeros(self._ahead_slots + 1)
        if not self._held.empty:
            self._owed_kw = self._held.owed_kw(self._first_minute, self._ahead_slots + 1)

    def decide(
        self, expected_kw: float, spread_kw: float, ahead_kw: Floats, minute: int, place: float
    ) -> tuple[float, Moment] | None:
        """Hold (above zero) or give back (below) from the dead time on until the quarter hour's end: the power [kW] and why; None: nothing.

        Parameters
        ----------
        ahead_kw
            Expected load of the quarter hours that follow (n,).
        """
        due, level = float(self._owed_kw[0]), max(self.peak_kw, self._level.between_kw(self.rule.above_least))
        owes = not self._held.empty
        if not owes and expected_kw - self._requested_kw + _SPREADS * spread_kw <= level:
            return None
        ahead = np.concatenate([[expected_kw + LEAST_PEAK_MARGIN * spread_kw], ahead_kw * (1 + self.rule.ahead)])
        flexibility = self._flexibility
        least = least_peaks_kw(ahead[None], flexibility.share, flexibility.delay_slots, np.cumsum(self._owed_kw)[None])
        moment = Moment(
            expected_kw, spread_kw, due, self._requested_kw, float(self._owed_kw[1:].sum()), max(level, float(least[0, 0])), minute, place
        )  # fmt: skip
        shift = shift_kw(self.rule, moment, flexibility)
        return None if shift == 0.0 else (self._advise(shift, minute), moment)

    def _advise(self, shift: float, minute: int) -> float:
        start = minute + self._flexibility.dead_min
        if shift < 0:
            shift -= self._held.due_kw(self._first_minute + start, self._first_minute + MINUTES)
        power = shift * MINUTES / self._flexibility.left_min(minute)
        (self._hold_kw if power > 0 else self._back_kw)[start:] += abs(power)
        self._requested_kw += max(shift, 0.0)
        return power

    def end(self, minute_kw: Sequence[float], mean_kw: float) -> float:
        """The quarter hour has ended: its mean [kW] with what was held and what came back."""
        held, back = 0.0, 0.0
        if self._requested_kw or not self._held.empty:
            held, back = self._held.pass_quarter(self._first_minute, minute_kw, self._hold_kw.tolist(), self._back_kw.tolist())
        net = mean_kw - held + back
        self.peak_kw = max(self.peak_kw, net)
        return net

    def end_unseen(self, planned_kw: float) -> None:
        """The quarter hour has ended and was not seen whole: what it held is as if its load had been as planned."""
        if self._requested_kw or not self._held.empty:
            self._held.pass_quarter(self._first_minute, [planned_kw] * MINUTES, self._hold_kw.tolist(), self._back_kw.tolist())

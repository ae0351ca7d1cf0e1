"""Device clocks: what the arrival of live values shows of the clock that dates them. Pure.

In: instants of observation (the device's clock) and of receipt (the gateway's), in the order of arrival.  Out: a verdict on each value, and what is
to be reported of the clock.

A clock that goes back by an hour dates what happens now by instants that were seen already: energy would move into another hour without any
sum going wrong.  It is distinguished from values that are only late by its rhythm: their lag stays the same while time goes on, whereas history that is
delivered afterwards comes in a burst, in which every value has another lag.  Since that needs the order of arrival, it is judged where values are
live, by the gateway, and not in metering, whose table must not depend on that order; metering refuses what carries the gateway's mark.

Clocks in the year 2000 and in the future need no history: `metering.intake` knows them by the reading itself.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP_MS = 1_800_000
"""Zones and summer time differ by whole half hours."""
NEAR_MS = 10_000
"""How far from a whole step a lag may lie."""
RIGHT_MS = STEP_MS // 2
"""A lag below this is no jump."""
RECENT_MS = 120_000
"""A clock that was right so short a time ago has not been out of reach: there is no history on its way."""
STEADY_MS = 2_000
"""How far the lag of values in rhythm may vary."""
RHYTHM_MS = 10_000
RHYTHM_VALUES = 3
"""This many values with one lag, over this time of receipt, are a rhythm and no burst."""


class JumpWatch:
    """Watches the values of one register; a few whole numbers are all it remembers."""

    __slots__ = ("_candidate", "_gateway_ms", "_jump_ms", "_observed_ms", "_received_ms", "_since_ms", "_values")

    def __init__(self) -> None:
        self._observed_ms: int | None = None
        self._received_ms = 0
        self._gateway_ms = 0
        """By how much the gateway's own clock went ahead, as far as lags still show it."""
        self._jump_ms = 0
        """By how much the device's clock is behind, while it is; else 0."""
        self._candidate = self._since_ms = self._values = 0
        """A lag that may become a rhythm: lag, receipt of its first value, number of values."""

    @property
    def jump_ms(self) -> int:
        """By how much the clock is behind; 0 if it is right."""
        return self._jump_ms

    def judge(self, observed_ms: int, received_ms: int) -> int:
        """By how much the clock that dated this live value is behind: whole half hours; 0 if it is right or only the value is late."""
        lag_ms = received_ms - observed_ms
        before = self._observed_ms
        if abs(lag_ms) < RIGHT_MS:
            self._gateway_ms = self._jump_ms = self._values = 0
        else:
            if before is not None and 0 <= observed_ms - before < RIGHT_MS:
                leapt_ms = (received_ms - self._received_ms) - (observed_ms - before)
                if abs(leapt_ms) >= RIGHT_MS:
                    self._gateway_ms += leapt_ms  # the device's clock went on: it is the gateway's that was set
            self._jump_ms = self._behind_ms(observed_ms, received_ms, lag_ms - self._gateway_ms)
        self._observed_ms, self._received_ms = observed_ms, received_ms
        return self._jump_ms

    def _behind_ms(self, observed_ms: int, received_ms: int, lag_ms: int) -> int:
        steps_ms = round(lag_ms / STEP_MS) * STEP_MS
        if steps_ms <= 0 or abs(lag_ms - steps_ms) > NEAR_MS:
            return 0
        if steps_ms == self._jump_ms:
            return steps_ms
        went_back = self._observed_ms is not None and observed_ms < self._observed_ms
        was_right = self._observed_ms is not None and abs(self._received_ms - self._observed_ms) < RIGHT_MS
        if went_back and was_right and 0 <= received_ms - self._received_ms <= RECENT_MS:
            return steps_ms
        if not self._values or abs(lag_ms - self._candidate) > STEADY_MS:
            self._candidate, self._since_ms, self._values = lag_ms, received_ms, 1
            return 0
        self._values += 1
        return steps_ms if self._values >= RHYTHM_VALUES and received_ms - self._since_ms >= RHYTHM_MS else 0


HOUR_MS = 3_600_000
OFFSET_MS = 10_000
"""A clock that is off by more is reported: an hour's quarter hours are then wrong by a hundredth of one of them."""
DRIFT_PPM = 100.0
"""Nine seconds a day; a quartz is off by a fifth of that."""
DRIFT_HOURS = 6
_FEWEST_VALUES = 5


@dataclass(frozen=True, slots=True)
class ClockFinding:
    """What is to be reported of a device's clock."""

    offset_ms: int
    """How far it is behind; negative if it is ahead."""
    drift_ppm: float | None
    """How much it loses [microseconds a second]; negative if it gains; None if it was not watched for long enough."""
    is_off: bool
    """Whether one of them is beyond its limit."""

    def __str__(self) -> str:
        """For people."""
        where = "behind" if self.offset_ms >= 0 else "ahead"
        text = f"clock {abs(self.offset_ms) / 1000:,.1f} s {where}"
        if self.drift_ppm is None:
            return text
        return f"{text}, {'loses' if self.drift_ppm >= 0 else 'gains'} {abs(self.drift_ppm) * 0.0864:.1f} s a day"


class DriftWatch:
    """Watches the clock of one device: the least lag of every hour is its offset and the way to us, and that way does not grow.

    Judged once an hour: `take` then gives what is to be reported.
    """

    __slots__ = ("_first_ms", "_first_offset_ms", "_least_ms", "_offset_ms", "_since_ms", "_values")

    def __init__(self) -> None:
        self._since_ms: int | None = None
        self._least_ms = self._values = 0
        self._first_ms: int | None = None
        self._first_offset_ms = self._offset_ms = 0

    def take(self, observed_ms: int, received_ms: int) -> ClockFinding | None:
        """Take one live value; what the hour that it ends has shown, or None."""
        lag_ms = received_ms - observed_ms
        found = None
        if self._since_ms is None or received_ms < self._since_ms:  # the gateway's clock was set back: start over
            self._since_ms, self._values, self._first_ms = received_ms, 0, None
        elif received_ms - self._since_ms >= HOUR_MS:
            if self._values >= _FEWEST_VALUES:
                found = self._judge(received_ms)
            self._since_ms, self._values = received_ms, 0
        self._least_ms = lag_ms if not self._values else min(self._least_ms, lag_ms)
        self._values += 1
        return found

    def _judge(self, now_ms: int) -> ClockFinding:
        offset_ms = self._least_ms
        if self._first_ms is None or abs(offset_ms - self._offset_ms) > OFFSET_MS:  # it was set in between
            self._first_ms, self._first_offset_ms = now_ms, offset_ms
        self._offset_ms = offset_ms
        watched_ms = now_ms - self._first_ms
        drift = (offset_ms - self._first_offset_ms) / watched_ms * 1e6 if watched_ms >= DRIFT_HOURS * HOUR_MS else None
        return ClockFinding(offset_ms, drift, abs(offset_ms) > OFFSET_MS or (drift is not None and abs(drift) > DRIFT_PPM))

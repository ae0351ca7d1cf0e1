"""What can be said of a reading by itself: whether it may be used at all."""

from __future__ import annotations

import math
from dataclasses import replace

from domain.clock import epoch_ms, instant
from domain.codec import encode
from domain.plant import Plant
from domain.readings import CLOCK_JUMPED_NOTE, Reading, ReadingQuality, Rejection, RejectionReason
from metering.rules import CLOCK_AHEAD_MS

_MOST_WHOLE = 1 << 53
"""Up to here a float says which whole number it is."""


class Intake:
    """The checks that need no other reading; a reading that passes them may move the site's event time."""

    def __init__(self, plant: Plant) -> None:
        self.commissioned_ms = epoch_ms(plant.site.commissioned_utc)

    def reason(self, reading: Reading) -> RejectionReason | None:
        """Why `reading` cannot be used, or None."""
        if reading.quality is not ReadingQuality.GOOD:
            jumped = reading.text is not None and reading.text.startswith(CLOCK_JUMPED_NOTE)
            return RejectionReason.CLOCK_JUMPED if jumped else RejectionReason.BAD_QUALITY
        if reading.observed_ms < self.commissioned_ms:
            return RejectionReason.CLOCK_BEFORE_RANGE
        if reading.observed_ms > reading.received_ms + CLOCK_AHEAD_MS:
            return RejectionReason.CLOCK_IN_FUTURE
        return None


def has_number(reading: Reading) -> bool:
    """Whether the value is a number that a register can show."""
    return reading.value is not None and math.isfinite(reading.value)


def rejection(reading: Reading, reason: RejectionReason, detail: str = "") -> Rejection:
    """The record that says why `reading` was not used.

    A whole number is written without a fraction, whether the reading came as a record, as a column or out of the state.
    """
    value = reading.value
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MOST_WHOLE:
        reading = replace(reading, value=int(value))
    return Rejection(
        reading.site, reading.meter, reason, encode(reading).decode(), detail, "", instant(reading.received_ms)
    )  # fmt: skip

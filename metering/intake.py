"""What can be checked of a reading by itself: whether it may be used at all."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from domain.clock import epoch_ms, instant
from domain.codec import encode
from domain.instants import instant_text
from domain.plant import Plant
from domain.readings import CLOCK_JUMPED_NOTE, Reading, ReadingQuality, Rejection, RejectionReason
from metering.rules import AHEAD_OF_PLANT_MS, CLOCK_AHEAD_MS

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

    def refusal(self, reading: Reading) -> Rejection | None:
        """The rejection of a reading that cannot be used, with what was found and what was expected; None if it can be."""
        reason = self.reason(reading)
        return None if reason is None else rejection(reading, reason, self._detail(reading, reason))

    def _detail(self, reading: Reading, reason: RejectionReason) -> str:
        if reason is RejectionReason.CLOCK_BEFORE_RANGE:
            return (
                f"dated {_date(reading.observed_ms)}, before [site] commissioned_utc = {_date(self.commissioned_ms)}; set the clock"
            )
        if reason is RejectionReason.CLOCK_IN_FUTURE:
            by = timedelta(milliseconds=reading.observed_ms - reading.received_ms)
            return f"dated {_date(reading.observed_ms)}, {by} ahead of the gateway's clock; set the device's clock"
        return reading.text or f"the device marks it as {reading.quality.value}"


def ahead_of_plant(reading: Reading, arrived_ms: int) -> Rejection | None:
    """The rejection of a reading that is dated after it came, by another clock than the gateway's; None if it is not.

    Parameters
    ----------
    arrived_ms
        When it came by the plant's clock [ms since 1970]: both its own dates may be wrong, when it is the gateway's clock that is ahead.
    """
    ahead_ms = reading.observed_ms - arrived_ms
    return None if ahead_ms <= AHEAD_OF_PLANT_MS else dated_ahead(reading, ahead_ms=ahead_ms)


def dated_ahead(reading: Reading, source: str = "", ahead_ms: int | None = None) -> Rejection:
    """The rejection of a reading that is dated ahead of the plant's clock, with how far [ms] where that is known."""
    by = "" if ahead_ms is None else f"{timedelta(seconds=ahead_ms // 1000)} "
    detail = f"dated {_date(reading.observed_ms)}, {by}ahead of the plant's clock; set the clock that dates it"
    return replace(rejection(reading, RejectionReason.CLOCK_IN_FUTURE, detail), source=source)


def _date(at_ms: int) -> str:
    return instant_text(instant(at_ms))


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

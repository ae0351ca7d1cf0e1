"""Which qualities of a quarter hour count for what: the only sets of qualities there are."""

from __future__ import annotations

from domain.intervals import IntervalQuality

SOUND = (IntervalQuality.MEASURED, IntervalQuality.CALCULATED, IntervalQuality.CORRECTED)
"""Rest on readings of the quarter hour itself: what is of another quality is in doubt."""
NO_MAXIMUM = (IntervalQuality.MISSING, IntervalQuality.FAULTY)
"""Never make a maximum, and are no load to learn from."""


def is_sound(quality: IntervalQuality) -> bool:
    """Whether it rests on readings of the quarter hour itself."""
    return quality in SOUND


def makes_maximum(quality: IntervalQuality) -> bool:
    """Whether a highest quarter hour may be of this quality."""
    return quality not in NO_MAXIMUM

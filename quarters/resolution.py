"""How far apart the rows of a series lie, where a file does not say it. Pure.

One resolution for a whole file is a guess once a supplier, a market or a logger changes its own: of hourly values between quarter hours three
quarters would be missing, or each be booked as a quarter of what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

_CUSTOMARY = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60))
LEAST_ROWS = 4
"""From this many equal distances in a row on they are no gaps."""


class Stretch(NamedTuple):
    """Rows that lie evenly further apart than the others."""

    first: int
    """Place of its first row, from 0."""
    step: timedelta


def coarser_stretch(starts: Sequence[datetime], step: timedelta, least: int = LEAST_ROWS) -> Stretch | None:
    """The first stretch of `starts` (rising) of another, coarser resolution than `step`; None if there is none.

    Parameters
    ----------
    least
        From how many equal distances in a row on. Fewer may be gaps: a gap is rarely as regular as that, and a row without a value
        says where one is.
    """
    run, before = 0, step
    for place in range(1, len(starts)):
        distance = starts[place] - starts[place - 1]
        run = run + 1 if distance == before else 1
        before = distance
        if run >= least and distance > step and distance in _CUSTOMARY:
            return Stretch(place - run, distance)
    return None

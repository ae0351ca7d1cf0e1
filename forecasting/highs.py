"""The highest quarter hour of each day that the ring of loads no longer holds: a peak may be billed for a year, loads are kept for half of one.

In: quarter hours as they leave the ring, or that are older than it.  Out: the highest of a billing period so far.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DAYS = 400
"""Local days kept: a year, and a little."""
_DAY = np.dtype([("day", "<i4"), ("slot", "<i4"), ("kw", "<f4"), ("next_kw", "<f4")])
"""Of one local day (its ordinal): which quarter hour was the highest, how high it was, and the next lower one."""


class DayHighs:
    """Changed in place; a day takes the place of the one 400 days before it."""

    def __init__(self, stored: bytes | None = None) -> None:
        self._days: NDArray[Any] = np.zeros(DAYS, _DAY) if stored is None else np.frombuffer(stored, _DAY, DAYS).copy()

    def note(self, day: int, slot: int, kw: float) -> None:
        """Note one quarter hour of local day `day`; one that was the highest of its day is replaced, whichever way it has changed. `kw`: its mean load."""
        row = self._days[day % DAYS]
        if row["day"] > day:
            return
        if row["day"] < day:
            self._days[day % DAYS] = (day, slot, kw, -np.inf)
        elif row["slot"] == slot:
            # The next lower one is taken to be right: which quarter hour it was is not known.
            row["slot"], row["kw"] = (slot, kw) if kw >= row["next_kw"] else (-1, row["next_kw"])
        elif kw > row["kw"]:
            row["slot"], row["kw"], row["next_kw"] = slot, kw, row["kw"]
        else:
            row["next_kw"] = max(kw, row["next_kw"])

    def highest_kw(self, first_day: int, after_day: int) -> float:
        """The highest of the local days ``[first_day, after_day)``; 0 where none is known."""
        known = (self._days["day"] >= first_day) & (self._days["day"] < after_day)
        return max(float(self._days["kw"][known].max(initial=0.0)), 0.0)

    def to_bytes(self) -> bytes:
        """As they lie in memory."""
        return self._days.tobytes()


STORED_SIZE = DAYS * _DAY.itemsize

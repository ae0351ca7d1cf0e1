"""What a machine's control reported: its states and its counts of pieces, and since when nothing was heard of it.

In: readings of its state, of its counter and of its connection, in any order.  Out: when it was on and off, and when an order's last piece was made.
What was not heard is not known: neither a machine out of reach nor a counter that was set back is guessed at.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np

from domain.intervals import QUARTER_MS
from production.activity import OFF, ON, UNKNOWN, Activity, by_control

LOST, BACK = 2, 3
"""Beside `ON`, `OFF` and `UNKNOWN`: the connection ended; it stands again, and the state is what was reported last."""
MOST_STATES, MOST_COUNTS = 10_000, 6_000
"""Reports kept of a machine: five weeks of a state that changes four times a quarter hour; three days of a count a minute, and older ones a quarter hour."""
DAY_MS = 96 * QUARTER_MS
SET_BACK_MS = QUARTER_MS
"""A counter that is set back within this time after a job began counts that job."""
_COUNTS = struct.Struct("<ii")


@dataclass(slots=True)
class Signals:
    """Reports of one control, oldest first; of two at one instant the one that came last counts. Changed in place."""

    times_ms: list[int] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    counted_ms: list[int] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)

    @property
    def newest_ms(self) -> int:
        """Instant of the newest report; 0 before the first."""
        return max(self.times_ms[-1] if self.times_ms else 0, self.counted_ms[-1] if self.counted_ms else 0)

    def put_state(self, at_ms: int, code: int) -> bool:
        """Take a state or a change of the connection; whether it says anything new."""
        place = bisect_left(self.times_ms, at_ms)
        if place < len(self.times_ms) and self.times_ms[place] == at_ms:
            if self.codes[place] == code:
                return False
            self.codes[place] = code
            return True
        self.times_ms.insert(place, at_ms)
        self.codes.insert(place, code)
        if len(self.times_ms) > MOST_STATES:
            del self.times_ms[:-MOST_STATES], self.codes[:-MOST_STATES]
        return True

    def put_count(self, at_ms: int, count: float) -> bool:
        """Take a count of pieces; whether it says anything new."""
        place = bisect_left(self.counted_ms, at_ms)
        if place < len(self.counted_ms) and self.counted_ms[place] == at_ms:
            if self.counts[place] == count:
                return False
            self.counts[place] = count
            return True
        if place and self.counts[place - 1] == count:
            return False
        self.counted_ms.insert(place, at_ms)
        self.counts.insert(place, count)
        if len(self.counted_ms) > MOST_COUNTS:
            self._thin()
        return True

    def forget(self, before_ms: int) -> None:
        """Drop what is older, but the newest of it: it still holds."""
        for times, values in ((self.times_ms, self.codes), (self.counted_ms, self.counts)):
            gone = max(bisect_right(times, before_ms) - 1, 0)
            del times[:gone], values[:gone]

    def activity(self, end_ms: int) -> Activity:
        """When it was on and off, up to `end_ms`."""
        states, last = np.empty(len(self.codes), np.int8), UNKNOWN
        for place, code in enumerate(self.codes):
            if code in (ON, OFF, UNKNOWN):
                last = code
            states[place] = UNKNOWN if code == LOST else last
        return by_control(np.array(self.times_ms, np.int64), states, end_ms)

    def made(self, begin_ms: int, quantity: float) -> Pieces | None:
        """What the counter shows of a job of `quantity` pieces that began at `begin_ms`.

        None where it does not show it: nothing was counted before or since, or the counter was set back later than `SET_BACK_MS` after the begin.
        """
        first = bisect_right(self.counted_ms, begin_ms)
        if not first or quantity <= 0:
            return None
        times: list[int] = []
        counts: list[float] = []
        base = self.counts[first - 1]
        for place in range(first, len(self.counts)):
            at_ms, count = self.counted_ms[place], self.counts[place]
            if count < self.counts[place - 1]:
                if at_ms > begin_ms + SET_BACK_MS:
                    return None
                base = 0.0
                times, counts = [], []
            times.append(at_ms)
            counts.append(count - base)
            if count - base >= quantity:
                break
        if not times:
            return None
        return Pieces(quantity, times, counts, self._unheard_before(times[-1], times[-2] if len(times) > 1 else begin_ms))

    def to_bytes(self) -> bytes:
        """The reports as they lie in memory."""
        columns = (
            np.array(self.times_ms, "<i8"), np.array(self.codes, "i1"), np.array(self.counted_ms, "<i8"), np.array(self.counts, "<f8"),
        )  # fmt: skip
        return _COUNTS.pack(len(self.times_ms), len(self.counted_ms)) + b"".join(column.tobytes() for column in columns)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Signals:
        """What `to_bytes` wrote."""
        states, counts = _COUNTS.unpack_from(stored)
        at, found = _COUNTS.size, []
        for dtype, length in (("<i8", states), ("i1", states), ("<i8", counts), ("<f8", counts)):
            column = np.frombuffer(stored, dtype, length, at)
            found.append(column.tolist())
            at += column.nbytes
        return cls(*found)

    def _thin(self) -> None:
        """Of counts older than a day before the newest keep the last of each quarter hour; then the oldest go."""
        old = bisect_left(self.counted_ms, self.counted_ms[-1] - DAY_MS)
        kept = [n for n in range(old) if n + 1 == old or self.counted_ms[n] // QUARTER_MS != self.counted_ms[n + 1] // QUARTER_MS]
        kept = [*kept, *range(old, len(self.counted_ms))][-MOST_COUNTS // 2 :]
        self.counted_ms, self.counts = [self.counted_ms[n] for n in kept], [self.counts[n] for n in kept]

    def _unheard_before(self, at_ms: int, since_ms: int) -> bool:
        """Whether the control was out of reach in ``(since_ms, at_ms]``: then the count came late."""
        places = range(bisect_right(self.times_ms, since_ms), bisect_right(self.times_ms, at_ms))
        return any(self.codes[place] in (LOST, BACK) for place in places)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of one job, counted from its begin; the last count is the first that reaches `quantity`, if one does."""

    quantity: float
    times_ms: list[int]
    counts: list[float]
    is_late: bool
    """Whether the newest count came after an interruption of the connection, so that nobody knows since when it has been so high."""

    def share(self, at_ms: int) -> float | None:
        """Of the ordered pieces, at an instant."""
        place = bisect_right(self.times_ms, at_ms) - 1
        return self.counts[place] / self.quantity if place >= 0 else 0.0

    @property
    def reached_ms(self) -> int | None:
        """When the last of them was made; None where that is not known, or not yet."""
        is_reached = self.counts[-1] >= self.quantity
        return self.times_ms[-1] if is_reached and not self.is_late else None

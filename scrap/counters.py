"""A counter of pieces in a machine's control: how far it advanced in which quarter hours. Pure.

In: counts by the control's clock, in any order.  Out: spans of quarter hours with the pieces that were counted in them.

- A counter that was set back began at zero again: what it shows then was counted since. What it had counted unseen before is not known.
- A 16 or 32 bit counter that runs over goes on.
- A count that falls and is back within a quarter hour was a wrong value; it is left out.
- While the connection is down nobody knows in which quarter hour the pieces were made: the span reaches from the last count before to the first after.
  Where the control remembers and is read afterwards, its counts cut the span into quarter hours again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from domain.instants import EpochMs
from domain.intervals import QUARTER_MS

MOST_COUNTS = 6_000
"""Counts kept of one counter; they are thinned to a quarter hour each once they are two of them old."""
KEPT_MS = 200 * QUARTER_MS
"""How late a count may come: two days."""
_FINE_MS = 2 * QUARTER_MS
_MODULI = (2**16, 2**32)
_NEAR_MODULUS = 1_000
"""Pieces before and after a rollover: who counts more between two values has set the counter back."""
MOST_PIECES = 1e9
MOST_COUNT = float(2**53)
"""Beyond it no double counts single pieces."""
_Value = Annotated[float, Field(ge=0, le=MOST_COUNT)]


@dataclass(slots=True)
class Counter:
    """Counts of one channel, oldest first. Changed in place."""

    times_ms: list[EpochMs] = field(default_factory=list)
    counts: list[_Value] = field(default_factory=list)

    def put(self, at_ms: int, count: float) -> bool:
        """Take a count; whether it says anything new. One that is older than `KEPT_MS` before the newest is passed over."""
        if self.times_ms and at_ms < self.times_ms[-1] - KEPT_MS:
            return False
        place = bisect_left(self.times_ms, at_ms)
        if place < len(self.times_ms) and self.times_ms[place] == at_ms:
            if self.counts[place] == count:
                return False
            self.counts[place] = count
            return True
        self.times_ms.insert(place, at_ms)
        self.counts.insert(place, count)
        self._thin()
        return True

    def _thin(self) -> None:
        """Of older counts keep the last of each quarter hour, and those around a step back."""
        newest_ms, times, counts = self.times_ms[-1], self.times_ms, self.counts
        fine = bisect_left(times, newest_ms - _FINE_MS)
        first = max(bisect_right(times, newest_ms - KEPT_MS) - 1, 0)  # from which the first of those that are kept advanced
        kept = [
            n
            for n in range(first, fine)
            if n in (first, len(times) - 1)
            or times[n] // QUARTER_MS != times[n + 1] // QUARTER_MS
            or counts[n + 1] < counts[n]
            or counts[n] < counts[n - 1]
        ]
        kept = [*kept, *range(fine, len(times))][-MOST_COUNTS:]
        if len(kept) < len(times):
            self.times_ms, self.counts = [times[n] for n in kept], [counts[n] for n in kept]

    def advances(self, lost_ms: Sequence[int]) -> list[tuple[int, int, int]]:
        """First quarter hour, first one after, and pieces counted in between, in order; spans do not overlap where counts are whole.

        Parameters
        ----------
        lost_ms
            Instants at which the connection was lost, ascending.
        """
        found = []
        for (before_ms, before), (at_ms, count) in pairwise(_plausible(self.times_ms, self.counts)):
            pieces = int(_advance(before, count))
            if pieces <= 0:
                continue
            end = at_ms // QUARTER_MS + 1
            is_blind = bisect_right(lost_ms, at_ms) > bisect_right(lost_ms, before_ms)
            found.append((before_ms // QUARTER_MS if is_blind else end - 1, end, pieces))
        return found

    def knows(self, slot: int) -> bool:
        """Whether it was heard before a quarter hour ended."""
        return bool(self.times_ms) and self.times_ms[0] < (slot + 1) * QUARTER_MS


def _plausible(times_ms: Iterable[int], counts: Iterable[float]) -> list[tuple[int, float]]:
    """The counts without those that fell and came back within a quarter hour."""
    kept: list[tuple[int, float]] = []
    for at_ms, count in zip(times_ms, counts, strict=True):
        while len(kept) > 1 and kept[-1][1] < kept[-2][1] <= count and at_ms - kept[-2][0] <= QUARTER_MS:
            kept.pop()
        kept.append((at_ms, count))
    return kept


def _advance(before: float, count: float) -> float:
    """Pieces between two counts."""
    if count >= before:
        return count - before if count - before <= MOST_PIECES else 0.0
    for modulus in _MODULI:
        if before < modulus and modulus - before <= _NEAR_MODULUS and count <= _NEAR_MODULUS:
            return modulus - before + count
    return count if count <= MOST_PIECES else 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What a machine's counters showed over quarter hours ``[first_slot, end_slot)``; None where it has no such counter, or it was not heard."""

    first_slot: int
    end_slot: int
    good: int | None
    scrap: int | None
    rework: int | None


def counted(counters: Mapping[str, Counter], lost_ms: Sequence[int]) -> list[Counted]:
    """What the counters of one machine showed, span by span; quarter hours in which none of them advanced are not listed.

    Parameters
    ----------
    counters
        By ``good``, ``scrap`` and ``rework``, those that the machine has.
    """
    rows = sorted((first, end, name, pieces) for name, one in counters.items() for first, end, pieces in one.advances(lost_ms))
    found = []
    sums: dict[str, int] = {}
    first = end = 0
    for begin, until, name, pieces in rows:
        if sums and begin >= end:
            found.append(_counted(first, end, sums, counters))
            sums = {}
        if not sums:
            first, end = begin, until
        end = max(end, until)
        sums[name] = sums.get(name, 0) + pieces
    if sums:
        found.append(_counted(first, end, sums, counters))
    return found


def _counted(first: int, end: int, sums: Mapping[str, int], counters: Mapping[str, Counter]) -> Counted:
    def of(name: str) -> int | None:
        counter = counters.get(name)
        return sums.get(name, 0) if counter is not None and counter.knows(end - 1) else None

    return Counted(first, end, of("good"), of("scrap"), of("rework"))

"""Readings of one register that may still matter, sorted by the device's clock.

Most are forgotten once nothing can be missing around them: a quarter hour is *sealed* when its readings lie so close that none
can still come, and then only two readings beside each unsealed neighbour are kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, cast

from domain.intervals import QUARTER_MS
from domain.readings import Reading

_KEPT_AT_EDGE = 2
MOST_POINTS = 12_000
"""More readings than this are never kept of one register; the oldest are frozen first."""


class Origin(NamedTuple):
    """What is needed to tell a reading again: receipt, number, gateway, road."""

    received_ms: int
    sequence: int | None
    gateway: str | None
    origin: str


class Points:
    """Columns of readings: time, value as read, amount in whole micro-units, origin."""

    __slots__ = ("amounts", "floor_ms", "origins", "sealed", "times", "values")

    def __init__(self) -> None:
        self.times: list[int] = []
        self.values: list[float] = []
        self.amounts: list[int] = []
        self.origins: list[Origin] = []
        self.sealed: set[int] = set()
        self.floor_ms = 0
        """Nothing before it can be changed any more."""

    def __len__(self) -> int:
        return len(self.times)

    def insert(self, index: int, time_ms: int, value: float, amount: int, origin: Origin) -> None:
        """Put a reading where the order of time wants it."""
        self.times.insert(index, time_ms)
        self.values.insert(index, value)
        self.amounts.insert(index, amount)
        self.origins.insert(index, origin)

    def remove(self, first: int, stop: int) -> None:
        """Forget the readings ``[first, stop)``."""
        for column in (self.times, self.values, self.amounts, self.origins):
            del cast(list[object], column)[first:stop]

    def reading(self, index: int, site: str, meter: str, channel: str) -> Reading:
        """The reading at `index`, as it was taken."""
        received_ms, sequence, gateway, origin = self.origins[index]
        return Reading(
            site, meter, channel, self.times[index], received_ms, self.values[index],
            gateway=gateway, sequence=sequence, origin=cast(Literal["live", "history"], origin),
        )  # fmt: skip

    def is_dense(self, t0: int, t1: int) -> bool:
        """Whether readings between two neighbours were forgotten because the time between them was seen whole."""
        if not self.sealed:
            return False
        return all(quarter in self.sealed for quarter in range(t0 // QUARTER_MS, t1 // QUARTER_MS + 1))

    def is_complete(self, quarter: int, dense_ms: float) -> bool:
        """Whether no reading can be missing in `quarter` and across its ends."""
        times = self.times
        start = quarter * QUARTER_MS
        first = bisect_right(times, start) - 1
        last = bisect_left(times, start + QUARTER_MS)
        if first < 0 or last >= len(times):
            return False
        return all(times[k + 1] - times[k] <= dense_ms or self.is_dense(times[k], times[k + 1]) for k in range(first, last))

    def seal(self, quarter: int) -> None:
        """Keep of `quarter` only what its neighbours need."""
        self.sealed.add(quarter)
        for touched in (quarter - 1, quarter, quarter + 1):
            if touched in self.sealed:
                self._thin(touched)

    def _thin(self, quarter: int) -> None:
        first = bisect_left(self.times, quarter * QUARTER_MS)
        stop = bisect_left(self.times, (quarter + 1) * QUARTER_MS)
        keep_first = 0 if quarter - 1 in self.sealed else _KEPT_AT_EDGE
        keep_last = 0 if quarter + 1 in self.sealed else _KEPT_AT_EDGE
        if stop - first > keep_first + keep_last:
            self.remove(first + keep_first, stop - keep_last)

    def freeze_before(self, floor_ms: int) -> None:
        """Forget what lies before `floor_ms`, all but the last two readings."""
        if floor_ms <= self.floor_ms:
            return
        self.floor_ms = floor_ms
        self.remove(0, max(0, bisect_left(self.times, floor_ms) - _KEPT_AT_EDGE))
        first = floor_ms // QUARTER_MS
        if self.sealed and min(self.sealed) < first:
            self.sealed = {quarter for quarter in self.sealed if quarter >= first}

    def bound(self) -> None:
        """Freeze the oldest quarter hours where there are too many readings that cannot be sealed."""
        if len(self.times) > MOST_POINTS:
            excess = self.times[len(self.times) - MOST_POINTS]
            self.freeze_before((excess // QUARTER_MS + 1) * QUARTER_MS)


def runs(quarters: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Sorted numbers as runs of first and length."""
    first = length = 0
    for quarter in quarters:
        if length and quarter == first + length:
            length += 1
        else:
            if length:
                yield first, length
            first, length = quarter, 1
    if length:
        yield first, length


def column(kind: str, values: Sequence[int] | Sequence[float]) -> bytes:
    """Numbers as bytes."""
    return array(kind, values).tobytes()

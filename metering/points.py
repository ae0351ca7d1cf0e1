"""Readings of one register that may still matter, sorted by the device's clock.

Where readings lie so close that none can still come between them, only those beside the boundaries of quarter hours are kept:
the step from one kept reading to the next is then *whole*.  Once a quarter hour is *sealed* its boundaries go too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from operator import sub
from typing import Literal, NamedTuple, cast

from domain.intervals import QUARTER_MS
from domain.readings import Reading
from metering.packing import pack_readings, pack_run
from metering.quarter_runs import QuarterRuns
from metering.runs import ListedRun, ReadingRun, RunShape

_KEPT_AT_EDGE = 2
_MINUTE_MS = 60_000
MOST_POINTS = 12_000
"""More readings than this are never kept of one register; the oldest are frozen first."""
_LOOK_BACK = 4
"""A reading that comes late is looked at together with so many before it."""

Route = tuple[str | None, str]
"""Gateway, and live or history."""


class Origin(NamedTuple):
    """What is needed to publish a reading again: receipt, number, route."""

    received_ms: int
    sequence: int
    """-1: none."""
    route: int
    """Place in `Points.route_names`."""


class SetAside(NamedTuple):
    """One reading by itself: it comes late, or does not count because it was a glitch or dated by a clock that was set."""

    value: float
    amount: int
    origin: Origin
    thinned: int | None
    """How many readings were thinned out after it; None if none can have been."""


def reading_of(meter: tuple[str, str], channel: str, route: Route, time_ms: int, one: tuple[int, int, float]) -> Reading:
    """A kept reading as it was taken; `meter` is site and meter, `one` receipt [ms], number (-1: none) and value."""
    (gateway, origin), (received_ms, sequence, value) = route, one
    return Reading(
        *meter, channel, time_ms, received_ms, value,
        gateway=gateway, sequence=None if sequence < 0 else sequence, origin=cast(Literal["live", "history"], origin),
    )  # fmt: skip


class Points:
    """Columns of readings: time, value as read, amount in whole micro-units, origin.

    Why it is long: six columns change together, and each change drops the bytes that are kept of what it touches.
    So every change of a column is here; which readings may go is decided in `thinning`.
    """

    __slots__ = (
        "_routes", "amounts", "chunk_ms", "chunks", "cold", "cold_whole", "dense_from_ms", "floor_ms", "received", "route_names", "routes", "sealed", "sequences", "stored",
        "thin_from_ms", "thin_step_ms", "thin_to_ms", "times", "values", "whole",
    )  # fmt: skip

    def __init__(self, chunk_ms: int = _MINUTE_MS) -> None:
        self.chunk_ms = chunk_ms
        """The last readings are stored in pieces of this length."""
        self.thin_step_ms = min(QUARTER_MS, chunk_ms)
        """A minute at a reading a second; a quarter hour where readings are rarer."""
        self.chunks: dict[int, bytes] = {}
        """Pieces that have not changed since."""
        self.times: list[int] = []
        self.values: list[float] = []
        self.amounts: list[int] = []
        self.received: list[int] = []
        self.sequences: list[int] = []
        self.routes: list[int] = []
        self.route_names: list[Route] = []
        self._routes: dict[Route, int] = {}
        self.whole: dict[int, int] = {}
        """Steps between neighbours of which the readings in between were forgotten: time of the earlier, integral [uW ms]."""
        self.sealed = QuarterRuns()
        self.floor_ms = 0
        """Nothing before it can be changed any more."""
        self.thin_from_ms = 0
        """The readings before it have been thinned out."""
        self.thin_to_ms = 0
        """How far was looked, in whole `thin_step_ms`; not stored."""
        self.dense_from_ms: int | None = None
        """Since this reading all lie close together, as far as is known; a shortcut that is not stored."""
        self.cold: bytes | None = None
        """The readings before `thin_from_ms` as bytes, as long as they do not change."""
        self.stored: bytes | None = None
        """All of this as bytes, as long as nothing changes."""
        self.cold_whole = 0
        """How many whole steps are in `cold`."""

    def __len__(self) -> int:
        return len(self.times)

    def packed(self, first: int, stop: int) -> bytes:
        """The readings ``[first, stop)`` as bytes."""
        part = slice(first, stop)
        return pack_readings(self.times[part], self.values[part], self.received[part], self.sequences[part], self.routes[part])

    def add_columns(self, columns: tuple[list[int], list[float], list[int], list[int], list[int]]) -> None:
        """Readings as they were stored, after all others; amounts are still to be put."""
        times, values, received, sequences, routes = columns
        self.times += times
        self.values += values
        self.received += received
        self.sequences += sequences
        self.routes += routes

    def thinned(self) -> int:
        """How many readings lie before `thin_from_ms`."""
        return bisect_left(self.times, self.thin_from_ms)

    def route(self, gateway: str | None, origin: str) -> int:
        """The place of a route."""
        name = (gateway, origin)
        place = self._routes.get(name)
        if place is None:
            place = self._routes[name] = len(self.route_names)
            self.route_names.append(name)
            self.cold = self.stored = None
        return place

    def name_routes(self, names: Sequence[Route]) -> None:
        """The routes of stored readings."""
        self.route_names = list(names)
        self._routes = {name: place for place, name in enumerate(names)}

    def append(self, time_ms: int, value: float, amount: int, origin: Origin, dense_ms: float) -> None:
        """Put a reading after all others."""
        if not self.times or time_ms - self.times[-1] > dense_ms or self.dense_from_ms is None:
            self.dense_from_ms = time_ms
        self._changed(time_ms, time_ms)
        self.times.append(time_ms)
        self.values.append(value)
        self.amounts.append(amount)
        self.received.append(origin[0])
        self.sequences.append(origin[1])
        self.routes.append(origin[2])

    def extend(self, run: ListedRun, amounts: list[int], dense_ms: float) -> None:
        """Put a run after all other readings, of which there is one at least."""
        route, times = self.route(run.run.gateway, run.run.origin), run.times
        if len(times) == 1:
            origin = Origin(run.received[0], run.sequences[0], route)
            self.append(times[0], run.values[0], amounts[0], origin, dense_ms)
            return
        before, first, last = self.times[-1], times[0], times[-1]
        widest_ms = run.shape.widest_ms if run.shape is not None else max(map(sub, times[1:], times))
        if widest_ms > dense_ms:
            self.dense_from_ms = last
        elif first - before > dense_ms or self.dense_from_ms is None:
            self.dense_from_ms = first
        self._changed(first, last)
        if run.shape is not None:
            self._store_chunk(run.run, run.shape, first, last, route)
        self.times += times
        self.values += run.values
        self.amounts += amounts
        self.received += run.received
        self.sequences += run.sequences
        self.routes += [route] * len(times)

    def _store_chunk(self, run: ReadingRun, shape: RunShape, first_ms: int, last_ms: int, route: int) -> None:
        """Keep the bytes of a run that is the first in a chunk and lies in it whole: its columns are at hand."""
        chunk = first_ms // self.chunk_ms
        if last_ms // self.chunk_ms == chunk != self.times[-1] // self.chunk_ms:
            self.chunks[chunk] = pack_run(
                shape.elapsed, shape.lags, run.sequences, first_ms, route, run.values, shape.thousandths
            )  # fmt: skip

    def emptied(self) -> Points:
        """The same without its readings, to be filled again."""
        empty = Points(self.chunk_ms)
        empty.name_routes(self.route_names)
        empty.whole, empty.sealed, empty.floor_ms, empty.thin_from_ms = self.whole, self.sealed, self.floor_ms, self.thin_from_ms
        return empty

    def without(self, out: Collection[int]) -> Points:
        """The same without the readings at some indices."""
        points, at = self.emptied(), 0
        for k in sorted(out):
            points.append_from(self, at, k)
            at = k + 1
        points.append_from(self, at, len(self))
        return points

    def append_from(self, other: Points, first: int, stop: int) -> None:
        """Put the readings ``[first, stop)`` of `other` after all others."""
        self.times += other.times[first:stop]
        self.values += other.values[first:stop]
        self.amounts += other.amounts[first:stop]
        self.received += other.received[first:stop]
        self.sequences += other.sequences[first:stop]
        self.routes += other.routes[first:stop]

    def append_aside(self, time_ms: int, aside: SetAside) -> None:
        """Put a reading that was set aside after all others."""
        self.times.append(time_ms)
        self.values.append(aside.value)
        self.amounts.append(aside.amount)
        self.received.append(aside.origin.received_ms)
        self.sequences.append(aside.origin.sequence)
        self.routes.append(aside.origin.route)
        if aside.thinned is not None:
            self.whole[time_ms] = 0

    def set_aside(self, index: int, thinned: int | None = None) -> SetAside:
        """The reading at `index` as one that does not count."""
        origin = Origin(self.received[index], self.sequences[index], self.routes[index])
        return SetAside(self.values[index], self.amounts[index], origin, thinned)

    def insert(self, index: int, time_ms: int, new: SetAside) -> None:
        """Put a reading where the order of time wants it."""
        self.times.insert(index, time_ms)
        self.values.insert(index, new.value)
        self.amounts.insert(index, new.amount)
        self.received.insert(index, new.origin.received_ms)
        self.sequences.insert(index, new.origin.sequence)
        self.routes.insert(index, new.origin.route)
        self.look_again(index)

    def put(self, index: int, new: SetAside) -> None:
        """Put a reading in the place of another one of the same instant."""
        self._changed(self.times[index], self.times[index])
        self.values[index], self.amounts[index] = new.value, new.amount
        self.received[index], self.sequences[index], self.routes[index] = new.origin
        self.cold = self.stored = None

    def look_again(self, index: int) -> None:
        """The reading at `index` has come late: what lies around it may be thinned out now."""
        self._changed(self.times[index], self.times[index])
        self.thin_from_ms = min(self.thin_from_ms, self.times[max(index - _LOOK_BACK, 0)])
        self.thin_to_ms = 0
        self.cold = self.stored = None

    def remove(self, first: int, stop: int) -> None:
        """Forget the readings ``[first, stop)``."""
        if self.whole:
            for time_ms in self.times[first:stop]:
                self.whole.pop(time_ms, None)
        self.delete(first, stop)
        self.cold = self.stored = None
        self.dense_from_ms = None

    def _changed(self, from_ms: int, to_ms: int) -> None:
        self.stored = None
        if self.chunks:
            for key in range(from_ms // self.chunk_ms, to_ms // self.chunk_ms + 1):
                self.chunks.pop(key, None)

    def delete(self, first: int, stop: int) -> None:
        """Forget the readings ``[first, stop)``; the steps that this makes whole are the caller's."""
        if first < stop:
            self._changed(self.times[first], self.times[stop - 1])
        del self.times[first:stop], self.values[first:stop], self.amounts[first:stop]
        del self.received[first:stop], self.sequences[first:stop], self.routes[first:stop]

    def reading(self, index: int, site: str, meter: str, channel: str) -> Reading:
        """The reading at `index`, as it was taken."""
        one = self.received[index], self.sequences[index], self.values[index]
        return reading_of((site, meter), channel, self.route_names[self.routes[index]], self.times[index], one)

    def is_seen(self, time_ms: int, index: int) -> bool:
        """Whether a reading that belongs before the one at `index` has been forgotten already."""
        return (index > 0 and self.times[index - 1] in self.whole) or time_ms // QUARTER_MS in self.sealed

    def may_lack(self, index: int, dense_ms: float) -> bool:
        """Whether readings may be missing between the one at `index` and the one before it."""
        before_ms = self.times[index - 1]
        return self.times[index] - before_ms > dense_ms and before_ms not in self.whole

    def is_complete(self, quarter: int, dense_ms: float) -> bool:
        """Whether no reading can be missing in `quarter` and across its ends."""
        times, whole = self.times, self.whole
        start = quarter * QUARTER_MS
        first = bisect_right(times, start) - 1
        last = bisect_left(times, start + QUARTER_MS)
        if first < 0 or last >= len(times):
            return False
        return all(times[k + 1] - times[k] <= dense_ms or times[k] in whole for k in range(first, last))

    # Forgetting

    def is_thin(self, to_ms: int) -> bool:
        """Whether thinning out up to `to_ms` would find nothing new; it looks once in `thin_step_ms`."""
        return to_ms - to_ms % self.thin_step_ms == self.thin_to_ms

    def freeze_before(self, floor_ms: int, kept_from: int | None = None) -> None:
        """Forget what lies before `floor_ms`, all but the last two readings, or those from the index `kept_from` on."""
        if floor_ms <= self.floor_ms:
            return
        self.floor_ms = floor_ms
        edge = bisect_left(self.times, floor_ms) - _KEPT_AT_EDGE
        self.remove(0, max(0, edge if kept_from is None else min(edge, kept_from)))
        self.sealed.drop_before(floor_ms // QUARTER_MS)

    def set_back(self, to_ms: int) -> None:
        """Forget what is dated after `to_ms`, and that anything from its quarter hour on was settled."""
        first = bisect_right(self.times, to_ms)
        self.remove(first, len(self.times))
        if self.times:
            self.whole.pop(self.times[-1], None)
        self.sealed.drop_from(to_ms // QUARTER_MS)
        self.floor_ms = min(self.floor_ms, to_ms // QUARTER_MS * QUARTER_MS)
        self.thin_from_ms = min(self.thin_from_ms, self.times[-1] if self.times else 0)
        self.thin_to_ms = 0
        self.dense_from_ms = None

    def bound(self) -> None:
        """Freeze the oldest quarter hours where there are too many readings that cannot be thinned out."""
        if len(self.times) > MOST_POINTS:
            excess = self.times[len(self.times) - MOST_POINTS]
            self.freeze_before((excess // QUARTER_MS + 1) * QUARTER_MS)

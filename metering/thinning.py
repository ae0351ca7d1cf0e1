"""Which readings of a register may be forgotten because others, close beside them, say enough.

Beside the boundaries of quarter hours, silences, and what cases hang on, readings stay; between two that stay the step is *whole*.  Once a
quarter hour is *sealed* its boundaries go, too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from itertools import pairwise
from operator import mul, sub
from typing import NamedTuple

from domain.intervals import QUARTER_MS
from metering.counted import Counted
from metering.points import Points
from metering.quarantine import Quarantine
from metering.stillness import before_run, run_across

_LOOK_BEYOND = 4
"""When a quarter hour is sealed, no more readings of sealed ones behind it are thinned out with it."""


class Needs(NamedTuple):
    """What must stay beside boundaries and silences."""

    pinned: Collection[int] = ()
    """Times [ms] of readings that stay."""
    still: Counted | None = None
    """For counters: where the register stands still. Across a boundary no reading beside that is needed then."""
    quarantine: Quarantine | None = None
    """Where the forgotten ones go."""
    integrate: bool = False
    """Whether the integral of what is forgotten matters."""
    passing_ms: int | None = None
    """Time of a reading that stays for now."""

    @property
    def are_plain(self) -> bool:
        """Whether boundaries and silences are all."""
        return not self.pinned and self.quarantine is None and self.passing_ms is None


def span(points: Points, to_ms: int) -> tuple[int, int]:
    """The readings that `thin` up to `to_ms` would look at, as ``[start, stop)``."""
    stop = bisect_right(points.times, to_ms - to_ms % points.thin_step_ms)
    return bisect_left(points.times, points.thin_from_ms, 0, stop), stop


def thin(points: Points, to_ms: int, dense_ms: float, needs: Needs) -> None:
    """Forget, up to `to_ms`, what lies close between others."""
    if points.is_thin(to_ms):
        return
    start, stop = span(points, to_ms)
    points.thin_to_ms = to_ms - to_ms % points.thin_step_ms
    if stop - start < 3:
        return
    if not (needs.are_plain and _is_dense_in_one_quarter(points, start, stop)) or _stands_still(needs.still, start, stop):
        _thin_between(points, start, stop, dense_ms, needs)
        return
    from_ms = points.times[start]
    _merge_dense(points, start, stop - 1, needs.integrate)
    if points.thin_from_ms != from_ms:
        points.thin_from_ms, points.cold = from_ms, None


def _is_dense_in_one_quarter(points: Points, start: int, stop: int) -> bool:
    """Whether the readings ``[start, stop)`` are known to lie close together in one quarter hour: only the outer two stay."""
    times, dense_from = points.times, points.dense_from_ms
    if dense_from is None or times[start] // QUARTER_MS != times[stop - 1] // QUARTER_MS:
        return False
    return times[start] >= dense_from or (times[start + 1] >= dense_from and times[start] in points.whole)


def _stands_still(still: Counted | None, start: int, stop: int) -> bool:
    """Whether a reading between the outer two of ``[start, stop)`` must stay: it tells until when the register stood still at `start`."""
    if still is None or start == 0:
        return False
    points = still.points
    if points.amounts[start] != points.amounts[start - 1] and not points.may_lack(start, still.rules.dense_ms):
        return False
    return any(start < k < stop - 1 for k in run_across(still, start))


def _thin_between(points: Points, start: int, stop: int, dense_ms: float, needs: Needs) -> None:
    stay, anchor = _needed(points, start, stop, dense_ms, needs)
    anchor_ms, last_ms = points.times[anchor], points.times[stop - 1]
    points.cold = points.stored = None
    for left, right in reversed(list(pairwise(sorted(k for k in stay if start <= k < stop)))):
        if right - left >= 2:
            if needs.quarantine is not None:
                needs.quarantine.keep(points, left + 1, right)
            _merge(points, left, right, needs.integrate)
    points.thin_from_ms = anchor_ms
    if points.dense_from_ms is not None:
        # Among those that stayed there may be whole steps, which the quick way does not look for.
        points.dense_from_ms = max(points.dense_from_ms, last_ms)


def _merge(points: Points, left: int, right: int, integrate: bool) -> None:
    """Forget what lies between the readings `left` and `right`."""
    times, amounts, whole = points.times, points.amounts, points.whole
    uw_ms = 0
    if integrate:
        uw_ms = sum(whole.get(times[n], amounts[n] * (times[n + 1] - times[n])) for n in range(left, right))
    for n in range(left + 1, right):
        whole.pop(times[n], None)
    whole[times[left]] = uw_ms
    points.delete(left + 1, right)


def _merge_dense(points: Points, left: int, right: int, integrate: bool) -> None:
    """The same, and quicker, where no step but the first can be whole."""
    times, amounts, whole = points.times, points.amounts, points.whole
    uw_ms = 0
    if integrate:
        k = left + (times[left] in whole)
        uw_ms = sum(map(mul, amounts[k:right], map(sub, times[k + 1 : right + 1], times[k:right])), whole.get(times[left], 0))
    whole[times[left]] = uw_ms
    points.delete(left + 1, right)


def _needed(points: Points, start: int, stop: int, dense_ms: float, needs: Needs) -> tuple[set[int], int]:
    """Indices of the readings that stay, and the last of them that will stay whatever comes."""
    times, whole, still = points.times, points.whole, needs.still
    stay, anchor = {start, stop - 1, *_across(still, start)}, start
    for k in range(start + 1, stop):
        t0, t1 = times[k - 1], times[k]
        if t1 - t0 > dense_ms and t0 not in whole:
            # The step before a silence gives the power at which a removed step is held.
            stay.update((max(k - 2, start), k - 1, k), _across(still, k))
            anchor = k
        elif t0 // QUARTER_MS != t1 // QUARTER_MS and _is_boundary(points, k, still is not None):
            stay.update((k - 1, k))
            anchor = k
        elif t1 in needs.pinned:
            stay.add(k)
            anchor = k
        elif t1 == needs.passing_ms:
            stay.add(k)
    if still is not None:
        stay.update([before_run(still, k) for k in stay if start < k < stop and k - 1 in stay and times[k - 1] not in whole])
    return stay, anchor


def _across(still: Counted | None, index: int) -> Collection[int]:
    return () if still is None else run_across(still, index)


def _is_boundary(points: Points, index: int, is_counter: bool) -> bool:
    """Whether a boundary of quarter hours between the reading at `index` and the one before it needs both."""
    if is_counter and points.amounts[index - 1] == points.amounts[index]:
        return False
    return not points.sealed.covers(points.times[index - 1] // QUARTER_MS, points.times[index] // QUARTER_MS)


def seal(points: Points, quarter: int, dense_ms: float, needs: Needs) -> None:
    """Nothing will be asked of `quarter` any more: keep only what its neighbours need."""
    points.sealed.add(quarter)
    times, thin_from = points.times, points.thin_from_ms
    start, stop = _first_sealed(points, quarter), _stop_sealed(points, quarter)
    if stop - start >= 3:
        _thin_between(points, start, stop, dense_ms, needs)
    # What came after was thinned before and stays so; its anchor may be one that has gone.
    at = bisect_right(times, thin_from) - 1
    points.thin_from_ms = times[max(at, 0)] if times else thin_from
    points.cold = points.stored = None


def _first_sealed(points: Points, quarter: int) -> int:
    """From where on readings before `quarter` are thinned out with it: as far as all is sealed, but not beyond a whole step."""
    times = points.times
    first = start = bisect_left(times, quarter * QUARTER_MS)
    while start > 0 and points.sealed.covers(times[start - 1] // QUARTER_MS, quarter):
        start -= 1
        if times[start] in points.whole and start < first - 2:
            break
    return start


def _stop_sealed(points: Points, quarter: int) -> int:
    stop = bisect_left(points.times, (quarter + 1) * QUARTER_MS)
    most = min(len(points.times), stop + _LOOK_BEYOND)
    while stop < most and points.times[stop] // QUARTER_MS in points.sealed:
        stop += 1
    return stop

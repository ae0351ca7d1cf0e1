"""Readings that a clock, set back or ahead, has dated among others: which of them count. Pure.

While a clock is set back, what is read now is dated among what was read before: two runs of one register lie between each other, and every step
from one to the other is wrong.  They are distinguished by what no clock changes, the gateway's number of a reading or else the count of the
register: in the order of that, each reading takes its place by its date, unless it would stand between two others so close that none can be
missing there.  So it does not matter in which order they arrive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import NamedTuple

from domain.readings import Reading
from metering.points import Points


class Judged(NamedTuple):
    """What hindsight says after a batch."""

    spans: list[tuple[int, int]]
    """Whose count may have changed [ms]."""
    refused: list[Reading]
    """Glitches, reported for the first time."""
    counts: list[tuple[int, int]]
    """Time [ms] and by how many the readings in use have changed."""
    misdated: list[Reading]
    """Readings that do not count because a clock was set, reported for the first time."""


NOTHING_NEW = Judged([], [], [], [])


def _are_numbered(points: Points, one: int, other: int) -> bool:
    return (
        points.sequences[one] >= 0 <= points.sequences[other]
        and points.route_names[points.routes[one]][0] == points.route_names[points.routes[other]][0]
    )


def _is_live(points: Points, index: int) -> bool:
    return points.route_names[points.routes[index]][1] == "live"


def is_out_of_order(points: Points, index: int) -> bool:
    """Whether the reading at `index` has another one beside it on the side on which, by their numbers, it does not belong."""
    if not _is_live(points, index):
        return False
    last = len(points.times) - 1
    return (index > 0 and _is_on_wrong_side(points, index - 1, index)) or (
        index < last and _is_on_wrong_side(points, index + 1, index)
    )


def _is_on_wrong_side(points: Points, at: int, index: int) -> bool:
    sequences = points.sequences
    if (sequences[at] > sequences[index]) == (at > index):
        return False
    return _is_live(points, at) and _are_numbered(points, index, at)


def stands_between(points: Points, index: int, dense_ms: float) -> bool:
    """Whether, by their counts, the reading at `index` or one beside it stands between two that were taken before it.

    They must be so close that none can be missing between them.  Only for readings without numbers.
    """
    times, amounts = points.times, points.amounts
    for at in (index - 1, index, index + 1):
        if not (0 < at < len(times) - 1 and times[at + 1] - times[at - 1] <= dense_ms):
            continue
        if amounts[at - 1] <= amounts[at + 1] < amounts[at] and not _are_numbered(points, at - 1, at) and _is_live(points, at):
            return True
    return False


def misdated(points: Points, from_ms: int, sampling_ms: int, dense_ms: float, is_counted: bool) -> list[int]:
    """Indices of the readings from `from_ms` on that do not count because a clock was set, those that did not before included.

    What lies beside readings that have been forgotten counts in any case.
    """
    times, whole = points.times, points.whole
    live = [k for k in range(len(times)) if _is_live(points, k)]
    fixed = {k for k in live if times[k] < from_ms or times[k] in whole or (k > 0 and times[k - 1] in whole)}
    free = [k for k in live if k not in fixed]
    numbered = all(_are_numbered(points, free[0], k) for k in free)
    if not free or not (numbered or is_counted):
        return []
    out = _jumped(points, live, fixed, sampling_ms, dense_ms) if numbered else set()
    rank = points.sequences if numbered else points.amounts
    taken = [(times[k], k) for k in live if k in fixed]
    for k in sorted(free, key=lambda k: (rank[k], times[k])):
        if k not in out:
            place = bisect_left(taken, times[k], key=itemgetter(0))
            if 0 < place < len(taken) and _is_full(points, taken[place - 1][1], taken[place][1], dense_ms, numbered):
                out.add(k)
            else:
                taken.insert(place, (times[k], k))
    return sorted(out)


def _is_full(points: Points, before: int, after: int, dense_ms: float, numbered: bool) -> bool:
    """Whether no reading can be missing between two."""
    is_dense = points.times[after] - points.times[before] <= dense_ms
    return is_dense and (numbered or points.amounts[before] <= points.amounts[after])


class _Jump(NamedTuple):
    """From one reading to the next by number the date went by so much more than time did."""

    place: int
    by_ms: int


LONGEST_JUMP_MS = 1_500_000
"""Readings of a longer time are not given up because the dates jumped at its beginning and jumped back at its end."""


def _jumped(points: Points, live: Sequence[int], fixed: Collection[int], sampling_ms: int, dense_ms: float) -> set[int]:
    """Readings of times in which a clock was set: by number their dates jump, and later jump back by as much."""
    order = sorted(live, key=lambda k: points.sequences[k])
    found: set[int] = set()
    open_jumps: list[_Jump] = []
    place = 1
    while place < len(order):
        by_ms = points.times[order[place]] - points.times[order[place - 1]] - sampling_ms
        if -dense_ms <= by_ms <= dense_ms - sampling_ms:
            place += 1
            continue
        at = next((n for n in reversed(range(len(open_jumps))) if _is_back(open_jumps[n].by_ms, by_ms, 2 * dense_ms)), None)
        run = order[open_jumps[at].place : place] if at is not None else []
        if at is None or not _can_go(points, run, fixed):
            open_jumps.append(_Jump(place, by_ms))
            place += 1
            continue
        found.update(run)
        place = open_jumps[at].place
        del order[place : place + len(run)], open_jumps[at:]
    return found


def _is_back(jump_ms: int, by_ms: int, to_within_ms: float) -> bool:
    """Whether dates that jumped have jumped back; a few readings that were lost are no jump."""
    return (jump_ms > 0) != (by_ms > 0) and abs(jump_ms + by_ms) <= to_within_ms < abs(jump_ms)


def _can_go(points: Points, run: Sequence[int], fixed: Collection[int]) -> bool:
    took_ms = points.times[run[-1]] - points.times[run[0]]
    return took_ms <= LONGEST_JUMP_MS and not any(k in fixed for k in run)

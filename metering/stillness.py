"""How long a register has shown the same value, and what that makes possible. Pure.

Many registers are refreshed more slowly than they are read: PAC3200 every few seconds, UMG 96-S2 every five minutes.  What such a register counts
in all the time since its value last changed, it shows at once.  That is energy, booked whole and evenly over the time in which it stood still.

A *run* is a row of readings that show one value.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from domain.intervals import QUARTER_MS
from metering.counted import Counted
from metering.rules import HINDSIGHT_MS, LONGEST_REFRESH_MS


def first_of_run(counted: Counted, index: int) -> int:
    """Index of the first reading that shows the value of the one at `index`, no longer ago than a register may take to catch up."""
    points, breaks, _ = counted
    times, amounts = points.times, points.amounts
    oldest_ms, amount = times[index] - HINDSIGHT_MS, amounts[index]
    while index > 0 and amounts[index - 1] == amount and times[index - 1] >= oldest_ms and times[index] not in breaks:
        index -= 1
    return index


def last_of_run(counted: Counted, index: int) -> int:
    """Index of the last reading that shows the value of the one at `index`."""
    points, breaks, _ = counted
    times, amounts, amount = points.times, points.amounts, points.amounts[index]
    while index + 1 < len(times) and amounts[index + 1] == amount and times[index + 1] not in breaks:
        index += 1
    return index


def still_from_ms(counted: Counted, index: int) -> int:
    """Since when the register has shown the value of the reading at `index`."""
    return counted.points.times[first_of_run(counted, index)]


def old_ms(counted: Counted, index: int) -> int:
    """How old the value at `index` can have been when it was read.

    It was refreshed after the last reading that showed another one: most often that was just before, but there may have been a silence.
    """
    points, _, rules = counted
    times, first = points.times, first_of_run(counted, index)
    before_ms = times[first] - times[first - 1] if first > 0 and times[first - 1] not in points.whole else 0
    unseen_ms = rules.refresh_ms if before_ms <= rules.dense_ms else max(rules.refresh_ms, min(before_ms, LONGEST_REFRESH_MS))
    return times[index] - times[first] + unseen_ms


def catches_up(counted: Counted, index: int) -> bool:
    """Whether the step to the reading at `index` is more than can have been counted since the reading before."""
    points, breaks, rules = counted
    t0, t1 = points.times[index - 1], points.times[index]
    advance = points.amounts[index] - points.amounts[index - 1]
    if -rules.resolution_uwh <= advance <= rules.most_uwh_per_ms * (t1 - t0) or t1 in breaks or t0 in points.whole:
        return False
    return not rules.is_possible(advance, t1 - t0, points.amounts[index])


def before_run(counted: Counted, index: int) -> int:
    """Where the register began to stand still, if it catches up with the step to the reading at `index`; else the reading before."""
    return first_of_run(counted, index - 1) if catches_up(counted, index) else index - 1


def end_of_run(counted: Counted, index: int) -> list[int]:
    """Indices of the last reading of a run, and of the one that catches up; empty if none does."""
    last = last_of_run(counted, index)
    return [last, last + 1] if last + 1 < len(counted.points) and catches_up(counted, last + 1) else []


def run_across(counted: Counted, index: int) -> list[int]:
    """Indices of the readings that show since when the register has stood still between the one at `index` and the one before it.

    They must stay where a quarter hour begins there, and where readings may still come between the two.
    """
    if index == 0:
        return []
    points = counted.points
    if points.amounts[index] == points.amounts[index - 1]:
        first, last = first_of_run(counted, index - 1), last_of_run(counted, index)
        return [first, last, *end_of_run(counted, last)]
    stay = [before_run(counted, index)]
    if points.may_lack(index, counted.rules.dense_ms):
        # What comes between may catch up with what is counted since the register last changed before the silence.
        stay += [first_of_run(counted, index - 1), *end_of_run(counted, index)]
    return stay


def runs_across(counted: Counted, start: int, stop: int) -> set[int]:
    """The same [ms] for all quarter hours that begin between the readings ``[start, stop)``, as far as the register stands still there."""
    times, amounts = counted.points.times, counted.points.amounts
    pins: set[int] = set()
    at = start
    while at < stop:
        if at > 0 and amounts[at] == amounts[at - 1] and times[at] // QUARTER_MS != times[at - 1] // QUARTER_MS:
            pins.update(times[k] for k in run_across(counted, at))
        at = max(bisect_left(times, (times[at] // QUARTER_MS + 1) * QUARTER_MS, at, stop), at + 1)
    return pins


def widened(counted: Counted, span: tuple[int, int]) -> tuple[int, int]:
    """A span [ms] with the readings beside it, and as far as the register stands still there."""
    times, amounts = counted.points.times, counted.points.amounts
    first = max(bisect_left(times, span[0]) - 1, 0)
    last = min(bisect_right(times, span[1]), len(times) - 1)
    if last > 0 and amounts[last] == amounts[last - 1]:
        last = min(last_of_run(counted, last) + 1, len(times) - 1)
    return min(span[0], still_from_ms(counted, first)), max(span[1], times[last])


def changed_from_ms(counted: Counted, index: int) -> int:
    """From when on readings after that at `index` change what was counted: from before it, where the register catches up."""
    points = counted.points
    if index == 0 or points.amounts[index] != points.amounts[index - 1]:
        return points.times[index]
    first, after = first_of_run(counted, index), last_of_run(counted, index) + 1
    if first < index and after < len(points) and catches_up(counted, after):
        return points.times[first]
    return points.times[index]


def still_at_head_ms(counted: Counted) -> int:
    """Since when the register has stood still up to the newest reading, and may yet catch up; after that reading if it moves."""
    points = counted.points
    head = len(points) - 1
    first = first_of_run(counted, head)
    return points.times[first] if first < head else points.times[head] + 1

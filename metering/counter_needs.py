"""Which readings of a counter must stay, and which of its quarter hours are settled: what may still come must lead to the same table. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from domain.intervals import QUARTER_MS, IntervalMethod
from metering.cases import Break
from metering.counted import Counted
from metering.hindsight import Doubt
from metering.rules import HINDSIGHT_MS
from metering.stillness import end_of_run, first_of_run, last_of_run, run_across, runs_across


def is_settled(counted: Counted, quarter: int) -> bool:
    """Whether nothing that may still come can change `quarter`, while no register is in doubt."""
    if not counted.points.is_complete(quarter, counted.rules.dense_ms) or _hangs_on_silence(counted, quarter):
        return False
    start, end = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
    return not any(
        found.from_ms < end
        and (found.to_ms > start or (start <= found.from_ms + HINDSIGHT_MS and _may_come_back(counted, found)))
        for found in counted.breaks.values()
    )  # fmt: skip


def _hangs_on_silence(counted: Counted, quarter: int) -> bool:
    """Whether readings that may still come can change since when the register stands still at the beginning or the end of `quarter`."""
    return any(_stands_over_silence(counted, boundary) for boundary in (quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS))


def _stands_over_silence(counted: Counted, boundary_ms: int) -> bool:
    times = counted.points.times
    at = bisect_left(times, boundary_ms)
    if not 0 < at < len(times):
        return False
    first, last = first_of_run(counted, at), last_of_run(counted, at)
    # Where a run is first seen at the boundary itself, it may have begun before it.
    if first == at and not (times[at] == boundary_ms and end_of_run(counted, at)):
        return False
    return counted.is_open(first) or (counted.is_open(last + 1) and times[last] - times[at] <= HINDSIGHT_MS)


def _may_come_back(counted: Counted, found: Break) -> bool:
    """Whether a reading can still come that shows a step to have been a glitch."""
    if not _is_doubtful(counted, found):
        return False
    points, times = counted.points, counted.points.times
    first, last = bisect_left(times, found.from_ms), bisect_left(times, found.from_ms + HINDSIGHT_MS)
    return last >= len(times) or any(points.may_lack(k + 1, counted.rules.dense_ms) for k in range(first, last))


def _is_doubtful(counted: Counted, found: Break) -> bool:
    """Whether other readings may explain a step better: in a silence, a fall to zero can look like a full turn."""
    is_silent = found.to_ms - found.from_ms > counted.rules.gap_ms
    return found.is_impossible or (is_silent and found.kind is IntervalMethod.ROLLOVER)


def may_be_wanted(breaks: Iterable[Break], doubts: Sequence[Doubt], from_ms: int) -> bool:
    """Whether hindsight may want to report readings from `from_ms` on: they must not be forgotten for good."""
    return bool(doubts) or any(found.is_impossible and from_ms - found.from_ms <= HINDSIGHT_MS for found in breaks)


def boundary_pins(counted: Counted, quarter: int) -> set[int]:
    """Which readings [ms] tell since when the register stands still where `quarter` ends."""
    times = counted.points.times
    at = bisect_left(times, (quarter + 1) * QUARTER_MS)
    return {times[k] for k in run_across(counted, at)} if at < len(times) else set()


def pins(counted: Counted, doubts: Iterable[Doubt], aside: Iterable[int], start: int, stop: int) -> set[int]:
    """Which of the readings ``[start, stop)`` must stay [ms]: cases hang on them, or they tell since when the register stands still.

    `aside` holds the times [ms] of glitches.
    """
    times, from_ms = counted.points.times, counted.points.thin_from_ms
    found = runs_across(counted, start, stop)
    for case in counted.breaks.values():
        if case.to_ms >= from_ms:
            before = bisect_left(times, case.from_ms)
            found.update((case.from_ms, case.to_ms), times[max(before - 1, 0) : before])
    for doubt in doubts:
        found.update((doubt.from_ms, times[bisect_right(times, doubt.from_ms)]))
    for time_ms in aside:
        if time_ms >= from_ms:
            after = bisect_left(times, time_ms)
            found.update(times[max(after - 1, 0) : after + 1])
            found.add(times[first_of_run(counted, max(after - 1, 0))])
    return found

"""A whole run of readings put after all that is known, where every one of them is in order: the cheap way for what is ordinary."""

from __future__ import annotations

from bisect import bisect_left
from operator import gt, sub

from domain.intervals import QUARTER_MS
from metering import marking
from metering.meter_rules import MeterRules
from metering.packing import least
from metering.rules import CLOCK_AHEAD_MS
from metering.runs import ListedRun, ReadingRun
from metering.state import MeterState, Track
from metering.track import JUMP_MS


def take_ordinary(state: MeterState, rules: MeterRules, earliest_ms: int, run: ReadingRun) -> bool:
    """Take a run if every reading of it is in order; else nothing is changed, and false is returned.

    `earliest_ms` is the instant before which readings are refused.
    """
    track = state.tracks.get(run.channel)
    if track is None or not track.points.times:
        return False
    listed = ListedRun(run)
    if not listed.times or listed.times[0] < earliest_ms or not _is_in_order(track, listed):
        return False
    amounts = track.plain_amounts(listed)
    if amounts is None:
        return False
    known = len(track.points.times)
    track.points.extend(listed, amounts, track.rules.dense_ms)
    _hold_after_jumps(track, listed, known)
    _count(state, listed.times)
    marking.mark(state, rules, run.channel, track.run_span(known))
    track.thin()
    return True


def _is_in_order(track: Track, run: ListedRun) -> bool:
    """Whether dates and numbers go on from what is known, no clock is ahead and none was set."""
    points, numbers = track.points, run.sequences
    if run.times[0] <= points.times[-1] or track.is_set or track.misdated or numbers[0] < points.sequences[-1]:
        return False
    if len(numbers) == 1:
        return run.times[0] - run.received[0] <= CLOCK_AHEAD_MS
    if run.shape is None:
        return max(map(sub, run.times, run.received)) <= CLOCK_AHEAD_MS and not any(map(gt, numbers, numbers[1:]))
    if run.shape.least_lag_ms < -CLOCK_AHEAD_MS or run.shape.shortest_ms <= 0:
        return False
    return bool(least(run.run.sequences[1:] - run.run.sequences[:-1]) >= 0)


def _hold_after_jumps(track: Track, run: ListedRun, known: int) -> None:
    """What follows on a jump of dates, in a run that was put after the first `known` readings, is kept whole."""
    widest_ms = run.shape.widest_ms if run.shape is not None else run.times[-1] - run.times[0]
    if widest_ms > JUMP_MS or run.times[0] - track.points.times[known - 1] > JUMP_MS:
        track.hold_after_jumps(known, track.rules.dense_ms)


def _count(state: MeterState, times: list[int]) -> None:
    """Count the readings of a run, whose times rise, by quarter hour."""
    at, last = 0, times[-1] // QUARTER_MS
    while at < len(times):
        quarter = times[at] // QUARTER_MS
        stop = len(times) if quarter == last else bisect_left(times, (quarter + 1) * QUARTER_MS, at)
        marking.count(state, times[at], stop - at)
        at = stop

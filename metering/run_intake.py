"""A whole run of readings put after all that is known, where every one of them is in order: the cheap way for what is ordinary."""

from __future__ import annotations

from bisect import bisect_left

from domain.intervals import QUARTER_MS
from metering import marking
from metering.meter_rules import MeterRules
from metering.packing import FEW
from metering.rules import CLOCK_AHEAD_MS
from metering.runs import ReadingRun, RunShape
from metering.state import MeterState, Track
from metering.track import JUMP_MS


def take_ordinary(state: MeterState, rules: MeterRules, earliest_ms: int, run: ReadingRun) -> bool:
    """Take a run if every reading of it is in order; else nothing is changed, and false is returned.

    `earliest_ms` is the instant before which readings are refused.
    """
    track = state.tracks.get(run.channel)
    times: list[int] = run.observed_ms.tolist()
    if track is None or not track.points.times or not times or times[0] < earliest_ms:
        return False
    received: list[int] = run.received_ms.tolist()
    shape = RunShape(run) if len(times) >= FEW else None
    if not _is_in_order(track, run, times, received, shape):
        return False
    amounts = track.plain_amounts(times, run, shape)
    if amounts is None:
        return False
    _put(track, run, shape, times, amounts, received)
    _count(state, times)
    marking.mark(state, rules, run.channel, track.run_span(len(track.points) - len(times)))
    track.thin()
    return True


def _is_in_order(track: Track, run: ReadingRun, times: list[int], received: list[int], shape: RunShape | None) -> bool:
    """Whether dates and numbers go on from what is known, no clock is ahead and none was set."""
    points = track.points
    if times[0] <= points.times[-1] or track.is_set or track.misdated or run.sequences.item(0) < points.sequences[-1]:
        return False
    if shape is None:
        if any(at_ms - got_ms > CLOCK_AHEAD_MS for at_ms, got_ms in zip(times, received, strict=True)):
            return False
    elif shape.least_lag_ms < -CLOCK_AHEAD_MS or shape.shortest_ms <= 0:
        return False
    numbers = run.sequences
    return len(numbers) < 2 or not (numbers[1:] < numbers[:-1]).any()


def _put(
    track: Track, run: ReadingRun, shape: RunShape | None, times: list[int], amounts: list[int], received: list[int]
) -> None:  # fmt: skip
    """Put the run after all other readings; what follows on a jump of dates is kept whole."""
    known, before = len(track.points), track.points.times[-1]
    track.points.extend(run, shape, times, amounts, received, track.rules.dense_ms)
    widest_ms = shape.widest_ms if shape is not None else times[-1] - times[0]
    if max(widest_ms, times[0] - before) > JUMP_MS:
        track.hold_after_jumps(known, track.rules.dense_ms)


def _count(state: MeterState, times: list[int]) -> None:
    """Count the readings of a run, whose times rise, by quarter hour."""
    at, last = 0, times[-1] // QUARTER_MS
    while at < len(times):
        quarter = times[at] // QUARTER_MS
        stop = len(times) if quarter == last else bisect_left(times, (quarter + 1) * QUARTER_MS, at)
        marking.count(state, times[at], stop - at)
        at = stop

"""The decisions about a counter by themselves: what a new reading shows, what lies in a quarter hour, how far event time is believed."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from small_plant import MINUTE_MS, TEN, counter, plant, rising

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from domain.units import UWH_PER_KWH
from metering import counter_quarter
from metering.cases import Break
from metering.counted import Counted
from metering.event_time import LEAP_MS, LEAP_SEEN_MS, believed
from metering.hindsight import Doubt, Verdict, newest_step
from metering.points import Origin, Points
from metering.rules import counter_rules


def counted(values: Sequence[float], step_ms: int = MINUTE_MS, from_ms: int = TEN) -> Counted:
    """A counter [kWh] that was read so often, and nothing decided yet."""
    meter = plant(counter()).meters[0]
    rules = counter_rules(meter, meter.registers[0])
    points = Points()
    for n, value in enumerate(values):
        at_ms = from_ms + n * step_ms
        origin = Origin(at_ms, n, points.route("gw", "live"))
        points.append(at_ms, value, rules.amount(value, at_ms), origin, rules.dense_ms)
    return Counted(points, {}, rules)


def judged(values: Sequence[float]) -> tuple[Verdict, dict[int, Break]]:
    """The verdict on the last of `values`, after those on the others, and the breaks by then."""
    breaks: dict[int, Break] = {}
    verdict = Verdict((0, 0), [])
    for count in range(2, len(values) + 1):
        verdict = newest_step(counted(values[:count])._replace(breaks=breaks), verdict.doubts)
        breaks = verdict.applied_to(dict(breaks))
    return verdict, breaks


def test_an_ordinary_step_is_neither_break_nor_doubt() -> None:
    verdict, breaks = judged(rising(3))
    assert verdict == Verdict((TEN + MINUTE_MS, TEN + 2 * MINUTE_MS), [])
    assert not breaks


def test_an_impossible_rise_is_a_step_without_energy_as_long_as_the_register_does_not_come_back() -> None:
    verdict, breaks = judged([1000.0, 1001.0, 9000.0])
    assert verdict.doubts == [Doubt(TEN + MINUTE_MS, 1001 * UWH_PER_KWH, False)]
    assert [found.kind for found in breaks.values()] == [IntervalMethod.STEP_REMOVED]
    assert breaks[TEN + 2 * MINUTE_MS].parts[0][2] == UWH_PER_KWH  # the power just before is held


def test_when_the_register_comes_back_what_lies_between_was_a_glitch_and_its_break_is_gone() -> None:
    verdict, breaks = judged([1000.0, 1001.0, 9000.0, 9001.0, 1004.0])
    assert verdict.glitch is not None
    assert (verdict.glitch.first, verdict.glitch.stop) == (2, 4)
    assert verdict.span == (TEN + MINUTE_MS, TEN + 4 * MINUTE_MS)
    assert (verdict.doubts, breaks) == ([], {})


def test_a_fall_to_zero_after_which_the_register_counts_on_is_a_reset_that_stays_in_doubt_for_a_day() -> None:
    verdict, breaks = judged([1000.0, 0.5, 1.5, 2.5])
    assert [found.kind for found in breaks.values()] == [IntervalMethod.RESET]
    assert verdict.doubts == [Doubt(TEN, 1000 * UWH_PER_KWH, True)]


def test_a_decision_changes_nothing_that_it_was_given() -> None:
    readings, doubts = counted([1000.0, 1001.0, 9000.0]), [Doubt(TEN, 5, True)]
    newest_step(readings, doubts)
    assert (readings.breaks, doubts, len(readings.points)) == ({}, [Doubt(TEN, 5, True)], 3)


@given(st.lists(st.integers(0, 30), min_size=40, max_size=60), st.integers(50_000, 4 * QUARTER_MS))
def test_quarter_hours_beside_each_other_share_out_every_step(wh: list[int], step_ms: int) -> None:
    readings = counted([1000 + sum(wh[:n]) / 1000 for n in range(len(wh))], step_ms, TEN + 123)
    whole = range(TEN // QUARTER_MS + 1, readings.points.times[-1] // QUARTER_MS)
    energies = [counter_quarter.row(readings, quarter * QUARTER_MS, lambda _t0, _t1: None).energy_uwh for quarter in whole]
    advance_uwh = _level(readings, whole.stop * QUARTER_MS) - _level(readings, whole.start * QUARTER_MS)
    assert None not in energies
    assert abs(sum(energy or 0 for energy in energies) - advance_uwh) <= 1


def _level(readings: Counted, at_ms: int) -> float:
    """The register at an instant, in proportion to time between the readings beside it [uWh]."""
    times, amounts = readings.points.times, readings.points.amounts
    after = next((k for k, time_ms in enumerate(times) if time_ms >= at_ms), len(times) - 1)
    if times[after] <= at_ms or after == 0:
        return amounts[after]
    share = (at_ms - times[after - 1]) / (times[after] - times[after - 1])
    return amounts[after - 1] + share * (amounts[after] - amounts[after - 1])


def test_a_boundary_in_a_gap_makes_a_quarter_hour_substituted_and_a_gap_inside_it_does_not() -> None:
    values = rising(31)
    with_gap = counted(values)
    for lists in (with_gap.points.times, with_gap.points.values, with_gap.points.amounts):
        del lists[3:8]
    inside = counter_quarter.row(with_gap, TEN, lambda _t0, _t1: None)
    assert (inside.quality, inside.coverage) == (IntervalQuality.MEASURED, 0.6)
    over = counted(values)
    for lists in (over.points.times, over.points.values, over.points.amounts):
        del lists[12:20]
    across = counter_quarter.row(over, TEN, lambda _t0, _t1: None)
    assert (across.quality, across.method) == (IntervalQuality.SUBSTITUTED, IntervalMethod.INTERPOLATED)
    assert across.energy_uwh == 15 * UWH_PER_KWH


def test_event_time_that_leaps_more_than_a_day_is_believed_once_it_has_gone_on_from_there() -> None:
    far = TEN + LEAP_MS + 1
    assert believed(TEN, 0, TEN + LEAP_MS) == (TEN + LEAP_MS, 0)
    assert believed(TEN, 0, far) == (TEN, far)
    assert believed(TEN, far, far + LEAP_SEEN_MS - 1) == (TEN, far)
    assert believed(TEN, far, far + LEAP_SEEN_MS) == (far + LEAP_SEEN_MS, 0)
    assert believed(TEN, far, TEN + MINUTE_MS) == (TEN + MINUTE_MS, 0)


def test_event_time_never_goes_back() -> None:
    assert believed(TEN, 0, TEN - MINUTE_MS) == (TEN, 0)
    assert believed(0, 0, TEN) == (TEN, 0)

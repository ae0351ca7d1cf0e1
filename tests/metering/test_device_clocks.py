"""Device clocks: a jump by whole half hours is distinguished from values that are only late, and offset and drift are measured."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import epoch_ms
from metering.clocks import ClockFinding, DriftWatch, JumpWatch

CHANGE = epoch_ms(datetime(2026, 10, 25, 1, tzinfo=UTC))
"""When summer time ends: 03:00 CEST becomes 02:00 CET."""
HOUR = 3_600_000


def verdicts(values: list[tuple[int, int]]) -> list[int]:
    watch = JumpWatch()
    return [watch.judge(observed, received) for observed, received in values]


def live(from_ms: int, count: int, behind_ms: int = 0, every_ms: int = 5000, lag_ms: int = 120) -> list[tuple[int, int]]:
    """Values in rhythm, dated by a clock that is behind."""
    return [(at - behind_ms, at + lag_ms) for at in range(from_ms, from_ms + count * every_ms, every_ms)]


def test_a_clock_that_goes_back_by_an_hour_is_recognised_at_once_and_until_it_is_right_again():
    before, during, after = live(CHANGE - 60_000, 12), live(CHANGE, 720, HOUR), live(CHANGE + HOUR, 12)
    assert verdicts(before + during + after) == [0] * 12 + [HOUR] * 720 + [0] * 12


def test_an_hour_later_it_is_still_wrong_although_its_instants_are_new():
    values = live(CHANGE - 60_000, 12) + live(CHANGE, 2 * 720, HOUR)
    assert verdicts(values)[-1] == HOUR


@pytest.mark.parametrize("behind_ms", [HOUR, 2 * HOUR, HOUR // 2, 5 * HOUR + HOUR // 2])
def test_a_clock_in_the_wrong_zone_is_recognised_by_its_rhythm(behind_ms):
    published = verdicts(live(CHANGE, 20, behind_ms))
    assert published == [0, 0] + [behind_ms] * 18
    assert verdicts(live(CHANGE, 5, behind_ms, every_ms=60_000)) == [0, 0] + [behind_ms] * 3


def test_a_clock_that_is_behind_by_no_whole_half_hour_did_not_jump():
    assert set(verdicts(live(CHANGE - 60_000, 12) + live(CHANGE, 100, 47 * 60_000))) == {0}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("delivery_ms", [0, 1, 20])
def test_history_that_comes_in_a_burst_is_only_late(newest_first, delivery_ms):
    now = CHANGE + 6 * HOUR
    observed = list(range(CHANGE + 900, now, 5000))
    observed = observed[::-1] if newest_first else observed
    burst = [(at, now + n * delivery_ms) for n, at in enumerate(observed)]
    assert set(verdicts(live(CHANGE - 60_000, 12) + burst + live(now + 200_000, 20))) == {0}


def test_values_out_of_order_and_again_are_ordinary():
    chance = random.Random(3)
    values = [(at, at + chance.randrange(60_000)) for at in range(CHANGE, CHANGE + HOUR, 5000)]
    values += [(at, at + 700_000) for at, _ in values[::7]]
    assert set(verdicts(sorted(values, key=lambda value: value[1]))) == {0}


def test_the_gateways_own_clock_set_ahead_is_not_the_devices_fault():
    right, ahead = live(CHANGE - 60_000, 12), [(at, at + HOUR + 120) for at in range(CHANGE, CHANGE + 600_000, 5000)]
    assert set(verdicts(right + ahead + live(CHANGE + 600_000, 12))) == {0}


def test_the_gateways_own_clock_set_back_is_not_the_devices_fault():
    right, back = live(CHANGE - 60_000, 12), [(at, at - HOUR + 120) for at in range(CHANGE, CHANGE + 600_000, 5000)]
    assert set(verdicts(right + back + live(CHANGE + 600_000, 12))) == {0}


def test_a_value_that_has_not_changed_for_exactly_an_hour_is_reported_again_after_a_reconnect():
    assert verdicts([(CHANGE, CHANGE + 100), (CHANGE, CHANGE + HOUR), (CHANGE + HOUR + 5000, CHANGE + HOUR + 5100)]) == [0, 0, 0]


@given(
    st.lists(st.tuples(st.integers(1000, 60_000), st.integers(0, 900)), min_size=5, max_size=60),
    st.sampled_from([HOUR // 2, HOUR, 2 * HOUR]),
    st.integers(-800, 800),
)
def test_whatever_the_rhythm_every_value_after_a_jump_back_is_recognised(steps, behind_ms, off_ms):
    at, values = CHANGE, live(CHANGE - 60_000, 12)
    for step, lag in steps:
        at += step
        values.append((at - behind_ms + off_ms, at + lag))
    assert verdicts(values)[12:] == [behind_ms] * len(steps)


def findings(hours: int, offset_ms: float, ppm: float, jump_at_hour: int | None = None) -> list[ClockFinding]:
    chance, watch, found = random.Random(1), DriftWatch(), []
    for at in range(CHANGE, CHANGE + hours * HOUR, 30_000):
        behind = offset_ms + (at - CHANGE) * ppm / 1e6 + (60_000 if jump_at_hour and at >= CHANGE + jump_at_hour * HOUR else 0)
        finding = watch.take(round(at - behind), at + chance.randrange(40, 3000))
        found += [finding] if finding is not None else []
    return found


def test_a_clock_that_keeps_time_is_no_finding():
    published = findings(30, 300, 20)
    assert len(published) == 29
    assert not any(finding.is_off for finding in published)


def test_a_constant_offset_is_measured_and_reported():
    last = findings(3, 45_000, 0)[-1]
    assert last.is_off
    assert last.offset_ms == pytest.approx(45_000, abs=200)
    assert str(ClockFinding(45_000, None, True)) == "clock 45.0 s behind"


@pytest.mark.parametrize("ppm", [250.0, -250.0])
def test_a_drift_is_measured_before_the_clock_is_far_off(ppm):
    off = [finding for finding in findings(9, 0, ppm) if finding.is_off]
    assert off[0].drift_ppm == pytest.approx(ppm, abs=15), "the way of the values varies by some tenths of a second"
    assert abs(off[0].offset_ms) < 10_000
    assert str(ClockFinding(-2500, -250.0, True)) == "clock 2.5 s ahead, gains 21.6 s a day"


def test_a_clock_that_was_set_is_watched_again():
    assert [finding.drift_ppm for finding in findings(12, 0, 0, jump_at_hour=8)][-3:] == [None] * 3


def test_late_history_duplicates_and_disorder_of_a_bad_week_are_no_jumps():
    """A week of one value a minute: each some seconds late, some again within ten minutes, and every night's half hour delivered at once."""
    chance, values = random.Random(7), []
    for at in range(CHANGE, CHANGE + 7 * 24 * HOUR, 60_000):
        night = at // HOUR % 24 == 2 and at % HOUR < HOUR // 2
        received = at - at % HOUR + HOUR // 2 + 40 * (at % HOUR // 60_000) if night else at + chance.randrange(50, 9000)
        values.append((at, received))
        values += [(at, received + chance.randrange(1000, HOUR // 6))] if chance.random() < 0.02 else []
    assert set(verdicts(sorted(values, key=lambda value: value[1]))) == {0}

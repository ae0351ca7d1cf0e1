"""Readings whose dates are wrong because a clock was set: what is published follows from which readings came, not from when they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
import small_plant
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plant import MINUTE_MS, TEN, Run, counter, gauge, plant, reading, table
from two_paths import SAMPLING_MS, Job, Night, a_night, as_it_comes, complete_until_ms, log_of

from domain.intervals import QUARTER_MS
from domain.readings import Reading, RejectionReason

COUNTER_ALONE, BOTH = plant(), plant(counter(), gauge())


def fed(readings: Sequence[Reading], batch: int, restarts: bool = False, both: bool = True) -> Run:
    return small_plant.fed(BOTH if both else COUNTER_ALONE, readings, batch, restarts)


def an_hour(wh: Sequence[int], set_from: int, set_to: int, by_minutes: int, numbered: bool) -> list[Reading]:
    """A counter and a gauge by the minute; from minute `set_from` on the clock is set by so much, and at `set_to` set right again."""
    level, readings = 50_000_000, []
    for minute, step in enumerate(wh):
        level += step
        by_ms = by_minutes * MINUTE_MS + 7_000 if set_from <= minute < set_to else 0
        for channel, value in (("energy_import", level / 1000), ("power", step * 60 / 1000)):
            at = reading(TEN + minute * MINUTE_MS + by_ms, value, channel)
            readings.append(replace(at, gateway="g", sequence=len(readings)) if numbered else at)
    return readings


def minute_of(taken: Reading) -> int:
    """In which minute a reading of `an_hour` was taken, by its number."""
    return (taken.sequence or 0) // 2


@pytest.mark.parametrize("seed", range(6))
def test_the_two_paths_of_the_job_and_its_kills_make_the_table_of_the_log(seed: int) -> None:
    """A night of kills, network cuts and clock steps in random order; the ledger of such a night once differed from the engine."""
    log = log_of(a_night(seed))
    until_ms = complete_until_ms(log)
    expected = as_it_comes(log).table(until_ms)
    assert as_it_comes(log, (1, 2, 5, 40, 400), seed).table(until_ms) == expected
    assert Job(log, seed).run().table(until_ms) == expected
    assert Job(log, seed, kills=3).run().table(until_ms) == expected


@pytest.mark.parametrize("seed", range(6))
def test_clock_steps_cost_and_invent_no_energy(seed: int) -> None:
    night = a_night(seed)
    log = log_of(night)
    rows = {at: row for (channel, at), row in as_it_comes(log).table(complete_until_ms(log)).items() if channel == "energy_import"}
    known = {at: row[0] for at, row in rows.items() if row[0] is not None}
    advance_wh = night.count_wh(max(known) + QUARTER_MS) - night.count_wh(min(known))
    assert sum(known.values()) / 1e6 == pytest.approx(advance_wh, abs=380_000 * SAMPLING_MS / 3_600_000)
    assert min(known.values()) >= 0
    assert "step_removed" not in {row[3] for row in rows.values()}


@pytest.mark.parametrize("by_minutes", [-12, -4, 4, 9])
def test_a_clock_set_for_five_minutes_moves_no_energy_into_another_hour(by_minutes: int) -> None:
    night = Night(3, clocks=((61 * MINUTE_MS, 66 * MINUTE_MS, by_minutes * MINUTE_MS),))
    log = log_of(night)
    for (channel, at), row in as_it_comes(log).table(complete_until_ms(log)).items():
        if channel == "energy_import" and row[0] is not None:
            true_wh = night.count_wh(at + QUARTER_MS) - night.count_wh(at)
            assert row[0] / 1e6 == pytest.approx(true_wh, abs=380_000 * 5 / 60), "to within what flowed in the five minutes"


loads = st.lists(st.integers(0, 2000), min_size=60, max_size=110)
"""Wh a minute: up to the 120 kW that are possible."""


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("soon", [1, 2, 4])
def test_readings_of_a_wrong_clock_do_not_count_though_they_come_first_of_all(soon: int, restarts: bool) -> None:
    """Set back by 25 minutes for 22: four readings of each register are dated before all others."""
    readings = an_hour([500] * 80, 21, 43, -25, numbered=True)
    run = fed(with_the_wrong_ones_first(readings, 21, soon), 1, restarts)
    before = run.row(-1)
    assert (before.energy_uwh, before.coverage, before.quality.value, before.readings) == (None, 0.0, "missing", 0)
    assert table(run) == table(fed(readings, 1))
    assert run.reasons() == ["clock_jumped"] * 44


@pytest.mark.parametrize("soon", [2, 3, 4])
@pytest.mark.parametrize("set_at", [35, 47])
def test_nor_do_they_in_a_hole_where_they_come_before_what_followed_on_it(set_at: int, soon: int) -> None:
    hole = range(set_at - 24, set_at - 20)
    readings = [r for r in an_hour([500] * 110, set_at, set_at + 22, -25, numbered=True) if minute_of(r) not in hole]
    run = fed(with_the_wrong_ones_first(readings, set_at, soon), 1)
    assert run.row(hole[0] // 15).readings == 2 * (15 - len(hole))
    assert table(run) == table(fed(readings, 1))


def with_the_wrong_ones_first(readings: Sequence[Reading], set_at: int, soon: int) -> list[Reading]:
    """The first `soon` of each register after the clock was set come in the order of their dates, the others as they were taken."""
    wrong = [r for r in readings if minute_of(r) >= set_at][: 2 * soon]
    others = [r for r in readings if r not in wrong]
    earlier = [r for r in others if r.observed_ms < wrong[0].observed_ms and minute_of(r) < set_at]
    return [*earlier, *wrong, *(r for r in others if r not in earlier)]


@settings(max_examples=60, deadline=None)
@given(
    loads,
    st.integers(15, 50),
    st.integers(1, 25),
    st.sampled_from((-25, -10, -3, 4, 12)),
    st.integers(0, 2**16),
    st.sampled_from((1, 5, 40)),
    st.booleans(),
)
def test_a_shuffled_hour_in_which_a_clock_was_set_makes_the_same_table(
    wh: list[int], first: int, length: int, by_minutes: int, seed: int, batch: int, restarts: bool
) -> None:
    readings = an_hour(wh, first, first + length, by_minutes, numbered=True)
    dice = Random(seed)
    shuffled, delayed = list(readings), sorted(readings, key=lambda r: r.sequence + dice.randrange(30))  # type: ignore[operator]
    dice.shuffle(shuffled)
    expected = table(fed(readings, 1))
    assert table(fed(delayed, batch, restarts)) == expected
    assert table(fed(shuffled, batch, restarts)) == expected
    assert table(fed(readings, len(readings))) == expected


@settings(max_examples=60, deadline=None)
@given(
    loads,
    st.integers(15, 50),
    st.integers(1, 25),
    st.sampled_from((-25, -10, -3, 4, 12)),
    st.integers(0, 2**16),
    st.sampled_from((1, 5, 40)),
)
def test_without_numbers_the_count_of_the_register_gives_the_order(
    wh: list[int], first: int, length: int, by_minutes: int, seed: int, batch: int
) -> None:
    readings = [r for r in an_hour(wh, first, first + length, by_minutes, numbered=False) if r.channel == "energy_import"]
    shuffled = list(readings)
    Random(seed).shuffle(shuffled)
    expected = table(fed(readings, 1, both=False))
    assert table(fed(shuffled, batch, both=False)) == expected
    assert table(fed(readings, len(readings), both=False)) == expected


@settings(max_examples=40, deadline=None)
@given(
    loads,
    st.integers(15, 50),
    st.integers(1, 12),
    st.sampled_from((-25, -10, 4, 12)),
    st.integers(-10, 10),
    st.integers(1, 15),
    st.sampled_from((1, 7)),
    st.booleans(),
)
def test_what_comes_within_half_an_hour_fills_its_gap_though_a_clock_was_set(
    wh: list[int], first: int, length: int, by_minutes: int, before: int, away: int, batch: int, newest_first: bool
) -> None:
    """The network was away while the clock was set, or around that; readings are kept whole for so long."""
    readings = an_hour(wh, first, first + length, by_minutes, numbered=True)
    away_from = first + before
    late = [r for r in readings if away_from <= minute_of(r) < away_from + away]
    rest = [r for r in readings if r not in late]
    comes = max(away_from + away, first + length)
    before_them, after_them = ([r for r in rest if (minute_of(r) >= comes) == is_after] for is_after in (False, True))
    came = [*before_them, *(reversed(late) if newest_first else late), *after_them]
    assert table(fed(came, batch)) == table(fed(readings, 7))


@settings(max_examples=60, deadline=None)
@given(loads, st.sets(st.integers(1, 109), max_size=50), st.sets(st.integers(1, 109), max_size=4), st.integers(0, 2**16))
def test_readings_that_were_lost_are_not_taken_for_a_clock_that_was_set(
    wh: list[int], lost: set[int], zero: set[int], seed: int
) -> None:
    """Kills and full disks leave holes of a few readings, one after another; what lies between them counts."""
    readings = [r for r in an_hour(wh, 0, 0, 0, numbered=True) if minute_of(r) not in lost]
    readings = [replace(r, value=0.0) if r.channel == "energy_import" and minute_of(r) in zero else r for r in readings]
    dice = Random(seed)
    late = sorted(readings, key=lambda r: minute_of(r) + dice.choice((0, 0, 25)))
    run, expected = fed(late, 40), fed(readings, 1)
    assert table(run) == table(expected)
    assert not [r for r in (*run.rejected, *expected.rejected) if r.reason is RejectionReason.CLOCK_JUMPED]

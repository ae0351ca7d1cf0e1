"""Laws: energy is conserved, the order of arrival does not matter, cutting a run in two does not either."""

from __future__ import annotations

from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_plant import MINUTE_MS, TEN, Run, counter, gauge, minutes, plant

from domain.intervals import QUARTER_MS
from domain.readings import Reading
from domain.units import uwh_from
from metering.engine import decode_state, encode_state

steps = st.lists(st.integers(0, 2000), min_size=45, max_size=100)
"""Wh a minute: up to the 120 kW that are possible."""
holes = st.sets(st.integers(1, 99), max_size=40)
zeros = st.sets(st.integers(1, 99), max_size=6)


def _readings(wh: list[int], silent: set[int], glitching: set[int]) -> list[Reading]:
    values: list[float | None] = []
    level = 50_000_000
    for n, step in enumerate(wh):
        level += step
        last = n in (0, len(wh) - 1)
        values.append(None if n in silent and not last else 0.0 if n in glitching and not last else level / 1000)
    return minutes(values) + minutes([60.0] * len(wh), channel="power")


def _in_order(readings: list[Reading], batch: int = 5, cut_at: int | None = None) -> Run:
    run = Run(plant(counter(), gauge()))
    for n in range(0, len(readings), batch):
        if cut_at is not None and n >= cut_at:
            run.state, cut_at = decode_state(encode_state(run.state)), None
        run.take(readings[n : n + batch])
    return run.advance(TEN).close()


def _table(run: Run) -> dict[object, object]:
    return {key: (row.energy_uwh, row.coverage, row.quality, row.method, row.readings) for key, row in run.rows.items()}


@settings(max_examples=40, deadline=None)
@given(steps, holes, zeros)
def test_quarter_hours_sum_to_the_counters_advance(wh: list[int], silent: set[int], glitching: set[int]) -> None:
    readings = sorted(_readings(wh, silent, glitching), key=lambda r: r.observed_ms)
    run = _in_order(readings)
    last = (len(wh) - 1) // 15
    counted = {r.observed_ms: r.value for r in readings if r.channel == "energy_import" and r.value}
    if TEN + last * QUARTER_MS in counted:
        total = sum(run.row(n).energy_uwh or 0 for n in range(last))
        advance = uwh_from(counted[TEN + last * QUARTER_MS], "kWh") - uwh_from(counted[TEN], "kWh")
        assert total == advance


@settings(max_examples=40, deadline=None)
@given(steps, holes, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_the_table(wh: list[int], silent: set[int], dice: Random) -> None:
    readings = sorted(_readings(wh, silent, set()), key=lambda r: r.observed_ms)
    shuffled = list(readings)
    dice.shuffle(shuffled)
    one, other = _in_order(readings), _in_order(shuffled)
    assert _table(other) == _table(one)
    assert other.rejected == one.rejected == []


@settings(max_examples=60, deadline=None)
@given(steps, holes, zeros, st.randoms(use_true_random=False), st.sampled_from((1, 5, 40)))
def test_what_was_a_glitch_follows_from_which_readings_came_not_from_when(
    wh: list[int], silent: set[int], glitching: set[int], dice: Random, batch: int
) -> None:
    readings = sorted(_readings(wh, silent, glitching), key=lambda r: r.observed_ms)
    shuffled = list(readings)
    dice.shuffle(shuffled)
    assert _table(_in_order(shuffled, batch)) == _table(_in_order(readings))


@settings(max_examples=80, deadline=None)
@given(steps, holes, zeros, st.randoms(use_true_random=False), st.integers(0, 99), st.integers(1, 99), st.booleans())
@example([0] * 45, set(), {1, 2, 3, 4, 7}, Random(0), 0, 1, False)
def test_neither_delays_nor_late_history_change_what_was_a_glitch(
    wh: list[int], silent: set[int], glitching: set[int], dice: Random, first: int, last: int, newest_first: bool
) -> None:
    readings = sorted(_readings(wh, silent, glitching), key=lambda r: r.observed_ms)
    span = range(TEN + first * MINUTE_MS, TEN + last * MINUTE_MS)
    delayed = sorted(readings, key=lambda r: r.observed_ms + dice.randrange(MINUTE_MS))
    history = sorted((r for r in readings if r.observed_ms in span), key=lambda r: r.observed_ms, reverse=newest_first)
    one, other = _in_order(readings), _in_order([*(r for r in delayed if r.observed_ms not in span), *history])
    assert _table(other) == _table(one)
    refused, expected = ({r.original for r in run.rejected} for run in (other, one))
    assert refused >= expected
    # As long as the meter's very first readings are missing, a glitch can look like the level: what was published of the others then stays.
    assert refused == expected or first == 0


@settings(max_examples=40, deadline=None)
@given(steps, holes, zeros, st.integers(0, 200), st.integers(1, 30))
def test_cutting_a_run_in_two_changes_nothing(wh: list[int], silent: set[int], glitching: set[int], cut: int, batch: int) -> None:
    readings = sorted(_readings(wh, silent, glitching), key=lambda r: r.received_ms)
    assert _in_order(readings, batch, cut).rows == _in_order(readings, batch).rows


@settings(max_examples=40, deadline=None)
@given(steps, holes, zeros)
def test_every_reading_is_used_or_refused(wh: list[int], silent: set[int], glitching: set[int]) -> None:
    readings = _readings(wh, silent, glitching)
    run = _in_order(readings)
    used = sum(row.readings for (channel, _), row in run.rows.items() if channel == "energy_import")
    assert used + len(run.rejected) == len(readings)
    assert all(key[1] % (15 * MINUTE_MS) == 0 for key in run.rows)

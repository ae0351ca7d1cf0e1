"""Registers that are refreshed more slowly than they are read: what they count while they stand still is energy, booked whole."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plant import MINUTE_MS, TEN, counter, fed, gauge, rated, reading, table

from domain.intervals import QUARTER_MS
from domain.readings import Reading
from domain.units import uwh_from

HOUR_MS = 3_600_000


def polled(
    kw_by_minute: list[float],
    poll_s: float,
    refresh_s: float,
    jitter: float = 0.0,
    step_kwh: float = 0.001,
    dice: Random | None = None,
) -> list[Reading]:
    """Readings every `poll_s` of a register that shows a new count about every `refresh_s`; kW by the minute."""
    dice = dice or Random(1)
    counts = [1000.0]
    for kw in kw_by_minute:
        counts.append(counts[-1] + kw / 60)

    def shown(at_ms: float) -> float:
        minute = min(int(at_ms // MINUTE_MS), len(kw_by_minute) - 1)
        kwh = counts[minute] + kw_by_minute[minute] * (at_ms - minute * MINUTE_MS) / HOUR_MS
        return round(int(kwh / step_kwh + 1e-6) * step_kwh, 6)

    refreshed_ms, next_ms, value = 0.0, refresh_s * 1000, shown(0)
    readings = []
    for n in range(int(len(kw_by_minute) * 60 / poll_s) + 1):
        at_ms = round(n * poll_s * 1000)
        while next_ms <= at_ms:
            refreshed_ms, value = next_ms, shown(next_ms)
            next_ms = refreshed_ms + refresh_s * 1000 * (1 + dice.uniform(-jitter, jitter))
        readings.append(reading(TEN + at_ms, value))
    return readings


def test_a_meter_that_is_read_every_second_and_refreshed_every_three_keeps_its_peak() -> None:
    # 200 kW for half an hour, then 400 kW; in one second 1,200 kW show, more than 1.2 x 800.
    readings = polled([200.0] * 30 + [400.0] * 31, poll_s=1, refresh_s=3)
    run = fed(rated(800.0, counter(sampling_s=1.0)), readings)
    for quarter, kwh in enumerate((50.0, 50.0, 100.0, 100.0)):
        row = run.row(quarter)
        assert row.energy_kwh == pytest.approx(kwh, abs=0.35), "to within what one refresh shows"
        assert (row.quality, row.method, row.coverage) == ("measured", "register", 1.0)
    assert run.rejected == []


def test_a_register_that_is_refreshed_every_five_minutes_counts_all_of_them() -> None:
    readings = polled([120.0] * 17, poll_s=10, refresh_s=300)
    run = fed(rated(800.0, counter(sampling_s=10.0)), readings)
    assert run.published() == (pytest.approx(30.0), "measured", "register")


@pytest.mark.parametrize(
    ("poll_s", "refresh_s", "jitter", "most_kw", "step_kwh"),
    [
        (1, 3, 0.3, 440.0, 0.001), (1.01, 1, 0.0, 440.0, 0.001), (1, 1.5, 0.0, 440.0, 0.001), (10, 60, 0.05, 440.0, 0.001),
        (10, 300, 0.02, 440.0, 0.001), (10, 900, 0.0, 440.0, 0.001), (60, 300, 0.02, 440.0, 0.1), (10, 10, 0.0, 440.0, 1.0), (5, 7, 0.2, 420.0, 0.01),
    ],
    ids=lambda value: str(value),
)  # fmt: skip
def test_no_refresh_at_full_load_is_taken_for_a_jump(
    poll_s: float, refresh_s: float, jitter: float, most_kw: float, step_kwh: float
) -> None:
    readings = polled([100.0] * 60 + [400.0] * 75, poll_s, refresh_s, jitter, step_kwh)
    run = fed(rated(most_kw, counter(sampling_s=poll_s, resolution=min(step_kwh, 0.001))), readings)
    rows = [run.row(quarter) for quarter in range(1, 8)]
    assert {row.method.value for row in rows} <= {"register", "interpolated"}
    boundary = {r.observed_ms: r.value for r in readings}
    whole = sum(row.energy_kwh or 0.0 for row in rows)
    within = 2 * 400.0 * (refresh_s + poll_s) / 3600 + 2 * step_kwh
    assert whole == pytest.approx(3 * 25.0 + 4 * 100.0, abs=within)
    assert len(boundary) == len(readings)


def test_what_a_register_counts_in_a_stillness_is_booked_evenly_over_it() -> None:
    # Still from 10:10 to 10:20 under 60 kW: 10 kWh show at once, and half of them belong to each quarter hour.
    values = [1000.0 + n for n in range(11)] + [1010.0] * 9 + [1020.0 + n for n in range(30)]
    run = fed(rated(60.0, counter()), [reading(TEN + n * MINUTE_MS, v) for n, v in enumerate(values)], batch=1)
    assert run.published(0) == (15.0, "measured", "register")
    assert run.published(1) == (15.0, "measured", "register")
    assert run.row(0).revision == 2, "it was published before the register caught up"


def test_a_jump_beyond_all_that_the_stillness_allows_stays_refused() -> None:
    values = [*[1000.0 + n for n in range(7)], *[1006.0] * 5, *[1100.0 + n for n in range(40)]]
    run = fed(rated(60.0, counter()), [reading(TEN + n * MINUTE_MS, v) for n, v in enumerate(values)])
    assert run.row(0).method == "step_removed"
    assert run.total_kwh(0, 2) < 30.0


def test_a_register_that_catches_up_after_more_than_a_day_is_no_energy() -> None:
    still = [reading(TEN + n * 15 * MINUTE_MS, 1000.0) for n in range(4 * 30)]
    after = [reading(TEN + (120 + n) * 15 * MINUTE_MS, 1000.0 + 70.0 * 29 + 5 * n) for n in range(6)]
    run = fed(rated(60.0, counter(sampling_s=900.0)), [*still, *after], batch=4)
    assert run.total_kwh(0, 120) < 60.0


def test_a_register_stuck_for_two_hours_shares_what_it_catches_up_and_says_that_the_division_is_not_measured() -> None:
    values = [1000.0 + n for n in range(16)] + [1015.0] * 120 + [1135.0 + n for n in range(40)]
    run = fed(rated(60.0, counter()), [reading(TEN + n * MINUTE_MS, v) for n, v in enumerate(values)])
    assert run.total_kwh(0, 11) == pytest.approx(164.0)
    assert run.published(4) == (pytest.approx(120 * 15 / 121, abs=0.2), "substituted", "interpolated")


def test_a_spike_while_the_machine_stands_still_is_a_glitch_though_the_night_would_allow_it() -> None:
    values = [1000.0] * 400 + [1300.0] + [1000.0] * 30
    run = fed(rated(60.0, counter()), [reading(TEN + n * MINUTE_MS, v) for n, v in enumerate(values)])
    assert run.reasons() == ["glitch"]
    assert run.total_kwh(0, 28) == 0.0


def test_a_stuck_register_of_a_slow_kind_is_faulty_where_the_gauge_shows_more_than_it_counts() -> None:
    values = [1000.0 + n for n in range(16)] + [1015.0] * 60 + [1015.5 + n for n in range(40)]
    readings = [reading(TEN + n * MINUTE_MS, v) for n, v in enumerate(values)]
    readings += [reading(TEN + n * MINUTE_MS, 60.0, "power") for n in range(len(values))]
    run = fed(rated(60.0, counter(), gauge()), sorted(readings, key=lambda r: r.observed_ms))
    assert run.published(2)[1:] == ("faulty", "stuck")


powers = st.lists(st.integers(0, 110), min_size=50, max_size=110).map(lambda kw: [float(k) for k in kw])


@settings(max_examples=25, deadline=None)
@given(powers, st.sampled_from((3.0, 20.0, 70.0, 200.0)), st.integers(0, 2**16), st.sampled_from((1, 7, 60)), st.booleans())
def test_neither_order_nor_batches_nor_restarts_change_the_table_of_a_slow_register(
    kw: list[float], refresh_s: float, seed: int, batch: int, restarts: bool
) -> None:
    dice = Random(seed)
    readings = polled(kw, 10, refresh_s, 0.1, dice=dice)
    shuffled = sorted(readings, key=lambda r: r.observed_ms + dice.randrange(55_000))
    silent = range(TEN + dice.randrange(50) * MINUTE_MS, TEN + dice.randrange(50) * MINUTE_MS)
    history = [r for r in readings if r.observed_ms in silent]
    late = [*(r for r in readings if r.observed_ms not in silent), *history]
    small = rated(100.0, counter(sampling_s=10.0))
    one = table(fed(small, readings, batch))
    assert table(fed(small, shuffled, batch, restarts)) == one
    assert table(fed(small, late, batch, restarts)) == one


@settings(max_examples=25, deadline=None)
@given(powers, st.sampled_from((3.0, 20.0, 70.0, 200.0, 700.0)), st.integers(0, 2**16), st.sets(st.integers(1, 640), max_size=60))
def test_quarter_hours_of_a_slow_register_sum_to_its_advance(kw: list[float], refresh_s: float, seed: int, gone: set[int]) -> None:
    readings = polled(kw, 10, refresh_s, 0.1, dice=Random(seed))
    last = (len(kw) * MINUTE_MS) // QUARTER_MS
    edges = {TEN, TEN + last * QUARTER_MS}
    kept = [r for n, r in enumerate(readings) if n not in gone or r.observed_ms in edges]
    run = fed(rated(100.0, counter(sampling_s=10.0)), kept)
    values = {r.observed_ms: r.value for r in kept}
    first, then = values[TEN], values[TEN + last * QUARTER_MS]
    assert first is not None and then is not None
    total = sum(run.row(n).energy_uwh or 0 for n in range(last))
    after = next((r for r in kept if r.observed_ms > TEN + last * QUARTER_MS and r.value != then), None)
    if after is None:
        assert total == uwh_from(then, "kWh") - uwh_from(first, "kWh")
    else:
        assert after.value is not None
        assert 0 <= total - (uwh_from(then, "kWh") - uwh_from(first, "kWh")) <= uwh_from(after.value, "kWh") - uwh_from(then, "kWh")
    assert all(a.start_utc < b.start_utc for a, b in pairwise(row for row in run.rows.values()))

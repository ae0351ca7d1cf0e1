"""Counters that show less for a while and then go on: glitches, however small; falls for good are none."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_plant import MINUTE_MS, TEN, counter, fed, minutes, rated, reading, rising


def dipped(values: list[float], at: int, *shown: float) -> list[float]:
    return [*values[:at], *shown, *values[at + len(shown) :]]


def test_a_reading_of_five_minutes_ago_makes_no_peak() -> None:
    # 120 kW, 2 kWh a minute: 1018, then 1010 once, then 1022. The return shows 720 kW, which 800 kW would allow.
    values = dipped([1000.0 + 2 * n for n in range(17)], 10, 1010.0)
    run = fed(rated(800.0), minutes(values), 7)
    assert run.published() == (30.0, "measured", "register")
    assert run.reasons() == ["glitch"]
    assert '"value":1010' in run.rejected[0].original


def test_a_reading_that_was_rounded_down_by_half_a_step_is_a_glitch() -> None:
    values = dipped([round(1000 + 0.1 * n, 3) for n in range(92)], 4, 1000.25)
    run = fed(rated(800.0, counter(sampling_s=10.0)), [reading(TEN + 10_000 * n, v) for n, v in enumerate(values)], 7)
    assert run.published()[0] == pytest.approx(9.0)
    assert run.reasons() == ["glitch"]


@pytest.mark.parametrize(
    "shown",
    [(1010.0, 1010.0, 1010.0), (1010.0, 1011.0, 1012.0), (0.0,), (0.0, 0.0), (1017.999,), (1010.0, 1005.0), (1005.0, 1010.0), (1018.0 - 16, 1018.0 - 17)],
    ids=str,
)  # fmt: skip
def test_a_dip_of_any_depth_and_length_leaves_the_count_as_it_was(shown: tuple[float, ...]) -> None:
    values = dipped([1000.0 + 2 * n for n in range(47)], 10, *shown)
    run = fed(rated(800.0), minutes(values), 7)
    assert run.published(0)[0] == run.published(1)[0] == 30.0
    assert run.reasons() == ["glitch"] * len(shown)


def test_a_dip_at_the_beginning_of_a_quarter_hour_moves_no_energy_across_it() -> None:
    values = dipped([1000.0 + 2 * n for n in range(47)], 15, 1021.0)
    run = fed(rated(800.0), minutes(values), 7)
    assert [run.published(n) for n in (0, 1, 2)] == [(30.0, "measured", "register")] * 3


def test_several_dips_are_distinguished() -> None:
    values = [1000.0 + 2 * n for n in range(62)]
    for at in (5, 6, 20, 33, 34, 35, 50):
        values[at] -= 7.0
    run = fed(rated(800.0), minutes(values), 7)
    assert run.reasons() == ["glitch"] * 7
    assert run.total_kwh(0, 4) == 120.0


def test_a_float32_register_that_shows_one_step_less_for_once() -> None:
    # At 9 GWh in Wh the register moves in steps of 1,024 Wh; 61 kW are about one a minute.
    shown = [9_000_000_512.0 + 1024 * n for n in range(40)]
    values = dipped(shown, 20, shown[18])
    run = fed(rated(100.0, counter(unit="Wh", resolution=1.0, encoding="float32")), minutes(values), 7)
    assert run.reasons() == ["glitch"]
    assert run.total_kwh(0, 2) == pytest.approx(30 * 1.024)


def test_a_fall_for_good_that_goes_on_counting_is_no_dip() -> None:
    values = [*[1000.0 + 2 * n for n in range(10)], *[1008.0 + 2 * n for n in range(50)]]
    run = fed(rated(800.0), minutes(values), 7)
    assert run.reasons() == []
    assert run.published(0)[1:] == ("corrected", "step_removed")
    assert run.published(2) == (30.0, "measured", "register")


def test_a_fall_for_good_is_no_dip_because_of_a_silence_hours_later() -> None:
    values: list[float | None] = [*[1000.0 + n for n in range(10)], *[1004.0 + n for n in range(400)]]
    values[300:360] = [None] * 60
    run = fed(rated(100.0), minutes(values), 7)
    assert run.reasons() == []
    assert run.published(10) == (15.0, "measured", "register")


def test_a_dip_after_a_reset_does_not_undo_the_reset() -> None:
    values = dipped([*rising(20), *rising(60, 0.5)], 40, 19.0)
    run = fed(rated(100.0), minutes(values), 7)
    assert run.reasons() == ["glitch"]
    assert run.row(1).method == "reset"
    assert run.total_kwh(2, 5) == 45.0


steps = st.lists(st.integers(5, 1990), min_size=45, max_size=90)
dips = st.lists(st.tuples(st.integers(2, 88), st.integers(1, 3), st.floats(0.0005, 1.0)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(steps, dips, st.integers(0, 2**16), st.sampled_from((1, 7, 40)), st.booleans())
def test_dips_cost_no_energy_in_whatever_order_readings_come(
    wh: list[int], dips: list[tuple[int, int, float]], seed: int, batch: int, restarts: bool
) -> None:
    levels = [50_000_000]
    for step in wh:
        levels.append(levels[-1] + step)
    low: dict[int, int] = {}
    for at, length, share in dips:
        first = min(at, len(wh) - 4)
        before = levels[first - 1]
        assume(all(k not in low for k in range(first - 2, first + length + 2)))
        low |= {k: max(0, before - max(1, round(share * before))) for k in range(first, first + length)}
    readings = [reading(TEN + k * MINUTE_MS, (low.get(k, level)) / 1000) for k, level in enumerate(levels)]
    dice = Random(seed)
    shuffled = sorted(readings, key=lambda r: r.observed_ms + dice.randrange(55_000))
    one, other = fed(rated(100.0), readings, batch), fed(rated(100.0), shuffled, batch, restarts)
    last = (len(levels) - 1) // 15
    assert one.total_kwh(0, last) == pytest.approx(
        (levels[15 * last] - levels[0]) / 1000 if 15 * last not in low else one.total_kwh(0, last)
    )
    assert one.reasons() == other.reasons() == ["glitch"] * len(low)
    assert {k: v.energy_uwh for k, v in one.rows.items()} == {k: v.energy_uwh for k, v in other.rows.items()}

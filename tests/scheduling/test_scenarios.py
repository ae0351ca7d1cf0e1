"""Days as they may come: what a change does in each of them, and that what is stated is reached whatever is wrong with the forecast's band."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_works import NOW, SITE, forecast, order

from domain.forecasts import DayPeak, Forecast
from domain.intervals import QUARTER
from quarters.numbers import slot_of
from scheduling.odds import peak_case
from scheduling.outlook import day_of
from scheduling.problem import Outlook
from scheduling.scenarios import BAND_SHARE, CASES, COUNT, Scenarios

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SHAPE = 300 + 100 * np.sin(np.linspace(0, 2 * np.pi, 96, endpoint=False) - np.pi / 2)
FIRST = slot_of(NOW)


def outlook_of(loads_kw) -> Outlook:
    loads = np.array(loads_kw, float)
    return Outlook(FIRST, loads, loads)


def at(place: int, kw: float, count: int = 32):
    found = np.zeros(count)
    found[place] = kw
    return found


def test_one_peak_and_one_move():
    """640 kW at one place; 120 kW of it go to where nothing else is."""
    load, change = outlook_of(400 + at(8, 240)), at(8, -120) + at(20, 120)
    days = Scenarios.certain(32)
    assert days.chance(load, change, FIRST + 32) == 1.0
    assert days.reductions_kw(load, change).tolist() == [120.0]


def test_a_peak_that_comes_in_another_quarter_hour_is_not_lowered():
    """Of four days the peak comes once somewhere else, and once where the job would go: by what the peak falls there is the difference of the highest."""
    load, change = outlook_of(400 + at(8, 240)), at(8, -120) + at(20, 120)
    days = Scenarios(np.array([at(8, 0), at(8, 10), at(12, 300), at(20, 200)]))
    assert days.peaks_kw(load).tolist() == [640.0, 650.0, 700.0, 640.0]
    assert days.reductions_kw(load, change).tolist() == [120.0, 120.0, 0.0, -80.0]
    assert days.chance(load, change, FIRST + 32) == 0.5
    assert days.chance(load, change, FIRST + 12) == 1.0, "before noon nothing else comes"


def test_of_two_moves_off_one_peak_the_second_does_what_is_left():
    """Three jobs of 100 kW at once on 400 kW: one moved leaves 600, two moved leave 500, and so does the second alone beside the first."""
    load = outlook_of(400 + at(8, 300))
    one, other = at(8, -100) + at(16, 100), at(8, -100) + at(24, 100)
    days = Scenarios.certain(32)
    assert days.reductions_kw(load, one).tolist() == [100.0]
    assert days.reductions_kw(load.plus(one), other).tolist() == [100.0]
    third = at(8, -100) + at(28, 100)
    assert days.reductions_kw(load.plus(one).plus(other), third).tolist() == [0.0]
    assert days.chance(load.plus(one).plus(other), third, FIRST + 32) == 0.0


rows = st.lists(st.lists(st.floats(-80, 80), min_size=32, max_size=32), min_size=1, max_size=9)


@given(misses=rows, base=st.lists(st.floats(100, 500), min_size=32, max_size=32), level=st.floats(100, 700))
def test_what_a_job_gains_at_each_start_is_what_trying_them_all_says(misses, base, level):
    job = order("A", start=8, profile=(120.0, 40.0, 90.0))
    load = outlook_of(np.array(base) + outlook_of(np.zeros(32)).profile(job, FIRST + 8))
    days, starts = Scenarios(np.array(misses)), [FIRST + n for n in (0, 7, 9, 20, 29)]
    before_kw = days.excess_kw(load, level)
    tried = [before_kw - days.excess_kw(load.moved(job, slot), level) for slot in starts]
    assert days.gains_kw(load, job, starts, level).tolist() == pytest.approx(tried, abs=1e-6)


@given(misses=st.lists(st.lists(st.floats(-80, 80), min_size=32, max_size=32), min_size=10, max_size=40))
def test_few_days_stand_for_all(misses):
    load, change = outlook_of(400 + at(8, 100)), at(8, -100) + at(20, 100)
    days = Scenarios(np.array(misses))
    chosen = Scenarios(np.array(days.cases(load, change)))
    assert len(chosen.misses_kw) == CASES
    reductions = days.reductions_kw(load, change)
    fifths = [float(part.mean()) for part in np.array_split(np.sort(reductions), CASES)]
    width = max(float(np.ptp(part)) for part in np.array_split(np.sort(reductions), CASES))
    assert chosen.reductions_kw(load, change).tolist() == pytest.approx(fifths, abs=width + 1e-6)


def test_without_a_past_a_day_s_peak_comes_as_the_forecast_says():
    plain = forecast(spread=20.0)
    day = day_of(NOW, ZONE)
    peak = DayPeak(day, 430.0, 450.0, 500.0, NOW + 30 * QUARTER, 0.9)
    made = Forecast(SITE, NOW, NOW, plain.q10_kw, plain.q50_kw, plain.q90_kw, (peak,), "test", NOW, 192, 0.5)
    days = Scenarios.of(made, lambda instant: day_of(instant, ZONE))
    today = sum(day_of(NOW + n * QUARTER, ZONE) == day for n in range(192))
    found = np.sort(days.peaks_kw(outlook_of(plain.q50_kw), None, FIRST + today))
    assert found == pytest.approx([peak_case(peak, (n + 0.5) / COUNT) for n in range(COUNT)])
    assert not days.is_certain
    assert Scenarios.of(forecast(), lambda instant: day_of(instant, ZONE)).is_certain


# -- what is stated is reached -------------------------------------------------------------------------------------------


def lived(days: int, noise_kw: float, seed: int) -> list[tuple[float, bool]]:
    """Statements about a job of 60 kW on a day's peak, and whether they came true.

    The load strays from its forecast by a part that stays all day and one of single quarter hours. The forecast states the band of the latter
    and, as its distribution of the day's peak, how high the peaks of other days came above the highest median.
    """
    draw = np.random.default_rng(seed)
    loads = np.tile(SHAPE, 2)

    def strayed():
        return loads + draw.normal(0, noise_kw) + draw.normal(0, noise_kw, 192)

    highest = np.quantile([strayed()[:96].max() for _ in range(400)], (0.1, 0.5, 0.9))
    half = 1.2816 * noise_kw / BAND_SHARE
    found = []
    for number in range(days):
        start = MONDAY - timedelta(hours=6) + timedelta(days=number)  # midnight
        peak = DayPeak(day_of(start, ZONE), *highest, start + 48 * QUARTER, 0.5)
        made = Forecast(
            SITE, start, start, tuple(loads - half), tuple(loads), tuple(loads + half), (peak,), "test", start, 192, 0.5
        )
        scenarios = Scenarios.of(made, lambda instant: day_of(instant, ZONE))
        load = Outlook(slot_of(start), loads.copy(), loads.copy())
        # The job lies somewhere near the top of the day, or not.
        place = int(np.clip(int(np.argmax(loads[:96])) + draw.integers(-20, 20), 0, 80))
        change = np.zeros(192)
        change[place : place + 12] = -60.0
        chance = scenarios.chance(load, change, slot_of(start) + 96)
        came = strayed()[:96]
        found.append((chance, bool(came.max() - (came + change[:96]).max() > 1.0)))
    return found


@pytest.mark.parametrize("noise_kw", [8.0, 15.0, 30.0])
def test_of_what_is_stated_as_likely_so_many_come_true(noise_kw):
    found = [one for seed in range(6) for one in lived(25, noise_kw, seed)]
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.01)):
        chosen = [(chance, came) for chance, came in found if low <= chance < high]
        if len(chosen) >= 40:
            stated, reached = (float(np.mean([one[part] for one in chosen])) for part in (0, 1))
            assert reached == pytest.approx(stated, abs=0.12), f"{len(chosen)} statements of {low} to {high}"
    assert np.mean([came for _, came in found]) == pytest.approx(np.mean([chance for chance, _ in found]), abs=0.08)


def test_a_day_of_which_no_peak_is_stated_is_lowered_as_the_others_are():
    """Two days of the same band: of the second no peak is stated; it comes no higher than the first, and never below what is expected."""
    plain = forecast(spread=60.0)
    day = day_of(NOW, ZONE)
    peak = DayPeak(day, 405.0, 415.0, 430.0, NOW + 30 * QUARTER, 0.9)
    made = Forecast(SITE, NOW, NOW, plain.q10_kw, plain.q50_kw, plain.q90_kw, (peak,), "test", NOW, 192, 0.5)
    days = Scenarios.of(made, lambda instant: day_of(instant, ZONE))
    today = sum(day_of(NOW + n * QUARTER, ZONE) == day for n in range(192))
    tomorrow = days.misses_kw[:, today : today + 96].max(axis=1)
    assert tomorrow.min() >= -1e-9
    assert tomorrow.mean() < 45.0, "as drawn it would be about 100 kW"

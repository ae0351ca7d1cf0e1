"""Idle times, days unlike their kind, and the sun."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from small_loads import BERLIN, days, load_of

from analysis.base_load import base_load
from analysis.days import strange_days
from analysis.emissions import emissions
from analysis.local_load import LocalLoad
from analysis.sun import beside, generation
from quarters.numbers import slot_of


def four_weeks():
    """200 kW from 06:00 to 22:00 on working days, 20 kW at night and at weekends."""
    kw = days(28, 20.0).reshape(28, 96)
    for day in range(28):
        if day % 7 < 5:
            kw[day, 24:88] = 200.0
    return kw


def test_what_idle_nights_and_weekends_draw():
    found = base_load(load_of(four_weeks().ravel()))
    assert (found.base_kw, found.night_kw, found.weekend_kw, found.workday_kw) == (20.0, 20.0, 20.0, 200.0)
    assert found.good_night_kw == pytest.approx(20.0)
    assert found.quiet_nights is not None
    assert np.allclose(found.quiet_nights.kw, four_weeks().ravel()), "all nights are alike: nothing to win"
    assert np.nansum(found.without_base.kw) / 4 == pytest.approx(20 * 16 * 200.0), "what working hours draw"


def test_a_night_in_which_something_stayed_on_can_be_quieter():
    kw = four_weeks()
    kw[1, 88:] = 60.0  # Tuesday from 22:00 to 24:00
    load = load_of(kw.ravel())
    found = base_load(load)
    assert found.quiet_nights is not None
    saved_kwh = np.nansum(load.kw - found.quiet_nights.kw) / 4
    assert saved_kwh == pytest.approx(2 * 40.0, rel=0.01), "40 kW for two hours"


def test_a_worked_saturday_is_not_idle():
    kw = four_weeks()
    kw[5, 24:56] = 180.0
    load = load_of(kw.ravel())
    found = base_load(load)
    assert found.quiet_weekends is None or np.array_equal(found.quiet_weekends.kw[5 * 96 : 6 * 96], load.kw[5 * 96 : 6 * 96])


def test_a_day_unlike_its_kind_is_found_with_its_energy():
    rng = np.random.default_rng(1)
    kw = four_weeks() + rng.normal(0, 2, (28, 96))
    kw[9, 24:88] = 20.0  # a Wednesday that rested
    (found, *others) = strange_days(load_of(kw.ravel()), 3)
    assert (found.day, found.weekday) == (date(2026, 1, 14), 2)
    assert found.more_kwh == pytest.approx(-180.0 * 16, rel=0.01)
    assert others == []


def test_days_have_their_quarter_hours_when_the_clock_changes():
    """29 March 2026 has no hour from 02:00 to 03:00; its other quarter hours stand where the clock shows them."""
    start = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    load = LocalLoad(slot_of(start), np.arange(92, dtype=float), BERLIN)
    assert load.days_kw.shape == (1, 96)
    assert np.isnan(load.days_kw[0, 8:12]).all()
    assert load.days_kw[0, 12] == 8.0


def test_the_sun_gives_its_yield_and_nothing_at_night():
    year = load_of(days(365, 50.0), datetime(2025, 12, 31, 23, 0, tzinfo=UTC))
    sun = generation(year, 100.0, 950.0)
    assert sun.sum() / 4 == pytest.approx(95_000, rel=0.002)
    by_clock = sun.reshape(-1, 96)
    assert by_clock[:, :12].max() == 0.0, "before three at night"
    assert by_clock[150:200].sum() > 3 * by_clock[:50].sum(), "summer against winter"
    found = beside(year, 100.0)
    assert found.used_kwh <= found.generated_kwh
    assert np.nansum(year.kw - found.after.kw) / 4 == pytest.approx(found.used_kwh)


def test_no_peak_is_claimed_to_fall_by_the_sun():
    kw = days(60, 50.0)
    kw[20 * 96 + 50] = 300.0  # at noon
    found = beside(load_of(kw), 200.0)
    assert found.after.kw.max() == 300.0


def test_co2_is_that_of_the_nearest_known_year():
    assert emissions(1_000_000, 2024).tonnes == pytest.approx(363.0)
    assert emissions(1_000_000, 2026).year == 2024
    assert emissions(1_000_000, 2026, 100.0).tonnes == pytest.approx(100.0)

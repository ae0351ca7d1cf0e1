"""How sure advice is: what is stated is reached, whatever is wrong with the forecast's band."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from small_works import SITE, interval, order

from domain.forecasts import Forecast
from domain.intervals import QUARTER
from quarters.numbers import slot_of
from quarters.series import QuarterSeries
from scheduling.confidence import Misses, band_kw, drop_changed, lead_of, note, settle
from scheduling.problem import Outlook

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SHAPE = 300 + 100 * np.sin(np.linspace(0, 2 * np.pi, 96, endpoint=False) - np.pi / 2)


def forecast_at(at: datetime, loads_kw, spread_kw: float) -> Forecast:
    low, high = tuple(loads_kw - spread_kw), tuple(loads_kw + spread_kw)
    return Forecast(SITE, at, at, low, tuple(loads_kw), high, (), "test", at, 192, 0.5)


def lived(days: int, noise_kw: float, bias_kw: float, band_share: float, seed: int) -> list[tuple[float, bool]]:
    """Statements about a peak six times a day, and whether it came true, once forty days are known.

    The load strays from its forecast by a slow and a fast part; the forecast states a band of `band_share` of the true width.
    """
    draw = np.random.default_rng(seed)
    total = 96 * (days + 3)
    slow = np.repeat(draw.normal(0, noise_kw, days + 3), 96)
    expected = np.tile(SHAPE, days + 3)
    actual = expected + bias_kw + slow + draw.normal(0, noise_kw / 2, total)
    misses, known, found = Misses(), QuarterSeries(), []
    stated: list[tuple[int, int, float, float]] = []
    for quarter in range(0, 96 * days, 16):
        at = MONDAY + quarter * QUARTER
        for n in range(16):
            known.put(interval(at + (n - 16) * QUARTER, float(actual[max(quarter + n - 16, 0)])))
        loads = expected[quarter : quarter + 192]
        made = forecast_at(at, loads, band_share * 1.2816 * noise_kw * np.sqrt(1.25))
        outlook = Outlook(slot_of(at), loads.copy(), loads.copy())
        settle(misses, known, slot_of(at))
        note(misses, outlook, made, ZONE)
        if quarter > 96 * 40:
            local = at.astimezone(ZONE)
            midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), tzinfo=ZONE).astimezone(UTC)
            end = (midnight - at) // QUARTER
            if end >= 16:
                peak = int(np.argmax(loads[:end]))
                reduction = float(draw.uniform(0, 3 * noise_kw))
                chance = misses.share_above(lead_of(peak), -reduction / band_kw(made, slot_of(at) + peak))
                stated.append((quarter, quarter + end, float(loads[:end].max()) - reduction, chance))
    for first, end, limit_kw, chance in stated:
        found.append((chance, bool(actual[first:end].max() > limit_kw)))
    return found


@pytest.mark.parametrize(("bias_kw", "band_share"), [(0.0, 1.0), (0.0, 0.4), (-15.0, 0.4), (-15.0, 2.5)])
def test_of_what_is_stated_at_80_percent_80_percent_come_true(bias_kw, band_share):
    found = [one for seed in range(6) for one in lived(120, 15.0, bias_kw, band_share, seed)]
    for low, high in ((0.75, 0.85), (0.85, 0.95)):
        chosen = [(chance, came) for chance, came in found if low <= chance < high]
        assert len(chosen) >= 100, f"{len(chosen)} statements of {low} to {high}"
        stated, reached = (float(np.mean([one[part] for one in chosen])) for part in (0, 1))
        assert reached == pytest.approx(stated, abs=0.05), f"{len(chosen)} statements"


def test_without_any_past_the_band_is_believed():
    assert Misses().share_above(0, 0.0) == pytest.approx(0.5)
    assert Misses().share_above(2, -1.2816) == pytest.approx(0.9, abs=1e-4)


def test_few_misses_of_a_lead_are_drawn_towards_all_leads():
    misses = Misses(found={"0": [1.0] * 100, "1": [-1.0]})
    assert misses.share_above(0, 0.0) > 0.95
    assert 0.5 < misses.share_above(1, 0.0) < 0.9, "one miss does not say that it never comes"


def test_a_day_whose_jobs_change_says_nothing_of_its_forecast():
    misses = Misses()
    loads = np.tile(SHAPE, 2)
    note(misses, Outlook(slot_of(MONDAY), loads, loads), forecast_at(MONDAY, loads, 5.0), ZONE)
    assert len(misses.pending) == 2
    moved = order("A")
    drop_changed(misses, [order("B", start=0)])
    assert len(misses.pending) == 2, "half a year later"

    drop_changed(misses, [replace(moved, start_utc=MONDAY + 8 * QUARTER)])
    assert [one.first_slot for one in misses.pending] == [slot_of(MONDAY) + 72]


def test_a_day_with_a_gap_is_not_measured():
    misses, known = Misses(), QuarterSeries()
    loads = np.tile(SHAPE, 2)
    note(misses, Outlook(slot_of(MONDAY), loads, loads), forecast_at(MONDAY, loads, 5.0), ZONE)
    for n in range(72):
        known.put(interval(MONDAY + n * QUARTER, None if n == 30 else 900.0))
    settle(misses, known, slot_of(MONDAY) + 72)
    assert (misses.found, len(misses.pending)) == ({}, 1)

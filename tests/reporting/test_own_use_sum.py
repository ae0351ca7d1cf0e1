"""The platform's own electricity beside what it saved, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts import EXAMPLES
from domain.effects import Figure
from domain.own_use import EnergyBasis, OwnUse, PartUse
from domain.topics import FORECASTS
from effects.account import Account
from reporting.own_use import own_sum

SIX = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTHING = Account("", 0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)
ADVICE = Account("", 3, 900.0, 500.0, 200.0, 800.0, 1, 0, 3)


def use(hour: int, cpu_s: float, basis: EnergyBasis = EnergyBasis.MODEL) -> OwnUse:
    parts = (PartUse("flink-taskmanager", cpu_s * 0.75), PartUse("kafka", cpu_s * 0.25))
    return OwnUse("werk", SIX + hour * HOUR, SIX + (hour + 1) * HOUR, parts, (PartUse("metering", cpu_s / 2),), cpu_s / 900, basis)


def test_two_hours_cost_what_they_drew_and_saved_what_was_measured() -> None:
    found = own_sum([use(0, 1800), use(1, 900)], [], ADVICE, meters=10, price=lambda at: 0.25, g_per_kwh=lambda at: 400.0)
    assert found is not None
    assert (found.cpu_s, found.energy_wh, found.covered) == (2700, 3.0, 2 * HOUR)
    assert found.parts == (PartUse("flink-taskmanager", 2025.0), PartUse("kafka", 675.0))
    assert found.jobs == (PartUse("metering", 1350.0),)
    assert found.cost_eur == pytest.approx(0.00075)
    assert found.co2_g == pytest.approx(1.2)
    # 1.2 g in 2 of the 720 hours of 30 days, on 10 meters.
    assert found.sci_g == pytest.approx(1.2 * 360 / 10)
    assert found.saved_eur == Figure(500.0, 200.0, 800.0)
    benefit = found.benefit
    assert benefit is not None
    assert (benefit.value, benefit.low, benefit.high) == pytest.approx((500 / 0.00075, 200 / 0.00075, 800 / 0.00075))


def test_what_is_not_known_is_none_and_not_zero() -> None:
    found = own_sum([use(0, 900)], [], NOTHING, 10, lambda at: None, lambda at: None)
    assert found is not None
    assert (found.cost_eur, found.co2_g, found.sci_g, found.saved_eur, found.benefit) == (None, None, None, None, None)
    assert own_sum([], [], ADVICE, 10, lambda at: 0.25, lambda at: 400.0) is None


def test_one_hour_without_a_price_leaves_the_whole_unpriced() -> None:
    prices = {SIX: 0.25, SIX + HOUR: None}
    found = own_sum([use(0, 900), use(1, 900)], [], ADVICE, 10, prices.__getitem__, lambda at: None)
    assert found is not None
    assert found.cost_eur is None


def test_each_model_has_its_cpu_time_and_both_bases_are_named() -> None:
    forecast = EXAMPLES[FORECASTS.name]
    issued = [
        replace(forecast, model="ensemble", cpu_ms=200.0),
        replace(forecast, model="ensemble", cpu_ms=100.0),
        replace(forecast, model="like-days", cpu_ms=5.0),
    ]
    found = own_sum([use(0, 900), use(1, 900, EnergyBasis.RAPL)], issued, ADVICE, 10, lambda at: 0.2, lambda at: None)
    assert found is not None
    assert found.models == (PartUse("ensemble", 0.3), PartUse("like-days", 0.005))
    assert found.bases == (EnergyBasis.MODEL, EnergyBasis.RAPL)

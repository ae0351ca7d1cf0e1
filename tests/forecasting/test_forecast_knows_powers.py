"""The live forecast knows what orders without a typed power draw, whichever comes first: order, power or quarter hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.forecasts import Forecast
from domain.intervals import QUARTER
from domain.job_power import MOST_PRODUCTS, JobPower, PowerSource
from domain.orders import Order, OrderStatus
from domain.topics import FORECASTS, INTERVALS, JOB_POWERS, ORDERS, Topic
from forecasting.powers import KnownPowers
from forecasting.site_forecast import SiteForecast
from tests.forecasting import small_forecast_plant as small

LIVE = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
FIRST = LIVE - timedelta(days=12)
TYPED = [record for record in small.stream(FIRST, LIVE, LIVE - QUARTER) if isinstance(record, Order)]
LOADS = [record for record in small.stream(FIRST, LIVE, LIVE - QUARTER) if not isinstance(record, Order)]
NEXT = replace(TYPED[0], job="next", start_utc=LIVE + 6 * QUARTER, at_utc=LIVE - timedelta(hours=1), status=OrderStatus.PLANNED)
LAST = small.interval(LIVE, 300.0)
Records = list[tuple[Topic, Any]]


def untyped(order: Order) -> Order:
    return replace(order, profile_kw=(), quarters=len(order.profile_kw))


def power(revision: int = 1, share: float = 1.0) -> JobPower:
    kw = tuple(share * one for one in NEXT.profile_kw)
    return JobPower("werk", NEXT.machine, NEXT.product, revision, kw, kw, kw, 9, PowerSource.SUB_METER, 1.0, LIVE)


def forecast(*records: tuple[Topic, Any]) -> Forecast:
    """The newest, after a restart before every record that is no quarter hour."""
    step = SiteForecast(small.PLANT)
    state, found = step.initial("werk"), []
    for topic, record in [*records, (INTERVALS, LAST)]:
        if topic is not INTERVALS:
            state = step.decode("werk", step.encode(state))
        state, out = step.take("werk", state, [(topic, record)])
        found += [one for to, one in out if to is FORECASTS]
    return found[-1]


def orders(*found: Order) -> Records:
    return [(ORDERS, one) for one in found]


LOAD: Records = [(INTERVALS, one) for one in LOADS]
UNTYPED = orders(*map(untyped, [*TYPED, NEXT]))


@pytest.fixture(scope="module")
def as_typed() -> Forecast:
    return forecast(*orders(*TYPED, NEXT), *LOAD)


def test_a_power_that_was_learned_first_is_as_good_as_typed(as_typed: Forecast) -> None:
    assert forecast((JOB_POWERS, power()), *UNTYPED, *LOAD).q50_kw == as_typed.q50_kw


def test_a_power_that_is_learned_after_the_orders_and_loads_counts_from_the_next_forecast_on(as_typed: Forecast) -> None:
    without = forecast(*UNTYPED, *LOAD).q50_kw
    found = forecast(*UNTYPED, *LOAD, (JOB_POWERS, power())).q50_kw
    assert sum(abs(a - b) for a, b in zip(found, as_typed.q50_kw, strict=True)) < 0.5 * sum(
        abs(a - b) for a, b in zip(without, as_typed.q50_kw, strict=True)
    )


def test_jobs_to_come_follow_a_power_that_is_learned_again_and_never_an_older_revision() -> None:
    again = forecast((JOB_POWERS, power(1, 0.2)), *UNTYPED, (JOB_POWERS, power(2)), (JOB_POWERS, power(1, 0.2)), *UNTYPED[-1:])
    direct = forecast((JOB_POWERS, power(2)), *UNTYPED)
    assert again.q50_kw == direct.q50_kw


def test_powers_of_other_products_and_sites_change_nothing() -> None:
    plain = forecast(*UNTYPED, *LOAD[-400:])
    others = [(JOB_POWERS, replace(power(), product="another")), (JOB_POWERS, replace(power(), site="other"))]
    assert forecast(*UNTYPED, *LOAD[-400:], *others).q50_kw == plain.q50_kw


def test_powers_of_products_that_ran_longest_ago_are_forgotten() -> None:
    known, jobs = KnownPowers(), {}
    for number in range(MOST_PRODUCTS + 20):
        known.learn(replace(power(), product=f"P{number}", at_utc=LIVE + number * QUARTER), jobs)
        known.learn(replace(power(), product="again", revision=number, at_utc=LIVE + number * QUARTER), jobs)
    assert len(known.known) == MOST_PRODUCTS
    assert {one.product for one in known.known} == {"again", *(f"P{n}" for n in range(21, MOST_PRODUCTS + 20))}

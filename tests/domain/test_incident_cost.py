"""What an incident costs in a span of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.anomalies import Anomaly, AnomalyKind
from domain.incident_cost import IncidentCost, cost_between, cost_of_going_on, cost_so_far, sum_of

SINCE = datetime(2026, 10, 30, 12, tzinfo=UTC)
MONTH_END = datetime(2026, 11, 1, tzinfo=UTC)
LEFT_ON = Anomaly(
    "werk-nord", "furnace-1", "furnace-1/left_on/1", 3, AnomalyKind.LEFT_ON, SINCE, SINCE + timedelta(days=3), SINCE + timedelta(days=4),
    3.0, 63.0, 600.0, 240.0, 48.0,
)  # fmt: skip
"""600 kWh in three days at 20 ct: half of them in October."""


def test_an_incident_over_the_end_of_a_month_is_split_evenly() -> None:
    assert cost_so_far(LEFT_ON) == IncidentCost(600.0, pytest.approx(120.0))
    october = cost_between(LEFT_ON, datetime(2026, 10, 1, tzinfo=UTC), MONTH_END)
    assert (october.kwh, october.eur) == (pytest.approx(300.0), pytest.approx(60.0))


def test_one_that_lasts_is_known_up_to_its_newest_revision() -> None:
    lasting = replace(LEFT_ON, until_utc=None)
    assert cost_between(lasting, SINCE, SINCE + timedelta(days=2)).kwh == pytest.approx(300.0)
    assert cost_between(lasting, SINCE + timedelta(days=4), SINCE + timedelta(days=40)).kwh == 0


def test_a_data_fault_costs_nothing_and_an_unknown_price_is_not_zero() -> None:
    assert cost_so_far(replace(LEFT_ON, kind=AnomalyKind.SPIKE)) == IncidentCost(0.0, None)
    assert cost_so_far(replace(LEFT_ON, eur_per_day=None)) == IncidentCost(600.0, None)
    assert sum_of([IncidentCost(5.0, None), IncidentCost(1.0, 2.0)]) == IncidentCost(6.0, 2.0)
    assert sum_of([IncidentCost(5.0, None)]).eur is None


def test_money_that_is_not_in_kilowatt_hours_goes_by_the_day() -> None:
    reactive = replace(LEFT_ON, kind=AnomalyKind.POOR_POWER_FACTOR, excess_kwh=0.0, kwh_per_day=0.0, eur_per_day=4.0)
    assert cost_so_far(reactive) == IncidentCost(0.0, pytest.approx(12.0))
    assert cost_between(reactive, MONTH_END, MONTH_END + timedelta(days=9)).eur == pytest.approx(6.0)


def test_going_on_costs_the_rate_of_a_day() -> None:
    assert cost_of_going_on(LEFT_ON, timedelta(hours=12)) == IncidentCost(pytest.approx(120.0), pytest.approx(24.0))


def test_one_without_length_counts_once() -> None:
    jump = replace(LEFT_ON, until_utc=SINCE, excess_kwh=7.0)
    assert cost_between(jump, SINCE, MONTH_END).kwh == 7.0
    assert cost_between(jump, SINCE - timedelta(days=1), SINCE).kwh == 0.0


@given(
    hours=st.integers(0, 24 * 90),
    cuts=st.lists(st.integers(-24 * 10, 24 * 100), max_size=8),
    excess=st.floats(0, 1e6),
    per_day=st.sampled_from([0.0, 240.0]),
    is_open=st.booleans(),
)
def test_the_parts_of_any_cut_sum_to_the_whole(hours: int, cuts: list[int], excess: float, per_day: float, is_open: bool) -> None:
    end = SINCE + timedelta(hours=hours)
    incident = replace(LEFT_ON, until_utc=None if is_open else end, at_utc=end, excess_kwh=excess, kwh_per_day=per_day)
    edges = [SINCE - timedelta(days=30), *(SINCE + timedelta(hours=n) for n in sorted(cuts)), end + timedelta(days=400)]
    parts = [cost_between(incident, a, b) for a, b in pairwise(edges)]
    whole = cost_so_far(incident)
    assert sum(part.kwh for part in parts) == pytest.approx(whole.kwh)
    assert whole.eur is not None
    assert sum(part.eur or 0.0 for part in parts) == pytest.approx(whole.eur)

"""An order's power: typed, learned, or not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.codec import UnreadableRecord, decode, encode
from domain.job_power import JobPower, PowerSource, newest_powers, stretched, with_power
from domain.orders import Order, OrderStatus, OtherMachine

NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
ORDER = Order(
    "works", "J1", 1, "oven", "rings", NINE, (), NINE, NINE + timedelta(hours=8), True, OrderStatus.PLANNED, NINE, quarters=4
)


def power(machine: str, *kw: float, revision: int = 1) -> JobPower:
    return JobPower("works", machine, "rings", revision, kw, kw, kw, 5, PowerSource.SUB_METER, 1.0, NINE)


def test_a_job_twice_as_long_draws_the_same_power_twice_as_long() -> None:
    assert stretched((100.0, 40.0), 4) == (100.0, 100.0, 40.0, 40.0)


def test_a_shorter_job_keeps_the_mean_power_and_the_shape() -> None:
    assert stretched((90.0, 60.0, 30.0), 2) == pytest.approx((80.0, 40.0))


def test_a_learned_power_fills_what_nobody_typed_on_every_machine() -> None:
    order = replace(ORDER, other_machines=(OtherMachine("kiln", 2), OtherMachine("furnace", 1, (7.0,))))
    filled = with_power(order, newest_powers([power("oven", 10.0), power("oven", 20.0, revision=2), power("kiln", 5.0)]))
    assert filled.profile_kw == (20.0,) * 4
    assert [other.profile_kw for other in filled.other_machines] == [(5.0, 5.0), (7.0,)]


def test_what_somebody_typed_stays_and_what_nobody_knows_stays_unknown() -> None:
    typed = replace(ORDER, profile_kw=(1.0,) * 4)
    assert with_power(typed, newest_powers([power("oven", 10.0)])).profile_kw == (1.0,) * 4
    assert with_power(ORDER, newest_powers([power("kiln", 10.0)])).profile_kw == ()


@pytest.mark.parametrize("change", [{"quarters": 0}, {"quarters": 3, "profile_kw": (1.0, 2.0)}])
def test_an_order_says_how_long_it_takes_and_once(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="J1"):
        replace(ORDER, **change)  # type: ignore[arg-type]  # what a caller could write


def test_an_order_of_the_topic_without_a_duration_is_refused() -> None:
    payload = encode(ORDER).replace(b'"quarters":4', b'"quarters":0')
    with pytest.raises(UnreadableRecord, match="duration"):
        decode(Order, payload)

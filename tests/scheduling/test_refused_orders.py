"""Orders that cannot be planned are rejected on the topic in the words of every other door, and the revision before counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import small_works
from small_works import SITE, order

from domain.codec import decode
from domain.orders import Order, OrderStatus, OtherMachine, Predecessor
from domain.readings import RejectionReason
from domain.topics import ORDERS, REJECTED
from scheduling.advice import Advice


def taken(*orders: Order):
    """What the step knows after these orders, and what it rejects."""
    advice = Advice(small_works.works(), None)
    state, outputs = advice.take(SITE, advice.initial(SITE), [(ORDERS, one) for one in orders])
    return state.notes.orders, [record for topic, record in outputs if topic is REJECTED]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (
            order("B", machine="furnace-3"),
            "machine: found “furnace-3”; expected a machine or machine group of the plant file; did you mean",
        ),
        (
            order("B", other_machines=(OtherMachine("laser", 2),)),
            "a machine or machine group of the plant file: furnace-1, furnace-2",
        ),
        (order("B", other_machines=(OtherMachine("furnace-1", 2),)), "each machine once"),
        (order("B", predecessors=(Predecessor("B"),)), "predecessors: found “B → B”"),
        (order("B", deadline_utc=small_works.NOW), "a deadline after the job's earliest end"),
    ],
)
def test_an_order_that_cannot_be_planned_is_rejected_and_the_others_are_taken(bad: Order, words: str) -> None:
    known, rejected = taken(order("A"), bad, order("C"))
    assert set(known) == {"A", "C"}
    [rejection] = rejected
    assert (rejection.site, rejection.reason) == (SITE, RejectionReason.REFUSED_ORDER)
    assert rejection.detail.startswith("job B: ")
    assert words in rejection.detail
    assert decode(Order, rejection.original) == bad, "nothing is lost"


def test_the_order_that_closes_a_circle_is_rejected() -> None:
    a, b = order("A", predecessors=(Predecessor("B"),)), order("B", predecessors=(Predecessor("A"),))
    known, rejected = taken(a, b)
    assert set(known) == {"A"}, "that B waits for was not known yet when A came"
    assert "the way leads back to B" in rejected[0].detail


def test_a_refused_revision_leaves_the_one_before() -> None:
    good = order("A")
    known, rejected = taken(good, replace(good, revision=2, machine="furnace-9"))
    assert known["A"] == good
    assert len(rejected) == 1


def test_an_order_of_a_machine_that_is_gone_can_still_be_cancelled_and_a_stale_revision_says_nothing() -> None:
    good = order("A")
    gone = replace(good, revision=2, machine="scrapped", status=OrderStatus.CANCELLED)
    known, rejected = taken(good, gone, replace(good, revision=1, machine="furnace-9"))
    assert (known["A"].status, rejected) == (OrderStatus.CANCELLED, [])

"""The planner's desk: plans, thinks, decides, and carries out what can be carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.orders import Order, OrderStatus
from domain.recommendations import Decision, DecisionKind, Recommendation, RecommendationStatus
from simulation import demo_plant
from simulation.planner import PLANNER, THINKING, Acceptance, Desk, obstacle_to, past_orders
from simulation.span import HISTORY, Span, load_span
from tests.advised import advice_for


@pytest.fixture(scope="module")
def span(tmp_path_factory: pytest.TempPathFactory) -> Span:
    folder: Path = tmp_path_factory.mktemp("plant")
    demo_plant.write(folder)
    return load_span(folder)


def desk_at_start(span: Span, acceptance: Acceptance = Acceptance.AUTO) -> Desk:
    desk = Desk(span, acceptance)
    desk.write_plan(span.start_utc)
    return desk


def rush_batch(desk: Desk) -> Order:
    """The chain furnace's batch at half past nine."""
    start = desk.span.start_utc + timedelta(minutes=210)
    return next(o for o in desk.orders.values() if o.machine == "furnace-2" and o.start_utc == start)


def advice(
    order: Order, to_utc: datetime, name: str = "r-1", revision: int = 1, status: RecommendationStatus = RecommendationStatus.OPEN
) -> Recommendation:
    return advice_for(order, to_utc, name, revision=revision, status=status)


def accepted(name: str, at_utc: datetime) -> Decision:
    return Decision("werk-nord", name, DecisionKind.ACCEPTED, "Meier", at_utc)


def test_the_plan_covers_three_days_and_grows_with_them(span: Span) -> None:
    desk = Desk(span)
    first = desk.write_plan(span.start_utc)
    assert {order.revision for order in first} == {1}
    assert max(order.start_utc for order in first) > span.start_utc + timedelta(days=3)
    assert desk.write_plan(span.start_utc + timedelta(hours=1)) == []
    assert desk.write_plan(span.start_utc + timedelta(days=1))
    assert len(desk.orders) == len({order.job for order in desk.orders.values()})


def test_past_orders_are_done_and_none_is_planned_twice(span: Span) -> None:
    past = past_orders(span, span.start_utc - HISTORY)
    assert {order.status for order in past} == {OrderStatus.DONE}
    assert not {order.job for order in past} & set(desk_at_start(span).orders)
    assert len(past) > 500


def test_orders_begin_and_end_with_new_revisions(span: Span) -> None:
    desk = desk_at_start(span)
    order = rush_batch(desk)
    desk.progress(order.start_utc)
    assert desk.orders[order.job].status is OrderStatus.RUNNING
    changed = desk.progress(order.end_utc)
    assert desk.orders[order.job].status is OrderStatus.DONE
    assert desk.orders[order.job].revision == 3
    assert order.job in {o.job for o in changed}
    assert desk.progress(order.end_utc) == []


def test_the_simulated_planner_thinks_for_two_minutes_then_accepts_and_the_job_is_moved(span: Span) -> None:
    desk = desk_at_start(span)
    order, now = rush_batch(desk), span.start_utc + timedelta(minutes=20)
    target = order.start_utc - timedelta(hours=1)
    desk.take_recommendation(advice(order, target), now)
    assert desk.decide(now) == []
    (decision,) = desk.decide(now + THINKING)
    assert (decision.kind, decision.by) == (DecisionKind.ACCEPTED, PLANNER)
    (moved,) = desk.carry_out(now + THINKING)
    assert (moved.start_utc, moved.revision, moved.reason) == (target, order.revision + 1, "r-1")
    assert desk.carry_out(now + THINKING) == []
    assert desk.decide(now + 2 * THINKING) == []


def test_one_decision_at_a_time_the_oldest_first(span: Span) -> None:
    desk = desk_at_start(span)
    order, now = rush_batch(desk), span.start_utc + timedelta(minutes=20)
    desk.take_recommendation(advice(order, order.start_utc - timedelta(hours=1), "r-b"), now)
    desk.take_recommendation(advice(order, order.start_utc - timedelta(minutes=30), "r-a"), now + timedelta(seconds=1))
    assert [d.recommendation for d in desk.decide(now + 2 * THINKING)] == ["r-b"]
    assert desk.decide(now + 2 * THINKING) == []
    desk.take_recommendation(advice(order, order.start_utc, "r-a", 2, RecommendationStatus.WITHDRAWN), now + 2 * THINKING)
    assert desk.decide(now + 4 * THINKING) == []


def test_the_planner_rejects_what_cannot_be_done_and_says_why(span: Span) -> None:
    desk = desk_at_start(span)
    order, now = rush_batch(desk), span.start_utc
    desk.take_recommendation(advice(order, order.due_utc), now)
    (decision,) = desk.decide(now + THINKING)
    assert decision.kind is DecisionKind.REJECTED
    assert "has to lie between" in decision.comment


def test_with_manual_acceptance_only_a_person_decides(span: Span) -> None:
    desk = desk_at_start(span, Acceptance.MANUAL)
    order, now = rush_batch(desk), span.start_utc
    desk.take_recommendation(advice(order, order.start_utc - timedelta(hours=1)), now)
    assert desk.decide(now + 10 * THINKING) == []
    desk.take_decision(accepted("r-1", now))
    assert [o.job for o in desk.carry_out(now)] == [order.job]


def test_a_decision_may_come_before_its_recommendation(span: Span) -> None:
    desk = desk_at_start(span, Acceptance.MANUAL)
    order, now = rush_batch(desk), span.start_utc
    desk.take_decision(accepted("r-1", now))
    assert desk.carry_out(now) == []
    desk.take_recommendation(advice(order, order.start_utc - timedelta(hours=1), status=RecommendationStatus.ACCEPTED), now)
    assert [o.job for o in desk.carry_out(now)] == [order.job]


@pytest.mark.parametrize(
    ("shift", "words"),
    [(timedelta(hours=-3), "has passed"), (timedelta(hours=9), "has to lie between"), (timedelta(minutes=120), "is taken by")],
)
def test_an_accepted_move_that_is_impossible_is_refused_with_its_reason(span: Span, shift: timedelta, words: str) -> None:
    desk = desk_at_start(span, Acceptance.MANUAL)
    order = rush_batch(desk)
    now = order.start_utc - timedelta(hours=1)
    desk.take_recommendation(advice(order, order.start_utc + shift), now)
    desk.take_decision(accepted("r-1", now))
    assert desk.carry_out(now) == []
    assert words in desk.refused["r-1"]
    assert desk.orders[order.job] == order


def test_a_job_that_runs_is_not_moved(span: Span) -> None:
    desk = desk_at_start(span)
    order = rush_batch(desk)
    desk.progress(order.start_utc)
    assert "is running" in (
        obstacle_to(advice_for(order, order.start_utc + timedelta(hours=1)), desk.orders, order.start_utc) or ""
    )


def test_the_desk_survives_a_restart(span: Span) -> None:
    desk = desk_at_start(span, Acceptance.MANUAL)
    order, now = rush_batch(desk), span.start_utc
    recommendation, decision = advice(order, order.start_utc - timedelta(hours=1)), accepted("r-1", now)
    desk.take_recommendation(recommendation, now)
    desk.take_decision(decision)
    desk.carry_out(now)
    again = Desk(span, Acceptance.MANUAL)
    again.restore(desk.stored(), [replace(order), *desk.orders.values()])
    again.take_recommendation(recommendation, now)
    again.take_decision(decision)
    assert again.carry_out(now) == []
    assert again.orders == desk.orders
    assert again.write_plan(now) == []

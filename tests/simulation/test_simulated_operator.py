"""The simulated operator follows advice on loads that can wait, and the demo's account says what that did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.orders import Order
from domain.recommendations import (
    Action,
    Decision,
    DecisionKind,
    LoadPlace,
    Places,
    Recommendation,
    RecommendationStatus,
)
from lastgang.demo.account import Span as RunSpan
from lastgang.demo.eased import WaitingAccount, account_of
from simulation import demo_plant
from simulation.counterfactual import main_import_kw
from simulation.factory import QuarterHour
from simulation.live import served_devices
from simulation.operating import carry_out
from simulation.planner import OPERATOR, Acceptance
from simulation.run import RunSettings, SimulatedPlant
from simulation.span import Span, load_span
from simulation.truth import read_run, read_truth
from simulation.waiting import Waiting
from tests.advised import advice_for
from tests.simulation.running_clock import HandClock

TIGHT_UTC = datetime(2026, 10, 23, 4, 45, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
VANS = tuple(f"charge-point-{n}" for n in range(1, 5))


@contextmanager
def running(folder: Path, accept: Acceptance = Acceptance.AUTO) -> Iterator[tuple[SimulatedPlant, HandClock, Span]]:
    if not (folder / "plant.toml").exists():
        demo_plant.write(folder)
    span = load_span(folder)
    clock = HandClock(span.start_utc)
    settings = RunSettings(folder, span, clock, folder / "truth.sqlite", acceptance=accept)
    plant = SimulatedPlant(settings, *served_devices(folder))
    try:
        yield plant, clock, span
    finally:
        plant.close()


def place(load: str, start_utc: datetime, minutes: float, kw: float = 7.4) -> LoadPlace:
    return LoadPlace(load, kw, start_utc, start_utc + minutes * MINUTE)


def about_loads(order: Order, name: str, action: Action, before: Places, after: Places, **fields: Any) -> Recommendation:
    begins = min(after.starts_utc)
    return advice_for(
        order,
        begins,
        name,
        **({"action": action, "before": before, "after": after, "valid_until_utc": begins + 10 * MINUTE} | fields),
    )


def hold(order: Order, start_utc: datetime, minutes: float, *loads: str, **fields: Any) -> Recommendation:
    after = Places(loads=tuple(place(load, start_utc, minutes) for load in loads))
    return about_loads(order, "hold-1", Action.HOLD, Places(), after, **fields)


def release(order: Order, at_utc: datetime, *loads: str) -> Recommendation:
    back = Places(loads=tuple(place(load, at_utc, 5) for load in loads))
    return about_loads(order, "release-1", Action.RELEASE, back, back)


def shift(order: Order, load: str, was: LoadPlace, then: LoadPlace) -> Recommendation:
    return about_loads(order, f"shift-{load}", Action.SHIFT_LOAD, Places(loads=(was,)), Places(loads=(then,)))


def an_order(span: Span) -> Order:
    return span.orders_of(span.first_day)[0]


def advise(plant: SimulatedPlant, clock: HandClock, advice: Recommendation, after: timedelta = 21 * SECOND) -> list[Decision]:
    """Advice comes, and time goes on."""
    plant.desk.take_recommendation(advice, clock.now)
    clock.now += after
    made = plant.desk.decide(clock.now)
    plant.work()
    return made


def account(folder: Path, span: Span, to_utc: datetime, advice: list[Recommendation]) -> WaitingAccount:
    truth = read_truth(folder / "truth.sqlite")["main", "energy_import"]
    quarters = [QuarterHour(int(start.timestamp()), {("main", "energy_import"): kwh}) for start, kwh in truth.items()]
    run = RunSpan(span.start_utc, to_utc)
    return account_of(span, run, main_import_kw(quarters), *read_run(folder / "truth.sqlite"), advice)


def test_the_tight_quarter_hour_is_held_below_the_target_and_without_the_hold_it_would_have_passed_it(tmp_path: Path) -> None:
    with running(tmp_path) as (plant, clock, span):
        clock.now = TIGHT_UTC + 3 * MINUTE
        plant.work()
        advice = hold(an_order(span), clock.now, 12, *VANS, "cold-water")
        (decision,) = advise(plant, clock, advice)
        assert (decision.by, decision.kind) == (OPERATOR, DecisionKind.ACCEPTED)
        clock.now = TIGHT_UTC + 35 * MINUTE
        plant.work()
    found = account(tmp_path, span, TIGHT_UTC + 30 * MINUTE, [advice])
    (eased,) = found.eased
    assert eased.start_utc == "2026-10-23T04:45:00Z"
    assert eased.loads == (*VANS, "cold-water")
    assert eased.holds
    assert eased.kw < 632 < 640 == eased.target_kw < 648 < eased.without_kw
    assert found.advised == {"hold": 1, "release": 0, "shift_load": 0}
    assert found.charged.holds is None, "nobody has left yet"


def test_without_advice_the_quarter_hour_is_passed_and_the_account_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as (plant, clock, span):
        clock.now = TIGHT_UTC + 20 * MINUTE
        plant.work()
    (eased,) = account(tmp_path, span, TIGHT_UTC + 15 * MINUTE, []).eased
    assert (eased.loads, eased.holds) == ((), False)
    assert eased.kw == eased.without_kw > eased.target_kw


def test_trucks_charge_when_it_was_advised_and_all_leave_full(tmp_path: Path) -> None:
    ten = TIGHT_UTC.replace(hour=8, minute=0)
    with running(tmp_path) as (plant, clock, span):
        plant.work()
        advice = [
            shift(an_order(span), f"truck-point-{n}", place(f"truck-point-{n}", ten - 75 * MINUTE, 90, 44), place(f"truck-point-{n}", ten + 15 * MINUTE, 75, 44))
            for n in (1, 2)
        ]  # fmt: skip
        for one in advice:
            plant.desk.take_recommendation(one, clock.now)
        clock.now += 21 * SECOND
        assert [one.kind for one in plant.desk.decide(clock.now)] == [DecisionKind.ACCEPTED] * 2
        plant.work()
        seen = {}
        for minutes in range(0, 360, 5):
            clock.now = span.start_utc + minutes * MINUTE + SECOND
            plant.work()
            seen[clock.now - SECOND] = plant.live.factory.power_kw["ev-chargers"]
        trucks_at_home = [kw for at, kw in seen.items() if ten - 30 * MINUTE <= at < ten + 15 * MINUTE]
        assert max(trucks_at_home) < 40, "visitors alone"
        assert max(kw for at, kw in seen.items() if at >= ten + 15 * MINUTE) > 80
        clock.now = span.start_utc + 360 * MINUTE
        plant.work()
    done = [replace(one, status=RecommendationStatus.CARRIED_OUT) for one in advice]
    charged = account(tmp_path, span, span.start_utc + 345 * MINUTE, done).charged
    assert (charged.left, charged.full, charged.missing_kwh, charged.shifted, charged.holds) == (6, 6, 0.0, 2, True)


def test_the_operator_looks_for_twenty_seconds_and_does_nothing_that_is_too_late(tmp_path: Path) -> None:
    with running(tmp_path) as (plant, clock, span):
        advice = hold(an_order(span), clock.now, 5, VANS[0])
        assert advise(plant, clock, advice, 19 * SECOND) == []
        late = replace(advice, recommendation="hold-2", valid_until_utc=clock.now)
        assert [one.recommendation for one in advise(plant, clock, late)] == ["hold-1"]
        waiting = plant.live.factory.loads.waiting
        assert waiting.is_held(VANS[0], clock.now.timestamp())
        assert not waiting.is_held(VANS[1], clock.now.timestamp())
        assert [one.load for one in waiting.held_between(0, 1e12)] == [VANS[0]]


def test_an_accepted_hold_that_is_over_is_not_carried_out(tmp_path: Path) -> None:
    with running(tmp_path, Acceptance.MANUAL) as (plant, clock, span):
        advice = hold(an_order(span), clock.now, 5, VANS[0])
        plant.desk.take_recommendation(advice, clock.now)
        clock.now += 6 * MINUTE
        assert plant.desk.decide(clock.now) == [], "a person decides"
        plant.desk.take_decision(Decision(span.plant.site.id, "hold-1", DecisionKind.ACCEPTED, "anna", clock.now))
        plant.work()
        assert plant.desk.refused == {"hold-1": "its time was over"}
        assert plant.live.factory.loads.waiting.held_between(0, 1e12) == []


def test_a_release_ends_a_hold_before_its_time(tmp_path: Path) -> None:
    with running(tmp_path) as (plant, clock, span):
        advise(plant, clock, hold(an_order(span), clock.now, 30, VANS[0], VANS[1]))
        clock.now += 5 * MINUTE
        advise(plant, clock, release(an_order(span), clock.now + MINUTE, VANS[0]))
        waiting, now_s = plant.live.factory.loads.waiting, clock.now.timestamp()
        assert [waiting.is_held(VANS[0], now_s + after) for after in (0, 30, 60)] == [True, True, False]
        assert waiting.is_held(VANS[1], now_s + 60)


def test_what_was_set_is_there_after_a_kill_and_is_not_set_twice(tmp_path: Path) -> None:
    with running(tmp_path) as (plant, clock, span):
        advice = hold(an_order(span), clock.now, 30, VANS[0])
        advise(plant, clock, advice)
        set_ = plant.live.factory.loads.waiting.snapshot()
    with running(tmp_path) as (again, clock, span):
        clock.now += MINUTE
        again.desk.take_recommendation(replace(advice, revision=2, status=RecommendationStatus.ACCEPTED), clock.now)
        again.desk.take_decision(Decision(span.plant.site.id, "hold-1", DecisionKind.ACCEPTED, OPERATOR, clock.now))
        again.work()
        assert again.live.factory.loads.waiting.snapshot() == set_


@pytest.mark.parametrize("minutes_late", [0, 10])
def test_a_plan_that_comes_late_begins_when_it_comes(minutes_late: int, tmp_path: Path) -> None:
    demo_plant.write(tmp_path)
    span, waiting = load_span(tmp_path), Waiting()
    start = span.start_utc
    advice = shift(an_order(span), "a", place("a", start, 30), place("a", start + 60 * MINUTE, 30))
    now = start + minutes_late * MINUTE
    assert carry_out(advice, waiting, now)
    assert waiting.limit_kw("a", now.timestamp()) == 0.0
    assert waiting.limit_kw("a", now.timestamp() - 1) is None
    assert waiting.limit_kw("a", (start + 60 * MINUTE).timestamp()) == 7.4
    assert waiting.limit_kw("a", (start + 90 * MINUTE).timestamp()) is None
    assert not carry_out(advice, Waiting(), start + 90 * MINUTE)

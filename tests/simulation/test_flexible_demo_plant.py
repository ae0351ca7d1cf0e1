"""The demo's loads that can wait: vans and cold water that follow holds and plans, and a tight quarter hour that they ease."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.channels import IMPORT
from domain.orders import Order
from governor.live.instruments import Instruments
from simulation import demo_plant
from simulation.counterfactual import main_import_kw, with_orders, without_moves
from simulation.factory import Factory
from simulation.fleet import LOST, Fleet
from simulation.layout import GROUPS
from simulation.machines import HELD_WATER_C, Chiller
from simulation.opcua_server import value_of, variables_of
from simulation.span import Span, begin, load_span, schedule_of
from simulation.waiting import LoadPlan, Planned, Waiting

TIGHT_UTC = datetime(2026, 10, 23, 4, 45, tzinfo=UTC)
"""06:45 in Berlin: somebody tries out the old furnace of the training workshop."""
POINTS = tuple(f"charge-point-{n}" for n in range(1, 5))
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def span(tmp_path_factory: pytest.TempPathFactory) -> Span:
    folder = tmp_path_factory.mktemp("plant")
    demo_plant.write(folder)
    return load_span(folder)


def orders_of(span: Span) -> list[Order]:
    return span.orders_between(span.first_day - timedelta(days=1), span.first_day + timedelta(days=3))


def held_from(at_utc: datetime, minutes: float, *loads: str) -> Waiting:
    waiting = Waiting()
    for load in loads:
        waiting.hold(load, at_utc.timestamp(), (at_utc + minutes * MINUTE).timestamp())
    return waiting


def factory_of(span: Span, waiting: Waiting | None = None) -> Factory:
    factory = begin(span, schedule_of(orders_of(span)))
    if waiting is not None:
        factory.loads.waiting.restore(waiting.snapshot())
    return factory


def anything(charge_point: str) -> float | None:
    return None


def nothing(charge_point: str) -> float | None:
    return 0.0


def test_the_tight_quarter_hour_stays_below_the_target_only_where_vans_and_cold_water_are_held(span: Span) -> None:
    to_utc = TIGHT_UTC + timedelta(minutes=30)
    waiting = held_from(TIGHT_UTC + 3 * MINUTE, 12, *POINTS, "cold-water")
    held = main_import_kw(with_orders(span, orders_of(span), waiting, to_utc))
    free = main_import_kw(with_orders(span, orders_of(span), waiting.without_holds(), to_utc))
    target_kw = span.plant.site.target_kw
    assert target_kw is not None
    assert held[TIGHT_UTC] < target_kw - 8
    assert free[TIGHT_UTC] > target_kw + 8
    after_utc = TIGHT_UTC + 15 * MINUTE
    assert held[after_utc] < target_kw, "what comes back must not make the next quarter hour the peak"
    assert free == main_import_kw(without_moves(span, to_utc))


def test_energy_stays_exact_while_loads_are_held(span: Span) -> None:
    waiting = held_from(TIGHT_UTC, 20, *POINTS[:2], "cold-water")
    for quarter in with_orders(span, orders_of(span), waiting, TIGHT_UTC + timedelta(hours=1)):
        energy = quarter.energy_uwh
        for group, members in GROUPS.items():
            assert energy[group, IMPORT] == sum(energy[member, IMPORT] for member in members)
    factory = factory_of(span, waiting)
    factory.advance_to(TIGHT_UTC.timestamp() + 60)
    assert factory.main_step_uwh() == factory.own_step_uwh()


@pytest.mark.parametrize("seed", [7, 1, 2])
def test_all_vans_leave_full_although_they_were_held_and_planned(span: Span, seed: int) -> None:
    waiting = held_from(TIGHT_UTC, 45, *POINTS)
    late_s = (TIGHT_UTC + timedelta(hours=1)).timestamp()
    for point in POINTS:
        until_s = late_s + 3600
        waiting.plan(LoadPlan(point, TIGHT_UTC.timestamp(), until_s, (Planned(point, 5.0, late_s, until_s),)))
    factory = factory_of(replace(span, seed=seed), waiting)
    factory.advance_to(span.start_s + 6 * 3600)
    left = [one for one in factory.loads.fleet.leavings() if one.at_utc.timestamp() > span.start_s]
    assert sorted(one.vehicle for one in left) == ["truck-1", "truck-2", *(f"van-{n}" for n in range(1, 5))]
    assert [one.missing_kwh for one in left] == [0.0] * 6


def test_a_van_that_is_held_all_morning_leaves_without_its_charge_and_that_is_known(span: Span) -> None:
    factory = factory_of(span, held_from(span.start_utc, 600, POINTS[0]))
    factory.advance_to(span.start_s + 6 * 3600)
    left = {one.vehicle: one for one in factory.loads.fleet.leavings() if one.at_utc.timestamp() > span.start_s}
    assert left["van-1"].missing_kwh == pytest.approx(40 - left["van-1"].level_kwh, abs=1e-3)
    assert left["van-1"].missing_kwh > 5
    assert left["van-2"].missing_kwh == 0.0


def test_a_battery_gains_what_is_drawn_less_the_losses(span: Span) -> None:
    fleet = Fleet(span.plant, span.seed, {})
    begin_s = span.start_s + 1800  # all have come by then
    fleet.step(begin_s, 5, nothing)
    before_kwh = [fleet.level_kwh(point) for point in POINTS]
    drawn_kwh = sum(fleet.step(begin_s + 5 * n, 5, anything) * 5 / 3600 for n in range(1, 361))
    gained_kwh = sum((fleet.level_kwh(point) or 0.0) - (kwh or 0.0) for point, kwh in zip(POINTS, before_kwh, strict=True))
    assert None not in before_kwh
    assert drawn_kwh > 10
    # four vans' electronics take 15 W for half an hour
    assert gained_kwh == pytest.approx(0.9 * (1 - LOST) * drawn_kwh - 4 * 0.0075, abs=1e-6)


def test_two_runs_that_differ_in_their_holds_meet_the_same_vans(span: Span) -> None:
    free, held = Fleet(span.plant, 3, {}), Fleet(span.plant, 3, {})
    for n in range(24 * 60):
        t_s = span.start_s + 60 * n
        free.step(t_s, 60, anything)
        held.step(t_s, 60, nothing if n < 90 else anything)
        assert [free.level_kwh(point) is None for point in POINTS] == [held.level_kwh(point) is None for point in POINTS]


def test_cold_water_that_is_held_warms_up_to_what_moulds_stand_and_no_further() -> None:
    chiller = Chiller()
    warmest = max(step(chiller, True) for _ in range(2 * 720))
    assert 12.5 < warmest < HELD_WATER_C + 0.3
    for _ in range(720):
        step(chiller, False)
    assert chiller.tank_c < 11.6


def step(chiller: Chiller, held: bool) -> float:
    chiller.step(5, 90.0, 12.0, held)
    return chiller.tank_c


def test_stopping_while_a_load_is_held_and_going_on_changes_nothing(span: Span) -> None:
    waiting = held_from(TIGHT_UTC, 20, *POINTS, "cold-water")
    whole = factory_of(span, waiting)
    whole.advance_to(TIGHT_UTC.timestamp() + 2400)
    first = factory_of(span, waiting)
    first.advance_to(TIGHT_UTC.timestamp() + 307)
    second = factory_of(span)
    second.restore(first.snapshot())
    second.advance_to(TIGHT_UTC.timestamp() + 2400)
    assert second.counters.energy_uwh == whole.counters.energy_uwh
    assert second.loads.fleet.leavings() == whole.loads.fleet.leavings()


SPANS = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 60)), max_size=6)


@settings(max_examples=200, deadline=None)
@given(SPANS, st.integers(0, 160), st.integers(0, 160))
def test_after_a_release_nothing_is_held_and_before_it_what_was(spans: list[tuple[int, int]], at: int, when: int) -> None:
    held, released = Waiting(), Waiting()
    for begin_s, length in spans:
        held.hold("a", begin_s, begin_s + length)
        released.hold("a", begin_s, begin_s + length)
        released.hold("b", begin_s, begin_s + length)
    released.release("a", at)
    assert released.is_held("a", when) == (when < at and held.is_held("a", when))
    assert released.is_held("b", when) == held.is_held("a", when)
    again = Waiting()
    again.restore(released.snapshot())
    assert again.snapshot() == released.snapshot()
    assert again.is_held("a", when) == released.is_held("a", when)


def test_a_plan_lets_a_load_draw_in_its_spans_alone_and_a_later_one_replaces_it() -> None:
    waiting = Waiting()
    waiting.plan(LoadPlan("a", 10, 50, (Planned("a", 7.0, 20, 30),)))
    assert [waiting.limit_kw("a", t) for t in (9, 10, 20, 29, 30, 49, 50)] == [None, 0.0, 7.0, 7.0, 0.0, 0.0, None]
    waiting.plan(LoadPlan("a", 25, 40, ()))
    assert [waiting.limit_kw("a", t) for t in (20, 25, 39, 40)] == [7.0, 0.0, 0.0, None]
    waiting.hold("a", 22, 24)
    assert [waiting.limit_kw("a", t) for t in (21, 22, 24)] == [7.0, 0.0, 7.0]
    assert waiting.without_holds().limit_kw("a", 22) == 7.0


def test_the_controls_show_the_water_and_the_charge_of_who_stands_there_and_nothing_where_nobody_does(span: Span) -> None:
    factory = factory_of(span)
    factory.advance_to(span.start_s + 1800)
    assert variables_of(factory, "chiller") == ["Power", "Energy", "State", "Temperature"]
    assert 7.5 < value_of(factory, "chiller", "Temperature", factory.t_s) < 13
    shown = {name: value_of(factory, "ev-chargers", name, factory.t_s) for name in variables_of(factory, "ev-chargers")}
    assert shown["charge-point-1.Power"] == pytest.approx(7.45, abs=0.3)
    assert shown["truck-point-1.Power"] == pytest.approx(0.05, abs=0.02)
    assert [name for name, level in shown.items() if level is None] == ["truck-point-1.Charge", "truck-point-2.Charge"]
    held = held_from(span.start_utc + 30 * MINUTE, 10, POINTS[0])
    factory.loads.waiting.restore(held.snapshot())
    before = value_of(factory, "ev-chargers", "charge-point-1.Charge", factory.t_s)
    factory.advance_to(span.start_s + 1830)
    after = value_of(factory, "ev-chargers", "charge-point-1.Charge", factory.t_s)
    assert before - after == pytest.approx(0.015 / 120, abs=2e-5), "a held van still shows that somebody looks"


def test_the_governor_reads_each_charge_point_by_channels_of_its_own_and_the_chiller_by_its_meter(span: Span) -> None:
    channels = Instruments(span.plant).channels()
    own = {f"{kind}_{n}" for kind in ("charge", "charging") for n in range(1, 7)}
    assert set(channels["werk-nord/ev-chargers"]) == own, "not the power of all of them together"
    assert set(channels["werk-nord/chiller"]) == {"temperature", "power"}

"""A lifelike plant strays from its plan, the same way in every run of a seed, and whatever advice moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels import IMPORT
from simulation import demo_plant
from simulation.counterfactual import main_import_kw, without_moves
from simulation.factory import Factory, QuarterHour
from simulation.layout import JOB_MACHINES, LEAVES
from simulation.lifelike import DAY_S, Lifelike, Nature
from simulation.orders import job_profile, nominal_profile
from simulation.planner import Desk
from simulation.rush import is_rush
from simulation.schedule import Job, Schedule
from simulation.span import Span, begin, load_span, schedule_of
from simulation.surprises import NONE

MACHINES = sorted(JOB_MACHINES)
CALM = Lifelike(
    batch_spread=0.0, drift_spread=0.0, typed_spread=0.0, duration_spread=0.0, start_delay=timedelta(0), breakdowns_a_week=0.0,
    rush_orders_a_week=0.0, declined_share=0.0, late_share=0.0,
)  # fmt: skip
"""Reality does not stray."""


@pytest.fixture(scope="module")
def span(tmp_path_factory: pytest.TempPathFactory) -> Span:
    folder: Path = tmp_path_factory.mktemp("plant")
    demo_plant.write(folder)
    return replace(load_span(folder), surprises=NONE)


@pytest.fixture(scope="module")
def lifelike(span: Span) -> Span:
    return replace(span, lifelike=Lifelike())


def quarters_of(span: Span, hours: int = 24) -> list[QuarterHour]:
    return without_moves(span, span.start_utc + timedelta(hours=hours), 60)


def test_reality_that_does_not_stray_is_the_plan(span: Span) -> None:
    assert quarters_of(replace(span, lifelike=CALM)) == quarters_of(span)


def test_a_plant_folder_says_whether_its_reality_strays(tmp_path: Path) -> None:
    demo_plant.write(tmp_path)
    assert load_span(tmp_path).lifelike is None
    file = tmp_path / "simulation.toml"
    file.write_text(f"lifelike = true\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert load_span(tmp_path).lifelike == Lifelike()


def test_a_seed_strays_in_the_same_way_in_every_run_and_another_one_differently(lifelike: Span, span: Span) -> None:
    assert quarters_of(lifelike) == quarters_of(lifelike)
    assert main_import_kw(quarters_of(lifelike)) != main_import_kw(quarters_of(span))
    assert main_import_kw(quarters_of(lifelike)) != main_import_kw(quarters_of(replace(lifelike, seed=8)))


def test_energy_is_conserved_where_reality_strays(lifelike: Span) -> None:
    for quarter in quarters_of(lifelike):
        energy = quarter.energy_uwh
        leaves = sum(energy[leaf, IMPORT] for leaf in LEAVES) - energy["pv", "energy_export"]
        unmetered = energy["main", IMPORT] - energy["main", "energy_export"] - leaves
        assert unmetered > 0
        assert energy["hall-1", IMPORT] == sum(energy[name, IMPORT] for name in ("furnace-1", "furnace-2", "washer"))


def test_a_factory_that_is_woken_again_goes_on_as_if_it_had_not_stopped(lifelike: Span) -> None:
    orders = lifelike.orders_between(lifelike.first_day - timedelta(days=1), lifelike.first_day + timedelta(days=2))
    through, stopped = (begin(lifelike, schedule_of(orders, lifelike.nature), 60) for _ in range(2))
    stopped.advance_to(lifelike.start_s + 5 * 3600)
    woken = Factory(
        lifelike.plant, lifelike.seed, stopped.t_s, 60, NONE, schedule_of(orders, lifelike.nature), nature=lifelike.nature
    )
    woken.restore(stopped.snapshot())
    for factory in (through, woken):
        factory.advance_to(lifelike.start_s + 20 * 3600)
    assert woken.counters.energy_uwh == through.counters.energy_uwh


def test_moving_one_job_changes_no_draw_of_another(lifelike: Span) -> None:
    orders = lifelike.orders_of(lifelike.first_day)
    moved = next(order for order in orders if order.movable)
    later = [replace(order, start_utc=order.start_utc + timedelta(hours=8)) if order is moved else order for order in orders]
    for machine in set(JOB_MACHINES) - {moved.machine}:
        assert schedule_of(orders, lifelike.nature).spans(machine) == schedule_of(later, lifelike.nature).spans(machine)


@given(seed=st.integers(0, 1000), machine=st.sampled_from(MACHINES), quarters=st.integers(1, 40), start=st.integers(0, 96 * 30))
def test_a_job_ends_after_its_work_and_every_standstill_in_it(seed: int, machine: str, quarters: int, start: int) -> None:
    nature = Nature(seed, replace(CALM, breakdowns_a_week=60.0), MACHINES)
    begun_s, length_s = 900.0 * start, 900.0 * quarters
    end_s = nature.end_s("job", machine, begun_s, length_s)
    broken = [t_s for t_s in range(int(begun_s), int(end_s), 60) if nature.stands_still(machine, t_s)]
    assert end_s - begun_s == length_s + 60 * len(broken)


@given(seed=st.integers(0, 1000), starts=st.lists(st.integers(0, 200), min_size=2, max_size=6))
def test_jobs_of_a_machine_never_overlap_however_late_they_are(seed: int, starts: list[int]) -> None:
    schedule = Schedule(Nature(seed, Lifelike(), MACHINES))
    for number, start in enumerate(starts):
        schedule.put(Job(f"job-{number}", "washer", 900 * start, 6, moved=number % 2 == 0))
    spans = schedule.spans("washer")
    assert all(before[2] <= after[1] for before, after in pairwise(spans))
    for job, begin_s, end_s in spans:
        assert schedule.running("washer", begin_s) == schedule.running("washer", end_s - 1) == job


def test_machines_break_down_about_as_often_as_is_set() -> None:
    nature = Nature(3, Lifelike(breakdowns_a_week=7.0), MACHINES)
    found = [breakdown for day in range(400) for machine in MACHINES for breakdown in nature.breakdowns(machine, day)]
    assert 340 < len(found) < 460  # one a day, give or take three standard deviations
    assert all(15 * 60 <= to_s - from_s <= 120 * 60 for from_s, to_s in found)


def test_a_broken_furnace_keeps_its_charge_and_draws_next_to_nothing(span: Span) -> None:
    class Broken(Nature):
        def stands_still(self, machine: str, t_s: float) -> bool:
            return machine == "furnace-1" and 0 <= t_s - begins_s < 3600

    order = next(one for one in span.orders_of(span.first_day) if one.machine == "furnace-1")
    begins_s = order.start_utc.timestamp() + 1800
    nature = Broken(1, CALM, MACHINES)
    factory = Factory(span.plant, 1, span.start_s, 60, NONE, schedule_of([order], nature), nature=nature)
    factory.advance_to(begins_s + 1800)
    assert factory.power_kw["furnace-1"] < 20
    assert factory.loads.machines["furnace-1"].job == order.job
    assert factory.loads.state_of("furnace-1") == "Aborted"


def test_a_fuller_batch_takes_more_and_the_typed_curve_does_not_say_so(lifelike: Span) -> None:
    nature = lifelike.nature
    assert nature is not None
    wrong = 0
    for order in lifelike.orders_of(lifelike.first_day):
        nominal = nominal_profile(order.machine, order.duration_quarters)
        factor = nature.typed(order.machine, order.product)
        assert order.profile_kw == tuple(round(power_kw * factor, 1) for power_kw in nominal)
        wrong += sum(order.profile_kw) != pytest.approx(sum(job_profile(order.machine, order.duration_quarters, nature.effort(order.job, order.machine, order.start_utc.timestamp()))), rel=0.01)  # fmt: skip
    assert wrong > 5
    more = replace(nature.effort("", "furnace-1", 0), batch=1.2)
    assert sum(job_profile("furnace-1", 10, more)) > sum(nominal_profile("furnace-1", 10))


def test_a_rush_order_is_published_when_it_becomes_known_and_not_before(lifelike: Span) -> None:
    days = [lifelike.first_day + timedelta(days=n) for n in range(14)]
    rush = next(order for day in days for order in lifelike.orders_of(day) if is_rush(order) and order.at_utc > lifelike.start_utc)
    assert rush.start_utc - rush.at_utc == Lifelike().rush_notice
    desk = Desk(lifelike)
    desk.write_plan(lifelike.start_utc)
    assert rush.job not in {order.job for order in desk.write_plan(rush.at_utc - timedelta(minutes=1))}
    assert rush.job in {order.job for order in desk.write_plan(rush.at_utc)}
    assert rush.job not in {order.job for order in desk.write_plan(rush.at_utc + timedelta(minutes=1))}


def test_orders_of_a_lifelike_plan_do_not_overlap_on_a_machine(lifelike: Span) -> None:
    orders = lifelike.orders_between(lifelike.first_day, lifelike.first_day + timedelta(days=28))
    assert sum(map(is_rush, orders)) > 4
    for machine in JOB_MACHINES:
        row = sorted((order.start_utc, order.end_utc) for order in orders if order.machine == machine)
        assert all(before[1] <= after[0] for before, after in pairwise(row))


def test_drift_is_slow(lifelike: Span) -> None:
    nature = lifelike.nature
    assert nature is not None
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC).timestamp()
    week = [nature.drift("press-1", noon + day * DAY_S) for day in range(28)]
    assert max(abs(after - before) for before, after in pairwise(week)) < 0.03
    assert max(week) - min(week) > 0.01

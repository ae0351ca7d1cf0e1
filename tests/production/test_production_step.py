"""The step: orders and quarter hours in any order to powers and real times; again, after a restart, and with another program on the topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codec import encode
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER, IntervalOrigin, IntervalQuality
from domain.job_power import MOST_PRODUCTS, JobPower, PowerSource
from domain.orders import PROGRESS_SOURCE, Order, OrderStatus
from domain.steps import Outputs
from domain.topics import INTERVALS, JOB_POWERS, ORDERS, Topic
from production.meters import machine_meters
from production.runs import Run
from production.state import ProductionState
from production.step import Production
from tests.production.job_samples import MONDAY, PLANT, SITE, interval, order, plant
from tests.stream_jobs.hand_clock import HandClock

DONE, PLANNED, RUNNING = OrderStatus.DONE, OrderStatus.PLANNED, OrderStatus.RUNNING
HEATS = ([80.0, 70.0, 50.0, 40.0], [90.0, 70.0, 54.0, 40.0], [84.0, 76.0, 50.0, 46.0])
Records = list[tuple[Topic, Any]]


def heat_load(number: int) -> float:
    """A furnace's load [kW]: 20 between its three jobs at 8, 20 and 32."""
    job, quarter = divmod(number - 8, 12)
    return HEATS[job][quarter] if 0 <= job < 3 and quarter < 4 else 20.0


def rows(count: int = 44, first: int = 0, **more: Any) -> Records:
    return [(INTERVALS, interval(n, heat_load(n), **more)) for n in range(first, count)]


def jobs(status: OrderStatus = DONE, source: str = "") -> Records:
    return [(ORDERS, order(f"J{n}", 8 + 12 * n, status=status, source=source)) for n in range(3)]


class Driven:
    """A step with its state; every bucket is stored and read again, as a restart would."""

    def __init__(self, step: Production | None = None) -> None:
        self.step = step or Production(PLANT)
        self.state: ProductionState = self.step.initial(SITE)
        self.out: Outputs = []

    def take(self, records: Sequence[tuple[Topic, Any]]) -> Outputs:
        self.state, out = self.step.take(SITE, self.state, list(records))
        self.state = self.step.decode(SITE, self.step.encode(self.state))
        self.out += out
        return out

    def powers(self) -> dict[tuple[str, str], JobPower]:
        return {power.key: power for topic, power in self.out if topic is JOB_POWERS}

    def orders(self) -> list[Order]:
        return [one for topic, one in self.out if topic is ORDERS]


def test_which_meter_measures_which_machine() -> None:
    meters = machine_meters(PLANT)
    assert meters.own == {"furnace": "furnace", "mill": "mill"}
    assert meters.shared == {"hall": ("saw", "drill")}
    assert meters.below["hall"] == {"furnace", "mill", "saw", "drill"}
    alone = machine_meters(plant(("furnace", "main")))
    assert (alone.own, alone.shared) == ({}, {"main": ("furnace",)})


def test_three_runs_of_the_furnace_make_its_power_whichever_came_first() -> None:
    for records in ([*rows(), *jobs()], [*jobs(), *rows()]):
        driven = Driven()
        driven.take(records)
        power = driven.powers()["furnace", "rings"]
        assert (power.q10_kw, power.q50_kw, power.q90_kw) == ((60, 50, 30, 20), (64, 50, 30, 20), (70, 56, 34, 26))
        assert (power.idle_kw, power.runs, power.source) == (20.0, 3, PowerSource.SUB_METER)
        assert driven.orders() == []


def test_quarter_hour_by_quarter_hour_it_comes_to_the_same() -> None:
    driven = Driven()
    driven.take(jobs())
    for record in rows():
        driven.take([record])
    assert driven.powers()["furnace", "rings"].q50_kw == (64, 50, 30, 20)


def test_the_same_records_again_publish_nothing() -> None:
    driven = Driven()
    driven.take([*jobs(), *rows()])
    assert driven.take([*jobs(), *rows()]) == []


@pytest.mark.parametrize("quality", [IntervalQuality.SUBSTITUTED, IntervalQuality.FAULTY, IntervalQuality.ESTIMATED])
def test_a_run_with_a_substitute_counts_once_it_was_restated(quality: IntervalQuality) -> None:
    driven = Driven()
    driven.take([*jobs(), *rows(), (INTERVALS, interval(21, 0.0, quality=quality, revision=2))])
    assert driven.powers() == {}
    driven.take([(INTERVALS, interval(21, 70.0, revision=3))])
    assert driven.powers()["furnace", "rings"].q50_kw == (64, 50, 30, 20)


def test_planned_jobs_become_running_and_done_as_the_load_shows_and_are_learned_from() -> None:
    driven = Driven()
    driven.take(jobs(PLANNED))
    for record in rows():
        driven.take([record])
    seen = {(one.job, one.status, one.start_utc) for one in driven.orders()}
    for number in range(3):
        assert (f"J{number}", DONE, MONDAY + (8 + 12 * number) * QUARTER) in seen
    assert {one.source for one in driven.orders()} == {PROGRESS_SOURCE}
    assert driven.powers()["furnace", "rings"].runs == 3
    revisions = [one.revision for one in driven.orders() if one.job == "J0"]
    assert revisions == list(range(2, 2 + len(revisions)))


def test_what_it_wrote_comes_back_and_changes_nothing() -> None:
    driven = Driven()
    driven.take([*jobs(PLANNED), *rows()])
    assert driven.take([(ORDERS, one) for one in driven.orders()]) == []
    assert driven.state.notes.unconfirmed == []
    assert driven.take(rows(46, 44)) == []


def test_without_its_state_it_publishes_nothing_that_is_on_the_topic_already() -> None:
    driven = Driven()
    driven.take([*jobs(PLANNED), *rows()])
    again = Driven()
    again.take([*jobs(PLANNED), *[(ORDERS, one) for one in driven.orders()], *rows()])
    assert again.orders() == []
    assert again.powers() == driven.powers()


def test_of_two_programs_that_write_one_revision_the_first_on_the_topic_counts() -> None:
    driven = Driven()
    driven.take([*jobs(PLANNED)[:1], *rows()])
    (own,) = driven.orders()
    others = replace(order("J0", 9), revision=own.revision, status=PLANNED)
    out = driven.take([(ORDERS, others), (ORDERS, own)])
    assert driven.state.notes.orders["J0"].revision == own.revision + 1
    assert [(one.revision, one.status) for _, one in out] == [(own.revision + 1, DONE)]


def test_where_another_program_reports_how_jobs_stand_the_load_reports_nothing() -> None:
    driven = Driven()
    driven.take([(ORDERS, order("J9", 0, 2, status=DONE, source="")), *jobs(PLANNED), *rows()])
    assert driven.orders() == []
    driven = Driven()
    driven.take([(ORDERS, order("J9", 0, 2, status=DONE, machine="mill")), *jobs(PLANNED), *rows()])
    assert len(driven.orders()) == 3


@pytest.mark.parametrize("status", [RUNNING, DONE])
def test_who_changes_the_due_date_of_a_job_that_runs_or_is_over_reports_nothing(status: OrderStatus) -> None:
    driven = Driven()
    driven.take([*jobs(PLANNED), *rows(10 if status is RUNNING else 14)])
    own = driven.state.notes.orders["J0"]
    assert own.status is status
    edited = replace(own, revision=own.revision + 1, due_utc=own.due_utc + QUARTER, source="page")
    driven.take([(ORDERS, edited), *rows(44, 10)])
    assert [driven.state.notes.orders[job].status for job in ("J0", "J1", "J2")] == [DONE, DONE, DONE]
    assert driven.state.notes.reporters == {}


@pytest.mark.parametrize("start_utc", [NEVER_UTC, MONDAY + timedelta(days=365)])
def test_a_done_job_dated_ahead_of_all_that_is_measured_holds_no_other_up(start_utc: Any) -> None:
    driven = Driven()
    odd = replace(order("J9", 0, 2, machine="furnace"), start_utc=start_utc, status=DONE, source=PROGRESS_SOURCE)
    driven.take([(ORDERS, odd), *jobs(PLANNED), *rows()])
    assert {job: driven.state.notes.orders[job].status for job in ("J0", "J1", "J2")} == {"J0": DONE, "J1": DONE, "J2": DONE}


def test_the_highest_revision_that_a_record_can_hold_is_followed_by_none() -> None:
    driven = Driven()
    driven.take([(ORDERS, replace(order("J0", 8, status=PLANNED), revision=2**63 - 1)), *jobs(PLANNED)[1:], *rows()])
    assert {one.job for one in driven.orders()} == {"J1", "J2"}


def test_machines_do_not_touch_each_other() -> None:
    """The mill's meter sends odd dates, odd values and nothing; the furnace's power is the same."""
    odd = [
        (INTERVALS, interval(4_000_000, 9.0, meter="mill", origin=IntervalOrigin.IMPORT)),
        *((INTERVALS, interval(n, None if n % 2 else 1e8, meter="mill")) for n in range(44)),
        (ORDERS, order("M1", 8, machine="mill", product="flour")),
        (ORDERS, replace(order("M2", 8, machine="mill", product="flour", status=PLANNED), start_utc=NEVER_UTC)),
        (ORDERS, order("X", 8, machine="nowhere")),
    ]
    driven = Driven(Production(PLANT, HandClock(MONDAY + timedelta(hours=12))))
    driven.take([*odd, *jobs(), *rows()])
    assert set(driven.powers()) == {("furnace", "rings")}
    assert driven.powers()["furnace", "rings"].q50_kw == (64, 50, 30, 20)


def test_machines_that_share_a_meter_are_learned_by_regression() -> None:
    random = np.random.default_rng(3)
    count = 28 * 96
    kw = 100 + random.normal(0, 3, count)
    records: Records = []
    for machine, product, power_kw, quarters in (
        ("saw", "boards", 30.0, 6),
        ("drill", "holes", 12.0, 4),
        ("furnace", "rings", 60.0, 8),
    ):
        starts = random.choice(count // 10 - 1, 40, replace=False) * 10
        for number, start in enumerate(sorted(int(s) for s in starts)):
            kw[start : start + quarters] += power_kw
            records.append((ORDERS, order(f"{machine}-{number}", start, quarters, machine=machine, product=product)))
    driven = Driven()
    driven.take([*records, *((INTERVALS, interval(n, float(one), meter="hall")) for n, one in enumerate(kw))])
    powers = driven.powers()
    assert set(powers) == {("saw", "boards"), ("drill", "holes")}
    for key, truth, quarters in ((("saw", "boards"), 30.0, 6), (("drill", "holes"), 12.0, 4)):
        power = powers[key]
        assert power.source is PowerSource.REGRESSION
        assert len(power.q50_kw) == quarters
        assert abs(power.q50_kw[0] - truth) <= 3 * power.error_kw + 0.01
        assert 0 < power.error_kw < 2
        assert power.idle_kw is None
    assert driven.take([(INTERVALS, interval(count, 100.0, meter="hall"))]) == [] or driven.powers().keys() == powers.keys()


def test_old_jobs_and_quarter_hours_are_forgotten_and_what_was_learned_stays() -> None:
    driven = Driven()
    driven.take([*jobs(), *rows()])
    for day in range(1, 40):
        driven.take([(INTERVALS, interval(n, 20.0)) for n in range(day * 96, day * 96 + 96)])
    assert driven.state.notes.orders == {}
    assert len(encode_series(driven)) < 37 * 1100
    assert driven.state.notes.of("furnace", "rings").published is not None
    assert driven.take(jobs()) == []  # sent again, long after: they ended before all that is kept
    assert driven.state.notes.orders == {}


def test_products_that_ran_longest_ago_are_forgotten() -> None:
    driven = Driven()
    driven.take([*jobs(), *rows()])
    notes = driven.state.notes
    for number in range(MOST_PRODUCTS + 20):
        notes.of("mill", f"P{number}").runs = (Run("J", number, (1.0,)),)  # the first ran long before the furnace's
    assert len(notes.learned) == MOST_PRODUCTS
    assert {one.product for one in notes.learned} == {"rings", *(f"P{n}" for n in range(21, MOST_PRODUCTS + 20))}
    assert notes.of("furnace", "rings").published is not None


def encode_series(driven: Driven) -> bytes:
    return driven.state.series["furnace"].to_bytes()


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 9))
def test_however_the_records_are_grouped_and_mixed_the_power_is_the_same(random: Any, parts: int) -> None:
    records = [*jobs(), *rows()]
    random.shuffle(records)
    cuts = sorted(random.sample(range(1, len(records)), parts))
    driven = Driven()
    for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        driven.take(records[begin:end])
    learned = driven.state.notes.of("furnace", "rings")
    assert [run.job for run in learned.runs] == ["J0", "J1", "J2"]
    assert driven.powers()["furnace", "rings"].q50_kw == pytest.approx((64, 50, 30, 20), abs=1.0)


def test_every_output_can_be_read_by_its_consumers() -> None:
    driven = Driven()
    driven.take([*jobs(PLANNED), *rows()])
    assert driven.out
    for _, record in driven.out:
        assert encode(record)

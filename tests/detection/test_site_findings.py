"""What the whole site shows: found once, priced, ended; never of history, and the same after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from detection.site.step import SiteWatch
from domain.anomalies import AnomalyKind
from domain.intervals import IntervalOrigin, IntervalQuality
from domain.topics import FINDINGS, INTERVALS, ORDERS
from quarters.numbers import slot_of, slot_start
from tests.detection.site_plant import (
    COMPRESSOR,
    COOLING,
    HEATING,
    IDLE_KW,
    JOB_KW,
    MACHINES,
    MONDAY,
    OVEN,
    PRESS,
    REST_KW,
    SITE,
    Load,
    Run,
    findings,
    local,
    order,
    plant,
    quarters,
    staffed,
    usual,
)

IDLE, STANDBY, STARTS = AnomalyKind.IDLE_IN_SHIFT, AnomalyKind.STANDBY, AnomalyKind.SIMULTANEOUS_STARTS
AGAINST, PRESSURE = AnomalyKind.HEATING_AGAINST_COOLING, AnomalyKind.PRESSURE_HIGH
PRESSURE_CHANNEL = (COMPRESSOR, "pressure")


def without_jobs(machine: str, slot: int) -> float | None:
    """The press stands on in its shift, without a job."""
    return IDLE_KW if machine == PRESS and staffed(slot) else usual(machine, slot)


def test_a_machine_that_stands_on_in_its_shift_without_a_job_is_found_priced_and_ended() -> None:
    run = Run()
    run.live(4)  # until 06:00 local time
    found = findings(run.live(16, without_jobs), IDLE)
    first, last = found[0], found[-1]
    assert (first.meter, first.revision, local(slot_of(first.since_utc)).hour) == (PRESS, 0, 6)
    # The usual half hour without a job takes 3.5 kWh above rest; five are the least that is found.
    assert first.excess_kwh == pytest.approx(1.75 * 4)
    assert (first.expected_kw, first.actual_kw) == (REST_KW, IDLE_KW)
    assert first.kwh_per_day == pytest.approx((IDLE_KW - REST_KW) * 16)
    assert first.eur_per_day == pytest.approx(first.kwh_per_day * float(first.evidence["price_eur_per_kwh"]), abs=0.01)
    assert first.evidence["like_day"] == "2026-05-25"
    assert [one.at_utc for one in found[1:]] == [first.at_utc + n * timedelta(hours=1) for n in range(1, len(found))]
    ended = findings(run.live(1), IDLE)
    assert [(one.revision, local(slot_of(one.until_utc)).hour) for one in ended if one.until_utc] == [(last.revision + 1, 22)]
    assert {one.anomaly for one in (*found, *ended)} == {first.anomaly}


def test_what_it_stood_without_a_job_is_normal_from_the_next_day_on() -> None:
    run = Run()
    run.live(4)
    assert len({one.anomaly for one in findings(run.live(5 * 24, without_jobs), IDLE)}) == 1


def test_a_job_on_it_explains_what_it_draws() -> None:
    run = Run()
    run.feed([(ORDERS, order("J1", MONDAY + timedelta(hours=4), 64))])
    assert findings(run.live(24, without_jobs), IDLE) == []


def test_without_knowing_what_its_jobs_draw_no_idling_is_found() -> None:
    run = Run()
    run.state.notes.jobs.least_kw.clear()
    assert findings(run.live(24, without_jobs), IDLE) == []


def test_a_tariff_that_is_not_there_leaves_the_money_unknown() -> None:
    run = Run(SiteWatch(plant(), None))
    run.live(4)
    assert {one.eur_per_day for one in findings(run.live(8, without_jobs), IDLE)} == {None}


def test_what_a_machine_draws_at_rest_is_found_once() -> None:
    def expensive(machine: str, slot: int) -> float | None:
        return 6.0 if machine == PRESS and not staffed(slot) else usual(machine, slot)

    run = Run(load=expensive)
    found = findings(run.live(24 * 10, expensive), STANDBY)
    assert [(one.meter, one.revision, one.actual_kw) for one in found] == [(PRESS, 0, 6.0)]
    # 88 h a week are off, of which each day running down takes one and warming up three: 20 h in all.
    assert found[0].kwh_per_day == pytest.approx(6.0 * 68 / 7, abs=0.001)
    assert found[0].eur_per_day is not None
    assert found[0].eur_per_day * 365 > 1_000


def test_what_little_a_machine_draws_at_rest_is_no_finding() -> None:
    run = Run()
    assert findings(run.live(48), STANDBY) == []


def starts_at(hour: int, *machines: str) -> Load:
    """On Tuesday press and oven are off until they start together."""

    def load(machine: str, slot: int) -> float | None:
        at = local(slot)
        if machine not in (PRESS, OVEN) or at.date().isoformat() != "2026-06-02" or not staffed(slot):
            return usual(machine, slot)
        later = 1 if machine not in machines else 0
        begun = at.hour * 4 + at.minute // 15 - 4 * hour
        return (2.0 if begun < later else 130.0 if begun == later else 25.0) if begun <= later + 2 else 25.0

    return load


def test_machines_that_start_together_into_the_highest_quarter_hour_are_named_with_what_one_later_would_save() -> None:
    run = Run()
    run.live(22)  # until midnight
    load = starts_at(9, PRESS, OVEN)
    (found,) = findings(run.live(26, load), STARTS)
    assert (found.meter, local(slot_of(found.since_utc)).hour, found.eur_per_day) == ("main", 9, None)
    assert set(found.evidence["machines"].split(", ")) == {PRESS, OVEN}
    assert found.actual_kw == pytest.approx(50 + 130 + 130 + 40 + 20 + 0.4)
    # One of them a quarter hour later meets the other one at 25 kW.
    assert found.expected_kw == pytest.approx(50 + 130 + 25 + 40 + 20 + 0.4)
    assert findings(run.live(24 * 5), STARTS) == []


def test_machines_that_start_one_after_the_other_are_no_finding() -> None:
    run = Run()
    run.live(22)
    assert findings(run.live(26, starts_at(9, PRESS)), STARTS) == []


def test_heating_and_cooling_against_each_other_for_days_is_one_finding_that_ends() -> None:
    run = Run()
    run.live(22)

    def against(machine: str, slot: int) -> float | None:
        both = {HEATING: 15.0, COOLING: 10.0} if 8 <= local(slot).hour < 12 else {}
        return both.get(machine, usual(machine, slot))

    found = findings(run.live(24 * 6, against), AGAINST)
    assert (found[0].meter, found[0].since_utc) == (COOLING, slot_start(slot_of(MONDAY) + 88))
    assert found[0].excess_kwh == pytest.approx(3 * 4 * 10.0)  # three days of four hours, the smaller power
    ended = findings(run.live(24 * 6), AGAINST)
    assert ended[-1].until_utc is not None
    assert len({one.anomaly for one in (*found, *ended)}) == 1


def test_pressure_above_what_is_enough_is_found_after_two_hours_and_ends() -> None:
    run = Run()
    assert findings(run.live(10, shown={PRESSURE_CHANNEL: 7.4}), PRESSURE) == []
    found = findings(run.live(6, shown={PRESSURE_CHANNEL: 8.0}), PRESSURE)
    assert (found[0].meter, found[0].evidence["limit_bar"]) == (COMPRESSOR, "7.50")
    assert found[0].at_utc - found[0].since_utc == timedelta(hours=2)
    # Half a bar too much at 7 % a bar of 40 kW.
    assert found[-1].kwh_per_day == pytest.approx(0.5 * 0.07 * 40 * 24, rel=0.35)
    assert [one.until_utc is not None for one in findings(run.live(3, shown={PRESSURE_CHANNEL: 7.4}), PRESSURE)][-1:] == [True]


def test_a_pressure_of_which_nothing_is_heard_ends_nothing() -> None:
    run = Run()
    assert findings(run.live(4, shown={PRESSURE_CHANNEL: 8.0}), PRESSURE) != []
    assert [one for one in findings(run.live(24), PRESSURE) if one.until_utc is not None] == []


def test_missing_quarter_hours_end_nothing_and_open_nothing() -> None:
    run = Run()
    run.live(4)
    run.live(4, without_jobs)

    def silent(machine: str, slot: int) -> float | None:
        return None if machine == PRESS else usual(machine, slot)

    assert [one for one in findings(run.live(2, silent), IDLE) if one.until_utc is not None] == []
    assert {one.revision for one in findings(run.live(2, without_jobs), IDLE)} != {0}


def test_history_trains_and_never_alarms() -> None:
    run = Run(load=without_jobs)
    assert run.outputs == []


def test_substitutes_teach_nothing() -> None:
    one, other = Run(), Run()
    doubtful = [
        (topic, replace(record, quality=IntervalQuality.SUBSTITUTED, revision=2, energy_uwh=10 * record.energy_uwh))
        for slot in range(slot_of(MONDAY) - 96, slot_of(MONDAY))
        for topic, record in quarters(slot, usual, IntervalOrigin.IMPORT)
    ]
    other.feed(doubtful)
    one.live(24)
    other.live(24)
    levels = [run.state.notes.levels[PRESS] for run in (one, other)]
    assert levels[0].rest_kw == levels[1].rest_kw == REST_KW
    assert levels[1].days == levels[0].days - 1


def test_a_restart_after_each_quarter_hour_changes_nothing() -> None:
    def outputs(restarts: bool) -> list[object]:
        run = Run()
        run.live(5, restarts=restarts)
        run.live(20, without_jobs, {PRESSURE_CHANNEL: 8.0}, restarts)
        run.live(30, shown={PRESSURE_CHANNEL: 7.2}, restarts=restarts)
        return [*run.outputs, run.step.encode(run.state)]

    kept, restarted = outputs(False), outputs(True)
    assert len(kept) > 10
    assert kept == restarted


def test_the_order_in_which_meters_send_their_history_does_not_matter() -> None:
    def levels(machine_by_machine: bool) -> object:
        run = Run()
        run.state = run.step.initial(SITE)
        first = slot_of(MONDAY) - 20 * 96
        history = [one for machine in MACHINES for slot in range(first, slot_of(MONDAY)) for one in _of(machine, slot)]
        by_time = sorted(history, key=lambda one: one[1].start_utc)
        run.feed(history if machine_by_machine else by_time)
        run.live(1)
        return run.state.notes.levels

    assert levels(False) == levels(True)


def _of(machine: str, slot: int) -> list[tuple[object, object]]:
    return [one for one in quarters(slot, usual, IntervalOrigin.IMPORT) if one[1].meter == machine]


def test_a_wrong_date_moves_nothing() -> None:
    run = Run()
    run.live(4)
    (ahead,) = [record for _, record in quarters(slot_of(MONDAY + timedelta(days=400)), usual) if record.meter == PRESS]
    run.feed([(INTERVALS, ahead)])
    assert findings(run.live(4, without_jobs), IDLE) != []


def test_an_hour_of_full_power_without_an_order_is_no_idling() -> None:
    run = Run()
    run.live(4)

    def busy(machine: str, slot: int) -> float | None:
        return JOB_KW if machine == PRESS else usual(machine, slot)

    assert findings(run.live(12, busy), IDLE) == []
    assert [one for topic, one in run.outputs if topic is FINDINGS] == []

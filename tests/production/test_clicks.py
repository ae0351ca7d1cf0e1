"""What a person reports of a job becomes its real start and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.intervals import QUARTER
from domain.orders import PROGRESS_SOURCE, Order, OrderStatus
from production.clicks import JobEvent, reported
from tests.production.job_samples import MONDAY, order

PLANNED = order("A", 8, status=OrderStatus.PLANNED)
MINUTE = timedelta(minutes=1)


def revised(one: Order, event: JobEvent, minutes: int) -> Order:
    found = reported(one, event, MONDAY + minutes * MINUTE)
    assert found is not None
    assert (found.revision, found.source) == (one.revision + 1, PROGRESS_SOURCE)
    return found


def test_a_job_starts_and_ends_on_the_nearest_quarter_hours() -> None:
    running = revised(PLANNED, JobEvent.STARTED, 137)
    assert (running.status, running.start_utc, running.duration_quarters) == (OrderStatus.RUNNING, MONDAY + 9 * QUARTER, 4)
    done = revised(running, JobEvent.DONE, 218)  # 83 minutes later, and 15 * 14.53
    assert (done.status, done.start_utc, done.end_utc) == (OrderStatus.DONE, MONDAY + 9 * QUARTER, MONDAY + 15 * QUARTER)


def test_a_typed_curve_takes_as_long_as_the_job_did() -> None:
    typed = replace(PLANNED, quarters=0, profile_kw=(60.0, 60.0, 40.0, 40.0), status=OrderStatus.RUNNING)
    assert revised(typed, JobEvent.DONE, 15 * 10).profile_kw == (60.0, 40.0)


def test_a_job_that_nobody_reported_as_started_started_as_planned() -> None:
    done = revised(PLANNED, JobEvent.DONE, 15 * 14)
    assert (done.start_utc, done.duration_quarters) == (PLANNED.start_utc, 6)


def test_the_shortest_job_takes_a_quarter_hour() -> None:
    assert revised(replace(PLANNED, status=OrderStatus.RUNNING), JobEvent.DONE, 15 * 8 + 1).duration_quarters == 1


def test_what_has_not_started_does_not_end_and_nothing_starts_or_ends_twice() -> None:
    assert reported(PLANNED, JobEvent.DONE, MONDAY + 7 * QUARTER) is None
    running, done = replace(PLANNED, status=OrderStatus.RUNNING), replace(PLANNED, status=OrderStatus.DONE)
    assert reported(running, JobEvent.STARTED, MONDAY + 20 * QUARTER) is None
    for event in JobEvent:
        assert reported(done, event, MONDAY + 20 * QUARTER) is None
        assert reported(replace(PLANNED, status=OrderStatus.CANCELLED), event, MONDAY + 20 * QUARTER) is None

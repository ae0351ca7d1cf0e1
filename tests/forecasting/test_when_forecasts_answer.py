"""When the forecast jobs answer: live quarter hours, history that was imported, wrong dates and orders. Without a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.clock import Clock
from domain.forecasts import Forecast
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.topics import INTERVALS, ORDERS
from forecasting.conformance import check_well_formed
from forecasting.meter_forecasts import MeterForecasts
from forecasting.site_forecast import SiteForecast
from tests.stream_jobs.hand_clock import HandClock

NOW = datetime(2026, 10, 23, 6, 7, 30, tzinfo=UTC)
RUNNING = datetime(2026, 10, 23, 6, 0, tzinfo=UTC)
HALF_A_YEAR = 26 * 7 * 96
LIVE, IMPORT, CALCULATED = IntervalOrigin.METERING, IntervalOrigin.IMPORT, IntervalOrigin.CALCULATED
REGISTER = [{"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 5.0, "resolution": 0.001}]
PLANT = Plant.model_validate(
    {
        "site": {
            "id": "werk",
            "timezone": "Europe/Berlin",
            "commissioned_utc": "2026-01-01T00:00:00Z",
            "billing_meter": "grid",
            "target_kw": 400,
        },
        "meter": [
            {"id": "grid", "max_power_kw": 900, "register": REGISTER},
            {"id": "oven", "parent": "grid", "max_power_kw": 90, "register": REGISTER},
        ],
        "virtual_meter": [{"id": "rest", "formula": "grid - oven"}],
        "machine": [{"id": "furnace", "meter": "oven", "rated_kw": 90}],
    }
)


def quarter(start_utc: datetime, origin: IntervalOrigin = IMPORT, meter: str = "grid", kw: float | None = None) -> Interval:
    """A quarter hour: 300 kW from 4 to 14 o'clock UTC on working days, else 100 kW."""
    if kw is None:
        kw = 300.0 if start_utc.weekday() < 5 and 4 <= start_utc.hour < 14 else 100.0
    quality, method = IntervalQuality.MEASURED, IntervalMethod.REGISTER
    return Interval("werk", meter, "energy_import", start_utc, round(kw * 250_000_000), 1.0, quality, method, 0, 30, origin)


def history(until_utc: datetime, count: int = HALF_A_YEAR, meter: str = "grid", origin: IntervalOrigin = IMPORT) -> list[Interval]:
    """`count` imported quarter hours that end at `until_utc`."""
    return [quarter(until_utc - n * QUARTER, origin, meter) for n in range(count, 0, -1)]


class Job:
    """A job's logic with its state, stored and loaded between buckets as Flink does."""

    def __init__(self, meter: str = "", clock: Clock | None = None, plant: Plant = PLANT) -> None:
        self.logic: Any = MeterForecasts(plant, clock) if meter else SiteForecast(plant, clock)
        self.key = f"werk/{meter}" if meter else "werk"
        self.state = self.logic.initial(self.key)

    def take(self, records: Iterable[Interval | Order], bucket: int = 2_000) -> list[Forecast]:
        """All forecasts on `records`, which come in buckets, and on the pause after them."""
        found: list[Forecast] = []
        rest: Sequence[Interval | Order] = list(records)
        while rest:
            some, rest = rest[:bucket], rest[bucket:]
            topics = [(ORDERS if isinstance(one, Order) else INTERVALS, one) for one in some]
            self.state = self.logic.decode(self.key, self.logic.encode(self.state))
            self.state, outputs = self.logic.take(self.key, self.state, topics)
            found += [forecast for _, forecast in outputs if not forecast.replayed]
        if self.logic.awaits_pause(self.key, self.state):
            self.state, outputs = self.logic.paused(self.key, self.logic.decode(self.key, self.logic.encode(self.state)))
            assert not self.logic.awaits_pause(self.key, self.state)
            found += [forecast for _, forecast in outputs]
        return found


# -- history that was imported ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("days_ago", [0, 5, 40])
def test_after_an_import_of_half_a_year_there_is_a_forecast_of_today_and_tomorrow_at_once(days_ago: int) -> None:
    until = RUNNING - timedelta(days=days_ago)
    (forecast,) = Job(clock=HandClock(NOW)).take(history(until))
    check_well_formed([forecast])
    assert (forecast.first_start_utc, forecast.issued_utc) == (RUNNING, NOW)
    assert forecast.trained_until_utc == until, "what it knows ends where the import does"
    assert [peak.day_local for peak in forecast.peaks[:2]] == ["2026-10-23", "2026-10-24"]
    noon, saturday_noon = forecast.q50_kw[4 * 4], forecast.q50_kw[4 * 28]
    assert (noon, saturday_noon) == (pytest.approx(300, rel=0.05), pytest.approx(100, rel=0.1))
    issued = [note for note in forecast.notes if note.key == "forecast.not_current"]
    assert len(issued) == (days_ago > 0)
    if issued:
        assert (issued[0].instants["until_utc"], issued[0].numbers["age_h"]) == (until, (RUNNING - until) / timedelta(hours=1))


def test_what_was_measured_a_year_ago_is_not_taken_for_the_present() -> None:
    forecast = Job(clock=HandClock(NOW)).take(history(RUNNING - timedelta(days=365)))[-1]
    check_well_formed([forecast])
    assert forecast.first_start_utc == RUNNING
    assert forecast.model.startswith("standard load profile")
    assert forecast.trained_on == 0
    assert any(note.key == "forecast.too_old" for note in forecast.notes)


def test_the_first_live_quarter_hour_after_an_import_learns_from_all_of_it_again() -> None:
    """The forecast of a site that was answered while its import ran is that of one which was not."""
    past, live = history(RUNNING, 96 * 60), quarter(RUNNING, LIVE)
    answered, silent = Job(clock=HandClock(NOW)), Job()
    assert answered.take(past, bucket=500) and not silent.take(past)
    one, two = answered.take([live])[-1], silent.take([live])[-1]
    assert replace(one, cpu_ms=0.0) == replace(two, cpu_ms=0.0)


def test_history_imported_while_live_quarter_hours_come_is_answered_by_the_next_of_them() -> None:
    job = Job(clock=HandClock(NOW))
    assert len(job.take([quarter(RUNNING - QUARTER, LIVE)])) == 1
    assert job.take(history(RUNNING - timedelta(days=2))) == []
    (next_one,) = job.take([quarter(RUNNING, LIVE)])
    assert next_one.trained_on == HALF_A_YEAR - (2 * 96 - 1), "the newest half year is kept, and a gap is no zero"


def test_a_meter_below_and_a_virtual_one_are_answered_after_an_import_too() -> None:
    for meter, origin in (("oven", IMPORT), ("rest", CALCULATED)):
        forecast = Job(meter, HandClock(NOW)).take(history(RUNNING - timedelta(days=5), 96 * 60, meter, origin))[-1]
        assert (forecast.meter, forecast.first_start_utc, forecast.issued_utc) == (meter, RUNNING, NOW)
        assert forecast.trained_until_utc == RUNNING - timedelta(days=5)


def test_a_virtual_meter_is_answered_with_the_quarter_hour_that_its_parts_brought() -> None:
    job = Job("rest", HandClock(NOW))
    job.take(history(RUNNING - QUARTER, 96 * 30, "rest", CALCULATED))
    (forecast,) = job.take([quarter(RUNNING - QUARTER, CALCULATED, "rest")])
    assert forecast.issued_utc == forecast.first_start_utc == RUNNING


# -- wrong dates -------------------------------------------------------------------------------------------------------


WRONG = [datetime(year, 3, 1, tzinfo=UTC) for year in (1000, 1970, 2062, 8999)]


@pytest.mark.parametrize("wrong_utc", WRONG)
@pytest.mark.parametrize("origin", [IMPORT, LIVE])
@pytest.mark.parametrize("has_clock", [True, False])
def test_one_row_of_a_wrong_year_changes_no_forecast_of_a_live_day(
    wrong_utc: datetime, origin: IntervalOrigin, has_clock: bool
) -> None:
    past = history(RUNNING, 96 * 28)
    live = [quarter(RUNNING + n * QUARTER, LIVE) for n in range(96)]
    wrong = [quarter(wrong_utc + n * QUARTER, origin, kw=400.0) for n in range(4 if origin is IMPORT else 1)]
    clock = HandClock(RUNNING + timedelta(days=1)) if has_clock else None
    spoilt, clean = Job(clock=clock), Job(clock=clock)
    spoilt.take([*past, *wrong])
    clean.take(past)
    issued, expected = spoilt.take(live, bucket=1), clean.take(live, bucket=1)
    assert len(issued) == 96
    assert [replace(one, cpu_ms=0.0) for one in issued] == [replace(one, cpu_ms=0.0) for one in expected]
    assert len(spoilt.logic.encode(spoilt.state)) < 170_000


def test_a_year_of_imported_rows_in_the_future_leaves_what_was_learnt() -> None:
    job = Job(clock=HandClock(NOW))
    job.take(history(RUNNING, 96 * 28))
    job.take([quarter(RUNNING + n * QUARTER) for n in range(1, 96 * 365)])
    (forecast,) = job.take([quarter(RUNNING, LIVE)])
    assert forecast.first_start_utc == RUNNING + QUARTER
    assert forecast.trained_on == 96 * 28 + 1


def test_a_gateway_that_was_weeks_ahead_for_a_day_is_forgotten_when_its_clock_is_right_again() -> None:
    clock = HandClock(RUNNING + 8 * QUARTER)
    job = Job(clock=clock)
    job.take(history(RUNNING, 96 * 28))
    ahead = [quarter(RUNNING + timedelta(days=36) + n * QUARTER, LIVE) for n in range(96)]
    job.take(ahead)
    right = [quarter(RUNNING + n * QUARTER, LIVE) for n in range(8)]
    issued = []
    for row in right:
        clock.at_utc = row.end_utc
        issued += job.take([row])
    assert [one.first_start_utc for one in issued] == [row.end_utc for row in right]
    assert issued[-1].trained_until_utc == right[-1].end_utc


# -- orders ------------------------------------------------------------------------------------------------------------


def order(start_utc: datetime, revision: int = 1, at_utc: datetime = RUNNING, earliest_utc: datetime = RUNNING) -> Order:
    """A furnace batch of four hours."""
    profile_kw, planned = (120.0,) * 16, OrderStatus.PLANNED
    return Order(
        "werk", "A", revision, "furnace", "gear", start_utc, profile_kw, earliest_utc, NEVER_UTC, True, planned, at_utc
    )  # fmt: skip


def live_job(clock: Clock | None = None) -> tuple[Job, Forecast]:
    """A site with four weeks behind it, and its newest forecast."""
    job = Job(clock=clock)
    job.take(history(RUNNING - QUARTER, 96 * 28))
    return job, job.take([quarter(RUNNING - QUARTER, LIVE)])[-1]


@pytest.mark.parametrize("start_utc", [NEVER_UTC, datetime(1000, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, 23, 30, tzinfo=UTC)])
def test_a_job_that_is_not_planned_yet_adds_no_load_and_stops_no_forecast(start_utc: datetime) -> None:
    job, before = live_job()
    assert job.take([order(start_utc, earliest_utc=NEVER_UTC)]) == []
    (after,) = job.take([quarter(RUNNING, LIVE)])
    assert after.q50_kw[:-1] == pytest.approx(before.q50_kw[1:], abs=15)


def test_a_planned_job_that_loses_its_date_is_taken_out_of_the_forecast() -> None:
    job, _ = live_job()
    (planned,) = job.take([order(RUNNING + 8 * QUARTER)])
    (taken_out,) = job.take([order(NEVER_UTC, revision=2)])
    (again,) = job.take([order(RUNNING + 8 * QUARTER, revision=3)])
    assert planned.q50_kw[10] - taken_out.q50_kw[10] == pytest.approx(120, abs=30)
    assert again.q50_kw[10] == pytest.approx(planned.q50_kw[10], abs=15)


def test_a_released_date_of_never_keeps_the_job_where_it_is_planned() -> None:
    job, before = live_job()
    (after,) = job.take([order(RUNNING + 8 * QUARTER, earliest_utc=NEVER_UTC)])
    assert after.q50_kw[10] - before.q50_kw[10] == pytest.approx(120, abs=30)


@pytest.mark.parametrize("at_utc", [datetime(8999, 12, 31, tzinfo=UTC), RUNNING + timedelta(days=400)])
def test_an_order_does_not_date_the_forecast_that_answers_it(at_utc: datetime) -> None:
    job, _ = live_job()
    (after,) = job.take([order(RUNNING + 8 * QUARTER, at_utc=at_utc)])
    check_well_formed([after])
    assert after.issued_utc <= RUNNING + timedelta(hours=1)


def test_an_order_is_answered_for_the_present_where_the_newest_quarter_hour_is_old() -> None:
    job = Job(clock=HandClock(NOW))
    job.take(history(RUNNING - timedelta(days=5), 96 * 28))
    (after,) = job.take([order(RUNNING + 8 * QUARTER, at_utc=NOW)])
    assert (after.first_start_utc, after.issued_utc) == (RUNNING, NOW)
    assert after.q50_kw[10] - after.q50_kw[4] > 60


def with_jobs(*starts_utc: str) -> Plant:
    """The plant with jobs of 120 kW for an hour each in its file, named by their place."""
    orders = [
        {"job": f"J{n}", "machine": "furnace", "start_utc": start, "earliest_utc": "2026-01-01T00:00:00Z",
         "due_utc": "9999-12-31T23:59:59Z", "profile_kw": (120.0,) * 4}
        for n, start in enumerate(starts_utc)
    ]  # fmt: skip
    return Plant.model_validate({**PLANT.model_dump(by_alias=True), "order": orders})


def test_jobs_written_into_the_plant_file_later_are_in_the_forecast_after_a_restart_and_those_struck_out_are_not() -> None:
    soon, later = (f"{RUNNING + n * QUARTER:%Y-%m-%dT%H:%M:%SZ}" for n in (8, 16))

    def restarted(job: Job, plant: Plant) -> Job:
        following = Job(clock=HandClock(NOW), plant=plant)
        following.state = following.logic.decode(job.key, job.logic.encode(job.state))
        return following

    def loads(job: Job, number: int) -> tuple[float, float]:
        """What is forecast for `soon` and `later` with the next live quarter hour."""
        newest = job.take([quarter(RUNNING + number * QUARTER, IntervalOrigin.METERING)])[-1]
        first = (newest.first_start_utc - RUNNING) // QUARTER
        return newest.q50_kw[8 - first], newest.q50_kw[16 - first]

    clock = HandClock(NOW + 5 * QUARTER)
    job = Job(clock=clock, plant=with_jobs())
    job.take(history(RUNNING, 96 * 28))
    without = loads(job, 0)
    job = restarted(job, with_jobs(soon))
    assert loads(job, 1)[0] - without[0] > 60
    job = restarted(job, with_jobs(later))
    moved = loads(job, 2)
    assert moved[0] - without[0] < 30
    assert moved[1] - without[1] > 60
    job = restarted(job, with_jobs())
    assert max(a - b for a, b in zip(loads(job, 3), without, strict=True)) < 30


def test_jobs_of_the_plant_file_without_a_date_add_no_load() -> None:
    never = {"job": "A", "machine": "furnace", "start_utc": "9999-12-31T23:45:00Z", "earliest_utc": "2026-01-01T00:00:00Z"}
    plant = Plant.model_validate(
        {**PLANT.model_dump(by_alias=True), "order": [{**never, "due_utc": "9999-12-31T23:59:59Z", "profile_kw": (120.0,)}]}
    )
    job = Job(clock=HandClock(NOW), plant=plant)
    assert job.take(history(RUNNING, 96 * 28))[-1].q50_kw[8] == pytest.approx(300, rel=0.1)

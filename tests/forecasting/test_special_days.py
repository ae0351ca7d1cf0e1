"""Changed shifts in the forecast: a worked Saturday looks like a working day, a dropped Friday like a day of rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from domain.forecasts import Forecast
from domain.intervals import QUARTER
from domain.plant import plant_with_changes
from domain.shift_changes import ShiftChange
from domain.topics import FORECASTS, INTERVALS, SHIFT_CHANGES
from forecasting.conformance import check_well_formed
from forecasting.days import LocalDay, SiteDays
from forecasting.site_forecast import SiteForecast
from forecasting.state import ForecastState, decode_state, encode_state
from forecasting.step import ForecastStep
from tests.forecasting.small_forecast_plant import BERLIN, PLANT, stream

SATURDAY = date(2026, 10, 17)
FRIDAY = SATURDAY - timedelta(days=1)
START = datetime(2026, 8, 31, tzinfo=UTC)
NOW = datetime(2026, 10, 15, 22, tzinfo=UTC)
"""Midnight from Thursday to Friday: the horizon ends with Saturday."""


def change(shift: str, day: date = SATURDAY, worked: bool = True, **more: object) -> ShiftChange:
    made = ShiftChange("werk", shift, day.isoformat(), 1, worked, NOW)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def known() -> bytes:
    """What six weeks without a change leave."""
    step = ForecastStep(PLANT)
    state = step.initial()
    for record in stream(START, NOW, NOW - QUARTER, with_orders=False):
        state, _ = step.take_interval(state, record)  # type: ignore[arg-type]
    return encode_state(state)


def forecast(known: bytes, *changes: ShiftChange) -> Forecast:
    step, state = ForecastStep(PLANT), decode_state(known)
    for one in changes:
        step.put_change(state, one)
    made = step.forecaster.issue(state, NOW)
    check_well_formed([made])
    return made


def by_hour(made: Forecast, day: date, hours: range) -> float:
    """Mean of the middle [kW]."""
    local = [(made.first_start_utc + n * QUARTER).astimezone(BERLIN) for n in range(len(made.q50_kw))]
    return float(np.mean([kw for at, kw in zip(local, made.q50_kw, strict=True) if at.date() == day and at.hour in hours]))


def test_a_saturday_on_which_both_shifts_work_is_forecast_as_a_working_day(known: bytes) -> None:
    usual, special = forecast(known), forecast(known, change("early"), change("late"))
    for hours in (range(7, 14), range(15, 22)):
        assert by_hour(usual, SATURDAY, hours) == pytest.approx(60, abs=12), "at rest"
        assert by_hour(special, SATURDAY, hours) == pytest.approx(290, abs=45), "base load, shift and batches"
    assert special.peaks[1].q50_kw > 2 * usual.peaks[1].q50_kw
    assert by_hour(special, FRIDAY, range(24)) == pytest.approx(by_hour(usual, FRIDAY, range(24)), rel=0.02)


def test_hours_in_which_nobody_works_stay_at_rest_on_a_day_that_is_like_no_other(known: bytes) -> None:
    """The late shift alone is on no ordinary day."""
    made = forecast(known, change("late"))
    assert by_hour(made, SATURDAY, range(1, 13)) == pytest.approx(60, abs=12)
    assert by_hour(made, SATURDAY, range(15, 22)) == pytest.approx(290, abs=45)
    assert by_hour(made, SATURDAY, range(23, 24)) == pytest.approx(60, abs=15)
    highest = max(kw for kw in made.q50_kw[96:])
    assert made.peaks[1].q50_kw >= highest - 1
    assert made.peaks[1].start_utc.astimezone(BERLIN).hour in range(14, 22)


def test_a_friday_whose_only_shift_is_dropped_is_forecast_as_a_day_of_rest(known: bytes) -> None:
    made = forecast(known, change("early", FRIDAY, worked=False))
    assert by_hour(forecast(known), FRIDAY, range(7, 13)) > 200
    assert by_hour(made, FRIDAY, range(7, 13)) == pytest.approx(60, abs=15)


def test_a_withdrawn_change_gives_the_very_forecast_without_it(known: bytes) -> None:
    withdrawn = forecast(known, change("early"), change("early", revision=2, withdrawn=True))
    assert replace(withdrawn, cpu_ms=0.0) == replace(forecast(known), cpu_ms=0.0)


def test_a_step_asked_about_one_calendar_after_the_other_mixes_nothing(known: bytes) -> None:
    step, plain, special = ForecastStep(PLANT), decode_state(known), decode_state(known)
    step.put_change(special, change("early"))
    first = step.forecaster.issue(plain, NOW)
    other = step.forecaster.issue(special, NOW)
    again = step.forecaster.issue(plain, NOW)
    assert replace(first, cpu_ms=0.0) == replace(again, cpu_ms=0.0)
    assert other.q50_kw == forecast(known, change("early")).q50_kw


def test_what_is_known_of_shifts_survives_a_restart(known: bytes) -> None:
    step, state = ForecastStep(PLANT), decode_state(known)
    step.put_change(state, change("early"))
    again = decode_state(encode_state(state))
    assert again.changes == state.changes != ()
    assert encode_state(again) == encode_state(state)


def answers(state: ForecastState, one: ShiftChange) -> list[Forecast]:
    job = SiteForecast(PLANT)
    _, out = job.take("werk", state, [(SHIFT_CHANGES, one)])
    assert {topic for topic, _ in out} <= {FORECASTS}
    return [record for _, record in out]


def test_a_change_of_the_next_two_days_is_answered_at_once_and_another_is_only_noted(known: bytes) -> None:
    (made,) = answers(decode_state(known), change("early"))
    assert by_hour(made, SATURDAY, range(7, 14)) > 200
    later = decode_state(known)
    assert answers(later, change("early", SATURDAY + timedelta(days=7))) == []
    assert len(later.changes) == 1
    assert answers(decode_state(known), change("early", SATURDAY - timedelta(days=7))) == [], "nothing past is restated"
    assert answers(decode_state(known), change("early", at_utc=NOW - timedelta(hours=2))) == [], "history that is sent again"
    assert answers(decode_state(known), change("early", site="elsewhere")) == []


def test_a_repeated_change_is_answered_once(known: bytes) -> None:
    state = decode_state(known)
    assert len(answers(state, change("early"))) == 1
    assert answers(state, change("early")) == []


def test_orders_quarter_hours_and_changes_come_in_one_bucket(known: bytes) -> None:
    quarter = stream(NOW - timedelta(days=1), NOW + QUARTER, NOW, with_orders=False)[-1]
    _, out = SiteForecast(PLANT).take("werk", decode_state(known), [(SHIFT_CHANGES, change("early")), (INTERVALS, quarter)])
    assert by_hour(out[-1][1], SATURDAY, range(7, 14)) > 200


def day(plant_changes: list[ShiftChange], day: date) -> LocalDay:
    return SiteDays(plant_with_changes(PLANT, plant_changes)).day(day)


def test_stand_ins_are_ordinary_days_with_the_most_alike_hours() -> None:
    assert day([], SATURDAY).stand_ins is None
    assert day([change("early")], SATURDAY + timedelta(days=1)).stand_ins is None
    early = day([change("early")], SATURDAY)
    assert early.stand_ins is not None and not early.is_partly_ordinary
    assert [one.day for one in early.stand_ins] == [FRIDAY, FRIDAY]
    late = day([change("late")], SATURDAY)
    assert late.stand_ins is not None and late.is_partly_ordinary
    assert [one.day for one in late.stand_ins] == [date(2026, 10, 15), date(2026, 10, 10)], "a Thursday at work, a Saturday at rest"


def test_a_change_that_changes_no_hours_leaves_the_day_what_it_is() -> None:
    assert day([change("early", FRIDAY)], FRIDAY).stand_ins is None


def test_days_that_a_change_does_not_touch_are_not_worked_out_again() -> None:
    one = SiteDays(PLANT)
    before = one.from_day(date(2026, 10, 5), 14)
    other = one.under(plant_with_changes(PLANT, [change("early")]), [SATURDAY])
    after = other.from_day(date(2026, 10, 5), 14)
    again = [old.day for old, new in zip(before, after, strict=True) if old is not new]
    assert again == [SATURDAY, SATURDAY + timedelta(days=1)]
    fresh = SiteDays(plant_with_changes(PLANT, [change("early")])).from_day(date(2026, 10, 5), 14)
    assert [one.by_shifts for one in fresh] == [one.by_shifts for one in after]

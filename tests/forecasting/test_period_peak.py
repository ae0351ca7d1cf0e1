"""The billing period's peak so far: of its own period only, of what counts now, and of all of it although loads are kept for half a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_forecast_plant import BERLIN, PLANT, SmallPlant, interval

from domain.forecasts import PeriodPeak
from domain.intervals import QUARTER, Interval, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from forecasting.highs import DAYS, DayHighs
from forecasting.slots import KEPT_SLOTS
from forecasting.state import ForecastState, decode_state, encode_state
from forecasting.step import ForecastStep

DAY = timedelta(days=1)
IMPORT = IntervalOrigin.IMPORT


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def plant(**site: object) -> Plant:
    return PLANT.model_copy(update={"site": PLANT.site.model_copy(update=site)})


def load(start_utc: datetime) -> float:
    """300 kW at work, 100 kW at rest."""
    at = start_utc.astimezone(BERLIN)
    return 300.0 if at.weekday() < 5 and 6 <= at.hour < 14 else 100.0


def history(from_utc: datetime, to_utc: datetime, peaks: dict[datetime, float]) -> list[Interval]:
    """Imported quarter hours with some higher ones."""
    starts = [from_utc + n * QUARTER for n in range((to_utc - from_utc) // QUARTER)]
    return [interval(start, peaks.get(start, load(start)), IMPORT) for start in starts]


def peak_at(step: ForecastStep, state: ForecastState, start_utc: datetime) -> PeriodPeak:
    """The period's peak as the forecast after the live quarter hour from `start_utc` on says it; the state is stored in between."""
    one = decode_state(encode_state(state))
    _, issued = step.take_interval(one, interval(start_utc, load(start_utc)))
    found = issued[-1].period_peak
    assert found is not None
    return found


def learnt(step: ForecastStep, rows: list[Interval]) -> ForecastState:
    state = step.initial()
    for row in rows:
        step.take_interval(state, row)
    return state


JANUARY_PEAK, OCTOBER_PEAK = local(2026, 1, 20, 10), local(2026, 10, 6, 10)
OCTOBER = local(2026, 10, 20, 12)


@pytest.fixture(scope="module")
def whole_year() -> list[Interval]:
    return history(local(2026, 1, 5), OCTOBER, {JANUARY_PEAK: 700.0, OCTOBER_PEAK: 400.0})


def test_a_peak_of_january_does_not_count_in_october_where_months_are_billed(whole_year: list[Interval]) -> None:
    step = ForecastStep(plant(demand_period="month"))
    found = peak_at(step, learnt(step, whole_year), OCTOBER)
    assert (found.starts_utc, found.ends_utc) == (local(2026, 10, 1), local(2026, 11, 1))
    assert found.so_far_kw == 400


def test_a_peak_of_january_counts_in_october_where_years_are_billed(whole_year: list[Interval]) -> None:
    """Loads are kept for half a year; the peak of a day is kept when it leaves them."""
    assert OCTOBER - JANUARY_PEAK > KEPT_SLOTS * QUARTER
    step = ForecastStep(plant(demand_period="year"))
    state = learnt(step, whole_year)
    assert peak_at(step, state, OCTOBER).so_far_kw == 700

    repaired = interval(JANUARY_PEAK, 70.0, IMPORT, revision=1)
    step.take_interval(state, repaired)
    assert peak_at(step, state, OCTOBER).so_far_kw == 400, "watts imported as kilowatts, then repaired"


@pytest.mark.parametrize(
    ("repair", "expected"),
    [
        ({"energy_uwh": 50_000_000_000}, 300.0),
        ({"energy_uwh": None, "quality": IntervalQuality.MISSING, "coverage": 0.0}, 300.0),
        ({"quality": IntervalQuality.FAULTY}, 300.0),
        ({"energy_uwh": 150_000_000_000}, 600.0),
        ({"energy_uwh": 50_000_000_000, "revision": -1}, 400.0),
    ],
)
def test_a_peak_within_the_half_year_follows_its_revisions(
    whole_year: list[Interval], repair: dict[str, object], expected: float
) -> None:
    step = ForecastStep(plant(demand_period="month"))
    state = learnt(step, whole_year[-96 * 60 :])
    row = next(row for row in whole_year if row.start_utc == OCTOBER_PEAK)
    step.take_interval(state, replace(row, **{"revision": 1, **repair}))  # type: ignore[arg-type]
    assert peak_at(step, state, OCTOBER).so_far_kw == expected


@pytest.mark.parametrize(
    ("period", "billed_on", "expected"),
    [("year", date(2026, 2, 3), 650.0), ("year", date(2025, 12, 3), 400.0), ("month", date(2026, 9, 3), 400.0)],
)
def test_the_peak_of_the_plant_file_counts_in_its_own_period(period: str, billed_on: date, expected: float) -> None:
    step = ForecastStep(plant(demand_period=period, billed_peak_kw=650.0, billed_peak_on=billed_on))
    state = learnt(step, history(local(2026, 9, 1), OCTOBER, {OCTOBER_PEAK: 400.0}))
    assert peak_at(step, state, OCTOBER).so_far_kw == expected


def test_nothing_of_the_next_period_counts() -> None:
    """Sunday 31 May: a job of Monday raises Monday's peak and not that of May."""
    sunday = local(2026, 5, 31, 12)
    step = ForecastStep(plant(demand_period="month"))
    state = learnt(step, history(sunday - 35 * DAY, sunday, {}))
    monday = SmallPlant.order("big", local(2026, 6, 1, 8), sunday - DAY)
    step.take_order(state, replace(monday, profile_kw=(500.0,) * 8))
    _, issued = step.take_interval(state, interval(sunday, 100.0))
    forecast = issued[-1]
    assert forecast.peaks[1].q50_kw > 500 and forecast.period_peak is not None
    assert forecast.period_peak.q90_kw == pytest.approx(300, abs=15)
    _, issued = step.take_interval(state, interval(local(2026, 5, 31, 23), 100.0))
    _, issued = step.take_interval(state, interval(local(2026, 6, 1, 0), 100.0))
    after = issued[-1].period_peak
    assert after is not None
    assert after.starts_utc == local(2026, 6, 1) and after.q50_kw > 500 and after.so_far_kw == 100


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 95), st.floats(0, 1000, width=32)), min_size=1, max_size=60))
def test_the_highest_of_a_day_is_the_highest_where_every_quarter_hour_comes_once(rows: list[tuple[int, int, float]]) -> None:
    once = {(day, slot): kw for day, slot, kw in rows}
    highs = DayHighs()
    for (day, slot), kw in once.items():
        highs.note(740_000 + day, day * 96 + slot, kw)
    again = DayHighs(highs.to_bytes())
    for day in range(4):
        expected = max((kw for (other, _), kw in once.items() if other == day), default=0.0)
        assert again.highest_kw(740_000 + day, 740_001 + day) == expected
    assert again.highest_kw(740_000, 740_004) == max(once.values())
    assert again.highest_kw(740_000 + DAYS, 740_004 + DAYS) == 0

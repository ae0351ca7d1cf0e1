"""Local days of a load profile: clock changes, days half there, holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from baselines.enpi import normalised, standby_share
from baselines.fitting import Baseline, baseline_of
from baselines.rows import days_of
from billing.load import LoadProfile
from tests.baselines.days import heated

BERLIN = ZoneInfo("Europe/Berlin")


def load(start: datetime, hours: int, kw: float = 10.0) -> LoadProfile:
    return LoadProfile.of_quarter_hours(start, np.full(4 * hours, kw))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23.0), (date(2026, 10, 25), 25.0), (date(2026, 6, 1), 24.0)])
def test_a_day_has_the_hours_of_the_local_clock_and_its_power_does_not_depend_on_them(day: date, hours: float) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    rows = days_of(load(start, int(hours)), BERLIN)
    assert (rows.days, rows.hours.tolist(), rows.kw.tolist()) == ((day,), [hours], [10.0])
    assert rows.energy_kwh.tolist() == [10 * hours]


def test_a_day_counts_from_nine_tenths_on() -> None:
    start = datetime(2026, 6, 1, tzinfo=BERLIN).astimezone(UTC)
    whole = np.full(96 * 2, 10.0)
    whole[:9], whole[96 : 96 + 10] = np.nan, np.nan
    rows = days_of(LoadProfile.of_quarter_hours(start, whole), BERLIN)
    assert rows.kw[0] == 10.0
    assert np.isnan(rows.kw[1])


def test_a_holiday_is_a_sunday() -> None:
    start = datetime(2026, 5, 1, tzinfo=BERLIN).astimezone(UTC)
    rows = days_of(load(start, 48), BERLIN, rests=lambda day: day == date(2026, 5, 1))
    assert rows.kind.tolist() == [2, 1]
    assert rows.weekday.tolist() == [6, 5]


def test_what_is_not_known_of_a_day_makes_it_unusable() -> None:
    start = datetime(2026, 6, 1, tzinfo=BERLIN).astimezone(UTC)
    first = date(2026, 6, 1)
    rows = days_of(
        load(start, 72), BERLIN, temperature_c={first: 20.0, first + timedelta(days=1): 21.0}, drivers={"pieces": {first: 0.0}}
    )
    assert rows.usable.tolist() == [True, False, False]


def test_a_constant_load_is_all_base_and_no_load_has_none() -> None:
    found = standby_share(np.full(100, 5.0))
    assert found is not None
    assert found.value == pytest.approx(1.0)
    assert standby_share(np.zeros(100)) is None
    half = standby_share(np.concatenate([np.full(50, 10.0), np.full(50, 30.0)]))
    assert half is not None
    assert half.value == pytest.approx(0.5)


def test_at_equal_degree_days_a_warmer_year_is_no_saving() -> None:
    rows = heated(730, noise=0.01)
    warm = rows.temperature_c + np.where(np.arange(730) >= 365, 2.0, 0.0)
    cooler = rows.kw - 3 * (np.maximum(15 - rows.temperature_c, 0) - np.maximum(15 - warm, 0))
    before, after = rows.where(np.arange(730) < 365), rows.with_kw(cooler).where(np.arange(730) >= 365)
    after = type(after)(after.days, after.hours, after.kw, after.kind, warm[365:])
    baseline = baseline_of(before, BERLIN)
    assert isinstance(baseline, Baseline)
    found = normalised(before, after, baseline.model, baseline.trained.design)
    assert found is not None
    assert found.after_kwh < 0.98 * found.before_kwh
    assert found.change == pytest.approx(0.0, abs=0.01)
    assert found.heating_kd[1] < found.heating_kd[0]

"""Slow growth of the power at rest, on a compressor that runs day and night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from detection.creep import trend
from detection.step import DetectionStep
from domain.anomalies import Anomaly, AnomalyKind
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from quarters.numbers import quarter_starts
from tests.spoken import german

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 8, 31, tzinfo=BERLIN).astimezone(UTC)
DAY = timedelta(days=1)
WEEKEND_FREE = {"id": "day", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "22:00"}


def plant(kind: str) -> Plant:
    return Plant.model_validate(
        {
            "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
            "meter": [{"id": "air", "max_power_kw": 90}],
            "shift": [WEEKEND_FREE],
            "machine": [{"id": "air-1", "name": "Kompressor 1", "kind": kind, "meter": "air", "rated_kw": 80, "standby_kw": 80}],
        }
    )


def found_in(per_week: float, weeks: int, kind: str = "compressor", live_after: int = 0, repaired_after: int = 99) -> list[Anomaly]:
    """Findings over `weeks` weeks in which the power at rest grows by the share `per_week`, at work it is anything."""
    random = Random(7)
    step = DetectionStep(plant(kind), 0.20)
    state, found = step.initial(), []
    for start_utc in quarter_starts(MONDAY, MONDAY + timedelta(weeks=weeks)):
        age = (start_utc - MONDAY) / timedelta(weeks=1)
        local = start_utc.astimezone(BERLIN)
        working = local.weekday() < 5 and 6 <= local.hour < 22
        worn = 0.0 if age >= repaired_after else age
        kw = random.uniform(40, 70) if working else 30 * (1 + per_week * worn) + random.gauss(0, 0.6)
        origin = IntervalOrigin.METERING if age >= live_after else IntervalOrigin.IMPORT
        uwh, measured = round(kw / 4 * 1e9), IntervalQuality.MEASURED
        interval = Interval(
            "werk", "air", "energy_import", start_utc, uwh, 1.0, measured, IntervalMethod.REGISTER, 0, 30, origin
        )  # fmt: skip
        state, more = step.take(state, interval)
        found += more
    return found


def test_a_compressor_that_wears_by_one_percent_a_week_is_found_and_priced() -> None:
    found = found_in(0.01, 6)
    first, last = found[0], found[-1]
    assert first.kind is AnomalyKind.CREEP
    assert first.at_utc - MONDAY < timedelta(weeks=5)
    assert {anomaly.anomaly for anomaly in found} == {first.anomaly}
    assert [anomaly.revision for anomaly in found] == list(range(len(found)))
    # After nearly six weeks at 1 % a week of 30 kW: from 30.0 to 31.8 kW, 1.75 kW more, 42 kWh and 8.40 EUR a day.
    assert last.expected_kw == pytest.approx(30.0, abs=0.1)
    assert last.actual_kw == pytest.approx(31.75, abs=0.15)
    assert last.kwh_per_day == pytest.approx(42, abs=4)
    assert last.eur_per_day == pytest.approx(last.kwh_per_day * 0.20, abs=0.01)
    assert "Kompressor 1 zieht in Ruhe" in german(last, plant("compressor"))


def test_growth_in_imported_history_is_reported_with_the_first_live_quarter_hour_and_not_before() -> None:
    found = found_in(0.01, 6, live_after=5)
    assert found[0].at_utc == MONDAY + timedelta(weeks=5, minutes=15)


def test_a_machine_that_stays_as_it_is_raises_nothing_in_eight_weeks() -> None:
    assert found_in(0.0, 8) == []


def test_a_chiller_is_left_out_because_it_follows_the_weather() -> None:
    assert found_in(0.02, 6, kind="chiller") == []


def test_after_a_repair_the_finding_ends() -> None:
    found = found_in(0.01, 12, repaired_after=6)
    ended = [anomaly for anomaly in found if anomaly.until_utc is not None]
    assert len(ended) == 1
    assert ended[0] is found[-1]


def test_trend_of_a_line_is_that_line() -> None:
    days = {739_000 + 4 * n: dict.fromkeys(range(5), 10 + 0.1 * n) for n in range(10)}
    found = trend(days)
    assert found is not None
    assert (found.from_kw, found.to_kw) == (pytest.approx(10.0), pytest.approx(10.9))
    # Mann-Kendall by hand: S = 45 pairs, variance 10 x 9 x 25 / 18 = 125, z = 44 / 11.18.
    assert found.z == pytest.approx(3.935, abs=0.001)
    # Excess: five hours a day, 0.1 kW x (0 + 1 + .. + 9) = 4.5 kW in sum: 4.5 x 5 = 22.5 kWh.
    assert found.excess_kwh == pytest.approx(22.5)


def resting(kw: float, days: int, origin: IntervalOrigin, revision: int = 0, from_utc: datetime = MONDAY) -> list[Interval]:
    """Quarter hours of a compressor that draws the same at work and at rest."""
    measured, method = IntervalQuality.MEASURED, IntervalMethod.REGISTER
    return [
        Interval("werk", "air", "energy_import", start, round(kw / 4 * 1e9), 1.0, measured, method, revision, 30, origin)
        for start in quarter_starts(from_utc, from_utc + timedelta(days=days))
    ]


def test_watts_imported_as_kilowatts_and_then_repaired_are_no_growth_and_hide_none() -> None:
    """What is compared follows the revisions of what it was worked out from."""
    step = DetectionStep(plant("compressor"), 0.20)
    state, found = step.initial(), []
    wrong = resting(0.03, 14, IntervalOrigin.IMPORT)
    repaired = resting(30.0, 14, IntervalOrigin.IMPORT, revision=1)
    live = resting(30.0, 21, IntervalOrigin.METERING, from_utc=MONDAY + timedelta(days=14))
    for interval in [*wrong, *repaired, *live]:
        state, more = step.take(state, interval)
        found += more
    assert found == []
    assert {round(kw) for rest in state.creep.days.values() for kw in rest.values()} == {30}


def test_history_that_is_imported_after_the_first_live_quarter_hours_is_compared_with_too() -> None:
    step = DetectionStep(plant("compressor"), 0.20)
    state, found = step.initial(), []
    begin = MONDAY + timedelta(weeks=5)
    history = [row for n in range(35) for row in resting(30 + 0.05 * n, 1, IntervalOrigin.IMPORT, from_utc=MONDAY + n * DAY)]
    live = [row for n in range(2) for row in resting(31.75, 1, IntervalOrigin.METERING, from_utc=begin + n * DAY)]
    for interval in [*live[:96], *history, *live[96:]]:
        state, more = step.take(state, interval)
        found += more
    assert [(anomaly.kind, anomaly.at_utc) for anomaly in found] == [(AnomalyKind.CREEP, begin + timedelta(hours=24, minutes=15))]

"""Company holidays: what runs in them is noticed, what runs before and after them is not, and breaks are part of their shift."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from detection.step import DetectionStep
from domain.anomalies import Anomaly, AnomalyKind
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from quarters.numbers import quarter_starts

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = ["mon", "tue", "wed", "thu", "fri"]
DAY = {"id": "day", "days": WEEK, "from": "06:00", "to": "14:00", "breaks": [{"from": "09:00", "to": "09:30"}]}
LATE = {"id": "late", "days": WEEK, "from": "14:00", "to": "22:00"}
NIGHT = {"id": "night", "days": ["mon", "tue", "wed", "thu"], "from": "22:00", "to": "06:00"}
MAINTENANCE = {"id": "maintenance", "days": WEEK, "from": "08:00", "to": "12:00", "on_shutdowns": True}
FIRST, LAST = date(2026, 8, 3), date(2026, 8, 21)
"""Three weeks from a Monday to a Friday."""
Power = Callable[[datetime], float]


def plant(machine: dict[str, object], first: date = FIRST, last: date = LAST) -> Plant:
    """One machine behind one meter."""
    return Plant.model_validate(
        {
            "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
            "meter": [{"id": "m", "max_power_kw": 200}],
            "shift": [DAY, LATE, NIGHT, MAINTENANCE],
            "shutdown": [{"from": first, "to": last, "name": "company holidays"}],
            "machine": [{"id": "oven", "name": "Ofen 1", "meter": "m", "rated_kw": 100, **machine}],
        }
    )


def at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN)


def found_in(plant: Plant, power: Power, from_local: datetime, to_local: datetime) -> list[Anomaly]:
    """The newest revision of each finding of a machine left on; ten days before `from_local` are imported."""
    random, step = Random(1), DetectionStep(plant, 0.20)
    state, found = step.initial(), {}
    for start_utc in quarter_starts((from_local - timedelta(days=10)).astimezone(UTC), to_local.astimezone(UTC)):
        local = start_utc.astimezone(BERLIN)
        origin = IntervalOrigin.METERING if local >= from_local else IntervalOrigin.IMPORT
        energy = round((power(local) + random.random() * 0.2) / 4 * 1e9)
        measured, method = IntervalQuality.MEASURED, IntervalMethod.REGISTER
        state, more = step.take(
            state, Interval("werk", "m", "energy_import", start_utc, energy, 1.0, measured, method, 0, 9, origin)
        )
        found |= {anomaly.anomaly: anomaly for anomaly in more if anomaly.kind is AnomalyKind.ON_WHILE_OFF}
    return list(found.values())


def works(local: datetime) -> bool:
    """Whether the day or the late shift runs, shutdown or not."""
    return local.weekday() < 5 and 6 <= local.hour < 22


def is_closed(local: datetime) -> bool:
    return FIRST <= local.date() <= LAST


TWO_SHIFTS = {"shifts": ["day", "late"]}


def test_a_furnace_left_on_in_a_shutdown_is_found_from_its_first_hour_on() -> None:
    found = found_in(plant(TWO_SHIFTS), lambda local: 60.0 if works(local) else 1.0, at(2026, 7, 27), at(2026, 8, 4))
    assert [anomaly.since_utc.astimezone(BERLIN) for anomaly in found] == [at(2026, 8, 3, 6)]
    assert found[0].excess_kwh == pytest.approx(16 * 59, rel=0.02)


def test_a_furnace_that_rests_in_a_shutdown_and_works_before_and_after_raises_nothing() -> None:
    def power(local: datetime) -> float:
        return 60.0 if works(local) and not is_closed(local) else 1.0

    assert found_in(plant(TWO_SHIFTS), power, at(2026, 7, 27), at(2026, 8, 29)) == []


def test_the_night_shift_that_runs_into_a_shutdown_is_none_of_it() -> None:
    """A shift belongs to the day on which it begins: Thursday's ends on Friday morning, the first day of rest."""
    rests = plant({"shifts": ["day", "late", "night"]}, first=date(2026, 7, 31), last=date(2026, 8, 14))
    before = found_in(rests, lambda local: 60.0 if local < at(2026, 7, 31, 6) else 1.0, at(2026, 7, 27), at(2026, 8, 4))
    assert before == []
    found = found_in(rests, lambda local: 60.0 if local < at(2026, 7, 31, 9) else 1.0, at(2026, 7, 27), at(2026, 8, 4))
    assert [anomaly.since_utc.astimezone(BERLIN) for anomaly in found] == [at(2026, 7, 31, 6)]


def test_a_machine_without_shifts_that_goes_on_in_a_shutdown_is_found_and_only_then() -> None:
    """It may run at any time but in a shutdown."""
    found = found_in(plant({}), lambda _: 40.0, at(2026, 7, 27), at(2026, 8, 29))
    assert [anomaly.since_utc.astimezone(BERLIN) for anomaly in found] == [at(2026, 8, 3)]
    assert found[0].until_utc is not None
    assert found[0].until_utc.astimezone(BERLIN) >= at(2026, 8, 21, 12)


def test_a_machine_without_shifts_that_stops_for_a_shutdown_raises_nothing() -> None:
    assert found_in(plant({}), lambda local: 1.0 if is_closed(local) else 40.0, at(2026, 7, 27), at(2026, 8, 29)) == []


def test_a_machine_without_shifts_may_serve_the_night_shift_that_runs_into_a_shutdown() -> None:
    rests = plant({}, first=date(2026, 7, 31), last=date(2026, 8, 14))
    assert found_in(rests, lambda local: 40.0 if local < at(2026, 7, 31, 6) else 1.0, at(2026, 7, 27), at(2026, 8, 4)) == []


def test_panels_may_give_in_a_shutdown_what_they_like() -> None:
    assert found_in(plant({"kind": "photovoltaic"}), lambda _: 40.0, at(2026, 7, 27), at(2026, 8, 10)) == []


def test_the_maintenance_crew_may_run_its_machine_in_a_shutdown() -> None:
    def power(local: datetime) -> float:
        return 40.0 if local.weekday() < 5 and 8 <= local.hour < 12 else 1.0

    assert found_in(plant({"shifts": ["maintenance"]}), power, at(2026, 7, 27), at(2026, 8, 10)) == []


@pytest.mark.parametrize("in_break_kw", [0.5, 12.0, 60.0])
def test_what_a_machine_draws_in_a_break_is_no_finding_and_teaches_nothing(in_break_kw: float) -> None:
    def power(local: datetime) -> float:
        in_break = local.weekday() < 5 and (local.hour, local.minute // 30) == (9, 0)
        return in_break_kw if in_break else 60.0 if works(local) else 1.0

    assert found_in(plant(TWO_SHIFTS), power, at(2026, 6, 1), at(2026, 6, 15)) == []

    step = DetectionStep(plant(TWO_SHIFTS), 0.20)
    state = step.initial()
    start = at(2026, 6, 3, 9).astimezone(UTC)
    for number in range(2):
        energy = round(in_break_kw / 4 * 1e9)
        interval = Interval(
            "werk",
            "m",
            "energy_import",
            start + number * QUARTER,
            energy,
            1.0,
            IntervalQuality.MEASURED,
            IntervalMethod.REGISTER,
            0,
        )
        state, _ = step.take(state, interval)
    assert state.off.history.by_phase == {} and state.creep.days == {}

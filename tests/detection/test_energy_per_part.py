"""Energy a part against a machine's own weeks: a step is one finding, priced, and what only varies is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from detection.health.step import HealthStep
from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.minutes import Minute
from domain.plant import Plant
from domain.topics import FINDINGS, INTERVALS, MINUTES, Topic

KEY, MONDAY = "werk/press-1", datetime(2026, 9, 7, 4, 0, tzinfo=UTC)
PARTS, QUARTERS, WH_EACH = 60, 32, 150.0
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
        "meter": [
            {
                "id": "press-1",
                "max_power_kw": 95.0,
                "register": [
                    {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 30.0, "resolution": 0.001}
                ],
            }
        ],
        "machine": [{"id": "press-1", "meter": "press-1", "rated_kw": 75.0, "control": {"good_channel": "parts"}}],
    }
)
Rows = Iterator[tuple[Topic, Any]]


def counted(minute_utc: datetime, parts: float) -> tuple[Topic, Minute]:
    return MINUTES, Minute("werk", "press-1", "parts", epoch_ms(minute_utc), 1, 1.0, parts, parts, parts, 0.0, parts)


def drawn(start_utc: datetime, kwh: float, **more: Any) -> tuple[Topic, Interval]:
    stated = (IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0)
    return INTERVALS, Interval("werk", "press-1", "energy_import", start_utc, round(kwh * 1e9), 1.0, *stated, **more)


def days(first: int, last: int, more: float = 1.0, late_energy: bool = True, spread: float = 0.03, count: float = 0.0) -> Rows:
    """Working days of eight hours: the counter of parts minute by minute, and the quarter hours of the meter before or after it."""
    for day in range(first, last):
        begin = MONDAY + timedelta(days=day + day // 5 * 2)
        each_wh = WH_EACH * more * (1 + Random(day).gauss(0, spread))
        for quarter in range(QUARTERS + 1):
            start_utc = begin + quarter * QUARTER
            energy = drawn(start_utc, PARTS * each_wh / 1000)
            if not late_energy:
                yield energy
            for minute in range(15):
                count += PARTS / 15
                yield counted(start_utc + timedelta(minutes=minute), count)
            if late_energy:
                yield energy


def found_in(*spans: Rows, stop: int = 0) -> list[Anomaly]:
    step, found = HealthStep(PLANT), []
    state = step.initial(KEY)
    for number, row in enumerate(row for span in spans for row in span):
        state, outputs = step.take(KEY, state, [row])
        found += [record for topic, record in outputs if topic is FINDINGS]
        if number == stop:
            state = step.decode(KEY, step.encode(state))
    return found


@pytest.mark.parametrize("late_energy", [True, False])
def test_a_tenth_more_energy_a_part_is_one_finding_within_five_working_days_and_then_the_new_normal(late_energy: bool) -> None:
    found = found_in(days(0, 20, late_energy=late_energy), days(20, 50, 1.1, late_energy, count=1e6))
    assert {one.kind for one in found} == {AnomalyKind.ENERGY_PER_PART} and len({one.anomaly for one in found}) == 1
    first = found[0]
    assert first.at_utc <= MONDAY + timedelta(days=20 + 4 * 2 + 7, hours=1), "when the sixth day has begun"
    more_kwh = first.kwh_per_day
    assert more_kwh == pytest.approx(0.1 * WH_EACH / 1000 * PARTS * QUARTERS, rel=0.35) and first.eur_per_day is None
    assert first.facts[0].numbers["usual_wh"] == pytest.approx(WH_EACH, rel=0.03)
    assert [one.facts[0].key for one in found[-1:]] == ["energy_per_part.accepted"] and found[-1].until_utc is not None
    assert [one.revision for one in found] == list(range(len(found)))


def test_what_varies_from_day_to_day_is_no_finding_and_less_is_none() -> None:
    assert found_in(days(0, 60, spread=0.05)) == []
    assert found_in(days(0, 20), days(20, 40, 0.8, count=1e6)) == []


def test_a_finding_ends_where_the_energy_falls_again() -> None:
    found = found_in(days(0, 20), days(20, 27, 1.15, count=1e6), days(27, 35, count=2e6))
    assert [one.until_utc is not None for one in found] == [False] * (len(found) - 1) + [True]
    assert found[-1].facts[0].key == "energy_per_part.ended"


def test_history_and_a_counter_that_begins_again_teach_nothing() -> None:
    imported = (drawn(MONDAY + number * QUARTER, 50.0, origin=IntervalOrigin.IMPORT) for number in range(500))
    begins_again = (counted(MONDAY + timedelta(days=28, minutes=number), float(number % 7)) for number in range(600))
    assert found_in(days(0, 20), imported, begins_again, days(21, 30, count=2e6)) == []


def test_a_restart_changes_nothing() -> None:
    def rows() -> tuple[Rows, ...]:
        return days(0, 16), days(16, 24, 1.15, count=1e6)

    whole = found_in(*rows())
    assert whole and found_in(*rows(), stop=5_000) == whole == found_in(*rows(), stop=10_007)

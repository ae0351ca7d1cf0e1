"""The demo's machines, minute by minute from the simulated plant: the failing bearing is found within its delay, and nothing is found of sound machines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from benchmarks.health_minutes import demo_span, minutes
from detection.health.step import HealthState, HealthStep
from domain.anomalies import Anomaly, AnomalyKind
from domain.minutes import Minute
from domain.topics import FINDINGS, MINUTES
from simulation.demo_plant import DEFAULT_SEED
from simulation.span import Span

FIRST_SIGN, LIMIT_NAMED = timedelta(hours=2), timedelta(hours=3)
"""From the beginning of the wear to the first finding, and to the one that names the limit."""
DAYS = 6


def found_in(span: Span, shown: Iterable[list[Minute]]) -> list[Anomaly]:
    step, found = HealthStep(span.plant), []
    states: dict[str, HealthState] = {}
    for minute in shown:
        for one in minute:
            key = f"{one.site}/{one.meter}"
            states[key], outputs = step.take(key, states.get(key) or step.initial(key), [(MINUTES, one)])
            found += [record for topic, record in outputs if topic is FINDINGS]
    return found


def test_the_demos_bearing_is_found_named_and_given_days_within_its_delay_and_nothing_else_is() -> None:
    span = demo_span(DEFAULT_SEED, surprises=None, lifelike=False)
    (bearing,) = span.surprises.bearings
    began_utc = datetime.fromtimestamp(bearing.from_s, UTC)
    found = found_in(span, minutes(span, timedelta(hours=6)))
    assert {(one.meter, one.evidence["channel"]) for one in found} == {("press-1", "vibration")}
    assert found[0].at_utc - began_utc <= FIRST_SIGN
    named = next(one for one in found if one.kind is AnomalyKind.LIMIT_AHEAD)
    assert named.at_utc - began_utc <= LIMIT_NAMED and named.evidence["limit"] == "7.1"
    assert len({one.anomaly for one in found}) <= 2


def test_of_sound_machines_nothing_is_found_in_a_working_week_that_strays_from_the_plan() -> None:
    span = demo_span(DEFAULT_SEED + 1)
    assert [one.anomaly for one in found_in(span, minutes(span, timedelta(days=DAYS)))] == []

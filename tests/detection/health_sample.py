"""A press with vibration and power, and the minutes that its control shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from detection.health.step import HealthState, HealthStep
from domain.anomalies import Anomaly
from domain.clock import epoch_ms
from domain.machine_health import MachineHealth
from domain.minutes import Minute
from domain.plant import Plant
from domain.topics import FINDINGS, MACHINE_HEALTH, MINUTES

START = datetime(2026, 10, 19, 4, 0, tzinfo=UTC)
"""A Monday, 06:00 in Berlin."""
SITE, MACHINE = "werk", "press-1"
KEY = f"{SITE}/{MACHINE}"


def plant(**health: Any) -> Plant:
    """The press; `health` changes what is watched of it."""
    watched = {"channels": ["vibration", "power"], "units": {"vibration": "mm/s"}, "state_channel": "state"} | health
    register = {"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 30.0, "resolution": 0.01}
    return Plant.model_validate(
        {
            "site": {"id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
            "meter": [{"id": MACHINE, "max_power_kw": 95.0, "register": [register]}],
            "machine": [{"id": MACHINE, "meter": MACHINE, "rated_kw": 75.0, "health": watched}],
        }
    )


PLANT = plant()


def at(minute: float) -> datetime:
    """Of the sample's minutes."""
    return START + timedelta(minutes=minute)


def minute_of(
    number: int, channel: str, value: float | None, text: str | None = None, good: float = 1.0, changes: int = 0
) -> Minute:
    """One minute of one channel."""
    return Minute(SITE, MACHINE, channel, epoch_ms(at(number)), 2, good, value, value, value, 0.0, value, text, changes)


def minutes(number: int, state: str | None = None, good: float = 1.0, **values: float) -> list[Minute]:
    """One minute of some channels, by the alphabet, as the JVM hands them over."""
    found = [minute_of(number, channel, value, good=good) for channel, value in values.items()]
    found += [] if state is None else [minute_of(number, "state", None, state)]
    return sorted(found, key=lambda one: one.channel)


def drive(
    step: HealthStep, shown: Iterable[Minute], state: HealthState | None = None
) -> tuple[HealthState, list[Anomaly], list[MachineHealth]]:
    """All of them through the step."""
    state = step.initial(KEY) if state is None else state
    found: list[Anomaly] = []
    health: list[MachineHealth] = []
    for minute in shown:
        state, outputs = step.take(KEY, state, [(MINUTES, minute)])
        found += [record for topic, record in outputs if topic is FINDINGS]
        health += [record for topic, record in outputs if topic is MACHINE_HEALTH]
    return state, found, health

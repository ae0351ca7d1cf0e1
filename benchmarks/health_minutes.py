"""Minutes of the demo plant's machines as the JVM would make them, without servers, broker and cluster: gauges alone, much faster than time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from domain.minutes import MINUTE_MS, Minute
from domain.plant import Plant
from simulation import demo_plant
from simulation.factory import Factory
from simulation.lifelike import Lifelike
from simulation.opcua_server import CURRENT, PARTS, POWER, STATE, TEMPERATURE, VIBRATION, value_of
from simulation.span import Span, begin, load_span, schedule_of
from simulation.surprises import NONE, Surprises

TICK_S = 30
SETTLES = timedelta(days=3)
CHANNELS = {POWER: "power", STATE: "state", PARTS: "parts", CURRENT: "current", VIBRATION: "vibration", TEMPERATURE: "temperature"}
EVERY_S = {POWER: 30, STATE: 30, PARTS: 30, CURRENT: 60, VIBRATION: 60, TEMPERATURE: 30}
"""How often a control of the demo looks at each; what has not changed is not reported."""


def demo_span(seed: int, surprises: Surprises | None = NONE, lifelike: bool = True) -> Span:
    """The demo's span; with `surprises` None those of the demo itself."""
    with tempfile.TemporaryDirectory() as folder:
        demo_plant.write(Path(folder))
        span = load_span(Path(folder))
    kept = span.surprises if surprises is None else surprises
    return replace(span, surprises=kept, seed=seed, lifelike=Lifelike() if lifelike else None)


def watched_variables(plant: Plant) -> dict[str, tuple[str, ...]]:
    """Meter -> what its control shows of the channels that are watched, and of its state and parts."""
    names = {channel: variable for variable, channel in CHANNELS.items()}
    found = {}
    for machine in plant.machines:
        if machine.health is not None:
            more = () if machine.kind in ("compressor", "chiller") else (PARTS,)
            found[machine.meter] = (*(names[channel] for channel in machine.health.channels), STATE, *more)
    return found


def minutes(span: Span, length: timedelta) -> Iterator[list[Minute]]:
    """Minutes of all machines that are watched, minute by minute of plant time, each machine's channels by the alphabet."""
    orders = span.orders_between(span.first_day - SETTLES, (span.start_utc + length).date() + timedelta(days=1))
    factory = begin(span, schedule_of(orders, span.nature), TICK_S)
    watched = watched_variables(span.plant)
    shown: dict[tuple[str, str], Any] = {}
    for _ in range(round(length / timedelta(minutes=1))):
        start_s = factory.t_s
        gathered: dict[tuple[str, str], list[Any]] = {}
        for _ in range(60 // TICK_S):
            for key, value in _looked_at(factory, watched, shown):
                gathered.setdefault(key, []).append(value)
            factory.tick()
        yield [
            _minute(span.plant.site.id, meter, CHANNELS[name], start_s, gathered[meter, name]) for meter, name in sorted(gathered)
        ]


def _looked_at(
    factory: Factory, watched: Mapping[str, tuple[str, ...]], shown: dict[tuple[str, str], Any]
) -> Iterator[tuple[tuple[str, str], Any]]:
    for meter, variables in watched.items():
        for name in variables:
            value = value_of(factory, meter, name, factory.t_s)
            if factory.t_s % EVERY_S[name] == 0 and shown.get((meter, name)) != value:
                shown[meter, name] = value
                yield (meter, name), value


def _minute(site: str, meter: str, channel: str, start_s: int, values: list[Any]) -> Minute:
    start_ms, count = start_s // 60 * MINUTE_MS, len(values)
    if isinstance(values[0], str):
        return Minute(site, meter, channel, start_ms, count, 1.0, None, None, None, None, None, values[-1], count - 1)
    last = float(values[-1])
    return Minute(
        site, meter, channel, start_ms, count, 1.0, fmean(values), min(values), max(values), pstdev(values), last, None, count - 1
    )

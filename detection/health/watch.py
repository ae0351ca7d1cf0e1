"""One machine, minute by minute: what it shows is judged, learned and summed up each quarter hour."""

from __future__ import annotations

import numpy as np

from detection.health import ahead_watch, unusual_watch
from detection.health.model import FIRST_MINUTES, StateModel
from detection.health.points import FEWEST_MINUTES, ChannelPoints
from detection.health.rows import MachineRow, take
from detection.health.state import MachineState, QuarterSum
from detection.health.watched_machine import WatchedMachine, minute_utc
from domain.anomalies import Anomaly
from domain.machine_health import ChannelHealth, HealthStatus, MachineHealth
from domain.minutes import Minute

MINUTES = 15
INDEX = ((0.7, 1.0, 2.0), (100.0, 50.0, 0.0))
"""Of the worst measure over its limit: its index; straight in between."""
WORST_INDEX_OPEN = 50.0
"""With something open the index is no higher."""
MOST_OVER = 1e6

Found = list[Anomaly | MachineHealth]


def take_minute(watched: WatchedMachine, machine: MachineState, minute: Minute) -> Found:
    """Take a minute of one channel; what it completes is judged."""
    row = take(machine.gathering, watched.health, watched.state_channel, minute)
    return [] if row is None else _take_row(watched, machine, row)


def _take_row(watched: WatchedMachine, machine: MachineState, row: MachineRow) -> Found:
    found: Found = []
    quarter = row.minute // MINUTES
    if quarter != machine.quarter:
        if machine.quarter >= 0:
            found += _end_quarter(watched, machine)
        machine.quarter, machine.sums = quarter, {}
    if row.state is None or row.values is None:
        machine.state = None if row.state is None else machine.state
        return found
    if row.state != machine.state:
        machine.state = row.state
        machine.model(row.state).begin()
    judged, anomalies = unusual_watch.judge(watched, machine, row.state, row.minute, row.values)
    machine.sums.setdefault(row.state, QuarterSum()).add(row.values, judged)
    return [*found, *anomalies]


def _end_quarter(watched: WatchedMachine, machine: MachineState) -> Found:
    """Publish the quarter hour that has ended, and judge where each channel is going."""
    minute = (machine.quarter + 1) * MINUTES
    found: Found = []
    for state, summed in machine.sums.items():
        if summed.count >= FEWEST_MINUTES and state in machine.models:
            means = summed.means()
            points = machine.points.setdefault(state, [ChannelPoints() for _ in means])
            for point, mean in zip(points, means, strict=True):
                point.add(machine.quarter, mean, watched.zone)
            found += ahead_watch.judge(watched, machine, state, minute, means)
    return [*found, _health(watched, machine)]


def _health(watched: WatchedMachine, machine: MachineState) -> MachineHealth:
    at_utc = minute_utc(machine.quarter * MINUTES)
    sums = {state: summed for state, summed in machine.sums.items() if state in machine.models}
    state = max(sums, key=lambda name: (sums[name].count, name), default=None)
    names = (watched.site, watched.machine.id, watched.machine.meter, at_utc)
    if state is None:
        return MachineHealth(*names, HealthStatus.NO_DATA, machine.state or "", None, None, None, 0.0, 0)
    summed, model = sums[state], machine.models[state]
    channels = tuple(_channel(watched, machine, state, place, mean) for place, mean in enumerate(summed.means()))
    distances = summed.distances()
    learned = 1.0 if model.learned else min(model.seen / FIRST_MINUTES, 1.0)
    status = _status(machine, state, model)
    if distances is None:
        return MachineHealth(*names, status, state, None, None, None, round(learned, 3), summed.count, channels)
    t2, q = (min(round(one, 4), MOST_OVER) for one in distances[:2])
    index = _index(watched, model, summed, distances[2])
    if status is not HealthStatus.USUAL:
        index = min(index, WORST_INDEX_OPEN)
    return MachineHealth(*names, status, state, round(index, 1), t2, q, learned, summed.count, channels)


def _status(machine: MachineState, state: str, model: StateModel) -> HealthStatus:
    if machine.ahead.incident is not None and machine.ahead.incident.state == state:
        return HealthStatus.LIMIT_AHEAD
    if machine.unusual.incident is not None and machine.unusual.incident.state == state:
        return HealthStatus.UNUSUAL
    return HealthStatus.USUAL if model.learned else HealthStatus.LEARNING


def _index(watched: WatchedMachine, model: StateModel, summed: QuarterSum, worst: float) -> float:
    """Of the worst: the strength, or how far a channel has come from its usual value to its limit."""
    for place, mean in enumerate(summed.means()):
        limit, usual = ahead_watch.limit_of(watched, model, place), model.usual[place]
        if limit is not None and limit > usual:
            worst = max(worst, (mean - usual) / (limit - usual))
    return float(np.interp(worst, *INDEX))


def _channel(watched: WatchedMachine, machine: MachineState, state: str, place: int, mean: float) -> ChannelHealth:
    model, name = machine.models[state], watched.health.channels[place]
    points = machine.points.get(state)
    trend = points[place].shown() if points else None
    limit = ahead_watch.limit_of(watched, model, place)
    going = points[place].goings() if points else []
    days = going[-1].trend.days_to(limit) if going and limit is not None and going[-1].trend.slope > 0 else None
    left, least, most = days if days is not None else (None, None, None)
    return ChannelHealth(
        channel=name,
        unit=watched.health.units.get(name, ""),
        mean=_short(mean),
        usual=_short(model.usual[place]) if model.learned else None,
        low=_short(model.low(place)),
        high=_short(model.high(place)),
        limit=watched.health.limits.get(name),
        trend_per_day=None if trend is None else _short(trend.slope),
        days_to_limit=_short(left),
        days_low=_short(least),
        days_high=_short(most),
    )


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")

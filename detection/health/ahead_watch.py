"""Quarter hour by quarter hour: whether a channel is on its way to its limit, and what is published of it."""

from __future__ import annotations

from typing import NamedTuple

from detection.health import findings
from detection.health.incident import REFRACTORY, Incident
from detection.health.model import StateModel
from detection.health.points import ChannelPoints
from detection.health.state import Ahead, MachineState
from detection.health.trend import LAST, Trend
from detection.health.watched_machine import WatchedMachine
from domain.anomalies import Anomaly

LEAST_RISE, LEAST_DEVIATIONS = 0.2, 3.0
"""Of the usual value, and standard deviations of the minutes: what rises by less is no wear."""
CALM_QUARTERS = 32
"""Quarter hours of the state without a trend that end an incident."""
FALLEN_QUARTERS = 4
"""The same where the channel has fallen back by half."""


class OnItsWay(NamedTuple):
    """A channel that is: its place, its limit and its trend."""

    place: int
    limit: float
    trend: Trend
    days: float


def limit_of(watched: WatchedMachine, model: StateModel, place: int) -> float | None:
    """The upper limit of a channel: as the plant file has it, else the learned one; None: it has none."""
    own = model.high(place) if place in watched.health.judged else None
    return watched.health.limits.get(watched.health.channels[place], own)


def judge(watched: WatchedMachine, machine: MachineState, state: str, minute: int, means: list[float]) -> list[Anomaly]:
    """A quarter hour of the machine in `state` has been added to its points."""
    model, watch = machine.models[state], machine.ahead
    if not model.learned:
        return []
    incident = watch.incident
    if incident is not None:
        return _go_on(watched, machine, incident, state, minute, means) if incident.state == state else []
    found = _soonest(watched, model, machine.points[state])
    before, watch.candidate = watch.candidate, "" if found is None else watched.health.channels[found.place]
    if found is None or minute - watch.ended < REFRACTORY:
        return []
    if watch.candidate != before:
        watch.since = minute
        return []
    watch.incident = incident = Incident(watch.candidate, state, watch.since, usual=model.usual[found.place])
    watch.level = means[found.place]
    return [_published(watched, incident, minute, means, found.trend, found.limit)]


def _go_on(
    watched: WatchedMachine, machine: MachineState, incident: Incident, state: str, minute: int, means: list[float]
) -> list[Anomaly]:
    model, watch, place = machine.models[state], machine.ahead, watched.health.channels.index(incident.channel)
    limit = limit_of(watched, model, place)
    points = machine.points[state][place]
    found = (
        None if limit is None else _on_its_way(model, place, points, limit, limit_is_set=incident.channel in watched.health.limits)
    )
    incident.calm = incident.calm + 1 if found is None else 0
    actual_kw, usual_kw = watched.power_kw(means), watched.power_kw(model.usual)
    incident.minutes += 15
    if actual_kw is not None and usual_kw is not None:
        incident.over_kw += 15 * (actual_kw - usual_kw)
    has_fallen = 2 * means[place] < incident.usual + watch.level
    if limit is None or incident.calm >= (FALLEN_QUARTERS if has_fallen else CALM_QUARTERS):
        machine.ahead = Ahead(ended=minute)
        return [_published(watched, incident, minute, means, None, limit or 0.0, ended=True)]
    if not incident.is_due(minute):
        return []
    return [_published(watched, incident, minute, means, None if found is None else found.trend, limit)]


def _soonest(watched: WatchedMachine, model: StateModel, points: list[ChannelPoints]) -> OnItsWay | None:
    found = []
    for place, channel in enumerate(watched.health.channels):
        limit = limit_of(watched, model, place)
        if limit is not None:
            one = _on_its_way(model, place, points[place], limit, channel in watched.health.limits)
            found += [] if one is None else [one]
    return min(found, key=lambda one: one.days, default=None)


def _on_its_way(model: StateModel, place: int, points: ChannelPoints, limit: float, limit_is_set: bool) -> OnItsWay | None:
    last = [value for _, value in points.quarters[-LAST:]]
    shown = points.shown()
    if limit_is_set and len(last) == LAST and min(last) >= limit and shown is not None:
        return OnItsWay(place, limit, shown, 0.0)
    least = max(LEAST_RISE * abs(model.usual[place]), LEAST_DEVIATIONS * model.deviation[place])
    for trend, horizon_days in points.goings():
        days = trend.days_to(limit)
        if trend.slope > 0 and trend.rise >= least and days is not None and days[0] <= horizon_days:
            return OnItsWay(place, limit, trend, days[0])
    return None


def _published(
    watched: WatchedMachine,
    incident: Incident,
    minute: int,
    means: list[float],
    trend: Trend | None,
    limit: float,
    ended: bool = False,
) -> Anomaly:
    incident.actual = means[watched.health.channels.index(incident.channel)]
    incident.publish(minute)
    return findings.ahead(watched, incident, minute, trend, limit, ended)

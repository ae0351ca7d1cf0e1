"""Minute by minute: whether the channels of a machine move together as they did, and what is published of it."""

from __future__ import annotations

from detection.health import findings
from detection.health.incident import REFRACTORY, Incident, Suspicion
from detection.health.model import FIRST_MINUTES, Judged, StateModel
from detection.health.state import MachineState, Unusual
from detection.health.watched_machine import WatchedMachine
from domain.anomalies import Anomaly

ENDS_BELOW = 0.85
CALM_MINUTES = 60
"""In a row, that end an incident."""
PASSES_WITHIN = 240
"""Minutes of the state: what goes away by itself within them is a way of working, and is no finding the next time."""
ACCEPTED_AFTER = 1_440
"""Minutes of the state: what lasts so long is how the machine is now."""


def judge(
    watched: WatchedMachine, machine: MachineState, state: str, minute: int, values: list[float]
) -> tuple[Judged | None, list[Anomaly]]:
    """A good minute of the machine in `state`: judged, then learned if it is usual."""
    model = machine.model(state)
    row = model.smoothed(values)
    if row is None:
        return None, []
    judged = model.judge(row, watched.health)
    watch = machine.unusual
    incident = watch.incident
    if judged is None or (judged.strength < 1.0 and (incident is None or incident.state != state)):
        model.teach(row, watched.health)
    if judged is None:
        return None, []
    if incident is None:
        return judged, _suspect(watched, watch, model, state, minute, row, judged)
    return judged, _go_on(watched, machine, incident, state, minute, row, judged) if incident.state == state else []


def _suspect(
    watched: WatchedMachine, watch: Unusual, model: StateModel, state: str, minute: int, row: list[float], judged: Judged
) -> list[Anomaly]:
    if not watch.suspicion.add(minute, judged.strength >= 1.0) or minute - watch.ended < REFRACTORY:
        return []
    watch.incident = Incident(watched.health.channels[judged.place], state, watch.suspicion.since)
    watch.fresh = StateModel()
    return _published(watched, watch.incident, model, minute, row)


def _go_on(
    watched: WatchedMachine, machine: MachineState, incident: Incident, state: str, minute: int, row: list[float], judged: Judged
) -> list[Anomaly]:
    watch, model = machine.unusual, machine.models[state]
    incident.minutes += 1
    incident.calm = incident.calm + 1 if judged.strength < ENDS_BELOW else 0
    _count_power(watched, incident, model, row)
    if incident.calm >= CALM_MINUTES:
        _end(watch, minute)
        if incident.minutes <= PASSES_WITHIN:
            model.absorb(watch.fresh, watched.health)
        return _published(watched, incident, model, minute, row, ended=True)
    if judged.strength >= ENDS_BELOW:
        watch.fresh.teach(row, watched.health)
    if incident.minutes >= ACCEPTED_AFTER and watch.fresh.seen >= ACCEPTED_AFTER // 2 and watch.fresh.seen >= FIRST_MINUTES:
        machine.models[state] = watch.fresh
        _end(watch, minute)
        return _published(watched, incident, watch.fresh, minute, row, ended=True, accepted=True)
    return _published(watched, incident, model, minute, row) if incident.is_due(minute) else []


def _end(watch: Unusual, minute: int) -> None:
    (
        watch.incident,
        watch.suspicion,
        watch.ended,
    ) = None, Suspicion(), minute


def _count_power(watched: WatchedMachine, incident: Incident, model: StateModel, row: list[float]) -> None:
    actual_kw, usual_kw = watched.power_kw(row), watched.power_kw(model.usual)
    if actual_kw is not None and usual_kw is not None:
        incident.over_kw += actual_kw - usual_kw


def _published(
    watched: WatchedMachine,
    incident: Incident,
    model: StateModel,
    minute: int,
    row: list[float],
    ended: bool = False,
    accepted: bool = False,
) -> list[Anomaly]:
    place = watched.health.channels.index(incident.channel)
    incident.actual = row[place]
    if not accepted:
        incident.usual = model.expected(row, place, watched.health)
    incident.publish(minute)
    return [findings.unusual(watched, incident, minute, ended, accepted)]

"""A machine that is on in a staffed shift without a job, for longer or at more than it usually is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from detection.site.incidents import Incident, Report, per_day, published
from detection.site.levels import Levels, on_limit_kw
from detection.site.machines import SiteMachine
from detection.site.view import View
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, Value, fact
from quarters.numbers import slot_start

KIND = AnomalyKind.IDLE_IN_SHIFT
LEARNS_DAYS = 14.0
"""Days of sound quarter hours before anything is found."""
SHORTEST = 4
"""Quarter hours: shorter spans are changeovers."""
LEAST_KWH = 5.0
MORE_THAN_USUAL = 1.5
"""Times the energy of the longest span of the last four weeks."""
ENDS_AFTER = 2
"""Quarter hours in a row with a job, at rest, or at full power."""
DAY = timedelta(hours=24)


def watch(view: View) -> Iterator[Anomaly]:
    """Judge one quarter hour of each machine."""
    for machine in view.machines.machines:
        levels = view.levels(machine)
        if machine.runs_jobs and levels is not None and levels.rest_kw is not None and levels.days >= LEARNS_DAYS:
            yield from _judge(view, machine, levels, levels.rest_kw)


def _judge(view: View, machine: SiteMachine, levels: Levels, rest_kw: float) -> Iterator[Anomaly]:
    incidents, meter, slot = view.notes.incidents, machine.meter, view.slot
    incident = incidents.of(meter, KIND)
    if machine.staffing.off_phase(view.start_utc) is not None:  # what it draws now is another watch's
        if incident is not None:
            yield from _end(view, machine, incident, slot if not incident.calm else incident.calm_slot)
        return
    kw, job_limit_kw = view.kw(meter), view.notes.jobs.limit_kw(machine.machine.id)
    if kw is None or job_limit_kw is None or not levels.knows_jobs:
        return
    level_kw = rest_kw if incident is None else incident.level
    is_idle = on_limit_kw(machine, level_kw) < kw < job_limit_kw and not view.notes.jobs.has_job(machine.machine.id, view.start_utc)
    if is_idle:
        if incident is None:
            incident = incidents.put(meter, KIND, Incident(slot, level=rest_kw))
        incident.calm = 0
        incident.quarters += 1
        incident.kwh += kw / 4
        incident.excess_kwh += (kw - incident.level) / 4
        enough = max(LEAST_KWH, MORE_THAN_USUAL * levels.most_idle_kwh)
        opens = incident.quarters >= SHORTEST and incident.excess_kwh > enough and incidents.may_open(meter, KIND, slot)
        if incident.is_due(slot) if incident.is_open else opens:
            yield _publish(view, machine, incident, None)
    elif incident is not None:
        incident.calm_slot = slot if not incident.calm else incident.calm_slot
        incident.calm += 1
        if incident.calm >= ENDS_AFTER or not incident.is_open:
            yield from _end(view, machine, incident, incident.calm_slot)


def _end(view: View, machine: SiteMachine, incident: Incident, until_slot: int) -> Iterator[Anomaly]:
    view.notes.incidents.drop(machine.meter, KIND, view.slot)
    if incident.is_open:
        yield _publish(view, machine, incident, until_slot)


def _publish(view: View, machine: SiteMachine, incident: Incident, until_slot: int | None) -> Anomaly:
    since_utc, price = slot_start(incident.since_slot), view.eur_per_kwh
    staffed_hours = DAY / timedelta(hours=1) - machine.staffing.off_hours(since_utc, since_utc + DAY)
    kwh_per_day = max((incident.actual_kw - incident.level) * staffed_hours, 0.0)
    return published(
        incident,
        Report(
            view.site, machine.meter, KIND, view.slot, until_slot, _facts(machine, incident, until_slot, kwh_per_day, price),
            expected_kw=incident.level, actual_kw=incident.actual_kw, kwh_per_day=kwh_per_day, price_eur_per_kwh=price,
            like_day=view.like_day(machine.meter, incident.since_slot),
            evidence={"machine": machine.machine.id, "quarter_hours": str(incident.quarters), "staffed_hours_per_day": f"{staffed_hours:.2f}"},
        ),
    )  # fmt: skip


def _facts(
    machine: SiteMachine, incident: Incident, until_slot: int | None, kwh_per_day: float, price: float | None
) -> tuple[Fact, ...]:
    values: dict[str, Value] = {
        "machine": machine.machine.id, "since_utc": slot_start(incident.since_slot), "actual_kw": incident.actual_kw,
        "expected_kw": incident.level, "excess_kwh": incident.excess_kwh,
    }  # fmt: skip
    if until_slot is not None:
        return (fact("idle.ended", **values, until_utc=slot_start(until_slot)),)
    return fact("idle.lasting", **values), per_day(kwh_per_day, price)

"""Compressed air at a higher pressure than is enough: than the plant file allows, or than the compressor had for weeks."""

from __future__ import annotations

from collections.abc import Iterator

from detection.site.gauges import Gauge
from detection.site.incidents import Incident, Report, per_day, published
from detection.site.machines import SiteMachine
from detection.site.saving import PRESSURE
from detection.site.view import View
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, Value, fact
from domain.set_points import MachineSetPoint, SetPointKind
from quarters.numbers import slot_start

KIND = AnomalyKind.PRESSURE_HIGH
LEARNS_DAYS = 7
ABOVE_USUAL_BAR = 0.4
MARGIN_BAR = 0.05
OPENS_AFTER, ENDS_AFTER = 8, 4
"""Quarter hours whose mean is above, or no longer above."""


def watch(view: View) -> Iterator[Anomaly]:
    """Judge one quarter hour of each compressor whose pressure is read."""
    for machine in view.machines.machines:
        point = machine.set_point(SetPointKind.PRESSURE)
        gauge = None if point is None else view.notes.gauges.get(f"{machine.machine.id}/{point.channel}")
        if point is not None and gauge is not None:
            yield from _judge(view, machine, point, gauge)


def _judge(view: View, machine: SiteMachine, point: MachineSetPoint, gauge: Gauge) -> Iterator[Anomaly]:
    incidents, meter, slot = view.notes.incidents, machine.meter, view.slot
    incident = incidents.of(meter, KIND)
    usual = gauge.usual(point, LEARNS_DAYS)
    limit_bar = point.most if usual is None else min(point.most, usual.middle + ABOVE_USUAL_BAR)
    if incident is None:
        bar = gauge.mean(slot + 1 - OPENS_AFTER, slot + 1, OPENS_AFTER - 2)
        if bar is not None and bar > limit_bar + MARGIN_BAR and incidents.may_open(meter, KIND, slot):
            incident = incidents.put(meter, KIND, Incident(slot + 1 - OPENS_AFTER, level=limit_bar))
            for earlier in range(slot + 1 - OPENS_AFTER, slot + 1):
                _count(view, machine, gauge, incident, earlier)
            yield _publish(view, machine, incident, bar, None)
        return
    _count(view, machine, gauge, incident, slot)
    bar = gauge.mean(slot + 1 - ENDS_AFTER, slot + 1, ENDS_AFTER - 1)
    if bar is None:
        return
    # What stays for weeks is the usual pressure by then: it ends as the new normal, unless the plant file forbids it.
    if bar <= max(limit_bar, incident.level):
        incidents.drop(meter, KIND, slot)
        yield _publish(view, machine, incident, bar, slot + 1 - ENDS_AFTER)
    elif incident.is_due(slot):
        yield _publish(view, machine, incident, bar, None)


def _count(view: View, machine: SiteMachine, gauge: Gauge, incident: Incident, slot: int) -> None:
    bar, kw = gauge.mean(slot, slot + 1, 1), float(view.sound_kw(machine.meter, slot, slot + 1)[0])
    if bar is None or kw != kw:
        return
    incident.quarters += 1
    incident.kwh += kw / 4
    incident.excess_kwh += kw / 4 * PRESSURE.share(max(bar - incident.level, 0.0)).middle


def _publish(view: View, machine: SiteMachine, incident: Incident, bar: float, until_slot: int | None) -> Anomaly:
    price, ids = view.eur_per_kwh, machine.machine.id
    excess_kw = incident.excess_kwh * 4 / incident.quarters if incident.quarters else 0.0
    values: dict[str, Value] = {
        "machine": ids, "since_utc": slot_start(incident.since_slot), "actual_bar": bar, "limit_bar": incident.level,
    }  # fmt: skip
    facts: tuple[Fact, ...]
    if until_slot is None:
        facts = (fact("pressure.lasting", **values), per_day(24 * excess_kw, price))
    else:
        facts = (fact("pressure.ended", **values, until_utc=slot_start(until_slot)),)
    report = Report(
        view.site, machine.meter, KIND, view.slot, until_slot, facts, expected_kw=incident.actual_kw - excess_kw, actual_kw=incident.actual_kw,
        kwh_per_day=24 * excess_kw, price_eur_per_kwh=price, like_day=view.like_day(machine.meter, incident.since_slot),
        evidence={"machine": ids, "bar": f"{bar:.2f}", "limit_bar": f"{incident.level:.2f}"},
    )  # fmt: skip
    return published(incident, report)

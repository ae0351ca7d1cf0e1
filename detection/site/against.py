"""Rooms that are heated and cooled at the same time, day after day. Looked at once a day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from detection.site.incidents import Incident, Report, per_day, published
from detection.site.levels import Floats
from detection.site.machines import SiteMachine
from detection.site.prices import mean_price
from detection.site.view import View
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, fact
from domain.plant import MachineKind
from quarters.numbers import slot_start

KIND = AnomalyKind.HEATING_AGAINST_COOLING
RUNS_AT = 0.2
"""Share of the rated power above which a machine heats or cools."""
HOURS = 2.0
"""Of a day in which both ran, that make it count."""
LOOKS_BACK, OPENS_AT, ENDS_AT = 5, 3, 0
"""Days looked at, and how many of them count when it opens and when it ends."""


def watch_day(view: View) -> Iterator[Anomaly]:
    """Judge each pair of a machine that heats rooms and one that cools them, at the beginning of a local day."""
    for heating in view.machines.of_kind(MachineKind.HEATING):
        for cooling in view.machines.of_kind(MachineKind.COOLING):
            yield from _judge(view, heating, cooling)


def _judge(view: View, heating: SiteMachine, cooling: SiteMachine) -> Iterator[Anomaly]:
    days = [_against_kw(view, heating, cooling, *view.day_slots(back)) for back in range(LOOKS_BACK, 0, -1)]
    counted = [len(day) / 4 >= HOURS for day in days]
    incidents, name = view.notes.incidents, f"{heating.meter}+{cooling.meter}"
    incident = incidents.of(name, KIND)
    if incident is None:
        if sum(counted) >= OPENS_AT:
            since = view.day_slots(LOOKS_BACK - counted.index(True))[0]
            incident = incidents.put(name, KIND, Incident(since))
            incident.excess_kwh = sum(float(day.sum()) / 4 for day in days)
            yield _publish(view, heating, cooling, incident, days, None)
        return
    incident.excess_kwh += float(days[-1].sum()) / 4
    if sum(counted) <= ENDS_AT:
        incidents.drop(name, KIND, view.slot)
        yield _publish(view, heating, cooling, incident, days, view.day_slots(LOOKS_BACK - 1)[0])
    elif counted[-1]:
        yield _publish(view, heating, cooling, incident, days, None)


def _against_kw(view: View, heating: SiteMachine, cooling: SiteMachine, first: int, end: int) -> Floats:
    """In each quarter hour of a day in which both run, the smaller of the two powers [kW]: about what is undone by the other."""
    both = [view.sound_kw(one.meter, first, end) for one in (heating, cooling)]
    run = [kw > RUNS_AT * one.machine.rated_kw for kw, one in zip(both, (heating, cooling), strict=True)]
    return np.minimum(*both)[run[0] & run[1]]


def _publish(
    view: View, heating: SiteMachine, cooling: SiteMachine, incident: Incident, days: list[Floats], until_slot: int | None
) -> Anomaly:
    ids = (heating.machine.id, cooling.machine.id)
    per_day_kwh = sum(float(day.sum()) / 4 for day in days) / len(days)
    hours, price = sum(len(day) for day in days) / 4 / len(days), mean_price(view, lambda _: True)
    mean_kw = per_day_kwh / hours if hours else 0.0
    since_utc = slot_start(incident.since_slot)
    facts: tuple[Fact, ...]
    if until_slot is None:
        facts = (
            fact("heating_cooling.lasting", machine=ids, since_utc=since_utc, hours_per_day=hours),
            per_day(per_day_kwh, price),
        )
    else:
        facts = (fact("heating_cooling.ended", machine=ids, since_utc=since_utc, until_utc=slot_start(until_slot)),)
    report = Report(
        view.site, cooling.meter, KIND, view.slot, until_slot, facts, expected_kw=0.0, actual_kw=mean_kw, kwh_per_day=per_day_kwh,
        price_eur_per_kwh=price, like_day=view.like_day(cooling.meter, incident.since_slot), evidence={"machines": ", ".join(ids)},
    )  # fmt: skip
    return published(incident, report)

"""What is published of an incident of this room. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from math import isnan

from detection.findings import Finding, anomaly_of
from detection.live.incidents import Incident
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, fact
from domain.intervals import Interval

EPOCH_DAY = date(1970, 1, 1).toordinal()
OF_DATA = (AnomalyKind.STUCK, AnomalyKind.SPIKE, AnomalyKind.UNIT_JUMP, AnomalyKind.PHASE_DROP)
NO_ENERGY = (*OF_DATA, AnomalyKind.PHASE_IMBALANCE, AnomalyKind.POOR_POWER_FACTOR)
"""Kinds whose point is no energy; what a poor power factor costs is not by the kilowatt-hour."""


def published(
    kind: AnomalyKind, incident: Incident, interval: Interval, at_utc: datetime, machines: Sequence[str], price_eur_per_kwh: float | None,
    eur_per_day: float | None = None,
) -> Anomaly:  # fmt: skip
    """The record of an incident as it is now.

    Parameters
    ----------
    interval
        A quarter hour of its meter.
    machines
        Ids of the machines behind the meter.
    price_eur_per_kwh
        None where it is not known: then it says no money.
    eur_per_day
        What it costs by another price than that of energy.
    """
    since_utc = _instant(incident.since_s)
    until_utc = None if incident.is_open else _instant(incident.until_s)
    if kind not in NO_ENERGY and price_eur_per_kwh is not None:
        eur_per_day = incident.kwh_per_day * price_eur_per_kwh
    facts = [_fact(kind, incident, interval.meter, machines, since_utc, until_utc)]
    if until_utc is None and kind not in NO_ENERGY and incident.kwh_per_day > 0:
        facts.append(_per_day(incident.kwh_per_day, eur_per_day))
    evidence = {"price_eur_per_kwh": "unknown" if price_eur_per_kwh is None else f"{price_eur_per_kwh:.4f}"}
    if kind in NO_ENERGY:
        evidence = {}
    if machines:
        evidence["machines"] = ", ".join(machines)
    for name, power_kw in (("expected_kw", incident.expected_kw), ("actual_kw", incident.actual_kw)):
        if not isnan(power_kw):
            evidence[name] = f"{power_kw:.2f}"
    if incident.like_day >= 0:
        evidence["like_day"] = date.fromordinal(EPOCH_DAY + incident.like_day).isoformat()
    finding = Finding(
        kind=kind,
        facts=tuple(facts),
        since_utc=since_utc,
        until_utc=until_utc,
        revision=incident.revision,
        at_utc=at_utc,
        expected_kw=None if isnan(incident.expected_kw) else incident.expected_kw,
        actual_kw=None if isnan(incident.actual_kw) else incident.actual_kw,
        excess_kwh=incident.excess_kwh,
        kwh_per_day=incident.kwh_per_day,
        eur_per_day=eur_per_day,
        evidence=evidence,
    )
    return anomaly_of(interval, finding)


def _instant(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _per_day(kwh_per_day: float, eur_per_day: float | None) -> Fact:
    if eur_per_day is None:
        return fact("creep.per_day_unpriced", kwh_per_day=kwh_per_day)
    return fact("creep.per_day", kwh_per_day=kwh_per_day, eur_per_day=eur_per_day)


def _fact(
    kind: AnomalyKind, incident: Incident, meter: str, machines: Sequence[str], since_utc: datetime, until_utc: datetime | None
) -> Fact:
    if kind in OF_DATA:
        return _data(kind, incident, meter, since_utc, until_utc)
    match kind:
        case AnomalyKind.LEFT_ON:
            return _left_on(incident, meter, since_utc, until_utc)
        case AnomalyKind.UNPLANNED_WORK:
            return _work(incident, meter, since_utc, until_utc)
        case AnomalyKind.BASE_LOAD_STEP | AnomalyKind.AIR_LEAK:
            return _base_load(kind, incident, meter, machines, since_utc, until_utc)
        case AnomalyKind.EARLY_START | AnomalyKind.LATE_STOP:
            return _habit(kind, incident, machines, since_utc, until_utc)
        case _:
            return _electric(kind, incident, meter, since_utc, until_utc)


def _data(kind: AnomalyKind, incident: Incident, meter: str, since_utc: datetime, until_utc: datetime | None) -> Fact:
    if until_utc is not None:
        return fact("data.ended", meter=meter, since_utc=since_utc, until_utc=until_utc)
    match kind:
        case AnomalyKind.STUCK:
            return fact("data.stuck", meter=meter, since_utc=since_utc)
        case AnomalyKind.SPIKE:
            return fact(
                "data.spike", meter=meter, since_utc=since_utc, actual_kw=incident.actual_kw, highest_kw=incident.numbers[0]
            )
        case AnomalyKind.UNIT_JUMP:
            return fact(
                "data.unit_jump", meter=meter, since_utc=since_utc, actual_kw=incident.actual_kw, highest_kw=incident.numbers[0]
            )
        case _:
            return fact("data.phase_drop", meter=meter, since_utc=since_utc, phase=incident.numbers[0])


def _left_on(incident: Incident, meter: str, since_utc: datetime, until_utc: datetime | None) -> Fact:
    kw, expected_kw, kwh = incident.actual_kw, incident.expected_kw, incident.excess_kwh
    if until_utc is None:
        return fact("left_on.lasting", meter=meter, since_utc=since_utc, actual_kw=kw, expected_kw=expected_kw, excess_kwh=kwh)
    return fact(
        "left_on.ended",
        meter=meter,
        since_utc=since_utc,
        until_utc=until_utc,
        actual_kw=kw,
        expected_kw=expected_kw,
        excess_kwh=kwh,
    )


def _work(incident: Incident, meter: str, since_utc: datetime, until_utc: datetime | None) -> Fact:
    worked_h, missing_h = incident.numbers
    if not worked_h:
        return fact("work.not_worked", meter=meter, since_utc=since_utc, hours=missing_h, actual_kw=incident.actual_kw)
    if until_utc is not None:
        return fact("work.ended", meter=meter, since_utc=since_utc, until_utc=until_utc, excess_kwh=incident.excess_kwh)
    if missing_h:
        return fact("work.moved", meter=meter, since_utc=since_utc, worked_h=worked_h, missing_h=missing_h)
    return fact("work.unplanned", meter=meter, since_utc=since_utc, worked_h=worked_h, excess_kwh=incident.excess_kwh)


def _base_load(
    kind: AnomalyKind, incident: Incident, meter: str, machines: Sequence[str], since_utc: datetime, until_utc: datetime | None
) -> Fact:
    kw, expected_kw, kwh = incident.actual_kw, incident.expected_kw, incident.excess_kwh
    if kind is AnomalyKind.AIR_LEAK:
        if until_utc is None:
            return fact("base.leak", machine=machines, since_utc=since_utc, actual_kw=kw, expected_kw=expected_kw, excess_kwh=kwh)
        return fact("base.leak_ended", machine=machines, since_utc=since_utc, until_utc=until_utc, excess_kwh=kwh)
    if until_utc is None:
        return fact("base.risen", meter=meter, since_utc=since_utc, actual_kw=kw, expected_kw=expected_kw, excess_kwh=kwh)
    return fact("base.ended", meter=meter, since_utc=since_utc, until_utc=until_utc, excess_kwh=kwh)


def _habit(kind: AnomalyKind, incident: Incident, machines: Sequence[str], since_utc: datetime, until_utc: datetime | None) -> Fact:
    hours, days = incident.numbers
    if until_utc is not None:
        return fact("times.ended", machine=machines, since_utc=since_utc, until_utc=until_utc, excess_kwh=incident.excess_kwh)
    if kind is AnomalyKind.EARLY_START:
        return fact("times.early", machine=machines, since_utc=since_utc, hours=hours, days=days, excess_kwh=incident.excess_kwh)
    return fact("times.late", machine=machines, since_utc=since_utc, hours=hours, days=days, excess_kwh=incident.excess_kwh)


def _electric(kind: AnomalyKind, incident: Incident, meter: str, since_utc: datetime, until_utc: datetime | None) -> Fact:
    if until_utc is not None:
        return fact("electric.ended", meter=meter, since_utc=since_utc, until_utc=until_utc)
    if kind is AnomalyKind.PHASE_IMBALANCE:
        return fact("electric.imbalance", meter=meter, since_utc=since_utc, share=incident.numbers[0])
    cos_phi, least, *_ = incident.numbers
    return fact("electric.power_factor", meter=meter, since_utc=since_utc, cos_phi=cos_phi, least=least)

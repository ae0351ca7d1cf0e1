"""What is published of a machine found on while it should be off. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from detection.findings import Finding, anomaly_of
from detection.incident import Incident
from detection.staffing import Staffing
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, Value, fact
from domain.intervals import Interval
from domain.plant import Machine
from quarters.numbers import slot_start

DAY = timedelta(hours=24)


def anomaly(
    machines: Sequence[Machine], staffing: Staffing, price_eur_per_kwh: float | None, incident: Incident, interval: Interval,
    until_slot: int | None, is_accepted: bool,
) -> Anomaly:  # fmt: skip
    """The record of an incident as it is now.

    Parameters
    ----------
    machines
        Those behind the meter.
    price_eur_per_kwh
        None where it is not known.
    interval
        The quarter hour that shows it.
    until_slot
        Where it ended; None while it lasts.
    is_accepted
        Whether it ends because this is how the machine idles now.
    """
    since_utc = slot_start(incident.since_slot)
    until_utc = None if until_slot is None else slot_start(until_slot)
    # Per day: the hours of the 24 h from its beginning in which nobody is meant to run the machine, at its mean excess so far.
    off_hours = staffing.off_hours(since_utc, since_utc + DAY)
    kwh_per_day = (incident.actual_kw - incident.level.expected_kw) * off_hours
    price = price_eur_per_kwh
    cost = () if until_utc is not None else (_per_day(kwh_per_day, price),)
    finding = Finding(
        kind=AnomalyKind.ON_WHILE_OFF,
        facts=(_fact(machines, incident, until_utc, is_accepted), *cost),
        since_utc=since_utc,
        until_utc=until_utc,
        revision=incident.revision,
        at_utc=interval.end_utc,
        expected_kw=incident.level.expected_kw,
        actual_kw=incident.actual_kw,
        excess_kwh=incident.excess_kwh(),
        kwh_per_day=kwh_per_day,
        eur_per_day=None if price is None else kwh_per_day * price,
        evidence=_evidence(machines, incident, off_hours, price),
    )
    return anomaly_of(interval, finding)


def _evidence(machines: Sequence[Machine], incident: Incident, off_hours: float, price_eur_per_kwh: float | None) -> dict[str, str]:
    return {
        "machines": ", ".join(machine.id for machine in machines),
        "limit_kw": f"{incident.level.limit_kw:.2f}",
        "expected_from": incident.level.basis,
        "quarter_hours": str(incident.seen_quarters()),
        "spans_of_rest": str(incident.spans),
        "off_hours_per_day": f"{off_hours:.2f}",
        "price_eur_per_kwh": "unknown" if price_eur_per_kwh is None else f"{price_eur_per_kwh:.4f}",
    }


def _fact(machines: Sequence[Machine], incident: Incident, until_utc: datetime | None, is_accepted: bool) -> Fact:
    again = {"spans": incident.spans} if incident.spans > 1 or is_accepted else {}
    values: dict[str, Value] = {
        "machine": tuple(machine.id for machine in machines), "since_utc": slot_start(incident.since_slot),
        "actual_kw": incident.actual_kw, "expected_kw": incident.level.expected_kw, "excess_kwh": incident.excess_kwh(), **again,
    }  # fmt: skip
    if is_accepted:
        return fact("on_while_off.accepted", **values)
    if until_utc is None:
        return fact("on_while_off.lasting_again" if again else "on_while_off.lasting", **values)
    return fact("on_while_off.ended_again" if again else "on_while_off.ended", **values, until_utc=until_utc)


def _per_day(kwh_per_day: float, price_eur_per_kwh: float | None) -> Fact:
    if price_eur_per_kwh is None:
        return fact("on_while_off.per_day_unpriced", kwh_per_day=kwh_per_day)
    return fact("on_while_off.per_day", kwh_per_day=kwh_per_day, eur_per_day=kwh_per_day * price_eur_per_kwh)

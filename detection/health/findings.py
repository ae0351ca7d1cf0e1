"""Records of what was found at a machine: facts, evidence and money. Pure."""

from __future__ import annotations

from detection.findings import Finding, record_of
from detection.health.incident import Incident
from detection.health.per_part import per_day
from detection.health.trend import Trend
from detection.health.watched_machine import WatchedMachine, minute_utc
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, fact

HOURS_OF_DAY = 24
MOST_GROWTH = 100.0
"""Times the usual value that a sentence names at most."""


def unusual(watched: WatchedMachine, incident: Incident, at: int, ended: bool, accepted: bool = False) -> Anomaly:
    """Channels that do not move together as they did; at a minute, by its number since 1970."""
    machine, since_utc, at_utc = watched.machine.id, minute_utc(incident.since), minute_utc(at)
    if accepted:
        says = fact("machine_unusual.accepted", machine=machine, channel=incident.channel, since_utc=since_utc)
    elif ended:
        says = fact("machine_unusual.ended", machine=machine, channel=incident.channel, since_utc=since_utc, until_utc=at_utc)
    else:
        says = fact("machine_unusual.lasting", machine=machine, channel=incident.channel, since_utc=since_utc, off=_off(incident))
    return _record(watched, incident, AnomalyKind.MACHINE_UNUSUAL, at, (says,), {}, ended)


def ahead(watched: WatchedMachine, incident: Incident, at: int, found: Trend | None, limit: float, ended: bool) -> Anomaly:
    """A channel that is on its way to its limit."""
    is_set = incident.channel in watched.health.limits
    evidence = {"limit": f"{limit:.6g}", "limit_from": "plant_file" if is_set else "learned"}
    if found is not None:
        evidence |= {"trend_per_day": f"{found.slope:.4g}", "mann_kendall_z": f"{found.z:.2f}"}
    says = _on_its_way(watched, incident, at, found, limit, ended)
    return _record(watched, incident, AnomalyKind.LIMIT_AHEAD, at, (says,), evidence, ended)


def _on_its_way(watched: WatchedMachine, incident: Incident, at: int, found: Trend | None, limit: float, ended: bool) -> Fact:
    machine, since_utc, channel = watched.machine.id, minute_utc(incident.since), incident.channel
    if ended:
        return fact("limit_ahead.ended", machine=machine, channel=channel, until_utc=minute_utc(at))
    days = None if found is None else found.days_to(limit)
    if days is None or days[0] <= 0:
        return fact("limit_ahead.beyond", machine=machine, channel=channel, since_utc=since_utc)
    left, least, most = days
    if most is None:
        return fact(
            "limit_ahead.open_ended", machine=machine, channel=channel, since_utc=since_utc, left_days=left, least_days=least
        )
    return fact(
        "limit_ahead.lasting", machine=machine, channel=channel, since_utc=since_utc, left_days=left, least_days=least,
        most_days=most,
    )  # fmt: skip


def _off(incident: Incident) -> float:
    """By which share the channel is off what is usual."""
    if incident.usual == 0:
        return MOST_GROWTH
    return min(abs(incident.actual - incident.usual) / abs(incident.usual), MOST_GROWTH)


def _record(
    watched: WatchedMachine, incident: Incident, kind: AnomalyKind, at: int, says: tuple[Fact, ...], evidence: dict[str, str],
    ended: bool,
) -> Anomaly:  # fmt: skip
    kwh_per_day = max(incident.mean_over_kw, 0.0) * HOURS_OF_DAY
    price = watched.price(minute_utc(at))
    has_power = watched.power_place is not None
    eur_per_day = None if price is None or not has_power else kwh_per_day * price
    if not ended and kwh_per_day > 0:
        says = (*says, per_day(kwh_per_day, eur_per_day))
    finding = Finding(
        kind=kind,
        facts=says,
        since_utc=minute_utc(incident.since),
        until_utc=minute_utc(at) if ended else None,
        revision=incident.revision,
        at_utc=minute_utc(at),
        excess_kwh=max(incident.excess_kwh, 0.0),
        kwh_per_day=kwh_per_day,
        eur_per_day=eur_per_day,
        evidence={
            "machine": watched.machine.id,
            "channel": incident.channel,
            "unit": watched.health.units.get(incident.channel, ""),
            "state": incident.state,
            "expected": f"{incident.usual:.6g}",
            "actual": f"{incident.actual:.6g}",
            "minutes": str(incident.minutes),
            **evidence,
        },
    )
    return record_of(watched.site, watched.machine.meter, finding)

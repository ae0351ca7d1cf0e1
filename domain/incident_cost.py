"""What an incident has cost so far, in any span of time: the one answer of page, API, report and dashboards.

In: the newest revision of an incident, a span.  Out: kWh and EUR that fall into it.

The energy above expectation is spread evenly from the beginning of the incident to its end, or to what is known of one that lasts. So the
months of a year sum to the incident, and what is not known yet is not counted. It is priced by the incident's own price: EUR a day over
kWh a day. Where money is not in kilowatt-hours, as with reactive charges, it is EUR a day times the days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.anomalies import Anomaly, Nature

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class IncidentCost:
    """Energy and money above expectation."""

    kwh: float = 0.0
    eur: float | None = None
    """None where no price is known: unknown is not zero."""


NO_COST = IncidentCost()
"""Of a data fault: it says nothing of the plant."""


def known_until_utc(incident: Anomaly) -> datetime:
    """Its end; of one that lasts, up to when its newest revision knows it. Never before its beginning."""
    return max(incident.since_utc, incident.at_utc if incident.until_utc is None else incident.until_utc)


def cost_so_far(incident: Anomaly) -> IncidentCost:
    """What the whole incident has cost as far as it is known."""
    return _cost(incident, 1.0, known_until_utc(incident) - incident.since_utc)


def cost_between(incident: Anomaly, from_utc: datetime, to_utc: datetime) -> IncidentCost:
    """The part of `cost_so_far` that falls into ``[from_utc, to_utc)``; all of it for an incident without length that begins there."""
    since, until = incident.since_utc, known_until_utc(incident)
    if since == until:
        return cost_so_far(incident) if from_utc <= since < to_utc else NO_COST
    overlap = max(min(until, to_utc) - max(since, from_utc), timedelta(0))
    return _cost(incident, overlap / (until - since), overlap)


def cost_of_going_on(incident: Anomaly, lasting: timedelta) -> IncidentCost:
    """What it would have cost to go on for `lasting`, at its rate a day."""
    days = lasting / DAY
    eur = incident.eur_per_day
    return NO_COST if _is_free(incident) else IncidentCost(incident.kwh_per_day * days, None if eur is None else eur * days)


def sum_of(costs: Iterable[IncidentCost]) -> IncidentCost:
    """Energy of all; money of those whose price is known, None where none is."""
    several = list(costs)
    priced = [one.eur for one in several if one.eur is not None]
    return IncidentCost(sum(one.kwh for one in several), sum(priced) if priced else None)


def _is_free(incident: Anomaly) -> bool:
    return incident.kind.nature is Nature.DATA


def _cost(incident: Anomaly, share: float, lasting: timedelta) -> IncidentCost:
    if _is_free(incident):
        return NO_COST
    kwh = incident.excess_kwh * share
    if incident.eur_per_day is None:
        return IncidentCost(kwh, None)
    if incident.kwh_per_day > 0:
        return IncidentCost(kwh, kwh * incident.eur_per_day / incident.kwh_per_day)
    return IncidentCost(kwh, incident.eur_per_day * (lasting / DAY))

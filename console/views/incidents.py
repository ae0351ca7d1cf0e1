"""The page *Findings*: incidents in groups that are never mixed, what they rest on, what ended lately, and what people reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.views.evidence import Evidence, evidence_of
from console.views.findings import MOST_SHOWN, Finding, WatchView, eur_per_day, open_findings, watch_view, worded
from console.views.machines import TrendPoint, health_records, index_trend
from console.views.money import NoPrice, no_price
from console.views.scene import Scene
from domain.anomalies import Anomaly, AnomalyKind, Nature
from domain.feedback import FeedbackGiven, Standing, standing_by_anomaly
from domain.incident_cost import IncidentCost, cost_so_far, known_until_utc, sum_of
from words.sentences import names_of

MOST_PICTURES = 20
"""Incidents of one group that are shown with their picture; others show it on a page of their own."""
ENDED_WITHIN = timedelta(days=30)
GROUPS = (Nature.WASTE, Nature.WEAR, Nature.QUALITY, Nature.DATA)
"""In the order of the page: what costs money, what will, what is lost in products, and what says nothing of the plant."""


@dataclass(frozen=True, slots=True)
class AlsoShown:
    """Another meter that shows the same."""

    meter: str
    meter_label: str
    kind: AnomalyKind
    """As what it was found there."""
    share: float | None
    """As `domain.anomalies.AlsoFound.share`."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident with what it has cost and what it rests on."""

    finding: Finding
    cost: IncidentCost
    """So far."""
    picture: Evidence | None
    """None where there is nothing to draw, or it is shown on a page of its own only."""
    also: tuple[AlsoShown, ...]
    cause_label: str
    """What it comes from, for people; empty where that is the meter itself, or not known."""
    holds: FeedbackGiven | None
    """What people reported of it last, where that holds: also what left here lately."""
    is_waiting: bool
    """Whether the incident does not show yet what holds."""
    machine: str | None
    """Whose health it is about; None for all but wear."""
    health: tuple[TrendPoint, ...]
    """Health index of that machine in the last week; empty where it is not known, or shown on a page of its own only."""


@dataclass(frozen=True, slots=True)
class IncidentGroup:
    """Open incidents of one nature, the most expensive first."""

    nature: Nature
    incidents: tuple[Incident, ...]
    left_out: int
    eur_per_day: float | None
    """Of all that are priced; None where none is."""
    cost: IncidentCost
    """Of all so far."""


@dataclass(frozen=True, slots=True)
class IncidentsView:
    """The page *Findings*."""

    now_utc: datetime
    groups: tuple[IncidentGroup, ...]
    """Only those that there are."""
    ended: tuple[Incident, ...]
    """Of the last 30 days, the newest first; without pictures."""
    ended_left_out: int
    ended_cost: IncidentCost
    """Of all that ended in that time."""
    no_price: NoPrice
    """Why an amount of money that is None is not known."""
    watch: WatchView


def incidents_view(scene: Scene) -> IncidentsView:
    """What is abnormal, and what was."""
    found = open_findings(scene)
    standing = standing_feedback(scene)
    groups = (_group(scene, nature, [one for one in found if one.anomaly.kind.nature is nature], standing) for nature in GROUPS)
    ended = _ended(scene)
    return IncidentsView(
        now_utc=scene.now_utc,
        groups=tuple(group for group in groups if group.incidents),
        ended=tuple(_incident(scene, one, False, standing.get(one.anomaly.anomaly)) for one in worded(scene, ended[:MOST_SHOWN])),
        ended_left_out=max(0, len(ended) - MOST_SHOWN),
        ended_cost=sum_of(cost_so_far(one) for one in ended),
        no_price=no_price(scene.plant),
        watch=watch_view(scene),
    )


def incident_view(scene: Scene, name: str) -> Incident | None:
    """One incident with its picture, open or ended; None if there is none of that name."""
    anomaly = next((one for one in scene.ledger.anomalies() if one.anomaly == name), None)
    if anomaly is None:
        return None
    return _incident(scene, worded(scene, [anomaly])[0], True, standing_feedback(scene).get(name))


def _incident(scene: Scene, finding: Finding, is_drawn: bool, standing: Standing | None) -> Incident:
    names, a = names_of(scene.plant), finding.anomaly
    cause = next((names[kind, a.cause] for kind in ("meter", "machine") if (kind, a.cause) in names), a.cause)
    also = tuple(AlsoShown(one.meter, names.get(("meter", one.meter), one.meter), one.kind, one.share) for one in a.also)
    machine = next((one for one in scene.plant.machines if a.kind.nature is Nature.WEAR and one.meter == a.meter), None)
    health = index_trend(health_records(scene, machine)) if machine is not None and is_drawn else ()
    picture = evidence_of(scene, a) if is_drawn and not health else None
    holds = a.feedback if standing is None else standing.holds
    return Incident(
        finding, cost_so_far(a), picture, also, cause, holds, holds != a.feedback, None if machine is None else machine.id, health
    )


def standing_feedback(scene: Scene) -> Mapping[str, Standing]:
    """What was reported of each incident, by its id."""
    return standing_by_anomaly(dict.fromkeys([*scene.ledger.feedback(), *scene.feedback_sent]))


def _group(scene: Scene, nature: Nature, found: Sequence[Finding], standing: Mapping[str, Standing]) -> IncidentGroup:
    shown = [
        _incident(scene, one, place < MOST_PICTURES, standing.get(one.anomaly.anomaly))
        for place, one in enumerate(found[:MOST_SHOWN])
    ]
    cost = sum_of(cost_so_far(one.anomaly) for one in found)
    per_day = None if nature is Nature.DATA else eur_per_day(found)
    return IncidentGroup(nature, tuple(shown), len(found) - len(shown), per_day, cost)


def _ended(scene: Scene) -> list[Anomaly]:
    """What ended within the last 30 days, the newest end first."""
    first = scene.now_utc - ENDED_WITHIN
    ended = [one for one in scene.ledger.anomalies() if one.until_utc is not None and first <= one.until_utc <= scene.now_utc]
    return sorted(ended, key=lambda one: (known_until_utc(one), one.anomaly), reverse=True)


__all__ = ["Incident", "IncidentGroup", "IncidentsView", "incident_view", "incidents_view"]

"""What is published of an incident, and when: as it opens, ends or changes, and as it is no more often than once an hour. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from detection.desk.energy import Cost, Explaining
from detection.desk.kinds import UPDATES, Group, group_of
from detection.desk.likes import lowest
from detection.desk.members import hours_of, shared_hours
from detection.desk.state import Incident, Member, Published, Rule
from detection.desk.tree import MeterTree
from domain.anomalies import MOST_ALSO, AlsoFound, Anomaly
from domain.facts import MOST_FACTS, MOST_IDS, Fact, fact
from domain.feedback import FeedbackGiven, FeedbackKind

COSTS_MORE = 2.0
"""By what factor a cost changes before it is published at once."""
LEAST_COST = 0.5
"""A cost below this [EUR or kWh a day] is as good as none."""
FIRST_ALSO = 5
"""The first meters that join are published each; then their number has to double."""
OWN_FACTS = 4
"""Facts of the incident itself, behind those of its finding."""
REMAINDER = 0.05
"""A smaller share that other incidents explain is not worth a sentence."""


@dataclass(frozen=True, slots=True)
class View:
    """An incident as it is now."""

    is_open: bool
    until_utc: datetime | None
    cost: Cost
    cause: str
    also: tuple[AlsoFound, ...]
    explained: float
    """Share of the finding that other incidents explain."""
    feedback: FeedbackGiven | None


class Publishing:
    """Makes the records of incidents."""

    def __init__(self, tree: MeterTree) -> None:
        self._tree = tree

    def view(self, incident: Incident, explaining: Explaining, normal: Rule | None, at_utc: datetime) -> View:
        """The incident as it is now.

        Parameters
        ----------
        normal
            What is normal whose like it has turned out to be; None: it is not.
        """
        until_utc = self._until(incident)
        if until_utc is None and normal is not None:
            until_utc = max(incident.since_utc, at_utc)
        opener = incident.members.get(incident.opened_by)
        return View(
            until_utc is None, until_utc, explaining.cost(incident), self._cause(incident), self._also(incident),
            0.0 if opener is None else explaining.explained(opener, incident),
            incident.feedback if normal is None else normal.given,
        )  # fmt: skip

    def _until(self, incident: Incident) -> datetime | None:
        """When it ended; None while it lasts. A meter above the cause does not keep it open."""
        decides = [*lowest(incident, self._tree), *(one for one in incident.members.values() if one.meter == incident.meter)]
        feedback = incident.feedback
        if feedback is not None and feedback.kind is FeedbackKind.FIXED and not incident.is_still_found:
            ends = [min(one.end_utc, feedback.at_utc) if one.is_open else one.end_utc for one in decides]
            return max(incident.since_utc, min(feedback.at_utc, max(ends)) if any(one.is_open for one in decides) else max(ends))
        if feedback is not None and feedback.kind is FeedbackKind.NORMAL and not incident.is_still_found:
            return max(incident.since_utc, min(feedback.at_utc, max(one.until_utc or feedback.at_utc for one in decides)))
        if any(one.is_open for one in decides):
            return None
        return max((one.end_utc for one in decides), default=incident.at_utc)

    def _cause(self, incident: Incident) -> str:
        below = [one for one in lowest(incident, self._tree) if self._tree.is_above(incident.meter, one.meter)]
        if below:
            return max(below, key=lambda one: (one.kw or 0.0, one.finding)).meter
        return incident.lead.cause

    def _also(self, incident: Incident) -> tuple[AlsoFound, ...]:
        found: dict[tuple[str, str], AlsoFound] = {}
        opener = incident.members.get(incident.opened_by)
        for one in incident.members.values():
            if one.meter != incident.meter or one.kind is not incident.kind:
                found[one.meter, one.kind] = AlsoFound(one.meter, one.kind, None if opener is None else self._share(opener, one))
        ordered = sorted(found.values(), key=lambda also: (-(also.share or 0.0), also.meter, also.kind))
        return tuple(ordered[:MOST_ALSO])

    def _share(self, opener: Member, other: Member) -> float | None:
        upper, lower = (opener, other) if self._tree.is_above(opener.meter, other.meter) else (other, opener)
        if not upper.kw or not lower.kw or not self._tree.is_above(upper.meter, lower.meter):
            return None
        return round(min(1.0, lower.kw * shared_hours(upper, lower) / (upper.kw * hours_of(upper))), 3)

    def record(self, incident: Incident, view: View, at_utc: datetime) -> Anomaly:
        """The next revision."""
        lead = incident.lead
        facts = (*lead.facts[: MOST_FACTS - OWN_FACTS], *self._facts(incident, view))
        return replace(
            lead,
            meter=incident.meter, anomaly=incident.opened_by, kind=incident.kind, since_utc=incident.since_utc,
            revision=max(incident.revision + 1, lead.revision), until_utc=view.until_utc, at_utc=max(at_utc, lead.at_utc, incident.since_utc),
            excess_kwh=round(view.cost.kwh, 3), kwh_per_day=round(view.cost.kwh_per_day, 3),
            eur_per_day=None if view.cost.eur_per_day is None else round(view.cost.eur_per_day, 2),
            facts=facts, also=view.also, cause=view.cause, feedback=view.feedback,
        )  # fmt: skip

    def _facts(self, incident: Incident, view: View) -> list[Fact]:
        found = []
        below = [also.meter for also in view.also if self._tree.is_above(incident.meter, also.meter)]
        if view.cause in below:
            found.append(fact("incident.cause", meter=view.cause))
        others = list(dict.fromkeys(also.meter for also in view.also if also.meter not in (view.cause, incident.meter)))
        if others:
            found.append(fact("incident.also", meter=others[:MOST_IDS]))
        if group_of(incident.kind) == Group.LOAD and view.explained >= REMAINDER:
            found.append(fact("incident.remainder", explained=round(view.explained, 3)))
        feedback = incident.feedback
        if incident.is_still_found and feedback is not None:
            fixed = feedback.kind is FeedbackKind.FIXED
            found.append(fact("incident.still_found" if fixed else "incident.outgrown", reported_utc=feedback.at_utc))
        return found

    def published(self, record: Anomaly) -> Published:
        """What of a record decides when the next one is due."""
        return Published(
            record.at_utc, record.until_utc, _cost(record), record.cause, len(record.also),
            tuple(one.key for one in record.facts if not one.key.startswith("incident.")), record.feedback,
        )  # fmt: skip

    def is_due(self, last: Published | None, record: Anomaly) -> bool:
        """Whether `record` says enough that is new to be published."""
        if last is None:
            return True
        now = self.published(record)
        if not now.is_open and not last.is_open:
            is_restated = (now.facts, now.until_utc) != (last.facts, last.until_utc) or _has_grown(last.also, now.also)
            is_answered = now.feedback is not None and now.feedback.kind is not FeedbackKind.KNOWN
            return (is_restated and not is_answered) or now.feedback != last.feedback
        if (now.is_open, now.cause, now.facts, now.feedback) != (last.is_open, last.cause, last.facts, last.feedback):
            return True
        if _has_grown(last.also, now.also):
            return True
        low, high = sorted((max(now.cost, LEAST_COST), max(last.cost, LEAST_COST)))
        if high >= COSTS_MORE * low:
            return True
        is_known = record.feedback is not None and record.feedback.kind is FeedbackKind.KNOWN
        return now.is_open and not is_known and record.at_utc - last.at_utc >= UPDATES


def _cost(record: Anomaly) -> float:
    return record.kwh_per_day if record.eur_per_day is None else record.eur_per_day


def _has_grown(before: int, now: int) -> bool:
    """Whether so many more meters show it that it is worth a revision."""
    return now > before and (before < FIRST_ALSO or now >= 2 * before or now == MOST_ALSO)

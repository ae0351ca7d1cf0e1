"""What the incidents of a span cost, and what ending them early was worth: one account for page, API and report.

In: newest revisions of incidents with what people reported of them, measured effects of advice.  Out: sums by nature, and each euro that was avoided
with what it rests on.

*Found* is the part of each incident that falls into the span (`domain.incident_cost`). What somebody called normal is none. Incidents
that were joined to a cause are not there twice: the desk publishes one for what belongs together.

*Avoided* is counted on the safe side. Only an incident that somebody called fixed and that ended in the span counts, from its end to when
its like usually ends, and never beyond the span. What is usual is the median of at least three earlier incidents of its kind on its
meter that nobody reported anything of; where there are fewer, nothing is counted, and the report says of how many. Where a measured effect of advice on the same
machine falls into that time, the effect counts and the incident does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from domain.anomalies import Anomaly, Nature
from domain.effects import Effect
from domain.feedback import FeedbackKind
from domain.incident_cost import IncidentCost, cost_between, cost_of_going_on, sum_of
from domain.plant import Plant

FEWEST_LIKE = 3
"""Earlier incidents of its like that say how long one usually lasts."""


@dataclass(frozen=True, slots=True)
class Found:
    """Incidents of one nature in the span."""

    nature: Nature
    count: int
    cost: IncidentCost
    unpriced: int
    """Of them those without a price."""


@dataclass(frozen=True, slots=True)
class Avoided:
    """One incident that ended before its like usually does, because somebody fixed it."""

    incident: Anomaly
    usual: timedelta
    """How long its like usually lasts."""
    counted_until_utc: datetime
    """Its usual end, or the end of the span."""
    cost: IncidentCost


@dataclass(frozen=True, slots=True)
class FindingsAccount:
    """Found and avoided in one span."""

    found: tuple[Found, ...] = ()
    """By nature, in the order of `Nature`; only those that there are."""
    normal: int = 0
    """Incidents that somebody called normal: in no sum."""
    avoided: tuple[Avoided, ...] = ()
    """The most valuable first."""
    not_countable: int = 0
    """Fixed ones whose usual end is not known."""
    by_advice: int = 0
    """Fixed ones whose worth is a measured effect of advice already."""

    @property
    def found_cost(self) -> IncidentCost:
        """Of all natures."""
        return sum_of(one.cost for one in self.found)

    @property
    def avoided_cost(self) -> IncidentCost:
        """Of all that are counted."""
        return sum_of(one.cost for one in self.avoided)


NOTHING_FOUND = FindingsAccount()


def findings_account(
    incidents: Sequence[Anomaly], effects: Iterable[Effect], plant: Plant, from_utc: datetime, to_utc: datetime
) -> FindingsAccount:
    """The account of ``[from_utc, to_utc)``.

    Parameters
    ----------
    incidents
        Newest revision of each, earlier ones too: they say what is usual.
    effects
        Measured effects of advice.
    """
    inside = [one for one in incidents if one.since_utc < to_utc and (one.until_utc is None or one.until_utc >= from_utc)]
    counted = [one for one in inside if _reported(one) is not FeedbackKind.NORMAL]
    avoided, not_countable, by_advice = [], 0, 0
    helped = _helped(effects, plant)
    for one in counted:
        if _reported(one) is not FeedbackKind.FIXED or one.until_utc is None or not from_utc <= one.until_utc < to_utc:
            continue
        usual = _usual(one, incidents)
        if usual is None:
            not_countable += 1
            continue
        until_utc = one.since_utc + min(usual, to_utc - one.since_utc)
        if until_utc <= one.until_utc:
            continue
        if any(meter == one.meter and one.until_utc <= at_utc < until_utc for meter, at_utc in helped):
            by_advice += 1
            continue
        avoided.append(Avoided(one, usual, until_utc, cost_of_going_on(one, until_utc - one.until_utc)))
    avoided.sort(key=lambda one: (-(one.cost.eur or 0.0), -one.cost.kwh, one.incident.anomaly))
    return FindingsAccount(
        tuple(_found(nature, counted, from_utc, to_utc) for nature in Nature if any(one.kind.nature is nature for one in counted)),
        len(inside) - len(counted), tuple(avoided), not_countable, by_advice,
    )  # fmt: skip


def _reported(incident: Anomaly) -> FeedbackKind | None:
    return None if incident.feedback is None else incident.feedback.kind


def _found(nature: Nature, counted: Iterable[Anomaly], from_utc: datetime, to_utc: datetime) -> Found:
    costs = [cost_between(one, from_utc, to_utc) for one in counted if one.kind.nature is nature]
    return Found(nature, len(costs), sum_of(costs), sum(cost.eur is None for cost in costs))


def _usual(incident: Anomaly, incidents: Iterable[Anomaly]) -> timedelta | None:
    """How long its like lasted before it began; None where too few are known."""
    lengths_s = [
        (one.until_utc - one.since_utc).total_seconds()
        for one in incidents
        if (one.kind, one.meter) == (incident.kind, incident.meter) and one.anomaly != incident.anomaly
        and one.until_utc is not None and one.until_utc <= incident.since_utc and one.feedback is None
    ]  # fmt: skip
    return timedelta(seconds=median(lengths_s)) if len(lengths_s) >= FEWEST_LIKE else None


def _helped(effects: Iterable[Effect], plant: Plant) -> list[tuple[str, datetime]]:
    """Meter and quarter hour of each measured saving."""
    meter_of = {machine.id: machine.meter for machine in plant.machines}
    return [(meter, one.quarter_utc) for one in effects if one.saving_eur is not None and (meter := meter_of.get(one.machine))]

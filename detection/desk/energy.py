"""What findings explain of one another, and what an incident costs: energy is counted once over a tree of meters. Pure.

In: incidents of a site.  Out: shares and sums. With T(m) = max(own(m), sum of T over the findings next below m), an incident costs the sum of
T over its topmost findings, where own(m) is what is found at m without what other incidents below it explain. Meters above the one that opened it
only show it, and add nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from detection.desk.kinds import Group, group_of
from detection.desk.members import hours_of, shared_hours
from detection.desk.state import Incident, Member, Notes
from detection.desk.tree import MeterTree


@dataclass(frozen=True, slots=True)
class Cost:
    """What is too much."""

    kwh: float = 0.0
    kwh_per_day: float = 0.0
    eur_per_day: float | None = 0.0
    """None where a price is not known: unknown is not zero."""

    def __add__(self, other: Cost) -> Cost:
        known = self.eur_per_day is not None and other.eur_per_day is not None
        money = (self.eur_per_day or 0.0) + (other.eur_per_day or 0.0) if known else None
        return Cost(self.kwh + other.kwh, self.kwh_per_day + other.kwh_per_day, money)

    def at_least(self, other: Cost) -> Cost:
        """Of each figure the larger."""
        known = [eur for eur in (self.eur_per_day, other.eur_per_day) if eur is not None]
        money = max(known) if len(known) == 2 else None
        return Cost(max(self.kwh, other.kwh), max(self.kwh_per_day, other.kwh_per_day), money)

    def without(self, share: float) -> Cost:
        """What is left without a share of it."""
        kept = 1.0 - share
        return Cost(self.kwh * kept, self.kwh_per_day * kept, None if self.eur_per_day is None else self.eur_per_day * kept)


@dataclass(frozen=True, slots=True)
class Below:
    """What findings at one meter explain of one above it."""

    meter: str
    kwh: float
    incident: Incident
    """That of the finding that explains most."""


class Explaining:
    """Looks up what explains what.

    Parameters
    ----------
    notes
        Of the site; read, never changed.
    """

    def __init__(self, tree: MeterTree, notes: Notes) -> None:
        self._tree, self._notes = tree, notes

    def below(self, member: Member, besides: Incident | None = None) -> list[Below]:
        """What is found below `member` at the same time, in other incidents than `besides`: only the topmost of each path, so that nothing counts twice."""
        rows: dict[str, list[tuple[Member, Incident]]] = {}
        if group_of(member.kind) == Group.LOAD and self._tree.has_lower(member.meter):
            for incident in self._notes.incidents.values():
                if incident is not besides and group_of(incident.kind) == Group.LOAD:
                    for one in incident.members.values():
                        if one.kw and self._tree.is_above(member.meter, one.meter) and shared_hours(member, one) > 0:
                            rows.setdefault(one.meter, []).append((one, incident))
        single = {meter: _at_meter(member, some) for meter, some in rows.items()}
        tops = [meter for meter in rows if not any(self._tree.is_above(other, meter) for other in rows)]
        return [Below(meter, self._most_kwh(meter, single), single[meter].incident) for meter in tops]

    def _most_kwh(self, meter: str, single: Mapping[str, Below]) -> float:
        """What is found at a meter, or below it together, whichever is more [kWh]."""
        lower = [one for one in single if self._tree.is_above(meter, one)]
        nearest = [one for one in lower if not any(self._tree.is_above(other, one) for other in lower)]
        return max(single[meter].kwh, sum(self._most_kwh(one, single) for one in nearest))

    def explained(self, member: Member, besides: Incident | None = None) -> float:
        """Share of a finding that other incidents below it explain, 0..1."""
        if not member.kw:
            return 0.0
        return min(1.0, sum(below.kwh for below in self.below(member, besides)) / (member.kw * hours_of(member)))

    def cost(self, incident: Incident) -> Cost:
        """What an incident costs."""
        counted = (one for one in incident.members.values() if not self._tree.is_above(one.meter, incident.meter))
        clusters = [_Cluster(meter, self._own(incident, some)) for meter, some in _by_meter(counted)]
        tops = [one for one in clusters if not any(self._tree.is_above(other.meter, one.meter) for other in clusters)]
        total = Cost(incident.settled_kwh)
        for top in tops:
            total = total + self._total(top, clusters)
        return total

    def _total(self, top: _Cluster, clusters: Sequence[_Cluster]) -> Cost:
        lower = [one for one in clusters if self._tree.is_above(top.meter, one.meter)]
        nearest = [one for one in lower if not any(self._tree.is_above(other.meter, one.meter) for other in lower)]
        if not nearest:
            return top.own
        below = Cost()
        for one in nearest:
            below = below + self._total(one, clusters)
        return top.own.at_least(below)

    def _own(self, incident: Incident, members: Sequence[Member]) -> Cost:
        """Of the findings at one meter: those of different times add up, of those at one time the largest counts."""
        total, kwh = Cost(), 0.0
        for some in _at_one_time(members):
            largest = Cost()
            for index, member in enumerate(some):
                own = Cost(member.kwh, member.kwh_per_day, member.eur_per_day).without(self.explained(member, incident))
                largest = own if index == 0 else largest.at_least(own)
            kwh += largest.kwh
            total = largest  # a day costs what it costs at last
        return Cost(kwh, total.kwh_per_day, total.eur_per_day)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Findings of an incident at one meter."""

    meter: str
    own: Cost


def _at_meter(member: Member, rows: Sequence[tuple[Member, Incident]]) -> Below:
    """What findings at one meter explain of `member`: those of different times together, of those at one time the largest."""
    incident_of = {one.finding: incident for one, incident in rows}
    kwh, most, best = 0.0, -1.0, rows[0][1]
    for some in _at_one_time([one for one, _ in rows]):
        energies = [((one.kw or 0.0) * shared_hours(member, one), one.finding) for one in some]
        largest, finding = max(energies)
        kwh += largest
        if largest > most:
            most, best = largest, incident_of[finding]
    return Below(rows[0][0].meter, kwh, best)


def _by_meter(members: Iterable[Member]) -> list[tuple[str, list[Member]]]:
    found: dict[str, list[Member]] = {}
    for member in members:
        found.setdefault(member.meter, []).append(member)
    return list(found.items())


def _at_one_time(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Findings that overlap, one list after the other by time."""
    run: list[Member] = []
    for member in sorted(members, key=lambda one: (one.since_utc, one.finding)):
        if run and member.since_utc >= max(one.end_utc for one in run):
            yield run
            run = []
        run.append(member)
    if run:
        yield run

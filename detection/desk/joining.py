"""Where a new finding belongs: to an incident that is known, or to one of its own. Pure.

1. At the same meter: it overlaps or follows shortly, and is of the same size.
2. Above what is known: the findings below explain it, and it joins the incident that explains most.
3. Below what is known: it explains what is not explained yet, and becomes the cause.
4. A kind that comes from one place when it begins at several meters at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detection.desk.energy import Explaining
from detection.desk.kinds import EXPLAINS, LIKE_POWER, REFRACTORY, SAME_BEGIN, SLACK, TOGETHER, Group, group_of
from detection.desk.members import hours_of, overlap, shared_hours
from detection.desk.state import Incident, Member, Notes
from detection.desk.tree import MeterTree
from domain.feedback import FeedbackKind


class Joining:
    """Places findings in the incidents of a site."""

    def __init__(self, tree: MeterTree, notes: Notes) -> None:
        self._tree, self._notes = tree, notes
        self._explaining = Explaining(tree, notes)

    def place(self, member: Member) -> Incident | None:
        """The incident that a new finding belongs to; None: its own."""
        alike = [one for one in self._notes.incidents.values() if group_of(one.kind) == group_of(member.kind)]
        found = self._at_the_meter(member, alike)
        if found is None and group_of(member.kind) == Group.LOAD and member.kw:
            found = self._above(member) or self._below(member, alike)
        return found or self._together(member, alike)

    def _at_the_meter(self, member: Member, alike: Iterable[Incident]) -> Incident | None:
        for incident in _newest_first(alike):
            feedback = incident.feedback
            if feedback is not None and feedback.kind is FeedbackKind.NORMAL:
                continue  # the rule decides of the like
            for one in incident.members.values():
                if one.meter == member.meter and overlap(one, member, REFRACTORY) and _is_same(one, member):
                    return incident
        return None

    def _above(self, member: Member) -> Incident | None:
        below = self._explaining.below(member)
        if not below or self._explaining.explained(member) < EXPLAINS:
            return None
        return max(below, key=lambda one: (one.kwh, one.meter)).incident

    def _below(self, member: Member, alike: Iterable[Incident]) -> Incident | None:
        for incident in _newest_first(alike):
            feedback = incident.feedback
            if feedback is not None and feedback.kind in (FeedbackKind.NORMAL, FeedbackKind.FIXED):
                continue
            lowest = self._lowest(incident, member)
            if lowest is None or not lowest.kw or not overlap(lowest, member, SLACK):
                continue
            unexplained_kwh = lowest.kw * hours_of(lowest) * (1.0 - self._explaining.explained(lowest, incident))
            if (member.kw or 0.0) * shared_hours(lowest, member) >= EXPLAINS * unexplained_kwh > 0:
                return incident
        return None

    def _lowest(self, incident: Incident, member: Member) -> Member | None:
        """The newest finding at the lowest meter of an incident, where all of its meters are above that of `member`."""
        members = list(incident.members.values())
        if not all(self._tree.is_above(one.meter, member.meter) for one in members):
            return None
        lows = [one for one in members if not any(self._tree.is_above(one.meter, other.meter) for other in members)]
        return max(lows, key=lambda one: (one.since_utc, one.finding), default=None)

    @staticmethod
    def _together(member: Member, alike: Iterable[Incident]) -> Incident | None:
        if member.kind not in TOGETHER:
            return None
        for incident in _newest_first(alike):
            first = incident.members.get(incident.opened_by)
            feedback = incident.feedback
            if first is None or incident.kind is not member.kind or (feedback is not None and feedback.kind is FeedbackKind.NORMAL):
                continue
            if abs(first.since_utc - member.since_utc) < SAME_BEGIN:
                return incident
        return None


def _is_same(known: Member, new: Member) -> bool:
    if group_of(known.kind) == Group.MACHINE:
        return known.machine == new.machine
    if group_of(known.kind) != Group.LOAD:
        return True
    if not known.kw or not new.kw:
        return known.kind is new.kind
    return min(known.kw, new.kw) >= LIKE_POWER * max(known.kw, new.kw)


def _newest_first(incidents: Iterable[Incident]) -> Iterator[Incident]:
    return reversed(list(incidents))

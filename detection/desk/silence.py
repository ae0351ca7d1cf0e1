"""Whether an incident is the like of what was reported as normal. Pure but for the incident's own mark."""

from __future__ import annotations

from detection.desk.kinds import LAGS
from detection.desk.likes import is_like, lowest
from detection.desk.state import Incident, Like, Member, Notes, Rule
from detection.desk.tree import MeterTree
from domain.feedback import FeedbackKind
from domain.plant import Site


class Silence:
    """Keeps incidents silent, and lets those speak that have outgrown what is normal."""

    def __init__(self, site: Site, tree: MeterTree) -> None:
        self._site, self._tree = site, tree

    def judge(self, notes: Notes, incident: Incident) -> None:
        """Set what keeps the incident silent.

        An incident that was published falls silent only where a new cause turns out to be normal: one that has outgrown it and shrinks again
        stays open until it ends.
        """
        lows = lowest(incident, self._tree)
        feedback = incident.feedback
        if feedback is not None:
            incident.silenced_by = ""
            rule = notes.rules.get(incident.opened_by)
            if feedback.kind is FeedbackKind.NORMAL and rule is not None:
                incident.is_still_found |= not all(self._is_like(one, rule.likes, is_known=True) for one in lows)
            return
        published = incident.published
        if published is None or incident.silenced_by or published.cause != self._cause(incident, lows):
            incident.silenced_by = self._rule_for(notes, incident, lows)

    def _rule_for(self, notes: Notes, incident: Incident, lows: list[Member]) -> str:
        for name, rule in notes.rules.items():
            if name != incident.opened_by and self._is_of(rule, incident, lows):
                return name
        return ""

    def _is_of(self, rule: Rule, incident: Incident, lows: list[Member]) -> bool:
        if all(self._is_like(one, [like for like in rule.likes if like.is_cause]) for one in lows):
            return True
        # A meter above alone: its cause below may be found a little later.
        waits = all(one.at_utc - one.since_utc <= LAGS for one in lows)
        return incident.published is None and waits and all(self._is_like(one, rule.likes) for one in lows)

    def _is_like(self, member: Member, likes: tuple[Like, ...] | list[Like], is_known: bool = False) -> bool:
        """Whether a finding is the like of one of `likes`; `is_known`: it is one of them, whatever its time."""
        return any(is_like(member, like, None if is_known else self._site) for like in likes)

    def _cause(self, incident: Incident, lows: list[Member]) -> str:
        below = [one for one in lows if self._tree.is_above(incident.meter, one.meter)]
        if below:
            return max(below, key=lambda one: (one.kw or 0.0, one.finding)).meter
        return incident.lead.cause

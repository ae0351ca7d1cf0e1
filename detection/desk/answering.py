"""What feedback does to the incidents of a site, and why some of it does nothing."""

from __future__ import annotations

from detection.desk.likes import rule_of
from detection.desk.state import MOST_RULES, Incident, Notes
from detection.desk.tree import MeterTree
from domain.codec import encode
from domain.feedback import Feedback, FeedbackGiven, FeedbackKind, NoEffect
from domain.readings import Rejection, RejectionReason
from domain.texts import printable


def rejection(feedback: Feedback, detail: str) -> Rejection:
    """Feedback that changed nothing, with what was found and what to do."""
    original = encode(feedback).decode()
    return Rejection(
        feedback.site, feedback.meter, RejectionReason.REFUSED_FEEDBACK, original, printable(f"anomaly {feedback.anomaly}: {detail}"),
        at_utc=feedback.at_utc,
    )  # fmt: skip


class Answering:
    """Takes feedback into the notes of a site."""

    def __init__(self, tree: MeterTree, notes: Notes) -> None:
        self._tree, self._notes = tree, notes

    def incident_of(self, feedback: Feedback) -> Incident | None:
        """The incident that it is about: by its own id, or by that of a finding that belongs to it."""
        name = self._notes.belongs.get(feedback.anomaly, feedback.anomaly)
        return self._notes.incidents.get(name)

    def take(self, incident: Incident, feedback: Feedback) -> str | None:
        """Take it in.

        Returns
        -------
        str or None
            Why it has no effect; empty: it was taken before; None: it has.
        """
        given, standing = feedback.given, incident.standing
        if feedback.meter not in {one.meter for one in incident.members.values()} | {incident.meter}:
            return f"it is of meter {incident.meter!r}, not of {feedback.meter!r}; name its own meter"
        why = standing.no_effect(given)
        if why is not None:
            return _reason(why, standing.newest)
        is_rule = given.kind is FeedbackKind.NORMAL and incident.opened_by not in self._notes.rules
        if is_rule and len(self._notes.rules) >= MOST_RULES:
            return f"{MOST_RULES} things are normal already; take back what no longer is"
        standing.take(given)
        incident.is_still_found = False
        self._set_rule(incident)
        return None

    def _set_rule(self, incident: Incident) -> None:
        holds = incident.feedback
        if holds is None or holds.kind is not FeedbackKind.NORMAL:
            self._notes.rules.pop(incident.opened_by, None)
        elif incident.opened_by not in self._notes.rules or self._notes.rules[incident.opened_by].given != holds:
            self._notes.rules[incident.opened_by] = rule_of(incident, holds, self._tree)


def _reason(why: NoEffect, newest: FeedbackGiven | None) -> str:
    """Empty for what was taken before."""
    if why is NoEffect.NOTHING_TO_TAKE_BACK:
        return "there is nothing to take back"
    if why is NoEffect.REPEATED or newest is None:
        return ""
    return f"{newest.by} reported {newest.kind} at {newest.at_utc:%Y-%m-%dT%H:%M:%SZ}, later than this; report it again if it holds"

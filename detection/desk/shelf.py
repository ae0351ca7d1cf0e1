"""Keeps what the desk remembers bounded."""

from __future__ import annotations

from detection.desk.state import KEPT_ENDED, MOST_ENDED, MOST_MEMBERS, MOST_OPEN, Incident, Notes


class Shelf:
    """Forgets what ended long ago."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def tidy(self) -> list[Incident]:
        """Forget what is too much; incidents that were ended for it come back, to be published."""
        incidents = self._notes.incidents
        for incident in incidents.values():
            if len(incident.members) > MOST_MEMBERS:
                self._sum_up(incident)
        ended = sorted((one for one in incidents.values() if not _is_open(one)), key=lambda one: (one.at_utc, one.opened_by))
        reached_utc = self._notes.reached_utc
        old = sum(reached_utc is not None and one.at_utc < reached_utc - KEPT_ENDED for one in ended)
        for incident in ended[: max(old, len(ended) - MOST_ENDED)]:
            self._forget(incident)
        if len(incidents) <= MOST_OPEN:
            return []
        lasting = sorted((one for one in incidents.values() if _is_open(one)), key=lambda one: (one.at_utc, one.opened_by))
        broken_off = lasting[: max(0, len(lasting) - MOST_OPEN)]
        for incident in broken_off:
            for member in incident.members.values():
                member.until_utc = member.end_utc
        return broken_off

    def _forget(self, incident: Incident) -> None:
        del self._notes.incidents[incident.opened_by]
        for finding in incident.members:
            self._notes.belongs.pop(finding, None)

    def _sum_up(self, incident: Incident) -> None:
        """Sum up the oldest findings that have ended."""
        over = [one for one in incident.members.values() if not one.is_open and one.finding != incident.opened_by]
        for member in sorted(over, key=lambda one: (one.since_utc, one.finding))[: len(incident.members) - MOST_MEMBERS]:
            if member.meter == incident.meter:
                incident.settled_kwh += member.kwh
            del incident.members[member.finding]
            self._notes.belongs.pop(member.finding, None)


def _is_open(incident: Incident) -> bool:
    return any(member.is_open for member in incident.members.values())

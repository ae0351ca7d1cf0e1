"""What was reported as normal, and whether a finding is the like of it. Pure."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from detection.desk.kinds import LIKE_SIZE, LIKE_TIME, TIMED
from detection.desk.state import Incident, Like, Member, Rule
from detection.desk.tree import MeterTree
from domain.calendars import day_type
from domain.feedback import FeedbackGiven
from domain.plant import Site

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def rule_of(incident: Incident, given: FeedbackGiven, tree: MeterTree) -> Rule:
    """What is normal from now on: each finding of the incident, with its size as it is now."""
    lows = {one.finding for one in lowest(incident, tree)}
    return Rule(
        given,
        tuple(Like(one.meter, one.kind, one.since_utc, one.kw, one.finding in lows) for one in incident.members.values()),
    )


def lowest(incident: Incident, tree: MeterTree) -> list[Member]:
    """The findings of an incident that have none below them: where it comes from."""
    members = list(incident.members.values())
    return [one for one in members if not any(tree.is_above(one.meter, other.meter) for other in members)]


def is_like(member: Member, like: Like, site: Site | None) -> bool:
    """Whether a finding is the like of what is normal: same meter and kind, as large at most, and at its time of the week.

    Parameters
    ----------
    site
        By whose days times of the week are compared; None: its time does not matter.
    """
    if (member.meter, member.kind) != (like.meter, like.kind):
        return False
    if member.kw is not None and like.kw is not None and member.kw > LIKE_SIZE * like.kw:
        return False
    return site is None or member.kind not in TIMED or _is_at_its_time(member, like, site)


def _is_at_its_time(member: Member, like: Like, site: Site) -> bool:
    """Whether both begin at about the same local time, on the same weekday or on days of the same type."""
    zone: ZoneInfo = site.zone
    new, old = member.since_utc.astimezone(zone).replace(tzinfo=None), like.since_utc.astimezone(zone).replace(tzinfo=None)
    if _apart(new - old, WEEK) <= LIKE_TIME:
        return True
    return day_type(new.date(), site) is day_type(old.date(), site) and _apart(new - old, DAY) <= LIKE_TIME


def _apart(span: timedelta, turn: timedelta) -> timedelta:
    """The shorter way round."""
    once = span % turn
    return min(once, turn - once)

"""A finding as a member of an incident, and how spans and powers of two compare."""

from __future__ import annotations

from datetime import datetime, timedelta

from detection.desk.kinds import SLACK
from detection.desk.state import Member
from domain.anomalies import Anomaly

HOUR = timedelta(hours=1)
SHORTEST = timedelta(minutes=15)


def member_of(finding: Anomaly) -> Member:
    """What of `finding` is remembered."""
    return Member(
        finding.anomaly, finding.meter, finding.kind, finding.revision, finding.since_utc, finding.until_utc, finding.at_utc,
        _excess_kw(finding), finding.excess_kwh, finding.kwh_per_day, finding.eur_per_day, finding.cause,
    )  # fmt: skip


def _excess_kw(finding: Anomaly) -> float | None:
    if finding.actual_kw is not None and finding.expected_kw is not None:
        return max(0.0, finding.actual_kw - finding.expected_kw)
    hours = ((finding.until_utc or finding.at_utc) - finding.since_utc) / HOUR
    return finding.excess_kwh / hours if finding.excess_kwh > 0 and hours > 0 else None


def hours_of(member: Member) -> float:
    """How long it was seen, at least a quarter hour [h]."""
    return max(member.end_utc - member.since_utc, SHORTEST) / HOUR


def shared_hours(member: Member, below: Member) -> float:
    """How long `below` was found while `member` was [h]: one that lasts is taken to last as far as the other was seen.

    Beginnings that watches may date apart for the same thing count as one.
    """
    begins = below.since_utc
    if abs(begins - member.since_utc) <= SLACK:
        begins = member.since_utc
    begins = max(begins, member.since_utc)
    ends = max(member.end_utc, member.since_utc + SHORTEST)
    if below.until_utc is not None:
        ends = min(ends, below.until_utc)
    return max(0.0, (ends - begins) / HOUR)


def overlap(first: Member, second: Member, gap: timedelta) -> bool:
    """Whether two findings were found at the same time, or at most `gap` apart."""
    return _begins(first) <= _ends(second, gap) and _begins(second) <= _ends(first, gap)


def _begins(member: Member) -> datetime:
    return member.since_utc


def _ends(member: Member, gap: timedelta) -> datetime:
    if member.until_utc is None:
        return datetime.max.replace(tzinfo=member.since_utc.tzinfo)
    return max(member.until_utc, member.since_utc) + gap

"""Whether a person may report something of an anomaly now; one rule for the page, the API and the command line. Pure."""

from __future__ import annotations

from datetime import datetime

from domain.anomalies import Anomaly
from domain.errors import LastgangError
from domain.feedback import Feedback, FeedbackGiven, FeedbackKind, NoEffect, Standing


class UnknownAnomaly(LastgangError):
    """There is no such anomaly. Person: look its id up in the list of those that are open."""

    exit_code = 2


class NotReportable(LastgangError):
    """What is reported would change nothing. Person: look at what holds on the anomaly.

    Attributes
    ----------
    status
        ``ended`` or ``nothing_to_take_back``.
    by, at_utc
        Who reported what holds and when, where something does; else when it ended.
    """

    exit_code = 2

    def __init__(self, anomaly: str, status: str, by: str | None, at_utc: datetime | None, detail: str) -> None:
        self.status, self.by, self.at_utc = status, by, at_utc
        super().__init__(f"anomaly {anomaly!r}: {detail}")


def checked(anomaly: Anomaly | None, standing: Standing, wanted: Feedback) -> Feedback | None:
    """The feedback to send; None where the same holds already.

    Parameters
    ----------
    anomaly
        Its newest revision; None where there is none.
    standing
        What was reported of it so far.
    wanted
        Dated now. Where clocks are a little apart it is dated as what came last: that may not be later.

    Raises
    ------
    UnknownAnomaly, NotReportable
        If there is no such anomaly, or there is nothing to report of it.
    """
    if anomaly is None:
        msg = (
            f"there is no anomaly {wanted.anomaly!r}; those that are open are listed by GET /api/v1/anomalies and lastgang findings"
        )
        raise UnknownAnomaly(msg)
    holds, newest = standing.holds, standing.newest
    at_utc = wanted.at_utc if newest is None else max(wanted.at_utc, newest.at_utc)
    dated = Feedback(anomaly.site, anomaly.meter, anomaly.anomaly, wanted.kind, wanted.by, at_utc, wanted.comment)
    if _is_same(holds, dated) or (dated.kind is FeedbackKind.TAKEN_BACK and _is_same(newest, dated)):
        return None
    if standing.no_effect(dated.given) is NoEffect.NOTHING_TO_TAKE_BACK:
        raise NotReportable(dated.anomaly, "nothing_to_take_back", None, None, "nothing holds on it that could be taken back")
    is_over = anomaly.until_utc is not None and holds is None
    if is_over and dated.kind in (FeedbackKind.KNOWN, FeedbackKind.FIXED):
        ended = f"it ended at {anomaly.until_utc:%Y-%m-%dT%H:%M:%SZ}; report it as normal, or the next one that opens"
        raise NotReportable(dated.anomaly, "ended", None, anomaly.until_utc, ended)
    return dated


def _is_same(given: FeedbackGiven | None, wanted: Feedback) -> bool:
    """Whether the same was reported by the same person with the same words, whenever."""
    what = (wanted.kind, wanted.by, wanted.comment)
    return given is not None and (given.kind, given.by, given.comment) == what

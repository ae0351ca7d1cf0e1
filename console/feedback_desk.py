"""What people report of anomalies through the API and the page: one writer at a time, checked against all that is known, then sent.

In: an anomaly's id and what is reported of it.  Out: the feedback, kept by the broker; the anomaly's next revision follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from console.events import Place
from console.live import Feed
from console.live_state import Bounded
from console.one_writer import OneWriter
from domain.anomalies import Anomaly
from domain.clock import Clock
from domain.feedback import Feedback, FeedbackKind, Standing, standing_by_anomaly
from domain.feedback_rules import checked

MOST_SENT = 2_000
"""Reports that are remembered until the ledger has them."""


@dataclass(frozen=True, slots=True)
class FeedbackLog:
    """What the ledger has of an anomaly."""

    anomaly: Anomaly | None
    given: tuple[Feedback, ...]
    """In the order of the log."""
    until: Mapping[Place, int]
    """How far it has read the log."""


class FeedbackDesk:
    """Takes feedback on anomalies to the log.

    Parameters
    ----------
    look
        What the ledger has of an anomaly now.
    changed
        Called after something was sent.
    """

    def __init__(
        self, site: str, feed: Feed, clock: Clock, look: Callable[[str], Awaitable[FeedbackLog]], changed: Callable[[], None]
    ) -> None:
        self._site, self._feed, self._clock, self._look, self._changed = site, feed, clock, look, changed
        self._writer = OneWriter("feedback")
        self._sent = Bounded[Feedback, None](MOST_SENT, drops_oldest=True)
        self._log = structlog.get_logger("console")

    async def report(self, anomaly: str, kind: FeedbackKind, by: str, comment: str) -> Feedback:
        """The feedback that holds, kept by the broker: this one, or the same that was reported before.

        Raises
        ------
        domain.feedback_rules.UnknownAnomaly, domain.feedback_rules.NotReportable
            If there is no such anomaly, or it would change nothing.
        LastgangError
            If the broker did not take it, or that cannot be known.
        """
        ledger = await self._look(anomaly)

        def work() -> Feedback:
            standing = self._standing(ledger, anomaly)
            meter = anomaly if ledger.anomaly is None else ledger.anomaly.meter
            wanted = Feedback(self._site, meter, anomaly, kind, by, self._clock.now_utc(), comment)
            feedback = checked(ledger.anomaly, standing, wanted)
            if feedback is None:
                newest = standing.newest if kind is FeedbackKind.TAKEN_BACK else standing.holds
                assert newest is not None
                return Feedback(self._site, meter, anomaly, newest.kind, newest.by, newest.at_utc, newest.comment)
            self._feed.send_feedback([feedback])
            self._sent.put(feedback, None)
            self._log.info("feedback_sent", anomaly=anomaly, kind=kind.value, by=by)
            self._changed()
            return feedback

        return await self._writer.run(work)

    def sent(self) -> tuple[Feedback, ...]:
        """What left here lately."""
        return tuple(self._sent.copy())

    def _standing(self, ledger: FeedbackLog, anomaly: str) -> Standing:
        known = [*ledger.given, *self._feed.feedback_since(ledger.until)]
        return standing_by_anomaly(known).get(anomaly, Standing())

    def close(self) -> None:
        """Let nothing more go out."""
        self._writer.close()

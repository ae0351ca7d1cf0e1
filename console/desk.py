"""People's decisions: one recommendation, one decision. The first in the log counts; who comes later learns who was first.

In: what a person decides, the recommendation as it is now, and the log.  Out: the decision that counts, or `NotDecidable`.

What is guaranteed: a decision that is confirmed here is kept by the broker and is the first of its recommendation in the log. Two browsers,
two servers and a controller that writes to the topic itself may decide at the same moment: all decisions on one recommendation lie in one
partition, each is read back after it was kept, and exactly one of them finds itself first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from console.events import Place
from console.live import Feed
from console.live_state import MOST_ADVICE, Bounded
from domain.clock import Clock
from domain.errors import LastgangError
from domain.recommendations import Decision, DecisionKind, DeclineReason, Recommendation, RecommendationStatus, deciding


class NotDecidable(LastgangError):
    """The recommendation cannot be decided (any more). Person: look at its status; what you decided does not count.

    Attributes
    ----------
    status
        What it is: a `RecommendationStatus`, or ``unknown``.
    by, at_utc
        Who made it so and when, where that is known.
    """

    def __init__(self, recommendation: str, status: str, by: str | None = None, at_utc: datetime | None = None) -> None:
        self.recommendation, self.status, self.by, self.at_utc = recommendation, status, by, at_utc
        who = "" if by is None else f" by {by}"
        when = "" if at_utc is None else f" at {at_utc:%Y-%m-%dT%H:%M:%SZ}"
        super().__init__(
            f"recommendation {recommendation!r} is {status}{who}{when}; only an open one can be decided, and only once"
        )


class UnknownRecommendation(NotDecidable):
    """There is no such recommendation."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one recommendation stands."""

    advice: Recommendation | None
    recorded: tuple[Decision, ...]
    """Decisions on it that the ledger has, in the order of the log."""
    recorded_until: Mapping[Place, int]
    """How far the ledger has read the log."""
    live: tuple[Decision, ...]
    """Decisions on it that the topic brought lately, in the order of the log."""


def settled(standing: Standing, wanted: Decision) -> Decision | None:
    """The same decision where it was taken already, so that whoever asks again after an error learns the truth; None where it is open.

    Raises
    ------
    NotDecidable
        If somebody else decided, or it is not open for another reason.
    """
    advice = standing.advice
    if advice is None:
        raise UnknownRecommendation(wanted.recommendation, "unknown")
    first = deciding(advice, [*standing.recorded, *standing.live])
    if first is not None:
        return _same_or_refused(first, wanted)
    if advice.status is not RecommendationStatus.OPEN:
        raise NotDecidable(advice.recommendation, advice.status, advice.decided_by, advice.at_utc)
    if wanted.at_utc > advice.valid_until_utc:
        raise NotDecidable(advice.recommendation, RecommendationStatus.EXPIRED, None, advice.valid_until_utc)
    return None


def _same_or_refused(first: Decision, wanted: Decision) -> Decision:
    if _what(first) != _what(wanted):
        raise NotDecidable(wanted.recommendation, first.kind, first.by, first.at_utc)
    return first


def _what(decision: Decision) -> tuple[DecisionKind, str, DeclineReason, str]:
    return decision.kind, decision.by, decision.reason, decision.comment


class Desk:
    """Takes decisions to the log.

    Parameters
    ----------
    look
        How a recommendation stands now.
    taken
        Called with each decision that was tried, and with why it failed or an empty text.
    """

    def __init__(
        self,
        site: str,
        feed: Feed,
        clock: Clock,
        look: Callable[[str], Awaitable[Standing]],
        taken: Callable[[Decision, str], None],
    ) -> None:
        self._site, self._feed, self._clock = site, feed, clock
        self._look, self._taken = look, taken
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="console-decisions")
        self._first = Bounded[str, Decision](MOST_ADVICE, drops_oldest=True)
        self._log = structlog.get_logger("console")

    async def decide(self, recommendation: str, kind: DecisionKind, by: str, reason: DeclineReason, comment: str) -> Decision:
        """The decision that counts, kept by the broker: this one, or the same made before.

        Raises
        ------
        NotDecidable
            If there is no such recommendation, it is not open, or somebody else was first.
        LastgangError
            If the broker did not take it, or that cannot be known.
        """
        standing = await self._look(recommendation)
        now_utc = self._clock.now_utc()
        at_utc = now_utc if standing.advice is None else max(now_utc, standing.advice.issued_utc)  # clocks may be a little apart
        wanted = Decision(self._site, recommendation, kind, by, at_utc, reason, comment)
        # A thread of its own: while a broker does not answer, the views must go on.
        return await asyncio.wrap_future(self._sender.submit(self._send, standing, wanted))

    def _send(self, standing: Standing, wanted: Decision) -> Decision:
        before = settled(self._by_now(standing, wanted.recommendation), wanted)
        if before is not None:
            return before
        try:
            logged = self._feed.decide(wanted, standing.recorded_until)
        except LastgangError as error:
            self._taken(wanted, str(error))
            raise
        assert standing.advice is not None
        first = deciding(standing.advice, [*standing.recorded, *logged]) or wanted
        self._first.put(wanted.recommendation, first)
        self._taken(first, "")
        self._log.info(
            "decision_sent", recommendation=wanted.recommendation, kind=wanted.kind.value, by=wanted.by, counts=first == wanted
        )
        return _same_or_refused(first, wanted)

    def _by_now(self, standing: Standing, recommendation: str) -> Standing:
        """With who decided while this decision waited for its turn: through here, or by the topic."""
        first = self._first.get(recommendation)
        live = self._feed.picture().decisions.get(recommendation, standing.live)
        return replace(standing, live=live if first is None else (first, *live))

    def close(self) -> None:
        """Let nothing more go out."""
        self._sender.shutdown(wait=False, cancel_futures=True)

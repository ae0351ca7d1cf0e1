"""Counts of pieces that the API hands in: one writer at a time, judged against all that is known, then sent.

In: rows of counts.  Out: what became of each row; the records are on the topic when the answer comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from connectors.scrap.judging import Handing, Judgement, judge, known_events, taken_back
from connectors.scrap.rows import ScrapSheetRow
from console.live import Feed
from console.one_writer import Known, OneWriter
from domain.clock import Clock
from domain.errors import LastgangError
from domain.plant import Plant
from domain.quality import QualityEvent


class UnknownEvent(LastgangError):
    """There is no such record of pieces, or it was taken back. Person: nothing to do."""


class ScrapDesk:
    """Takes records of pieces to the log.

    Parameters
    ----------
    look
        What the ledger has now.
    changed
        Called after something was sent.
    """

    def __init__(
        self,
        plant: Plant,
        feed: Feed,
        clock: Clock,
        look: Callable[[], Awaitable[Known[QualityEvent]]],
        changed: Callable[[], None],
    ) -> None:
        self._plant, self._feed, self._clock, self._look, self._changed = plant, feed, clock, look, changed
        self._writer = OneWriter("scrap")
        self._log = structlog.get_logger("console")

    async def put(self, rows: Sequence[ScrapSheetRow], source: str, by: str = "", dry_run: bool = False) -> Judgement:
        """What becomes of `rows`; good ones are sent, whatever the others are.

        Parameters
        ----------
        by
            Who enters them, where a row does not say.

        Raises
        ------
        LastgangError
            If the broker did not take them, or that cannot be known.
        """
        ledger = await self._look()

        def work() -> Judgement:
            judgement = judge(rows, Handing(self._plant, self._clock.now_utc(), source, by), self._known(ledger))
            if not dry_run:
                self._send(judgement.events)
            return judgement

        return await self._writer.run(work)

    async def take_back(self, machine: str, event: str, by: str = "") -> QualityEvent:
        """The revision after which a record counts no more, kept by the broker.

        Raises
        ------
        UnknownEvent
            If there is nothing to take back.
        LastgangError
            As `put`.
        """
        ledger = await self._look()

        def work() -> QualityEvent:
            known = self._known(ledger).get((machine, event))
            if known is None or known.withdrawn:
                msg = f"no record {event!r} of {machine!r}"
                raise UnknownEvent(msg)
            revision = taken_back(known, self._clock.now_utc(), by)
            self._send([revision])
            return revision

        return await self._writer.run(work)

    def _known(self, ledger: Known[QualityEvent]) -> dict[tuple[str, str], QualityEvent]:
        return known_events([*ledger.records, *self._feed.quality_since(ledger.until)], self._plant)

    def _send(self, events: Sequence[QualityEvent]) -> None:
        if events:
            self._feed.send_quality(events)
            self._log.info("quality_sent", records=len(events))
            self._changed()

    def close(self) -> None:
        """Let nothing more go out."""
        self._writer.close()

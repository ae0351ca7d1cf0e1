"""Measures and events that the API and the page hand in: one writer at a time, judged against all that is known, then sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from connectors.measures.judging import Result, judge, known_measures, taken_back
from console.live import Feed
from console.live_state import Bounded
from console.one_writer import Known, OneWriter
from domain.clock import Clock
from domain.entered_measures import EnteredMeasure
from domain.errors import LastgangError
from domain.plant import Plant

MOST_SENT = 500
"""Entries that are remembered until the ledger has them."""


class UnknownMeasure(LastgangError):
    """There is no such measure or event, or it was taken back. Person: nothing to do."""


class MeasureDesk:
    """Takes measures and events to the log.

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
        look: Callable[[], Awaitable[Known[EnteredMeasure]]],
        changed: Callable[[], None],
    ) -> None:
        self._plant, self._feed, self._clock, self._look, self._changed = plant, feed, clock, look, changed
        self._writer = OneWriter("measures")
        self._sent = Bounded[str, EnteredMeasure](MOST_SENT, drops_oldest=True)
        self._log = structlog.get_logger("console")

    async def put(self, stated: Sequence[EnteredMeasure]) -> list[Result]:
        """What becomes of each; new revisions are sent.

        Raises
        ------
        InputFaults
            If one contradicts what is known, or names a meter that is not there; then none is sent.
        LastgangError
            If the broker did not take them, or that cannot be known.
        """
        ledger = await self._look()

        def work() -> list[Result]:
            results = judge(stated, self._plant, self._known(ledger))
            self._send([one.entry for one in results if one.is_sent])
            return results

        return await self._writer.run(work)

    async def take_back(self, measure: str, by: str = "") -> EnteredMeasure:
        """The revision after which an entry counts no more, kept by the broker.

        Raises
        ------
        UnknownMeasure
            If there is nothing to take back.
        LastgangError
            As `put`.
        """
        ledger = await self._look()

        def work() -> EnteredMeasure:
            known = self._known(ledger).get(measure)
            if known is None or known.withdrawn:
                msg = f"no measure or event {measure!r}"
                raise UnknownMeasure(msg)
            revision = taken_back(known, self._clock.now_utc(), by)
            self._send([revision])
            return revision

        return await self._writer.run(work)

    def sent(self) -> tuple[EnteredMeasure, ...]:
        """What left here lately."""
        return tuple(self._sent.copy().values())

    def _known(self, ledger: Known[EnteredMeasure]) -> dict[str, EnteredMeasure]:
        return known_measures([*ledger.records, *self._feed.measures_since(ledger.until)], self._plant)

    def _send(self, entries: Sequence[EnteredMeasure]) -> None:
        if not entries:
            return
        self._feed.send_measures(entries)
        for one in entries:
            self._sent.put(one.measure, one)
        self._log.info("measures_sent", entries=len(entries))
        self._changed()

    def close(self) -> None:
        """Let nothing more go out."""
        self._writer.close()

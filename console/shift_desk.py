"""Changes of shifts that the API and the page hand in: one writer at a time, judged against all that is known, then sent.

In: rows of changes.  Out: what became of each row; the revisions are on the topic when the answer comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from connectors.shifts.judging import Handing, Judgement, judge, known_changes, withdrawn
from connectors.shifts.rows import ChangeRow
from console.live import Feed
from console.live_state import Bounded
from console.one_writer import Known, OneWriter
from domain.clock import Clock
from domain.errors import LastgangError
from domain.plant import Plant
from domain.shift_changes import ShiftChange

MOST_SENT = 2_000
"""Changes that are remembered until the ledger has them."""


class UnknownChange(LastgangError):
    """There is no change of that shift on that day, or it was withdrawn. Person: nothing to do."""


class ShiftDesk:
    """Takes changes of shifts to the log.

    Parameters
    ----------
    look
        What the ledger has now.
    changed
        Called after something was sent.
    """

    def __init__(
        self, plant: Plant, feed: Feed, clock: Clock, look: Callable[[], Awaitable[Known[ShiftChange]]], changed: Callable[[], None]
    ) -> None:
        self._plant, self._feed, self._clock, self._look, self._changed = plant, feed, clock, look, changed
        self._writer = OneWriter("shifts")
        self._sent = Bounded[tuple[str, str], ShiftChange](MOST_SENT, drops_oldest=True)
        self._log = structlog.get_logger("console")

    async def put(self, rows: Sequence[ChangeRow], by: str = "", dry_run: bool = False) -> Judgement:
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
            judgement = judge(rows, Handing(self._plant, self._clock.now_utc(), by), self._known(ledger))
            if not dry_run:
                self._send(judgement.revisions)
            return judgement

        return await self._writer.run(work)

    async def withdraw(self, shift: str, day_local: str, by: str = "") -> ShiftChange:
        """The revision after which the weekly pattern holds again, kept by the broker.

        Raises
        ------
        UnknownChange
            If there is nothing to withdraw.
        LastgangError
            As `put`.
        """
        ledger = await self._look()

        def work() -> ShiftChange:
            known = self._known(ledger).get((shift, day_local))
            if known is None or known.withdrawn:
                msg = f"no change of shift {shift!r} on {day_local}"
                raise UnknownChange(msg)
            revision = withdrawn(known, self._clock.now_utc(), by)
            self._send([revision])
            return revision

        return await self._writer.run(work)

    def sent(self) -> tuple[ShiftChange, ...]:
        """What left here lately."""
        return tuple(self._sent.copy().values())

    def _known(self, ledger: Known[ShiftChange]) -> dict[tuple[str, str], ShiftChange]:
        return known_changes([*ledger.records, *self._feed.shift_changes_since(ledger.until)], self._plant)

    def _send(self, changes: Sequence[ShiftChange]) -> None:
        if not changes:
            return
        self._feed.send_shift_changes(changes)
        for change in changes:
            self._sent.put((change.shift, change.day_local), change)
        self._log.info("shift_changes_sent", changes=len(changes))
        self._changed()

    def close(self) -> None:
        """Let nothing more go out."""
        self._writer.close()

"""Orders that the API and the page hand in: one writer at a time, judged against all that the log has, then sent.

In: rows of orders.  Out: what became of each row; the revisions are on the topic when the answer comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from connectors.orders.judging import Handing, Judgement, cancelled, judge
from connectors.orders.known import KnownOrders, known_orders
from connectors.orders.table import OrderRow
from console.live import Feed
from console.live_state import Bounded
from console.one_writer import Known, OneWriter
from domain.clock import Clock
from domain.errors import LastgangError
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from production.clicks import JobEvent, reported

MOST_SENT = 5_000
"""Orders that are remembered until the ledger has them."""


class UnknownOrder(LastgangError):
    """There is no order of that job."""


class NotStanding(LastgangError):
    """The order is neither planned nor running, so it cannot be cancelled. Person: nothing to do."""

    def __init__(self, job: str, status: OrderStatus) -> None:
        self.job, self.status = job, status
        super().__init__(f"job {job!r} is {status}; only one that is planned or running can be cancelled")


class NotReportable(LastgangError):
    """A job starts once, and ends after it has started. Person: look at its status and its planned start."""

    def __init__(self, job: str, status: OrderStatus, event: JobEvent) -> None:
        self.job, self.status, self.event = job, status, event
        super().__init__(
            f"job {job!r} is {status} and cannot be reported as {event} now; only a planned job starts, and only one that has started ends"
        )


class OrderDesk:
    """Takes orders to the log.

    Parameters
    ----------
    look
        What the ledger has now.
    """

    def __init__(self, plant: Plant, feed: Feed, clock: Clock, look: Callable[[], Awaitable[Known[Order]]]) -> None:
        self._plant, self._feed, self._clock, self._look = plant, feed, clock, look
        self._writer = OneWriter("orders")
        self._sent = Bounded[str, Order](MOST_SENT, drops_oldest=True)
        self._log = structlog.get_logger("console")

    async def put(self, rows: Sequence[OrderRow], source: str, decimal: str | None, dry_run: bool) -> Judgement:
        """What becomes of `rows`; good ones are sent, whatever the others are.

        Raises
        ------
        LastgangError
            If the broker did not take them, or that cannot be known.
        """
        ledger = await self._look()

        def work() -> Judgement:
            handing = Handing(self._plant, self._clock.now_utc(), source, decimal=decimal)
            judgement = judge(rows, handing, self._known(ledger))
            if not dry_run:
                self._send(judgement.revisions, source)
            return judgement

        return await self._writer.run(work)

    async def cancel(self, job: str, source: str) -> Order:
        """The revision that cancels `job`, kept by the broker.

        Raises
        ------
        UnknownOrder, NotStanding
            If there is no such job, or it is done or cancelled.
        LastgangError
            As `put`.
        """

        def cancelling(order: Order) -> Order:
            if order.status.is_over:
                raise NotStanding(job, order.status)
            return cancelled(order, self._clock.now_utc(), source)

        return await self._revise(job, cancelling)

    async def report(self, job: str, event: JobEvent) -> Order:
        """The revision that reports `job` as started or done now, kept by the broker.

        Raises
        ------
        UnknownOrder, NotReportable
            If there is no such job, or it cannot have started or ended now.
        LastgangError
            As `put`.
        """

        def reporting(order: Order) -> Order:
            revision = reported(order, event, self._clock.now_utc())
            if revision is None:
                raise NotReportable(job, order.status, event)
            return revision

        return await self._revise(job, reporting)

    async def _revise(self, job: str, revised: Callable[[Order], Order]) -> Order:
        ledger = await self._look()

        def work() -> Order:
            order = self._known(ledger).newest.get(job)
            if order is None:
                msg = f"no order of job {job!r}"
                raise UnknownOrder(msg)
            revision = revised(order)
            self._send([revision], revision.source)
            return revision

        return await self._writer.run(work)

    def sent(self) -> tuple[Order, ...]:
        """What left here lately."""
        return tuple(self._sent.copy().values())

    def _known(self, ledger: Known[Order]) -> KnownOrders:
        return known_orders([*ledger.records, *self._feed.orders_since(ledger.until)], self._plant)

    def _send(self, orders: Sequence[Order], source: str) -> None:
        if not orders:
            return
        self._feed.send_orders(orders)
        for order in orders:
            self._sent.put(order.job, order)
        self._log.info("orders_sent", orders=len(orders), source=source)

    def close(self) -> None:
        """Let nothing more go out."""
        self._writer.close()

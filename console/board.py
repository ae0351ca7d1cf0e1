"""One computation for all open pages: views are made in one background thread, at most once a second, and shared."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog

from billing.tariff import Tariff
from connectors.orders.judging import Judgement
from connectors.orders.table import OrderRow
from console.desk import Desk, Standing
from console.feedback_desk import FeedbackDesk, FeedbackLog
from console.live import Feed
from console.measure_desk import MeasureDesk
from console.one_writer import Known, Record
from console.order_desk import OrderDesk
from console.scrap_desk import ScrapDesk
from console.shift_desk import ShiftDesk
from console.views.key_figures import Figuring
from console.views.scene import PartSeen, ProcessUse, Scene, Sent
from console.views.what_if import Supposing
from domain.clock import Clock
from domain.errors import LastgangError
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import Decision, DecisionKind, DeclineReason
from production.clicks import JobEvent
from reporting.key_figures import Beside
from reporting.ledger import Ledger, LedgerReader
from words.speech import Words

View = TypeVar("View")
SHARE_S = 0.9
"""How long a view is handed to others before it is made again [real s]."""
FORGET_S = 60.0
MOST_SHARED = 200
"""Views that are kept at most, whatever people look at."""
PROCESSES_EVERY_S = 5.0
ANSWER_WITHIN_S = 60.0
"""How long a sent decision keeps its buttons closed while no status comes back [real s]."""


@dataclass
class _Shared:
    begun_s: float
    future: Future[Any]
    rendered: dict[tuple[Any, ...], Any] = field(default_factory=dict)


class Board:
    """Knows the plant, asks ledger and feed, hands out views.

    Why it is long: it owns the one thread that reads the ledger, so views, decisions and orders all pass through it; what they decide is in
    the views and the two desks.

    Parameters
    ----------
    open_ledger
        Opens the ledger; None while there is none. Called in the background thread, again until it succeeds.
    processes
        Returns what the platform's processes use.
    parts
        Returns the state of the parts of the stack; none where no stack runs.
    tariff
        What moves are priced by; None where the plant has none.
    beside
        Temperature and production of files beside the plant file; None: none.
    """

    def __init__(
        self,
        plant: Plant,
        feed: Feed,
        clock: Clock,
        open_ledger: Callable[[], LedgerReader | None],
        processes: Callable[[], tuple[ProcessUse, ...]],
        parts: Callable[[], tuple[PartSeen, ...]] = tuple,
        tariff: Tariff | None = None,
        beside: Beside | None = None,
    ) -> None:
        self.plant, self.clock = plant, clock
        self._feed = feed
        self._open_ledger = open_ledger
        self._processes, self._parts = processes, parts
        self._tariff, self._supposes = tariff, Supposing(tariff)
        self._ledger: LedgerReader | None = None
        self._remembering: LedgerReader | None = None
        self._nothing = Ledger.in_memory(clock)
        """What there is to read before there is a ledger."""
        self._ledger_trouble = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="console-views")
        self._desk = Desk(plant.site.id, feed, clock, self._standing, self._remember)
        self._orders = OrderDesk(plant, feed, clock, partial(self._known, LedgerReader.order_history))
        self.shifts = ShiftDesk(plant, feed, clock, partial(self._known, LedgerReader.shift_changes), self._look_again)
        self.feedback = FeedbackDesk(plant.site.id, feed, clock, self._feedback_log, self._look_again)
        self.pieces = ScrapDesk(plant, feed, clock, partial(self._known, LedgerReader.quality_events), self._look_again)
        self.measures = MeasureDesk(plant, feed, clock, partial(self._known, LedgerReader.measures), self._look_again)
        self.figures = Figuring(beside or Beside(), self.measures.sent)
        self._lock = threading.Lock()
        self._shared: dict[tuple[Any, ...], _Shared] = {}
        self._sent: dict[str, tuple[float, Sent]] = {}
        self._uses: tuple[float, tuple[ProcessUse, ...], tuple[PartSeen, ...]] = (0.0, (), ())
        self._log = structlog.get_logger("console")

    @property
    def feed(self) -> Feed:
        """Where live values come from."""
        return self._feed

    # views -----------------------------------------------------------------------------------------------------

    async def view(self, build: Callable[..., View], *arguments: object) -> View:
        """The view that `build(scene, *arguments)` makes, at most `SHARE_S` old."""
        return cast(View, await asyncio.wrap_future(self._share(build, arguments).future))

    async def once(self, build: Callable[..., View], *arguments: object) -> View:
        """The same for a query that is hardly shared: the answer is not cached."""
        return await asyncio.wrap_future(self._thread.submit(self._make_once, build, arguments))

    async def drawn(self, build: Callable[..., View], arguments: tuple[object, ...], draw: Callable[[View, Words], Any], words: Words) -> Any:  # fmt: skip
        """What `draw` makes of that view, made once for all who read the same language."""
        shared = self._share(build, arguments)
        view = await asyncio.wrap_future(shared.future)
        key = (draw, words.language)
        if key not in shared.rendered:
            shared.rendered[key] = draw(view, words)
        return shared.rendered[key]

    def _share(self, build: Callable[..., Any], arguments: tuple[object, ...]) -> _Shared:
        key, now_s = (build, arguments), time.monotonic()
        with self._lock:
            known = self._shared.get(key)
            if known is not None and now_s - known.begun_s < SHARE_S:
                return known
            if known is not None and not known.future.done():
                return known  # the machine is slow: no second one behind it
            self._forget(now_s)
            shared = _Shared(now_s, self._thread.submit(self._make, build, arguments))
            self._shared.pop(key, None)
            self._shared[key] = shared
            return shared

    def _forget(self, now_s: float) -> None:
        """Drop what was not requested lately, and of the oldest where there is too much."""
        over = [key for key, shared in self._shared.items() if shared.future.done()]
        old = {key for key in over if now_s - self._shared[key].begun_s > FORGET_S}
        most_recent_last = [key for key in over if key not in old]
        for key in [*old, *most_recent_last[: max(0, len(most_recent_last) - MOST_SHARED)]]:
            del self._shared[key]

    @property
    def shared_views(self) -> int:
        """How many views are kept."""
        return len(self._shared)

    def _make(self, build: Callable[..., Any], arguments: tuple[object, ...]) -> Any:
        return build(self._scene(self._refreshed()), *arguments)

    def _make_once(self, build: Callable[..., Any], arguments: tuple[object, ...]) -> Any:
        self._refreshed()
        return build(self._scene(self._ledger), *arguments)

    def _refreshed(self) -> LedgerReader | None:
        """The ledger with what is remembered of it, as of now; None while there is none."""
        if self._ledger is None:
            self._ledger = self._opened()
            if self._ledger is not None:
                self._remembering = self._ledger.remembering()
                self._log.info("ledger_opened")
        if self._remembering is not None:
            self._remembering.refresh()
        return self._remembering

    def _opened(self) -> LedgerReader | None:
        try:
            return self._open_ledger()
        except LastgangError as error:
            if str(error) != self._ledger_trouble:  # once per reason: it is tried again every second
                self._ledger_trouble = str(error)
                self._log.warning("ledger_unavailable", error=str(error))
            return None

    def _scene(self, ledger: LedgerReader | None) -> Scene:
        live = self._feed.picture()
        sent = self._outstanding()
        processes, parts = self._machine()
        return Scene(
            plant=self.plant,
            ledger=self._nothing if ledger is None else ledger,
            live=live,
            now_utc=self.clock.now_utc(),
            speed=self.clock.speed,
            sent=sent,
            processes=processes,
            parts=parts,
            ledger_there=ledger is not None,
            tariff=self._tariff,
            supposes=self._supposes,
            orders_sent=self._orders.sent(),
            shift_changes_sent=self.shifts.sent(),
            feedback_sent=self.feedback.sent(),
        )

    def _machine(self) -> tuple[tuple[ProcessUse, ...], tuple[PartSeen, ...]]:
        now_s = time.monotonic()
        if now_s - self._uses[0] > PROCESSES_EVERY_S or not self._uses[0]:
            self._uses = (now_s, self._processes(), self._parts())
        return self._uses[1:]

    def _outstanding(self) -> dict[str, Sent]:
        now_s = time.monotonic()
        with self._lock:
            self._sent = {name: (at, sent) for name, (at, sent) in self._sent.items() if now_s - at < ANSWER_WITHIN_S}
            return {name: sent for name, (_, sent) in self._sent.items()}

    # decisions -------------------------------------------------------------------------------------------------

    async def decide(self, recommendation: str, kind: DecisionKind, by: str, reason: DeclineReason, comment: str) -> Decision:
        """The decision that counts; see `console.desk.Desk.decide`."""
        return await self._desk.decide(recommendation, kind, by, reason, comment)

    async def _standing(self, recommendation: str) -> Standing:
        return await asyncio.wrap_future(self._thread.submit(self._look_up, recommendation))

    def _look_up(self, recommendation: str) -> Standing:
        scene = self._scene(self._refreshed())
        return Standing(
            advice=scene.recommendation(recommendation),
            recorded=tuple(d for d in scene.ledger.decisions() if d.recommendation == recommendation),
            recorded_until=scene.ledger.offsets(),
            live=scene.live.decisions.get(recommendation, ()),
        )

    def _remember(self, decision: Decision, failure: str) -> None:
        with self._lock:
            self._sent[decision.recommendation] = (time.monotonic(), Sent(decision, failure))
            self._shared.clear()  # whoever looks next sees it at once

    # orders ----------------------------------------------------------------------------------------------------

    async def put_orders(
        self, rows: Sequence[OrderRow], source: str, decimal: str | None = None, dry_run: bool = False
    ) -> Judgement:
        """What became of rows of orders; see `console.order_desk.OrderDesk.put`."""
        judgement = await self._orders.put(rows, source, decimal, dry_run)
        self._look_again()
        return judgement

    async def cancel_order(self, job: str, source: str) -> Order:
        """The revision that cancels a job; see `console.order_desk.OrderDesk.cancel`."""
        order = await self._orders.cancel(job, source)
        self._look_again()
        return order

    async def report_job(self, job: str, event: JobEvent) -> Order:
        """The revision that reports a job as started or done; see `console.order_desk.OrderDesk.report`."""
        order = await self._orders.report(job, event)
        self._look_again()
        return order

    async def _known(self, read: Callable[[LedgerReader], Sequence[Record]]) -> Known[Record]:
        """What the ledger has of a kind of record, by the thread that reads it."""

        def look() -> Known[Record]:
            ledger = self._refreshed() or self._nothing
            return Known(tuple(read(ledger)), ledger.offsets())

        return await asyncio.wrap_future(self._thread.submit(look))

    async def _feedback_log(self, anomaly: str) -> FeedbackLog:
        def read() -> FeedbackLog:
            ledger = self._refreshed() or self._nothing
            known = next((one for one in ledger.anomalies() if one.anomaly == anomaly), None)
            given = tuple(one for one in ledger.feedback() if one.anomaly == anomaly)
            return FeedbackLog(known, given, ledger.offsets())

        return await asyncio.wrap_future(self._thread.submit(read))

    def _look_again(self) -> None:
        with self._lock:
            self._shared.clear()

    def close(self) -> None:
        """Stop the background thread, let go of the ledger and of the feed."""
        self._desk.close()
        self._orders.close()
        self.shifts.close()
        self.feedback.close()
        self.pieces.close()
        self.measures.close()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._nothing.close()
        if self._ledger is not None:
            self._ledger.close()
        self._feed.close()


def ledger_opener(path: Path) -> Callable[[], Ledger | None]:
    """Opens the ledger at `path` for reading; gives None while no historian has made one."""
    return lambda: Ledger.open(path, readonly=True) if path.is_file() else None

"""From memory and disk to the broker: live batches first, the backlog beside them, oldest first, as far as the broker keeps up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import structlog

from connectors.gateway.buffer import Batch, Buffer
from connectors.gateway.flights import Backlog, Flight, Flights
from connectors.gateway.pace import Pace
from connectors.pause import Pause
from domain.errors import LastgangError

_log = structlog.get_logger("outbox")

BATCHES_AT_ONCE = 200
"""Batches that are read from disk together."""
LONGEST_REST_S = 0.25
"""The sender looks again after this long on the wall clock, even if nothing has woken it."""


class Transport(Protocol):
    """What the outbox needs of a producer."""

    def send_bytes(self, key: bytes, value: bytes) -> Any:
        """Queue bytes; a future with ``add_callback`` and ``add_errback`` comes back."""

    def close(self, timeout_s: float) -> None:
        """Let go; unacknowledged sends fail."""


class Keeper(Protocol):
    """Who holds the batches on disk until the broker has them."""

    def acknowledge(self, batch: int) -> None:
        """The broker has the batch of this number."""

    def is_acknowledged(self, batch: int) -> bool:
        """Whether the broker has a batch that is still on disk."""

    def wake(self) -> None:
        """There is something to delete."""


class _Answer(NamedTuple):
    """What came of one reading of a batch; no error where the broker has it."""

    flight: Flight
    error: object = None


class Sender:
    """Sends on a thread of its own. `buffered` counts what the broker has not acknowledged, for the log."""

    def __init__(
        self,
        buffer: Buffer,
        turn: threading.Lock,
        connect: Callable[[], Transport],
        pace: Pace,
        keeper: Keeper,
        buffered: Callable[[], int],
    ) -> None:
        self._buffer, self._turn, self._connect, self._pace = buffer, turn, connect, pace
        self._keeper, self._buffered = keeper, buffered
        self._live: deque[Batch] = deque()
        self._answers: deque[_Answer] = deque()
        self._flights = Flights()
        oldest = buffer.after(0, 1)
        self._backlog = Backlog(oldest[0].id - 1 if oldest else 0, buffer.last_id())
        self._transport: Transport | None = None
        self.broker_is_there = False
        self._retry = Pause(pace.first_retry_s)
        self._work = threading.Event()
        self._stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="outbox-sender", daemon=True)

    def offer(self, batch: Batch) -> None:
        """Take a batch that was committed just now."""
        self._live.append(batch)
        self._work.set()

    def stop(self) -> None:
        """End the thread; what the broker has not taken stays on disk."""
        self._stopping.set()
        self._work.set()
        if self.thread.ident is not None:
            self.thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._transport is None and not self._has_connected():
                continue
            self._take_answers()
            if self._transport is None:
                continue
            self._retry.reset()
            self._send_live()
            self._send_backlog()
            self._work.wait(LONGEST_REST_S)
            self._work.clear()
        if self._transport is not None:
            self._transport.close(1.0)
            self._take_answers()

    # The broker's coming and going

    def _has_connected(self) -> bool:
        try:
            self._transport = self._connect()
        except LastgangError as error:
            if self.broker_is_there or self._retry.is_first:
                _log.warning("broker_away", why=str(error), buffered=self._buffered())
            self.broker_is_there = False
            self._leave_live_to_disk()
            self._stopping.wait(self._retry.next_s(self._pace.last_retry_s))
            return False
        return True

    def _take_answers(self) -> None:
        has_landed, error = False, None
        while self._answers:
            answer = self._answers.popleft()
            if not self._flights.is_current(answer.flight):
                continue
            answer.flight.left -= 1
            if answer.error is not None:
                error = answer.error
            elif answer.flight.left == 0:
                self._flights.land(answer.flight)
                self._keeper.acknowledge(answer.flight.batch.id)
                has_landed = True
        if has_landed:
            self._broker_answered()
        if error is not None and self._transport is not None:
            self._give_up(self._transport, error)

    def _broker_answered(self) -> None:
        if not self.broker_is_there:
            _log.info("broker_there", buffered=self._buffered())
        self.broker_is_there = True
        self._keeper.wake()

    def _give_up(self, transport: Transport, why: object) -> None:
        """The client failed a send: start over with a new one, everything unacknowledged from disk."""
        _log.warning("broker_lost", why=str(why), buffered=self._buffered())
        self.broker_is_there, self._transport = False, None
        self._backlog.send_again(self._flights.give_up())
        self._leave_live_to_disk()
        transport.close(0.0)
        self._stopping.wait(self._pace.first_retry_s)

    def _leave_live_to_disk(self) -> None:
        """Leave the waiting live batches to the backlog: they are on disk, and memory has a bound."""
        while self._live:
            self._backlog.add(self._live.popleft().id)

    # What goes next

    def _send_live(self) -> None:
        if not self.broker_is_there and (self._flights or not self._backlog.is_empty):
            self._leave_live_to_disk()  # the oldest goes first, to see whether the broker is there
            return
        while self._live:
            batch = self._live.popleft()
            if batch.id <= self._backlog.done_to:
                continue  # the backlog was faster
            if self._flights.readings + len(batch.lines) > self._pace.in_flight:
                self._backlog.add(batch.id)
                continue
            self._backlog.overtaken(batch.id)
            self._send(batch, from_disk=False)

    def _send_backlog(self) -> None:
        while not self._backlog.is_empty and not self._stopping.is_set():
            if self._live and self.broker_is_there:
                self._send_live()
            if not self.broker_is_there and self._flights:
                return  # one batch shows whether the broker is there
            if not self._has_room_for(1):
                return
            batches = self._read_backlog()
            if not batches:
                self._backlog.finish()
                return
            if not self._have_all_gone(batches):
                return

    def _has_room_for(self, readings: int) -> bool:
        """Whether so many more may be in flight from disk; one batch always may, however large it is."""
        from_disk = self._flights.readings_from_disk
        return not from_disk or from_disk + readings <= self._pace.drain_in_flight

    def _read_backlog(self) -> list[Batch]:
        room = self._pace.drain_in_flight - self._flights.readings_from_disk
        with self._turn:
            batches = self._buffer.after(self._backlog.done_to, BATCHES_AT_ONCE if self.broker_is_there else 1, room)
        return [batch for batch in batches if batch.id <= self._backlog.ends_at]

    def _have_all_gone(self, batches: list[Batch]) -> bool:
        """Send batches of the backlog as long as there is room; whether there was room for all."""
        for batch in batches:
            if not self._has_room_for(len(batch.lines)):
                return False
            self._backlog.done_to = batch.id
            if batch.id not in self._flights and not self._keeper.is_acknowledged(batch.id):
                self._send(batch, from_disk=True)
        return True

    def _send(self, batch: Batch, from_disk: bool) -> None:
        assert self._transport is not None
        flight = self._flights.begin(batch, from_disk)
        for line in batch.lines:
            try:
                future = self._transport.send_bytes(line.key, line.value)
            except Exception as error:  # any trouble of the client's is the broker's being away; the reading is on disk
                self._answered(_Answer(flight, error))
                return
            future.add_callback(lambda _, flight=flight: self._answered(_Answer(flight)))
            future.add_errback(lambda error, flight=flight: self._answered(_Answer(flight, error or "no reason given")))

    def _answered(self, answer: _Answer) -> None:
        # Called from the client's thread.
        self._answers.append(answer)
        self._work.set()

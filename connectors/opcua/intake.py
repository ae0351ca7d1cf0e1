"""Passes on what a server says of its items: as readings, with what each says about gaps."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from asyncua import ua

from connectors.channels import converted
from connectors.devices import Emit, LiveValue
from connectors.gaps import HistorySink, Note
from connectors.opcua import decode
from connectors.opcua.decode import Seen, What
from connectors.opcua.items import Item

_log = structlog.get_logger("opcua")


def status_of(value: ua.DataValue) -> int:
    """The status as a number; none is good."""
    return int(value.StatusCode.value) if value.StatusCode is not None else 0


def seen(item: Item, value: ua.DataValue, received_ms: int) -> Seen:
    """What a value says of `item`."""
    return decode.seen(
        _bare(value),
        status_of(value),
        value.SourceTimestamp,
        value.ServerTimestamp,
        received_ms,
        item.names,
        of_register=item.is_register,
    )


def what(item: Item, value: ua.DataValue) -> What:
    """The same without its times."""
    return decode.what(_bare(value), status_of(value), item.names, of_register=item.is_register)


def _bare(value: ua.DataValue) -> object:
    return None if value.Value is None else value.Value.Value


class Intake:
    """The last step before a reading. `wake` is called when there is a new gap to fill."""

    def __init__(self, emit: Emit, history: HistorySink | None, wake: Callable[[], None]) -> None:
        self._emit, self._history, self._wake = emit, history, wake

    def take(self, item: Item, value: ua.DataValue, received_ms: int, *, is_ahead: bool = False) -> None:
        """A value of now. `is_ahead`: it was read, and the subscription is about to notify it with what came before."""
        known, status = seen(item, value, received_ms), status_of(value)
        if decode.overflowed(status):
            _log.warning(
                "queue_overflow", device=item.device.head.id, channel=item.channel.channel, queue=item.device.head.queue_size
            )
        # The first notification of a subscription and the read beside it give the same value twice.
        latest = (known.observed_ms, known.value, known.text)
        item.received_at_ms = received_ms
        note = None if is_ahead else self._note_of(item, known, status, received_ms)
        if latest != item.last:
            item.last = latest
            self._put(item, known, received_ms, note)
        elif note is not None and self._history is not None:
            self._history.put(item.channel, (), note)

    def take_refusal(self, item: Item, value: ua.DataValue, received_ms: int) -> None:
        """A read of what the server does not give. Its reason is passed on once: it is no news of the machine."""
        known = seen(item, value, received_ms)
        item.received_at_ms = received_ms
        if item.last is None or item.last[1:] != (known.value, known.text):
            item.last = (known.observed_ms, known.value, known.text)
            self._put(item, known, received_ms, None)

    def take_still(self, item: Item, value: ua.DataValue, requested_ms: int, came_ms: int) -> None:
        """A read of a silent register: passed on as unchanged, unless it changed after all."""
        known, status = seen(item, value, came_ms), status_of(value)
        if (known.observed_ms, known.value, known.text) != item.last:
            self.take(item, value, came_ms, is_ahead=not item.is_polled)
            return
        item.received_at_ms = came_ms
        times = value.SourceTimestamp, value.ServerTimestamp
        still = decode.still(_bare(value), status, *times, requested_ms, came_ms, item.names, of_register=item.is_register)
        # By our clock it says only that nothing was missed: the machine's may differ, and marks are on the machine's.
        is_by_server = decode.read_by_server(value.ServerTimestamp, requested_ms, came_ms) is not None
        self._put(item, still, came_ms, self._note_unchanged(item, status, still.observed_ms if is_by_server else 0))

    def settle(self, item: Item, value: ua.DataValue) -> None:
        """After an interruption: a register whose last change we know has missed nothing."""
        changed_ms = decode.milliseconds(value.SourceTimestamp)
        mark = self._history.book.mark(item.key) if self._history is not None else None
        if self._history is None or changed_ms is None or mark is None or changed_ms > mark:
            return
        note = self._note_unchanged(item, status_of(value), 0)
        if note is not None:
            self._history.put(item.channel, (), note)

    def missed(self, item: Item) -> None:
        """Nothing is known of the item from its last value on."""
        if self._history is not None and item.device.head.history != "off":
            self._history.book.bad(item.key)

    def _note_of(self, item: Item, known: Seen, status: int, received_ms: int) -> Note | None:
        """What a live value says about gaps."""
        head = item.device.head
        if self._history is None or head.history == "off":
            return None
        if not decode.is_of_now(status):
            self._history.book.bad(item.key)
            return None
        note = self._history.book.came(
            item.key,
            known.observed_ms,
            received_ms,
            least_ms=1.5 * head.sampling_ms,
            back_days=head.history_days,
            lost_before=decode.overflowed(status),
        )
        if note is not None and note.gaps:
            self._wake()
        return note

    def _note_unchanged(self, item: Item, status: int, known_to_ms: int) -> Note | None:
        """What a read says whose answer was known: nothing was missed, but for what is on its way from the machine."""
        head = item.device.head
        if self._history is None or head.history == "off" or not decode.is_of_now(status):
            return None
        return self._history.book.unchanged(item.key, known_to_ms - round(head.sampling_ms))

    def _put(self, item: Item, known: Seen, received_ms: int, note: Note | None) -> None:
        value = None if known.value is None else converted(known.value, item.channel.by)
        self._emit(LiveValue(item.channel, known.observed_ms, received_ms, value, known.quality, known.text, note))

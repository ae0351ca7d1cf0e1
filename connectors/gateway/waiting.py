"""Readings in memory that are not on disk yet: bounded, and what the bound refuses is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from connectors.gaps import Note
from domain.readings import Reading

_log = structlog.get_logger("outbox")


@dataclass(frozen=True, slots=True)
class Refused:
    """Readings that could not be kept, because the disk was full for longer than memory lasts."""

    count: int
    from_ms: int
    """When the first of them was received [ms since 1970]."""
    to_ms: int
    """The last of them."""

    def and_more(self, count: int, at_ms: int) -> Refused:
        """The same with some that came later."""
        return Refused(self.count + count, self.from_ms, at_ms)


@dataclass(frozen=True, slots=True)
class Entry:
    """Readings and a note that are committed together."""

    readings: Sequence[Reading]
    may_be_thinned: bool
    note: Note | None


class Waiting:
    """A queue between two threads: one puts and asks what was refused, the other looks at the entries and says which it has stored.

    Each number is written by one of the two only; what the other reads is at most a moment old.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: deque[Entry] = deque()
        self._taken = self._stored = 0
        """Readings put in by the one thread, and stored by the other."""
        self._refused: Refused | None = None

    @property
    def readings(self) -> int:
        """Readings that are not stored yet."""
        return self._taken - self._stored

    @property
    def is_empty(self) -> bool:
        """Whether no entry waits."""
        return not self._entries

    def put(self, entry: Entry) -> bool:
        """Take an entry whole, or refuse it whole; whether it was taken."""
        if self._is_full(len(entry.readings)):
            self._refuse(entry.readings)
            return False
        self._taken += len(entry.readings)
        self._entries.append(entry)
        return True

    def _is_full(self, more: int = 1) -> bool:
        return self.readings + more > max(self._most, more)

    def _refuse(self, readings: Sequence[Reading]) -> None:
        if not readings:
            return
        at_ms = readings[-1].received_ms
        if self._refused is None:
            _log.error("readings_refused", why="the buffer cannot be written and memory is used up", waiting=self._most)
            self._refused = Refused(0, readings[0].received_ms, at_ms)
        self._refused = self._refused.and_more(len(readings), at_ms)

    def take_refused(self) -> Refused | None:
        """What was refused, once readings are taken again; each is returned once."""
        if self._refused is None or self._is_full():
            return None
        refused, self._refused = self._refused, None
        _log.warning("readings_not_kept", count=refused.count, from_ms=refused.from_ms, to_ms=refused.to_ms)
        return refused

    def entries(self) -> list[Entry]:
        """All that waits, oldest first; it goes on waiting until it is `stored`."""
        return [self._entries[place] for place in range(len(self._entries))]

    def stored(self, entries: Sequence[Entry]) -> None:
        """These, the oldest ones, are on disk."""
        for entry in entries:
            self._entries.popleft()
            self._stored += len(entry.readings)

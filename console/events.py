"""Records as they come, for those who listen: what each of them has still to get, and from where one that comes back goes on.

In: messages of the topics, from one thread.  Out: to each reader every record of `LOGGED` in the order of its partition, and of `NEWEST`
the newest only. What waits for a reader is bounded: one that is too slow is let go with the reason, and holds up nobody.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fastapi.sse import format_sse_event

from connectors.kafka.client import Message
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FEEDBACK, FORECASTS, RECOMMENDATIONS, Topic

Place = tuple[str, int]
"""Topic name without namespace, partition."""
Cursor = Mapping[Place, int]
"""Offset of the next record to be sent, by partition."""

LOGGED = {"recommendations": RECOMMENDATIONS, "decisions": DECISIONS, "anomalies": ANOMALIES, "anomaly_feedback": FEEDBACK}
"""Each record matters: a reader that comes back gets what it missed."""
NEWEST = {"demand": DEMAND, "forecasts": FORECASTS}
"""A record replaces the one before it: only the newest is sent."""
STREAMED: dict[str, Topic] = {**LOGGED, **NEWEST}
BEGINNING = "beginning"
"""As an id: before the oldest record that the topics have."""
MOST_ID = 2_800
"""Characters of an id: 4 topics of 50 partitions with offsets of 12 digits."""
_ID = re.compile(
    rf"(?:{'|'.join(LOGGED)}):\d{{1,18}}(?:\.\d{{1,18}})*(?:,(?:{'|'.join(LOGGED)}):\d{{1,18}}(?:\.\d{{1,18}})*)*", re.ASCII
)
_SHORT = {topic.name: short for short, topic in STREAMED.items()}
_LOGGED_NAMES = frozenset(topic.name for topic in LOGGED.values())


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What readers may take. The defaults leave most of the requests that are served at the same time to others."""

    readers: int = 32
    waiting: int = 500
    """Records that may wait for one reader."""
    heartbeat_s: float = 15.0
    """Something is sent after this time at the latest, so that either side notices a broken connection."""


def id_text(cursor: Cursor) -> str:
    """The cursor as an event's id: ``recommendations:12.0.7,decisions:3.0.0``, the offsets of partitions 0, 1, 2 ..."""
    by_topic: dict[str, dict[int, int]] = {}
    for (topic, partition), offset in cursor.items():
        by_topic.setdefault(topic, {})[partition] = offset
    parts = (
        f"{_SHORT[name]}:" + ".".join(str(places.get(number, 0)) for number in range(max(places) + 1))
        for name, places in sorted(by_topic.items())
    )
    return ",".join(parts)


def cursor_of(text: str) -> dict[Place, int] | None:
    """What `id_text` made `text` of; None if it did not."""
    if len(text) > MOST_ID or not _ID.fullmatch(text):
        return None
    found = {}
    for part in text.split(","):
        short, _, offsets = part.partition(":")
        found.update({(LOGGED[short].name, number): int(offset) for number, offset in enumerate(offsets.split("."))})
    return found


def frame(message: Message, cursor: Cursor) -> bytes:
    """A record as an event: its JSON as it is on the topic. Only records that a reader can come back to have an id."""
    name = message.topic.name
    return format_sse_event(
        event=_SHORT[name], data_str=message.value.decode(), id=id_text(cursor) if name in _LOGGED_NAMES else None
    )


class Reader:
    """What waits for one reader.

    Parameters
    ----------
    wake
        Called from any thread when there is something new.
    """

    def __init__(self, topics: Iterable[Topic], most: int, wake: Callable[[], None]) -> None:
        self.topics = frozenset(topic.name for topic in topics)
        self._most, self._wake = most, wake
        self._lock = threading.Lock()
        self._waiting: deque[Message] = deque()
        self._newest: dict[str, Message] = {}
        self.ended = ""
        """Why nothing more will come; empty while it does."""

    def put(self, message: Message) -> None:
        """Let it wait."""
        if message.topic.name not in self.topics or self.ended:
            return
        with self._lock:
            if message.topic.name not in _LOGGED_NAMES:
                self._newest[message.topic.name] = message
            elif len(self._waiting) < self._most:
                self._waiting.append(message)
            else:
                self._waiting.clear()
                self.ended = f"too slow: more than {self._most} records were waiting; connect again with the last id"
        self._wake()

    def end(self, reason: str) -> None:
        """Let nothing more come."""
        self.ended = self.ended or reason
        self._wake()

    def take(self) -> list[Message]:
        """What has come since; what only the newest is sent of last."""
        with self._lock:
            taken = [*self._waiting, *self._newest.values()]
            self._waiting.clear()
            self._newest.clear()
            return taken


@dataclass(frozen=True, slots=True)
class Joined:
    """A reader that has joined, and how far the topics were followed at that moment: what is before comes from the log."""

    reader: Reader
    until: Cursor
    start: Cursor
    """Where somebody without an id starts: after what there was."""


@dataclass
class Hub:
    """Hands messages to all readers; safe to use from several threads."""

    limits: StreamLimits = field(default_factory=StreamLimits)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _readers: set[Reader] = field(default_factory=set)
    _next: dict[Place, int] = field(default_factory=dict)
    _first: dict[Place, int] = field(default_factory=dict)
    """What was in the log before we followed it."""
    _newest: dict[str, Message] = field(default_factory=dict)
    _closed: str = ""

    def follow(self, ends: Cursor, back: Mapping[str, int]) -> dict[Place, int]:
        """From where to read the topics, so that no reader misses a record: from where it ended, and `back` records before the end.

        Parameters
        ----------
        ends
            Offset after the last record, by partition, of any topics.
        back
            Topic -> records of each partition that are wanted in any case.
        """
        with self._lock:
            logged = {place: end for place, end in ends.items() if place[0] in _LOGGED_NAMES}
            if any(end < self._next.get(place, 0) for place, end in logged.items()):
                self._end_all("the topics were made again; connect again")
                self._next, self._first, self._newest = {}, {}, {}
            starts = {place: max(0, end - back[place[0]]) for place, end in ends.items()}
            for place, end in logged.items():
                self._first.setdefault(place, end)
                starts[place] = min(starts[place], self._next.setdefault(place, starts[place]))
            return starts

    def take(self, message: Message) -> None:
        """Hand on a record that is this plant's, once."""
        name, place = message.topic.name, (message.topic.name, message.partition)
        if name not in _SHORT:
            return
        with self._lock:
            if name in _LOGGED_NAMES:
                if message.offset < self._next.get(place, 0):
                    return  # read again after the broker was away
                self._next[place] = message.offset + 1
            else:
                self._newest[name] = message
            for reader in self._readers:
                reader.put(message)

    def join(self, topics: Iterable[Topic], wake: Callable[[], None]) -> Joined | None:
        """A reader of these topics; None where there are too many."""
        with self._lock:
            if len(self._readers) >= self.limits.readers:
                return None
            reader = Reader(topics, self.limits.waiting, wake)
            until = {place: offset for place, offset in self._next.items() if place[0] in reader.topics}
            start = {place: max(offset, self._first[place]) for place, offset in until.items()}
            for message in self._newest.values():
                reader.put(message)
            if self._closed:
                reader.end(self._closed)
            self._readers.add(reader)
            return Joined(reader, until, start)

    def leave(self, reader: Reader) -> None:
        """Hand it nothing more."""
        with self._lock:
            self._readers.discard(reader)

    def close(self, reason: str) -> None:
        """End all readers, and those who come later."""
        with self._lock:
            self._closed = reason
            self._end_all(reason)

    def _end_all(self, reason: str) -> None:
        for reader in self._readers:
            reader.end(reason)

    @property
    def readers(self) -> int:
        """How many listen."""
        return len(self._readers)

"""How a question to the ledger is written down: a method, and the topic whose records answer it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from domain.clock import epoch_ms
from domain.codec import UnreadableRecord, decode_stored
from domain.topics import Topic
from reporting.ledger.entries import Place
from reporting.ledger.memory import Memory
from reporting.ledger.reads import Reads

Reader = TypeVar("Reader", bound="Questions")
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Record = TypeVar("Record")
log = structlog.get_logger("ledger")


class Questions:
    """A ledger that can be read; with a `memory` it looks up again only what may have changed."""

    def __init__(self, database: sqlite3.Connection, memory: Memory | None = None) -> None:
        self._database = database
        self._memory = memory
        self._reads: Reads | None = None

    @contextmanager
    def noting(self, reads: Reads | None) -> Iterator[None]:
        """Within, every row that answers a question is noted in `reads`, and nothing is taken from a memory; None: nothing is noted."""
        before, self._reads = self._reads, reads
        try:
            yield
        finally:
            self._reads = before

    def _stored(self, record_type: type[Record], rows: Iterable[tuple[Any, ...]]) -> Iterator[Record]:
        """The records of entries, of which `rows` have payload and number."""
        if self._reads is None:
            return stored(record_type, rows)
        found = list(rows)
        self._reads.numbered("entry", (row[1] for row in found))
        return stored(record_type, found)

    def offsets(self) -> dict[Place, int]:
        """``(topic name, partition)`` -> next offset to read; with a memory as of its last refresh."""
        return self._offsets_now() if self._memory is None else self._memory.offsets

    def _offsets_now(self) -> dict[Place, int]:
        return {(topic, partition): offset for topic, partition, offset in self._database.execute("SELECT * FROM kafka_offset")}

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


Method = Callable[Concatenate[Reader, Arguments], Answer]


def answered_by(
    topic: Topic, keep_s: float | None = None
) -> Callable[[Method[Reader, Arguments, Answer]], Method[Reader, Arguments, Answer]]:
    """Declare a question: its answer holds until `topic` has new records, or for `keep_s` [real s] where that is given."""

    def declare(find: Method[Reader, Arguments, Answer]) -> Method[Reader, Arguments, Answer]:
        @wraps(find)
        def answer(reader: Reader, /, *args: Arguments.args, **named: Arguments.kwargs) -> Answer:
            memory = reader._memory
            if memory is None or reader._reads is not None:
                return find(reader, *args, **named)
            question = (find.__name__, args, tuple(sorted(named.items())))
            look_up = partial(find, reader, *args, **named)
            return memory.answer(topic, question, look_up) if keep_s is None else memory.slow_answer(question, keep_s, look_up)

        return answer

    return declare


def stored(record_type: type[Record], rows: Iterable[tuple[Any, ...]]) -> Iterator[Record]:
    """The records in the first column; one that this program cannot read any more is left out, and logged."""
    for row in rows:
        try:
            yield decode_stored(record_type, row[0])
        except UnreadableRecord as error:
            log.warning("stored_record_unreadable", record=record_type.__name__, reason=str(error))


def until_ms(as_of_utc: datetime | None) -> int:
    """The last millisecond that counts; all where no instant is named."""
    return 2**62 if as_of_utc is None else epoch_ms(as_of_utc)

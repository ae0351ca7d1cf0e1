"""What a job's pure part looks like, and how a bucket of raw records becomes outputs. Knows nothing of Flink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from domain.codec import UnreadableRecord, decode
from domain.readings import Rejection, RejectionReason
from domain.topics import BY_NAME, REJECTED, Topic

RECORD_SEPARATOR = "\x1e"
FIELD_SEPARATOR = "\x1f"

Outputs = list[tuple[Topic, Any]]


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it lies on the log."""

    topic: Topic
    partition: int
    offset: int
    payload: str

    @property
    def source(self) -> str:
        """Where it lies, for people."""
        return f"{self.topic.name}/{self.partition}/{self.offset}"


class Logic(Protocol):
    """A job's pure part; `state` is whatever `initial` gave, and survives as the bytes of `encode`."""

    def initial(self, key: str) -> Any:
        """State of a key that was never seen."""

    def encode(self, state: Any) -> bytes:
        """The state as versioned bytes."""

    def decode(self, key: str, stored: bytes) -> Any:
        """The state that `encode` made."""

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        """Take decoded records of one key, in the order of the log."""

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        """Everything observed up to `event_time_ms` has been taken."""


def unpack(bucket: str, namespace: str) -> list[Raw]:
    """The records of a bucket: ``topic US partition US offset US payload``, separated by RS."""
    raws = []
    for item in bucket.split(RECORD_SEPARATOR):
        parts = item.split(FIELD_SEPARATOR, 3)
        if len(parts) == 4:
            raws.append(Raw(BY_NAME[parts[0].removeprefix(namespace)], int(parts[1]), int(parts[2]), parts[3]))
        elif raws:
            # A payload that holds our separator is no JSON: put the pieces together, so that the original is whole.
            last = raws[-1]
            raws[-1] = Raw(last.topic, last.partition, last.offset, last.payload + RECORD_SEPARATOR + item)
    return raws


def read(raws: Sequence[Raw], key: str) -> tuple[list[tuple[Topic, Any]], Outputs]:
    """Records that could be read, and rejections of those that could not."""
    good: list[tuple[Topic, Any]] = []
    bad: Outputs = []
    site, _, meter = key.partition("/")
    for raw in raws:
        try:
            good.append((raw.topic, decode(raw.topic.record, raw.payload)))
        except UnreadableRecord as error:
            rejection = Rejection(
                site or "unknown", meter or "unknown", RejectionReason.UNPARSABLE, raw.payload, str(error), raw.source
            )
            bad.append((REJECTED, rejection))
    return good, bad


def run_bucket(
    logic: Logic, key: str, state: Any, bucket: str, namespace: str, tells_unreadable: bool = True
) -> tuple[Any, Outputs]:
    """Take one bucket; what cannot be read leaves as a rejection and holds nothing up.

    `tells_unreadable` is off where another operator reads the same records and tells.
    """
    good, rejections = read(unpack(bucket, namespace), key)
    outputs = rejections if tells_unreadable else []
    if good:
        state, more = logic.take(key, state, good)
        outputs = outputs + more
    return state, outputs


MakeLogic = Callable[[str], Logic]
"""Builds a job's logic from the plant folder; runs where the operator runs."""

"""What goes into the ledger and what it keeps beside its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import LastgangError
from domain.topics import Topic

Place = tuple[str, int]
"""Topic name without namespace, partition."""
Entry = tuple[Topic, int, int, Any]
"""Topic, partition, offset, and its record, `Unreadable` or `OtherSite`."""


class LedgerError(LastgangError):
    """The ledger cannot be used as requested; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no record of their topic; the ledger keeps them with the reason."""

    original: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class OtherSite:
    """A record of another plant on the same topic: only its place in the log is noted."""

    site: str


@dataclass(frozen=True, slots=True)
class RejectedReadings:
    """How many readings of a meter were set aside for one reason."""

    meter: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that contradicts one with the same identity; it does not count."""

    topic: str
    subject: str
    revision: int
    payload: str
    place: str
    """``topic/partition/offset`` where it came from."""
    recorded_utc: datetime

"""What the advice of one site remembers, and its bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from domain.codec import decode, encode
from domain.errors import LastgangError
from domain.instants import UtcInstant
from domain.orders import Order
from domain.recommendations import Recommendation
from scheduling.history import History


@dataclass(frozen=True, slots=True)
class Declined:
    """A job that somebody declined to move for one day's peak, and what it would have been worth."""

    job: str
    peak_day: str
    saving_eur: float | None
    reduction_kw: float


@dataclass(slots=True)
class Notes:
    """Everything but the year's quarter hours. Changed in place."""

    now_utc: UtcInstant | None = None
    """Newest event time of forecasts, intervals, decisions; demand only moves it where something follows from it."""
    forecast_until_utc: UtcInstant | None = None
    """Latest `issued_utc` of a forecast: orders planned by then are in it."""
    orders: dict[str, Order] = field(default_factory=dict)
    """Newest revision of each job."""
    before: dict[str, Order] = field(default_factory=dict)
    """The revision before the last one that changed a job's load."""
    recommendations: dict[str, Recommendation] = field(default_factory=dict)
    """Newest revision of each, also of those that are over, for some days."""
    declined: list[Declined] = field(default_factory=list)
    billed_peak_kw: float = 0.0
    billed_peak_year: int = 0
    """Local year that `billed_peak_kw`, told by the demand topic, belongs to."""


@dataclass(slots=True)
class AdviceState:
    """Notes and history; `encoded_notes` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    history: History = field(default_factory=History)
    encoded: bytes | None = None


MAGIC = b"lastgang-advice-1\n"
_HEAD = struct.Struct("<qqq")


class UnreadableState(LastgangError):
    """Stored state of another version. Operator: start the job without state; it reads its topics again."""


def encode_state(state: AdviceState) -> bytes:
    """The state as bytes: a version, the history as it lies in memory, the notes as JSON."""
    if state.encoded is None:
        history, notes = state.history, encode(state.notes)
        head = _HEAD.pack(history.first_slot, len(history.power_w), len(notes))
        state.encoded = b"".join((MAGIC, head, history.power_w.tobytes(), history.revision.tobytes(), notes))
    return state.encoded


def decode_state(payload: bytes) -> AdviceState:
    """The state that `encode_state` wrote.

    Raises
    ------
    UnreadableState
        If the bytes are of another version.
    """
    if not payload.startswith(MAGIC):
        msg = f"advice state begins with {payload[:24]!r}; expected {MAGIC!r}: start the job without it"
        raise UnreadableState(msg)
    at = len(MAGIC)
    first_slot, count, length = _HEAD.unpack_from(payload, at)
    at += _HEAD.size
    power_w = np.frombuffer(payload, np.int32, count=count, offset=at).copy()
    revision = np.frombuffer(payload, np.int16, count=count, offset=at + 4 * count).copy()
    at += 6 * count
    notes = decode(Notes, payload[at : at + length])
    return AdviceState(notes, History(first_slot, power_w, revision), payload)

"""What the advice of one site remembers, and its bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from domain.codec import decode, encode
from domain.errors import LastgangError
from domain.instants import QuarterStart, UtcInstant
from domain.intervals import Interval, IntervalMethod, IntervalQuality
from domain.orders import Order
from domain.recommendations import Recommendation
from quarters.newest import Newest
from quarters.numbers import slot_start
from quarters.series import QuarterSeries
from scheduling.now import Clocks, now_of


@dataclass(frozen=True, slots=True)
class Declined:
    """A job that somebody declined to move for one day's peak, and what it would have been worth."""

    job: str
    peak_day: str
    saving_eur: float | None
    """None where it was not known."""
    reduction_kw: float


@dataclass(frozen=True, slots=True)
class Billed:
    """The billed peak by the newest running quarter hour."""

    start_utc: UtcInstant
    """Start of a quarter hour of its billing period."""
    kw: float
    peak_utc: QuarterStart | None
    """The quarter hour that the peak was measured in; None where the plant file names it."""


@dataclass(slots=True)
class Notes:
    """Everything but quarter hours. Changed in place."""

    clocks: Clocks = field(default_factory=dict)
    """What forecasts, the running quarter hour (by the minute) and live quarter hours say the time is."""
    newest: Newest = field(default_factory=Newest)
    """How far the billing meter's quarter hours reach."""
    orders: dict[str, Order] = field(default_factory=dict)
    """Newest revision of each job."""
    before: dict[str, Order] = field(default_factory=dict)
    """The revision before the last one that changed a job's load."""
    recommendations: dict[str, Recommendation] = field(default_factory=dict)
    """Newest revision of each, also of those that are over, for some days."""
    declined: list[Declined] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    """Recommendations that somebody decided in time: the first decision stands, and what is advised again gets a name of its own."""
    billed: Billed | None = None

    @property
    def now_utc(self) -> datetime | None:
        """The plant's time; None before the first record that says it."""
        return now_of(self.clocks)


@dataclass(slots=True)
class AdviceState:
    """Notes and quarter hours; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    known: QuarterSeries = field(default_factory=QuarterSeries)
    """Imported energy of the billing meter."""
    reactive_import: QuarterSeries = field(default_factory=QuarterSeries)
    reactive_export: QuarterSeries = field(default_factory=QuarterSeries)
    encoded: bytes | None = None


MAGIC, MAGIC_1 = b"lastgang-advice-2\n", b"lastgang-advice-1\n"
_HEAD = struct.Struct("<qqqq")
_HEAD_1 = struct.Struct("<qqq")


class UnreadableState(LastgangError):
    """Stored state of another version. Operator: start the job without state; it reads its topics again."""


def encode_state(state: AdviceState) -> bytes:
    """The state as bytes: a version, the quarter hours as they lie in memory, the notes as JSON."""
    if state.encoded is None:
        parts = [series.to_bytes() for series in (state.known, state.reactive_import, state.reactive_export)]
        parts.append(encode(state.notes))
        state.encoded = b"".join((MAGIC, _HEAD.pack(*map(len, parts)), *parts))
    return state.encoded


def decode_state(payload: bytes) -> AdviceState:
    """The state that `encode_state` wrote, or its older form.

    Raises
    ------
    UnreadableState
        If the bytes are of another version.
    """
    if payload.startswith(MAGIC_1):
        return _decode_1(payload)
    if not payload.startswith(MAGIC):
        msg = f"advice state begins with {payload[:24]!r}; expected {MAGIC!r}: start the job without it"
        raise UnreadableState(msg)
    at = len(MAGIC) + _HEAD.size
    parts = []
    for length in _HEAD.unpack_from(payload, len(MAGIC)):
        parts.append(payload[at : at + length])
        at += length
    known, reactive_import, reactive_export = (QuarterSeries.from_bytes(part) for part in parts[:-1])
    return AdviceState(decode(Notes, parts[-1]), known, reactive_import, reactive_export, payload)


def _decode_1(payload: bytes) -> AdviceState:
    """The form that kept the year as whole watts from its first quarter hour on."""
    at = len(MAGIC_1) + _HEAD_1.size
    first_slot, count, length = _HEAD_1.unpack_from(payload, len(MAGIC_1))
    watts = np.frombuffer(payload, np.int32, count, at).tolist()
    revisions = np.frombuffer(payload, np.int16, count, at + 4 * count).tolist()
    known, unknown, method = QuarterSeries(), np.iinfo(np.int32).min, IntervalMethod.NONE
    for number, (watt, revision) in enumerate(zip(watts, revisions, strict=True)):
        quality = IntervalQuality.MISSING if watt == unknown else IntervalQuality.MEASURED
        energy_uwh = None if watt == unknown else watt * 250_000
        if revision >= 0:
            known.put(Interval("", "", "", slot_start(first_slot + number), energy_uwh, 1.0, quality, method, revision))
    return AdviceState(decode(Notes, payload[at + 6 * count : at + 6 * count + length]), known)

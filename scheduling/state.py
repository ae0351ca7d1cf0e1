"""What the advice of one site remembers, and its bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.codec import decode, encode
from domain.instants import QuarterStart, UtcInstant
from domain.orders import Order
from domain.prices import Prices
from domain.recommendations import Recommendation, RecommendationStatus
from domain.stored_state import StateForm
from quarters.newest import Newest
from quarters.series import QuarterSeries
from scheduling.now import Clocks, is_near, now_of
from scheduling.promised import Promise
from scheduling.replan_notes import ReplanNotes
from scheduling.track import Track


@dataclass(frozen=True, slots=True)
class Declined:
    """A job or shift that somebody declined to change for one day's peak, and what it would have been worth."""

    subject: str
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
    prices: list[Prices] = field(default_factory=list)
    """Day-ahead prices of what lies ahead: of each span the newest revision (`domain.prices.newest_prices`)."""
    promised: list[Promise] = field(default_factory=list)
    """What advice promised that was carried out and is not remembered any more, as far as its billing period goes on."""
    replan: ReplanNotes = field(default_factory=ReplanNotes)
    """What whole plans are made from, and when one was."""

    track: Track = field(default_factory=Track)
    """What became of recommendations."""

    @property
    def now_utc(self) -> datetime | None:
        """The plant's time; None before the first record that says it."""
        return now_of(self.clocks)

    def with_status(self, status: RecommendationStatus) -> list[Recommendation]:
        """Recommendations in this status, in the order of their issue."""
        found = [one for one in self.recommendations.values() if one.status is status]
        return sorted(found, key=lambda one: (one.issued_utc, one.recommendation))

    def end(self, recommendation: Recommendation, status: RecommendationStatus, at_utc: datetime) -> Recommendation:
        """The next revision, in another status. What other programs date is taken for now where it is far from it."""
        now = self.now_utc
        at_utc = at_utc if now is None or is_near(at_utc, now) else now
        ended = replace(recommendation, status=status, revision=recommendation.revision + 1, at_utc=at_utc)
        self.recommendations[ended.recommendation] = ended
        return ended


@dataclass(slots=True)
class AdviceState:
    """Notes and quarter hours; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    known: QuarterSeries = field(default_factory=QuarterSeries)
    """Imported energy of the billing meter."""
    reactive_import: QuarterSeries = field(default_factory=QuarterSeries)
    reactive_export: QuarterSeries = field(default_factory=QuarterSeries)
    encoded: bytes | None = None


FORM = StateForm("advice", 8)
_HEAD = struct.Struct("<qqqq")


def encode_state(state: AdviceState) -> bytes:
    """The state as bytes: the quarter hours as they lie in memory, then the notes as JSON."""
    if state.encoded is None:
        parts = [series.to_bytes() for series in (state.known, state.reactive_import, state.reactive_export)]
        parts.append(encode(state.notes))
        state.encoded = b"".join((FORM.header, _HEAD.pack(*map(len, parts)), *parts))
    return state.encoded


def decode_state(stored: bytes) -> AdviceState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    at = FORM.begin(stored)
    lengths = _HEAD.unpack_from(stored, at)
    at += _HEAD.size
    parts = []
    for length in lengths:
        parts.append(stored[at : at + length])
        at += length
    known, reactive_import, reactive_export = (QuarterSeries.from_bytes(part) for part in parts[:-1])
    return AdviceState(decode(Notes, parts[-1]), known, reactive_import, reactive_export, stored)

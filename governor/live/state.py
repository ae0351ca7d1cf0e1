"""What the live governor remembers of a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.codec import decode, encode
from domain.forecasts import Forecast
from domain.governing import Governing
from domain.intervals import QUARTER
from domain.recommendations import Recommendation
from domain.stored_state import StateForm

FORM = StateForm("governor", 1)
MOST_AHEAD = 96
"""Quarter hours of a forecast that are kept: nothing waits longer than a day."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an instrument showed last; `value` None: that it shows nothing."""

    at_ms: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """Expected load of the quarter hours from `first_start_utc` on [kW]."""

    first_start_utc: datetime
    issued_utc: datetime
    model: str
    q50_kw: tuple[float, ...]

    @classmethod
    def of(cls, forecast: Forecast) -> Ahead:
        """What is kept of a forecast."""
        return cls(forecast.first_start_utc, forecast.issued_utc, forecast.model, forecast.q50_kw[:MOST_AHEAD])

    def from_slot(self, start_utc: datetime) -> tuple[float, ...]:
        """The expected load from a quarter hour on; empty where it does not reach there."""
        place = (start_utc - self.first_start_utc) // QUARTER
        return self.q50_kw[place:] if place >= 0 else ()


@dataclass(frozen=True, slots=True)
class Held:
    """A load that is held by accepted advice, or is to be."""

    advice: str
    since_utc: datetime
    until_utc: datetime
    kw: float
    """By how much less it draws."""
    back_kwh: float
    """What it draws more afterwards."""
    before_kw: float
    """What it drew before."""


@dataclass(slots=True)
class Notes:
    """Everything but the clock."""

    levels: dict[str, Shown] = field(default_factory=dict)
    """Load -> its level, in the unit of its kind."""
    powers: dict[str, Shown] = field(default_factory=dict)
    """Load -> what it draws [kW]."""
    ahead: Ahead | None = None
    looked_utc: datetime | None = None
    """Of the newest projection that was looked at."""
    minute: int = -1
    """Of the quarter hour, in which that was."""
    quarter_utc: datetime | None = None
    """The quarter hour that runs."""
    given: int = 0
    """Recommendations of that quarter hour: part of their names."""
    requested: list[str] = field(default_factory=list)
    """Loads that were requested for in that quarter hour; none is requested for twice, whatever was answered."""
    advice: dict[str, Recommendation] = field(default_factory=dict)
    """Newest revision of what is open or runs."""
    backs_kwh: dict[str, float] = field(default_factory=dict)
    """``advice/load`` -> what that load draws more after the hold."""
    held: dict[str, Held] = field(default_factory=dict)
    released: dict[str, datetime] = field(default_factory=dict)
    """Load -> when its last hold ended."""
    stated: Governing | None = None
    """What was published of itself last."""


@dataclass(slots=True)
class GovernorState:
    """Notes; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    encoded: bytes | None = None


def encode_state(state: GovernorState) -> bytes:
    """The state as bytes: the notes as JSON."""
    if state.encoded is None:
        state.encoded = FORM.header + encode(state.notes)
    return state.encoded


def decode_state(stored: bytes) -> GovernorState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    return GovernorState(decode(Notes, FORM.content(stored)), stored)

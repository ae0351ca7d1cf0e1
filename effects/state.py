"""What the effects of one site rest on, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from domain.codec import decode, encode
from domain.effects import Autopsy, Basis, Effect, Outcome
from domain.job_power import JobPower
from domain.orders import Order
from domain.recommendations import Recommendation
from domain.stored_state import StateForm
from domain.units import Int64
from effects.draws import Draw
from quarters.newest import Newest
from quarters.series import QuarterSeries, notes_and_series, with_series

Curve = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class KeptDraw:
    """A `Draw` as it is stored, to a watt."""

    real_slot: Int64
    real_kw: Curve
    old_slot: Int64
    old_kw: Curve
    spread: float
    basis: Basis
    outcome: Outcome

    @staticmethod
    def of(draw: Draw) -> KeptDraw:
        """The same, rounded."""
        real, old = (tuple(np.round(kw, 3).tolist()) for kw in (draw.real_kw, draw.old_kw))
        return KeptDraw(draw.real_slot, real, draw.old_slot, old, draw.spread, draw.basis, draw.outcome)

    def draw(self) -> Draw:
        """The draw again."""
        real, old = np.array(self.real_kw, np.float64), np.array(self.old_kw, np.float64)
        return Draw(self.real_slot, real, self.old_slot, old, self.spread, self.basis, self.outcome)


@dataclass(frozen=True, slots=True)
class KeptMoves:
    """What the jobs of a recommendation drew that are over; their machines' quarter hours need not be known any more."""

    draws: tuple[KeptDraw, ...]
    replaced: bool = False


@dataclass(slots=True)
class Notes:
    """Everything but quarter hours. Changed in place."""

    reach: dict[str, Newest] = field(default_factory=dict)
    """Meter -> how far its quarter hours reach."""
    orders: dict[str, Order] = field(default_factory=dict)
    """Newest revision of each job, for some weeks."""
    advice: dict[str, Recommendation] = field(default_factory=dict)
    """Newest revision of each recommendation that was accepted, until its effect is final; of others for some days."""
    powers: list[JobPower] = field(default_factory=list)
    kept: dict[str, KeptMoves] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    """As published last."""
    autopsy: Autopsy | None = None
    """The newest, as published last."""
    measured_slot: Int64 = 0
    """Up to which quarter hour effects were measured last."""


@dataclass(slots=True)
class EffectsState:
    """Notes and quarter hours; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    series: dict[str, QuarterSeries] = field(default_factory=dict)
    """By meter."""
    encoded: bytes | None = None


FORM = StateForm("effects", 1)


def encode_state(state: EffectsState) -> bytes:
    """The state as bytes: the notes as JSON, then meter by meter its name and its quarter hours as they lie in memory."""
    if state.encoded is None:
        state.encoded = FORM.header + with_series(encode(state.notes), state.series)
    return state.encoded


def decode_state(stored: bytes) -> EffectsState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    notes, series = notes_and_series(FORM.content(stored))
    return EffectsState(decode(Notes, notes), series, stored)

"""Advice as a contract, and what a person said to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from domain.instants import UtcInstant


class RecommendationStatus(StrEnum):
    """Where a recommendation stands. ``verified``: its effect was measured afterwards."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another start for the same job, and why it is second."""

    start_utc: UtcInstant
    peak_after_kw: float
    saving_eur: float
    reason_en: str
    reason_de: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Move one job from one start to another; the record with the highest `revision` counts.

    `saving_eur` is ``bill(before) - bill(after)`` for the billing period (law 5): 0 where the billed peak
    does not fall.
    """

    site: str
    recommendation: str
    revision: int
    status: RecommendationStatus
    issued_utc: UtcInstant
    at_utc: UtcInstant
    """Event time of this revision."""
    valid_until_utc: UtcInstant
    """Latest useful time; after it the recommendation expires."""
    job: str
    machine: str
    from_start_utc: UtcInstant
    to_start_utc: UtcInstant
    duration_min: int
    peak_start_utc: UtcInstant
    """The quarter hour whose forecast peak it lowers."""
    peak_before_kw: float
    peak_after_kw: float
    reduction_kw: float
    bill_before_eur: float
    bill_after_eur: float
    saving_eur: float
    saving_demand_eur: float
    saving_energy_eur: float
    confidence: float
    """Probability that the peak without it passes what the peak with it reaches, 0..1."""
    reason_en: str
    reason_de: str
    alternatives: tuple[Alternative, ...] = field(default=())
    conditions_checked: tuple[str, ...] = field(default=())
    conditions_not_checked: tuple[str, ...] = field(default=())
    needs_works_council: bool = False
    decided_by: str | None = None
    effect_kw: float | None = None
    """Measured afterwards: the forecast peak before minus what the quarter hour really drew."""


class DecisionKind(StrEnum):
    """What a person said."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DeclineReason(StrEnum):
    """Why a recommendation was declined."""

    NONE = "none"
    QUALITY = "quality"
    ORDER = "order"
    SAFETY = "safety"
    STAFF = "staff"
    TECHNICAL = "technical"
    NOT_TRUE = "not_true"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who accepted or rejected which recommendation, when and why."""

    site: str
    recommendation: str
    kind: DecisionKind
    by: str
    at_utc: UtcInstant
    reason: DeclineReason = DeclineReason.NONE
    comment: str = ""

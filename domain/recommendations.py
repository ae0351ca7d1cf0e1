"""Advice as a contract, and a person's decision on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Fact, Facts
from domain.instants import UtcInstant
from domain.texts import Key, Name, Text
from domain.units import Amount, Count, Int64, Power, Share

Conditions = Annotated[tuple[Fact, ...], Field(max_length=20)]

ADVICE_QUARTERS = 4
"""The newest quarter hours of the billing meter that must be known and sound before anything is advised."""


class RecommendationStatus(StrEnum):
    """Where a recommendation stands. ``carried_out``: its job ran where it was advised to; what that was worth is not measured."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    CARRIED_OUT = "carried_out"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another start for the same job, and why it is second."""

    start_utc: UtcInstant
    peak_after_kw: Power
    saving_eur: Amount | None
    """None where no tariff prices it."""
    reason: Facts = field(default=())


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Move one job from one start to another; the record with the highest `revision` counts.

    `saving_eur` is ``bill(before) - bill(after)`` as expected for the billing period (law 5): 0 where the billed peak
    does not fall. All money is None where no tariff prices it: unknown is not zero. Charges that cannot be priced are in neither
    bill and named in `reason` and `not_checked`; `saving_energy_eur` is None where the price of the energy that moves is one of them.
    """

    site: Key
    recommendation: Key
    revision: Int64
    status: RecommendationStatus
    issued_utc: UtcInstant
    at_utc: UtcInstant
    """Event time of this revision."""
    valid_until_utc: UtcInstant
    """Latest useful time; after it the recommendation expires."""
    job: Key
    machine: Key
    from_start_utc: UtcInstant
    to_start_utc: UtcInstant
    duration_min: Count
    peak_start_utc: UtcInstant
    """The quarter hour whose forecast peak it lowers."""
    peak_before_kw: Power
    peak_after_kw: Power
    reduction_kw: Power
    bill_before_eur: Amount | None
    bill_after_eur: Amount | None
    saving_eur: Amount | None
    saving_demand_eur: Amount | None
    saving_energy_eur: Amount | None
    confidence: Share
    """Probability that the peak without it passes what the peak with it reaches, 0..1."""
    reason: Facts = field(default=())
    """Why, sentence by sentence; `words.sentences` makes text of it. Empty in records of an older form only."""
    alternatives: Annotated[tuple[Alternative, ...], Field(max_length=100)] = field(default=())
    checked: Conditions = field(default=())
    not_checked: Conditions = field(default=())
    decided_by: Name | None = None


class DecisionKind(StrEnum):
    """What a person decided."""

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

    site: Key
    recommendation: Key
    kind: DecisionKind
    by: Key
    at_utc: UtcInstant
    reason: DeclineReason = DeclineReason.NONE
    comment: Text = ""


_MAY_HAVE_DECIDED = {
    RecommendationStatus.WITHDRAWN: frozenset[DecisionKind](),
    RecommendationStatus.ACCEPTED: frozenset({DecisionKind.ACCEPTED}),
    RecommendationStatus.CARRIED_OUT: frozenset({DecisionKind.ACCEPTED}),
    RecommendationStatus.REJECTED: frozenset({DecisionKind.REJECTED}),
}
"""Which decisions a status can follow from; a status that is not named can follow from either, or from none."""


def deciding(recommendation: Recommendation, decisions: Iterable[Decision]) -> Decision | None:
    """The decision that counts: the first in the log that was made in time; None where there is none.

    One precedence for all readers (advice, page, ledger, reports): whoever comes second has decided nothing. Advice that is given again
    after a decision has an id of its own.

    Parameters
    ----------
    recommendation
        Its newest revision.
    decisions
        In the order of the log; those of other recommendations are passed over.
    """
    possible = _MAY_HAVE_DECIDED.get(recommendation.status, frozenset(DecisionKind))
    ours = (one for one in decisions if one.recommendation == recommendation.recommendation and one.site == recommendation.site)
    in_time = (one for one in ours if one.at_utc <= recommendation.valid_until_utc)
    return next((one for one in in_time if one.kind in possible), None)

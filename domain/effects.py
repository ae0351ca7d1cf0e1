"""What became of advice: the measured effect of a recommendation, and the autopsy of a new highest quarter hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Facts
from domain.instants import QuarterStart, UtcInstant
from domain.intervals import IntervalQuality
from domain.texts import Key, Name
from domain.units import Amount, Count, Int64, Power, Share

Names = Annotated[tuple[Key, ...], Field(max_length=100)]

INTERVAL_SHARE = 0.8
"""How often the true effect lies within the interval that is stated with it: from its 10 % to its 90 % quantile."""


class EffectStatus(StrEnum):
    """How far an effect can be relied upon."""

    PROVISIONAL = "provisional"
    """The billing period goes on: a higher quarter hour can still change it."""
    FINAL = "final"
    """The billing period is over, and all of its quarter hours have come."""
    UNKNOWN = "unknown"
    """A figure that it takes is missing; `reason` says which. Unknown is not zero."""


class Outcome(StrEnum):
    """What was done of a recommendation that was accepted."""

    AS_ADVISED = "as_advised"
    LATE = "late"
    """Its jobs began later than advised."""
    IN_PART = "in_part"
    """Its jobs were moved, but not as far as advised; or only some of them."""
    NOT_CARRIED_OUT = "not_carried_out"
    """Its jobs ran where they had been before."""
    REPLACED = "replaced"
    """A later recommendation moved the same jobs again: the effect is counted there."""


class Basis(StrEnum):
    """How it is known what the moved jobs drew; the worst of them counts."""

    SUB_METER = "sub_meter"
    """The machine's own meter, while they ran."""
    LEARNED = "learned"
    """The power that was learned of their product (`domain.job_power`)."""
    TYPED = "typed"
    """The power that somebody wrote into the order."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure with the interval that holds the true one in 80 % of cases.

    Raises
    ------
    ValueError
        If the interval ends before it begins.
    """

    value: Amount
    low: Amount
    high: Amount

    def __post_init__(self) -> None:
        if self.high < self.low:
            msg = f"an interval from {self.low} to {self.high}: expected its end at or above its beginning"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an accepted recommendation changed, by measurement; the record with the highest `revision` counts.

    All is against the counterfactual: the measured load, less what the moved jobs drew, plus the same at their old places. Where several
    recommendations bear on one peak each has its Shapley value, and all together what they changed together.
    """

    site: Key
    recommendation: Key
    revision: Int64
    at_utc: UtcInstant
    status: EffectStatus
    outcome: Outcome
    basis: Basis
    machine: Name
    """On which the job ran that it is about."""
    period_start_utc: UtcInstant
    """Of the billing period that it counts in ..."""
    period_end_utc: UtcInstant
    """... ``[start, end)``."""
    quarter_utc: QuarterStart
    """The quarter hour that it was to relieve."""
    promised_kw: Power
    """As it was accepted."""
    promised_eur: Amount | None
    relief_kw: Figure | None = None
    """By how much the load was lower in `quarter_utc` [kW]; None: not known."""
    reduction_kw: Figure | None = None
    """Its share of what the highest quarter hour of the billing period so far is lower by [kW]."""
    saving_eur: Figure | None = None
    """Its share of ``bill(without) - bill(with)``, less what the change itself cost [EUR]. None also where no tariff prices it."""
    shared_with: Names = ()
    """Recommendations that bear on the same billed peak."""
    sampled: bool = False
    """Whether the share is the mean over some orders of the recommendations that share, drawn with a seed, and not over all."""
    reason: Facts = field(default=())
    """What is missing, or why the interval is wider."""


@dataclass(frozen=True, slots=True)
class PeakShare:
    """What one machine drew in a quarter hour, beside what it usually draws then."""

    machine: Key
    kw: Power
    usual_kw: Power | None
    """Median of the same quarter hours of days of the same kind; None: not known."""
    job: Name = ""
    """That ran on it; empty: none is known."""

    @property
    def above_usual_kw(self) -> float | None:
        """How much more it drew than usual."""
        return None if self.usual_kw is None else self.kw - self.usual_kw


@dataclass(frozen=True, slots=True)
class Autopsy:
    """Who made a new highest quarter hour of the billing period; the record with the highest `revision` counts."""

    site: Key
    quarter_utc: QuarterStart
    revision: Int64
    at_utc: UtcInstant
    peak_kw: Power
    before_kw: Power
    """The highest quarter hour of the period until then."""
    quality: IntervalQuality
    """How the peak is known: one from a substitute says so."""
    period_end_utc: UtcInstant
    shares: Annotated[tuple[PeakShare, ...], Field(max_length=200)]
    """Those furthest above their usual first; a machine whose quarter hour is missing is named in `unknown`."""
    rest_kw: Power | None
    """What no machine's own meter counts; None where a machine's quarter hour is missing."""
    rest_usual_kw: Power | None = None
    unknown: Names = ()
    """Machines whose meter has no sound quarter hour."""
    advised: Names = ()
    """Recommendations for this quarter hour, whatever became of them."""
    followed: Names = ()
    """Those of them that were carried out."""
    cost_eur: Amount | None = None
    """What the step from `before_kw` costs until the period's end: the difference of two bills. None: no tariff prices it."""
    usual_days: Count = 0
    """How many days the usual rests on."""
    usual_share: Share = 0.0
    """Share of the machines whose usual is known, 0..1."""

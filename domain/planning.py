"""What the planner is asked and what it answers, as they lie on topics: a whole planning problem, and the plan that was found for it.

The problem's text is what ``lastgang plan`` reads, the answer's what it writes (``docs/how-to/plan-jobs-and-shifts.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import QuarterStart, UtcInstant
from domain.recommendations import Versions
from domain.texts import Document, Key, Name


class PlanningCause(StrEnum):
    """Why a site is planned again."""

    HOUR = "hour"
    """Another hour of the plant's clock has begun."""
    ORDER = "order"
    """An order came, changed or went."""
    DECISION = "decision"
    """Somebody accepted or rejected a recommendation."""
    SHIFT = "shift"
    """A shift was changed."""
    PRICE = "price"
    """Prices came."""
    POWER = "power"
    """What a job draws was learned."""
    FORECAST = "forecast"
    """The forecast of the load moved."""


class PlanStatus(StrEnum):
    """What became of a planning problem."""

    OPTIMAL = "optimal"
    """No plan is cheaper, and that is proved."""
    FEASIBLE = "feasible"
    """The cheapest plan that was found in time."""
    INFEASIBLE = "infeasible"
    """No plan keeps all rules; the answer names those in conflict."""
    NO_ANSWER = "no_answer"
    """The problem could not be read, or neither a plan nor a proof was found in time; the answer says which."""


@dataclass(frozen=True, slots=True)
class PlanningProblem:
    """One site's problem at one instant; a newer one of the same site replaces it."""

    site: Key
    problem: Key
    """Its id; the answer names it."""
    at_utc: UtcInstant
    """Plant time at which it was made."""
    first_start_utc: QuarterStart
    """Begin of slot 0."""
    cause: PlanningCause
    body: Document
    """The problem, ``lastgang.planning-problem.v1`` as JSON."""
    versions: Versions
    """What it was made from; `planner` is empty."""


@dataclass(frozen=True, slots=True)
class ProposedPlan:
    """The planner's answer to one problem. It may come twice: both are answers to the same problem, and the later one is as good."""

    site: Key
    problem: Key
    at_utc: UtcInstant
    """Of the problem: plant time at which it was made."""
    first_start_utc: QuarterStart
    """Begin of slot 0."""
    status: PlanStatus
    body: Document
    """The answer as ``lastgang plan --out`` writes it; of `NO_ANSWER` an object with the ``reason``."""
    planner: Name
    """The planner's name and version."""
    took_s: Annotated[float, Field(ge=0, le=1e6)]
    """How long it worked, by the wall clock [s]."""
    versions: Versions
    """Of the problem, with the planner's name."""

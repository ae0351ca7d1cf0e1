"""Production jobs as planned: what a planner hands in, and where each job stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import NEVER_UTC, UtcInstant, UtcInstantOrNever
from domain.intervals import QUARTER
from domain.texts import Key, Name, Text
from domain.units import Amount, Int64

MOST_QUARTERS = 4 * 24 * 28
"""A job of more than four weeks is no job."""
Quarters = Annotated[int, Field(ge=0, le=MOST_QUARTERS)]
"""A number of quarter hours."""
LoadCurve = Annotated[tuple[Annotated[float, Field(ge=-1e9, le=1e9)], ...], Field(max_length=MOST_QUARTERS)]
"""Mean powers [kW] of successive quarter hours, at most four weeks."""
TypedLoadCurve = Annotated[LoadCurve, Field(min_length=1)]
"""A load curve that somebody wrote down."""


PROGRESS_SOURCE = "progress"
"""`Order.source` of what was seen of a job's real start and end: by its machine, or by somebody beside it. It changes no plan."""


class OrderStatus(StrEnum):
    """Where a job stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing of the job is still to come: it takes no machine, and no plan concerns it."""
        return self in (OrderStatus.DONE, OrderStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Workers:
    """How many people of one skill are there, or needed."""

    skill: Key
    workers: Annotated[int, Field(ge=0, le=10_000)]


@dataclass(frozen=True, slots=True)
class OtherMachine:
    """A machine that could do the job too, and how it runs there."""

    machine: Key
    quarters: Annotated[int, Field(ge=1, le=MOST_QUARTERS)]
    profile_kw: LoadCurve = ()
    """As `Order.profile_kw`."""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """Another job that must have ended `gap_min` minutes before (cooling, drying)."""

    job: Key
    gap_min: Annotated[int, Field(ge=0, le=15 * MOST_QUARTERS)] = 0


@dataclass(frozen=True, slots=True)
class Order:
    """One production job on one machine; the record with the highest `revision` counts.

    `profile_kw` is the mean power that the job adds to the machine's idle power in each quarter hour after its start. Few plants know
    it: where it is empty the power is learned (`domain.job_power`), and `quarters` alone says how long the job takes.
    Planning systems write a date such as 9999-12-31 for "not planned", "not released" or "no due date": it is kept as
    `domain.instants.NEVER_UTC`, which no plan ever reaches.

    Raises
    ------
    ValueError
        If neither `quarters` nor `profile_kw` says how long the job takes, or if they differ.
    """

    site: Key
    job: Key
    revision: Int64
    machine: Key
    product: Name
    start_utc: UtcInstantOrNever
    """Planned (or actual) start, on a quarter hour."""
    profile_kw: LoadCurve
    earliest_utc: UtcInstantOrNever
    due_utc: UtcInstantOrNever
    """By when the job should have ended."""
    movable: bool
    status: OrderStatus
    at_utc: UtcInstant
    """When this revision was planned."""
    reason: Text = ""
    """Why it differs from the revision before, e.g. a recommendation's id."""
    quarters: Quarters = 0
    """How long the job takes [quarter hours]; 0: as long as `profile_kw`."""
    order: Name = ""
    """The production order's number, for people."""
    quantity: Amount | None = None
    """How many pieces; None: not known."""
    family: Name = ""
    """What the machine must be set up for; empty: the product."""
    other_machines: Annotated[tuple[OtherMachine, ...], Field(max_length=100)] = ()
    predecessors: Annotated[tuple[Predecessor, ...], Field(max_length=100)] = ()
    workers: Annotated[tuple[Workers, ...], Field(max_length=20)] = ()
    """People that the job needs as long as it runs."""
    deadline_utc: UtcInstantOrNever = NEVER_UTC
    """By when it must have ended, whatever it costs; `NEVER_UTC`: being late is only expensive."""
    source: Name = ""
    """Where it comes from: a file's name, ``api``, ``page``, ``progress``; empty: another program."""
    began_utc: UtcInstant | None = None
    """When it really began, to the second; None where that is known to the quarter hour at most (`start_utc`)."""
    ended_utc: UtcInstant | None = None
    """When it really ended, to the second; None where that is known to the quarter hour at most, or not yet."""

    def __post_init__(self) -> None:
        if not self.quarters and not self.profile_kw:
            msg = f"job {self.job} without a duration: expected quarters or profile_kw"
            raise ValueError(msg)
        if self.quarters and self.profile_kw and self.quarters != len(self.profile_kw):
            msg = f"job {self.job} takes {self.quarters} quarter hours and has {len(self.profile_kw)} powers: expected one power a quarter hour"
            raise ValueError(msg)

    @property
    def duration_quarters(self) -> int:
        """How long the job occupies its machine [quarter hours]."""
        return self.quarters or len(self.profile_kw)

    @property
    def duration(self) -> timedelta:
        """How long the job occupies its machine."""
        return QUARTER * self.duration_quarters

    @property
    def end_utc(self) -> datetime:
        """First instant after the job."""
        return self.start_utc + self.duration

    def on(self, machine: str) -> Order | None:
        """The job as it would run on `machine`; None where it cannot."""
        if machine == self.machine:
            return self
        way = next((other for other in self.other_machines if other.machine == machine), None)
        if way is None:
            return None
        here = OtherMachine(self.machine, self.duration_quarters, self.profile_kw)
        others = (here, *(other for other in self.other_machines if other is not way))
        return replace(self, machine=machine, quarters=way.quarters, profile_kw=way.profile_kw, other_machines=others)

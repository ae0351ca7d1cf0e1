"""Production jobs and shifts as planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import UtcInstant, UtcInstantOrNever
from domain.intervals import QUARTER
from domain.texts import Key, Name, Text
from domain.units import Int64

LoadCurve = Annotated[tuple[Annotated[float, Field(ge=-1e9, le=1e9)], ...], Field(min_length=1, max_length=4 * 24 * 28)]
"""Mean powers [kW] of successive quarter hours, at most four weeks."""


class OrderStatus(StrEnum):
    """Where a job stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Order:
    """One production job on one machine; the record with the highest `revision` counts.

    `profile_kw` is the mean power that the job adds to the machine's idle power in each quarter hour after its start.
    Planning systems write a date such as 9999-12-31 for "not planned", "not released" or "no due date": it is kept as
    `domain.instants.NEVER_UTC`, which no plan ever reaches.
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
    """The job must have ended by then."""
    movable: bool
    status: OrderStatus
    at_utc: UtcInstant
    """When this revision was planned."""
    reason: Text = ""
    """Why it differs from the revision before, e.g. a recommendation's id."""

    @property
    def duration(self) -> timedelta:
        """How long the job occupies its machine."""
        return QUARTER * len(self.profile_kw)

    @property
    def end_utc(self) -> datetime:
        """First instant after the job."""
        return self.start_utc + self.duration

"""Production jobs and shifts as planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.instants import UtcInstant
from domain.intervals import QUARTER


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
    """

    site: str
    job: str
    revision: int
    machine: str
    product: str
    start_utc: UtcInstant
    """Planned (or actual) start, on a quarter hour."""
    profile_kw: tuple[float, ...]
    earliest_utc: UtcInstant
    due_utc: UtcInstant
    """The job must have ended by then."""
    movable: bool
    status: OrderStatus
    at_utc: UtcInstant
    """When this revision was planned."""
    reason: str = ""
    """Why it differs from the revision before, e.g. a recommendation's id."""

    @property
    def duration(self) -> timedelta:
        """How long the job occupies its machine."""
        return QUARTER * len(self.profile_kw)

    @property
    def end_utc(self) -> datetime:
        """First instant after the job."""
        return self.start_utc + self.duration


@dataclass(frozen=True, slots=True)
class DayAheadPrices:
    """Prices [EUR/MWh] of one zone from `start_utc` on, `step_min` apart."""

    zone: str
    start_utc: UtcInstant
    step_min: int
    eur_per_mwh: tuple[float, ...]
    source: str = ""

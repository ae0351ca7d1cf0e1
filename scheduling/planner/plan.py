"""What the planner answers: where each job runs, which are left out, which shifts are opened and who works them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a job runs."""

    machine: str
    start: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions of a plan."""

    places: Mapping[str, Place]
    skipped: frozenset[str] = frozenset()
    open_shifts: frozenset[str] = frozenset()
    crew_of_shift: Mapping[str, str] = field(default_factory=dict)

    def decision(self, job: str) -> Place | None:
        """Where `job` runs; None if it is skipped, or not known to the plan."""
        return self.places.get(job)

    def knows(self, job: str) -> bool:
        """Whether the plan holds `job`, placed or skipped."""
        return job in self.places or job in self.skipped

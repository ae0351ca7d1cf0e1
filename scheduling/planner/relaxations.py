"""What would have to give way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.planner.conflicts import Conflict
from scheduling.planner.problem import Problem


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One way out of a conflict."""

    rule: str
    jobs: tuple[str, ...]


def relaxations_of(problem: Problem, conflicts: Sequence[Conflict]) -> tuple[Relaxation, ...]:
    """Ways out."""
    return ()

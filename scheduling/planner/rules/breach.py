"""A rule that a plan breaks, and what a rule is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Alternative, Job, Problem

if TYPE_CHECKING:
    from scheduling.planner.board import Board
    from scheduling.planner.model import Model
    from scheduling.planner.tables import Way

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Breach:
    """A hard rule that a plan breaks, and the jobs that break it together."""

    rule: str
    jobs: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One hard rule, as the judge, the search and the solver see it; what does not concern one of them is None.

    Attributes
    ----------
    breaches
        What in a plan breaks the rule: the rule itself. The other views must agree with it.
    closed_starts
        Starts of a job on a machine that break the rule whatever the other jobs do.
    close
        Closes the starts of a way that break the rule beside the jobs on a board.
    constrain
        Adds the rule to a model of the solver.
    """

    name: str
    breaches: Callable[[Problem, Plan], Iterator[Breach]]
    closed_starts: Callable[[Problem, Job, Alternative], Flags] | None = None
    close: Callable[[Board, Way, Flags], None] | None = None
    constrain: Callable[[Model], None] | None = None


def starts_of(problem: Problem, alternative: Alternative) -> npt.NDArray[np.int64]:
    """Every start with which a job ends within the horizon."""
    return np.arange(max(0, problem.slot_count - alternative.duration_slots + 1))

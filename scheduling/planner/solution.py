"""A plan by numbers, with its cost: what the parts of the search hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.planner.board import Board
from scheduling.planner.roster import Roster
from scheduling.planner.tables import Choice


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Choices of all jobs, the shifts and their crews; the cost [EUR] leaves out the energy of the load that nobody schedules."""

    choices: Mapping[int, Choice | None]
    roster: Roster
    cost_eur: float


def solution_of(board: Board) -> Solution:
    """What stands on a board."""
    return Solution(dict(board.choices), board.roster, board.cost_eur())


def cheaper(one: Solution, other: Solution) -> Solution:
    """The cheaper of two; the first of equal ones."""
    return other if other.cost_eur < one.cost_eur - 1e-9 else one

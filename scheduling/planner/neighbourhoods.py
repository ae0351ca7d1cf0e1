"""Large neighbourhoods for the solver: many related jobs at once are taken from the plan, and put back at least cost.

The number of jobs grows as long as the solver proves its answer, and shrinks where it cannot. It is good where the rules leave each job
little choice, and so many jobs have to change places together; where jobs have much choice, annealing is faster. The peak has an upper
bound, mostly the one that it has: so most starts beside the peak are closed, and the solver is many times as fast.
"""

from __future__ import annotations

import numpy as np

from scheduling.planner.board import Board, board_of
from scheduling.planner.exact import Limits, new_solver
from scheduling.planner.model import Model
from scheduling.planner.roster import Roster
from scheduling.planner.ruins import Ruins
from scheduling.planner.solution import Solution, solution_of
from scheduling.planner.solver import has_plan, is_proved
from scheduling.planner.tables import Choice, Floats, Tables

FIRST_JOBS = 10
GROWTH = 1.15
TWO_MACHINES = 0.5
"""Of all neighbourhoods, those of jobs on two machines."""
HIGHER = 0.25
"""Of all neighbourhoods, those in which the peak of one charge may become higher."""
MOST_HIGHER = 0.25
"""Of what the jobs add to the peak."""
WORK = 2.0
"""For one neighbourhood (see `Limits`)."""


class Neighbourhoods:
    """A search from one solution on; `best` is the cheapest that it has seen."""

    def __init__(self, tables: Tables, start: Solution, seed: int) -> None:
        self.best = start
        self._draw = np.random.default_rng(seed)
        self._ruins = Ruins(tables, self._draw)
        self._board = board_of(tables, start.roster, start.choices)
        self._size = float(FIRST_JOBS)

    def step(self, left_s: float) -> None:
        """Try one neighbourhood, for no longer than `left_s`."""
        board = self._board
        of_two = self._draw.random() < TWO_MACHINES
        jobs = (self._ruins.on_two_machines if of_two else self._ruins.jobs)(board, round(self._size))
        if not jobs:
            return
        highest_kw = board.flows.highest_kw()
        roster, old = board.roster, {job: board.lift(job) for job in jobs}
        most_kw = highest_kw + self._slack(len(highest_kw)) * (highest_kw - board.flows.highest_kw())
        model = Model(board, jobs, free_shifts=False, most_kw=most_kw)
        model.price()
        model.hint(old, roster)
        solver = new_solver(Limits(left_s, WORK))
        status = solver.solve(model.solver)
        found = model.chosen(solver) if has_plan(status) else old
        self._resize(is_proved(status))
        self._take(board, roster, old, found)

    def _slack(self, charges: int) -> Floats:
        """How much higher the peak of each charge may become, as a share of what the jobs add to it: mostly not at all."""
        slack = np.zeros(charges)
        if charges and self._draw.random() < HIGHER:
            slack[int(self._draw.integers(charges))] = self._draw.uniform(0.0, MOST_HIGHER)
        return slack

    def _resize(self, was_proved: bool) -> None:
        most = float(max(FIRST_JOBS, len(self._board.tables.of_job)))
        self._size = min(most, self._size * GROWTH) if was_proved else max(3.0, self._size / GROWTH**2)

    def _take(self, board: Board, roster: Roster, old: dict[int, Choice | None], found: dict[int, Choice | None]) -> None:
        for job, choice in found.items():
            board.put(job, choice)
        if board.cost_eur() < self.best.cost_eur - 1e-6:
            self.best = solution_of(board)
        elif board.cost_eur() > self.best.cost_eur + 1e-6:
            for job, choice in old.items():
                board.lift(job)
                board.put(job, choice)

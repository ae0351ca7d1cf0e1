"""Ruin and recreate under simulated annealing: related jobs are taken from the plan and put back, thousands of times.

A plan that is a little more expensive is accepted now and then, less often as a round goes on; each round begins again from the best.
The peak alone is a poor guide, since most moves leave it as it is: so a round also counts, at a small weight, how much load lies
above the incumbent peak in all slots (`Board.guide_eur`). Weights and heats differ from round to round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from math import log

import numpy as np

from scheduling.planner.board import Board, board_of
from scheduling.planner.construct import close_idle_shifts
from scheduling.planner.insertion import Taste, best_offer
from scheduling.planner.roster import Roster, Rosters
from scheduling.planner.ruins import Ruins
from scheduling.planner.sequencing import Sequencing
from scheduling.planner.solution import Solution, cheaper, solution_of
from scheduling.planner.tables import Choice, Tables

STEPS_A_JOB = 75
"""Of a round."""
END_HEAT = 0.002
"""Of a round, as a share of the cost."""
PRICE_GROWTH = 1_000.0
"""The price of a move beyond the limit at the end of a round, to that at its beginning: in the end no move is worth it."""
STEPS_A_PRICE = 20
"""With the same price."""
SEQUENCED = 0.25
"""Of all steps, those that give the jobs of one machine another sequence."""
MOVE_PRICES_EUR = (0.0, 0.0, 10.0, 40.0, 150.0)
"""Extra prices of a change: where few may be moved, those that gain little must leave the changes to others."""


@dataclass(frozen=True, slots=True)
class Climate:
    """Of a round: weight of load above the incumbent peak in every slot, and heat at the beginning as a share of the cost.

    `moves_over` jobs more than may be moved are let pass on the way, at `over_eur` each at first and `PRICE_GROWTH` times that at the end.
    """

    soft_max_weight: float
    heat: float
    moves_over: int = 0
    over_eur: float = 0.0


CLIMATES = (
    Climate(0.02, 0.06, 4, 20.0), Climate(0.02, 0.06), Climate(0.1, 0.06, 4, 30.0), Climate(0.05, 0.03, 4, 30.0), Climate(0.0, 0.06, 4, 30.0),
)  # fmt: skip
"""To refine a good plan."""
HOT_CLIMATES = (
    Climate(0.02, 0.25, 8, 20.0), Climate(0.05, 0.12, 8, 20.0), Climate(0.02, 0.06, 4, 20.0), Climate(0.02, 0.25, 16, 10.0), Climate(0.05, 0.5, 8, 20.0),
)  # fmt: skip
"""To find a valley: hot enough to leave the one of the first plan."""


class Annealing:
    """A search from one solution on; `best` is the cheapest solution that it has seen."""

    def __init__(
        self, tables: Tables, rosters: Rosters, start: Solution, seed: int, climates: Sequence[Climate] = CLIMATES
    ) -> None:
        self.best = start
        self.found: list[Solution] = []
        self._round_best = start
        self._tables = tables
        self._rosters = rosters
        self._draw = np.random.default_rng(seed)
        self._ruins = Ruins(tables, self._draw)
        self._sequencing = Sequencing(tables, self._draw)
        self._climates = cycle(climates)
        given = rosters.cheapest(())
        self._given_eur = 0.0 if given is None else given.cost_eur
        self._optional = [shift for shift in tables.problem.shifts if shift.optional]

    def round(self, is_over: Callable[[], bool], start: Solution) -> None:
        """Anneal once from `start` on."""
        steps = STEPS_A_JOB * len(self._tables.of_job)
        climate = next(self._climates)
        self._round_best = start
        board = board_of(self._tables, start.roster, start.choices)
        board.flows.weigh_load(climate.soft_max_weight)
        board.moves_over = climate.moves_over
        heat_eur = climate.heat * max(1.0, abs(self.best.cost_eur))
        cooling = END_HEAT / climate.heat
        now_eur = 0.0
        for step in range(steps):
            if is_over():
                break
            if step % STEPS_A_PRICE == 0:
                board.over_eur = climate.over_eur * PRICE_GROWTH ** (step / steps)
                now_eur = board.cost_eur() + board.guide_eur()
            limit_eur = now_eur - heat_eur * cooling ** (step / steps) * log(1.0 - self._draw.random())
            now_eur = self._step(board, now_eur, limit_eur, heat_eur)
        self.found.append(self._round_best)
        self.best = cheaper(self.best, self._round_best)

    def _step(self, board: Board, now_eur: float, limit_eur: float, heat_eur: float) -> float:
        """Take some jobs away and put them back; undone if the plan then costs more than `limit_eur`. The cost afterwards."""
        if self._sequencing.has_machines and self._draw.random() < SEQUENCED:
            return self._resequence(board, now_eur, limit_eur, heat_eur)
        roster, jobs = self._ruin(board)
        if roster is None or not jobs:
            return now_eur
        before, old = board.roster, {job: board.lift(job) for job in jobs}
        if roster is not before:
            board.set_roster(roster)
        placed = self._recreate(board, list(old), limit_eur, heat_eur)
        return self._judge(board, placed, before, old, now_eur, limit_eur)

    def _resequence(self, board: Board, now_eur: float, limit_eur: float, heat_eur: float) -> float:
        """The same with neighbours on one machine, in their best sequence."""
        highest_kw = board.flows.highest_kw()
        ways = self._sequencing.draw_jobs(board)
        if not ways:
            return now_eur
        old = {job: board.lift(job) for job in ways}
        most_kw = highest_kw + self._draw.uniform(-1.0, 0.25) * (highest_kw - board.flows.highest_kw())
        taste = self._taste(heat_eur)
        placed: list[int] = []
        for choice in self._sequencing.best(board, ways, most_kw, taste) or ():
            way = self._tables.ways[choice.way]
            # Changes are counted, and gaps of jobs that do not follow each other are seen, only now.
            if not board.open_starts(way)[choice.start]:
                break
            board.put(way.job, choice)
            placed.append(way.job)
        return self._judge(board, placed, board.roster, old, now_eur, limit_eur)

    def _judge(
        self, board: Board, placed: list[int], roster: Roster, old: dict[int, Choice | None], now_eur: float, limit_eur: float
    ) -> float:
        """Keep a change if all jobs were placed within the limit, else undo it. The cost afterwards."""
        if len(placed) == len(old):
            close_idle_shifts(board, self._rosters)
            cost_eur = board.cost_eur()
            if cost_eur + board.guide_eur() <= limit_eur:
                if cost_eur < self._round_best.cost_eur - 1e-6 and not board.has_too_many_moves():
                    self._round_best = solution_of(board)
                return cost_eur + board.guide_eur()
        self._undo(board, placed, roster, old)
        return now_eur

    def _undo(self, board: Board, placed: Iterable[int], roster: Roster, old: dict[int, Choice | None]) -> None:
        for job in placed:
            board.lift(job)
        board.set_roster(roster)
        for job, choice in old.items():
            board.put(job, choice)

    def _ruin(self, board: Board) -> tuple[Roster | None, list[int]]:
        """Jobs to take away, and the shifts to try."""
        count = int(self._draw.integers(2, 9))
        if self._optional and self._draw.random() < 0.15:
            shift = self._optional[int(self._draw.integers(len(self._optional)))]
            skills = sorted(shift.workers_by_skill) if shift.also else [shift.skill]
            name = skills[int(self._draw.integers(len(skills)))] if len(skills) > 1 else skills[0]
            skill = self._tables.skills.index(name)
            if shift.id in board.roster.opened:
                jobs = self._ruins.in_span(board, skill, shift.first, shift.end)
            else:
                jobs = self._ruins.with_skill(board, skill, count + 2)
            return self._rosters.cheapest(board.roster.opened ^ {shift.id}), jobs
        return board.roster, self._ruins.jobs(board, count)

    def _recreate(self, board: Board, jobs: list[int], limit_eur: float, heat_eur: float) -> list[int]:
        """Put jobs back one after the other, each where it costs least; those that found a place before the limit was out of reach."""
        placed: list[int] = []
        if board.flows.spare.min(initial=0) < 0:
            return placed
        least_eur = self._tables.least_eur
        # Shifts that have become idle may still be closed.
        so_far_eur = (
            board.cost_eur()
            + board.guide_eur()
            + sum(least_eur[job] for job in jobs)
            - max(0.0, board.roster.cost_eur - self._given_eur)
        )
        taste = self._taste(heat_eur)
        for job in self._ordered(jobs):
            offer = best_offer(board, job, taste, self._draw)
            if offer is None:
                break
            so_far_eur += offer.added_eur - least_eur[job]
            if so_far_eur > limit_eur:
                break
            board.put(job, offer.choice)
            placed.append(job)
        return placed

    def _taste(self, heat_eur: float) -> Taste:
        return Taste(
            heat_eur * float(self._draw.integers(2)) * 0.3, MOVE_PRICES_EUR[int(self._draw.integers(len(MOVE_PRICES_EUR)))]
        )

    def _ordered(self, jobs: list[int]) -> list[int]:
        kind = int(self._draw.integers(4))
        blur = self._draw.uniform(0.7, 1.3, len(jobs))
        if kind == 0:
            ranks = blur
        elif kind == 1:
            ranks = -blur * [self._tables.energy_kw_slots[job] for job in jobs]
        elif kind == 2:
            ranks = blur * [self._tables.freedom[job] for job in jobs]
        else:
            ranks = blur * [self._tables.problem.jobs[job].due for job in jobs]
        return [jobs[place] for place in np.argsort(ranks)]

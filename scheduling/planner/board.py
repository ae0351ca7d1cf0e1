"""A plan under construction: which choices are made, what they take, and what the next job could do beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from scheduling.planner.cost import demand
from scheduling.planner.roster import Roster
from scheduling.planner.tables import Choice, Counts, Flags, Floats, Tables, Way


class Running(NamedTuple):
    """A job on a machine, by its family and span."""

    family: str
    start: int
    end: int


class Board:
    """Choices made so far, with what is left of machines, workers and changes. Jobs that are not on it are still to be decided.

    Attributes
    ----------
    choices
        Choice by job.
    on_machine
        Jobs on each machine.
    roster
        Optional shifts that are opened, and the crews of all shifts.
    soft_max_weight
        Of load above the incumbent peaks, in what the search is guided by (`guide_eur`).
    moves_over, over_eur
        Moves beyond the limit that are let pass, and what the search counts for each.
    """

    NO_NEED = -1_000_000
    """A number of workers that is always there."""

    def __init__(self, tables: Tables, roster: Roster) -> None:
        problem = tables.problem
        self.tables = tables
        self.choices: dict[int, Choice | None] = {}
        self.on_machine: list[list[Running]] = [[] for _ in problem.machines]
        self.roster = roster
        self._closing: list[Callable[[Board, Way, Flags], None]] = [rule.close for rule in tables.rules.values() if rule.close]
        self._moved = 0
        self.soft_max_weight = 0.0
        self.moves_over = 0
        self.over_eur = 0.0
        self._own_eur = 0.0
        self._load_kw = demand.above_incumbent_kw(problem)
        self._price = np.array([charge.price_eur_per_kw for charge in problem.demand_charges])
        self._expected_kw = tables.expected_kw.copy()
        self._can_export = bool((tables.export_eur_per_kw * np.maximum(0.0, -self._expected_kw)).any())
        self._spare = np.zeros((len(tables.skills), problem.slot_count), dtype=np.int64)
        self._windows: dict[tuple[str, int], Any] = {}
        self._staff([shift.id for shift in problem.shifts if not shift.optional], 1)
        self._staff(roster.opened, 1)

    def put(self, job: int, choice: Choice | None) -> None:
        """Decide on a job that is not on the board."""
        self.choices[job] = choice
        self._own_eur += self._account(job, choice, 1)
        if choice is not None:
            way = self.tables.ways[choice.way]
            self.on_machine[way.machine].append(Running(way.family, choice.start, choice.start + way.slots))

    def lift(self, job: int) -> Choice | None:
        """Take a job from the board; its choice."""
        choice = self.choices.pop(job)
        self._own_eur -= self._account(job, choice, -1)
        if choice is not None:
            way = self.tables.ways[choice.way]
            self.on_machine[way.machine].remove(Running(way.family, choice.start, choice.start + way.slots))
        return choice

    def set_roster(self, roster: Roster) -> None:
        """Open and close shifts; workers may then be short until jobs are lifted."""
        self._staff(self.roster.opened - roster.opened, -1)
        self._staff(roster.opened - self.roster.opened, 1)
        self.roster = roster

    def moves_left(self) -> int:
        """Jobs that may still be moved, with those that the search lets pass for a while."""
        return self._free_moves() + self.moves_over

    def has_too_many_moves(self) -> bool:
        """Whether more jobs are moved than may."""
        return self._free_moves() < 0

    def _free_moves(self) -> int:
        most = self.tables.problem.changes.max_moved_jobs
        return len(self.tables.of_job) if most is None else most - self._moved

    def moved_jobs(self) -> list[int]:
        """Jobs of the board that are not where the current plan has them."""
        return [job for job, choice in self.choices.items() if self.tables.is_moved(job, choice)]

    def cost_eur(self) -> float:
        """Cost of what is on the board, without the energy of the site's other load."""
        return self._own_eur + self.roster.cost_eur + self.demand_eur() + self._export_eur()

    def demand_eur(self) -> float:
        """Demand charges of the load so far."""
        return float((self._price * np.maximum(0.0, self._load_kw.max(axis=1, initial=0.0))).sum())

    def load_kw(self) -> Floats:
        """Cautious load above the incumbent peak, a row a charge; not to be changed."""
        return self._load_kw

    def spare(self) -> Counts:
        """Workers without work, a row a skill; not to be changed."""
        return self._spare

    def expected_kw(self) -> Floats:
        """Median load so far; not to be changed."""
        return self._expected_kw

    def spare_windows(self, slots: int) -> Any:
        """Workers without work by skill, place in a window, and start of the window."""
        return self._view("spare", self._spare, slots)

    def open_starts(self, way: Way) -> Flags:
        """Starts of a way that break no rule beside what is on the board."""
        is_open = way.open.copy()
        for close in self._closing:
            close(self, way, is_open)
        return is_open

    def may_skip(self, job: int) -> bool:
        """Whether a job can be left out beside what is on the board."""
        tables = self.tables
        if tables.skip_eur[job] is None or any(self.choices.get(link.job) is not None for link in tables.after[job]):
            return False
        return self.moves_left() > 0 or not tables.is_moved(job, None)

    def added_eur(self, way: Way, starts: slice) -> Floats:
        """What a job on a way would add to the cost by start, whether it is open or not; `starts` has a beginning and an end."""
        cost_eur = way.cost_eur[starts]
        if self._price.size:
            after = self._view("load", self._load_kw, way.slots)[:, :, starts] + way.power_kw[:, None]
            highest = np.maximum(self._load_kw.max(axis=1), 0.0)
            cost_eur = cost_eur + self._price @ np.maximum(after.max(axis=1) - highest[:, None], 0.0)
            if self.soft_max_weight:
                cost_eur = cost_eur + self._soft_max_added_eur(after, way.slots, starts)
        if self._can_export:
            cost_eur = cost_eur - self._saved_export_eur(way)[starts]
        return cost_eur

    def _soft_max_added_eur(self, after_kw: Any, slots: int, starts: slice) -> Floats:
        sums = np.zeros((len(self._load_kw), self._load_kw.shape[1] + 1))
        np.maximum(self._load_kw, 0.0).cumsum(axis=1, out=sums[:, 1:])
        before = sums[:, starts.start + slots : starts.stop + slots] - sums[:, starts]
        added_eur: Floats = self._price @ (np.maximum(after_kw, 0.0).sum(axis=1) - before) * self.soft_max_weight
        return added_eur

    def guide_eur(self) -> float:
        """What the search adds to the cost: for load above the incumbent peaks in every slot, and for moves beyond the limit."""
        over_eur = self.over_eur * max(0, -self._free_moves())
        if not self.soft_max_weight:
            return over_eur
        return over_eur + self.soft_max_weight * float((self._price @ np.maximum(0.0, self._load_kw)).sum())

    def _saved_export_eur(self, way: Way) -> Floats:
        exported = np.maximum(0.0, -self._view("expected", self._expected_kw[None, :], way.slots)[0])
        loss = self._view("loss", self.tables.export_eur_per_kw[None, :], way.slots)[0]
        saved: Floats = (np.minimum(exported, way.power_kw[:, None]) * loss).sum(axis=0)
        return saved

    def _export_eur(self) -> float:
        if not self._can_export:
            return 0.0
        return float((self.tables.export_eur_per_kw * np.maximum(0.0, -self._expected_kw)).sum())

    def _account(self, job: int, choice: Choice | None, sign: int) -> float:
        """Take (1) or give back (-1) what a choice needs; its own cost."""
        self._moved += sign * self.tables.is_moved(job, choice)
        if choice is None:
            return self.tables.skip_eur[job] or 0.0
        way = self.tables.ways[choice.way]
        slots = slice(choice.start, choice.start + way.slots)
        self._load_kw[:, slots] += sign * way.power_kw
        self._expected_kw[slots] += sign * way.power_kw
        for skill, workers in way.needs:
            self._spare[skill, slots] -= sign * workers
        return float(way.cost_eur[choice.start])

    def _staff(self, shifts: Iterable[str], sign: int) -> None:
        for name in shifts:
            shift = self.tables.problem.shift[name]
            for skill, workers in shift.workers_by_skill.items():
                self._spare[self.tables.skills.index(skill), shift.first : shift.end] += sign * workers

    def _view(self, name: str, rows: Any, slots: int) -> Any:
        """Windows of `slots` slots of an array that is changed in place: row, place in the window, start of the window."""
        key = name, slots
        if key not in self._windows:
            count = max(0, rows.shape[1] - slots + 1)
            strides = (rows.strides[0], rows.strides[1], rows.strides[1])
            self._windows[key] = np.lib.stride_tricks.as_strided(rows, (rows.shape[0], slots, count), strides, writeable=False)
        return self._windows[key]


def board_of(tables: Tables, roster: Roster, choices: Mapping[int, Choice | None]) -> Board:
    """A board with choices on it."""
    board = Board(tables, roster)
    for job, choice in choices.items():
        board.put(job, choice)
    return board

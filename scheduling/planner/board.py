"""A plan under construction: which choices are made, what they take, and what the next job could do beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from scheduling.planner.flows import Flows
from scheduling.planner.roster import Roster
from scheduling.planner.tables import Choice, Flags, Tables, Way


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
    flows
        Load and workers.
    roster
        Optional shifts that are opened, and the crews of all shifts.
    moves_over, over_eur
        Moves beyond the limit that are let pass, and what the search counts for each.
    """

    def __init__(self, tables: Tables, roster: Roster) -> None:
        problem = tables.problem
        self.tables = tables
        self.choices: dict[int, Choice | None] = {}
        self.on_machine: list[list[Running]] = [[] for _ in problem.machines]
        self.flows = Flows(tables)
        self.roster = roster
        self._closing: list[Callable[[Board, Way, Flags], None]] = [rule.close for rule in tables.rules.values() if rule.close]
        self._moved = 0
        self.moves_over = 0
        self.over_eur = 0.0
        self._own_eur = 0.0
        self._staff([shift.id for shift in problem.shifts if not shift.optional], 1)
        self._staff(roster.opened, 1)

    def put(self, job: int, choice: Choice | None) -> None:
        """Decide on a job that is not on the board."""
        self.choices[job] = choice
        self._moved += self.tables.is_moved(job, choice)
        self._own_eur += self._choice_eur(job, choice)
        if choice is not None:
            way = self.tables.ways[choice.way]
            self.flows.take(way, choice)
            self.on_machine[way.machine].append(Running(way.family, choice.start, choice.start + way.slots))

    def lift(self, job: int) -> Choice | None:
        """Take a job from the board; its choice."""
        choice = self.choices.pop(job)
        self._moved -= self.tables.is_moved(job, choice)
        self._own_eur -= self._choice_eur(job, choice)
        if choice is not None:
            way = self.tables.ways[choice.way]
            self.flows.give_back(way, choice)
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
        return self._own_eur + self.roster.cost_eur + self.flows.demand_eur() + self.flows.export_eur()

    def guide_eur(self) -> float:
        """What the search adds to the cost: for load above the incumbent peaks in every slot, and for moves beyond the limit."""
        return self.over_eur * max(0, -self._free_moves()) + self.flows.weighed_eur()

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

    def _choice_eur(self, job: int, choice: Choice | None) -> float:
        if choice is None:
            return self.tables.skip_eur[job] or 0.0
        return float(self.tables.ways[choice.way].cost_eur[choice.start])

    def _staff(self, shifts: Iterable[str], sign: int) -> None:
        for name in shifts:
            shift = self.tables.problem.shift[name]
            for skill, workers in shift.workers_by_skill.items():
                self.flows.staff(self.tables.skills.index(skill), shift.first, shift.end, sign * workers)


def board_of(tables: Tables, roster: Roster, choices: Mapping[int, Choice | None]) -> Board:
    """A board with choices on it."""
    board = Board(tables, roster)
    for job, choice in choices.items():
        board.put(job, choice)
    return board

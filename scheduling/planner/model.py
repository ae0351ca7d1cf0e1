"""The solver's model (CP-SAT) of some jobs, beside others that stay on a board.

A Boolean for each open start of each free job: so energy, tardiness and changes are sums, and the peak has one constraint a slot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scheduling.planner.board import Board
from scheduling.planner.cost.demand import NOWHERE_KW
from scheduling.planner.problem import Shift
from scheduling.planner.roster import Roster
from scheduling.planner.solver import library
from scheduling.planner.tables import Choice, Flags, Floats, Way

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

POWER_PARTS = (1, 10, 100, 1_000)
"""Parts of a kW that loads are counted in: the fewest that are exact, else watts."""


@dataclass(frozen=True, slots=True)
class Option:
    """One start of a free job, and the literal that chooses it."""

    job: int
    way: int
    start: int
    slots: int
    family: str
    literal: cp_model.IntVar


@dataclass(frozen=True, slots=True)
class Worked:
    """A span that a crew works, if `literal` holds; None for one before the horizon."""

    first: int
    end: int
    literal: cp_model.IntVar | None


class Model:
    """A model of the jobs that are not on a board, with the shifts free or as the board has them.

    Attributes
    ----------
    board
        What stays as it is.
    jobs
        Free jobs; `among` limits their choices, `most_kw` the load above the incumbent peak by charge, where they add to it.
    options
        Open starts of each free job.
    opened
        Literal of each optional shift; empty where shifts stay.
    worked
        Spans of each crew, those before the horizon included; empty where shifts stay.
    """

    def __init__(
        self, board: Board, jobs: Collection[int], *, free_shifts: bool, among: Mapping[int, Collection[Choice]] | None = None,
        most_kw: Floats | None = None,
    ) -> None:  # fmt: skip
        self.board = board
        self._most_kw = most_kw
        self.jobs = sorted(jobs)
        self.has_free_shifts = free_shifts
        self.solver: cp_model.CpModel = library().CpModel()
        self.options: dict[int, list[Option]] = {}
        self.worked: dict[str, list[Worked]] = {}
        self._skipped: dict[int, cp_model.IntVar] = {}
        self.opened: dict[str, cp_model.IntVar] = {}
        self._crews: dict[tuple[str, str], cp_model.IntVar] = {}
        self._objective: list[tuple[int, cp_model.IntVar]] = []
        for job in self.jobs:
            self._add_job(job, None if among is None else frozenset(among[job]))
        if free_shifts:
            self._add_shifts()
        for rule in board.tables.rules.values():
            if rule.constrain is not None:
                rule.constrain(self)

    @cached_property
    def by_machine(self) -> Mapping[int, list[Option]]:
        """Options on each machine."""
        found = defaultdict(list)
        for options in self.options.values():
            for option in options:
                found[self.board.tables.ways[option.way].machine].append(option)
        return found

    @cached_property
    def parts_per_kw(self) -> int:
        """In how many parts a kW is counted."""
        tables = self.board.tables
        powers = np.concatenate([tables.ways[way].power_kw for job in self.jobs for way in tables.of_job[job]] or [np.zeros(1)])
        load_kw = self.board.flows.load_kw
        powers = np.concatenate([powers, load_kw[load_kw > NOWHERE_KW / 2]])
        # Rounded to watts at worst.
        exact = (parts for parts in POWER_PARTS if np.allclose(powers * parts, np.round(powers * parts), rtol=0, atol=1e-9))
        return next(exact, POWER_PARTS[-1])

    @cached_property
    def parts_per_eur(self) -> int:
        """In how many parts a euro is counted: fine enough for the price of a part of a kW."""
        return max(10_000, 1_000 * self.parts_per_kw)

    def choices_of(self, job: int) -> Iterator[tuple[Choice | None, cp_model.IntVar]]:
        """Every choice of a free job, with its literal."""
        for option in self.options[job]:
            yield Choice(option.way, option.start), option.literal
        if job in self._skipped:
            yield None, self._skipped[job]

    def limit_workers(self, skill: int, slot: int, needed: list[tuple[int, cp_model.IntVar]]) -> None:
        """Free jobs need no more workers in a slot than there are."""
        left = int(self.board.flows.spare[skill, slot])
        name = self.board.tables.skills[skill]
        shifts = [shift for shift in self._free_shifts() if name in shift.workers_by_skill and shift.first <= slot < shift.end]
        left -= sum(shift.workers_by_skill[name] for shift in shifts if shift.id in self.board.roster.opened)
        if shifts or sum(count for count, _ in needed) > left:
            more = [(-shift.workers_by_skill[name], self.opened[shift.id]) for shift in shifts]
            self.solver.add(sum(count * literal for count, literal in (*needed, *more)) <= left)

    def never_both(self, one: Worked, other: Worked, unless: Collection[Worked]) -> None:
        """A crew works at most one of two spans, unless it works one of those in between, too."""
        literals = [span.literal.negated() for span in (one, other) if span.literal is not None]
        if literals:
            self.solver.add_bool_or([*literals, *(span.literal for span in unless if span.literal is not None)])

    def price(self) -> None:
        """Add the cost as what is to be as little as possible."""
        self._price_demand()
        self._price_export()
        self.solver.minimize(sum(parts * literal for parts, literal in self._objective))

    def hint(self, choices: Mapping[int, Choice | None], roster: Roster) -> None:
        """Tell the solver of a plan to start from."""
        for job in self.jobs:
            for choice, literal in self.choices_of(job):
                self.solver.add_hint(literal, job in choices and choices[job] == choice)
        for shift, literal in self.opened.items():
            self.solver.add_hint(literal, shift in roster.opened)
        for (shift, crew), literal in self._crews.items():
            self.solver.add_hint(literal, roster.crews.get(shift) == crew)

    def chosen(self, solver: cp_model.CpSolver) -> dict[int, Choice | None]:
        """Choices of the free jobs in a solution."""
        return {job: next(choice for choice, literal in self.choices_of(job) if solver.boolean_value(literal)) for job in self.jobs}

    def roster(self, solver: cp_model.CpSolver) -> Roster:
        """Shifts that a solution opens, and who works them."""
        if not self.has_free_shifts:
            return self.board.roster
        opened = frozenset(shift for shift, literal in self.opened.items() if solver.boolean_value(literal))
        crews = {shift: crew for (shift, crew), literal in self._crews.items() if solver.boolean_value(literal)}
        shifts = self.board.tables.problem.shift
        return Roster(opened, crews, sum(shifts[name].cost_eur(crews.get(name)) for name in opened | crews.keys()))

    def _add_job(self, job: int, among: Collection[Choice] | None) -> None:
        tables = self.board.tables
        self.options[job] = []
        for number in tables.of_job[job]:
            way = tables.ways[number]
            for start in np.flatnonzero(_open_starts(self.board, way, self._most_kw)):
                if among is not None and Choice(number, int(start)) not in among:
                    continue
                literal = self.solver.new_bool_var("")
                self.options[job].append(Option(job, number, int(start), way.slots, way.family, literal))
                self._cost(float(way.cost_eur[start]), literal)
        if self.board.may_skip(job):
            self._skipped[job] = self.solver.new_bool_var("")
            self._cost(tables.skip_eur[job] or 0.0, self._skipped[job])
        self.solver.add_exactly_one(literal for _, literal in self.choices_of(job))

    def _free_shifts(self) -> Iterator[Shift]:
        return (self.board.tables.problem.shift[name] for name in self.opened)

    def _add_shifts(self) -> None:
        problem = self.board.tables.problem
        for crew in problem.crew.values():
            self.worked[crew.id] = [Worked(first, end, None) for first, end in crew.worked]
        for shift in problem.shifts:
            if shift.optional:
                self.opened[shift.id] = self.solver.new_bool_var("")
            if shift.optional and not shift.crews:
                self._cost(shift.cost_eur(None), self.opened[shift.id])
            if shift.crews:
                self._add_crews(shift)
        for spans in self.worked.values():
            spans.sort(key=lambda span: (span.first, span.end))

    def _add_crews(self, shift: Shift) -> None:
        literals = []
        for crew in shift.crew_prices:
            literal = self._crews[shift.id, crew] = self.solver.new_bool_var("")
            self._cost(shift.cost_eur(crew), literal)
            self.worked[crew].append(Worked(shift.first, shift.end, literal))
            literals.append(literal)
        self.solver.add(sum(literals) == (self.opened[shift.id] if shift.optional else 1))

    def _cost(self, eur: float, literal: cp_model.IntVar) -> None:
        self._objective.append((round(eur * self.parts_per_eur), literal))

    @cached_property
    def _load(self) -> Mapping[int, _Load]:
        """Load of the free jobs, by slot."""
        loads: dict[int, _Load] = defaultdict(_Load)
        for options in self.options.values():
            for option in options:
                power = np.round(self.board.tables.ways[option.way].power_kw * self.parts_per_kw).astype(int).tolist()
                for slot, parts in enumerate(power, start=option.start):
                    if parts:
                        loads[slot].add(option, parts)
        return loads

    def _price_demand(self) -> None:
        charges = self.board.tables.problem.demand_charges
        for row, (charge, load_kw) in enumerate(zip(charges, self.board.flows.load_kw, strict=True)):
            fixed = np.ceil(load_kw * self.parts_per_kw - 1e-6).astype(int).tolist()
            least = max(0, *fixed)
            highest = max([least, *(fixed[slot] + load.most for slot, load in self._load.items())])
            if self._most_kw is not None:
                highest = max(least, min(highest, int(np.floor(self._most_kw[row] * self.parts_per_kw + 1e-6))))
            peak = self.solver.new_int_var(least, highest, "")
            for slot, load in self._load.items():
                if fixed[slot] + load.most > least:
                    self.solver.add(load.sum() + fixed[slot] <= peak)
            self._objective.append((round(charge.price_eur_per_kw * self.parts_per_eur / self.parts_per_kw), peak))

    def _price_export(self) -> None:
        loss_eur, expected_kw = self.board.tables.export_eur_per_kw, self.board.flows.expected_kw
        for slot, load in self._load.items():
            exported = int(np.ceil(-expected_kw[slot] * self.parts_per_kw))
            loss = round(float(loss_eur[slot]) * self.parts_per_eur / self.parts_per_kw)
            if exported > 0 and loss > 0:
                left = self.solver.new_int_var(0, exported, "")
                self.solver.add(left + load.sum() >= exported)
                self._objective.append((loss, left))


def _open_starts(board: Board, way: Way, most_kw: Floats | None) -> Flags:
    is_open = board.open_starts(way)
    return is_open if most_kw is None else is_open & board.flows.is_below(way, most_kw)


class _Load:
    """Terms of the load in one slot."""

    def __init__(self) -> None:
        self._terms: list[tuple[int, cp_model.IntVar]] = []
        self._highest: dict[int, int] = {}

    def add(self, option: Option, parts: int) -> None:
        self._terms.append((parts, option.literal))
        self._highest[option.job] = max(parts, self._highest.get(option.job, 0))

    @property
    def most(self) -> int:
        """What all free jobs together can reach: each of them once."""
        return sum(self._highest.values())

    def sum(self) -> cp_model.LinearExpr:
        weighted: cp_model.LinearExpr = library().LinearExpr.weighted_sum(
            [literal for _, literal in self._terms], [parts for parts, _ in self._terms]
        )
        return weighted

"""A job runs only if its predecessors run, and starts late enough after their ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule

if TYPE_CHECKING:
    from scheduling.planner.board import Board
    from scheduling.planner.model import Model
    from scheduling.planner.tables import Way


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Jobs without their predecessor, or too early after it."""
    for job, place in plan.places.items():
        for link in problem.job[job].predecessors:
            if link.job in plan.skipped:
                yield Breach("precedence", (link.job, job), "runs although its predecessor is skipped")
            elif link.job in plan.places:
                ready = problem.job[link.job].end(plan.places[link.job]) + link.min_gap_slots
                if place.start < ready:
                    yield Breach("precedence", (link.job, job), f"starts at {place.start}, not before {ready}")


def close(board: Board, way: Way, is_open: Flags) -> None:
    """Close starts too early after a predecessor, too late before a successor, and all of them after one that is skipped."""
    tables = board.tables
    for link in tables.before[way.job]:
        if link.job in board.choices:
            at = board.choices[link.job]
            is_open[: len(is_open) if at is None else at.start + tables.ways[at.way].slots + link.gap_slots] = False
    for link in tables.after[way.job]:
        at = board.choices.get(link.job)
        if at is not None:
            is_open[max(0, at.start - link.gap_slots - way.slots + 1) :] = False


def constrain(model: Model) -> None:
    """A job has started by a slot only if each predecessor has ended its gap before; fixed jobs have closed starts already."""
    tables = model.board.tables
    for job in model.jobs:
        for link in tables.before[job]:
            if link.job in model.jobs:
                _after(model, link.job, job, link.gap_slots)


def _after(model: Model, first: int, second: int, gap_slots: int) -> None:
    """One constraint a start: what has begun by then is no more than what was ready by then."""
    begins: dict[int, list[Any]] = defaultdict(list)
    ready: dict[int, list[Any]] = defaultdict(list)
    for option in model.options[second]:
        begins[option.start].append(option.literal)
    for option in model.options[first]:
        ready[option.start + option.slots + gap_slots].append(option.literal)
    begun: list[Any] = []
    for start in sorted(begins):
        begun = begun + begins[start]
        model.solver.add(sum(begun) <= sum(literal for slot, literals in ready.items() if slot <= start for literal in literals))


RULE = Rule("precedence", breaches, close=close, constrain=constrain)

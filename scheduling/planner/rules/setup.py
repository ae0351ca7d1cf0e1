"""Between two families a machine has time to change over, also before its first job.

On a board the rule machine looks at changeovers with the jobs themselves (see there).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Alternative, Job, Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule, starts_of
from scheduling.planner.rules.machine import by_machine

if TYPE_CHECKING:
    from scheduling.planner.model import Model, Option


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Jobs in a row without time for the changeover between them."""
    for name, jobs in by_machine(problem, plan).items():
        machine = problem.machine[name]
        first, at_first = jobs[0]
        if at_first.start < machine.setup(machine.initial_family, first.family):
            yield Breach("setup", (first.id,), f"no time for the first changeover of {name}")
        for (before, at_before), (after, at_after) in pairwise(jobs):
            gap, needed = at_after.start - before.end(at_before), machine.setup(before.family, after.family)
            if 0 <= gap < needed:
                yield Breach("setup", (before.id, after.id), f"{gap} slots between them on {name}, the changeover needs {needed}")


def closed_starts(problem: Problem, job: Job, alternative: Alternative) -> Flags:
    """Starts before the machine can have changed over from what it is set up for.

    Whatever runs before the job takes no less time: no changeover is longer than one by way of a third family.
    """
    machine = problem.machine[alternative.machine]
    closed: Flags = starts_of(problem, alternative) < machine.setup(machine.initial_family, job.family)
    return closed


def constrain(model: Model) -> None:
    """While a job runs or the changeover after it lasts, no job of the other family runs."""
    for number, options in model.by_machine.items():
        machine = model.board.tables.problem.machines[number]
        for (before, after), slots in machine.setup_slots.items():
            first = [option for option in options if option.family == before]
            second = [option for option in options if option.family == after]
            if slots and first and second:
                for job in sorted({option.job for option in first}):
                    others = [option for option in second if option.job != job]
                    _keep_apart(model, [option for option in first if option.job == job], others, slots)


def _keep_apart(model: Model, first: list[Option], second: list[Option], setup_slots: int) -> None:
    """`first` holds options of one job. At most one of it and of the others is at work in a slot, changeover included."""
    if "machine" not in model.board.tables.rules:
        return _keep_pairs_apart(model, first, second, setup_slots)
    at_work = defaultdict(list)
    for option in first:
        for slot in range(option.start, option.start + option.slots + setup_slots):
            at_work[slot].append(option.literal)
    for option in second:
        for slot in range(option.start, option.start + option.slots):
            if slot in at_work:
                at_work[slot].append(option.literal)
    for slot in sorted(at_work):
        model.solver.add_at_most_one(at_work[slot])
    return None


def _keep_pairs_apart(model: Model, first: list[Option], second: list[Option], setup_slots: int) -> None:
    """Without the rule machine jobs may overlap, but not follow each other too closely."""
    for option in first:
        end = option.start + option.slots
        for other in second:
            if end <= other.start < end + setup_slots:
                model.solver.add_at_most_one([option.literal, other.literal])


RULE = Rule("setup", breaches, closed_starts, constrain=constrain)

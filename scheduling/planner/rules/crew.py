"""In every slot the running jobs need no more workers of a skill than the shifts have that are given or opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule

if TYPE_CHECKING:
    from scheduling.planner.board import Board
    from scheduling.planner.model import Model
    from scheduling.planner.tables import Way


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Slots with too few workers of a skill, each with the jobs that need them."""
    needed: dict[tuple[str, int], int] = defaultdict(int)
    running: dict[tuple[str, int], list[str]] = defaultdict(list)
    for job, place in plan.places.items():
        for skill, workers in problem.job[job].on[place.machine].workers.items():
            for slot, count in enumerate(workers, start=place.start):
                if count:
                    needed[skill, slot] += count
                    running[skill, slot].append(job)
    for (skill, slot), count in sorted(needed.items()):
        present = workers_present(problem, plan, skill, slot)
        if count > present:
            yield Breach("crew", tuple(running[skill, slot]), f"slot {slot}: {count} {skill} needed, {present} present")


def workers_present(problem: Problem, plan: Plan, skill: str, slot: int) -> int:
    """Workers of `skill` of the given and the opened shifts in `slot`."""
    return sum(
        shift.workers_by_skill.get(skill, 0)
        for shift in problem.shifts
        if shift.first <= slot < shift.end and (not shift.optional or shift.id in plan.open_shifts)
    )


def close(board: Board, way: Way, is_open: Flags) -> None:
    """Close starts with which too few workers are left."""
    count = len(is_open)
    for need in way.needs:
        spare = board.flows.spare_windows(need.slots)[need.skill, :, need.first : need.first + count]
        is_open &= np.logical_and.reduce(spare >= need.workers, axis=0)


def constrain(model: Model) -> None:
    """Workers that the free jobs need in a slot are no more than the fixed jobs leave, and the shifts have."""
    needed = defaultdict(list)
    for options in model.options.values():
        for option in options:
            for need in model.board.tables.ways[option.way].needs:
                for slot in range(need.first, need.first + need.slots):
                    needed[need.skill, option.start + slot].append((need.workers, option.literal))
    for (skill, slot), terms in sorted(needed.items(), key=lambda entry: entry[0]):
        model.limit_workers(skill, slot, terms)


RULE = Rule("crew", breaches, close=close, constrain=constrain)

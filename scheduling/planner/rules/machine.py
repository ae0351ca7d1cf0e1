"""A machine runs one job at a time, and none while it is unavailable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import Alternative, Job, Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule, starts_of

if TYPE_CHECKING:
    from scheduling.planner.board import Board
    from scheduling.planner.model import Model
    from scheduling.planner.tables import Way


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Jobs that overlap on a machine, or run while it is unavailable."""
    for machine, jobs in by_machine(problem, plan).items():
        for (a, at_a), (b, at_b) in combinations(jobs, 2):
            if at_a.start < b.end(at_b) and at_b.start < a.end(at_a):
                yield Breach("machine", (a.id, b.id), f"overlap on {machine}")
        for first, end in problem.machine[machine].unavailable:
            for job, at in jobs:
                if at.start < end and first < job.end(at):
                    yield Breach("machine", (job.id,), f"{machine} is unavailable in [{first}, {end})")


def by_machine(problem: Problem, plan: Plan) -> dict[str, list[tuple[Job, Place]]]:
    """Jobs on each machine, in order of start."""
    jobs: dict[str, list[tuple[Job, Place]]] = defaultdict(list)
    for job, place in sorted(plan.places.items(), key=lambda entry: entry[1].start):
        jobs[place.machine].append((problem.job[job], place))
    return jobs


def closed_starts(problem: Problem, job: Job, alternative: Alternative) -> Flags:
    """Starts with which the job would meet a span in which its machine is unavailable."""
    starts = starts_of(problem, alternative)
    closed = np.zeros(len(starts), bool)
    for first, end in problem.machine[alternative.machine].unavailable:
        closed |= (starts < end) & (starts + alternative.duration_slots > first)
    return closed


def close(board: Board, way: Way, is_open: Flags) -> None:
    """Close starts that meet a job on the same machine, or leave no time for the changeover before or after it."""
    setups = board.tables.setups[way.machine]
    for family, start, end in board.on_machine[way.machine]:
        first = start - way.slots - setups.get((way.family, family), 0)
        is_open[max(0, first + 1) : end + setups.get((family, way.family), 0)] = False


def constrain(model: Model) -> None:
    """In each slot at most one job of a machine runs."""
    for options in model.by_machine.values():
        if len({option.job for option in options}) > 1:
            running = defaultdict(list)
            for option in options:
                for slot in range(option.start, option.start + option.slots):
                    running[slot].append(option.literal)
            for slot in sorted(running):
                model.solver.add_at_most_one(running[slot])


RULE = Rule("machine", breaches, closed_starts, close, constrain)

"""No more jobs are moved than the plant accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduling.planner.cost.changes import moved_jobs
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule

if TYPE_CHECKING:
    from scheduling.planner.board import Board
    from scheduling.planner.model import Model
    from scheduling.planner.tables import Way


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Moved jobs where there are too many; only jobs that the plan decides on count."""
    most = problem.changes.max_moved_jobs
    moved = tuple(job for job in moved_jobs(problem, plan) if plan.knows(job))
    if most is not None and len(moved) > most:
        yield Breach("moves", moved, f"{len(moved)} jobs moved, at most {most} may")


def close(board: Board, way: Way, is_open: Flags) -> None:
    """Close every start but the current one where no further job may be moved."""
    if board.moves_left() > 0 or way.job not in board.tables.current:
        return
    now = board.tables.current[way.job]
    keep = now is not None and now.way == way.number and 0 <= now.start < len(is_open) and bool(is_open[now.start])
    is_open[:] = False
    if keep and now is not None:
        is_open[now.start] = True


def constrain(model: Model) -> None:
    """No more of the free jobs are moved than the fixed ones leave."""
    tables = model.board.tables
    if tables.problem.changes.max_moved_jobs is None:
        return
    moved = [
        literal
        for job in model.jobs
        for choice, literal in model.choices_of(job)
        if tables.is_moved(job, choice)
    ]  # fmt: skip
    model.solver.add(sum(moved) <= model.board.moves_left())


RULE = Rule("moves", breaches, close=close, constrain=constrain)

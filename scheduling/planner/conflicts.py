"""Why there is no plan: the smallest set of jobs that cannot be planned together, and a rule without which they could be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scheduling.planner.exact import Feasibility, feasibility
from scheduling.planner.problem import Problem
from scheduling.planner.rules import RULES, without
from scheduling.planner.tables import Tables, tables_of

CHECK_S = 3.0
"""For each question to the solver; what it cannot decide by then counts as possible."""
MOST_CONFLICTS = 3
BLAMED = (
    "locked", "moves", "setup", "precedence", "rest", "working_time", "crew", "machine", "deadline", "earliest", "horizon",
)  # fmt: skip
"""Rules in the order in which they are named: those first that tell a planner most."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Jobs that cannot be planned together, though any fewer of them can; none: the given shifts cannot be staffed.

    `rule` is one without which they could be.
    """

    rule: str
    jobs: tuple[str, ...]


def conflicts_of(problem: Problem) -> tuple[Conflict, ...]:
    """Conflicts without common jobs, at least one; `problem` must have no plan."""
    return tuple(_conflicts(problem, tables_of(problem, RULES)))


def _conflicts(problem: Problem, tables: Tables) -> Iterator[Conflict]:
    if _has_no_plan(tables, []):
        yield Conflict(_blamed(problem, []), ())
        return
    left = _narrowest_first(tables)
    for number in range(MOST_CONFLICTS):
        if number and not _has_no_plan(tables, left):
            return
        jobs = sorted(_smallest(tables, [], left, is_new=False))
        yield Conflict(_blamed(problem, jobs), tuple(problem.jobs[job].id for job in jobs))
        left = [job for job in left if job not in jobs]


def _smallest(tables: Tables, kept: list[int], jobs: list[int], *, is_new: bool) -> list[int]:
    """A smallest part of `jobs` that has no plan together with `kept` (QuickXplain: Junker, AAAI 2004).

    `is_new`: something was added to `kept` since it was last looked at. Jobs at the front of the list are named rather than others.
    """
    if is_new and _has_no_plan(tables, kept):
        return []
    if len(jobs) == 1:
        return jobs
    first, second = jobs[: len(jobs) // 2], jobs[len(jobs) // 2 :]
    of_second = _smallest(tables, kept + first, second, is_new=True)
    of_first = _smallest(tables, kept + of_second, first, is_new=bool(of_second))
    return of_first + of_second


def _has_no_plan(tables: Tables, jobs: list[int]) -> bool:
    return feasibility(tables, jobs, CHECK_S) is Feasibility.NO


def _narrowest_first(tables: Tables) -> list[int]:
    """Jobs with the least choice first: they make the conflicts that are easiest to understand."""
    return sorted(range(len(tables.of_job)), key=tables.freedom.__getitem__)


def _blamed(problem: Problem, jobs: list[int]) -> str:
    possible = (rule for rule in BLAMED if feasibility(tables_of(problem, without(rule)), jobs, CHECK_S) is Feasibility.YES)
    return next(possible, BLAMED[-1])

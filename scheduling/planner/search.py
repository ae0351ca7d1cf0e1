"""The search for a cheaper plan within a time limit: chains of annealing from the first plan on, then more from the best one.

One chain ends in one valley of many, so several start from the first plan, each in another climate. The second half of the time goes to
the best of them. Workers search by themselves, each with its own seed, and the cheapest plan of all counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scheduling.planner.annealing import Annealing
from scheduling.planner.exact import MOST_OPTIONS, PROOF_SHARE, Limits, cheapest, options
from scheduling.planner.problem import Problem
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES
from scheduling.planner.solution import Solution, cheaper
from scheduling.planner.tables import Tables, tables_of

Clock = Callable[[], float]
"""Seconds from some instant on."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search.

    Attributes
    ----------
    until_s
        By the clock; the search also ends then where `rounds` are not done yet.
    seconds
        From the beginning until then.
    rounds
        Of annealing for each worker; None: until the time is over. With the same rounds and seed the answer is the same on any machine that
        finishes them in time.
    """

    until_s: float
    seconds: float
    seed: int
    rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The part of one worker."""

    problem: Problem
    first: Solution
    effort: Effort
    worker: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class Found:
    """What a worker found, and whether it is proved to be the cheapest."""

    solution: Solution
    is_proved: bool = False


SideBySide = Callable[[Callable[[Task], Found], Sequence[Task]], list[Found]]
"""Runs a function on several tasks at once, and returns their results in order."""


def one_after_the_other(work: Callable[[Task], Found], tasks: Sequence[Task]) -> list[Found]:
    """Only the first task: what a single worker has time for."""
    return [work(task) for task in tasks[:1]]


def search(task: Task) -> Found:
    """The cheapest plan that one worker finds; the first worker also tries to prove it where the problem is small."""
    tables = tables_of(task.problem, RULES)
    rosters = Rosters(task.problem, RULES)
    best = task.first
    if task.worker == 0 and options(tables) <= MOST_OPTIONS:
        best, is_proved = cheapest(tables, rosters, best, limits(task.effort, task.clock, PROOF_SHARE))
        if is_proved:
            return Found(best, True)
    return Found(cheaper(best, _anneal(tables, rosters, task)))


def limits(effort: Effort, clock: Clock, share: float) -> Limits:
    """Limits of the solver for a share of what is left."""
    left_s = effort.until_s - clock()
    return Limits(left_s * share, (left_s if effort.rounds is None else float(effort.rounds)) * share)


def _anneal(tables: Tables, rosters: Rosters, task: Task) -> Solution:
    annealing = Annealing(tables, rosters, task.first, seed=2 * task.effort.seed + task.worker)
    begun_s, effort = task.clock(), task.effort
    done = 0

    def is_over() -> bool:
        return task.clock() >= effort.until_s

    while not is_over() and (effort.rounds is None or done < effort.rounds):
        gone = done / effort.rounds if effort.rounds else (task.clock() - begun_s) / max(1e-9, effort.until_s - begun_s)
        annealing.round(is_over, from_first=gone < 0.5)
        done += 1
    return annealing.best

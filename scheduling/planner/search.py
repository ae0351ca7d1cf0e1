"""The search for a cheaper plan within a time limit, in two stages.

*Exploring*: chains of annealing, all from the first plan, each in another climate; one chain ends in one valley of many. *Refining*: the first
worker merges what all chains found (the solver picks for each job a place that one of the plans has, or the slot beside it), and goes on with
large neighbourhoods where the rules leave little choice; the others anneal from the best plan on. Workers search by themselves, each with its
own seed, and tell each other what they found between the stages only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from scheduling.planner.annealing import Annealing
from scheduling.planner.exact import MOST_OPTIONS, Limits, merged, options
from scheduling.planner.neighbourhoods import Neighbourhoods
from scheduling.planner.problem import Problem
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES
from scheduling.planner.solution import Solution
from scheduling.planner.tables import Tables, tables_of

Clock = Callable[[], float]
"""Seconds from some instant on."""
EXPLORING_SHARE = 0.55
"""Of the time."""
MERGED_AT_ONCE = (6, 12, 24)
"""Plans: of few the solver finds the best combination quickly, of many it finds better ones if there is time."""
MERGING_WORK = 2.0
MERGING_SHARE = 0.2
"""Of the refining, for each merge; and its limit in the solver's own count (see `Limits`)."""
NEIGHBOURHOODS_A_ROUND = 3
"""Where rounds are counted instead of time."""


class Stage(Enum):
    """Of a search."""

    EXPLORING = "exploring"
    REFINING = "refining"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search.

    Attributes
    ----------
    begin_s, until_s
        By the clock; the search also ends then where `rounds` are not done yet.
    rounds
        Of each worker; None: until the time is over. With the same rounds, seed and number of workers the answer is the same on any machine
        that finishes them in time.
    """

    begin_s: float
    until_s: float
    seed: int = 0
    rounds: int | None = None

    def stages(self) -> Iterator[tuple[Stage, Effort]]:
        """The effort of each stage."""
        between_s = self.begin_s + EXPLORING_SHARE * (self.until_s - self.begin_s)
        rounds = None if self.rounds is None else (self.rounds + 1) // 2
        yield Stage.EXPLORING, Effort(self.begin_s, between_s, self.seed, rounds)
        left = None if rounds is None or self.rounds is None else self.rounds - rounds
        yield Stage.REFINING, Effort(between_s, self.until_s, self.seed + 1_000_003, left)


@dataclass(frozen=True, slots=True)
class Task:
    """What one worker does in one stage, from the best of `known` on."""

    problem: Problem
    known: tuple[Solution, ...]
    stage: Stage
    effort: Effort
    worker: int
    clock: Clock


SideBySide = Callable[[Callable[[Task], list[Solution]], Sequence[Task]], list[list[Solution]]]
"""Runs a function on several tasks at once, and returns their results in order."""


def one_after_the_other(work: Callable[[Task], list[Solution]], tasks: Sequence[Task]) -> list[list[Solution]]:
    """Only the first task: what a single worker has time for."""
    return [work(task) for task in tasks[:1]]


def search(problem: Problem, first: Solution, effort: Effort, workers: int, clock: Clock, side_by_side: SideBySide) -> Solution:
    """The cheapest plan that `workers` find from `first` on."""
    known = (first,)
    for stage, part in effort.stages():
        found = side_by_side(work, [Task(problem, known, stage, part, worker, clock) for worker in range(workers)])
        known = tuple(sorted((*known, *(one for several in found for one in several)), key=lambda one: one.cost_eur))
    return known[0]


def work(task: Task) -> list[Solution]:
    """The plans that one worker finds in one stage."""
    tables, rosters = tables_of(task.problem, RULES), Rosters(task.problem, RULES)
    if task.stage is Stage.REFINING and task.worker == 0:
        best = _merge(tables, rosters, task)
        if options(tables) <= MOST_OPTIONS:
            return [_try_neighbourhoods(tables, best, task)]
        return _anneal(tables, rosters, best, task)
    return _anneal(tables, rosters, task.known[0], task)


def _merge(tables: Tables, rosters: Rosters, task: Task) -> Solution:
    best, share_s = task.known[0], MERGING_SHARE * (task.effort.until_s - task.effort.begin_s)
    for count in MERGED_AT_ONCE:
        if not _is_over(task) and len(task.known) > 1:
            limits = Limits(min(share_s, task.effort.until_s - task.clock()), MERGING_WORK)
            best = merged(tables, rosters, [best, *task.known[:count]], limits)
        if count >= len(task.known):
            break
    return best


def _anneal(tables: Tables, rosters: Rosters, start: Solution, task: Task) -> list[Solution]:
    annealing = Annealing(tables, rosters, start, _seed(task))
    for _ in _rounds(task, 1):
        annealing.round(lambda: _is_over(task), from_first=task.stage is Stage.EXPLORING)
    return annealing.found


def _try_neighbourhoods(tables: Tables, start: Solution, task: Task) -> Solution:
    neighbourhoods = Neighbourhoods(tables, start, _seed(task))
    for _ in _rounds(task, NEIGHBOURHOODS_A_ROUND):
        neighbourhoods.step(task.effort.until_s - task.clock())
    return neighbourhoods.best


def _rounds(task: Task, each: int) -> Iterator[int]:
    done = 0
    while not _is_over(task) and (task.effort.rounds is None or done < each * task.effort.rounds):
        yield done
        done += 1


def _is_over(task: Task) -> bool:
    return task.clock() >= task.effort.until_s


def _seed(task: Task) -> int:
    return 2 * task.effort.seed + task.worker

"""The search for a cheaper plan within a time limit, in three stages.

*Exploring*: chains of annealing from the first plan and from the current one, each in another climate; one chain ends in one valley of
many. *Merging*: the first worker's solver picks for each job a place that one of the plans has, or the slot beside it, first from a few of
the best plans, then from more; the others anneal from the best one on. *Refining*: from the best plan on, by more annealing and, where the
rules leave little choice, by large neighbourhoods for the solver. There all workers merge, again and again, around plans and below peaks
that are drawn: with a bounded peak the solver is many times as fast, and a plan with another peak is another valley. All workers but the first mostly
let every job be anywhere, below a peak a little lower than that of the best plan: no chain need have been in the valley that this leads to. Workers search
by themselves, each with its own seed, and tell each other what they found between the stages only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import cycle
from random import Random

from scheduling.planner.annealing import CLIMATES, HOT_CLIMATES, Annealing
from scheduling.planner.board import board_of
from scheduling.planner.exact import MOST_OPTIONS, Limits, below_peak, merged, options
from scheduling.planner.neighbourhoods import Neighbourhoods
from scheduling.planner.problem import Problem
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES
from scheduling.planner.solution import Solution, cheaper
from scheduling.planner.tables import Floats, Tables, tables_of

Clock = Callable[[], float]
"""Seconds from some instant on."""
Shares = tuple[float, float, float]
SHARES: Shares = (0.5, 0.35, 0.15)
"""Of the time, by stage."""
SMALL_SHARES: Shares = (0.4, 0.5, 0.1)
"""The same where the rules leave little choice: there every worker merges, and a merge goes further than another chain."""
MERGED_AT_ONCE = (6, 24)
"""Plans: of few the solver finds the best combination quickly, of many it finds better ones if there is time."""
MERGED_LATER = 12
"""Plans, drawn from all that are known."""
MERGING_WORK = 4.0
SMALL_MERGING_WORK = 2.0
"""Of the solver for one merge (see `Limits`); the latter where the rules leave little choice."""
MERGED_AROUND = 12
"""Good plans that a merge may be around instead of the best one."""
AROUND_OTHER = 0.5
"""Of all merges, those around another plan than the best."""
ANY_PEAK, NEAR_PEAK = 0.2, 0.5
"""Of all merges, those with any peak, and those with one that is not much higher than that of the plan around which they are."""
NEAR = 1.15
"""A little higher than the plan's peak above what is billed already."""
DRAWN_PEAK = (0.3, 1.3)
"""The same, where it is drawn for each charge by itself: so one may give way to another."""
LOWER = (0.98, 0.9, None, 0.94, 0.86, None)
"""Peaks above what is billed already, in turns, as a share of that of the best plan, for one of the charges; None: a merge instead."""
NEIGHBOURHOODS_A_ROUND = 3
"""Where rounds are counted instead of time."""


class Stage(Enum):
    """Of a search."""

    EXPLORING = "exploring"
    MERGING = "merging"
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

    def stages(self, shares: Shares) -> Iterator[tuple[Stage, Effort]]:
        """The effort of each stage; of each round the stages have their share, but at least one."""
        begin_s = self.begin_s
        for number, (stage, share) in enumerate(zip(Stage, shares, strict=True)):
            until_s = begin_s + share * (self.until_s - self.begin_s)
            rounds = None if self.rounds is None else max(1, round(share * self.rounds))
            yield stage, Effort(begin_s, until_s, len(Stage) * self.seed + number, rounds)
            begin_s = until_s


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


def search(
    problem: Problem, starts: Sequence[Solution], effort: Effort, workers: int, clock: Clock, side_by_side: SideBySide
) -> Solution:
    """The cheapest plan that `workers` find from any of `starts` on."""
    known = _by_cost(starts)
    shares = SMALL_SHARES if _is_small(tables_of(problem, RULES)) else SHARES
    for stage, part in effort.stages(shares):
        found = side_by_side(work, [Task(problem, known, stage, part, worker, clock) for worker in range(workers)])
        known = _by_cost([*known, *(one for several in found for one in several)])
    return known[0]


def _by_cost(solutions: Iterable[Solution]) -> tuple[Solution, ...]:
    return tuple(sorted(solutions, key=lambda one: one.cost_eur))


def work(task: Task) -> list[Solution]:
    """The plans that one worker finds in one stage."""
    tables, rosters = tables_of(task.problem, RULES), Rosters(task.problem, RULES)
    if task.stage is Stage.MERGING and len(task.known) > 2:
        if task.worker == 0:
            return [_merge(tables, rosters, task)]
        if _is_small(tables):
            return [_lower(tables, rosters, task)]
    if task.stage is Stage.REFINING and task.worker == 0 and options(tables) <= MOST_OPTIONS:
        return [_try_neighbourhoods(tables, task)]
    return _anneal(tables, rosters, task)


def _is_small(tables: Tables) -> bool:
    return options(tables) <= MOST_OPTIONS


def _merge(tables: Tables, rosters: Rosters, task: Task) -> Solution:
    best, known, random = task.known[0], list(task.known[1:]), Random(_seed(task))
    is_small = _is_small(tables)
    counts = iter(MERGED_AT_ONCE)
    for _ in _rounds(task, 1):
        count = next(counts, None)
        chosen = random.sample(known, min(len(known), MERGED_LATER)) if count is None else known[:count]
        left_s = task.effort.until_s - task.clock()
        if count is not None and not is_small:
            best = merged(tables, rosters, [best, *chosen], Limits(left_s, MERGING_WORK))
            continue
        around = random.choice(known[:MERGED_AROUND]) if random.random() < AROUND_OTHER else best
        most_kw = _drawn_peak_kw(tables, around, random)
        limits = Limits(left_s, SMALL_MERGING_WORK if is_small else MERGING_WORK)
        found = merged(tables, rosters, [around, best, *chosen], limits, slots_beside=random.choice((1, 2)), most_kw=most_kw)
        known.append(found)
        best = cheaper(best, found)
    return best


def _lower(tables: Tables, rosters: Rosters, task: Task) -> Solution:
    """As `_merge`, but mostly every job may be anywhere, below a lower peak; and the solver has no linear relaxation."""
    best, known, random = task.known[0], list(task.known[1:]), Random(_seed(task))
    for _, share in zip(_rounds(task, 1), cycle(LOWER)):
        limits = Limits(task.effort.until_s - task.clock(), SMALL_MERGING_WORK)
        lower_kw = None if share is None else _lower_peak_kw(tables, best, share, random)
        if lower_kw is not None:
            found = below_peak(tables, rosters, best, lower_kw, limits)
        else:
            around = random.choice(known[:MERGED_AROUND]) if random.random() < AROUND_OTHER else best
            plans = [around, best, *random.sample(known, min(len(known), MERGED_LATER))]
            most_kw = _drawn_peak_kw(tables, around, random)
            found = merged(tables, rosters, plans, limits, slots_beside=random.choice((1, 2)), most_kw=most_kw, lean=True)
        if found is not None:
            known.append(found)
            best = cheaper(best, found)
    return best


def _drawn_peak_kw(tables: Tables, around: Solution, random: Random) -> Floats | None:
    """Highest load above the incumbent peak for a merge around a plan, by charge; None: any."""
    highest_kw = board_of(tables, around.roster, around.choices).flows.highest_kw()
    kind = random.random()
    if kind < ANY_PEAK:
        return None
    if kind < ANY_PEAK + NEAR_PEAK:
        return NEAR * highest_kw
    return highest_kw * [random.uniform(*DRAWN_PEAK) for _ in highest_kw]


def _lower_peak_kw(tables: Tables, best: Solution, share: float, random: Random) -> Floats | None:
    """Load above the incumbent peak of a plan, lower for one of the charges, mostly for one that costs much; None: no charge costs anything."""
    highest_kw = board_of(tables, best.roster, best.choices).flows.highest_kw().copy()
    cost_eur = [charge.price_eur_per_kw * kw for charge, kw in zip(tables.problem.demand_charges, highest_kw, strict=True)]
    if not any(cost_eur):
        return None
    highest_kw[random.choices(range(len(cost_eur)), cost_eur)[0]] *= share
    return highest_kw


def _anneal(tables: Tables, rosters: Rosters, task: Task) -> list[Solution]:
    climates = HOT_CLIMATES if task.stage is Stage.EXPLORING else CLIMATES
    annealing = Annealing(tables, rosters, task.known[0], _seed(task), climates)
    for number in _rounds(task, 1):
        start = task.known[(number + task.worker) % len(task.known)] if task.stage is Stage.EXPLORING else annealing.best
        annealing.round(lambda: _is_over(task), start)
    return annealing.found


def _try_neighbourhoods(tables: Tables, task: Task) -> Solution:
    neighbourhoods = Neighbourhoods(tables, task.known[0], _seed(task))
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

"""The best sequence of some jobs on one machine, with their starts, beside what stays on a board.

Putting jobs back one at a time rarely finds another sequence on a dense machine with changeovers: each job of the wrong family between two of
the other costs two changeovers, and there is no room for them. So all sequences of a few jobs are tried at once, by dynamic programming over
the set of jobs done and the last of them. What a job costs must then not depend on the others of the set. That holds for all but the
peak, for which a highest load is given instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scheduling.planner.board import Board
from scheduling.planner.insertion import Taste
from scheduling.planner.tables import Choice, Floats, Tables, Way

MOST_JOBS = 6
"""In one set: the work doubles and more with each."""


class Sequencing:
    """Draws jobs of one machine, and puts them back in their best sequence."""

    def __init__(self, tables: Tables, draw: np.random.Generator) -> None:
        self._tables = tables
        self._draw = draw
        ways = [
            [way for way in tables.ways if way.machine == machine and tables.problem.jobs[way.job].locked is None]
            for machine in range(len(tables.problem.machines))
        ]
        self._machines = [{way.job: way for way in of_machine} for of_machine in ways if len(of_machine) > 2]

    @property
    def has_machines(self) -> bool:
        """Whether there is a machine with more than two jobs."""
        return bool(self._machines)

    def draw_jobs(self, board: Board) -> Mapping[int, Way]:
        """Neighbours on a machine, now and then with a job that runs on another one; each with its way on the machine."""
        on = self._machines[int(self._draw.integers(len(self._machines)))]
        here, elsewhere = [], []
        for job, way in on.items():
            at = board.choices[job]
            if at is not None and at.way == way.number:
                here.append((at.start, job))
            else:
                elsewhere.append(job)
        here.sort()
        count = int(self._draw.integers(2, MOST_JOBS + 1))
        others = int(self._draw.integers(3)) if elsewhere else 0
        first = int(self._draw.integers(max(1, len(here) - count + others + 1)))
        jobs = [job for _, job in here[first : first + max(1, count - others)]]
        jobs += [elsewhere[place] for place in self._draw.permutation(len(elsewhere))[:others]]
        return {job: on[job] for job in jobs}

    def best(self, board: Board, ways: Mapping[int, Way], most_kw: Floats, taste: Taste) -> list[Choice] | None:
        """The choice of each job of `ways`, none of which is on the board; None where no sequence keeps the rules and the highest load.

        Parameters
        ----------
        most_kw
            Highest load above the incumbent peak, by charge.
        """
        costs = []
        for way in ways.values():
            is_open = board.open_starts(way)
            cost_eur = np.where(is_open, board.flows.capped_eur(way, most_kw), np.inf)
            if taste.move_eur and way.job in self._tables.current:
                now = self._tables.current[way.job]
                cost_eur += taste.move_eur
                if now is not None and now.way == way.number and 0 <= now.start < len(cost_eur):
                    cost_eur[now.start] -= taste.move_eur
            if taste.noise_eur:
                cost_eur += self._draw.random(len(cost_eur)) * taste.noise_eur
            costs.append(cost_eur)
        starts = best_starts(costs, [way.slots for way in ways.values()], self._gaps(list(ways.values())))
        return None if starts is None else [Choice(way.number, start) for way, start in zip(ways.values(), starts, strict=True)]

    def _gaps(self, ways: Sequence[Way]) -> list[list[int | None]]:
        """Slots at least between two jobs in a row; None where the second must come first."""
        tables = self._tables
        gaps: list[list[int | None]] = []
        for one in ways:
            after = {link.job: link.gap_slots for link in tables.after[one.job]}
            before = {link.job for link in tables.before[one.job]}
            setups = tables.setups[one.machine]
            gaps.append(
                [
                    None if other.job in before else max(setups.get((one.family, other.family), 0), after.get(other.job, 0))
                    for other in ways
                ]
            )
        return gaps


def best_starts(costs_eur: Sequence[Floats], slots: Sequence[int], gaps: Sequence[Sequence[int | None]]) -> list[int] | None:
    """Starts of jobs that follow each other at least cost; None where there are none.

    Parameters
    ----------
    costs_eur
        Of each job, by start; infinite where it may not start.
    slots
        Each job lasts.
    gaps
        Slots at least between two jobs in a row, the first one's row; None where the second must come before the first.
    """
    jobs = range(len(slots))
    pad = max([0, *(gap for row in gaps for gap in row if gap is not None)])
    width = pad + max(len(cost) + length for cost, length in zip(costs_eur, slots, strict=True))
    must = [sum(1 << other for other in jobs if gaps[job][other] is None) for job in jobs]
    by_end: dict[tuple[int, int], Floats] = {}
    lowest: dict[tuple[int, int], Floats] = {}
    for done in range(1, 1 << len(slots)):
        for job in jobs:
            rest = done & ~(1 << job)
            if rest == done or must[job] & ~rest:
                continue
            ends = np.full(width, np.inf)
            first = pad + slots[job]
            target = ends[first : first + len(costs_eur[job])]
            if rest:
                for last in jobs:
                    before = lowest.get((rest, last))
                    if before is not None:
                        begin = pad - (gaps[last][job] or 0)
                        np.minimum(target, before[begin : begin + len(target)], out=target)
                target += costs_eur[job]
            else:
                target[:] = costs_eur[job]
            by_end[done, job] = ends
            lowest[done, job] = np.minimum.accumulate(ends)
    return _traced(by_end, lowest, slots, gaps, pad)


def _traced(
    by_end: Mapping[tuple[int, int], Floats], lowest: Mapping[tuple[int, int], Floats], slots: Sequence[int],
    gaps: Sequence[Sequence[int | None]], pad: int,
) -> list[int] | None:  # fmt: skip
    """The starts that lead to the least cost of all jobs, from the last one back."""
    jobs, done = range(len(slots)), (1 << len(slots)) - 1
    limits = {job: -1 for job in jobs if (done, job) in lowest}
    starts = [0] * len(slots)
    while done:
        job = min(limits, key=lambda one: float(lowest[done, one][limits[one]]), default=None)
        if job is None or not np.isfinite(lowest[done, job][limits[job]]):
            return None
        ends = by_end[done, job]
        end = int((ends if limits[job] == -1 else ends[: limits[job] + 1]).argmin())
        starts[job] = end - pad - slots[job]
        done &= ~(1 << job)
        limits = {last: starts[job] + pad - (gaps[last][job] or 0) for last in jobs if (done, last) in lowest}
    return starts

"""Which jobs to take from a plan and put back: jobs that stand in each other's way have more to gain together than any others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scheduling.planner.board import Board
from scheduling.planner.tables import Tables

Draw = np.random.Generator


class Ruins:
    """Draws related jobs of a board; locked jobs are never drawn."""

    def __init__(self, tables: Tables, draw: Draw) -> None:
        self._tables = tables
        self._draw = draw
        self._free = [number for number, job in enumerate(tables.problem.jobs) if job.locked is None]
        self._on = [
            [job for job in self._free if any(tables.ways[way].machine == machine for way in tables.of_job[job])]
            for machine in range(len(tables.problem.machines))
        ]
        self._kinds: tuple[Callable[[Board, int], list[int]], ...] = (
            self._anywhere, self._at_peak, self._at_peak, self._at_one_time, self._on_machines, self._in_a_row, self._in_a_row, self._moved, self._chain,
        )  # fmt: skip

    def jobs(self, board: Board, count: int) -> list[int]:
        """About `count` jobs that are related in one way or another."""
        if not self._free:
            return []
        kind = self._kinds[int(self._draw.integers(len(self._kinds)))]
        return kind(board, count)

    def in_span(self, board: Board, skill: int, first: int, end: int) -> list[int]:
        """Jobs that need workers of a skill and run in a span."""
        return [job for job in self._free if self._needs(board, job, skill) and self._runs(board, job, first, end)]

    def with_skill(self, board: Board, skill: int, count: int) -> list[int]:
        """Some jobs that need workers of a skill."""
        return self._some([job for job in self._free if self._needs(board, job, skill)], count)

    def on_two_machines(self, board: Board, count: int) -> list[int]:
        """Jobs of two machines, those nearest to a time first: they may have to change places in sequence and between the machines at once."""
        tables, placed = self._tables, {job: at for job in self._free if (at := board.choices.get(job)) is not None}
        if not placed:
            return []
        one, other = (list(placed)[int(place)] for place in self._draw.integers(len(placed), size=2))
        machines = {tables.ways[placed[job].way].machine for job in (one, other)}
        middle = placed[one].start
        near = [job for job, at in placed.items() if tables.ways[at.way].machine in machines]
        return sorted(near, key=lambda job: abs(placed[job].start - middle))[:count]

    def _anywhere(self, board: Board, count: int) -> list[int]:
        return self._some(self._free, count)

    def _at_peak(self, board: Board, count: int) -> list[int]:
        """Jobs that run in the highest slot of a charge, and others that could give them room."""
        rows = board.flows.load_kw
        if not len(rows):
            return self._anywhere(board, count)
        slot = int(rows[int(self._draw.integers(len(rows)))].argmax())
        running = [job for job in self._free if self._runs(board, job, slot, slot + 1)]
        return self._filled(self._some(running, max(1, count * 2 // 3)), count)

    def _at_one_time(self, board: Board, count: int) -> list[int]:
        """Jobs that run within a few hours of each other."""
        first = int(self._draw.integers(self._tables.problem.slot_count))
        return self._some([job for job in self._free if self._runs(board, job, first, first + 8)], count)

    def _on_machines(self, board: Board, count: int) -> list[int]:
        """Jobs that could run on one machine: their sequence may be what stands in the way."""
        jobs = self._on[int(self._draw.integers(len(self._on)))]
        return self._some(jobs, count + 3)

    def _in_a_row(self, board: Board, count: int) -> list[int]:
        """Neighbours on a machine, and what runs at the same time on other machines that could take them."""
        tables, placed = self._tables, {job: at for job in self._free if (at := board.choices.get(job)) is not None}
        if not placed:
            return []
        job = list(placed)[int(self._draw.integers(len(placed)))]
        machines = {tables.ways[way].machine for way in tables.of_job[job]}
        middles = {other: at.start + tables.ways[at.way].slots / 2 for other, at in placed.items()}
        near = [other for other, at in placed.items() if tables.ways[at.way].machine in machines]
        near.sort(key=lambda other: abs(middles[other] - middles[job]))
        return self._filled(near[: max(2, count * 3 // 4)], count)

    def _moved(self, board: Board, count: int) -> list[int]:
        """Moved jobs, so that others may be moved instead."""
        free = set(self._free)
        return self._filled(self._some([job for job in board.moved_jobs() if job in free], max(1, count // 2)), count)

    def _chain(self, board: Board, count: int) -> list[int]:
        """A job with what comes before and after it."""
        tables, job = self._tables, int(self._draw.choice(self._free))
        links = [link.job for link in (*tables.before[job], *tables.after[job])]
        beyond = [link.job for other in links for link in (*tables.before[other], *tables.after[other])]
        free = set(self._free)
        return self._filled([one for one in dict.fromkeys((job, *links, *beyond)) if one in free][:count], count)

    def _filled(self, jobs: list[int], count: int) -> list[int]:
        others = (job for job in self._some(self._free, count) if job not in jobs)
        return [*jobs, *others][: max(count, len(jobs))]

    def _some(self, jobs: list[int], count: int) -> list[int]:
        if len(jobs) <= count:
            return list(jobs)
        return [jobs[place] for place in self._draw.permutation(len(jobs))[:count]]

    def _runs(self, board: Board, job: int, first: int, end: int) -> bool:
        at = board.choices.get(job)
        return at is not None and at.start < end and first < at.start + self._tables.ways[at.way].slots

    def _needs(self, board: Board, job: int, skill: int) -> bool:
        at = board.choices.get(job)
        return at is not None and any(need.skill == skill for need in self._tables.ways[at.way].needs)

"""Workers of the search in processes of their own, since one process uses one core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from scheduling.planner.search import Task
from scheduling.planner.solution import Solution

CORES = 2
"""Workers of a search: the answer depends on their number, so it is the same on every machine."""


def in_processes(work: Callable[[Task], list[Solution]], tasks: Sequence[Task]) -> list[list[Solution]]:
    """Do the first task here, and each other one in a process of its own."""
    if len(tasks) == 1:
        return [work(tasks[0])]
    with ProcessPoolExecutor(len(tasks) - 1, get_context("fork")) as pool:
        others = [pool.submit(work, task) for task in tasks[1:]]
        return [work(tasks[0]), *(other.result() for other in others)]

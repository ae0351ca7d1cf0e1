"""The solver's process: it answers, is given up, is killed; nothing of it stays."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from domain.planning import PlanStatus
from lastgang.planning.answers import Effort, Solved
from lastgang.planning.solver import SolverProcess
from tests.planner_process.planning_records import EXAMPLE, large_body

PATIENCE_S = 60.0


def wait_for(holds):
    """What `holds` gives once it is something; processes have no event for it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


@pytest.fixture
def solver_of():
    made = []

    def make(seconds: float, workers: int = 2, most_s: float | None = None) -> SolverProcess:
        made.append(SolverProcess(Effort(seconds, workers), most_s))
        return made[-1]

    yield make
    for solver in made:
        solver.stop()


def group_of(leader: int) -> list[psutil.Process]:
    """Processes of the group that `leader` leads."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (OSError, psutil.Error):
            continue
    return found


def with_worker(solver: SolverProcess) -> list[psutil.Process]:
    """The solver's process and its worker, once both run."""
    return wait_for(lambda: found if len(found := group_of(solver.pid)) >= 2 else None)


def test_a_problem_is_solved_by_two_processes_and_the_next_one_too(solver_of):
    solver = solver_of(2.0)
    assert solver.result() is None
    solver.start(large_body())
    processes = with_worker(solver)
    assert wait_for(solver.result).status is PlanStatus.FEASIBLE
    wait_for(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes))
    solver.start(EXAMPLE.body)
    assert wait_for(solver.result).status is PlanStatus.OPTIMAL


def test_a_solver_that_is_killed_is_an_answer_with_the_reason(solver_of):
    solver = solver_of(60.0, workers=1)
    solver.start(large_body())
    os.kill(solver.pid, signal.SIGKILL)
    found: Solved = wait_for(solver.result)
    assert found.status is PlanStatus.NO_ANSWER
    assert "exit code -9" in found.body
    solver.start(EXAMPLE.body)
    assert wait_for(solver.result).status is PlanStatus.OPTIMAL


def test_a_problem_that_takes_too_long_is_given_up_with_all_its_processes(solver_of):
    solver = solver_of(60.0, most_s=0.0)
    solver.start(large_body())
    leader = solver.pid
    with_worker(solver)
    assert "given up after 0 s" in wait_for(solver.result).body
    wait_for(lambda: group_of(leader) == [])


def test_stopping_ends_the_search_at_once(solver_of):
    solver = solver_of(60.0)
    solver.start(large_body())
    leader = solver.pid
    with_worker(solver)
    solver.stop()
    wait_for(lambda: group_of(leader) == [])
    assert solver.result() is None

"""What counts as a stack's standing cost: its parts, their families and the supervisor, and no other process of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.processes import ProcessId
from deploy.standing import standing_uses
from deploy.state_file import PartState, ProcessState, StackState, read_state, write_state

WAITS = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def backtest() -> Iterator[ProcessId]:
    """A process that looks by its command line like a verb of ours."""
    command = [sys.executable, "-c", WAITS, "-m", "lastgang.cli", "forecast", "backtest"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        identity = ProcessId.of(process.pid)
        assert identity is not None
        yield identity
        process.communicate()


def own() -> ProcessId:
    identity = ProcessId.of(os.getpid())
    assert identity is not None
    return identity


def stack(*parts: PartState, supervisor: ProcessId) -> StackState:
    return StackState(phase="ready", supervisor=ProcessState.of(supervisor), plant="p", parts=parts)


def part(name: str, identity: ProcessId) -> PartState:
    process = ProcessState.of(identity)
    return PartState(name=name, state="running", process=process, family=(process,), memory_mb=120.5, cpu_s=9.4)


def test_a_backtest_that_runs_beside_the_stack_is_no_cost_of_the_stack(tmp_path: Path, backtest: ProcessId) -> None:
    write_state(tmp_path, stack(part("gateway", own()), supervisor=own()))
    found = standing_uses(read_state(tmp_path))
    assert [use.name for use in found] == ["gateway", "supervisor"]
    assert backtest.pid not in {use.pid for use in found}
    assert (found[0].pid, found[0].memory_mb, found[0].cpu_s) == (os.getpid(), 120.5, 9.4)
    assert found[1].memory_mb > 5


def test_a_part_counts_whatever_its_command_line_says(backtest: ProcessId) -> None:
    assert [use.pid for use in standing_uses(stack(part("strange", backtest), supervisor=own()))] == [backtest.pid, os.getpid()]


def test_what_has_ended_costs_nothing_any_more(backtest: ProcessId) -> None:
    gone = ProcessId(backtest.pid, "of another boot 1")
    assert [use.name for use in standing_uses(stack(part("gateway", gone), supervisor=own()))] == ["supervisor"]
    assert standing_uses(stack(part("gateway", own()), supervisor=gone)) == ()
    assert standing_uses(None) == ()

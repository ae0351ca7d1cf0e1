"""The supervisor: dead parts come back, wrong input does not, and stopping leaves no process behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from parts_for_tests import DEAF, DIES_AT_ONCE, STEADY, WITH_CHILD, WRONG_INPUT, part, wait_until

from deploy import processes
from deploy.processes import ProcessId
from deploy.running import PartFailed
from deploy.supervisor import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.stop()


def identity(supervisor: Supervisor, name: str) -> ProcessId:
    found = supervisor.identity(name)
    assert found is not None
    return found


def test_a_part_that_is_killed_comes_back_as_another_process(supervisor: Supervisor) -> None:
    supervisor.launch([part("steady", STEADY)])
    supervisor.await_ready(["steady"])
    first = identity(supervisor, "steady")
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: identity(supervisor, "steady") != first and supervisor.states()[0].state == "running")
    state = supervisor.states()[0]
    assert (state.restarts, state.note) == (1, "ended by signal 9")


def test_what_a_dead_part_had_started_is_ended_before_it_comes_back(supervisor: Supervisor) -> None:
    supervisor.launch([part("parent", WITH_CHILD)])
    supervisor.await_ready(["parent"])
    first = identity(supervisor, "parent")
    family = processes.family(first)
    assert len(family) == 2
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: identity(supervisor, "parent") != first)
    assert not any(member.is_alive() for member in family)


def test_stopping_ends_children_and_those_that_do_not_listen(supervisor: Supervisor) -> None:
    supervisor.launch([part("parent", WITH_CHILD), part("deaf", DEAF, stop_timeout_s=0.2)])
    supervisor.await_ready(["parent", "deaf"])
    family = [member for name in ("parent", "deaf") for member in processes.family(identity(supervisor, name))]
    supervisor.stop()
    assert len(family) == 3
    assert not any(member.is_alive() for member in family)
    assert [state.state for state in supervisor.states()] == ["stopped", "stopped"]


def test_wrong_input_is_not_tried_again_and_the_message_ends_with_the_parts_last_output(supervisor: Supervisor) -> None:
    supervisor.launch([part("gateway", WRONG_INPUT)])
    with pytest.raises(
        PartFailed,
        match=r"gateway ended with exit 2: plant\.toml:3: no such key; end of .*gateway\.log:\nplant\.toml:3: no such key",
    ):
        supervisor.await_ready(["gateway"])
    assert supervisor.failed() == ["gateway"]


def test_a_part_that_dies_three_times_before_it_is_ready_fails_the_start(supervisor: Supervisor) -> None:
    supervisor.launch([part("weak", DIES_AT_ONCE)])
    with pytest.raises(PartFailed, match=r"weak ended with exit 1: cannot go on; end of .*weak\.log"):
        supervisor.await_ready(["weak"])


def test_a_part_that_is_taken_along_is_started_again_with_its_leader(supervisor: Supervisor) -> None:
    supervisor.launch([part("leader", STEADY, takes_along=("follower",)), part("follower", STEADY)])
    supervisor.await_ready(["leader", "follower"])
    leader, follower = identity(supervisor, "leader"), identity(supervisor, "follower")
    os.kill(leader.pid, signal.SIGKILL)
    wait_until(lambda: identity(supervisor, "leader") != leader and identity(supervisor, "follower") != follower)
    assert not follower.is_alive()


def test_cpu_of_a_process_that_has_died_still_counts(supervisor: Supervisor) -> None:
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
    supervisor.launch([part("busy", busy + STEADY)])
    supervisor.await_ready(["busy"])
    supervisor.measure()
    before = supervisor.uses()[0].cpu_s
    assert before >= 0.2
    supervisor.kill("busy")
    supervisor.await_ready(["busy"])
    supervisor.measure()
    assert supervisor.uses()[0].cpu_s >= before + 0.2


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone() -> None:
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    former = ProcessId(myself.pid, f"{myself.birth}0")
    assert not former.is_alive()
    assert processes.family(former) == []
    processes.stop(former, timeout_s=0.0)
    processes.kill(former)
    assert myself.is_alive()

"""What one part's wrong configuration, crash or failing job means for the others: nothing; it is reported, and comes back when it can."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from parts_for_tests import DIES_AT_ONCE, STEADY, part, wait_until
from test_stack import FREE_PORTS, lastgang

from deploy import local_run
from deploy.parts import JobPart, Stage
from deploy.running import PartFailed
from deploy.stack import Stack
from deploy.state_file import StackState, read_state
from deploy.supervisor import Supervisor
from simulation import demo_plant

JOBS = Path(__file__).parent / "jobs"
READS_ITS_INPUT = (
    "import pathlib, sys, time\n"
    "text = pathlib.Path({file!r}).read_text()\n"
    "if 'wrong' in text: print('plant.toml:3: found wrong'); sys.exit(2)\n"
    "print('ready', flush=True); time.sleep(1000)\n"
)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "log")
    yield supervisor
    supervisor.stop()


def states(of: Callable[[], list]) -> dict[str, str]:
    return {state.name: state.state for state in of()}


def saved(stack: Stack) -> StackState:
    """What the state file says."""
    state = read_state(stack.home)
    assert state is not None
    return state


def test_a_part_with_wrong_input_is_failed_with_its_last_words_and_the_others_run_on(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    file = tmp_path / "plant.toml"
    file.write_text("wrong")
    supervisor.launch(
        [
            part("gateway", READS_ITS_INPUT.format(file=str(file)), input=tmp_path),
            part("historian", STEADY),
            part("sink", DIES_AT_ONCE),
        ]
    )
    supervisor.settle(["gateway", "historian", "sink"])
    gateway, historian, sink = supervisor.states()
    assert (gateway.state, gateway.note) == ("failed", "ended with exit 2: plant.toml:3: found wrong")
    assert historian.state == "running"
    assert (sink.state, sink.note) == ("restarting", "ended with exit 1: cannot go on")


def test_a_part_that_refused_its_input_is_tried_again_when_that_has_changed(supervisor: Supervisor, tmp_path: Path) -> None:
    folder = tmp_path / "plant"
    folder.mkdir()
    file = folder / "plant.toml"
    file.write_text("wrong")
    supervisor.launch([part("gateway", READS_ITS_INPUT.format(file=str(file)), input=folder)])
    supervisor.settle(["gateway"])
    assert supervisor.failed() == ["gateway"]
    file.write_text("right")
    wait_until(lambda: supervisor.states()[0].state == "running")
    assert supervisor.states()[0].restarts == 1


def test_a_port_that_was_taken_before_the_part_could_take_it_is_named_with_its_owner(supervisor: Supervisor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        supervisor.launch([part("console", DIES_AT_ONCE, port=port)])
        supervisor.settle(["console"])
        assert f"ended with exit 1: port {port} is taken by process {os.getpid()} (" in supervisor.states()[0].note


def test_without_a_part_that_is_essential_nothing_is_settled(supervisor: Supervisor) -> None:
    supervisor.launch([part("kafka", DIES_AT_ONCE, is_essential=True), part("gateway", STEADY)])
    with pytest.raises(PartFailed, match=r"kafka ended with exit 1: cannot go on; end of .*kafka\.log"):
        supervisor.settle(["gateway", "kafka"])


def test_a_state_that_cannot_be_written_does_not_keep_dead_parts_from_coming_back(tmp_path: Path) -> None:
    def disk_is_full() -> None:
        raise OSError(28, "No space left on device")

    supervisor = Supervisor(tmp_path / "log", on_change=disk_is_full)
    try:
        supervisor.launch([part("steady", STEADY)])
        supervisor.await_ready(["steady"])
        supervisor.kill("steady")
        supervisor.await_ready(["steady"])
        assert supervisor.states()[0].restarts == 1
        assert "state_not_written why='[Errno 28] No space left on device'" in (tmp_path / "log" / "supervisor.log").read_text()
    finally:
        supervisor.stop()


def test_a_part_that_talks_without_end_does_not_fill_the_disk(supervisor: Supervisor, tmp_path: Path) -> None:
    talks = (
        "import sys\nprint('ready', flush=True)\nfor _ in range(30): sys.stdout.write('x' * 2**20 + '\\n'); sys.stdout.flush()\n"
        + STEADY
    )
    supervisor.launch([part("noisy", talks)])
    wait_until(lambda: (tmp_path / "log" / "noisy.log.1").exists())
    supervisor.await_ready(["noisy"])
    wait_until(lambda: (tmp_path / "log" / "noisy.log").stat().st_size < 20 * 2**20)


@pytest.mark.cluster
@pytest.mark.timeout(300)
def test_a_stack_bears_the_loss_of_any_part_but_the_broker_and_says_what_is_lost(java_parts: None, tmp_path: Path) -> None:
    plant_dir = tmp_path / "plant"
    demo_plant.write(plant_dir)
    right = tmp_path / "right"
    stack = Stack(
        plant_dir,
        FREE_PORTS,
        jobs=[],
        services=[
            part("historian", STEADY),
            part("gateway", READS_ITS_INPUT.format(file=str(plant_dir / "tariff.toml")), Stage.EDGE, input=plant_dir),
        ],
        losses="bear",
    )
    stack.jobs.add([JobPart("advice", JOBS / "failing_job.py", ()), JobPart("detection", JOBS / "refusing_job.py", (str(right),))])
    (plant_dir / "tariff.toml").write_text("wrong")
    with stack:
        stack.start()
        wait_until(lambda: states(stack.states)["job advice"] == "restarting")  # it runs for a moment, again and again
        wait_until(lambda: "job advice restarting: " in saved(stack).message)
        state, found = saved(stack), states(stack.states)
        assert state.phase == "degraded"
        assert {name for name, how in found.items() if how == "running"} == {
            "kafka", "flink-jobmanager", "flink-taskmanager", "historian",
        }  # fmt: skip
        assert (found["gateway"], found["job advice"], found["job detection"]) == ("failed", "restarting", "failed")
        assert "gateway failed: ended with exit 2: plant.toml:3: found wrong" in state.message
        assert "ValueError: tariff of the year 2026 has no price" in state.message
        assert "tariff: found 'tarif.toml'; expected a file that is there" in state.message
        assert local_run.show(plant_dir, as_json=False) is False
        status = lastgang("status", "--plant", str(plant_dir))
        assert status.returncode == 1
        assert "gateway failed: ended with exit 2: plant.toml:3: found wrong" in status.stdout

        (plant_dir / "tariff.toml").write_text("right")
        wait_until(lambda: states(stack.states)["gateway"] == "running")

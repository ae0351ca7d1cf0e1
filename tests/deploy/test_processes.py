"""Who a process is does not hang on the computer's clock: after it was set, after a restart, and by state files of earlier versions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from parts_for_tests import STEADY, WITH_CHILD, wait_until

from deploy import local_run, processes
from deploy.home import sweep
from deploy.local_run import StackFailed
from deploy.processes import ProcessId, born_at
from deploy.state_file import FILE_NAME, PartState, ProcessState, StackState, read_state, write_state
from simulation import demo_plant

linux = pytest.mark.skipif(sys.platform != "linux", reason="the boot's id is Linux's")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[ProcessId]:
    """A process with a child, as the supervisor starts one."""
    log = tmp_path / "part.log"
    process = processes.launch([sys.executable, "-c", WITH_CHILD], {}, log, tmp_path)
    identity = ProcessId.of(process.pid)
    assert identity is not None
    wait_until(lambda: b"ready" in log.read_bytes() and len(processes.family(identity)) == 2)
    yield identity
    processes.stop(identity, timeout_s=0.0)


@pytest.fixture
def plant_dir(tmp_path: Path) -> Path:
    demo_plant.write(tmp_path / "plant")
    (tmp_path / "plant" / ".lastgang").mkdir()
    return tmp_path / "plant"


def step_clock(monkeypatch: pytest.MonkeyPatch, by_s: float) -> None:
    """Let the computer's clock have been set: Linux then reports another time of boot, and so of every process's creation."""
    import psutil._pslinux as linux_of_psutil

    before = linux_of_psutil.boot_time()
    monkeypatch.setattr(linux_of_psutil, "boot_time", lambda: before + by_s)


def written(home: Path, identity: ProcessId, phase: str = "ready") -> None:
    """A state file of a stack whose supervisor and only part is one process."""
    process = ProcessState.of(identity)
    part = PartState(name="historian", state="running", process=process, family=(process,))
    write_state(home, StackState(phase=phase, supervisor=process, plant="x", parts=(part,)))


@linux
@pytest.mark.parametrize("by_s", [2.0, -3600.0, 86_400.0])
def test_a_process_stays_the_same_when_the_clock_is_set(
    started: ProcessId, plant_dir: Path, monkeypatch: pytest.MonkeyPatch, by_s: float, capsys: pytest.CaptureFixture[str]
) -> None:
    family = processes.family(started)
    written(plant_dir / ".lastgang", started)
    step_clock(monkeypatch, by_s)
    assert started.is_alive()
    assert processes.family(started) == family
    assert ProcessId.of(started.pid) == started
    local_run.stop(plant_dir)
    assert "stopped" in capsys.readouterr().err
    assert not any(member.is_alive() for member in family)


@linux
def test_a_state_file_from_before_a_restart_of_the_computer_names_nobody(
    plant_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = (ProcessId.of(os.getpid()) or ProcessId(0, "")).birth.partition("/")[2]
    before = ProcessId(os.getpid(), f"00000000-0000-4000-8000-000000000000/{ticks}")
    written(plant_dir / ".lastgang", before)
    assert sweep(plant_dir / ".lastgang") == []
    assert local_run.show(plant_dir, as_json=False) is False
    assert "ended with the computer, which has been started again since (`lastgang up` goes on)" in capsys.readouterr().out
    local_run.stop(plant_dir)
    assert capsys.readouterr().err == "nothing runs: the computer has been started again since\n"


def former_file(home: Path, pid: int, created_s: float) -> None:
    """A state file as earlier versions wrote it."""
    written(home, ProcessId(pid, born_at(created_s)))
    file = home / FILE_NAME
    file.write_text(file.read_text().replace('"birth": "created ', '"created": ').replace(f'{created_s}"', f"{created_s}"))
    assert "birth" not in file.read_text()


def test_a_state_file_of_an_earlier_version_is_understood(started: ProcessId, plant_dir: Path) -> None:
    former_file(plant_dir / ".lastgang", started.pid, psutil.Process(started.pid).create_time())
    state = read_state(plant_dir / ".lastgang")
    assert state is not None
    assert state.is_supervised()
    local_run.stop(plant_dir)
    assert not started.is_alive()


def test_where_an_earlier_version_left_it_open_whose_a_process_is_that_is_named_and_nothing_is_ended(
    plant_dir: Path, tmp_path: Path
) -> None:
    log = tmp_path / "lastgang.log"
    process = processes.launch([sys.executable, "-c", STEADY, "lastgang.cli"], {}, log, tmp_path)
    identity = ProcessId.of(process.pid)
    assert identity is not None
    try:
        wait_until(lambda: b"ready" in log.read_bytes())
        former_file(plant_dir / ".lastgang", process.pid, psutil.Process(process.pid).create_time() - 2.0)
        for act in (local_run.stop, local_run.run_in_background):
            with pytest.raises(StackFailed, match=rf"the computer's clock has been set since: .* \(`ps -fp {process.pid}`\)"):
                act(plant_dir)
        assert local_run.show(plant_dir, as_json=True) is False
        assert identity.is_alive()
    finally:
        processes.stop(identity, timeout_s=0.0)


def test_a_process_whose_name_holds_spaces_and_brackets_is_recognised(tmp_path: Path) -> None:
    odd = tmp_path / "a ) b (x) 5"
    odd.symlink_to(sys.executable)
    process = processes.launch([str(odd), "-c", STEADY], {}, tmp_path / "log", tmp_path)
    identity = ProcessId.of(process.pid)
    assert identity is not None
    wait_until(lambda: (tmp_path / "log").read_bytes() != b"")
    assert identity.is_alive()
    processes.stop(identity, timeout_s=0.0)
    assert not identity.is_alive()


FORKED = """
import os, sys, time
held = bytearray(os.urandom(1 << 20)) * 80
if os.fork() == 0:
    time.sleep(600)
print("ready", flush=True)
time.sleep(600)
"""


@linux
def test_pages_that_a_fork_shares_with_its_parent_count_once(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    identity = ProcessId.of(processes.launch([sys.executable, "-c", FORKED], {}, log, tmp_path).pid)
    assert identity is not None
    wait_until(lambda: b"ready" in log.read_bytes() and len(processes.family(identity)) == 2)
    try:
        used = [use.memory_mb for use in processes.usage(identity).values()]
        assert all(40 < one < 80 for one in used)
        assert 80 < sum(used) < 120
    finally:
        processes.stop(identity, timeout_s=0.0)

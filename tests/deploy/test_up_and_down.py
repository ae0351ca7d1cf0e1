"""What `up` and `down` say where something is in the way: one clear message, and nothing is started."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_stack import lastgang

from deploy.processes import ProcessId
from deploy.state_file import ProcessState, StackState, read_state, write_state
from simulation import demo_plant

NOBODY = 65_534


@pytest.fixture
def plant_dir(tmp_path: Path) -> Path:
    demo_plant.write(tmp_path / "plant")
    return tmp_path / "plant"


FREE = {
    f"LASTGANG_{name}_PORT": "0" for name in ("KAFKA", "KAFKA_CONTROLLER", "FLINK_REST", "FLINK_RPC", "CONSOLE")
}  # fmt: skip
"""Ports that nobody else on this machine has."""


def one_line(text: str) -> str:
    """The output, which must be one line."""
    assert text.count("\n") == 1, text
    return text.strip()


def test_a_second_up_of_a_plant_is_refused_and_names_the_first(plant_dir: Path) -> None:
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    (plant_dir / ".lastgang").mkdir()
    write_state(plant_dir / ".lastgang", StackState(phase="ready", supervisor=ProcessState.of(myself), plant=str(plant_dir)))
    result = lastgang("up", "--plant", str(plant_dir))
    assert result.returncode == 1
    assert one_line(result.stderr) == (
        f"a stack of {plant_dir} runs already (process {myself.pid}, ready); `lastgang status` shows it, `lastgang down` ends it"
    )


def test_up_with_another_namespace_than_the_data_have_says_whose_they_are_and_starts_nothing(plant_dir: Path) -> None:
    gone = ProcessState(pid=1, birth="0/0")
    (plant_dir / ".lastgang").mkdir()
    write_state(plant_dir / ".lastgang", StackState(phase="stopped", supervisor=gone, plant=str(plant_dir), namespace="hall-a."))
    (plant_dir / "stack.toml").write_text('namespace = "hall-b."\n', encoding="utf-8")
    result = lastgang("up", "--plant", str(plant_dir), "--foreground", environment=FREE)
    assert result.returncode == 2
    assert result.stderr.strip().splitlines()[-1] == (
        f"stack.toml: namespace: found 'hall-b.'; expected 'hall-a.', to which the data in {plant_dir / '.lastgang'} belong; "
        "or rename that folder and begin without them"
    )


def test_of_two_ups_at_the_same_moment_one_is_refused_by_the_lock(plant_dir: Path) -> None:
    import fcntl

    (plant_dir / ".lastgang").mkdir()
    with (plant_dir / ".lastgang" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        free = {f"LASTGANG_{name}_PORT": "0" for name in ("KAFKA", "KAFKA_CONTROLLER", "FLINK_REST", "FLINK_RPC", "CONSOLE")}
        result = lastgang("up", "--plant", str(plant_dir), environment=free)
    assert result.returncode == 1
    assert "the stack did not start: a stack of " in one_line(result.stderr)
    assert " runs already; `lastgang status` shows it" in result.stderr


def test_a_second_plant_on_the_same_ports_is_reported_whose_they_are(plant_dir: Path, tmp_path: Path) -> None:
    """The listener below is a process of a stack, as its command line and its parent's say."""
    program = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); time.sleep(1000)"
    )
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    command = [sys.executable, "-c", parent, program, "-m", "lastgang.cli", "up", "--plant", "/plants/other", "--foreground"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        result = lastgang("up", "--plant", str(plant_dir), environment={**FREE, "LASTGANG_CONSOLE_PORT": str(port)})
        os.killpg(other.pid, 9)
    assert result.returncode == 2
    output = one_line(result.stderr)
    assert f"console.port: found port {port} taken by process " in output
    assert "of the stack of /plants/other" in output
    assert "expected a free port (stop that process, or set another; 0 picks one)" in output
    assert read_state(plant_dir / ".lastgang") is None


def test_up_in_a_folder_where_nothing_can_be_written_says_so_and_what_to_set(plant_dir: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    result = lastgang("up", "--plant", str(plant_dir), environment={"LASTGANG_HOME": str(in_the_way / "home")})
    assert result.returncode == 2
    assert "home: found" in one_line(result.stderr)
    assert "Not a directory; expected a folder that can be written (set `home` in stack.toml, or LASTGANG_HOME" in result.stderr


def test_up_in_a_folder_of_somebody_else_says_so_and_what_to_set(plant_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_dir.chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    program = f"from pathlib import Path; from deploy.home import make_home; make_home(Path({str(plant_dir / '.lastgang')!r}))"
    if os.getuid() == 0:
        for folder in (plant_dir, *list(plant_dir.parents)[:3]):
            folder.chmod(0o755)
        program = f"import os; from deploy.home import make_home; os.setuid({NOBODY}); {program}"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "home: found" in result.stderr
    assert "Permission denied; expected a folder that can be written" in result.stderr


def test_a_stack_that_did_not_start_says_the_last_words_of_its_supervisor(plant_dir: Path) -> None:
    """The plant file is right when `up` looks and wrong when the supervisor does."""
    with socket.create_server(("127.0.0.1", 0)):
        (plant_dir / "stack.toml").write_text("[kafka]\nport = 0\ncontroller_port = 0\n[flink]\nrest_port = 0\nrpc_port = 0\n")
        result = lastgang(
            "up", "--plant", str(plant_dir), environment={"LASTGANG_CACHE": str(plant_dir), "LASTGANG_CONSOLE_PORT": "0"}
        )
    assert result.returncode == 1
    assert "the stack did not start: no jars in" in result.stderr
    assert "run `make setup`" in result.stderr
    assert "Traceback" not in result.stderr

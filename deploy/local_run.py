"""What `lastgang up`, `down` and `status` do."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from deploy import jars, processes
from deploy.display import StageProgress, parts_table
from deploy.ports import assign_ports
from deploy.processes import ProcessId
from deploy.settings import FILE_NAME, load_settings
from deploy.stack import AlreadyRunning, Stack, sweep, terminated_like_interrupted
from deploy.state_file import PartState, StackState, read_state
from domain.errors import LastgangError
from domain.plant import load_plant

_START_TIMEOUT_S = 300.0
_STOP_TIMEOUT_S = 120.0


class StackFailed(LastgangError):
    """The stack did not start or ended by itself. Operator: the message says which part and why."""


def run_in_foreground(plant_dir: Path) -> None:
    """Start the stack and return when Ctrl-C or SIGTERM has ended it."""
    talk = Console(stderr=True)
    with terminated_like_interrupted():
        stack = Stack(plant_dir)
        try:
            with StageProgress(talk) as progress:
                stack.start(progress)
            talk.print(f"ready: {stack.console_url}", highlight=False)
            stack.wait()
        except KeyboardInterrupt:
            talk.print("stopping", highlight=False)
        finally:
            with StageProgress(talk) as progress:
                stack.stop(progress)


def run_in_background(plant_dir: Path) -> None:
    """Start a supervisor that outlives this process, and return when it says that all is ready.

    Raises
    ------
    InputFaults
        If plant file, settings or ports are at fault; nothing has been started then.
    StackFailed
        If a part did not start; everything has been stopped again then.
    """
    plant_dir = plant_dir.resolve()
    load_plant(plant_dir / "plant.toml")
    settings = load_settings(plant_dir)
    home = settings.home_of(plant_dir)
    state = read_state(home)
    if state is not None and state.is_supervised():
        msg = f"a stack of {plant_dir} runs already (process {state.supervisor.pid}, {state.phase}); `lastgang down` ends it"
        raise AlreadyRunning(msg)
    sweep(home)
    assign_ports(settings.ports(), FILE_NAME)
    command = [sys.executable, "-m", "lastgang.cli", "up", "--plant", str(plant_dir), "--foreground"]
    log = home / "log" / "up.log"
    process = processes.launch(command, {}, log, jars.PROJECT)
    identity = ProcessId.of(process.pid)
    state = _follow(home, process, identity)
    if state is None or state.phase != "ready":
        if identity is not None:
            processes.stop(identity, _STOP_TIMEOUT_S)
        said = state.message if state and state.message else f"see {log}"
        msg = f"the stack did not start: {said}"
        raise StackFailed(msg)
    print(f"ready: http://{_shown_host(settings.console.host)}:{state.ports['console.port']}/")


def _follow(home: Path, process: subprocess.Popen[bytes], identity: ProcessId | None) -> StackState | None:
    """Show what the supervisor writes until it is ready or gone."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    state: StackState | None = None
    with StageProgress() as progress:
        while time.monotonic() < deadline:
            ended = process.poll() is not None
            seen = read_state(home)
            if seen is not None and identity is not None and seen.supervisor.identity() == identity:
                state = seen
                for part in state.parts:
                    progress(part.name, "ready" if part.state == "running" else part.state)
                if state.phase == "ready":
                    return state
            if ended:
                return state
            time.sleep(0.2)
    return state


def stop(plant_dir: Path) -> None:
    """End the stack of a plant, and whatever a crashed supervisor left behind."""
    plant_dir = plant_dir.resolve()
    home = load_settings(plant_dir).home_of(plant_dir)
    state = read_state(home)
    talk = Console(stderr=True)
    if state is None or not (state.is_supervised() or state.living()):
        talk.print("nothing runs", highlight=False)
        return
    if state.is_supervised():
        supervisor = state.supervisor.identity()
        if not processes.stop(supervisor, _STOP_TIMEOUT_S):
            talk.print(f"the supervisor did not end within {_STOP_TIMEOUT_S:.0f} s and was killed", highlight=False)
    for name in sweep(home):
        talk.print(f"{name} was still there; ended", highlight=False)
    talk.print("stopped", highlight=False)


def show(plant_dir: Path, as_json: bool) -> bool:
    """Print the state of the stack; whether all of it runs."""
    plant_dir = plant_dir.resolve()
    home = load_settings(plant_dir).home_of(plant_dir)
    state = read_state(home)
    if state is None:
        print("no stack of this plant has been started" if not as_json else "null")
        return False
    supervised = state.is_supervised()
    parts = tuple(_as_it_is(part, supervised) for part in state.parts)
    if supervised or state.phase == "failed":
        phase = state.phase
    else:
        phase = "left running without a supervisor (`lastgang down` ends it)" if state.living() else "stopped"
    state = state.model_copy(update={"parts": parts, "phase": phase})
    if as_json:
        print(state.model_dump_json(indent=1))
    else:
        console = Console()
        console.print(parts_table(parts))
        total_mb = sum(part.rss_mb for part in parts)
        console.print(
            f"{state.phase}; supervisor {state.supervisor.pid if supervised else 'gone'}; {total_mb:.0f} MB in all", highlight=False
        )
        if state.message:
            console.print(state.message, highlight=False, markup=False)
    return supervised and state.phase == "ready" and all(part.state == "running" for part in parts)


def _as_it_is(part: PartState, supervised: bool) -> PartState:
    """The part with what is known without its supervisor."""
    if part.process is None:
        return part if supervised else part.model_copy(update={"state": "stopped"})
    if part.process.identity().is_alive():
        return part
    if part.state in {"running", "starting"}:
        return part.model_copy(update={"state": "gone" if supervised else "stopped", "rss_mb": 0.0})
    return part.model_copy(update={"rss_mb": 0.0})


def _shown_host(host: str) -> str:
    return "localhost" if host in {"127.0.0.1", "0.0.0.0"} else host

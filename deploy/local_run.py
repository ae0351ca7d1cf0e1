"""What `lastgang up`, `down` and `status` do."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from deploy import jars, processes
from deploy.display import StageProgress, parts_table
from deploy.home import AlreadyRunning, already_running, make_home, sweep
from deploy.ports import assign_ports
from deploy.processes import ProcessId
from deploy.settings import FILE_NAME, load_settings
from deploy.signals import terminated_like_interrupted
from deploy.stack import Stack
from deploy.state_file import PartState, StackState, read_state
from domain.errors import LastgangError
from domain.plant import load_plant

_START_TIMEOUT_S = 300.0
_STOP_TIMEOUT_S = 120.0


class StackFailed(LastgangError):
    """The stack did not start or ended by itself. Operator: the message says which part and why."""


def run_in_foreground(plant_dir: Path) -> None:
    """Start the stack and return when Ctrl-C or SIGTERM has ended it; what does not run is reported, the rest runs on."""
    talk = Console(stderr=True)
    with terminated_like_interrupted():
        stack = Stack(plant_dir, losses="bear")
        try:
            with StageProgress(talk) as progress:
                stack.start(progress)
            talk.print(f"ready: {stack.console_url}", highlight=False)
            reported: set[str] = set()

            def report_losses() -> bool:
                for line in stack.losses():
                    if line not in reported:
                        talk.print(line, highlight=False, markup=False)
                        reported.add(line)
                return False

            stack.wait(report_losses)
        except KeyboardInterrupt:
            talk.print("stopping", highlight=False)
        finally:
            with StageProgress(talk) as progress:
                stack.stop(progress)


def run_in_background(plant_dir: Path) -> None:
    """Start a supervisor that outlives this process, and return when it says that all is ready, or what is not.

    Raises
    ------
    InputFaults
        If plant file, settings, ports or the folder are at fault; nothing has been started then.
    StackFailed
        If the broker did not start: everything has been stopped again then. If another part does not run: the others do.
    """
    plant_dir = plant_dir.resolve()
    load_plant(plant_dir / "plant.toml")
    settings = load_settings(plant_dir)
    home = settings.home_of(plant_dir)
    make_home(home)
    state = read_state(home)
    if state is not None and state.is_supervised():
        raise AlreadyRunning(already_running(plant_dir, state))
    _refuse_doubtful(state)
    sweep(home)
    assign_ports(settings.ports(), FILE_NAME)
    log = home / "log" / "up.log"
    process = processes.launch(
        [sys.executable, "-m", "lastgang.cli", "up", "--plant", str(plant_dir), "--foreground"], {}, log, jars.PROJECT
    )
    identity = ProcessId.of(process.pid)
    try:
        state = _follow(home, process, identity)
    except KeyboardInterrupt:
        if identity is not None:
            processes.stop(identity, _STOP_TIMEOUT_S)
        raise
    if state is None or state.phase not in {"ready", "degraded"}:
        if identity is not None:
            processes.stop(identity, _STOP_TIMEOUT_S)
        reason = state.message if state and state.message else f"{processes.last_line(log)}; see {log}"
        msg = f"the stack did not start: {reason}"
        raise StackFailed(msg)
    print(f"ready: {state.page}")
    if state.phase == "degraded":
        msg = f"but not all of it runs; what does not is tried again (logs in {home / 'log'}):\n{state.message}"
        raise StackFailed(msg)


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
                if state.phase in {"ready", "degraded"}:
                    return state
            if ended:
                return state
            time.sleep(0.2)
    return state


def _refuse_doubtful(state: StackState | None) -> None:
    """Processes that may be this stack's, but cannot be recognised, must not run beside a second one."""
    pids = state.doubtful() if state is not None else []
    if pids:
        listed = " ".join(str(pid) for pid in pids)
        msg = (
            f"an earlier version of Lastgang started this stack, and the computer's clock has been set since: it cannot be known for "
            f"certain whether these processes are its own: {listed}. Look at them (`ps -fp {','.join(map(str, pids))}`), "
            f"end those that are (`kill {listed}`), then start again"
        )
        raise StackFailed(msg)


def _known_state(plant_dir: Path) -> tuple[Path, StackState | None]:
    """Home and last state of a plant's stack; a folder that is no plant and never ran one is refused."""
    plant_dir = plant_dir.resolve()
    home = load_settings(plant_dir).home_of(plant_dir)
    state = read_state(home)
    if state is None:
        load_plant(plant_dir / "plant.toml")
    return home, state


def stop(plant_dir: Path) -> None:
    """End the stack of a plant, and whatever a crashed supervisor left behind.

    Raises
    ------
    StackFailed
        If processes run of which it cannot be known whether they are the stack's.
    """
    home, state = _known_state(plant_dir)
    talk = Console(stderr=True, soft_wrap=True)
    _refuse_doubtful(state)
    if state is None or not (state.is_supervised() or state.living()):
        why = ": the computer has been started again since" if state is not None and state.is_of_an_earlier_boot() else ""
        talk.print(f"nothing runs{why}", highlight=False)
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
    _, state = _known_state(plant_dir)
    if state is None:
        print("no stack of this plant has been started" if not as_json else "null")
        return False
    supervised = state.is_supervised()
    parts = tuple(_as_it_is(part, supervised) for part in state.parts)
    state = state.model_copy(update={"parts": parts, "phase": _phase(state, supervised)})
    if as_json:
        print(state.model_dump_json(indent=1))
    else:
        _print_state(state, supervised)
    return supervised and state.phase == "ready" and all(part.state == "running" for part in parts)


def _phase(state: StackState, supervised: bool) -> str:
    if supervised or state.phase == "failed":
        return state.phase
    if state.living():
        return "left running without a supervisor (`lastgang down` ends it)"
    if state.doubtful():
        return "unknown (`lastgang down` says why)"
    if state.phase != "stopped" and state.is_of_an_earlier_boot():
        return "ended with the computer, which has been started again since (`lastgang up` goes on)"
    return "stopped"


def _print_state(state: StackState, supervised: bool) -> None:
    console = Console(soft_wrap=True)
    Console().print(parts_table(state.parts))
    total_mb = sum(part.memory_mb for part in state.parts)
    console.print(
        f"{state.phase}; supervisor {state.supervisor.pid if supervised else 'gone'}; {total_mb:.0f} MB in all", highlight=False
    )
    if supervised:
        where = f"page: {state.page}; broker: 127.0.0.1:{state.ports['kafka.port']}; Flink: http://localhost:{state.ports['flink.rest_port']}/"
        console.print(where, highlight=False, markup=False)
    if state.message:
        console.print(state.message, highlight=False, markup=False)


def _as_it_is(part: PartState, supervised: bool) -> PartState:
    """The part with what is known without its supervisor."""
    if part.process is None:
        return part if supervised else part.model_copy(update={"state": "stopped"})
    if part.process.identity().is_alive():
        return part
    if part.state in {"running", "starting"}:
        return part.model_copy(update={"state": "gone" if supervised else "stopped", "memory_mb": 0.0})
    return part.model_copy(update={"memory_mb": 0.0})

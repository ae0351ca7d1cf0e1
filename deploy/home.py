"""The home folder of a stack's data: one stack at a time, and what a crashed one left running is cleared away."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from deploy import processes
from deploy.settings import FILE_NAME
from deploy.state_file import StackState, read_state
from domain.errors import Fault, InputFaults, LastgangError


class AlreadyRunning(LastgangError):
    """A stack of this plant runs. Operator: `lastgang status` shows it, `lastgang down` ends it."""


class Home:
    """The home folder of a plant's stack, taken by this process.

    Raises
    ------
    AlreadyRunning
        If another stack has it.
    InputFaults
        If nothing can be written there.
    """

    def __init__(self, folder: Path, plant_dir: Path) -> None:
        make_home(folder)
        self.folder = folder
        self._lock_file: IO[str] | None = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise AlreadyRunning(already_running(plant_dir, read_state(folder))) from error
        sweep(folder)

    @property
    def is_ours(self) -> bool:
        """Whether this process still has it."""
        return self._lock_file is not None

    def release(self) -> None:
        """Let another stack have it."""
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None


def already_running(plant_dir: Path, state: StackState | None) -> str:
    """The message for whoever starts a second stack of one plant."""
    who = f" (process {state.supervisor.pid}, {state.phase})" if state else ""
    return f"a stack of {plant_dir} runs already{who}; `lastgang status` shows it, `lastgang down` ends it"


def make_home(home: Path) -> None:
    """Make the folder of a stack's data where it is not there yet.

    Raises
    ------
    InputFaults
        If nothing can be written there.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("a"):
            pass
    except OSError as error:
        expected = "a folder that can be written (set `home` in stack.toml, or LASTGANG_HOME, to one)"
        raise InputFaults([Fault(FILE_NAME, None, "home", f"{str(home)!r}: {error.strerror}", expected)]) from error


def sweep(home: Path) -> list[str]:
    """End what a supervisor that is gone has left running, newest part first; returns the names."""
    state = read_state(home)
    if state is None or state.is_supervised():
        return []
    left = state.living()
    for part in reversed(left):
        for member in part.family:
            processes.stop(member.identity(), timeout_s=10.0)
    return [part.name for part in left]

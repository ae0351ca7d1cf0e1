"""One part that is kept running: its process, whether it is ready, how it ended, what it used."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from deploy import jars, ports, processes
from deploy.parts import Part
from deploy.processes import ProcessId, Usage
from deploy.state_file import PartState, ProcessState
from domain.errors import LastgangError

Progress = Callable[[str, str], None]
"""Called with the name of a part and what happens to it."""

_FIRST_BACKOFF_S, _LAST_BACKOFF_S = 0.5, 30.0
_INPUT_LOOK_S = 2.0
_WRONG_INPUT = 2
_NOTE_CHARACTERS = 300
_DEATHS_OF_A_FAILED_START = 3
_READY = re.compile(rb"(?:\b|_)ready\b", re.IGNORECASE)


class PartFailed(LastgangError):
    """A part could not be started. Operator: the message ends with the part's last output; its whole log is named."""


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What one part used in its life, restarts and children included."""

    name: str
    memory_mb: float
    """Highest sum seen of what its processes take from the computer [MiB]."""
    cpu_s: float


@dataclass(slots=True)
class RunningPart:
    """A part and what has become of it; `usage` holds every process that it ever had. Who changes it holds the supervisor's lock."""

    part: Part
    log: Path
    state: str = "waiting"
    process: Popen[bytes] | None = None
    identity: ProcessId | None = None
    log_start: int = 0
    since: float = 0.0
    due: float = 0.0
    deaths: int = 0
    """In a row: forgotten after a steady minute."""
    restarts: int = 0
    note: str = ""
    input: object = None
    """What the files of its input looked like when it was started last."""
    usage: dict[ProcessId, Usage] = field(default_factory=dict)
    members: tuple[ProcessId, ...] = ()
    """The process and what it started, when last looked."""
    memory_mb: float = 0.0
    memory_peak_mb: float = 0.0

    @property
    def is_given_up(self) -> bool:
        """Whether it will not run soon: its input is wrong, or it died three times in a row while it started."""
        return self.state == "failed" or (self.deaths >= _DEATHS_OF_A_FAILED_START and self.state != "running")

    def spawn(self, environment: Mapping[str, str]) -> None:
        """Start its process."""
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        self.process = processes.launch(self.part.command, {**environment, **self.part.environment}, self.log, jars.PROJECT)
        if self.log.stat().st_size < self.log_start:  # it was full and has been put aside
            self.log_start = 0
        self.identity = ProcessId.of(self.process.pid)
        self.input = _fingerprints(self.part.input)
        self.state, self.since = "starting", time.monotonic()

    def is_ready(self) -> bool:
        """Whether it serves, by its own test or its log."""
        if self.part.ready is not None:
            return self.part.ready()
        if self.part.ready_of is not None:
            return self.identity is not None and self.part.ready_of(self.identity.pid)
        if not self.log.exists():
            return False
        with self.log.open("rb") as log:
            if log.seek(0, 2) < self.log_start:  # it was full and has been put aside
                self.log_start = 0
            log.seek(self.log_start)
            return _READY.search(log.read()) is not None

    def is_due(self, now: float) -> bool:
        """Whether a dead part is to be started again."""
        if now < self.due:
            return False
        if self.state == "failed":
            self.due = now + _INPUT_LOOK_S
            return self.input != _fingerprints(self.part.input)
        return self.state == "restarting"

    def die(self, code: int, now: float) -> None:
        """Note that its process has ended with `code`, and when it is due again."""
        self.deaths += 1
        self.note = self._last_words(code)[:_NOTE_CHARACTERS]
        self.state = "failed" if code == _WRONG_INPUT else "restarting"
        self.due = now + min(_LAST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** (self.deaths - 1))

    def go_along(self, other: RunningPart) -> None:
        """End with `other`, which died, and be due again when it is."""
        if self.identity is not None and self.state in {"starting", "running"}:
            processes.stop(self.identity, timeout_s=0.0)
            self.state, self.due, self.note = "restarting", other.due, f"started again with {other.part.name}"

    def _last_words(self, code: int) -> str:
        """How a part ended, and why, as far as that is known."""
        if code < 0:
            return f"ended by signal {-code}"
        port = self.part.port
        if code and port and not ports.is_free(port):  # taken between the check before the start and the start
            return f"ended with exit {code}: port {port} is taken by {ports.owner(port)}"
        return f"ended with exit {code}: {processes.last_line(self.log, self.log_start)}"

    def failure(self, why: str) -> PartFailed:
        """The error that names its log and ends with its last lines."""
        return PartFailed(f"{self.part.name} {why}; end of {self.log}:\n{_tail(self.log)}")

    def measure(self, known: Mapping[int, list[int]]) -> None:
        """Read memory and CPU now; `known` is the result of `processes.sessions`."""
        current = processes.usage(self.identity, known) if self.identity is not None else {}
        self.usage.update(current)
        self.members = tuple(current)
        self.memory_mb = sum(use.memory_mb for use in current.values())
        self.memory_peak_mb = max(self.memory_peak_mb, self.memory_mb)

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of every process that it ever had."""
        return round(sum(use.cpu_s for use in self.usage.values()), 2)

    def use(self) -> ProcessUse:
        """What it used in its life."""
        return ProcessUse(self.part.name, round(self.memory_peak_mb, 1), self.cpu_s)

    def as_state(self) -> PartState:
        """It as the state file has it."""
        return PartState(
            name=self.part.name,
            state=self.state,
            process=ProcessState.of(self.identity) if self.identity else None,
            family=tuple(ProcessState.of(member) for member in {self.identity, *self.members} if member),
            port=self.part.port,
            memory_mb=round(self.memory_mb, 1),
            cpu_s=self.cpu_s,
            restarts=self.restarts,
            note=self.note,
        )


def not_ready(parts: Sequence[RunningPart], progress: Progress) -> Iterator[tuple[RunningPart, str]]:
    """Wait for the parts; those that will not be ready, as soon as that is clear, and why."""
    waiting = list(parts)
    started = time.monotonic()
    while waiting:
        for running in list(waiting):
            if running.state == "running":
                progress(running.part.name, "ready")
            elif running.is_given_up:
                yield running, running.note
            elif time.monotonic() - started > running.part.ready_timeout_s:
                yield running, f"was not ready within {running.part.ready_timeout_s:.0f} s"
            else:
                continue
            waiting.remove(running)
        time.sleep(0.05)


def _fingerprints(folder: Path | None) -> object:
    """Name, length and time of change of the files that a part reads when it starts; equal as long as nobody has written any."""
    if folder is None:
        return None
    files = [file for pattern in ("*", "devices/*") for file in folder.glob(pattern)]
    found = []
    for file in sorted(files):
        with contextlib.suppress(OSError):
            status = file.stat()
            if file.is_file():
                found.append((str(file), status.st_size, status.st_mtime_ns))
    return found


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(processes.last_lines(log)[-lines:]) or "(nothing was written)"

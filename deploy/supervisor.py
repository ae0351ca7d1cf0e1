"""Keeps parts running: starts them stage by stage, notices deaths, starts again with backoff, stops all in reverse order.

A part that ended with exit 2 has wrong input: it is *failed*, and started again when a file of its input changes. No part's end, and
no trouble in looking after one, keeps the others from being looked after.
"""

from __future__ import annotations

import contextlib
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from deploy import jars, ports, processes
from deploy.parts import Part
from deploy.processes import ProcessId, Usage
from deploy.state_file import PartState, ProcessState
from domain.errors import LastgangError

Progress = Callable[[str, str], None]
"""Told (name of the part, what happens to it)."""

_TICK_S = 0.25
_MEASURE_EVERY_S = 5.0
_FIRST_BACKOFF_S, _LAST_BACKOFF_S = 0.5, 30.0
_STEADY_AFTER_S = 60.0
_INPUT_LOOK_S = 2.0
_WRONG_INPUT = 2
_DEATHS_OF_A_FAILED_START = 3
_NOTE_CHARACTERS = 300
_READY = re.compile(rb"(?:\b|_)ready\b", re.IGNORECASE)


class PartFailed(LastgangError):
    """A part could not be started. Operator: the message ends with what the part said last; its whole log is named."""


@dataclass(slots=True)
class _Running:
    """A part and what has become of it; `usage` holds every process that it ever had."""

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
    rss_mb: float = 0.0
    rss_peak_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What one part used in its life, restarts and children included."""

    name: str
    rss_mb: float
    """Highest sum of resident memory seen [MiB]."""
    cpu_s: float


class Supervisor:
    """Runs parts; all methods may be called from any thread.

    Parameters
    ----------
    log_folder
        Each part writes ``<name>.log`` there, the supervisor ``supervisor.log``.
    environment
        Given to every part at the moment it starts: change it and later starts see the change.
    on_change
        Called after anything has changed, from whichever thread changed it.
    """

    def __init__(
        self, log_folder: Path, environment: Mapping[str, str] | None = None, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self.log_folder = log_folder
        self.environment = dict(environment or {})
        self._on_change = on_change
        self._running: dict[str, _Running] = {}
        self.lock = threading.RLock()
        """Held by whoever changes the state of a part, or writes it down."""
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self._measured_at = 0.0

    # -- starting ------------------------------------------------------------------------------------------------------

    def launch(self, parts: Iterable[Part], progress: Progress = lambda name, state: None) -> None:
        """Start `parts` together and go on at once."""
        with self.lock:
            for part in parts:
                running = self._running.setdefault(part.name, _Running(part, self.log_folder / f"{part.name}.log"))
                self._spawn(running)
                progress(part.name, "starting")
        self._watch()

    def await_ready(self, names: Iterable[str], progress: Progress = lambda name, state: None) -> None:
        """Return when the parts `names` are ready.

        Raises
        ------
        PartFailed
            If one ended with exit 2, died three times, or took longer than its `ready_timeout_s`.
        """
        for running, why in self._not_ready(names, progress):
            raise self._failure(running, why)

    def settle(self, names: Iterable[str], progress: Progress = lambda name, state: None) -> None:
        """Return when each of the parts `names` is ready, or it is clear that it will not be soon; `states` tells which.

        Raises
        ------
        PartFailed
            If one that is essential is not ready.
        """
        for running, why in self._not_ready(names, progress):
            if running.part.is_essential:
                raise self._failure(running, why)
            running.note = running.note or why
            progress(running.part.name, running.state)

    def _not_ready(self, names: Iterable[str], progress: Progress) -> Iterator[tuple[_Running, str]]:
        """Wait for the parts; those that will not be ready, as soon as that is clear, and why."""
        waiting = [self._running[name] for name in names]
        started = time.monotonic()
        while waiting:
            for running in list(waiting):
                if running.state == "running":
                    progress(running.part.name, "ready")
                elif self._is_given_up(running):
                    yield running, running.note
                elif time.monotonic() - started > running.part.ready_timeout_s:
                    yield running, f"was not ready within {running.part.ready_timeout_s:.0f} s"
                else:
                    continue
                waiting.remove(running)
            time.sleep(0.05)

    def check(self, names: Iterable[str]) -> None:
        """Raise `PartFailed` if one of the parts `names` has been given up, or died three times in a row."""
        for running in (self._running[name] for name in names):
            if self._is_given_up(running):
                raise self._failure(running, running.note)

    def _is_given_up(self, running: _Running) -> bool:
        return running.state == "failed" or (running.deaths >= _DEATHS_OF_A_FAILED_START and running.state != "running")

    def _failure(self, running: _Running, why: str) -> PartFailed:
        return PartFailed(f"{running.part.name} {why}; end of {running.log}:\n{_tail(running.log)}")

    def _spawn(self, running: _Running) -> None:
        running.log_start = running.log.stat().st_size if running.log.exists() else 0
        environment = {**self.environment, **running.part.environment}
        running.process = processes.launch(running.part.command, environment, running.log, jars.PROJECT)
        if running.log.stat().st_size < running.log_start:  # it was full and has been put aside
            running.log_start = 0
        running.identity = ProcessId.of(running.process.pid)
        running.input = _looks_of(running.part.input)
        running.state, running.since = "starting", time.monotonic()
        self._say("part_started", part=running.part.name, pid=running.process.pid)
        self._changed()

    # -- watching ------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        with self.lock:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch_on, name="supervisor", daemon=True)
                self._watcher.start()

    def _watch_on(self) -> None:
        while not self._closing.wait(_TICK_S):
            for running in list(self._running.values()):
                try:
                    self._check(running)
                except Exception as error:  # a full disk, say: the next look may go well, and the other parts need theirs now
                    self._say("part_not_looked_after", part=running.part.name, why=f"{type(error).__name__}: {error}")
            if time.monotonic() - self._measured_at > _MEASURE_EVERY_S:
                self.measure()
                self._changed()

    def _changed(self) -> None:
        """Tell of a change; that it cannot be written down just now stops nothing."""
        try:
            self._on_change()
        except OSError as error:
            self._say("state_not_written", why=str(error))

    def _check(self, running: _Running) -> None:
        if running.state == "starting" and self._is_ready(running):
            running.state = "running"
            if not running.deaths:
                running.note = ""
            self._changed()
        processes.put_aside_when_long(running.log)
        with self.lock:
            if self._closing.is_set() or running.process is None:
                return
            now = time.monotonic()
            if running.state in {"starting", "running"} and running.process.poll() is not None:
                self._take_death(running, running.process.returncode, now)
            elif running.state == "running" and running.deaths and now - running.since > _STEADY_AFTER_S:
                running.deaths = 0
            elif self._is_due(running, now):
                running.restarts += 1
                self._spawn(running)

    def _is_due(self, running: _Running, now: float) -> bool:
        """Whether a dead part is to be started again."""
        if now < running.due:
            return False
        if running.state == "failed":
            running.due = now + _INPUT_LOOK_S
            return running.input != _looks_of(running.part.input)
        return running.state == "restarting"

    def _take_death(self, running: _Running, code: int, now: float) -> None:
        if running.identity is not None:
            processes.stop(running.identity, timeout_s=0.0)  # what it started and left behind
        running.deaths += 1
        running.note = self._last_words(running, code)[:_NOTE_CHARACTERS]
        self._say("part_died", part=running.part.name, how=running.note, deaths=running.deaths)
        running.state = "failed" if code == _WRONG_INPUT else "restarting"
        running.due = now + min(_LAST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** (running.deaths - 1))
        for name in running.part.takes_along:
            companion = self._running.get(name)
            if companion is not None and companion.identity is not None and companion.state in {"starting", "running"}:
                processes.stop(companion.identity, timeout_s=0.0)
                companion.state, companion.due, companion.note = (
                    "restarting",
                    running.due,
                    f"started again with {running.part.name}",
                )
        self._changed()

    def _last_words(self, running: _Running, code: int) -> str:
        """How a part ended, and why as far as that can be told."""
        if code < 0:
            return f"ended by signal {-code}"
        port = running.part.port
        if code and port and not ports.is_free(port):  # taken between the check before the start and the start
            return f"ended with exit {code}: port {port} is taken by {ports.owner(port)}"
        return f"ended with exit {code}: {processes.last_line(running.log, running.log_start)}"

    def _is_ready(self, running: _Running) -> bool:
        if running.part.ready is not None:
            return running.part.ready()
        if running.part.ready_of is not None:
            return running.identity is not None and running.part.ready_of(running.identity.pid)
        if not running.log.exists():
            return False
        with running.log.open("rb") as log:
            if log.seek(0, 2) < running.log_start:  # it was full and has been put aside
                running.log_start = 0
            log.seek(running.log_start)
            return _READY.search(log.read()) is not None

    # -- measuring -----------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Read memory and CPU of every part now."""
        with self.lock:
            self._measured_at = time.monotonic()
            known = processes.sessions()
            for running in self._running.values():
                current = processes.usage(running.identity, known) if running.identity is not None else {}
                running.usage.update(current)
                running.members = tuple(current)
                running.rss_mb = sum(use.rss_mb for use in current.values())
                running.rss_peak_mb = max(running.rss_peak_mb, running.rss_mb)

    def uses(self) -> list[ProcessUse]:
        """What each part used in its life, also those that have ended."""
        with self.lock:
            return [
                ProcessUse(name, round(running.rss_peak_mb, 1), round(sum(use.cpu_s for use in running.usage.values()), 2))
                for name, running in self._running.items()
            ]

    def states(self) -> list[PartState]:
        """Every part as it is now."""
        with self.lock:
            return [
                PartState(
                    name=name,
                    state=running.state,
                    process=ProcessState.of(running.identity) if running.identity else None,
                    family=tuple(ProcessState.of(member) for member in {running.identity, *running.members} if member),
                    port=running.part.port,
                    rss_mb=round(running.rss_mb, 1),
                    cpu_s=round(sum(use.cpu_s for use in running.usage.values()), 2),
                    restarts=running.restarts,
                    note=running.note,
                )
                for name, running in self._running.items()
            ]

    def identity(self, name: str) -> ProcessId | None:
        """The process of a part."""
        running = self._running.get(name)
        return running.identity if running else None

    def kill(self, name: str) -> None:
        """End a part as a crash would (SIGKILL); it comes back, and `await_ready` tells when."""
        with self.lock:
            running = self._running[name]
            if running.identity is not None and running.process is not None:
                processes.kill(running.identity)
                self._take_death(running, -signal.SIGKILL, time.monotonic())

    def failed(self) -> list[str]:
        """Parts that have been given up, because their input is wrong."""
        return [name for name, running in self._running.items() if running.state == "failed"]

    def is_essential(self, name: str) -> bool:
        """Whether nothing of use is left without this part."""
        return self._running[name].part.is_essential

    # -- stopping ------------------------------------------------------------------------------------------------------

    def parts(self) -> list[Part]:
        """All that have been launched, in order."""
        return [running.part for running in self._running.values()]

    def stop_watching(self) -> None:
        """From now on the dead stay dead."""
        self._closing.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()

    def stop(self, names: Iterable[str] | None = None, progress: Progress = lambda name, state: None) -> None:
        """End parts (default: all, and the watching), those of one call together; children too."""
        if names is None:
            self.stop_watching()
        with self.lock:
            chosen = [self._running[name] for name in (list(self._running) if names is None else names) if name in self._running]
            for running in chosen:
                running.state = "stopping"
        self.measure()
        if not chosen:
            return
        with ThreadPoolExecutor(len(chosen)) as pool:
            list(pool.map(lambda running: self._stop_one(running, progress), chosen))
        self._changed()

    def _stop_one(self, running: _Running, progress: Progress) -> None:
        if running.identity is not None:
            progress(running.part.name, "stopping")
            clean = processes.stop(running.identity, running.part.stop_timeout_s)
            if running.process is not None:
                running.process.poll()
            self._say("part_stopped", part=running.part.name, clean=clean)
        running.state = "stopped"
        progress(running.part.name, "stopped")

    def _say(self, event: str, **fields: object) -> None:
        pairs = " ".join(f"{key}={value!r}" for key, value in fields.items())
        with contextlib.suppress(OSError):  # where nothing can be written there is nobody to tell
            self.log_folder.mkdir(parents=True, exist_ok=True)
            with (self.log_folder / "supervisor.log").open("a") as log:
                log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {event} {pairs}\n")


def _looks_of(folder: Path | None) -> object:
    """Name, length and time of change of the files that a part reads when it starts; equal as long as nobody has written any."""
    if folder is None:
        return None
    files = [file for pattern in ("*", "devices/*") for file in folder.glob(pattern)]
    looks = []
    for file in sorted(files):
        with contextlib.suppress(OSError):
            status = file.stat()
            if file.is_file():
                looks.append((str(file), status.st_size, status.st_mtime_ns))
    return looks


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(processes.last_lines(log)[-lines:]) or "(nothing was written)"

"""Keeps parts running: starts them stage by stage, notices deaths, starts anew with backoff, stops all in reverse order."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from deploy import jars, processes
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
_WRONG_INPUT = 2
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
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self._measured_at = 0.0

    # -- starting ------------------------------------------------------------------------------------------------------

    def launch(self, parts: Iterable[Part], progress: Progress = lambda name, state: None) -> None:
        """Start `parts` together and go on at once."""
        with self._lock:
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
        waiting = list(names)
        started = time.monotonic()
        while waiting:
            for name in list(waiting):
                running = self._running[name]
                if running.state == "running":
                    waiting.remove(name)
                    progress(name, "ready")
                elif time.monotonic() - started > running.part.ready_timeout_s:
                    raise self._failure(running, f"was not ready within {running.part.ready_timeout_s:.0f} s")
            self.check(waiting)
            time.sleep(0.05)

    def check(self, names: Iterable[str]) -> None:
        """Raise `PartFailed` if one of the parts `names` has been given up, or died three times in a row."""
        for running in (self._running[name] for name in names):
            if running.state == "failed" or (running.deaths >= 3 and running.state != "running"):
                raise self._failure(running, running.note)

    def _failure(self, running: _Running, why: str) -> PartFailed:
        return PartFailed(f"{running.part.name} {why}; end of {running.log}:\n{_tail(running.log)}")

    def _spawn(self, running: _Running) -> None:
        running.log_start = running.log.stat().st_size if running.log.exists() else 0
        environment = {**self.environment, **running.part.environment}
        running.process = processes.launch(running.part.command, environment, running.log, jars.PROJECT)
        if running.log.stat().st_size < running.log_start:  # it was full and has been put aside
            running.log_start = 0
        running.identity = ProcessId.of(running.process.pid)
        running.state, running.since = "starting", time.monotonic()
        self._say("part_started", part=running.part.name, pid=running.process.pid)
        self._on_change()

    # -- watching ------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch_on, name="supervisor", daemon=True)
                self._watcher.start()

    def _watch_on(self) -> None:
        while not self._closing.wait(_TICK_S):
            for running in list(self._running.values()):
                self._check(running)
            if time.monotonic() - self._measured_at > _MEASURE_EVERY_S:
                self.measure()
                self._on_change()

    def _check(self, running: _Running) -> None:
        if running.state == "starting" and self._is_ready(running):
            running.state = "running"
            self._on_change()
        with self._lock:
            if self._closing.is_set() or running.process is None:
                return
            now = time.monotonic()
            if running.state in {"starting", "running"} and running.process.poll() is not None:
                self._take_death(running, running.process.returncode, now)
            elif running.state == "running" and running.deaths and now - running.since > _STEADY_AFTER_S:
                running.deaths = 0
            elif running.state == "restarting" and now >= running.due:
                running.restarts += 1
                self._spawn(running)

    def _take_death(self, running: _Running, code: int, now: float) -> None:
        if running.identity is not None:
            processes.stop(running.identity, timeout_s=0.0)  # what it started and left behind
        running.deaths += 1
        running.note = f"ended by signal {-code}" if code < 0 else f"ended with exit {code}"
        self._say("part_died", part=running.part.name, how=running.note, deaths=running.deaths)
        if code == _WRONG_INPUT:
            running.state = "failed"
        else:
            running.state = "restarting"
            running.due = now + min(_LAST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** (running.deaths - 1))
        for name in running.part.takes_along:
            companion = self._running.get(name)
            if companion is not None and companion.identity is not None and companion.state in {"starting", "running"}:
                processes.stop(companion.identity, timeout_s=0.0)
                companion.state, companion.due, companion.note = "restarting", running.due, f"started anew with {running.part.name}"
        self._on_change()

    def _is_ready(self, running: _Running) -> bool:
        if running.part.ready is not None:
            return running.part.ready()
        if running.part.ready_of is not None:
            return running.identity is not None and running.part.ready_of(running.identity.pid)
        if not running.log.exists():
            return False
        with running.log.open("rb") as log:
            log.seek(running.log_start)
            return _READY.search(log.read()) is not None

    # -- measuring -----------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Read memory and CPU of every part now."""
        with self._lock:
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
        with self._lock:
            return [
                ProcessUse(name, round(running.rss_peak_mb, 1), round(sum(use.cpu_s for use in running.usage.values()), 2))
                for name, running in self._running.items()
            ]

    def states(self) -> list[PartState]:
        """Every part as it is now."""
        with self._lock:
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
        with self._lock:
            running = self._running[name]
            if running.identity is not None and running.process is not None:
                processes.kill(running.identity)
                self._take_death(running, -signal.SIGKILL, time.monotonic())

    def failed(self) -> list[str]:
        """Parts that have been given up."""
        return [name for name, running in self._running.items() if running.state == "failed"]

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
        with self._lock:
            chosen = [self._running[name] for name in (list(self._running) if names is None else names) if name in self._running]
            for running in chosen:
                running.state = "stopping"
        self.measure()
        if not chosen:
            return
        with ThreadPoolExecutor(len(chosen)) as pool:
            list(pool.map(lambda running: self._stop_one(running, progress), chosen))
        self._on_change()

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
        self.log_folder.mkdir(parents=True, exist_ok=True)
        pairs = " ".join(f"{key}={value!r}" for key, value in fields.items())
        with (self.log_folder / "supervisor.log").open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {event} {pairs}\n")


def _tail(log: Path, lines: int = 12) -> str:
    if not log.exists():
        return "(nothing was written)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(nothing was written)"

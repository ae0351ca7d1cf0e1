"""Keeps parts running: starts them stage by stage, notices deaths, starts again with backoff, stops all in reverse order.

A part that ended with exit 2 has wrong input: it is *failed*, and started again when a file of its input changes. No part's end, and
no trouble in looking after one, keeps the others from being looked after.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy import processes
from deploy.event_log import EventLog
from deploy.parts import Part
from deploy.processes import ProcessId
from deploy.running import ProcessUse, Progress, RunningPart, not_ready
from deploy.state_file import PartState

_TICK_S = 0.25
_MEASURE_EVERY_S = 5.0
_STEADY_AFTER_S = 60.0


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
        self._events = EventLog(log_folder / "supervisor.log")
        self.environment = dict(environment or {})
        self._on_change = on_change
        self._running: dict[str, RunningPart] = {}
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
                running = self._running.setdefault(part.name, RunningPart(part, self.log_folder / f"{part.name}.log"))
                self._spawn(running)
                progress(part.name, "starting")
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch_on, name="supervisor", daemon=True)
                self._watcher.start()

    def await_ready(self, names: Iterable[str], progress: Progress = lambda name, state: None) -> None:
        """Return when the parts `names` are ready.

        Raises
        ------
        PartFailed
            If one ended with exit 2, died three times, or took longer than its `ready_timeout_s`.
        """
        for running, why in not_ready([self._running[name] for name in names], progress):
            raise running.failure(why)

    def settle(self, names: Iterable[str], progress: Progress = lambda name, state: None) -> None:
        """Return when each of the parts `names` is ready, or it is clear that it will not be soon; `states` names which.

        Raises
        ------
        PartFailed
            If one that is essential is not ready.
        """
        for running, why in not_ready([self._running[name] for name in names], progress):
            if running.part.is_essential:
                raise running.failure(why)
            running.note = running.note or why
            progress(running.part.name, running.state)

    def check(self, names: Iterable[str]) -> None:
        """Raise `PartFailed` if one of the parts `names` has been given up, or died three times in a row."""
        for running in (self._running[name] for name in names):
            if running.is_given_up:
                raise running.failure(running.note)

    def _spawn(self, running: RunningPart) -> None:
        running.spawn(self.environment)
        self._events.write("part_started", part=running.part.name, pid=running.process.pid if running.process else None)
        self._changed()

    # -- watching ------------------------------------------------------------------------------------------------------

    def _watch_on(self) -> None:
        while not self._closing.wait(_TICK_S):
            for running in list(self._running.values()):
                try:
                    self._check(running)
                except Exception as error:  # a full disk, say: the next look may go well, and the other parts need theirs now
                    self._events.write("part_not_looked_after", part=running.part.name, why=f"{type(error).__name__}: {error}")
            if time.monotonic() - self._measured_at > _MEASURE_EVERY_S:
                self.measure()
                self._changed()

    def _changed(self) -> None:
        """Report a change; that it cannot be stored just now stops nothing."""
        try:
            self._on_change()
        except OSError as error:
            self._events.write("state_not_written", why=str(error))

    def _check(self, running: RunningPart) -> None:
        if running.state == "starting" and running.is_ready():
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
            elif running.is_due(now):
                running.restarts += 1
                self._spawn(running)

    def _take_death(self, running: RunningPart, code: int, now: float) -> None:
        if running.identity is not None:
            processes.stop(running.identity, timeout_s=0.0)  # what it started and left behind
        running.die(code, now)
        self._events.write("part_died", part=running.part.name, how=running.note, deaths=running.deaths)
        for name in running.part.takes_along:
            if (companion := self._running.get(name)) is not None:
                companion.go_along(running)
        self._changed()

    # -- measuring -----------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Read memory and CPU of every part now."""
        with self.lock:
            self._measured_at = time.monotonic()
            known = processes.sessions()
            for running in self._running.values():
                running.measure(known)

    def uses(self) -> list[ProcessUse]:
        """What each part used in its life, also those that have ended."""
        with self.lock:
            return [running.use() for running in self._running.values()]

    def states(self) -> list[PartState]:
        """Every part as it is now."""
        with self.lock:
            return [running.as_state() for running in self._running.values()]

    def identity(self, name: str) -> ProcessId | None:
        """The process of a part."""
        running = self._running.get(name)
        return running.identity if running else None

    def kill(self, name: str) -> None:
        """End a part as a crash would (SIGKILL); it is restarted; `await_ready` waits for that."""
        with self.lock:
            running = self._running[name]
            if running.identity is not None and running.process is not None:
                processes.kill(running.identity)
                self._take_death(running, -signal.SIGKILL, time.monotonic())

    def failed(self, only_essential: bool = False) -> list[str]:
        """Parts that have been given up, because their input is wrong; `only_essential`: without which nothing of use is left."""
        gone = [running.part for running in self._running.values() if running.state == "failed"]
        return [part.name for part in gone if part.is_essential or not only_essential]

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

    def _stop_one(self, running: RunningPart, progress: Progress) -> None:
        if running.identity is not None:
            progress(running.part.name, "stopping")
            clean = processes.stop(running.identity, running.part.stop_timeout_s)
            if running.process is not None:
                running.process.poll()
            self._events.write("part_stopped", part=running.part.name, clean=clean)
        running.state = "stopped"
        progress(running.part.name, "stopped")

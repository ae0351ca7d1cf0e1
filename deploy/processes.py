"""Processes that we own: each in a group of its own, known by pid and time of creation, measured and stopped whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOG_LIMIT_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for good: a pid is used again some day, a pid with its time of creation is not."""

    pid: int
    created: float
    """Epoch [s] as the operating system tells it."""

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The process that has `pid` now; None if there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def is_alive(self) -> bool:
        """Whether it runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.created) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children use."""

    rss_mb: float
    cpu_s: float
    """CPU-seconds since each of them began."""


def own_usage() -> Usage:
    """What this process uses, without those that it started."""
    process = psutil.Process()
    times = process.cpu_times()
    return Usage(process.memory_info().rss / 2**20, times.user + times.system)


def launch(command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own (no terminal signal reaches it), stdout and stderr appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as sink:
        return subprocess.Popen(
            list(command),
            env={**os.environ, **environment},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def sessions() -> dict[int, list[int]]:
    """Session id -> pids, of all processes; what `launch` started leads a session with its own pid as the id."""
    found: dict[int, list[int]] = {}
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            found.setdefault(os.getsid(pid), []).append(pid)
    return found


def family(identity: ProcessId, known: Mapping[int, list[int]] | None = None) -> list[ProcessId]:
    """The process and all that it started, as far as they run, also when it has died itself.

    Parameters
    ----------
    known
        Result of `sessions`, where several families are asked for at once.
    """
    leader = ProcessId.of(identity.pid)
    if leader is not None and abs(leader.created - identity.created) >= 1.0:
        return []  # the pid belongs to somebody else by now; while one of ours lived it could not have been given away
    pids = {identity.pid, *(sessions() if known is None else known).get(identity.pid, [])}
    members = (ProcessId.of(pid) for pid in pids)
    return [member for member in members if member is not None and member.is_alive()]


def usage(identity: ProcessId, known: Mapping[int, list[int]] | None = None) -> dict[ProcessId, Usage]:
    """Memory and CPU of a process and all that it started; what cannot be read any more is left out."""
    measured = {}
    for member in family(identity, known):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(member.pid)
            times = process.cpu_times()
            measured[member] = Usage(process.memory_info().rss / 2**20, times.user + times.system)
    return measured


def stop(identity: ProcessId, timeout_s: float = 15.0, first: signal.Signals = signal.SIGTERM) -> bool:
    """End a process and everything it started: `first` to the process, after `timeout_s` SIGKILL to all that is left.

    Returns
    -------
    bool
        Whether all of them went without being killed.
    """
    _signal(identity, first)
    deadline = time.monotonic() + timeout_s
    while identity.is_alive() and time.monotonic() < deadline:
        _reap(identity.pid)
        time.sleep(0.02)
    clean = True
    while survivors := family(identity):
        clean = False
        for member in survivors:
            _signal(member, signal.SIGKILL)
        _reap(identity.pid)
        time.sleep(0.02)
    _reap(identity.pid)
    return clean


def kill(identity: ProcessId) -> None:
    """End a process at once (SIGKILL), as a crash would; its children are left to notice."""
    _signal(identity, signal.SIGKILL)
    while identity.is_alive():
        _reap(identity.pid)
        time.sleep(0.01)


def _signal(identity: ProcessId, number: signal.Signals) -> None:
    if identity.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, number)


def _reap(pid: int) -> None:
    """Take a dead child's exit code, so that it is no zombie; nothing happens for a process that is not our child."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)

"""Processes that we own: each in a session of its own, known by pid and birth, measured and stopped whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

_LOG_LIMIT_BYTES = 20 * 1024 * 1024
_CREATED = "created "


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for good: a pid is used again some day, a pid with its birth is not."""

    pid: int
    birth: str
    """On Linux the boot's id and the clock ticks from the boot to the start: no clock that is set changes them. Elsewhere, and in
    state files of earlier versions, ``created`` and the time of creation [s since 1970] by the operating system."""

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The process that has `pid` now; None if there is none."""
        birth = _birth_of(pid)
        return None if birth is None else cls(pid, birth)

    def is_alive(self) -> bool:
        """Whether it runs; a zombie does not."""
        return self.has_its_pid() and not _is_zombie(self.pid)

    def has_its_pid(self) -> bool:
        """Whether its pid is still its own; a zombie's is."""
        if self.birth.startswith(_CREATED):
            return _was_created(self.pid, float(self.birth.removeprefix(_CREATED)))
        return _birth_of(self.pid) == self.birth

    def is_of_an_earlier_boot(self) -> bool:
        """Whether the computer has been started again since; where birth marks name no boot it cannot be known, and the answer is no."""
        return not self.birth.startswith(_CREATED) and self.birth.partition("/")[0] != _boot_id()

    def is_doubtful(self) -> bool:
        """Whether it is known by a time of creation only, and a process of ours has its pid that has another one.

        Either the pid was given away, or the computer's clock was set, which moves the time of creation of every process on Linux.
        """
        if not self.birth.startswith(_CREATED) or self.is_alive():
            return False
        try:
            return any("lastgang" in word or "kafka" in word or "flink" in word for word in psutil.Process(self.pid).cmdline())
        except psutil.Error:
            return False


def born_at(created_s: float) -> str:
    """The birth of a process of which only the time of creation is known."""
    return f"{_CREATED}{created_s}"


def _birth_of(pid: int) -> str | None:
    if (boot := _boot_id()) is None:
        with contextlib.suppress(psutil.Error):
            return born_at(psutil.Process(pid).create_time())
        return None
    fields = _stat_fields(pid)
    return None if fields is None else f"{boot}/{fields[19]}"


def _stat_fields(pid: int) -> list[str] | None:
    """What Linux says of a process, from the third field (its state) on; the second, its name, may hold spaces and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


@cache
def _boot_id() -> str | None:
    """Different after every start of the computer; None where there is no such thing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def _is_zombie(pid: int) -> bool:
    fields = _stat_fields(pid)
    if fields is not None:
        return fields[0] in "ZX"
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True


def _was_created(pid: int, created_s: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - created_s) < 1.0
    except psutil.Error:
        return False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children use."""

    memory_mb: float
    """Memory that they take from the computer [MiB]: a page that several processes share counts in parts (Linux' proportional set size)."""
    cpu_s: float
    """CPU-seconds since each of them began."""


def own_usage() -> Usage:
    """What this process uses, without those that it started."""
    return _measured(psutil.Process())


def usage_alone(identity: ProcessId) -> Usage | None:
    """What a process uses, without those that it started; None where it cannot be read."""
    if not identity.is_alive():
        return None
    with contextlib.suppress(psutil.Error):
        return _measured(psutil.Process(identity.pid))
    return None


def _measured(process: psutil.Process) -> Usage:
    times = process.cpu_times()
    return Usage(_memory_bytes(process) / 2**20, times.user + times.system)


def _memory_bytes(process: psutil.Process) -> float:
    """Proportional set size, so that what a fork shares with its parent counts once; the resident one where the operating system does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1]) * 1024
    return float(process.memory_info().rss)


def launch(command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own (no terminal signal reaches it), stdout and stderr appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    put_aside_when_long(log)
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


def put_aside_when_long(log: Path) -> None:
    """Begin a log that has become long again from nothing, and keep what it held as ``.log.1``.

    The process that writes it has it open for appending: it is emptied, not replaced. Lines written between the two steps are lost.
    """
    with contextlib.suppress(OSError):
        if log.stat().st_size <= _LOG_LIMIT_BYTES:
            return
        with contextlib.suppress(OSError):  # no room for a copy: then the room is needed all the more
            shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def last_line(log: Path, start: int = 0) -> str:
    """The last line of a log that holds anything, from byte `start` on."""
    return next((line.strip() for line in reversed(last_lines(log, start)) if line.strip()), "it wrote nothing")


def last_lines(log: Path, start: int = 0) -> list[str]:
    """The last lines of a log from byte `start` on; it may have been put aside meanwhile, and be shorter."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(start if start <= end else 0, end - 100_000))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


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
        Result of `sessions`, where several families are requested at once.
    """
    if _birth_of(identity.pid) is not None and not identity.has_its_pid():
        return []  # the pid belongs to somebody else by now; while one of ours lived it could not have been given away
    pids = {identity.pid, *(sessions() if known is None else known).get(identity.pid, [])}
    members = (ProcessId.of(pid) for pid in pids)
    return [member for member in members if member is not None and member.is_alive()]


def usage(identity: ProcessId, known: Mapping[int, list[int]] | None = None) -> dict[ProcessId, Usage]:
    """Memory and CPU of a process and all that it started; what cannot be read any more is left out."""
    measured = {}
    for member in family(identity, known):
        with contextlib.suppress(psutil.Error):
            measured[member] = _measured(psutil.Process(member.pid))
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

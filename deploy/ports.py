"""Loopback ports: which are free, and who holds one that is not."""

from __future__ import annotations

import random
import socket
from collections.abc import Mapping

import psutil

from domain.errors import Fault, InputFaults

_BELOW_EPHEMERAL = range(20_000, 32_000)
"""Linux hands out 32768 and up to outgoing connections: a port from below stays free until its server binds it."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now; a connection in TIME_WAIT does not count as taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = random.SystemRandom().choice(_BELOW_EPHEMERAL)
        if is_free(port):
            return port


def owner(port: int) -> str:
    """Who listens on `port`, as far as the operating system shows this user."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN and connection.pid:
                process = psutil.Process(connection.pid)
                return f"process {process.pid} ({process.name()}){_stack_of(process)}"
    except psutil.Error:
        pass
    return "a process of another user"


def _stack_of(process: psutil.Process) -> str:
    """Whose a process is, where that is a stack of ours: its supervisor has the plant on its command line."""
    for ancestor in process.parents():
        command = ancestor.cmdline()
        if "lastgang.cli" in command and "--plant" in command[:-1]:
            return f" of the stack of {command[command.index('--plant') + 1]}"
    return ""


def assign_ports(wanted: Mapping[str, int], source: str) -> dict[str, int]:
    """The ports to use: as wanted, or a free one for each 0.

    Parameters
    ----------
    wanted
        Name of the setting -> port.
    source
        Where the settings come from, for the message.

    Raises
    ------
    InputFaults
        Naming every wanted port that is taken, and by whom.
    """
    faults = [
        Fault(
            source,
            None,
            name,
            f"port {port} taken by {owner(port)}",
            "a free port (stop that process, or set another; 0 picks one)",
        )
        for name, port in wanted.items()
        if port and not is_free(port)
    ]
    if faults:
        raise InputFaults(faults)
    chosen = dict(wanted)
    for name, port in wanted.items():
        while not chosen[name] or (port == 0 and list(chosen.values()).count(chosen[name]) > 1):
            chosen[name] = free_port()
    return chosen


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections on `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0

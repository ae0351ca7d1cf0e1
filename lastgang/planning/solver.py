"""A solver in a process of its own: it can be waited for, given up and killed, and its death is an answer.

Each problem has a new process, forked from one that has the solver's libraries loaded and no threads of the broker's client. It leads a
process group, so that the workers that it starts go with it.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection

from lastgang.planning.answers import Effort, Solved, unsolved

_MODULE = "lastgang.planning.answering"


class SolverProcess:
    """Solves one problem at a time.

    Parameters
    ----------
    effort
        For each problem.
    most_s
        After so long a problem is given up [s]; default twice the effort's time and half a minute: the proof that there is no plan may
        take longer than a plan.
    """

    def __init__(self, effort: Effort, most_s: float | None = None) -> None:
        self._effort = effort
        self._most_s = 2 * effort.seconds + 30 if most_s is None else most_s
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([_MODULE])
        self._answer: Connection | None = None
        self._until_s = 0.0

    def warm_up(self) -> None:
        """Start the process that the solvers are forked from; it loads the libraries while nobody waits."""
        forkserver.ensure_running()

    @property
    def pid(self) -> int | None:
        """Of the process that solves now."""
        return None if self._answer is None else self._process.pid

    def start(self, body: str) -> None:
        """Begin to solve the problem in `body`."""
        self._answer, other = self._context.Pipe(duplex=False)
        self._process = self._context.Process(target=_solve_into, args=(other, body, self._effort))
        self._process.start()
        other.close()
        self._until_s = time.monotonic() + self._most_s

    def result(self) -> Solved | None:
        """The answer, once it is there; None before."""
        if self._answer is None:
            return None
        if self._answer.poll():
            found = self._received(self._answer)
        elif time.monotonic() > self._until_s:
            found = unsolved(f"given up after {self._most_s:g} s; a smaller problem, or more seconds for a plan, may help")
        else:
            return None
        self.stop()
        return found

    def _received(self, answer: Connection) -> Solved:
        try:
            found: Solved = answer.recv()
        except (EOFError, OSError):  # OSError: ended in the middle of an answer
            self._process.join(1.0)
            return unsolved(f"the solver's process ended with exit code {self._process.exitcode}")
        return found

    def stop(self) -> None:
        """Give up what is being solved."""
        if self._answer is None:
            return
        if self._process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._answer.close()
        self._answer = None


def _solve_into(answer: Connection, body: str, effort: Effort) -> None:
    from lastgang.planning.answering import solved

    os.setpgid(0, 0)
    with answer, suppress(BrokenPipeError):  # whoever asked may be gone
        answer.send(solved(body, effort))

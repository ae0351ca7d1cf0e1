"""The gateway under test: ended by force or in good order, its clock set; each of its ends is noted."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from benchmarks.faults.waits import Waits
from deploy.supervisor import Supervisor
from domain.clock import StartableClock

GATEWAY = "gateway"


class GatewayUnderTest:
    """The supervised part of that name. Its clock is a file of its own, which may be set without the plant's."""

    def __init__(self, supervisor: Supervisor, clock_file: Path, waits: Waits) -> None:
        self._supervisor, self._clock_file, self._waits = supervisor, clock_file, waits
        self.ends_s: list[tuple[float, float]] = []
        """From when to when it was being killed or stopped, on the monotonic clock."""

    @contextmanager
    def _ending(self) -> Iterator[None]:
        begun_s = time.monotonic()
        yield
        self.ends_s.append((begun_s, time.monotonic()))

    def kill(self) -> None:
        """End it as a crash would; the supervisor starts it again."""
        with self._ending():
            self._supervisor.kill(GATEWAY)

    def restart(self) -> None:
        """Have it end in good order, and wait until the supervisor has it back."""
        before = self._supervisor.identity(GATEWAY)
        assert before is not None
        with self._ending():
            os.kill(before.pid, signal.SIGTERM)
            self._waits.until(lambda: self._supervisor.identity(GATEWAY) not in (None, before), "the gateway's return")
        self._supervisor.await_ready([GATEWAY])

    def end(self) -> None:
        """Stop it in good order and wait until all it had is on the topic."""
        with self._ending():
            self._supervisor.stop([GATEWAY])
        self._waits.pass_time(1.0)

    def set_clock(self, by: timedelta) -> None:
        """Set its clock forward or back; the plant's own runs on."""
        StartableClock.step(self._clock_file, by)

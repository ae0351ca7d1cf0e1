"""Waiting, with a bound, while the readings topic is followed: whoever waits must not let the comparison fall behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from domain.clock import Clock
from domain.errors import LastgangError

LONGEST_WAIT_S = 150.0

Answer = TypeVar("Answer")


class TookTooLong(LastgangError):
    """Something that should have come back did not. Operator: the stack's logs are named."""


class Waits:
    """All waits of a bench. `follow` takes what has come on the topic, for at most so many seconds."""

    def __init__(self, follow: Callable[[float], None], clock: Clock, log_folder: Path) -> None:
        self._follow, self._clock, self._log_folder = follow, clock, log_folder

    def wait_for(self, found: Callable[[], Answer | None], what: str, timeout_s: float = LONGEST_WAIT_S) -> Answer:
        """What `found` gives as soon as it is not None.

        Raises
        ------
        TookTooLong
            If it does not come.
        """
        deadline = time.monotonic() + timeout_s
        while (result := found()) is None:
            if time.monotonic() > deadline:
                msg = f"{what}: not within {timeout_s:.0f} s; logs in {self._log_folder}"
                raise TookTooLong(msg)
            self._follow(0.1)
        return result

    def until(self, holds: Callable[[], bool], what: str, timeout_s: float = LONGEST_WAIT_S) -> None:
        """Return as soon as `holds`; raises `TookTooLong`."""
        self.wait_for(lambda: True if holds() else None, what, timeout_s)

    def pass_time(self, real_s: float) -> None:
        """Let so much time go by."""
        end_s = time.monotonic() + real_s
        while (left := end_s - time.monotonic()) > 0:
            self._follow(min(0.2, left))

    def until_plant_time(self, until_utc: datetime) -> None:
        """Return when the plant's clock shows `until_utc`."""
        self.until(lambda: self._clock.now_utc() >= until_utc, f"the plant's clock did not come to {until_utc}")

    def meanwhile(self, work: Callable[[], None], what: str) -> None:
        """Do something slow beside; raises what it raises."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="strike")
        try:
            future = pool.submit(work)
            self.until(future.done, what)
            future.result()
        finally:
            pool.shutdown(wait=False)

"""Limits the log, so that traces of broken requests do not fill the disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

NOISY = ("asyncio", "engineio.server", "nicegui", "socketio.server", "uvicorn.error")
"""Loggers of the libraries that a stranger's messages reach before ours do."""
LINES, WITHIN_S = 20, 60.0


class AtMost(logging.Filter):
    """Lets `lines` records through within `within_s` and leaves out the rest; the next one that goes through says how many."""

    def __init__(self, lines: int = LINES, within_s: float = WITHIN_S, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._lines, self._within_s, self._clock = lines, within_s, clock
        self._since_s, self._passed, self._left_out = clock(), 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` goes through."""
        now_s = self._clock()
        if now_s - self._since_s >= self._within_s:
            self._since_s, self._passed = now_s, 0
        if self._passed >= self._lines:
            self._left_out += 1
            return False
        self._passed += 1
        if self._left_out:
            record.msg = f"{record.getMessage()} ({self._left_out} more of this logger were left out before)"
            record.args, self._left_out = (), 0
        return True


def limit_logs() -> None:
    """Limit the loggers that strangers can make write."""
    for name in NOISY:
        logging.getLogger(name).addFilter(AtMost())

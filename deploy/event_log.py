"""A log of events, one line each."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path


class EventLog:
    """Lines of time, event and fields, appended to a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, event: str, **fields: object) -> None:
        """Append a line; where nothing can be written nothing is, for there is nobody to report it to."""
        pairs = " ".join(f"{key}={value!r}" for key, value in fields.items())
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as log:
                log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {event} {pairs}\n")

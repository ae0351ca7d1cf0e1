"""Cheap parts: small Python programs that become ready, die, or leave children behind, as configured."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.parts import Part, Stage

STEADY = "import time; print('ready', flush=True); time.sleep(1000)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(1000)"
WITH_CHILD = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)']); " + STEADY
WRONG_INPUT = "import sys; print('plant.toml:3: no such key'); sys.exit(2)"
DIES_AT_ONCE = "raise SystemExit('cannot go on')"


def part(name: str, program: str, stage: Stage = Stage.SERVICES, **others: object) -> Part:
    """A part that runs `program`."""
    return Part(name, (sys.executable, "-c", program), stage, **others)  # type: ignore[arg-type]


def output(log_folder: Path, name: str) -> str:
    """What a part has written."""
    return (log_folder / f"{name}.log").read_text()


def wait_until(holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Return when `holds` does; processes have no event for it."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)

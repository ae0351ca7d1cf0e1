"""`up`, a live quarter hour on the page, `down`, as a person types them, for a plant whose devices answer."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from served_plant import START_UTC, ServedPlant

from deploy.ports import is_free
from deploy.processes import ProcessId
from deploy.settings import load_settings
from deploy.state_file import StackState, read_state
from domain.intervals import QUARTER
from quarters.numbers import quarter_start

FIRST_UTC = quarter_start(START_UTC) + QUARTER
"""The first quarter hour that is seen whole."""
PAUSE_SHARE = 0.02
"""The plant's clock runs 30 to 60 times as fast: where a busy machine lets the gateway wait for a sixth of a second, the plant has a gap of
5 s and the quarter hour is rightly marked as substituted. Its energy comes from the counter and is asserted all the same."""
Found = TypeVar("Found")


class LivePlant:
    """The commands, and what the page says; a context manager that ends with `down`.

    Parameters
    ----------
    folder
        Where the commands are typed.
    """

    def __init__(self, served: ServedPlant, folder: Path) -> None:
        self.served = served
        self.folder = folder

    def type(self, line: str, timeout_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        """What a command line ends with, its ``lastgang`` being this one and its clock the plant's."""
        return subprocess.run(
            self._command(line), cwd=self.folder, env=self._environment(), capture_output=True, text=True, check=False, timeout=timeout_s
        )  # fmt: skip

    @contextmanager
    def typed(self, line: str) -> Iterator[subprocess.Popen[str]]:
        """A command that runs until it is ended: by SIGTERM, because a test in the background has Ctrl-C ignored."""
        with subprocess.Popen(
            self._command(line), cwd=self.folder, env=self._environment(), stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                yield running
            finally:
                running.terminate()
                running.communicate(timeout=60)

    def in_shell(self, line: str) -> str:
        """What a line for a shell writes to stdout, ``$PAGE`` being the page."""
        environment = {**os.environ, "PAGE": self.state().page.rstrip("/")}
        done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
        return done.stdout

    @staticmethod
    def _command(line: str) -> list[str]:
        return [sys.executable, "-m", "lastgang.cli", *shlex.split(line)[1:]]

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, "LASTGANG_CLOCK": f"@{self.served.clock_file}"}
        environment.pop("INFLUX_TOKEN", None)
        return environment

    @property
    def plant(self) -> str:
        """The plant folder as a person names it."""
        return str(self.served.plant_dir.relative_to(self.folder))

    def state(self) -> StackState:
        """What the stack's state file says."""
        state = read_state(load_settings(self.served.plant_dir, {}).home_of(self.served.plant_dir))
        assert state is not None
        return state

    def up(self, loss: str = "") -> None:
        """Start everything, and the plant's time; `loss` is the message on the one part that cannot run."""
        done = self.type(f"lastgang up --plant {self.plant}")
        assert done.returncode == (1 if loss else 0), f"{done.stdout}{done.stderr}"
        assert f"ready: {self.state().page}" in done.stdout
        assert self.state().message == loss
        assert loss in done.stderr
        self.served.start_time()

    def answer_of(self, path: str, **query: str) -> Any:
        """What the page's API answers."""
        answer = httpx.get(f"{self.state().page}api/v1{path}", params=query, timeout=30.0)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def get(self, path: str) -> httpx.Response:
        """What a path that begins with ``$PAGE`` is answered with."""
        return httpx.get(path.replace("$PAGE", self.state().page.rstrip("/")), timeout=30.0)

    def await_(self, find: Callable[[], Found | None], what: str, timeout_s: float = 240.0) -> Found:
        """What `find` finds, as soon as it does."""
        deadline = time.monotonic() + timeout_s
        while (found := find()) is None:
            assert time.monotonic() < deadline, f"waited in vain for {what}; it is {self.served.now_utc()}; {self.state().message}"
            time.sleep(0.2)  # a page has no event for us
        return found

    def await_quarter(self, meter: str, channel: str, start_utc: datetime = FIRST_UTC) -> dict[str, Any]:
        """The quarter hour that begins at `start_utc`, when the page has it measured but for `PAUSE_SHARE`."""

        def measured() -> dict[str, Any] | None:
            span = {"from_utc": start_utc.isoformat(), "to_utc": (start_utc + QUARTER).isoformat()}
            found = self.answer_of(f"/meters/{meter}/intervals", channel=channel, **span)
            assert all(quarter["quality"] == "measured" or quarter["coverage"] >= 1.0 - PAUSE_SHARE for quarter in found), found
            return next(iter(found), None)

        return self.await_(measured, f"the quarter hour of {meter}/{channel} from {start_utc}")

    def down(self) -> None:
        """Stop everything; nothing is left behind."""
        before = self.state()
        done = self.type(f"lastgang down --plant {self.plant}")
        assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "stopped"), done.stderr
        left = [member.identity() for part in before.parts for member in part.family]
        assert left
        assert not any(identity.is_alive() for identity in left)
        assert all(is_free(port) for port in before.ports.values())
        assert (self.state().phase, self.state().living()) == ("stopped", [])

    def __enter__(self) -> LivePlant:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.state_or_none() is not None:
            self.type(f"lastgang down --plant {self.plant}")

    def state_or_none(self) -> StackState | None:
        """The state; None where `up` has written none."""
        return read_state(load_settings(self.served.plant_dir, {}).home_of(self.served.plant_dir))


def nothing_of(folder: Path) -> list[int]:
    """Processes whose command line names a folder: there should be none."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if any(str(folder) in word for word in process.cmdline()) and ProcessId.of(process.pid) is not None:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command wrote to stdout, read as JSON."""
    return json.loads(done.stdout)

"""How the stack looks in a terminal: a line a part while it starts and stops, a table afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deploy.state_file import PartState

_FINISHED = {"ready": ("✓", "green"), "running": ("✓", "green"), "stopped": ("■", "dim"), "failed": ("✗", "red")}


class StageProgress:
    """A live list of parts and what happens to them; call it as a `deploy.supervisor.Progress`.

    Where the output is no terminal it prints one line per change instead.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._states: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._live = Live(console=self.console, get_renderable=self._table, refresh_per_second=5, transient=False)

    def __call__(self, name: str, state: str) -> None:
        now = time.monotonic() - self._begun
        with self._lock:
            if self._states.get(name, ("", 0.0))[0] == state:
                return
            self._states[name] = (state, now)
        if not self.console.is_terminal:
            self.console.print(f"{now:6.1f} s  {name:<20} {state}", highlight=False)

    def __enter__(self) -> StageProgress:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        with self._lock:
            states = dict(self._states)
        for name, (state, since_s) in states.items():
            sign, style = _FINISHED.get(state, ("", ""))
            table.add_row(Text(sign, style) if sign else Spinner("dots"), name, Text(state, style), Text(f"{since_s:.1f} s", "dim"))
        return table


def parts_table(parts: Iterable[PartState]) -> Table:
    """Part, pid, state, port, memory, CPU, restarts."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("part", no_wrap=True)
    table.add_column("pid", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for heading in ("port", "RSS MB", "CPU s", "restarts"):
        table.add_column(heading, justify="right", no_wrap=True)
    # On a narrow terminal the note breaks into lines; names, pids and states must stay readable.
    table.add_column("note", overflow="fold")
    for part in parts:
        is_job = part.name.startswith("job ")
        style = {"running": "green", "failed": "red", "gone": "red"}.get(part.state, "yellow")
        table.add_row(
            part.name,
            str(part.process.pid) if part.process and part.state != "stopped" else "",
            Text(part.state, style),
            str(part.port or ""),
            "" if is_job else f"{part.memory_mb:.0f}",
            "" if is_job else f"{part.cpu_s:.1f}",
            str(part.restarts or ""),
            part.note,
        )
    return table

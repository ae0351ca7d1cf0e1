"""How far a backup is, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID

from lastgang.backup.contents import Progress


@contextmanager
def shown() -> Iterator[Progress]:
    """A progress with a bar a step, on stderr, where that is a terminal."""
    talk = Console(stderr=True)
    with Bars(console=talk, transient=True, disable=not talk.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def note(what: str, done: int, of: int) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bars.add_task(what, total=of)
            bars.update(task, completed=done, total=of)

        yield note

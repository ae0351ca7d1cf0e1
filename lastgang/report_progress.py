"""How ``lastgang report`` shows what it is doing: a bar on a terminal, or lines for the program that waits for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from reporting.progress import Progress, Step, silent, step_line, step_text
from words.speech import Words

Shown = Literal["auto", "lines", "none"]


@contextmanager
def shown(how: Shown, words: Words) -> Iterator[Progress]:
    """What shows each step on stderr; ``auto`` is a bar that is gone at the end, and nothing where stderr is no terminal."""
    if how == "lines":
        yield _line
    elif how == "none" or not sys.stderr.isatty():
        yield silent
    else:
        with _bar(words) as progress:
            yield progress


def _line(step: Step) -> None:
    print(step_line(step), file=sys.stderr, flush=True)


@contextmanager
def _bar(words: Words) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=1)

        def show(step: Step) -> None:
            bars.update(task, description=step_text(step, words), completed=step.done, total=step.of)

        yield show

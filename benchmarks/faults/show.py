"""What an operator sees while the campaign runs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.faults.outcome import Fault, Outcome


class Show:
    """A bar of the faults done and a line for each; without a terminal only the lines."""

    def __init__(self, console: Console, faults: Sequence[Fault]) -> None:
        self._console = console
        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, disable=not console.is_terminal, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=len(faults))
        self._begun = time.monotonic()

    def __enter__(self) -> Show:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def part(self, name: str, state: str) -> None:
        """A part of the stack has come so far."""
        self._bar.update(self._task, description=f"{name}: {state}")

    def fault(self, outcome: Outcome, what: str) -> None:
        """A fault has come so far."""
        self._bar.update(self._task, description=f"{outcome.fault.name}: {what}")
        if what != "done":
            return
        self._bar.advance(self._task)
        sign = "[green]✓[/]" if outcome.is_well else "[red]✗[/]"
        recovered = "did not recover" if outcome.recover_s is None else f"recovered in {outcome.recover_s:5.1f} s"
        self._console.print(
            f"{time.monotonic() - self._begun:7.1f} s  {sign} {outcome.fault.name:<26} {recovered}, rows different {outcome.rows_different}",
            highlight=False,
        )
        for words in outcome.trouble:
            self._console.print(f"            [red]{words}[/]", highlight=False)

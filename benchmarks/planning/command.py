"""What ``lastgang bench plan`` does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from benchmarks.planning import page
from benchmarks.planning.plants import PLANTS, problem_of
from benchmarks.planning.rivals import ONE_CORE, Cores
from benchmarks.planning.trial import SHARES, Trial, tried
from domain.errors import Fault, InputFaults
from domain.files import write_whole
from scheduling.planner.problem import Problem
from scheduling.planner.reading import load_problem

EXPECTED = "expected.json"
"""Beside problems: name -> `best_known_eur`, or `conflict` where there is no plan."""
FIGURE_COLUMNS = (0, 1, 4, 8, 9, 10, 11, 12)


@dataclass(frozen=True, slots=True)
class Case:
    """A problem, and the best cost known of it."""

    name: str
    problem: Problem
    known_eur: float | None = None


def run(
    folder: Path | None,
    seconds: float,
    seed: int,
    only: Sequence[str],
    json_file: Path | None,
    write_report: bool,
    cores: Cores = ONE_CORE,
) -> None:
    """Plan our own plants and the problems in `folder` under all rivals, and print it.

    Raises
    ------
    InputFaults
        If there is no problem of a name that is wanted, or one cannot be read.
    """
    cases = [*(Case(plant.name, problem_of(plant)) for plant in PLANTS), *([] if folder is None else _of_folder(folder))]
    names = [case.name for case in cases]
    if unknown := [name for name in only if name not in names]:
        raise InputFaults([Fault("command line", None, "--only", ", ".join(unknown), f"one of {', '.join(names)}")])
    load = os.getloadavg()[0]
    trials = _tried([case for case in cases if not only or case.name in only], seconds, seed, cores)
    _show(trials, Console(width=None if Console().is_terminal else 150))
    if json_file is not None:
        write_whole(json_file, json.dumps(page.figures(trials), indent=1) + "\n")
    if write_report:
        page.write(trials, seconds, seed, load, Path(__file__).parents[1])


def _of_folder(folder: Path) -> Iterator[Case]:
    """Problems of a folder that have a plan as far as is known, small ones first."""
    listed = folder / EXPECTED
    expected: dict[str, Any] = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
    paths = [path for path in folder.glob("*.json") if path != listed and "conflict" not in expected.get(path.stem, {})]
    for path in sorted(paths, key=lambda path: (path.stat().st_size, path.name)):
        yield Case(path.stem, load_problem(path), expected.get(path.stem, {}).get("best_known_eur"))


def _tried(cases: Sequence[Case], seconds: float, seed: int, cores: Cores) -> list[Trial]:
    trials = []
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("problems", total=len(cases) * (len(SHARES) + 1))
        for case in cases:
            progress.update(task, description=case.name)
            trials.append(tried(case.name, case.problem, seconds, seed, case.known_eur, cores, lambda: progress.advance(task)))
    return trials


def _show(trials: Sequence[Trial], console: Console) -> None:
    table = Table(*(page.HEADINGS[column] for column in FIGURE_COLUMNS))
    for trial in trials:
        cells = page.row(trial)
        table.add_row(*(cells[column] for column in FIGURE_COLUMNS))
    console.print(table)

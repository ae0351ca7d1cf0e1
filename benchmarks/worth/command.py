"""What ``lastgang bench worth`` does."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.worth import page
from benchmarks.worth.effects import HEADINGS
from benchmarks.worth.trial import ADVISERS, Trial, tried
from domain.errors import Fault, InputFaults
from domain.files import write_whole

FIRST_SEED = 7


def run(
    days: int,
    seeds: int,
    only: Sequence[str],
    processes: int,
    json_file: Path | None,
    write_report: bool,
    first_seed: int = FIRST_SEED,
) -> list[Trial]:
    """Live `days` plant days in each of `seeds` realities under all advisers, and print what came of it.

    Raises
    ------
    InputFaults
        If there is no adviser of a name that is wanted.
    """
    if unknown := [name for name in only if name not in ADVISERS]:
        raise InputFaults([Fault("command line", None, "--only", ", ".join(unknown), f"one of {', '.join(ADVISERS)}")])
    load = os.getloadavg()[0]
    names = list(only) or list(ADVISERS)
    trials = _tried(range(first_seed, first_seed + seeds), days, names, processes)
    _show(trials, Console(width=None if Console().is_terminal else 150))
    if json_file is not None:
        write_whole(json_file, json.dumps(page.figures(trials), indent=1) + "\n")
    if write_report:
        page.write(trials, load, Path(__file__).parents[1])
    return trials


def _tried(seeds: Sequence[int], days: int, names: Sequence[str], processes: int) -> list[Trial]:
    talk = Console(stderr=True)
    if processes == 1:
        return [_one(seed, days, names) for seed in seeds]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        running = [pool.submit(_one, seed, days, names) for seed in seeds]
        found = []
        for seed, one in zip(seeds, running, strict=True):
            found.append(one.result())
            talk.print(f"seed {seed} is done")
    return found


def _one(seed: int, days: int, names: Sequence[str]) -> Trial:
    return tried(seed, days, {name: ADVISERS[name] for name in names})


def _show(trials: Sequence[Trial], console: Console) -> None:
    tables = (
        (page.SUM_HEADINGS, page.sum_rows(trials)),
        (page.SEED_HEADINGS, page.seed_rows(trials)),
        (page.BIN_HEADINGS, page.bin_rows(trials)),
        (HEADINGS, page.effect_rows(trials)),
    )
    for headings, rows in tables:
        table = Table(*headings)
        for row in rows:
            table.add_row(*row)
        console.print(table)

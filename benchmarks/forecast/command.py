"""What ``lastgang bench forecast`` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from benchmarks.forecast import page
from benchmarks.forecast.boosting import installed
from benchmarks.forecast.cost import measure
from benchmarks.forecast.profiles import profiles, target_kw
from benchmarks.forecast.rolling import SERVED, Rolled, roll
from domain.errors import Fault, InputFaults
from domain.files import write_whole


def run(data: Path, days: int, only: Sequence[str], meters: int, json_file: Path | None, write_report: bool, rivals: bool) -> None:
    """Roll every profile, measure the cost, print it.

    Parameters
    ----------
    rivals
        Whether gradient boosting is run beside it on measured plants.

    Raises
    ------
    InputFaults
        If there is no such profile, or none at all.
    """
    found = list(profiles(data))
    names = [profile.name for profile in found]
    if not found or any(name not in names for name in only):
        expected = f"one of {', '.join(names)}" if found else "a folder with load profiles: see benchmarks/README.md"
        raise InputFaults([Fault("command line", None, "--only" if found else "--data", ", ".join(only) or str(data), expected)])
    chosen = [profile for profile in found if not only or profile.name in only]
    beside = installed() if rivals else []
    if rivals and not beside:
        expected = "lightgbm or xgboost, which requirements-dev.lock has: make setup-dev"
        raise InputFaults([Fault("command line", None, "--rivals", "neither is installed", expected)])
    talk = Console(stderr=True)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=talk, transient=True) as progress:
        task = progress.add_task("profiles", total=len(chosen))
        rolled = []
        for profile in chosen:
            progress.update(task, description=profile.name)
            rolled.append(roll(profile, days, target_kw(profile), rivals=beside if profile.is_plant else ()))
            progress.advance(task)
    with talk.status("cost") as status:
        cost = measure([one for one in chosen if one.is_plant] or chosen, meters, lambda words: status.update(f"cost: {words}"))
    figures = page.figures(rolled, cost)
    _show(rolled, Console(width=None if Console().is_terminal else 150))
    if json_file is not None:
        write_whole(json_file, json.dumps(figures, indent=1) + "\n")
    if write_report:
        page.write(rolled, cost, days, Path(__file__).parents[1])


def _show(rolled: list[Rolled], console: Console) -> None:
    table = Table("profile", "days", "MAE / last week", "quantile loss / load", "within band", "CPU s")
    for one in rolled:
        table.add_row(
            one.profile.name,
            str(len(one.days)),
            f"{one.mae_to_last_week(SERVED):.2f}",
            f"{one.pinball_to_mean(SERVED):.3f}",
            f"{one.coverage():.0%}",
            f"{one.cpu_s:.1f}",
        )
    console.print(table)

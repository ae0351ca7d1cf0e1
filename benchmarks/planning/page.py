"""The figures of a run as JSON, and as a page with a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.forecast.pictures import grouped_bars
from benchmarks.planning.rivals import Reached
from benchmarks.planning.trial import Trial
from domain.files import write_whole

PICTURE = "planning-cost.svg"
WIDEST = 3.0
"""Cost to best known cost at which a bar ends."""
HEADINGS = (
    "problem", "jobs x slots", "current", "first answer", "ms", "solver alone", "planner", "best known",
    "first / best", "solver / best", "planner / best", "planner to 1 % [s]", "solver to 1 % [s]",
)  # fmt: skip


def figures(trials: Sequence[Trial]) -> dict[str, Any]:
    """All figures."""
    return {trial.name: asdict(trial) | {"best_eur": trial.best_eur} for trial in trials}


def row(trial: Trial) -> tuple[str, ...]:
    """A line of the table; costs in EUR."""
    return (
        trial.name, f"{trial.jobs} x {trial.slots}", _eur(trial.current_eur), _eur(trial.first.cost_eur), f"{trial.first.seconds * 1000:.0f}",
        _eur(_last(trial.solver)), _eur(_last(trial.planner)), _eur(trial.best_eur),
        _ratio(trial.to_best([trial.first])), _ratio(trial.to_best(trial.solver)), _ratio(trial.to_best(trial.planner)),
        _seconds(trial.seconds_to_near(trial.planner)), _seconds(trial.seconds_to_near(trial.solver)),
    )  # fmt: skip


def write(trials: Sequence[Trial], seconds: float, seed: int, load: float, folder: Path) -> None:
    """Write ``planning.md`` and its picture."""
    (folder / "pictures").mkdir(exist_ok=True)
    write_whole(folder / "pictures" / PICTURE, picture(trials))
    write_whole(folder / "planning.md", _page(trials, seconds, seed, load))


def picture(trials: Sequence[Trial]) -> str:
    """Cost of each rival to the best known one."""
    rows = {}
    for trial in trials:
        ratios = {
            "first answer": trial.to_best([trial.first]),
            "solver alone": trial.to_best(trial.solver),
            "planner": trial.to_best(trial.planner),
        }
        rows[trial.name] = {name: float("nan") if ratio is None else ratio for name, ratio in ratios.items()}
    return grouped_bars(f"Cost to best known cost (bars end at {WIDEST:g})", rows, WIDEST, 1.0, "")


def _page(trials: Sequence[Trial], seconds: float, seed: int, load: float) -> str:
    near = [trial for trial in trials if trial.seconds_to_near(trial.planner) is not None]
    return "\n".join(
        [
            "# Plans of jobs and shifts",
            "",
            f"Written by `lastgang bench plan --write-report` on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores with a load of {load:.1f}"
            f" when it began, {seconds:g} s a plan, seed {seed}. Above 2 the cores were shared with other work, and more is reached alone.",
            "",
            "*First answer* is the planner without search: one pass of its constructive rule. *Solver alone* is CP-SAT with one model of the whole"
            " problem, as many workers and seconds, from the current plan on. *Best known* is the lowest cost that this run or, for the problems"
            " that lie beside the project, somebody before it has found. The planner's time to 1 % is the shortest of the limits tried."
            " Of our own plants nobody else has a plan, so there the best known one is the planner's own.",
            "",
            f"![Cost to best known cost](pictures/{PICTURE})",
            "",
            f"The planner is within 1 % of the best known cost on {len(near)} of {len(trials)} problems.",
            "",
            "| " + " | ".join(HEADINGS) + " |",
            "|---|" + "---:|" * (len(HEADINGS) - 1),
            *("| " + " | ".join(row(trial)) + " |" for trial in trials),
            "",
            "Costs in EUR. `-`: no plan that keeps the rules, or never.",
            "",
        ]
    )


def _last(reached: Sequence[Reached]) -> float | None:
    return reached[-1].cost_eur if reached else None


def _eur(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"

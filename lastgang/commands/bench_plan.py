"""``lastgang bench plan``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("plan")
@click.option(
    "--problems",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with more problems, with expected.json (name: best_known_eur) where their best costs are known.",
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.1, max=3_600), default=10.0, show_default=True, help="Of each rival on each problem."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the planner's draws.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this problem; may be given several times.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.option("--write-report", is_flag=True, help="Write benchmarks/planning.md and its picture too.")
def command(
    problems: Path | None, seconds: float, seed: int, only: tuple[str, ...], json_file: Path | None, write_report: bool
) -> None:
    """Plan plants of our own, and more: the planner beside its first answer and the solver alone, in the same run.

    \b
    Example:
      lastgang bench plan --seconds 5 --only dense-30
    """
    from benchmarks.planning.command import run
    from benchmarks.planning.rivals import Cores
    from domain.files import check_output_folder
    from lastgang.planning.workers import CORES, in_processes

    if json_file is not None:
        check_output_folder(json_file.parent)

    run(problems, seconds, seed, only, json_file, write_report, Cores(CORES, in_processes))

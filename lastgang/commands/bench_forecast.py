"""``lastgang bench forecast``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("forecast")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder with the measured profiles; they are not part of the project.",
)
@click.option(
    "--days", type=click.IntRange(min=1), default=56, show_default=True, help="How many of the last local days are forecast."
)
@click.option("--only", multiple=True, metavar="NAME", help="Only this profile; may be given several times.")
@click.option("--meters", type=click.IntRange(min=1), default=500, show_default=True, help="How many meters are issued at once.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.option("--write-report", is_flag=True, help="Write benchmarks/forecasting.md and its pictures too.")
@click.option("--rivals", is_flag=True, help="Run LightGBM and XGBoost on the same work (development installation).")
def command(
    data: Path, days: int, only: tuple[str, ...], meters: int, json_file: Path | None, write_report: bool, rivals: bool
) -> None:
    """Forecast every profile from its past midnights: each rung of the ladder, coverage, peaks, and what it all costs.

    \b
    Example:
      lastgang bench forecast --data profiles --json forecast.json --write-report
    """
    from benchmarks.forecast.command import run
    from domain.files import check_output_folder

    if json_file is not None:
        check_output_folder(json_file.parent)

    run(data, days, only, meters, json_file, write_report, rivals)

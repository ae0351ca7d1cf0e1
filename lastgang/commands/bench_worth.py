"""``lastgang bench worth``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("worth")
@click.option("--days", type=click.IntRange(2, 60), default=28, show_default=True, help="Plant days of each seed.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many realities.")
@click.option("--only", multiple=True, metavar="ADVISER", help="Only this adviser; may be given several times.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Seeds at a time; the figures do not depend on it.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.option(
    "--write-report", is_flag=True, help="Write benchmarks/worth.md, its picture and the table in benchmarks/planning.md too."
)
def command(days: int, seeds: int, only: tuple[str, ...], processes: int, json_file: Path | None, write_report: bool) -> None:
    """Run a plant that does not keep to its plan: the peak with advice, without, and with perfect foresight; EUR promised and EUR saved.

    \b
    Example:
      lastgang bench worth --days 2 --seeds 1
    """
    from benchmarks.worth.command import run
    from domain.files import check_output_folder

    if json_file is not None:
        check_output_folder(json_file.parent)

    run(days, seeds, only, processes, json_file, write_report)

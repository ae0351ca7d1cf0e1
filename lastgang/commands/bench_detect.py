"""``lastgang bench detect``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("detect")
@click.option("--seeds", type=click.IntRange(1, 1000), default=10, show_default=True, help="Meters of each kind of fault.")
@click.option("--only", multiple=True, metavar="FAULT", help="Only this kind of fault; may be given several times.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.option("--write-report", is_flag=True, help="Write benchmarks/detection.md too.")
def command(seeds: int, only: tuple[str, ...], json_file: Path | None, write_report: bool) -> None:
    """Put known faults into meters of our own and see which detector finds them: recall, delay, false alarms, CPU a row.

    \b
    Example:
      lastgang bench detect --seeds 2 --only "left on"
    """
    from benchmarks.detect.command import run
    from domain.files import check_output_folder

    if json_file is not None:
        check_output_folder(json_file.parent)

    run(seeds, only, json_file, write_report)

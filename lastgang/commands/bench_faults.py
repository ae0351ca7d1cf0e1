"""``lastgang bench faults``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("faults")
@click.option(
    "--kills", type=click.IntRange(min=0), default=50, show_default=True, help="How many processes are killed, in random order."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Order and moments of the faults; the plant's counters too.")
@click.option("--only", "only", multiple=True, metavar="KIND", help="Only this kind of fault; may be given several times.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the stack keeps its data and logs; else a temporary one.",
)
@click.option("--write-report", is_flag=True, help="Write benchmarks/faults.md and its picture too.")
def command(kills: int, seed: int, only: tuple[str, ...], json_file: Path | None, folder: Path | None, write_report: bool) -> None:
    """Break a running stack again and again; afterwards the ledger must equal an undisturbed run to the last Wh and row.

    Real broker, Flink cluster, gateway, historian and, where there is a binary, InfluxDB, fed by a device whose every value is
    a function of its clock. Exit code 1 if a reading was lost or a row differs.

    \b
    Example:
      lastgang bench faults --kills 50 --json faults.json
      lastgang bench faults --kills 0 --only cut --only clock
    """
    from benchmarks.faults.command import run
    from domain.files import check_output_folder

    if json_file is not None:
        check_output_folder(json_file.parent)

    if not run(kills, seed, only, json_file, folder, write_report):
        raise click.exceptions.Exit(1)

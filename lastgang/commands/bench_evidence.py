"""``lastgang bench evidence``: signed reports, random edits, and what both verifiers find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from benchmarks.evidence.campaign import Result


@click.command("evidence", epilog="Example: lastgang bench evidence --edits 500 --reports 50 --seed 7")
@click.option("--edits", type=click.IntRange(min=0), default=10_000, show_default=True, help="How many edited reports.")
@click.option("--reports", type=click.IntRange(min=1), default=1_000, show_default=True, help="How many honest reports at least.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same reports and edits.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the result into this file.")
def command(edits: int, reports: int, seed: int, json_file: Path | None) -> None:
    """Edit signed reports at random: both verifiers must refuse and locate each edit, accept what is honest, and agree.

    Exit code 1 where something is not so.
    """
    from benchmarks.evidence import campaign
    from domain.files import check_output_folder

    if json_file is not None:
        check_output_folder(json_file.parent)
    result = campaign.Result(seed)
    for number, result in enumerate(campaign.run(seed, reports, edits), 1):
        if number % 20 == 0:
            click.echo(f"{result.reports:,} reports, {result.edits:,} edits", err=True)
            _keep(json_file, result)
    click.echo(campaign.table(result))
    for example in result.examples:
        click.echo(example, err=True)
    _keep(json_file, result)
    if not result.holds:
        raise click.exceptions.Exit(1)


def _keep(file: Path | None, result: Result) -> None:
    """A long campaign that is interrupted leaves what it has found so far."""
    from benchmarks.evidence.campaign import json_text
    from domain.files import write_whole

    if file is not None:
        write_whole(file, json_text(result))

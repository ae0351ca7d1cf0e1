"""``lastgang verify``: is a report still what it was?"""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("verify", epilog="Example: lastgang verify reports/werk-nord-2026-10-v2")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--alone", is_flag=True, help="The reports were taken home without the versions that they replace.")
@click.option(
    "--stamp-roots",
    type=click.Path(path_type=Path),
    default=None,
    help="PEM file of the certificates that you trust to vouch for time stamps.",
)
def command(folders: tuple[Path, ...], alone: bool, stamp_roots: Path | None) -> None:
    """Check report folders against their manifests, offline; names each file that was changed, is missing or was added.

    The versions that a report replaces must lie beside it, each with the manifest that its successor names: one that was taken away,
    exchanged, made again or put in another's place is named. A folder may also hold several reports.
    Exit 0: all hold; 1: something differs; 2: no manifest.
    """
    from reporting.stamps import StampFault, checked_stamp, roots_in
    from reporting.verifier import main, report_folders

    roots = None if stamp_roots is None else roots_in(stamp_roots)
    worst = main([*(["--alone"] if alone else []), *map(str, folders)])
    for report in (report for folder in folders for report in report_folders(folder)):
        try:
            stamp = None if roots is None else checked_stamp(report, roots)
        except StampFault as fault:
            click.echo(str(fault))
            worst = max(worst, 1)
            continue
        if stamp is not None:
            click.echo(f"{report.name}: existed at {stamp.at_utc:%Y-%m-%d %H:%M:%S} UTC, by stamp {stamp.serial}")
        elif roots is not None:
            click.echo(f"{report.name}: DOES NOT HOLD; there is no time stamp")
            worst = max(worst, 1)
    sys.exit(worst)

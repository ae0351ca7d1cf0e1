"""``lastgang verify``: is a report still what it was?"""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("verify", epilog="Example: lastgang verify reports/werk-nord-2026-10-v2")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--alone", is_flag=True, help="The reports were taken home without the versions that they replace.")
def command(folders: tuple[Path, ...], alone: bool) -> None:
    """Check report folders against their manifests, offline; names each file that was changed, is missing or was added.

    The versions that a report replaces must lie beside it, each with the manifest that its successor names: one that was taken away,
    exchanged, made again or put in another's place is named. A folder may also hold several reports.
    Exit 0: all hold; 1: something differs; 2: no manifest.
    """
    from reporting.verifier import main

    sys.exit(main([*(["--alone"] if alone else []), *map(str, folders)]))

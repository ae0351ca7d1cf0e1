"""``lastgang verify``: is a report still what it was?"""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("verify", epilog="Example: lastgang verify reports/werk-nord-2026-10-v1")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(folders: tuple[Path, ...]) -> None:
    """Check report folders against their manifests, offline; names each file that was changed, is missing or was added.

    A folder may also hold several reports. Exit 0: all hold; 1: something differs; 2: no manifest.
    """
    from reporting.verifier import main

    sys.exit(main([str(folder) for folder in folders]))

"""``lastgang status``: which parts run, and how they are."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--plant", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="folder with plant.toml"
)
@click.option("--json", "as_json", is_flag=True, help="the state as JSON")
def command(plant: Path, as_json: bool) -> None:
    """Show each part with pid, state, port, memory, CPU-seconds and restarts; exit 1 unless all of them run.

    \b
    Example:
      lastgang status --plant ./werk-nord
    """
    from deploy import local_run

    sys.exit(0 if local_run.show(plant, as_json) else 1)

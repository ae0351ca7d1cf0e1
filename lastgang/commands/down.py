"""``lastgang down``: stop what `up` started."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--plant", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="folder with plant.toml"
)
def command(plant: Path) -> None:
    """Stop the stack of a plant: gateway first, jobs with a savepoint, the broker last. Data stay; `up` continues with them.

    \b
    Example:
      lastgang down --plant ./werk-nord
    """
    from deploy import local_run

    local_run.stop(plant)

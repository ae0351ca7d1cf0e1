"""``lastgang up``: start the stack of a plant."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--plant", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="folder with plant.toml"
)
@click.option("--foreground", is_flag=True, help="stay in this terminal; Ctrl-C ends everything")
def command(plant: Path, foreground: bool) -> None:
    """Start broker, Flink, the jobs, historian, page, planner and gateway for a plant, and keep them running.

    It continues with what an earlier run stored. Ports, folders and memory sizes are settings: deploy/sample.toml shows
    them all; put yours into stack.toml beside plant.toml.

    \b
    Example:
      lastgang up --plant ./werk-nord
      lastgang status --plant ./werk-nord
      lastgang down --plant ./werk-nord
    """
    from deploy import local_run

    if foreground:
        local_run.run_in_foreground(plant)
    else:
        local_run.run_in_background(plant)

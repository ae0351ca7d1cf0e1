"""``lastgang metering``: the jobs' steps over a file of readings."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    epilog="\b\nExample:\n  lastgang metering readings.jsonl --plant plant.toml --out intervals.csv --rejected rejected.jsonl"
)
@click.argument("readings", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--plant", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Plant file.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV of quarter hours.")
@click.option("--rejected", type=click.Path(path_type=Path, dir_okay=False), help="JSON lines of what was not used.")
def command(readings: Path, plant: Path, out: Path, rejected: Path | None) -> None:
    """Turn readings, in the order in which they arrived, into quarter hours."""
    from domain.plant import load_plant
    from metering.offline import run_offline

    run_offline(readings, load_plant(plant), out, rejected)

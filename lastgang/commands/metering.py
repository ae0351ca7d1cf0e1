"""``lastgang metering``."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("readings", type=_FILE)
@click.option("--plant", "plant_file", type=_FILE, required=True, help="The plant file: meters, registers, exchanges, holidays.")
@click.option("--out", "out_file", type=_FILE, required=True, help="Write the latest revision of every quarter hour here (CSV).")
@click.option("--rejected", "rejected_file", type=_FILE, help="Write every reading that was not used here (JSON Lines).")
@click.option(
    "--tree", "tree_file", type=_FILE, help="Write each meter against the meters below it, with the unmetered remainder (CSV)."
)
def command(readings: Path, plant_file: Path, out_file: Path, rejected_file: Path | None, tree_file: Path | None) -> None:
    """Turn READINGS (JSON Lines, in order of arrival) into quarter hours, by the very steps that the stream runs.

    \b
    Example:
      lastgang metering readings.jsonl --plant plant.toml --out intervals.csv --rejected rejected.jsonl
    """
    from contextlib import ExitStack

    from domain.files import output_file
    from domain.plant import load_plant
    from metering.table import quarter_hours, read_readings, write_intervals, write_rejections
    from metering.tree_table import findings_text, tree_of, write_tree

    plant = load_plant(plant_file)
    with ExitStack() as places:
        named = (out_file, rejected_file, tree_file)
        intervals_to, rejected_to, tree_to = (None if n is None else places.enter_context(output_file(n)) for n in named)
        result = quarter_hours(plant, read_readings(readings))
        assert intervals_to is not None
        write_intervals(intervals_to, result.rows())
        if rejected_to is not None:
            write_rejections(rejected_to, result.rejections)
        if tree_to is not None:
            tree = tree_of(plant, result.intervals.values())
            write_tree(tree_to, plant, tree)
            for line in findings_text(tree):
                click.echo(line, err=True)
    click.echo(
        f"{result.readings} readings: {result.used} used, {len(result.rejections)} rejected; "
        f"{len(result.intervals)} quarter hours written to {out_file}",
        err=True,
    )

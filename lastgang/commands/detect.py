"""``lastgang detect``."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("series", type=_FILE)
@click.option("--time-column", required=True, help="Column with the instants, ascending; without offset they are read as UTC.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME",
    help="Column to judge; may be given several times. Default: all with numbers.",
)
@click.option("--plan", "plan_file", type=_FILE, help="Shift calendar: CSV of start_utc,staffed (0 or 1), known beforehand.")
@click.option("--timezone", default="UTC", show_default=True, help="Where the plant lives: IANA name.")
@click.option("--out", "out_file", type=_FILE, required=True, help="Verdict on each row (CSV).")
def command(
    series: Path, time_column: str, columns: tuple[str, ...], plan_file: Path | None, timezone: str, out_file: Path
) -> None:
    """Find what is abnormal in SERIES (CSV of numbers over time), row by row, each knowing only the rows before it and the shift calendar.

    \b
    Example:
      lastgang detect meter.csv --time-column timestamp --plan shifts.csv --timezone Europe/Berlin --out scores.csv

    A row of the result has timestamp,score,alarm,reason,excess_kwh: score 0 to 1 (an alarm begins at 0.5), alarm 1 while an incident lasts, energy above expectation
    that the row adds to it. A column NAME_kw is the power of a meter, NAME_l1_kw to NAME_l3_kw are its phases; several other columns are the channels of a machine.
    """
    from rich.console import Console
    from rich.progress import Progress

    from detection.streams.choose import detector_for
    from detection.table import judged, open_series, read_calendar, write_verdicts, zone_of
    from domain.files import output_file

    zone = zone_of(timezone)
    calendar = None if plan_file is None else read_calendar(plan_file)
    with output_file(out_file) as result_file, Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("bytes", total=None)
        opened = open_series(series, time_column, columns, lambda more: progress.advance(task, more))
        choice = detector_for(opened.columns, calendar is not None)
        progress.update(task, total=series.stat().st_size)
        rows, incidents = write_verdicts(result_file, judged(opened, zone, calendar, choice))
    if opened.ignored:
        click.echo(f"columns without numbers are not judged: {', '.join(opened.ignored)}", err=True)
    if opened.naive:
        click.echo("instants without offset were read as UTC", err=True)
    click.echo(f"judged as a {choice.name}: {', '.join(opened.columns[place] for place in choice.places)}", err=True)
    click.echo(f"{rows} rows, {incidents} incidents written to {out_file}", err=True)

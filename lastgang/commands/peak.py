"""``lastgang peak``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from lastgang.options import Span

_FILE = click.Path(path_type=Path, dir_okay=False)
_QUARTER = timedelta(minutes=15)
_LONGEST = timedelta(days=1)
_MOST_SHARE = 0.5


@click.group()
def command() -> None:
    """What would have been held back inside the quarter hour to keep the billed peak low."""


@command.command()
@click.argument("load", type=_FILE)
@click.option("--tariff", "tariff_file", type=_FILE, required=True, help="The price sheet as TOML; it says which period is billed.")
@click.option(
    "--plan", "plan_file", type=_FILE, required=True, help="What was planned: CSV of start_utc,planned_kw, quarter hours."
)
@click.option(
    "--flexible-share",
    type=click.FloatRange(0, _MOST_SHARE, min_open=True),
    required=True,
    help="Of each quarter hour's energy that can wait, 0 to 0.5.",
)
@click.option("--max-delay", type=Span(), required=True, help="For how long it can wait, such as 60min or 2h; whole quarter hours.")
@click.option("--out", "out_file", type=_FILE, required=True, help="What was advised and when (CSV).")
def backtest(load: Path, tariff_file: Path, plan_file: Path, flexible_share: float, max_delay: timedelta, out_file: Path) -> None:
    """Advise minute by minute on LOAD (CSV of minutes: start_utc,power_kw), each time knowing only the minutes that had ended and the plan.

    \b
    Example:
      lastgang peak backtest load_1min.csv --tariff tariff.toml --plan plan.csv \\
        --flexible-share 0.15 --max-delay 60min --out actions.csv

    A row of the result holds shift_kw back from start_utc until end_utc; below zero, held energy is given back.
    """
    from rich.console import Console
    from rich.progress import Progress

    from billing.tariff import load_tariff
    from domain.errors import Fault, InputFaults
    from domain.files import output_file
    from governor.backtest import backtest as advised
    from governor.flexibility import Flexibility
    from governor.table import read_past, write_actions

    if not _QUARTER <= max_delay <= _LONGEST or max_delay % _QUARTER:
        msg = "--max-delay: expected whole quarter hours, from 15min to 1d"
        raise click.UsageError(msg)
    with output_file(out_file) as result_file:
        faults: list[Fault] = []
        try:
            tariff = load_tariff(tariff_file)
        except InputFaults as found:
            faults += found.faults
        try:
            past = read_past(load, plan_file)
        except InputFaults as found:
            faults += found.faults
        if faults:
            raise InputFaults(faults)
        flexibility = Flexibility(flexible_share, max_delay // timedelta(minutes=1))
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("quarter hours", total=len(past.minute_kw))
            rows = write_actions(result_file, advised(past, tariff, flexibility, lambda more: progress.advance(task, more)))
    click.echo(f"{rows} pieces of advice on {len(past.minute_kw)} quarter hours written to {out_file}", err=True)

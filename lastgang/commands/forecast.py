"""``lastgang forecast``."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

import click

from domain.instants import as_utc
from lastgang.options import Span
from lastgang.reading import reading_options_beside_a_zone

_FILE = click.Path(path_type=Path, dir_okay=False)
_MOST_ORIGINS = 100_000


class QuarterHour(click.ParamType[datetime]):
    """An instant with its offset on a quarter hour."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant in UTC."""
        expected = "an instant with Z or an offset on a full quarter hour, such as 2026-03-01T23:00:00Z"
        try:
            instant = as_utc(datetime.fromisoformat(str(value).replace("Z", "+00:00")))
        except ValueError:
            self.fail(f"{value!r}; expected {expected}", param, ctx)
        if instant.minute % 15 or instant.second or instant.microsecond:
            self.fail(f"{value!r}; expected {expected}", param, ctx)
        return instant


@click.group()
def command() -> None:
    """What a load will be, with odds; and how good that would have been."""


@command.command()
@click.argument("load", type=_FILE)
@click.option("--first-origin", "first_utc", type=QuarterHour(), required=True, help="When the first forecast is issued.")
@click.option("--origins", "count", type=click.IntRange(1, _MOST_ORIGINS), required=True, help="How many forecasts.")
@click.option("--every", type=Span(), default="24h", show_default=True, help="From one to the next.")
@click.option("--horizon", type=Span(), default="48h", show_default=True, help="How far each one is written; at most 48h.")
@click.option("--out", "out_file", type=_FILE, required=True, help="Quantiles of each quarter hour (CSV).")
@click.option("--peaks", "peaks_file", type=_FILE, help="Quantiles of each local day's peak (CSV).")
@click.option("--plan", "plan_file", type=_FILE, help="What is known ahead: CSV of start_utc and numeric columns, e.g. planned_kw.")
@click.option(
    "--orders",
    "orders_file",
    type=_FILE,
    help="Revisions of orders as on the topic (JSON Lines); each is known from its at_utc on.",
)
@click.option(
    "--powers", "powers_file", type=_FILE, help="Learned powers as on the topic (JSON Lines), for orders without profile_kw."
)
@click.option("--timezone", default="UTC", show_default=True, help="Where the plant lives: IANA name.")
@click.option("--holidays", "region", help="Region whose public holidays apply: DE-BW, KR.")
@click.option("--holidays-abroad", "abroad", is_flag=True, help="They are meant although that country keeps another time zone.")
@reading_options_beside_a_zone
@click.pass_context
def backtest(
    context: click.Context,
    /,
    load: Path,
    first_utc: datetime,
    count: int,
    every: timedelta,
    horizon: timedelta,
    out_file: Path,
    peaks_file: Path | None,
    plan_file: Path | None,
    orders_file: Path | None,
    powers_file: Path | None,
    timezone: str,
    region: str | None,
    abroad: bool,
    **options: Any,
) -> None:
    """Forecast LOAD from past origins, each knowing only what was before it.

    LOAD is a CSV file of quarter hours start_utc,power_kw or start_utc,energy_kwh, or what `lastgang bill` reads.

    \b
    Example:
      lastgang forecast backtest load.csv --first-origin 2026-03-01T23:00:00Z --origins 28 \\
        --timezone Europe/Berlin --holidays DE-BW --out forecasts.csv --peaks peaks.csv

    With --orders each forecast knows the revisions planned before it, as the live forecast does.
    """
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from domain.files import output_file
    from domain.job_power import JobPower
    from domain.json_lines import read_records
    from forecasting.backtest import backtest as issued_from
    from forecasting.backtest import loads_by_slot, score
    from forecasting.slots import LEADS
    from forecasting.table import as_intervals, bare_plant, origins, read_inputs, read_orders, write_forecasts, write_peaks
    from lastgang.reading import asking, options_of, show_assumptions
    from quarters.profiles.sniff.read import read_any

    quarter = timedelta(minutes=15)
    if every < quarter or every % quarter or horizon < quarter or horizon % quarter or horizon > LEADS * quarter:
        msg = "--every and --horizon: expected whole quarter hours, and a horizon of at most 48h"
        raise click.UsageError(msg)
    plant = bare_plant(timezone, region, abroad)
    with ExitStack() as places:
        forecasts_to = places.enter_context(output_file(out_file))
        peaks_to = None if peaks_file is None else places.enter_context(output_file(peaks_file))
        home = None if context.get_parameter_source("timezone") is click.core.ParameterSource.DEFAULT else timezone
        names = {"--timezone": "--file-timezone"}
        loaded = asking(load, options_of(options, home), lambda stated: read_any(load, stated), names)
        show_assumptions(loaded.assumptions)
        profile = loaded.series
        wanted = origins(first_utc, count, every, profile.end_utc)
        inputs = None if plan_file is None else read_inputs(plan_file)
        orders = [] if orders_file is None else read_orders(orders_file)
        powers = [] if powers_file is None else read_records(powers_file, JobPower)
        intervals = list(as_intervals(plant, profile))
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("forecasts", total=count)
            forecasts = issued_from(plant, intervals, orders, wanted, inputs, lambda _: progress.advance(task), powers)
        if len(forecasts) < count:
            last = profile.end_utc
            msg = (
                f"{count - len(forecasts)} of {count} origins lie outside of {load}, which reaches from {profile.start_utc} to {last}; "
                "expected every origin after its first quarter hour and not after its end"
            )
            raise click.UsageError(msg)
        rows = write_forecasts(forecasts_to, forecasts, horizon)
        if peaks_to is not None:
            write_peaks(peaks_to, forecasts)
    found = score(forecasts, loads_by_slot(intervals), (0, int(horizon / quarter)))
    last_week = f", {found.mae_to_last_week:.2f} of last week's" if isfinite(found.mae_to_last_week) else ""
    cpu_ms = sum(forecast.cpu_ms for forecast in forecasts) / max(count, 1)
    click.echo(
        f"{rows} quarter hours of {count} forecasts written to {out_file}: mean absolute error {found.mae_kw:.1f} kW"
        f"{last_week}; {found.coverage:.0%} within the band; {cpu_ms:.1f} ms of CPU a forecast",
        err=True,
    )

"""``lastgang bill``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastgang.reading import reading_options

if TYPE_CHECKING:
    from billing.tariff import Tariff


@click.command()
@click.argument("load", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--tariff", "tariff_file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The price sheet as TOML."
)
@click.option(
    "--prices",
    "prices_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Day-ahead prices for a tariff with a zone, in any form that `prices import` reads.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write the bill here; - for stdout. [default: a table]",
)
@reading_options
def command(load: Path, tariff_file: Path, prices_file: Path | None, json_file: Path | None, **options: Any) -> None:
    """Bill the load profile LOAD by a tariff.

    LOAD is a CSV file start_utc,power_kw[,reactive_kvar] or start_utc,energy_kwh, or what a grid operator, a logger or a spreadsheet wrote: then
    it is shown how it was read, and asked where it can be read in two ways. Local times are those of the tariff unless the file contradicts it.

    \b
    Example:
      lastgang bill load.csv --tariff tariff.toml
      lastgang bill Lastgang_2025.xlsx --tariff tariff.toml --unit kW --json bill.json
    """
    from contextlib import ExitStack

    from billing.bill import bill
    from billing.load import profile_of
    from billing.tariff import load_tariff
    from domain.errors import Fault, InputFaults
    from domain.files import output_file
    from lastgang.bill_table import show_bill
    from lastgang.reading import asking, options_of, show_assumptions
    from quarters.profiles.grid import RESOLUTIONS_MIN
    from quarters.profiles.sniff.read import read_any

    with ExitStack() as places:
        is_file = json_file is not None and json_file != Path("-")
        result_file = None if json_file is None or not is_file else places.enter_context(output_file(json_file))
        faults: list[Fault] = []
        home = None
        try:
            tariff = load_tariff(tariff_file)
            home = str(tariff.zone)
            if prices_file is not None:
                tariff = _with_prices(tariff, prices_file)
        except InputFaults as found:
            faults += found.faults
        try:
            loaded = asking(load, options_of(options, home), lambda stated: read_any(load, stated, RESOLUTIONS_MIN))
        except InputFaults as found:
            faults += found.faults
        if faults:
            raise InputFaults(faults)
        show_assumptions(loaded.assumptions)
        result = bill(tariff, profile_of(loaded.series))
        text = json.dumps(result.as_json(), indent=1)
        if result_file is not None:
            result_file.write_text(text + "\n", encoding="utf-8")
    if json_file is None:
        show_bill(result)
    elif not is_file:
        click.echo(text)
    else:
        click.echo(f"{result.status} bill of {float(result.total_eur):,.2f} EUR written to {json_file}", err=True)


def _with_prices(tariff: Tariff, file: Path) -> Tariff:
    """The tariff with the prices in `file` of each zone that it bills by."""
    from billing.published import published
    from connectors.prices.reading import read_prices
    from connectors.prices.records import Reading, revisions
    from domain.clock import EPOCH
    from domain.errors import Fault, InputFaults

    if not tariff.zones:
        raise InputFaults([Fault(str(tariff.path), None, "spot", "no zone", "a spot price with a zone, for --prices")])
    reading = Reading("bill", tariff.zone, EPOCH, file.name)
    read = [read_prices(file, tariff.zone, zone) for zone in tariff.zones]
    return tariff.with_published(published(record for one in read for record in revisions(one, (), reading)))

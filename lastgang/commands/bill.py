"""``lastgang bill``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("load", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--tariff", "tariff_file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The price sheet as TOML."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the bill here; else to stdout.")
def command(load: Path, tariff_file: Path, json_file: Path | None) -> None:
    """Bill the load profile LOAD (CSV: start_utc,power_kw[,reactive_kvar] or start_utc,energy_kwh) by a tariff.

    \b
    Example:
      lastgang bill load.csv --tariff tariff.toml --json bill.json
    """
    from contextlib import ExitStack

    from billing.bill import bill
    from billing.load import read_load
    from billing.tariff import load_tariff
    from domain.errors import Fault, InputFaults
    from domain.files import output_file

    with ExitStack() as places:
        result_file = None if json_file is None else places.enter_context(output_file(json_file))
        faults: list[Fault] = []
        try:
            tariff = load_tariff(tariff_file)
        except InputFaults as found:
            faults += found.faults
        try:
            profile = read_load(load)
        except InputFaults as found:
            faults += found.faults
        if faults:
            raise InputFaults(faults)
        result = bill(tariff, profile)
        text = json.dumps(result.as_json(), indent=1)
        if result_file is not None:
            result_file.write_text(text + "\n", encoding="utf-8")
    if json_file is None:
        click.echo(text)
    else:
        click.echo(f"{result.status} bill of {float(result.total_eur):,.2f} EUR written to {json_file}", err=True)

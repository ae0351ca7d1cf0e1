"""``lastgang flexible``: loads that can wait."""

from __future__ import annotations

from pathlib import Path

import click

_SHOW_EPILOG = """\b
Example:
  lastgang flexible show --plant my-plant
"""
_PLAN_EPILOG = """\b
Example:
  lastgang flexible plan expected.csv --plant my-plant --level van-1=22 --level battery-1=120 --json plan.json
"""
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")


@click.group("flexible")
def command() -> None:
    """Loads that can wait: vehicles, compressors, cold stores, furnaces, batteries."""


@command.command("show", epilog=_SHOW_EPILOG)
@_plant
def show(folder: Path) -> None:
    """Show what can wait, from a full band on: kW, for how many minutes at the most and the usual use, kWh that come back."""
    from domain.plant import load_plant
    from lastgang.flexible.table import COLUMNS, rows_of

    rows = [COLUMNS, *rows_of(load_plant(folder / "plant.toml"))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command("plan", epilog=_PLAN_EPILOG)
@click.argument("load", type=click.Path(path_type=Path, dir_okay=False))
@_plant
@click.option(
    "--tariff", "tariff_file", type=click.Path(path_type=Path, dir_okay=False), help="The price sheet. [default: that of the plant]"
)
@click.option(
    "--level", "levels", multiple=True, metavar="NAME=VALUE",
    help="Level of a load (bar, °C, kWh) or charge of a vehicle (kWh) at the beginning; bands without one are not placed.",
)  # fmt: skip
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write plan and saving here.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the table here (CSV); else to stdout.")
def plan(
    load: Path, folder: Path, tariff_file: Path | None, levels: tuple[str, ...], json_file: Path | None, out: Path | None
) -> None:
    """Place the loads that can wait beside LOAD, the expected load of everything else (CSV, quarter hours, at most 14 days).

    What cannot be met is named. The saving is the difference of two bills: vehicles that charge when they come, and the plan.
    """
    import json
    from contextlib import ExitStack

    from billing.tariff import load_tariff
    from domain.errors import InputFaults, fault
    from domain.files import output_file
    from domain.plant import load_plant
    from lastgang.flexible.placing import as_csv, as_json, levels_of, placed_in

    with ExitStack() as places:
        files = [None if one is None else places.enter_context(output_file(one)) for one in (json_file, out)]
        plant = load_plant(folder / "plant.toml")
        if tariff_file is None and plant.tariff is None:
            raise InputFaults([fault(folder / "plant.toml", "tariff", None, "a [tariff], or --tariff FILE")])
        tariff = load_tariff(tariff_file or folder / str(plant.tariff and plant.tariff.file))
        placing = placed_in(load, plant, tariff, levels_of(levels, plant))
        result = as_json(placing)
        if files[0] is not None:
            files[0].write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        if files[1] is not None:
            files[1].write_text(as_csv(placing), encoding="utf-8")
    if out is None:
        click.echo(as_csv(placing), nl=False)
    for one in placing.plan.unmet:
        click.echo(f"{one.name}: {one.kwh:.2f} kWh cannot be met", err=True)
    for name in placing.plan.not_planned:
        click.echo(f"{name}: level not known (--level {name}=VALUE), not placed", err=True)
    peaks = result["peak_kw"]
    saved = "not known" if result["saved_eur"] is None else f"{result['saved_eur']:.2f} EUR"
    click.echo(
        f"highest quarter hour {peaks['with_plan']:.1f} kW, without a plan {peaks['without']:.1f} kW; saved: {saved}", err=True
    )

"""``lastgang shifts``: changes of the weekly pattern of shifts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastgang.options import broker_options

if TYPE_CHECKING:
    from connectors.shifts.judging import Judgement
    from domain.plant import Plant
    from words.speech import Words

_IMPORT_EPILOG = """\b
Examples:
  lastgang shifts import shifts.xlsx --plant my-plant --dry-run
  lastgang shifts import shifts.csv --plant my-plant --by "M. Adler"
"""
_TEMPLATE_EPILOG = """\b
Example:
  lastgang shifts template Schichten.xlsx --plant my-plant --language de
"""
_LIST_EPILOG = """\b
Example:
  lastgang shifts list --plant my-plant
"""
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
_language = click.option(
    "--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Of headings and messages."
)


@click.group("shifts")
def command() -> None:
    """Changes of shifts: a special Saturday, a bridge day, another start, an optional shift that is opened."""


@command.command("import", epilog=_IMPORT_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@_plant
@click.option("--by", default="", help="Who enters them, where a row does not say.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing; needs no broker.")
@_language
@broker_options
def import_command(
    file: Path, folder: Path, by: str, dry_run: bool, language: str, kafka: str | None, namespace: str | None
) -> int:
    """Take the changes of shifts of FILE (CSV or XLSX).

    Headings are recognised in German and English. Rows that are right are taken, the others are reported with their cell; then the exit code is 2.
    A row states a shift of a day: worked (yes), not worked (no), or as the weekly pattern has it (usual). Limits of working time that a change breaks
    are shown; the change is taken all the same.
    """
    from connectors.orders.sheets import read_sheets
    from connectors.shifts.judging import Handing, judge, known_changes
    from connectors.shifts.log import changes_on_topic, send_changes
    from connectors.shifts.rows import rows_of_sheets
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.plant import load_plant
    from lastgang.commands.orders import broker_of
    from words.speech import of_page

    plant = load_plant(folder / "plant.toml")
    sheets = read_sheets(file)
    rows, unused = rows_of_sheets(sheets)
    settings = broker_of(lambda: Whereabouts(folder).kafka(kafka, namespace), dry_run)
    known = known_changes([] if settings is None else changes_on_topic(settings), plant)
    words = of_page(language, plant.site.zone)
    if unused:
        click.echo(words.fill("order_note.column_unused", columns=", ".join(unused)), err=True)
    handing = Handing(plant, process_clock().now_utc(), by, any(sheet.epoch_1904 for sheet in sheets))
    judgement = judge(rows, handing, known)
    _show(judgement, plant, words)
    count = len(judgement.revisions)
    if dry_run:
        click.echo(f"{count} changes would be sent; nothing was sent")
    else:
        assert settings is not None
        send_changes(settings, judgement.revisions)
        click.echo(f"{count} changes sent")
    return 2 if judgement.faults else 0


def _show(judgement: Judgement, plant: Plant, words: Words) -> None:
    from connectors.shifts.judging import Outcome
    from words.shift_faults import fault_text, limit_text

    for fault in judgement.faults:
        click.echo(f"{fault.place}: {fault_text(fault.fault, words)}", err=True)
    for broken in judgement.broken:
        click.echo(limit_text(broken, plant, words), err=True)
    for change in judgement.past:
        click.echo(words.fill("shift_note.past", shift=change.shift, day=change.day_local), err=True)
    click.echo(", ".join(f"{judgement.count(outcome)} {outcome}" for outcome in Outcome))


@command.command("template", epilog=_TEMPLATE_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@_plant
@_language
def template_command(file: Path, folder: Path, language: str) -> None:
    """Write a shift sheet (XLSX) to fill in, with the plant's shifts and crews to choose from."""
    from connectors.shifts.sheet import write_template
    from domain.files import output_file
    from domain.plant import load_plant
    from words.speech import of_page

    if file.suffix.casefold() != ".xlsx":
        raise click.BadParameter(f"found {file.name!r}; expected a name that ends in .xlsx", param_hint="FILE")  # noqa: EM102
    plant = load_plant(folder / "plant.toml")
    with output_file(file) as scratch:
        write_template(scratch, plant, of_page(language, plant.site.zone))
    click.echo(f"shift sheet for {len(plant.shifts)} shifts written to {file}")


@command.command("list", epilog=_LIST_EPILOG)
@_plant
@click.option("--all", "with_all", is_flag=True, help="With changes of days that are over and those that were withdrawn.")
@_language
@broker_options
def list_command(folder: Path, with_all: bool, language: str, kafka: str | None, namespace: str | None) -> None:
    """List the changes of shifts as they are known now, as CSV that `shifts import` reads."""
    import csv

    from connectors.shifts.judging import known_changes
    from connectors.shifts.log import changes_on_topic
    from connectors.shifts.sheet import COLUMNS, cells_of
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.plant import load_plant
    from words.speech import of_page

    plant = load_plant(folder / "plant.toml")
    words = of_page(language, plant.site.zone)
    today = process_clock().now_utc().astimezone(plant.site.zone).date().isoformat()
    known: dict[Any, Any] = known_changes(changes_on_topic(Whereabouts(folder).kafka(kafka, namespace)), plant)
    writer = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
    writer.writerow([words[f"shifts.column.{name}"] for name in COLUMNS])
    for change in known.values():
        if with_all or (change.day_local >= today and not change.withdrawn):
            cells = cells_of(change, words)
            writer.writerow([cells[name] for name in COLUMNS])

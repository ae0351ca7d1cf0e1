"""``lastgang quality``: good pieces, scrap and rework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lastgang.options import broker_options

if TYPE_CHECKING:
    from connectors.scrap.judging import Judgement
    from words.speech import Words

_IMPORT_EPILOG = """\b
Examples:
  lastgang quality import scrap.xlsx --plant my-plant --dry-run
  lastgang quality import scrap.csv --plant my-plant --by "M. Adler"
"""
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
_language = click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Of messages.")


@click.group("quality")
def command() -> None:
    """Good pieces, scrap and rework, and the energy that went into them."""


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
    """Take the counts of good pieces, scrap and rework of FILE (CSV or XLSX).

    Headings are recognised in German and English: a machine; From and To, or Day and Shift; Good, Scrap, Rework. An empty count is not known, 0 is none.
    Rows that are right are taken, the others are reported with their cell; then the exit code is 2. A row that is handed in again corrects itself.
    """
    from connectors.orders.sheets import read_sheets
    from connectors.scrap.judging import Handing, judge, known_events
    from connectors.scrap.log import events_on_topic, send_events
    from connectors.scrap.rows import rows_of_sheets
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.plant import load_plant
    from domain.texts import KEY_LENGTH, printable
    from lastgang.commands.orders import broker_of
    from words.speech import of_page

    plant = load_plant(folder / "plant.toml")
    sheets = read_sheets(file)
    rows, unused = rows_of_sheets(sheets)
    settings = broker_of(lambda: Whereabouts(folder).kafka(kafka, namespace), dry_run)
    known = known_events([] if settings is None else events_on_topic(settings), plant)
    words = of_page(language, plant.site.zone)
    if unused:
        click.echo(words.fill("order_note.column_unused", columns=", ".join(unused)), err=True)
    epoch_1904 = any(sheet.epoch_1904 for sheet in sheets)
    handing = Handing(plant, process_clock().now_utc(), printable(file.name, KEY_LENGTH), by, epoch_1904)
    judgement = judge(rows, handing, known)
    _show(judgement, words)
    count = len(judgement.events)
    if dry_run:
        click.echo(f"{count} records would be sent; nothing was sent")
    else:
        assert settings is not None
        send_events(settings, judgement.events)
        click.echo(f"{count} records sent")
    return 2 if judgement.faults else 0


def _show(judgement: Judgement, words: Words) -> None:
    from connectors.scrap.judging import Outcome
    from words.scrap_faults import fault_text

    for fault in judgement.faults:
        click.echo(f"{fault.place}: {fault_text(fault.fault, words)}", err=True)
    click.echo(", ".join(f"{judgement.count(outcome)} {outcome}" for outcome in Outcome))

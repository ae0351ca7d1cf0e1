"""``lastgang orders``: production orders from and to spreadsheets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastgang.options import broker_options

if TYPE_CHECKING:
    from connectors.kafka.client import KafkaSettings
    from connectors.orders.judging import Judgement
    from domain.orders import Order
    from words.speech import Words

_IMPORT_EPILOG = """\b
Examples:
  lastgang orders import orders.xlsx --plant my-plant --dry-run
  lastgang orders import export.csv --plant my-plant --mapping erp.toml --source erp --watch
"""
_TEMPLATE_EPILOG = """\b
Example:
  lastgang orders template Aufträge.xlsx --plant my-plant --language de
"""
_LIST_EPILOG = """\b
Example:
  lastgang orders list --plant my-plant
"""
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
_language = click.option(
    "--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Of headings and messages."
)
_NOTES_SHOWN = 50


@click.group("orders")
def command() -> None:
    """Production orders: take them from a spreadsheet, write an order sheet, list them."""


@command.command("import", epilog=_IMPORT_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@_plant
@click.option("--mapping", type=click.Path(path_type=Path), default=None, help="TOML that says what the columns mean.")
@click.option("--source", default=None, help="Name under which this file's orders are known. [default: the file's name]")
@click.option(
    "--cancel-missing", is_flag=True, help="Cancel planned orders that this source named before and that are not in the file."
)
@click.option("--watch", is_flag=True, help="Import again whenever the file changes, until interrupted.")
@click.option(
    "--every", "every_s", type=click.FloatRange(min=0.05), default=2.0, show_default=True, help="How often --watch looks [s]."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing; needs no broker.")
@_language
@broker_options
def import_command(
    file: Path, folder: Path, mapping: Path | None, source: str | None, watch: bool, every_s: float, kafka: str | None,
    namespace: str | None, **options: Any,
) -> int:  # fmt: skip
    """Take the production orders of FILE (CSV or XLSX).

    Headings are recognised in German and English; others by a mapping file. Rows that are right are taken, the others are reported with
    their cell; then the exit code is 2. Only what differs from this source's last word is sent, as a revision. An order that is not in the file
    any more is asked about; without a terminal it is listed and stays.
    """
    from connectors.orders.mapping import NO_MAPPING, load_mapping
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from lastgang.orders.importing import Importing

    importing = Importing(
        file, load_plant(folder / "plant.toml"), NO_MAPPING if mapping is None else load_mapping(mapping), source or file.name
    )
    from words.speech import of_page

    words = of_page(options["language"], importing.plant.site.zone)
    if not watch:
        return _import_once(importing, lambda: Whereabouts(folder).kafka(kafka, namespace), words, options, asks=_is_terminal())
    return _watch(importing, Whereabouts(folder).kafka(kafka, namespace), words, options, every_s)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _import_once(importing: Any, kafka_of: Any, words: Words, options: dict[str, Any], asks: bool) -> int:
    from connectors.orders.known import known_orders
    from connectors.orders.log import orders_on_topic, send_orders

    dry_run: bool = options["dry_run"]
    rows = importing.read()  # what is wrong with the file is known before a broker is needed
    known = known_orders((), importing.plant)
    settings = broker_of(kafka_of, dry_run)
    if settings is not None:
        known = orders_on_topic(settings, importing.plant)
    judgement = importing.judge(rows, known)
    _show(judgement, importing.notes, words)
    vanished = _to_cancel(judgement, options["cancel_missing"], asks and not dry_run, words)
    orders = [*judgement.revisions, *importing.cancelled(vanished)]
    if dry_run:
        click.echo(f"{len(orders)} revisions would be sent; nothing was sent")
    else:
        assert settings is not None
        send_orders(settings, orders)
        click.echo(f"{len(orders)} revisions sent")
    return 2 if judgement.faults else 0


def broker_of(kafka_of: Any, dry_run: bool) -> KafkaSettings | None:
    """The broker that an import reads and writes, with its topics; of a dry run, the one that answers."""
    from connectors.kafka.client import ensure_topics

    if dry_run:
        return reachable(kafka_of)
    settings: KafkaSettings = kafka_of()
    ensure_topics(settings)
    return settings


def reachable(kafka_of: Any) -> KafkaSettings | None:
    """The broker, if one answers: a dry run without one compares with the plant file alone."""
    from connectors.kafka.client import BrokerRefused, BrokerUnavailable
    from connectors.kafka.greeting import greet

    settings: KafkaSettings = kafka_of()
    try:
        greet(settings.bootstrap)
    except (BrokerUnavailable, BrokerRefused):
        click.echo("no broker answers: compared with the plant file alone", err=True)
        return None
    return settings


def _watch(importing: Any, settings: KafkaSettings, words: Words, options: dict[str, Any], every_s: float) -> int:
    from domain.errors import LastgangError
    from lastgang.orders.importing import Changes

    click.echo(f"watching {importing.file}", err=True)
    changes = Changes(importing.file, every_s)
    for _ in changes:
        try:
            _import_once(importing, lambda: settings, words, options, asks=False)
        except LastgangError as error:
            click.echo(str(error), err=True)
            if error.exit_code != 2:  # a broker that restarts; what is wrong with the file is waited for
                changes.again()
    return 0


def _show(judgement: Judgement, column_notes: Any, words: Words) -> None:
    from connectors.orders.judging import Outcome
    from words.order_faults import fault_text

    for fault in judgement.faults:
        click.echo(f"{fault.place}: {fault_text(fault.fault, words)}", err=True)
    notes = [*column_notes, *judgement.notes]
    for note in notes[:_NOTES_SHOWN]:
        click.echo(words.fill(f"order_note.{note.key}", **note.values), err=True)
    if len(notes) > _NOTES_SHOWN:
        click.echo(f"... and {len(notes) - _NOTES_SHOWN} more notes", err=True)
    for result in judgement.results:
        if result.outcome is Outcome.CHANGED and result.order is not None:
            click.echo(f"{result.job}: revision {result.order.revision}: {', '.join(result.changed)}")
    click.echo(", ".join(f"{judgement.count(outcome)} {outcome}" for outcome in Outcome))


def _to_cancel(judgement: Judgement, cancel: bool, asks: bool, words: Words) -> list[Order]:
    """Vanished orders that are to be cancelled: all, those that a person confirms, or none."""
    vanished = list(judgement.vanished)
    if not vanished:
        return []
    click.echo(f"not in the file any more: {', '.join(order.job for order in vanished)}")
    if not judgement.names_are_whole:
        click.echo("rows without a readable job may be these orders: none is cancelled", err=True)
        return []
    if cancel:
        click.echo(f"{len(vanished)} cancelled")
        return vanished
    if not asks:
        click.echo("they stay as they are; --cancel-missing cancels them", err=True)
        return []
    return [
        one for one in vanished if click.confirm(f"cancel {one.job} ({one.product}, {words.moment(one.start_utc)})?", default=False)
    ]


@command.command("template", epilog=_TEMPLATE_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@_plant
@_language
def template_command(file: Path, folder: Path, language: str) -> None:
    """Write an order sheet (XLSX) to fill in, with the plant's machines to choose from."""
    from connectors.orders.template import write_template
    from domain.files import output_file
    from domain.plant import load_plant
    from words.speech import of_page

    if file.suffix.casefold() != ".xlsx":
        raise click.BadParameter(f"found {file.name!r}; expected a name that ends in .xlsx", param_hint="FILE")  # noqa: EM102
    with output_file(file) as scratch:
        plant = load_plant(folder / "plant.toml")
        write_template(scratch, plant, of_page(language, plant.site.zone))
    click.echo(f"order sheet for {len(plant.machines)} machines written to {file}")


@command.command("list", epilog=_LIST_EPILOG)
@_plant
@click.option("--all", "with_all", is_flag=True, help="With orders that are done or cancelled.")
@_language
@broker_options
def list_command(folder: Path, with_all: bool, language: str, kafka: str | None, namespace: str | None) -> None:
    """List the orders as they are known now, as CSV that `orders import` reads."""
    import csv

    from connectors.orders.log import orders_on_topic
    from connectors.orders.writing import COLUMNS, cells_of
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from words.speech import of_page

    plant = load_plant(folder / "plant.toml")
    words = of_page(language, plant.site.zone)
    known = orders_on_topic(Whereabouts(folder).kafka(kafka, namespace), plant)
    orders = [order for order in known.newest.values() if with_all or not order.status.is_over]
    writer = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
    names = (*COLUMNS, "status")
    writer.writerow([words[f"orders.column.{name}"] for name in names])
    for order in sorted(orders, key=lambda order: (order.start_utc, order.job)):
        cells = cells_of(order, plant, words)
        writer.writerow([*(cells[name] for name in COLUMNS), order.status.value])

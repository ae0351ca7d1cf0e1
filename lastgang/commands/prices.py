"""``lastgang prices``: day-ahead prices from files and services onto their topic."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastgang.options import broker_options

if TYPE_CHECKING:
    from connectors.kafka.client import KafkaSettings
    from connectors.prices.series import ZonePrices
    from domain.plant import Plant

_IMPORT_EPILOG = """\b
Examples:
  lastgang prices import Gro_handelspreise.csv --plant my-plant --zone DE-LU --dry-run
  lastgang prices import a44.xml --plant my-plant
"""
_LIST_EPILOG = """\b
Examples:
  lastgang prices list --plant my-plant
  lastgang prices list --plant my-plant --each --zone DE-LU
"""
_PULL_EPILOG = """\b
Examples:
  lastgang prices pull --plant my-plant --service smard --url https://www.smard.de/app/chart_data --zone DE-LU
  lastgang prices pull --plant my-plant --service entsoe --url https://web-api.tp.entsoe.eu/api --zone DE-LU
"""
TOKEN = "ENTSOE_TOKEN"
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing; needs no broker.")
_zone_help = "Bidding zone, such as DE-LU. [default: that of the plant's tariff]"
_days = click.DateTime(formats=["%Y-%m-%d"])


@click.group("prices")
def command() -> None:
    """Day-ahead prices: read them from a file or a service, list them."""


@command.command("import", epilog=_IMPORT_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@_plant
@click.option("--zone", default=None, help=_zone_help)
@click.option(
    "--sequence",
    type=click.IntRange(1, 9),
    default=1,
    show_default=True,
    help="Of which auction, in files of ENTSO-E with several.",
)
@_dry_run
@broker_options
def import_command(
    file: Path, folder: Path, zone: str | None, sequence: int, dry_run: bool, kafka: str | None, namespace: str | None
) -> None:
    """Take the day-ahead prices of FILE.

    FILE is CSV with start_utc,price_eur_per_mwh, an export of SMARD, or the table "Energy prices" or a document A44 of the ENTSO-E transparency
    platform. Only what differs from what is known is sent, as a revision; an hour without a price in the file stays as it was.
    """
    from connectors.prices.reading import read_prices
    from domain.plant import load_plant

    plant = load_plant(folder / "plant.toml")
    read = read_prices(file, plant.site.zone, zone or _zone_of(plant, folder), sequence)
    _send(read, plant, folder, file.name, dry_run, kafka, namespace)


@command.command("pull", epilog=_PULL_EPILOG)
@_plant
@click.option("--service", type=click.Choice(["entsoe", "smard"]), required=True, help="How the address answers.")
@click.option("--url", required=True, metavar="ADDRESS", help="Base address of the service.")
@click.option("--zone", default=None, help=_zone_help)
@click.option("--from", "first", type=_days, default=None, help="First local day. [default: today]")
@click.option("--to", "last", type=_days, default=None, help="Last local day. [default: tomorrow]")
@click.option(
    "--resolution", type=click.Choice(["quarterhour", "hour"]), default="quarterhour", show_default=True,
    help="Of SMARD: quarter hours are there since delivery on 2025-10-01.",
)  # fmt: skip
@click.option("--region", default="DE", show_default=True, help="Of SMARD: the region in its addresses.")
@_dry_run
@broker_options
def pull_command(
    folder: Path, first: datetime | None, last: datetime | None, zone: str | None, dry_run: bool,
    kafka: str | None, namespace: str | None, **options: Any,
) -> None:  # fmt: skip
    """Take day-ahead prices from a service.

    Tomorrow's prices usually come at about 13:00 local time: run it every hour, nothing is sent twice. Where the service has no price at all
    for these days, the exit code is 1. ENTSO-E needs a token in ENTSOE_TOKEN.
    """
    from connectors.prices.pull import Query, pulled
    from domain.clock import process_clock
    from domain.errors import Fault, InputFaults
    from domain.plant import load_plant
    from quarters.periods import midnight_utc

    plant = load_plant(folder / "plant.toml")
    today = process_clock().now_utc().astimezone(plant.site.zone).date()
    begin, end = (_day(first) or today), (_day(last) or today + timedelta(days=1))
    if end < begin:
        raise InputFaults([Fault("prices pull", None, "--to", str(end), f"a day from --from, {begin}, on")])
    from_utc, to_utc = (midnight_utc(day, plant.site.zone) for day in (begin, end + timedelta(days=1)))
    token = _token() if options["service"] == "entsoe" else ""
    zone = zone or _zone_of(plant, folder)
    query = Query(options["service"], options["url"], zone, from_utc, to_utc, token, options["resolution"], options["region"])
    _send(pulled(query), plant, folder, options["url"], dry_run, kafka, namespace)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _token() -> str:
    from domain.errors import Fault, InputFaults

    found = os.environ.get(TOKEN, "").strip()
    if not found:
        raise InputFaults([Fault("environment", None, TOKEN, "nothing", "the security token of the transparency platform's API")])
    return found


def _zone_of(plant: Plant, folder: Path) -> str:
    """The zone that the plant's tariff bills by; empty where it names none, or several."""
    from billing.tariff import load_tariff

    zones = () if plant.tariff is None else load_tariff(folder / plant.tariff.file).zones
    return zones[0] if len(zones) == 1 else ""


def _send(
    read: ZonePrices, plant: Plant, folder: Path, source: str, dry_run: bool, kafka: str | None, namespace: str | None
) -> None:
    from connectors.kafka.client import ensure_topics
    from connectors.prices.log import prices_on_topic, send_prices
    from connectors.prices.records import Reading, revisions
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.errors import Fault, InputFaults

    if not read.zone:
        raise InputFaults(
            [Fault(source, None, "zone", "nothing", "--zone such as DE-LU, or a spot price with a zone in the tariff")]
        )
    settings = _reachable(lambda: Whereabouts(folder).kafka(kafka, namespace), dry_run)
    if settings is not None and not dry_run:
        ensure_topics(settings)
    known = [] if settings is None else prices_on_topic(settings, plant.site.id)
    reading = Reading(plant.site.id, plant.site.zone, process_clock().now_utc(), source)
    records = revisions(read, known, reading)
    click.echo(
        f"{len(read.prices)} prices of {read.zone}, {read.prices[0].start_utc:%Y-%m-%dT%H:%MZ} to {_end(read):%Y-%m-%dT%H:%MZ}"
    )
    if dry_run or settings is None:
        click.echo(f"{len(records)} records would be sent; nothing was sent")
        return
    send_prices(settings, records)
    click.echo(f"{len(records)} records sent")


def _end(read: ZonePrices) -> datetime:
    last = read.prices[-1]
    return last.start_utc + timedelta(minutes=last.minutes)


def _reachable(settings_of: Callable[[], KafkaSettings], dry_run: bool) -> KafkaSettings | None:
    """The broker; of a dry run only if one answers."""
    from connectors.kafka.client import BrokerRefused, BrokerUnavailable
    from connectors.kafka.greeting import greet

    if not dry_run:
        return settings_of()
    try:
        settings = settings_of()
        greet(settings.bootstrap)
    except (BrokerUnavailable, BrokerRefused):
        click.echo("no broker answers: compared with nothing", err=True)
        return None
    return settings


@command.command("list", epilog=_LIST_EPILOG)
@_plant
@click.option("--zone", default=None, help="Bidding zone. [default: all]")
@click.option("--each", is_flag=True, help="Each price, as CSV that `prices import` reads; one zone.")
@broker_options
def list_command(folder: Path, zone: str | None, each: bool, kafka: str | None, namespace: str | None) -> None:
    """List the prices as they are known now, as CSV: a row for each record, or each price."""
    import csv

    from connectors.prices.listing import PRICE_COLUMNS, SPAN_COLUMNS, price_rows, span_rows
    from connectors.prices.log import prices_on_topic
    from deploy.whereabouts import Whereabouts
    from domain.errors import Fault, InputFaults
    from domain.plant import load_plant

    plant = load_plant(folder / "plant.toml")
    known = prices_on_topic(Whereabouts(folder).kafka(kafka, namespace), plant.site.id)
    chosen = [one for one in known if zone in (None, one.zone)]
    zones = sorted({one.zone for one in chosen})
    if each and len(zones) > 1:
        raise InputFaults([Fault("prices list", None, "--zone", "nothing", f"one of {', '.join(zones)} with --each")])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(PRICE_COLUMNS if each else SPAN_COLUMNS)
    writer.writerows(price_rows(chosen) if each else span_rows(chosen))

"""``lastgang set-back``: an operator's command to forget what a clock has dated ahead."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from lastgang.options import broker_options

_EPILOG = """\b
Example:
  lastgang set-back press-1 --plant my-plant --to 2026-10-26T10:00:00Z --by "M. Adler" --why "gateway clock was 36 days ahead"
"""


@click.command("set-back", epilog=_EPILOG)
@click.argument("meter")
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
@click.option("--to", "to", required=True, metavar="INSTANT", help="What is dated after this is forgotten; with Z or an offset.")
@click.option("--by", required=True, help="Who wants it.")
@click.option("--why", required=True, help="What had happened.")
@broker_options
def command(meter: str, folder: Path, to: str, by: str, why: str, kafka: str | None, namespace: str | None) -> None:
    """Forget what a clock has dated ahead, of one METER: from that instant on its quarter hours are published again as readings come.

    For a meter whose readings are all refused as older than the horizon because something was dated far ahead. Quarter hours before the
    instant stay as they are; those after it keep their revisions and get the next ones. The command is a record on the topic of readings: it
    stands there with its reason, and holds when the topic is read again.
    """
    from connectors.kafka.client import RecordProducer, ensure_topics
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.plant import load_plant
    from domain.topics import READINGS
    from metering.set_back import set_back_command

    plant = load_plant(folder / "plant.toml")
    record = set_back_command(plant, meter, _instant(to), process_clock().now_utc(), by, why)
    settings = Whereabouts(folder).kafka(kafka, namespace)
    ensure_topics(settings)
    with RecordProducer(settings) as producer:
        producer.send(READINGS, record).get(30.0)
    click.echo(f"{meter} goes back to {to}; the command is on the topic of readings")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"found {text!r}; expected an instant such as 2026-10-26T10:00:00Z"
        raise click.BadParameter(msg, param_hint="--to") from error
    if found.tzinfo is None:
        msg = f"found {text!r} without a time zone; write it with Z or an offset"
        raise click.BadParameter(msg, param_hint="--to")
    return found

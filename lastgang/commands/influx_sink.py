"""``lastgang influx-sink``."""

from __future__ import annotations

from pathlib import Path

import click

from lastgang.options import broker_options
from words.catalogue import languages


@click.command()
@click.option(
    "--plant", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="folder with plant.toml"
)
@broker_options
@click.option("--url", default=None, help="InfluxDB 2, e.g. http://127.0.0.1:8086. [default: [influx] of the plant's stack.toml]")
@click.option("--org", default=None, help="[default: likewise]")
@click.option("--bucket", default=None, help="[default: likewise]")
@click.option("--language", type=click.Choice(languages()), default="en", show_default=True, help="Of the sentences of events.")
def command(
    plant: Path, kafka: str | None, namespace: str | None, url: str | None, org: str | None, bucket: str | None, language: str
) -> None:
    """Copy the topics into InfluxDB 2 (token from INFLUX_TOKEN).

    \b
    Example:
      INFLUX_TOKEN=... lastgang influx-sink --plant werk-nord --url http://127.0.0.1:8086 --org werk --bucket energy
    """
    import signal
    import threading

    from connectors.influx.sink import InfluxSettings, run_sink
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from lastgang.secrets import require

    require("INFLUX_TOKEN")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    places = Whereabouts(plant)
    influx = places.influx(url, org, bucket)
    written = run_sink(
        load_plant(plant / "plant.toml"),
        places.kafka(kafka, namespace),
        InfluxSettings(influx.url, influx.org, influx.bucket),
        stop,
        ready=lambda: click.echo(f"influx-sink ready: {influx.url}, bucket {influx.bucket}", err=True),
        language=language,
    )
    click.echo(f"{written} points written", err=True)

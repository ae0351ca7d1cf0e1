"""``lastgang influx-sink``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--plant", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="folder with plant.toml"
)
@click.option("--kafka", default="127.0.0.1:9092", show_default=True, help="broker, HOST:PORT")
@click.option("--namespace", default="", help="what stands before every topic's name")
@click.option("--url", required=True, help="InfluxDB 2, e.g. http://127.0.0.1:8086")
@click.option("--org", required=True)
@click.option("--bucket", required=True)
def command(plant: Path, kafka: str, namespace: str, url: str, org: str, bucket: str) -> None:
    """Copy the topics into InfluxDB 2 (token from INFLUX_TOKEN).

    \b
    Example:
      INFLUX_TOKEN=... lastgang influx-sink --plant werk-nord --url http://127.0.0.1:8086 --org werk --bucket energy
    """
    import signal
    import threading

    from connectors.influx.sink import InfluxSettings, run_sink
    from connectors.kafka.client import KafkaSettings
    from domain.plant import load_plant
    from lastgang.secrets import require

    require("INFLUX_TOKEN")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = InfluxSettings(url, org, bucket)
    written = run_sink(
        load_plant(plant / "plant.toml"),
        KafkaSettings(kafka, namespace),
        settings,
        stop,
        ready=lambda: click.echo(f"influx-sink ready: {url}, bucket {bucket}", err=True),
    )
    click.echo(f"{written} points written", err=True)

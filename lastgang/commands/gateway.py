"""``lastgang gateway``: read the plant's devices and produce to Kafka."""

from __future__ import annotations

from pathlib import Path

import click

from lastgang.options import broker_options


@click.command("gateway", epilog="Example: lastgang gateway --plant my-plant --kafka 127.0.0.1:9092 --buffer var/gateway-1.db")
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml and devices/.")
@broker_options
@click.option(
    "--buffer", type=click.Path(path_type=Path), default=Path("gateway.db"), show_default=True,
    help="File for readings that the broker has not acknowledged.",
)  # fmt: skip
@click.option("--id", "gateway_id", default="gateway-1", show_default=True, help="This gateway's name in readings and heartbeats.")
@click.option(
    "--max-readings", type=click.IntRange(min=1),
    help="Readings to keep on disk; beyond, the oldest samples of gauges go, counters never. Default: seven days of the plant's.",
)  # fmt: skip
@click.option("--max-mb", type=click.IntRange(min=1), help="Size of the buffer's content [MB]; as --max-readings.")
@click.option(
    "--max-waiting", default=100_000, show_default=True,
    help="Readings to keep in memory while the disk is full; readings beyond that are counted and reported as a gap.",
)  # fmt: skip
@click.option("--heartbeat-s", default=10.0, show_default=True, help="Distance of heartbeats in the plant's time.")
def command(
    folder: Path,
    kafka: str | None,
    namespace: str | None,
    buffer: Path,
    gateway_id: str,
    max_readings: int | None,
    max_mb: int | None,
    max_waiting: int,
    heartbeat_s: float,
) -> None:
    """Read the plant's devices and produce to Kafka.

    Reads only: there is no code in it that writes to a device. While the broker is away readings are kept on disk.
    """
    from connectors.gateway.buffer import Limits
    from connectors.gateway.fleet import load_fleet
    from connectors.gateway.log import to_stderr
    from connectors.gateway.pace import Pace
    from connectors.gateway.process import GatewaySettings, run
    from connectors.gateway.sizing import stream_of
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock

    to_stderr()
    fleet = load_fleet(folder)
    week = stream_of(fleet, gateway_id, heartbeat_s).limits()
    settings = GatewaySettings(
        gateway_id,
        buffer,
        Whereabouts(folder).kafka(kafka, namespace),
        Limits(max_readings or week.readings, max_mb * 1_000_000 if max_mb else week.bytes),
        pace=Pace(most_waiting=max_waiting),
        heartbeat_s=heartbeat_s,
    )
    run(fleet, settings, process_clock())

"""``lastgang simulate``: a simulated factory behind real OPC UA and Modbus servers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click


@click.command(
    epilog="\b\nExample:\n  lastgang simulate --plant plant --kafka 127.0.0.1:9092 --accept auto --truth var/truth.sqlite",
)
@click.option("--plant", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="Folder with plant.toml, devices/ and simulation.toml.")  # fmt: skip
@click.option(
    "--kafka",
    metavar="HOST:PORT",
    default=None,
    help="Broker for orders, recommendations and decisions. [default: that of the plant's stack if it runs; else orders are not published]",
)
@click.option("--namespace", default=None, help="Prefix of every topic's name. [default: that of the plant's stack]")
@click.option("--seed", type=int, default=None, help="Seed of everything random; that of simulation.toml if not given.")
@click.option("--accept", type=click.Choice(["auto", "manual"]), default="auto", show_default=True,
    help="Who decides on recommendations: the simulated planner, or a person on the page.")  # fmt: skip
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="SQLite file of what really happened; a second start continues it. [default: truth.sqlite beside plant.toml]")  # fmt: skip
@click.option("--replay", type=click.Path(path_type=Path, dir_okay=False, exists=True), default=None,
    help="Load profile (start_utc,power_kw at 15 minutes) that drives the grid meter.")  # fmt: skip
@click.option("--until", metavar="UTC", default=None, help="Stop when the plant's clock shows this instant.")
def command(
    folder: Path,
    kafka: str | None,
    namespace: str | None,
    seed: int | None,
    accept: str,
    truth: Path | None,
    replay: Path | None,
    until: str | None,
) -> None:
    """Serve a simulated factory over OPC UA and Modbus, on the clock that LASTGANG_CLOCK names."""
    import asyncio
    import logging
    import sys

    import structlog

    from connectors.kafka.greeting import greet
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.instants import as_utc
    from simulation.planner import Acceptance
    from simulation.run import RunSettings, run
    from simulation.span import load_span

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("asyncua").setLevel(logging.ERROR)  # it warns of every client that goes away
    try:
        until_utc = None if until is None else as_utc(datetime.fromisoformat(until))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--until") from error
    span = load_span(folder, seed, replay)
    places = Whereabouts(folder)
    broker = places.kafka(kafka, namespace) if kafka is not None or places.running is not None else None
    if broker is not None:
        greet(broker.bootstrap)  # before the plant's past is worked out, which takes a while
    settings = RunSettings(
        folder=folder,
        span=span,
        clock=process_clock(),
        truth=truth or folder / "truth.sqlite",
        kafka=broker,
        acceptance=Acceptance(accept),
        until_utc=until_utc,
    )
    asyncio.run(run(settings))

"""``lastgang planner``: planning problems of a topic to plans on another."""

from __future__ import annotations

from pathlib import Path

import click

from lastgang.options import broker_options

NICENESS = 10
"""Of the planner's processes: on a busy machine everything else goes first."""


@click.command("planner", epilog="Example: lastgang planner --plant my-plant --kafka 127.0.0.1:9092 --seconds 10")
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
@broker_options
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, max=86_400),
    help="How long to search for a plan. [default: [planner] of the plant's stack.toml]",
)
@click.option("--workers", type=click.IntRange(1, 16), help="Processes that search. [default: likewise]")
@click.option("--language", default="en", show_default=True, help="Of the texts where there is no plan: en, de.")
def command(
    folder: Path, kafka: str | None, namespace: str | None, seconds: float | None, workers: int | None, language: str
) -> None:
    """Answer the planning problems of a plant, the newest first; may be stopped or killed at any instant, and continues where it was.

    Its processes stand back behind all others on the machine.
    """
    import logging
    import os
    import signal
    import sys
    import threading

    import structlog

    from connectors.kafka.client import RecordConsumer, RecordProducer
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from domain.topics import PLANNING_PROBLEMS
    from lastgang.planning.answers import Effort
    from lastgang.planning.following import DELIVERY_S, follow_problems
    from lastgang.planning.solver import SolverProcess

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("kafka").setLevel(logging.ERROR)
    plant = load_plant(folder / "plant.toml")
    places = Whereabouts(folder)
    settings, set_ = places.kafka(kafka, namespace), places.settings.planner
    effort = Effort(set_.seconds if seconds is None else seconds, workers or set_.workers, language)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.nice(NICENESS)
    solver = SolverProcess(effort)
    solver.warm_up()
    with (
        RecordConsumer(settings, [PLANNING_PROBLEMS], group="planner") as consumer,
        RecordProducer(settings, delivery_timeout_ms=int(DELIVERY_S * 1000)) as producer,
    ):
        click.echo(f"planner ready: {effort.seconds:g} s a plan, {effort.workers} workers", err=True)
        answers = follow_problems(consumer, producer, solver, plant.site.id, stop)
    click.echo(f"{answers} problems answered", err=True)

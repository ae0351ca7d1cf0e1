"""``lastgang historian``: the topics into the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from lastgang.options import broker_options


@click.command("historian", epilog="Example: lastgang historian --plant my-plant --kafka 127.0.0.1:9092 --ledger var/ledger.sqlite")
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
@broker_options
@click.option(
    "--ledger", "path", type=click.Path(path_type=Path), default=Path("ledger.sqlite"), show_default=True, help="The ledger's file."
)
@click.option(
    "--new-log", is_flag=True, help="The broker's data was lost or replaced: read its log from the beginning, write nothing twice."
)
def command(folder: Path, kafka: str | None, namespace: str | None, path: Path, new_log: bool) -> None:
    """Write the topics into the ledger; may be stopped or killed at any instant, and continues where it was."""
    import logging
    import signal
    import sys
    import threading

    import structlog

    from connectors.kafka.client import RecordConsumer
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from reporting.evidence.configuration import documents
    from reporting.evidence.keys import KeyFolder
    from reporting.historian import TOPICS_KEPT, run_historian
    from reporting.ledger import Ledger

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("kafka").setLevel(logging.ERROR)
    plant = load_plant(folder / "plant.toml")
    settings = Whereabouts(folder).kafka(kafka, namespace)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Ledger.open(path) as ledger:
        ledger.sign_with(KeyFolder(path.parent / "keys").signer)
        written = run_historian(
            lambda offsets: RecordConsumer(settings, TOPICS_KEPT, start="earliest", offsets=offsets),
            ledger,
            plant.site.id,
            stop,
            ready=lambda: click.echo(f"historian ready: {path}", err=True),
            new_log=new_log,
            documents=lambda: documents(folder),
        )
    click.echo(f"{written} records written", err=True)

"""``lastgang console``: the web page and its API."""

from __future__ import annotations

from pathlib import Path

import click

from lastgang.options import broker_options


@click.command(
    epilog="Example:  lastgang console --plant plants/werk-nord --kafka 127.0.0.1:9092 --ledger data/ledger.sqlite --port 8080"
)
@click.option(
    "--plant", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder with plant.toml."
)
@broker_options
@click.option(
    "--ledger",
    default=None,
    type=click.Path(path_type=Path),
    help="The historian's ledger; may come later. [default: that of `lastgang up`]",
)
@click.option(
    "--reports", type=click.Path(path_type=Path), default=None, help="Where reports are kept; beside the ledger by default."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Other addresses need LASTGANG_CONSOLE_TOKEN.")
@click.option("--port", default=8080, show_default=True, help="0 takes a free one; the log names it.")
def command(
    plant: Path, kafka: str | None, namespace: str | None, ledger: Path | None, reports: Path | None, host: str, port: int
) -> None:
    """Serve the web page and its HTTP API (description at /api/v1/openapi.json).

    Reading needs no permission. Decisions and reports need the token in LASTGANG_CONSOLE_TOKEN, where it is set;
    without it the page is served on this machine's own address only.
    """
    import sys

    import structlog

    from console.server import run
    from console.views.scene import PartSeen, ProcessUse
    from deploy.standing import standing_uses
    from deploy.state_file import read_state
    from deploy.whereabouts import Whereabouts

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

    places = Whereabouts(plant)
    ledger = ledger or places.ledger

    def parts() -> tuple[PartSeen, ...]:
        state = read_state(places.home)
        found = state.parts if state is not None and state.is_supervised() else ()
        return tuple(PartSeen(part.name, part.state, part.note) for part in found)

    def processes() -> tuple[ProcessUse, ...]:
        return tuple(ProcessUse(use.name, use.pid, use.memory_mb, use.cpu_s) for use in standing_uses(read_state(places.home)))

    run(plant, places.kafka(kafka, namespace), ledger, reports or ledger.parent / "reports", host, port, parts, processes)

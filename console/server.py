"""From settings to a server that listens."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import structlog
import uvicorn

from billing.tariff import load_tariff
from connectors.kafka.client import KafkaSettings
from console.access import access_for
from console.analyses import AnalysisDesk
from console.board import Board, ledger_opener
from console.context import Console
from console.events import Hub
from console.live import KafkaFeed
from console.reports import ReportShelf, report_command
from console.views.scene import PartSeen, ProcessUse
from domain.clock import process_clock
from domain.errors import LastgangError
from domain.plant import load_plant
from reporting.key_figures import read_beside

MOST_MESSAGE_BYTES = 65_536
"""Of what a browser may send by its WebSocket at once; a longer message closes it."""


class PortTaken(LastgangError):
    """Somebody listens there already. Operator: give another `--port`, or stop the other program."""


def run(
    plant_folder: Path,
    kafka: KafkaSettings,
    ledger: Path,
    reports: Path,
    host: str,
    port: int,
    parts: Callable[[], tuple[PartSeen, ...]] = tuple,
    processes: Callable[[], tuple[ProcessUse, ...]] = tuple,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    parts
        Returns the state of the parts of the stack that the page belongs to.
    processes
        What they and the supervisor use.

    Raises
    ------
    OpenToStrangers
        If the address can be reached from elsewhere and no token is set.
    PortTaken
        If the address cannot be listened on.
    """
    access = access_for(host)
    plant = load_plant(plant_folder / "plant.toml")
    listener = listen(host, port)
    clock = process_clock()
    sheet = None if plant.tariff is None else plant_folder / plant.tariff.file
    tariff = None if sheet is None else load_tariff(sheet)
    board = Board(
        plant,
        KafkaFeed(kafka, plant, clock),
        clock,
        ledger_opener(ledger),
        processes,
        parts,
        tariff,
        read_beside(plant, plant_folder),
    )
    console = Console(
        board, ReportShelf(reports, report_command(plant_folder, ledger)), access, AnalysisDesk(sheet, plant.site.timezone)
    )
    serve(console, listener, host)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        msg = f"cannot listen on {host}:{port} ({error.strerror}); another program may have it: choose another --port"
        raise PortTaken(msg) from error
    return listener


class _Server(uvicorn.Server):
    """Ends the streams first when it stops: they have no end of their own to wait for."""

    def __init__(self, events: Hub, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._events = events

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._events.close("the server stops")
        await super().shutdown(sockets)


def serve(console: Console, listener: socket.socket, host: str) -> None:
    """Serve `console` on `listener` until it is stopped."""
    from console.app import build_app
    from console.log_limit import limit_logs
    from console.protocol import HEAD_BYTES, BoundedProtocol

    app = build_app(console, host)
    limit_logs()
    server = _Server(
        console.board.feed.events,
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
            http=BoundedProtocol,
            h11_max_incomplete_event_size=HEAD_BYTES,
            ws_per_message_deflate=False,
            ws_max_size=MOST_MESSAGE_BYTES,
            ws_max_queue=8,
        ),
    )
    name = f"[{host}]" if ":" in host else host
    structlog.get_logger("console").info("console_ready", url=f"http://{name}:{listener.getsockname()[1]}/")
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops on them, then raises them again: a requested stop is no failure
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listener])

"""The page over the sample plant, for the browser tests: prints its address, ends with its standard input.

Arguments: port, token, and what is shown (``bare``, ``gappy``, ``extreme``, ``troubled``, ``hostile``, ``findings``; a state of the governor; the sample without one).

Lines on standard input: ``answer`` lets the advice job answer, ``say KW`` lets the running quarter hour change, ``decided`` prints
the decisions as JSON, ``ordered`` the orders that were handed in, ``reported`` the feedback.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parent))
import console_extremes as extremes
from console_ledger import sample_ledger
from console_sample import NOW_UTC, SampleFeed, demo_plant, frozen_clock, sample_processes
from findings_sample import findings_ledger
from governed_sample import governed_feed, governed_plant

from billing.tariff import load_tariff
from console.access import Access
from console.board import Board
from console.context import Console
from console.reports import ReportShelf
from console.server import listen, serve

MAKE = "import pathlib,sys; p=pathlib.Path(sys.argv[1]); (p/'report.csv').write_text('month;kWh'); (p/'manifest.json').write_text('{}')"


def mode(name: str, folder: Path) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Plant, ledger, feed, and what else the board is given."""
    others: dict[str, Any] = {"processes": sample_processes}
    match name:
        case "bare":  # nothing is there yet
            plant = extremes.bare_plant(folder)
            return plant, None, extremes.SilentFeed(plant), {"processes": tuple}
        case "gappy":
            plant = extremes.bare_plant(folder)
            ledger = extremes.gappy_ledger(plant)
            return plant, ledger, extremes.SilentFeed(plant, ledger, connects=True), others
        case "extreme":
            plant = demo_plant(folder)
            ledger = extremes.extreme_ledger(plant)
            return plant, ledger, extremes.ExtremeFeed(plant, ledger), others
        case "troubled":
            plant = demo_plant(folder)
            ledger = sample_ledger(plant)
            return plant, ledger, extremes.TroubledFeed(plant, ledger), {**others, "parts": lambda: extremes.TROUBLED_PARTS}
        case "hostile":
            plant = extremes.hostile_plant(folder)
            ledger = extremes.hostile_ledger(plant)
            return plant, ledger, extremes.HostileFeed(plant, ledger), {"processes": extremes.hostile_processes}
        case "findings":
            plant = demo_plant(folder)
            ledger = findings_ledger(plant)
            return plant, ledger, SampleFeed(plant, ledger), others
        case "open" | "held" | "watching" | "silent" | "unknown":  # the governor of loads that can wait
            plant = governed_plant(folder)
            feed = governed_feed(plant, name)
            return plant, feed.ledger, feed, others
        case _:
            plant = demo_plant(folder)
            ledger = sample_ledger(plant)
            return plant, ledger, SampleFeed(plant, ledger), others


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory() as folder:
        plant, ledger, feed, others = mode(sys.argv[3] if len(sys.argv) > 3 else "", Path(folder) / "plant")
        tariff = None if plant.tariff is None else load_tariff(Path(folder) / "plant" / plant.tariff.file)
        board = Board(plant, feed, frozen_clock(), lambda: ledger, tariff=tariff, **others)
        shelf = ReportShelf(Path(folder) / "reports", [sys.executable, "-c", MAKE, "{out}"])
        listener = listen("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0)

        def obey() -> None:
            for line in sys.stdin:
                match line.split():
                    case ["answer"]:
                        feed.answer()
                    case ["say", kw]:
                        feed.send(NOW_UTC, float(kw))
                    case ["ordered"]:
                        print(json.dumps([[o.job, o.revision, o.machine, o.status, o.source] for o in feed.ordered]), flush=True)
                    case ["reported"]:
                        print(json.dumps([[f.anomaly, f.kind, f.by] for f in feed.feedback]), flush=True)
                    case ["decided"]:
                        rows = [[d.recommendation, d.kind, d.by, d.reason, d.comment] for d in feed.decided]
                        print(json.dumps(rows), flush=True)
            import os
            import signal

            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=obey, daemon=True).start()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        serve(Console(board, shelf, Access(sys.argv[2] if len(sys.argv) > 2 else "")), listener, "127.0.0.1")


if __name__ == "__main__":
    main()

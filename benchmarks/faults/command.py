"""What ``lastgang bench faults`` does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from benchmarks.faults import campaign, recovery, report
from benchmarks.faults.bench import Bench
from benchmarks.faults.plant import START_UTC
from benchmarks.faults.show import Show
from deploy.signals import terminated_like_interrupted
from domain.errors import Fault, InputFaults
from domain.files import write_whole
from domain.intervals import QUARTER
from quarters.numbers import quarter_start


def run(kills: int, seed: int, only: Sequence[str], json_file: Path | None, folder: Path | None, write_report: bool) -> bool:
    """Do the campaign and tell it; whether all is as if nothing had been.

    Raises
    ------
    InputFaults
        If `only` names a kind that there is not.
    """
    if unknown := [word for word in only if not any(campaign.is_chosen(kind, [word]) for kind in campaign.kinds())]:
        raise InputFaults([Fault("command line", None, "--only", ", ".join(unknown), f"one of {', '.join(campaign.kinds())}")])
    talk = Console(stderr=True)
    with ExitStack() as around, terminated_like_interrupted():
        home = folder or Path(around.enter_context(tempfile.TemporaryDirectory(prefix="lastgang-faults-")))
        bench = around.enter_context(Bench(home.resolve(), seed))
        skipped = _impossible(bench)
        faults = campaign.plan(kills, seed, only, skipped)
        with Show(talk, [fault for fault, _ in faults]) as show:
            bench.start(show.part)
            show.part("first quarter hour", "awaited")
            recovery.await_equal(bench, quarter_start(START_UTC) + 2 * QUARTER)
            account = campaign.run(bench, faults, seed, show.fault)
        account.skipped = skipped
    report.show(account, Console(width=None if Console().is_terminal else 200))
    if json_file is not None:
        write_whole(json_file, json.dumps(report.as_json(account), indent=1) + "\n")
    if write_report:
        report.write(account, Path(__file__).parents[1])
    return account.is_well


def _impossible(bench: Bench) -> dict[str, str]:
    """Kind -> why it cannot be done here."""
    found: dict[str, str] = {}
    if bench.influx is None:
        word = "no influxd: name one in LASTGANG_INFLUXD"
        found |= {"kill-influxd": word, "kill-influx-sink": word}
    if not bench.disk.is_own:
        found |= {"disk": "this user may not mount a small file system (root may)"}
    return found

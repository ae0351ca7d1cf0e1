"""Start everything, let it run, hold it against the truth, stop everything."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from rich.console import Console
from rich.live import Live

from connectors.kafka.client import RecordConsumer
from deploy.display import StageProgress
from deploy.flink.failures import ClusterFailed
from deploy.parts import Part, Stage, service
from deploy.signals import terminated_like_interrupted
from deploy.stack import Stack
from domain.clock import StartableClock
from domain.codec import UnreadableRecord
from domain.errors import Fault, InputFaults, LastgangError
from domain.intervals import QUARTER, IntervalOrigin
from domain.plant import Plant, load_plant
from domain.topics import INTERVALS
from lastgang.demo.account import Span, read_account
from lastgang.demo.live_view import LiveFeed, LiveView
from lastgang.demo.prepare import import_mark, last_instant, make_key, prepare, remember_instant
from lastgang.demo.settings import DemoSettings
from lastgang.demo.summary import Summary, summarise, write_summary
from quarters.numbers import quarter_start
from simulation import demo_plant
from stream_jobs.jobs import jobs_of

CLOSING = timedelta(minutes=6)
"""Plant time after the last quarter hour in which its last readings arrive and it is published."""
_SETTLE_TIMEOUT_S = 60.0


class DemoFailed(LastgangError):
    """The demo could not be prepared or run; the message names the step and its log."""


def run_demo(settings: DemoSettings, console: Console) -> Summary | None:
    """Run the demo; gives the summary, or None where not even a quarter hour was completed."""
    kills = [_kill_of(text) for text in settings.kill]
    settings = prepare(settings, console)
    plant = load_plant(settings.plant_dir / "plant.toml")
    started_utc = last_instant(settings)
    StartableClock.hold(settings.clock_file, started_utc, settings.speed)
    live_span = settings.live_span()
    end_utc = None if live_span is None else _next_quarter(started_utc) + live_span
    stack = Stack(
        settings.plant_dir,
        environment={"LASTGANG_CLOCK": f"@{settings.clock_file}"},
        before={Stage.SERVICES: lambda running: _import_history(settings, running)},
    )
    stack.add_parts([_simulator(settings, stack)])
    make_key(settings, plant)
    with terminated_like_interrupted(), stack:
        with StageProgress(console) as progress:
            stack.start(progress)
        console.print(f"\nThe page: [bold]{stack.console_url}[/bold]   logs: {stack.log_folder}\n", highlight=False)
        StartableClock.start(settings.clock_file)
        with suppress(KeyboardInterrupt):
            _watch(stack, plant, settings, kills, None if end_utc is None else end_utc + CLOSING, console)
        now_utc = StartableClock(settings.clock_file).now_utc()
        span = Span(_next_quarter(started_utc), min(end_utc or now_utc, quarter_start(now_utc - CLOSING)))
        summary = _sum_up(settings, stack, plant, span, console)
        remember_instant(settings, StartableClock(settings.clock_file).now_utc())
        with StageProgress(console) as progress:
            stack.stop(progress)
    return summary


def _sum_up(settings: DemoSettings, stack: Stack, plant: Plant, span: Span, console: Console) -> Summary | None:
    if span.to_utc <= span.from_utc:
        console.print("Stopped before a quarter hour was complete: there is nothing to sum up.")
        return None
    with console.status("summing up what the topics hold"):
        _await_last_quarter(stack, plant, span)
        billing = plant.billing_meter()
        account = read_account(stack.kafka, span, billing.id if billing else "")
        summary = summarise(settings, plant, span, account, stack.processes())
    if settings.summary is not None:
        write_summary(settings.summary, summary)
    return summary


def _next_quarter(instant_utc: datetime) -> datetime:
    """The first quarter hour whose start will have been seen: the one that begins after `instant_utc`."""
    return quarter_start(instant_utc) + QUARTER


def _simulator(settings: DemoSettings, stack: Stack) -> Part:
    arguments = ["--plant", str(settings.plant_dir), "--kafka", stack.kafka.bootstrap, "--namespace", stack.kafka.namespace]
    arguments += ["--accept", settings.accept, "--truth", str(settings.truth)]
    if settings.replay is not None:
        arguments += ["--replay", str(settings.replay)]
    return service("simulate", Stage.EDGE, tuple(arguments))


def _import_history(settings: DemoSettings, stack: Stack) -> None:
    """Bring the five weeks before into the topics, by the same verbs that anyone uses; once."""
    mark = import_mark(settings)
    if mark.exists():
        return
    _import(settings, stack, ("import",), settings.history)
    if settings.scrap_sheet.exists():
        _import(settings, stack, ("quality", "import"), settings.scrap_sheet)
    mark.touch()


def _import(settings: DemoSettings, stack: Stack, verb: tuple[str, ...], path: Path) -> None:
    command = [sys.executable, "-m", "lastgang.cli", *verb, str(path), "--plant", str(settings.plant_dir)]
    command += ["--kafka", stack.kafka.bootstrap, "--namespace", stack.kafka.namespace]
    environment = {**os.environ, "LASTGANG_CLOCK": f"@{settings.clock_file}"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        msg = f"the history {path} could not be imported: {result.stderr.strip()[-800:]}"
        raise DemoFailed(msg)


def _kill_of(text: str) -> tuple[str, time_of_day]:
    jobs = [job.name for job in jobs_of(load_plant(demo_plant.TEMPLATE / "plant.toml"))]
    job, _, at = text.partition("@")
    try:
        if job in jobs:
            return job, time_of_day.fromisoformat(at)
    except ValueError:
        pass
    raise InputFaults(
        [Fault("--kill", None, "kill", repr(text), f"JOB@HH:MM with a job of {', '.join(jobs)}, such as forecast@10:05")]
    )


def _watch(
    stack: Stack,
    plant: Plant,
    settings: DemoSettings,
    kills: list[tuple[str, time_of_day]],
    until_utc: datetime | None,
    console: Console,
) -> None:
    """Show the live table until the plant's clock shows `until_utc`, or Ctrl-C."""
    clock = StartableClock(settings.clock_file)
    view = LiveView(plant, stack.console_url)
    feed = LiveFeed(stack.kafka, view)
    remembered = 0.0
    first = clock.now_utc().astimezone(plant.site.zone).time()
    kills = [kill for kill in kills if kill[1] > first]
    try:
        with Live(view, console=console, refresh_per_second=2, transient=False, auto_refresh=console.is_terminal):
            while until_utc is None or clock.now_utc() < until_utc:
                feed.poll(0.5)
                stack.wait(lambda: True)
                for kill in [one for one in kills if one[1] <= clock.now_utc().astimezone(plant.site.zone).time()]:
                    kills.remove(kill)
                    _kill(stack, kill[0])
                if time.monotonic() - remembered > 5.0:
                    remember_instant(settings, clock.now_utc())
                    remembered = time.monotonic()
    finally:
        feed.close()


def _kill(stack: Stack, job: str) -> None:
    """Cancel a job; records in flight are read again from its newest checkpoint."""
    job_id = stack.cluster.states.newest_job_id(job)
    if job_id is not None:
        with suppress(ClusterFailed):
            stack.cluster.rest.cancel(job_id)


def _await_last_quarter(stack: Stack, plant: Plant, span: Span) -> None:
    """Return when the last quarter hour of the span is out for every meter, or it is clear that it will not come."""
    waiting = {meter.id for meter in plant.meters if meter.energy_channel() is not None}
    deadline = time.monotonic() + _SETTLE_TIMEOUT_S
    with RecordConsumer(stack.kafka, [INTERVALS]) as consumer:
        while waiting and time.monotonic() < deadline:
            for message in consumer.poll(0.5):
                with suppress(UnreadableRecord):
                    interval = message.record()
                    if interval.origin is IntervalOrigin.METERING and interval.start_utc >= span.to_utc - QUARTER:
                        waiting.discard(interval.meter)

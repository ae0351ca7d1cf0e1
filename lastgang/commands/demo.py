"""``lastgang demo``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastgang.reading import reading_options

if TYPE_CHECKING:
    from quarters.profiles.sniff.reading import ReadOptions


@click.command()
@click.option("--minutes", type=click.FloatRange(min=0.5), help="Real minutes to run; without it until Ctrl-C.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for the account at the end.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Load profile that drives the grid meter, in any form that `lastgang bill` reads.",
)
@click.option(
    "--replay-first-start",
    metavar="INSTANT",
    help="For a profile of bare kW values: instant of its first quarter hour, with offset.",
)
@click.option("--accept", type=click.Choice(["auto", "manual"]), default="auto", show_default=True, help="Who decides on advice.")
@click.option("--speed", type=click.FloatRange(min=0.1, max=120), default=60.0, show_default=True, help="Plant seconds a second.")
@click.option("--seed", type=int, help="Seed of the simulated factory.")
@click.option("--start", metavar="UTC", help="Where the live span begins, on a quarter hour.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path(".lastgang/demo"), show_default=True,
    help="Where the demo keeps its data; a second start continues from there.",
)  # fmt: skip
@click.option(
    "--pull", "pull", multiple=True, metavar="METER@HH:MM+MINUTES",
    help="Disconnect a meter at a local time of the plant for that many plant minutes; may be given more than once.",
)  # fmt: skip
@click.option(
    "--kill", "kill", multiple=True, metavar="JOB@HH:MM",
    help="Kill a job such as forecast at a local time of the plant; the supervision brings it back. May be given more than once.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Forget what earlier runs stored.")
@reading_options
def command(
    minutes: float | None,
    summary: Path | None,
    replay: Path | None,
    replay_first_start: str | None,
    accept: str,
    speed: float,
    seed: int | None,
    start: str | None,
    folder: Path,
    pull: tuple[str, ...],
    kill: tuple[str, ...],
    fresh: bool,
    **options: Any,
) -> None:
    """Run the whole platform against a simulated factory on a fast clock; Ctrl-C stops every process and loses nothing.

    \b
    Example:
      lastgang demo --minutes 12 --summary summary.json
      lastgang demo --replay load.csv --fresh
      lastgang demo --pull press-1@07:30+180 --pull washer@09:00+20
      lastgang demo --kill forecast@10:05
    """
    from rich.console import Console

    from domain.instants import as_utc
    from lastgang.demo.prepare import forget, how_to_check
    from lastgang.demo.run import run_demo
    from lastgang.demo.settings import DemoSettings
    from lastgang.demo.summary import show_summary

    try:
        start_utc = None if start is None else as_utc(datetime.fromisoformat(start))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--start") from error
    settings = DemoSettings(
        folder=folder.resolve(),
        minutes=minutes,
        summary=summary,
        speed=speed,
        seed=seed,
        accept=accept,
        replay=None if replay is None else replay.resolve(),
        read_options=_read_options(options, replay_first_start),
        start_utc=start_utc,
        pull=pull,
        kill=kill,
    )
    if fresh:
        forget(settings)
    console = Console()
    account = run_demo(settings, console)
    if account is not None:
        show_summary(account, console)
        console.print(how_to_check(settings), highlight=False, soft_wrap=True)


def _read_options(given: dict[str, Any], first_start: str | None) -> ReadOptions:
    """What the command line says of the profile; bare values are kW where nothing says otherwise."""
    from lastgang.reading import options_of

    first = first_start or given["first_start"]
    bare = {"first_start": first, "unit": given["unit"] or "kW"} if first is not None else {}
    return options_of(given | bare, "Europe/Berlin")

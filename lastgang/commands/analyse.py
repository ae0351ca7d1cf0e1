"""``lastgang analyse``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastgang.reading import reading_options_beside_a_zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from analysis.battery import Battery
    from analysis.sheets import PriceSheet
    from billing.load import LoadProfile

_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("load", type=_file)
@click.option(
    "--tariff", "tariffs", type=_file, multiple=True,
    help="Your price sheet as TOML; may be given several times. [default: five typical German ones]",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder for page and PDF. [default: here]"
)
@click.option("--timezone", default="Europe/Berlin", show_default=True, help="Whose days, nights and weekends count.")
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Of page and messages.")
@click.option(
    "--battery", "battery_text", default=None, metavar="KWH,KW", help="A battery to try. [default: an hour of a tenth of the peak]"
)
@click.option(
    "--pv-kwp", type=click.FloatRange(min=0), default=None, help="A photovoltaic system to try. [default: a tenth of the energy]"
)
@click.option(
    "--pv-yield",
    type=click.FloatRange(min=1, max=3000),
    default=950.0,
    show_default=True,
    help="What it gives in a year [kWh/kWp].",
)
@click.option("--co2", type=click.FloatRange(min=0), default=None, help="Emissions of what is drawn [g/kWh]. [default: German mix]")
@click.option("--json", "json_file", type=_file, default=None, help="Write the figures here too.")
@reading_options_beside_a_zone
def command(
    load: Path, tariffs: tuple[Path, ...], out: Path, timezone: str, language: str, battery_text: str | None, pv_kwp: float | None,
    pv_yield: float, co2: float | None, json_file: Path | None, **options: Any,
) -> None:  # fmt: skip
    """Analyse a load profile: the peaks that make the bill, nights, quick wins in euros. No server, no configuration.

    LOAD is one meter's load in 15 minutes or finer, as CSV or a spreadsheet: what a grid operator, a logger or a program wrote. It is shown how it was
    read, and asked where it can be read in two ways. One page with everything in it and a PDF are written beside a summary in the terminal.

    \b
    Examples:
      lastgang analyse Lastgang_2025.xlsx
      lastgang analyse load.csv --tariff tariff.toml --language de --out analysis
    """
    import json
    import sys
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from analysis.answer import Wishes, analyse
    from analysis.answer_json import as_json
    from analysis.local_load import FINE_ENOUGH_MIN
    from analysis.show.document import document
    from analysis.show.page import html_page
    from analysis.show.paper import pdf
    from analysis.show.terminal import summary
    from billing.load import profile_of
    from domain.files import output_file
    from lastgang.reading import asking, options_of
    from quarters.profiles.sniff.read import read_any
    from words.reader import assumption_text
    from words.speech import Words

    zone = _zone(timezone)
    words = Words(language, zone, section="analyse", is_dated=True)
    battery = _battery(battery_text)
    stem = load.name.split(".")[0] or "load"
    files = [out / f"{stem}-analysis.html", out / f"{stem}-analysis.pdf", *([] if json_file is None else [json_file])]
    spinner = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with ExitStack() as places:
        out.mkdir(parents=True, exist_ok=True)
        page, paper, *more = [places.enter_context(output_file(file)) for file in files]
        loaded = asking(
            load,
            options_of(options, timezone),
            lambda stated: read_any(load, stated, FINE_ENOUGH_MIN),
            {"--timezone": "--file-timezone"},
        )
        profile = profile_of(loaded.series)
        progress = places.enter_context(spinner)
        task = progress.add_task(words["step.load"], total=None)

        def step(name: str) -> None:
            known = {"load", "battery", "pages"}
            progress.update(task, description=words[f"step.{name}"] if name in known else words.fill("step.sheet", sheet=name))

        found = analyse(profile, zone, _sheets(tariffs, profile, zone), Wishes(battery, pv_kwp, pv_yield, co2), step)
        step("pages")
        minutes = words.number(profile.resolution.total_seconds() / 60)
        assumed = [assumption_text(one.key, one.values, Words(language, zone)) for one in loaded.assumptions]
        assumed = assumed or [words.fill("read.own_form", minutes=minutes, count=words.number(int(profile.power.there.sum())))]
        shown = document(found, words, load.name, assumed)
        page.write_text(html_page(shown), encoding="utf-8")
        paper.write_bytes(pdf(shown))
        for file in more:
            file.write_text(json.dumps(as_json(found), indent=1) + "\n", encoding="utf-8")
    summary(shown, Console())
    click.echo(words.fill("written", files=", ".join(map(str, files))), err=True)


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        msg = f"{name!r}: expected a time zone such as Europe/Berlin"
        raise click.BadParameter(msg, param_hint="--timezone") from error


def _sheets(files: tuple[Path, ...], load: LoadProfile, zone: ZoneInfo) -> list[PriceSheet]:
    from analysis.sheets import own_sheet, typical_sheets
    from domain.errors import InputFaults

    if not files:
        return typical_sheets(load, zone)
    found, faults = [], []
    for file in files:
        try:
            found.append(own_sheet(file, load))
        except InputFaults as error:
            faults += error.faults
    if faults:
        raise InputFaults(faults)
    return found


def _battery(text: str | None) -> Battery | None:
    from analysis.battery import Battery

    if text is None:
        return None
    parts = text.split(",")
    try:
        kwh, kw = (float(part) for part in parts)
        if not (0 < kwh < 1e7 and 0 < kw < 1e7):
            raise ValueError
    except ValueError as error:
        msg = f"{text!r}: expected kWh and kW, as in 200,100"
        raise click.BadParameter(msg, param_hint="--battery") from error
    return Battery(kwh, kw)

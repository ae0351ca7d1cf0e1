"""``lastgang baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lastgang.reading import reading_options_beside_a_zone

_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("load", type=_file)
@click.option("--production", type=_file, help="CSV day,NAME[,NAME...] or start_utc,NAME[,...]: what was made, hours worked.")
@click.option("--temperature", type=_file, help="CSV day,temperature_c or start_utc,temperature_c (or _f): outdoors.")
@click.option(
    "--measure",
    "measure_days",
    multiple=True,
    metavar="DATE",
    help="First day on which a measure acts; may be given several times.",
)
@click.option("--measures", "measures_file", type=_file, help="TOML file of measures and events, with the CO2 factor.")
@click.option("--meter", default=None, help="Whose load it is, where the file of measures names meters.")
@click.option("--baseline-from", default=None, metavar="DATE", help="First day that a baseline may use.")
@click.option("--holidays", "region", default=None, metavar="REGION", help="Whose public holidays are days of rest: DE-BW.")
@click.option("--tariff", "tariff_file", type=_file, help="The price sheet as TOML: what a saved kWh is worth.")
@click.option("--timezone", default="Europe/Berlin", show_default=True, help="Whose days count.")
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Of tables and picture.")
@click.option("--json", "json_file", type=_file, help="Write the figures here too.")
@click.option("--picture", "picture_file", type=_file, help="Write a picture here, as SVG.")
@reading_options_beside_a_zone
def command(
    load: Path, production: Path | None, temperature: Path | None, measure_days: tuple[str, ...], measures_file: Path | None,
    meter: str | None, baseline_from: str | None, region: str | None, tariff_file: Path | None, timezone: str, language: str,
    json_file: Path | None, picture_file: Path | None, **options: Any,
) -> None:  # fmt: skip
    """Fit a baseline to a load profile, and state what measures saved, with an interval; or why it cannot be claimed.

    LOAD is one meter's load in an hour or finer, as CSV or a spreadsheet. Energy a day is explained by the kind of day, outdoor temperature and
    production, in the form that predicts weeks held out best. A saving is claimed only where fit, coverage and certainty hold; otherwise the reasons stand
    beside it. That nothing can be claimed is an answer, not an error.

    \b
    Examples:
      lastgang baseline load.csv --temperature weather.csv --measure 2025-03-01
      lastgang baseline load.xlsx --production pieces.csv --measures measures.toml --holidays DE-BW --json baseline.json
    """
    import json
    from contextlib import ExitStack

    from rich.console import Console

    from baselines.answer import answer
    from baselines.answer_json import as_json
    from baselines.enpi import standby_share
    from domain.files import output_file
    from lastgang.baseline.inputs import Inputs, rows_and_wishes
    from lastgang.baseline.picture import picture
    from lastgang.baseline.tables import show
    from words.speech import Words

    inputs = Inputs(
        load, production, temperature, measure_days, measures_file, meter, baseline_from, region, tariff_file, timezone, options
    )
    with ExitStack() as places:
        written = {
            name: places.enter_context(output_file(file))
            for name, file in (("json", json_file), ("picture", picture_file))
            if file is not None
        }
        rows, wishes, zone, kw = rows_and_wishes(inputs)
        found, standby = answer(rows, wishes, zone), standby_share(kw)
        words = Words(language, zone, section="baseline", is_dated=True)
        if "json" in written:
            written["json"].write_text(json.dumps(as_json(found, standby), indent=1) + "\n", encoding="utf-8")
        if "picture" in written:
            written["picture"].write_text(picture(found, words), encoding="utf-8")
    show(found, standby, load.name, words, Console())
    if written:
        files = [str(file) for file in (json_file, picture_file) if file is not None]
        click.echo(words.fill("written", files=", ".join(files)), err=True)

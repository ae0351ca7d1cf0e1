"""``lastgang sentences``: what findings and advice say, for programs that read the topics themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from words.catalogue import DEFAULT, languages


@click.command()
@click.argument("records", type=click.File(encoding="utf-8", errors="replace"), default="-")
@click.option(
    "--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml: names and time zone."
)
@click.option("--language", type=click.Choice(languages()), default=DEFAULT, show_default=True)
def command(records: TextIO, folder: Path, language: str) -> None:
    """Sentences of records of energy.anomalies.v1 and energy.recommendations.v1: one JSON record a line in, one line of text out.

    A line that is no such record is named on stderr and leaves an empty line; the exit code is then 1.

    \b
    Example:
      kafka-console-consumer --topic energy.anomalies.v1 ... | lastgang sentences --plant my-plant --language de
    """
    from domain.plant import load_plant
    from words.sentences import NoSuchRecord, names_of, text_of_json
    from words.speech import of_page

    plant = load_plant(folder / "plant.toml")
    words, names = of_page(language, plant.site.zone), names_of(plant)
    where, failed = getattr(records, "name", "<stdin>"), False
    for number, line in enumerate(records, start=1):
        text = ""
        try:
            text = text_of_json(line, words, names)
        except NoSuchRecord as error:
            failed = True
            click.echo(f"{where}:{number}: {error}", err=True)
        click.echo(" ".join(text.split("\n")))
    sys.exit(1 if failed else 0)

"""``lastgang key-figures``: EnPI, standby and savings from the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from words.catalogue import languages


@click.command("key-figures", epilog="\b\nExample:\n  lastgang key-figures --plant my-plant --period 2026-10 --json figures.json\n")
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml and the tariff.")
@click.option(
    "--ledger", "path", type=click.Path(path_type=Path), default=None, help="The ledger's file. [default: that of `lastgang up`]"
)
@click.option(
    "--period", default=None, help="2026-10, 2026-Q4, 2026, 2026-10-03--2026-10-17. [default: the last 28 days that are whole]"
)
@click.option("--language", type=click.Choice(languages()), default="en", show_default=True, help="Of the tables.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here too.")
def command(folder: Path, path: Path | None, period: str | None, language: str, json_file: Path | None) -> None:
    """Show energy per unit of what was made with its expected band, standby, and what measures saved; the figures of page and report.

    A saving that the data do not carry is refused with the reason. That is an answer, not an error.
    """
    import json
    from contextlib import nullcontext

    from rich.console import Console

    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.files import output_file
    from domain.plant import load_plant
    from lastgang.baseline.key_figures import show
    from lastgang.ledger_file import opened_ledger
    from reporting.key_figures import key_figures, last_days, read_beside, tariff_beside
    from reporting.key_figures.as_json import figures_json
    from reporting.key_figures.figures import Span
    from reporting.periods import period_of
    from words.speech import Words

    plant = load_plant(folder / "plant.toml")
    wanted = None if period is None else period_of(period, plant.site.timezone)
    with nullcontext() if json_file is None else output_file(json_file) as written:
        with opened_ledger(path or Whereabouts(folder).ledger) as ledger:
            now_utc = process_clock().now_utc()
            span = last_days(ledger, plant, now_utc) if wanted is None else Span(wanted.first_day, wanted.end_day)
            found = key_figures(ledger, plant, span, tariff_beside(plant, folder), read_beside(plant, folder))
        if written is not None:
            written.write_text(json.dumps(figures_json(found), indent=1) + "\n", encoding="utf-8")
    show(found, Words(language, plant.site.zone, section="figures", is_dated=True), Console())

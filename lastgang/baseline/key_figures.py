"""Key figures of a ledger as tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from reporting.key_figures import KeyFigures
from reporting.key_figures.texts import account_texts, baseline_texts, measure_texts, notes, specific_texts, standby_texts
from words.speech import Words


def show(found: KeyFigures, words: Words, console: Console) -> None:
    """Write them to `console`.

    Parameters
    ----------
    words
        Of the section ``figures``.
    """
    console.print(Line(f"{words['title']} {words.full_day(found.span.first)} – {words.full_day(found.span.last)}", style="bold"))
    rows = specific_texts(found, words)
    heads = ("per", "month", "days", "amount", "kwh_per_unit", "band", "verdict")
    if rows:
        _table([words[f"column.{name}"] for name in heads], [
            (one.label, one.month, one.days, one.amount, one.kwh_per_unit, one.band, one.verdict) for one in rows
        ], console)  # fmt: skip
    else:
        console.print(Line(words["nothing_made"]))
    _table([words[f"column.{name}"] for name in ("meter", "standby", "between")], [(one.label, one.share, one.between) for one in standby_texts(found, words)], console)  # fmt: skip
    for one in measure_texts(found, words):
        console.print()
        console.print(Line(f"{one.measure}  {one.description}  {one.meter}: {one.verdict}", style="bold"))
        console.print(Line(f"  {one.period}: {one.saved} kWh ({one.interval}), {one.eur} EUR, {one.co2} kg CO₂"))
        for note in one.notes:
            console.print(Line(f"  {note}"))
    console.print()
    for name, text in account_texts(found, words):
        console.print(Line(f"{name}: {text}"))
    for label, lines in baseline_texts(found, words):
        console.print(Line(f"{label}: {' '.join(lines)}"))
    for text in notes(found, words):
        console.print(Line(text))


def _table(heads: list[str], rows: list[tuple[str, ...]], console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*(Line(cell) for cell in row))
    console.print(table)

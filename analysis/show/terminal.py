"""The document's first figures in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from analysis.show.blocks import Cards, Document, Heading, TextTable

MOST_COLUMNS = 7


def summary(document: Document, console: Console) -> None:
    """Title, figures and tables; pictures are on the page."""
    console.print(Line(document.title, style="bold"))
    console.print(Line(document.subtitle, style="dim"))
    heading = ""
    for block in document.blocks:
        if isinstance(block, Cards) or (isinstance(block, TextTable) and len(block.header) <= MOST_COLUMNS):
            console.print(Line(f"\n{heading}", style="bold cyan") if heading else "")
            heading = ""
        match block:
            case Heading(text):
                heading = text
            case Cards(cards, is_loud):
                table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
                for card in cards:
                    table.add_row(
                        Line(card.title),
                        Line(card.figure, style="bold yellow" if is_loud else "bold"),
                        Line(card.text, style="dim"),
                    )
                console.print(table)
            case TextTable(header, rows, numeric) if len(header) <= MOST_COLUMNS:
                table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
                for n, name in enumerate(header):
                    table.add_column(name, justify="right" if n in numeric else "left")
                for row in rows:
                    table.add_row(*row)
                console.print(table)

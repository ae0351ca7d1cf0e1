"""What a printed page consists of; ``report.typ`` sets each kind of block, and knows no section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal

from reporting.tables import Row
from words.speech import Words


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the first or the second level."""

    text: str
    level: int = 1
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: str
    is_small: bool = False
    stays_with_next: bool = False
    """Not alone at the foot of a page."""
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that the template draws from numbers."""

    name: Literal["load", "daily_peaks"]
    alt: str
    """The text for screen readers."""
    numbers: dict[str, Any]
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True)
class PrintColumn(Generic[Row]):
    """A heading, what stands under it, and how wide it is: ``auto``, ``1fr``, ``31mm``."""

    heading: str
    text: Callable[[Row], str]
    width: str = "auto"
    is_number: bool = False
    """Set to the right."""


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table of texts, ready to be set."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[str]
    numeric: Sequence[int]
    size_pt: float
    more: str = ""
    """How many rows were left out."""
    total: Sequence[str] = field(default=())
    """A last row in bold."""
    kind: Literal["table"] = "table"


Block = Heading | Paragraph | Chart | PrintedTable


def printed(
    columns: Sequence[PrintColumn[Row]], rows: Iterable[Row], size_pt: float = 7.6, total: Sequence[str] = ()
) -> PrintedTable:
    """`rows` under `columns`."""
    return PrintedTable(
        header=[column.heading for column in columns],
        rows=[[column.text(row) for column in columns] for row in rows],
        widths=[column.width for column in columns],
        numeric=[n for n, column in enumerate(columns) if column.is_number],
        size_pt=size_pt,
        total=total,
    )


def shortened(table: PrintedTable, most: int, words: Words) -> PrintedTable:
    """The first `most` rows, and how many others there are."""
    left = len(table.rows) - most
    if left <= 0:
        return table
    more = words.fill("more", count=words.number(left))
    return replace(table, rows=table.rows[:most], more=more)


def table_or(none: str, table: PrintedTable, *before: Block) -> list[Block]:
    """The table with what stands before it; where it has no rows, the words `none`."""
    return [*before, table] if table.rows else [Paragraph(none)]

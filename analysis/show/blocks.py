"""What a document is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, and where a link finds it."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; a quiet one is for those who want to know more."""

    text: str
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One figure that is seen first."""

    title: str
    figure: str
    text: str


@dataclass(frozen=True, slots=True)
class Cards:
    """Figures side by side."""

    cards: tuple[Card, ...]
    is_loud: bool = False


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of texts.

    Attributes
    ----------
    numeric
        Columns that are set to the right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawing, with what it shows for those who do not see it."""

    figure: Figure
    shows: str


Block = Heading | Text | Cards | TextTable | Picture


@dataclass(frozen=True, slots=True)
class Document:
    """A title and its blocks."""

    language: str
    title: str
    subtitle: str
    blocks: list[Block] = field(default_factory=list)

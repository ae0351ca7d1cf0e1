"""What a page in ``docs/reference`` consists of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

COMPLETE_PLANT = Path(__file__).parent / "complete_plant"


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a file: cells as Markdown, empty where there is nothing to say."""

    key: str
    meaning: str
    unit: str
    values: str
    default: str
    example: str


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a file with its keys."""

    title: str
    about: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One file that people write."""

    name: str
    title: str
    about: str
    sections: tuple[Section, ...]
    example: Path | None = None
    """A file that is shown whole at the end."""


def code(text: str) -> str:
    """`text` as a code word in a table cell; nothing for an empty one."""
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")

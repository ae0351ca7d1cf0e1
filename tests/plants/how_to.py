"""What a how-to page marks for tests, and the lines that it tells people to type."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
STEP = re.compile(r"<!-- (file|run|live|circle): ([^>]+?) -->(?:\n```\w*\n(.*?)```)?", re.DOTALL)
"""What a page marks: a file to write, commands that need no network, what needs a running stack, and what the whole circle types."""


def steps(page: Path) -> list[tuple[str, str, str]]:
    """Kind, words and text of each mark of a page, in order."""
    return STEP.findall(page.read_text(encoding="utf-8"))


def commands(text: str) -> list[str]:
    """The lines of a block without their comments."""
    return list(filter(None, (line.split(" #")[0].strip() for line in text.splitlines())))


def circle(page: str) -> dict[str, list[str]]:
    """What the whole circle types, by the words of the mark."""
    return {what: commands(text) for kind, what, text in steps(FOLDER / page) if kind == "circle"}

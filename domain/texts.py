"""Text that people, files and databases can hold: printable and of a stated length.

In: what a person, a device or another program wrote.  Out: the same, or the character that cannot be taken.

Letters of every alphabet and emoji are text. Refused are characters that have no shape of their own and break what they are written to:
controls (XML and spreadsheets have no place for U+000B), halves of surrogate pairs (UTF-8 has none), line and paragraph separators,
and the marks that reverse the reading direction of what follows, so that a page shows another order than the file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

KEY_LENGTH = 200
"""Characters of an id or a person's name: they become Kafka keys, tags, file names and table cells."""
TEXT_LENGTH = 2_000
"""Characters of a sentence or a comment."""
LINE_BREAKS = "\n\t"
"""Controls that a text of several lines may hold."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_REORDERING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_SHAPELESS = frozenset({"\N{ZERO WIDTH NO-BREAK SPACE}", "\ufffe", "\uffff"})
_SHAPELESS_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _is_refused(character: str) -> bool:
    return character in _REORDERING or character in _SHAPELESS or unicodedata.category(character) in _SHAPELESS_CATEGORIES


def refused_character(text: str, allowed: str = "") -> str | None:
    """The first character that `text` may not hold, as people can look it up, with its place; None if there is none."""
    if text.isprintable():
        return None
    for place, character in enumerate(text, start=1):
        if character not in allowed and _is_refused(character):
            name = unicodedata.name(character, "a control character")
            return f"U+{ord(character):04X} ({name}) at character {place}"
    return None


def printable(text: str, most: int = TEXT_LENGTH, allowed: str = "") -> str:
    """`text` as a record may hold it: refused characters become U+FFFD, and what is longer than `most` ends in ``…``."""
    if not text.isprintable():
        text = "".join(REPLACEMENT if c not in allowed and _is_refused(c) else c for c in text[: most + 1])
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _only_printable(allowed: str = "") -> Callable[[str], str]:
    def check(text: str) -> str:
        refused = refused_character(text, allowed)
        if refused is None:
            return text
        msg = f"text of printable characters, without {refused}"
        raise ValueError(msg)

    return check


Key = Annotated[str, Field(min_length=1, max_length=KEY_LENGTH), AfterValidator(_only_printable())]
"""An id on a topic: site, meter, job. Never empty."""
Name = Annotated[str, Field(max_length=KEY_LENGTH), AfterValidator(_only_printable())]
"""A name of a person, a product, a machine; one line."""
Text = Annotated[str, Field(max_length=TEXT_LENGTH), AfterValidator(_only_printable(LINE_BREAKS))]
"""Sentences; may hold line breaks and tabs."""
DOCUMENT_LENGTH = 400_000
"""Characters of a whole file: with what goes around it, it still fits into one message of a broker's default of 1 MiB."""
Document = Annotated[str, Field(max_length=DOCUMENT_LENGTH), AfterValidator(_only_printable(LINE_BREAKS))]
"""A whole file as text."""
Original = Annotated[str, Field(max_length=200_000)]
"""What came, character by character, for looking into it: nothing is refused but its length."""

"""Status words of load-profile files: known ones from `status_words.toml`, others only as a person says.

In: the word of a row.  Out: a quality, or nothing; never a guess by how the word begins.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.errors import Fault, InputFaults
from domain.intervals import QUALITIES_BEST_FIRST, IntervalQuality
from domain.toml_files import Settings, load_toml

QUALITIES = tuple(map(str, QUALITIES_BEST_FIRST))


class Vocabulary(Settings):
    """The words of one operator, standard or custom."""

    name: str
    source: str
    """Where its words are written, or "common use"."""
    words: dict[str, IntervalQuality]


class _Words(Settings):
    vocabulary: tuple[Vocabulary, ...]


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How often a file has a word, and what it was taken as."""

    word: str
    quality: IntervalQuality
    rows: int
    is_explained: bool
    """Whether a person has stated what it means."""


def folded(word: str) -> str:
    """`word` as words are compared: case and spaces make no difference."""
    return " ".join(word.split()).casefold()


@cache
def known_words() -> Mapping[str, IntervalQuality]:
    """Folded word -> what it means, of all vocabularies.

    Raises
    ------
    ValueError
        If a word has two meanings.
    """
    found: dict[str, IntervalQuality] = {}
    for vocabulary in load_toml(Path(__file__).parent / "status_words.toml", _Words).vocabulary:
        for word, quality in vocabulary.words.items():
            if found.setdefault(folded(word), quality) is not quality:
                msg = f"status_words.toml: {word!r} of {vocabulary.name!r} has another meaning already"
                raise ValueError(msg)
    return found


def explained_words(options: Iterable[str]) -> dict[str, IntervalQuality]:
    """Folded word -> quality from options such as ``Wert fraglich=faulty``; the empty word is that of rows without a status.

    Raises
    ------
    InputFaults
        For each option that says something else.
    """
    found: dict[str, IntervalQuality] = {}
    faults = []
    for option in options:
        word, sign, quality = option.rpartition("=")
        if not sign or quality.strip() not in QUALITIES:
            faults.append(Fault("command line", None, "--status", repr(option), f"WORD=QUALITY with one of {', '.join(QUALITIES)}"))
        elif found.setdefault(folded(word), IntervalQuality(quality.strip())) != quality.strip():
            faults.append(Fault("command line", None, "--status", repr(option), "each word with one meaning"))
    if faults:
        raise InputFaults(faults)
    return found


def unknown_word(file: str, line: int, column: str, word: str, rows: int) -> Fault:
    """The fault of a status word without a known meaning."""
    option = shlex.quote(f"{word}=QUALITY")
    count = "" if rows == 1 else f" in {rows:,} rows, here first"
    expected = f"a known status word; say what it means with --status {option}, QUALITY being one of {', '.join(QUALITIES)}"
    return Fault(file, line, column, f"{word!r}{count}", expected)

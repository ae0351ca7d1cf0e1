"""How a file of a load profile was read, and what is open, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from domain.texts import printable
from words.speech import Words


def assumption_text(key: str, values: Mapping[str, str], words: Words) -> str:
    """What was assumed, with its evidence: the sentence of a `quarters.profiles.sniff.reading.Assumption`."""
    return words.fill(f"reader.{key}", **{name: printable(value, 200) for name, value in values.items()})


def question_text(key: str, values: Mapping[str, str], words: Words) -> str:
    """What must be answered: the sentence of a `quarters.profiles.sniff.reading.Question`."""
    return words.fill(f"reader_question.{key}", **{name: printable(value, 200) for name, value in values.items()})

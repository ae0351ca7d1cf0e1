"""The decimal mark of a column, proven by its numbers, or open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from quarters.profiles.table import decimal_of

_UNIT = re.compile(r"\s?(?:[kM]?Wh?|Wh)$", re.IGNORECASE)


class Mark(NamedTuple):
    """A decimal mark, whether the other one parts thousands, and by what it is known."""

    decimal: str
    grouped: bool
    why: Literal["no_mark", "proven", "both_marks", "delimiter", "workbook", "option"]


def without_unit(text: str) -> str:
    """A number without the unit behind it."""
    return _UNIT.sub("", text)


def mark_of(values: Sequence[str], delimiter: str) -> Mark | None:
    """The decimal mark of `values`; None where ``1.234`` can be a thousand or one and a bit.

    A mark is decimal where a number has other than three digits behind it, or zero before it; it parts thousands where a number has it
    twice, or has the other mark behind it. Where numbers prove neither, the mark that goes with the delimiter is decimal (a comma beside semicolons).
    """
    texts = [text.lstrip("+-") for text in map(without_unit, values) if "," in text or "." in text]
    if not texts:
        return Mark(decimal_of(delimiter), False, "no_mark")
    both = {"," if text.rindex(",") > text.rindex(".") else "." for text in texts if "," in text and "." in text}
    proven = {mark for mark in ",." if any(_is_decimal(text, mark) for text in texts)}
    thousands = {mark for mark in ",." if any(text.count(mark) > 1 for text in texts)}
    known = both | proven | {"." if mark == "," else "," for mark in thousands}
    if len(known) > 1:
        return None
    if known:
        decimal = known.pop()
        other = "." if decimal == "," else ","
        return Mark(decimal, any(other in text for text in texts), "both_marks" if both else "proven")
    usual = decimal_of(delimiter)
    marks = {mark for mark in ",." if any(mark in text for text in texts)}
    if marks == {usual} and delimiter in (";", ","):
        return Mark(usual, False, "delimiter")
    return None


def _is_decimal(text: str, mark: str) -> bool:
    """Whether `mark` can only be decimal in a number that has it once and no other mark."""
    if text.count(mark) != 1 or any(other in text for other in ",." if other != mark):
        return False
    whole, part = text.split(mark)
    part = re.split("[eE]", part)[0]
    return len(part) != 3 or not 1 <= len(whole) <= 3 or whole.startswith("0") or "e" in text.lower()

"""Dates and times as other programs spell them, rewritten as the strict rules know them. Decides nothing: which number of 03/04 is the day stays open."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Kind = Literal["stamp", "date", "clock", "range", "epoch", "compact", "number", "none", "text"]

_PLAIN = re.compile(r"^(?:\d{4}-\d\d-\d\d[ T]|\d\d\.\d\d\.\d{4} )\d\d:\d\d(?::\d\d)?$")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar", "feb february februar", "mar march märz mär mrz maerz", "apr april", "may mai", "jun june juni", "jul july juli",
            "aug august", "sep sept september", "oct october okt oktober", "nov november", "dec december dez dezember",
        ), start=1,
    ) for name in names.split()
}  # fmt: skip
_WEEKDAY = re.compile(
    r"^(?:mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|monday|tuesday|"
    r"wednesday|thursday|friday|saturday|sunday)[.,]*\s+(?=\d)", re.IGNORECASE,
)  # fmt: skip
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?(Z|[+-]\d{2}:?\d{2})?$")
_COMPACT_DATE = re.compile(r"^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$")
_DATES = (
    re.compile(r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"^(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(r"^(?P<d>\d{1,2})[-. ]\s*(?P<name>[A-Za-zä]{3,9})[-.,]*\s*(?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(r"^(?P<name>[A-Za-zä]{3,9})\.?\s+(?P<d>\d{1,2}),?\s+(?P<y>\d{4})(?!\d)"),
)
_SLASHED = re.compile(r"^(\d{1,2})[-/](\d{1,2})[-/](\d{4}|\d{2})(?!\d)")
_CLOCK = re.compile(r"^(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?$")
_TWELVE = re.compile(r"^(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*([ap])\.?\s?m\.?$", re.IGNORECASE)
_DIGITS = re.compile(r"^([01]\d|2[0-4])([0-5]\d)$")
_ZONED = re.compile(r"^(.*?)\s*(MESZ|MEZ|CEST|CET|UTC|GMT|Z|[+-]\d{2}:?\d{2})$")
_OFFSETS = {"MEZ": "+01:00", "CET": "+01:00", "MESZ": "+02:00", "CEST": "+02:00", "UTC": "+00:00", "GMT": "+00:00", "Z": "+00:00"}
_RANGE = re.compile(r"^(\d{1,2}:\d{2})(?::\d{2})?\s*(?:-|–|bis|to)\s*(\d{1,2}:\d{2})(?::\d{2})?$")
_EPOCH = re.compile(r"^1\d{9}(?:\d{3})?(?:\.0+)?$|^[4-9]\d{8}$")
_NUMBER = re.compile(r"^[+-]?[\d.,' ]*\d[\d.,]*(?:[eE][+-]?\d+)?(?:\s?(?:k|M)?Wh?)?$")
NONE = frozenset({"", "-", "--", "---", "n/a", "na", "null", "#nv", "nan", "#n/a", "k.a.", "none"})
"""What other programs write where there is no value, in lower case."""


def spelled(text: str) -> str:
    """A date with a time as `wall_clock` and `aware_stamp` know it; dates with slashes keep their order; `text` as it is where it is neither."""
    if _PLAIN.match(text):
        return text
    text = _WEEKDAY.sub("", text.strip())
    if found := _COMPACT.match(text):
        year, month, day, hour, minute, second, zone = found.groups()
        return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{_offset(zone)}"
    date, after = split_date(text)
    if not date:
        return text
    clock, zone = clock_of(after.lstrip(" T,;"))
    return text if clock is None else f"{date} {clock}{zone}".strip()


@lru_cache(maxsize=4096)
def _dated(text: str) -> tuple[str, int]:
    for pattern in _DATES:
        if found := pattern.match(text):
            part = found.groupdict()
            month = _MONTHS.get((part.get("name") or "").lower()) if part.get("name") else int(part["m"])
            if month is not None:
                year = int(part["y"]) + (2000 if len(part["y"]) == 2 else 0)
                return f"{year:04}-{month:02}-{int(part['d']):02}", found.end()
    if found := _SLASHED.match(text):
        first, second, year_text = found.groups()
        if len(year_text) == 2:
            return "/".join(found.groups()), found.end()  # the year may come first: `clocks.order_of` looks at all of them
        return f"{int(first)}/{int(second)}/{year_text}", found.end()
    if found := re.match(r"^(\d{4})(\d{2})(\d{2})(?=$|[ T])", text):
        return "-".join(found.groups()), found.end()
    return "", 0


def split_date(text: str) -> tuple[str, str]:
    """The date that `text` begins with, rewritten, and what follows it; no date: an empty one."""
    head, separator, tail = text.partition(" ")
    date, end = _dated(head)
    if date and end == len(head):
        return date, separator + tail
    date, end = _dated(text)
    return date, text[end:] if date else text


@lru_cache(maxsize=8192)
def clock_of(text: str) -> tuple[str | None, str]:
    """A time of day as ``HH:MM:SS`` and its offset, empty where there is none; None where `text` is no time. Nothing is midnight."""
    text = text.strip()
    if not text:
        return "00:00:00", ""
    zone = ""
    if (found := _ZONED.match(text)) and found[1]:
        text, zone = found[1], _offset(found[2])
    text = re.sub(r"\s*(?:uhr|h)$", "", text, flags=re.IGNORECASE)
    if found := _TWELVE.match(text):
        hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        if not 1 <= hour <= 12:
            return None, ""
        return f"{hour % 12 + (12 if found[4].lower() == 'p' else 0):02}:{minute:02}:{second:02}", zone
    if found := _CLOCK.match(text):
        return f"{int(found[1]):02}:{found[2]}:{found[3] or '00'}", zone
    if found := _DIGITS.match(text):
        return f"{found[1]}:{found[2]}:00", zone
    return None, ""


def _offset(zone: str | None) -> str:
    if not zone:
        return ""
    known = _OFFSETS.get(zone)
    return known or (zone if ":" in zone else f"{zone[:3]}:{zone[3:]}")


def range_of(text: str) -> tuple[str, str] | None:
    """The two times of ``00:00 - 00:15``."""
    found = _RANGE.match(text)
    return (found[1], found[2]) if found else None


def is_twelve(text: str) -> bool:
    """Whether a time of day says AM or PM."""
    return re.search(r"\d\s*[ap]\.?\s?m\.?$", text.strip(), re.IGNORECASE) is not None


@lru_cache(maxsize=65536)
def kind_of(text: str) -> Kind:
    """What a cell may be: a date with time, a date, a time of day, two times, seconds since 1970, a number, nothing, or text."""
    if text.lower() in NONE:
        return "none"
    if _PLAIN.match(text):
        return "stamp"
    if _EPOCH.match(text):
        return "epoch"
    if _COMPACT.match(text):
        return "compact"
    if _COMPACT_DATE.match(text):
        return "date"
    bare = _WEEKDAY.sub("", text)
    date, after = split_date(bare)
    if date:
        if not after.strip(" ,"):
            return "date"
        return "stamp" if clock_of(after.lstrip(" T,;"))[0] is not None else "text"
    if _RANGE.match(text):
        return "range"
    if ":" in text or is_twelve(text):
        return "clock" if clock_of(text)[0] is not None else "text"
    return "number" if _NUMBER.match(text) else "text"


def looks_timed(text: str) -> bool:
    """Whether a cell may say when."""
    return kind_of(text) in ("stamp", "date", "clock", "range", "epoch", "compact")

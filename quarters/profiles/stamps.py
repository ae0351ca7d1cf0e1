"""Local time labels to instants: raises where a label could mean two things.

A file's labels are wall-clock times at the start or at the end of each quarter hour. Twice a year that is not enough: in March an hour has
no labels, in October one hour has each label twice, distinguished only by the order of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from domain.intervals import QUARTER

Label = Literal["start", "end"]
DateOrder = Literal["day-first", "month-first"]
Midnight = Literal["begins-day", "ends-day"]

_GERMAN = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?$")
_OFFSET = re.compile(r"^[+-]\d{2}:\d{2}$")


class StampFault(ValueError):
    """A label that cannot be understood or could mean two things: `row` counts from 0."""

    def __init__(self, row: int, found: str, expected: str) -> None:
        self.row, self.found, self.expected = row, found, expected
        super().__init__(f"row {row}: found {found}; expected {expected}")


def zone_named(name: str) -> tzinfo:
    """``Europe/Berlin`` or a fixed offset such as ``+01:00`` (winter time all year).

    Raises
    ------
    ValueError
        If it is neither.
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    if _OFFSET.match(name):
        sign = -1 if name[0] == "-" else 1
        return timezone(sign * timedelta(hours=int(name[1:3]), minutes=int(name[4:6])))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        msg = f"{name!r} is no time zone; expected a name such as Europe/Berlin, or a fixed offset such as +01:00"
        raise ValueError(msg) from error


def aware_stamp(text: str) -> datetime | None:
    """The instant of a stamp that carries its own offset or Z; None if it carries none."""
    try:
        stamp = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    # Years that zones and quarter hours can be counted in without leaving the calendar.
    return None if stamp.tzinfo is None or not 1000 <= stamp.year < 9000 else stamp.astimezone(UTC)


def wall_clock(text: str, row: int, order: DateOrder | None = None, midnight: Midnight = "begins-day") -> datetime:
    """The wall-clock time in `text`, without a zone: ``TT.MM.JJJJ HH:MM``, ISO, or with slashes if their order is stated.

    ``24:00`` is midnight at the end of its date; so is ``00:00`` if `midnight` says ``ends-day``.
    """
    date_text, _, clock_text = text.strip().replace("T", " ").partition(" ")
    clock = _CLOCK.match(clock_text.strip())
    day = _date(date_text, row, order)
    if clock is None or int(clock.group(1)) > 24 or int(clock.group(2)) > 59:
        raise StampFault(row, repr(text), "a date and a time such as 23.10.2026 14:15")
    hour, minute, second = int(clock.group(1)), int(clock.group(2)), int(clock.group(3) or 0)
    if hour == 24 and (minute or second):
        raise StampFault(row, repr(text), "a time up to 24:00")
    stamp = day + timedelta(hours=hour, minutes=minute, seconds=second)
    return stamp + timedelta(days=1) if midnight == "ends-day" and stamp == day else stamp


def _date(text: str, row: int, order: DateOrder | None) -> datetime:
    if found := _GERMAN.match(text):
        day, month, year = (int(part) for part in found.groups())
        year += 2000 if year < 100 else 0
    elif found := _ISO.match(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _SLASHED.match(text):
        if order is None:
            raise StampFault(row, repr(text), "--date-order to state whether the day or the month comes first")
        first, second, year = (int(part) for part in found.groups())
        day, month = (first, second) if order == "day-first" else (second, first)
    else:
        raise StampFault(row, repr(text), "a date such as 23.10.2026 or 2026-10-23")
    if not 1000 <= year < 9000:
        raise StampFault(row, repr(text), "a year of four digits, before 9000")
    try:
        return datetime(year, month, day)  # noqa: DTZ001  a wall clock; its zone is given later
    except ValueError as error:
        raise StampFault(row, repr(text), "a date of the calendar (see --date-order)") from error


def starts_of(labels: Sequence[datetime], zone: tzinfo, label: Label, step: timedelta = QUARTER) -> list[datetime]:
    """Start instants [UTC] of the intervals of `step` with the wall-clock `labels`, in the order of the file.

    End labels are written in two ways on the day that has 25 hours: the wall clock at the end (``02:45, 02:00, 02:15``), or the local
    start plus the step (``02:45, 03:00, 02:15``). Whichever of the two fits the whole file is taken; they can never both fit
    and differ, since each label has its place in one of them only.

    Raises
    ------
    StampFault
        Where a label does not exist, is not there twice in the hour that is, or does not rise.
    """
    if label == "start":
        return _instants(labels, zone)
    try:
        return [end - step for end in _instants(labels, zone)]
    except StampFault as fault:
        try:
            return _instants([end - step for end in labels], zone)
        except StampFault:
            raise fault from None


def _instants(labels: Sequence[datetime], zone: tzinfo) -> list[datetime]:
    instants: list[datetime] = []
    for row, wall in enumerate(labels):
        early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if early.astimezone(zone).replace(tzinfo=None) != wall:
            raise StampFault(row, f"{wall:%d.%m.%Y %H:%M}", _NO_SUCH_TIME.format(zone=zone))
        chosen = early if early == late or not instants or early > instants[-1] else late
        if instants and chosen <= instants[-1]:
            same = "twice the same" if chosen == instants[-1] else "older than the row before"
            expected = "rows in rising order, each quarter hour once (if 00:00 carries the date of the day that it ends: --midnight ends-day)"
            raise StampFault(row, f"{wall:%d.%m.%Y %H:%M}, {same}", expected)
        instants.append(chosen)
    _check_double_hours(labels, instants, zone)
    return instants


_NO_SUCH_TIME = "a time that exists in {zone}: the clock leaps over this one. If the logger stays on winter time all year, give --timezone +01:00"


def _check_double_hours(labels: Sequence[datetime], instants: Sequence[datetime], zone: tzinfo) -> None:
    """In the hour that comes twice each label must be there twice; else it is ambiguous which of the two hours a row belongs to."""
    seen: dict[datetime, list[int]] = {}
    for row, wall in enumerate(labels):
        if wall.replace(tzinfo=zone, fold=0).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
            seen.setdefault(wall, []).append(row)
    for wall, rows in seen.items():
        if len(rows) != 2:
            expected = (
                f"twice, as the hour comes twice in {zone}: rows are missing, or the logger stays on winter time all year (then give "
                f"--timezone +01:00), or leave the rows of this hour out"
            )
            raise StampFault(rows[0], f"{wall:%d.%m.%Y %H:%M} {len(rows)} times", expected)

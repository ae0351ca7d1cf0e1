"""One cell into a value: instants on the plant's clock, numbers, durations, lists. What can be meant in two ways is refused.

Every reader raises `Refused` with what is expected; none of them guesses a zone, a unit or a mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.orders.table import CellValue
from domain.instants import FIRST_YEAR, LAST_YEAR, NEVER_UTC, as_utc_or_never
from domain.intervals import QUARTER
from domain.orders import MOST_QUARTERS, OrderStatus, Predecessor, Workers
from domain.texts import KEY_LENGTH, refused_character
from quarters.profiles.cells import Numbers

Value = TypeVar("Value")
DAY = timedelta(days=1)
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
UNITS = {
    "s": "s", "sek": "s", "sec": "s", "sekunden": "s", "seconds": "s", "min": "min", "minuten": "min", "minutes": "min", "minute": "min",
    "h": "h", "std": "h", "stunden": "h", "stunde": "h", "hours": "h", "hour": "h", "hrs": "h", "d": "d", "tage": "d", "days": "d", "tag": "d",
}  # fmt: skip
"""As units are written -> unit."""
PIECES = {"stk", "st", "stück", "pcs", "pc", "ea", "pieces"}
YES = {"ja", "j", "yes", "y", "true", "wahr", "x", "1", "fest", "gesperrt", "locked", "fixed"}
NO = {"nein", "n", "no", "false", "falsch", "0", "-", ""}
STATUSES = {
    OrderStatus.PLANNED: {"planned", "geplant", "eröffnet", "freigegeben", "offen", "released", "open", "new", "neu"},
    OrderStatus.RUNNING: {"running", "läuft", "in arbeit", "gestartet", "started", "in progress"},
    OrderStatus.DONE: {"done", "fertig", "beendet", "erledigt", "rückgemeldet", "abgeschlossen", "completed", "finished", "closed"},
    OrderStatus.CANCELLED: {"cancelled", "canceled", "storniert", "gelöscht", "abgebrochen"},
}
MOST_SECONDS = MOST_QUARTERS * int(QUARTER.total_seconds())
EXCEL_DAYS = (18_264, 109_574)
"""Bare numbers that are read as days of a spreadsheet: the years 1950 to 2199."""


class Refused(Exception):
    """A cell that cannot be read: the key of the rule, and values of its sentence."""

    def __init__(self, rule: str, **values: str) -> None:
        super().__init__(rule)
        self.key, self.values = rule, values


def read_cell(value: CellValue, how: Callable[[Any], Value], otherwise: Value, wrong: Callable[..., None]) -> Value:
    """What `how` makes of a filled cell; `otherwise` where it cannot, after `wrong` was called with the rule's key and its values."""
    try:
        return how(value)
    except Refused as refused:
        wrong(refused.key, **refused.values)
    except (OverflowError, ValueError, ArithmeticError):  # numbers and dates beyond all calendars
        wrong("unreadable")
    return otherwise


@dataclass(frozen=True, slots=True)
class Reading:
    """How cells of one sheet are read."""

    zone: ZoneInfo
    decimal: str | None = None
    date_order: str | None = None
    duration_unit: str | None = None
    skill: str = "operator"
    epoch_1904: bool = False


@dataclass(frozen=True, slots=True)
class DayOnly:
    """A local day without an hour."""

    day: date


# -- texts -------------------------------------------------------------------------------------------------------------


def text_in(value: CellValue) -> str:
    """A text of one line; a whole number of a spreadsheet without its point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split()) if value is not None else ""
    if refused := refused_character(text):
        raise Refused(rule="character", character=refused)
    if len(text) > KEY_LENGTH:
        raise Refused(rule="too_long", most=str(KEY_LENGTH))
    return text


# -- instants ----------------------------------------------------------------------------------------------------------

_DOTTED = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})$")
_YEAR_FIRST = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_CLOCK = re.compile(r"^(\d{1,2})[:.](\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*(am|pm|uhr))?$", re.IGNORECASE)
_COMPACT_CLOCK = re.compile(r"^(\d{2})(\d{2})(\d{2})$")
_NO_DATES = {"00.00.0000", "0000-00-00", "00000000"}
_WITH_ZONE = re.compile(r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


def moment_in(value: CellValue, reading: Reading) -> datetime | DayOnly | None:
    """An instant [UTC], a day without an hour, or None where nothing is named.

    A date beyond the calendar, such as 31.12.9999, is `domain.instants.NEVER_UTC`.
    """
    if isinstance(value, str) and (match := _WITH_ZONE.match(value.strip())):
        return _zoned(match)
    wall = _wall_in(value, reading)
    if wall is None:
        return None
    if isinstance(wall, datetime) and wall.tzinfo is not None:
        return as_utc_or_never(wall)
    if wall.year > LAST_YEAR:
        return NEVER_UTC
    if wall.year < FIRST_YEAR:
        raise Refused(rule="no_date")
    return instant_of(wall, reading.zone) if isinstance(wall, datetime) else DayOnly(wall)


def _zoned(match: re.Match[str]) -> datetime:
    day, clock, zone = match.groups()
    try:
        return as_utc_or_never(datetime.fromisoformat(f"{day}T{clock}{zone.upper()}"))
    except ValueError as error:
        raise Refused(rule="no_date") from error


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant [UTC] at which the plant's clock shows `wall`; refused where it never does, or twice."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) != wall:
        after = (wall + timedelta(hours=1)).replace(minute=0)
        raise Refused(rule="hour_missing", zone=zone.key, after=f"{after:%H:%M}")
    if early != late:
        first, second = (f"{one.astimezone(zone):%Y-%m-%dT%H:%M%z}" for one in (early, late))
        raise Refused(rule="hour_twice", zone=zone.key, first=_colon(first), second=_colon(second))
    return early


def _colon(text: str) -> str:
    return f"{text[:-2]}:{text[-2:]}"


def _wall_in(value: CellValue, reading: Reading) -> datetime | date | None:
    if isinstance(value, bool):
        raise Refused(rule="date")
    if isinstance(value, datetime):
        return to_second(value)
    if isinstance(value, date):
        return value
    if isinstance(value, int | float | Decimal):
        return _of_number(Fraction(value), reading)
    if value is None or isinstance(value, str):
        return _of_text((value or "").strip(), reading)
    raise Refused(rule="date")  # a time or a duration alone


def to_second(value: datetime) -> datetime:
    """`value` rounded to a whole second: a spreadsheet's fraction of a day is not exact."""
    return (value + timedelta(microseconds=500_000)).replace(microsecond=0)


def _of_number(number: Fraction, reading: Reading) -> datetime | date:
    """A day of a spreadsheet, with the time as its fraction; or a date written as one number, 20261023."""
    if number.denominator == 1 and (match := _COMPACT.match(str(int(number)))):
        return _date_of(*match.groups())
    if reading.epoch_1904:
        number += 1_462
    if not EXCEL_DAYS[0] <= number < EXCEL_DAYS[1]:
        raise Refused(rule="date")
    whole = datetime(1899, 12, 30) + timedelta(seconds=round(number * 86_400))  # noqa: DTZ001
    return whole.date() if number.denominator == 1 else whole


def _of_text(text: str, reading: Reading) -> datetime | date | None:
    if not text or text in _NO_DATES:
        return None
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", text):
        return _of_number(Fraction(text.replace(",", ".")), reading)
    parts = re.split(r"[ T]\s*", text.replace(", ", " ").rstrip("."), maxsplit=1)
    if re.fullmatch(r"(?:mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun)\.?,?", parts[0], re.IGNORECASE) and len(parts) > 1:
        parts = re.split(r"[ T]\s*", parts[1], maxsplit=1)
    day = _day_in(parts[0], reading)
    return day if len(parts) == 1 else _at_clock(day, parts[1])


def _day_in(text: str, reading: Reading) -> date:
    if match := _YEAR_FIRST.match(text) or _COMPACT.match(text):
        return _date_of(*match.groups())
    if match := _DOTTED.match(text):
        return _date_of(_full_year(match[3]), match[2], match[1])
    if match := _SLASHED.match(text):
        if reading.date_order is None:
            raise Refused(rule="date_order")
        day, month = (match[1], match[2]) if reading.date_order == "day-first" else (match[2], match[1])
        return _date_of(_full_year(match[3]), month, day)
    raise Refused(rule="date")


def _full_year(text: str) -> str:
    return text if len(text) == 4 else f"20{text}"


def _date_of(year: str | int, month: str | int, day: str | int) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Refused(rule="no_date") from error


def _at_clock(day: date, text: str) -> datetime:
    clock = text.strip()
    match = _CLOCK.match(clock) or _COMPACT_CLOCK.match(clock)
    if match is None:
        raise Refused(rule="date")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = match[4].lower() if match.re is _CLOCK and match[4] else ""
    if half in ("am", "pm"):
        hour = hour % 12 + (12 if half == "pm" else 0)
    if (hour, minute, second) == (24, 0, 0):
        day, hour = day + DAY, 0
    try:
        return datetime.combine(day, time(hour, minute, second))
    except ValueError as error:
        raise Refused(rule="no_date") from error


# -- numbers and durations ---------------------------------------------------------------------------------------------

_NUMBER_AND_UNIT = re.compile(r"^([-+0-9.,'\s\u202f\u00a0]*[0-9.,])\s*([^\W\d]+\.?)?$")


def number_in(value: CellValue, reading: Reading) -> Fraction:
    """A number; refused where its mark can be meant in two ways."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise Refused(rule="number")
    if not isinstance(value, str):
        try:
            return Fraction(str(value))
        except ValueError as error:  # not a number, infinite
            raise Refused(rule="number") from error
    text = re.sub(r"['\s\u202f\u00a0]", "", value)
    marks = (reading.decimal,) if reading.decimal else (",", ".")
    found = {number for mark in marks if isinstance(number := Numbers(mark, confirmed=True).read(text), Decimal)}
    if len(found) > 1 and re.match(r"^[+-]?0[.,]", text):
        found = {min(found, key=abs)}  # nobody writes 0.125 for 125
    if len(found) > 1:
        raise Refused(rule="number_twofold", first=f"{min(found)}", second=f"{max(found)}")
    if not found:
        raise Refused(rule="number")
    return Fraction(found.pop())


def quantity_in(value: CellValue, reading: Reading) -> Fraction:
    """How many pieces; their unit may stand behind."""
    if (
        isinstance(value, str)
        and (match := _NUMBER_AND_UNIT.match(value.strip()))
        and (match[2] or "").casefold().rstrip(".") in PIECES
    ):
        value = match[1]
    number = number_in(value, reading)
    if not 0 <= number <= 10**15:
        raise Refused(rule="quantity")
    return number


def seconds_in(value: CellValue, reading: Reading, unit: str = "") -> Fraction:
    """A duration [s]: ``1:30``, ``90 min``, ``1,5 h``, ``2 h 15 min``, a time of a spreadsheet, or a number in `unit`."""
    if isinstance(value, datetime):  # a spreadsheet shows long durations as days of the year 1900
        value = value - datetime(1899, 12, 30)  # noqa: DTZ001
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second + round(value.microsecond / 1e6))
    if isinstance(value, timedelta):
        return _checked_seconds(Fraction(round(value.total_seconds())))
    if isinstance(value, str):
        text = value.strip()
        if match := re.fullmatch(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d))?(?:\s*h)?", text):
            return _checked_seconds(Fraction(int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)))
        pieces = re.findall(r"([-+]?[0-9][0-9.,]*)\s*([^\W\d]+)", text)
        if pieces and not re.sub(r"[-+]?[0-9][0-9.,]*\s*[^\W\d]+", "", text).strip(" .,"):
            return _checked_seconds(sum((number_in(n, reading) * SECONDS[_unit(u)] for n, u in pieces), Fraction(0)))
    named = UNITS.get(unit.casefold().rstrip("."), "") or (reading.duration_unit or "")
    try:
        number = number_in(value, reading)
    except Refused as refused:
        if refused.key == "number":
            raise Refused(rule="duration") from refused
        raise
    if not named:
        raise Refused(rule="duration_unit")
    return _checked_seconds(number * SECONDS[named])


def _unit(text: str) -> str:
    found = UNITS.get(text.casefold())
    if found is None:
        raise Refused(rule="duration")
    return found


def _checked_seconds(seconds: Fraction) -> Fraction:
    if not 0 <= seconds <= MOST_SECONDS:
        raise Refused(rule="duration_range")
    return seconds


def per_hour_in(value: CellValue, reading: Reading, unit: str = "") -> Fraction:
    """Pieces an hour; a heading such as ``[Stk/min]`` may name another time."""
    number = number_in(value, reading)
    time_unit = UNITS.get(unit.casefold().rpartition("/")[2].strip(), "h") if "/" in unit else "h"
    if number <= 0:
        raise Refused(rule="rate")
    return number * 3600 / SECONDS[time_unit]


def quarters_of(seconds: Fraction) -> int:
    """Whole quarter hours, rounded up, at least one."""
    return max(1, -(-seconds // int(QUARTER.total_seconds())))


# -- choices and lists -------------------------------------------------------------------------------------------------


def yes_in(value: CellValue) -> bool:
    """Whether a cell says yes."""
    if isinstance(value, bool):
        return value
    word = text_in(value).casefold()
    if word in YES or word in NO:
        return word in YES
    raise Refused(rule="yes_or_no")


def status_in(value: CellValue) -> OrderStatus:
    """Where a job stands."""
    word = text_in(value).casefold()
    found = next((status for status, words in STATUSES.items() if word in words), None)
    if found is None:
        raise Refused(rule="status", choices=", ".join(s.value for s in OrderStatus))
    return found


def jobs_in(value: CellValue) -> tuple[Predecessor, ...]:
    """Predecessors, parted by commas or semicolons; ``4711 + 30 min`` for one that must have ended half an hour before."""
    found: dict[str, Predecessor] = {}
    for part in re.split(r"[;,\n]", value if isinstance(value, str) else text_in(value)):
        name, _, gap = part.partition(" +")
        if job := text_in(name):
            found[job] = Predecessor(job, _gap_min(gap))
    if len(found) > 100:
        raise Refused(rule="predecessors_many")
    return tuple(found.values())


def _gap_min(text: str) -> int:
    if not text.strip():
        return 0
    match = re.fullmatch(r"(\d{1,5})\s*(min|h)", text.strip())
    if match is None:
        raise Refused(rule="predecessor_gap")
    return min(int(match[1]) * (60 if match[2] == "h" else 1), 15 * MOST_QUARTERS)


def workers_in(count: CellValue, skill: CellValue, reading: Reading) -> tuple[Workers, ...]:
    """People by skill: ``2``, ``2 Einrichter, 1 Werker``, ``Einrichter: 2``; or a number and a skill in two cells."""
    skills = [text_in(part) for part in re.split(r"[;,\n]", text_in(skill)) if part.strip()]
    if isinstance(count, int | float | Decimal) and not isinstance(count, bool):
        return _people({skills[0] if len(skills) == 1 else _one_skill(skills, reading): number_in(count, reading)})
    parts = [part.strip() for part in re.split(r"[;,\n]", text_in(count)) if part.strip()]
    if not parts:
        return _people(dict.fromkeys(skills, Fraction(1)))
    found: dict[str, Fraction] = {}
    for part in parts:
        match = re.fullmatch(r"(\d{1,5})\s*x?\s*(.*)", part) or re.fullmatch(r"(.+?)\s*[:x ]\s*(\d{1,5})", part)
        if match is None:
            raise Refused(rule="workers")
        number, name = (match[1], match[2]) if match[1].isdigit() else (match[2], match[1])
        found[name.strip() or _one_skill(skills, reading)] = Fraction(number)
    return _people(found)


def _one_skill(skills: list[str], reading: Reading) -> str:
    if len(skills) > 1:
        raise Refused(rule="workers")
    return skills[0] if skills else reading.skill


def _people(found: Mapping[str, Fraction]) -> tuple[Workers, ...]:
    if len(found) > 20 or any(number.denominator != 1 or not 0 <= number <= 10_000 for number in found.values()):
        raise Refused(rule="workers")
    return tuple(Workers(skill, int(number)) for skill, number in found.items() if number)

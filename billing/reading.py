"""Reading one table of a tariff file: typed values out, every fault kept with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from billing.money import Price, fraction, number_and_unit
from domain.errors import Fault
from domain.texts import LINE_BREAKS, TEXT_LENGTH, refused_character

Place = tuple[str | int, ...]
_CLOCK = re.compile(r"^([01][0-9]|2[0-3]):([0-5][0-9])$")
_MOST_DIGITS = 30
"""Before and behind the decimal point: no price sheet needs them, and 1e999999 as an exact fraction takes all memory."""
MISSING = object()


class Source:
    """The file: its lines and the faults found so far."""

    def __init__(self, path: Path, lines: Mapping[Place, int]) -> None:
        self.path = path
        self.lines = lines
        self.faults: list[Fault] = []

    def wrong(self, where: Place, field: str, found: object, expected: str) -> None:
        """Keep one fault; the line is that of the key, else of the nearest table around it."""
        line = next((self.lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self.lines), None)
        self.faults.append(Fault(str(self.path), line, field, _shown(found), expected))


def _shown(found: object) -> str:
    if found is MISSING:
        return "nothing"
    return str(found) if isinstance(found, Decimal | date) else repr(found)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    number = Decimal(value)
    return number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS and len(number.as_tuple().digits) <= 2 * _MOST_DIGITS


class Table:
    """One table: each key is read once; `finish` keeps a fault for each key that was not read.

    Each method returns the value of a key, or keeps a fault and returns a value with which reading goes on.
    """

    def __init__(self, source: Source, where: Place, data: object, name: str) -> None:
        self.source, self.where, self.name = source, where, name
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self._read: set[str] = set()
        if not isinstance(data, dict):
            source.wrong(where, name, data, "a table")

    def wrong(self, key: str, found: object, expected: str) -> None:
        """A fault of this table's `key`."""
        shown = key if key.strip() else repr(key)
        self.source.wrong((*self.where, key), f"{self.name}: {shown}" if self.name else shown, found, expected)

    def has(self, key: str) -> bool:
        """Whether the file has `key` here."""
        return key in self.data

    def raw(self, key: str, required: bool, expected: str) -> Any:
        """The value, or MISSING; a required one that is not there is a fault."""
        self._read.add(key)
        if key not in self.data:
            if required:
                self.wrong(key, MISSING, f"{expected}: the key is required")
            return MISSING
        return self.data[key]

    def text(self, key: str, required: bool = False, default: str = "") -> str:
        """A text of printable characters that is not empty."""
        value = self.raw(key, required, "a text")
        if value is MISSING:
            return default
        if not isinstance(value, str) or not value:
            self.wrong(key, value, "a text")
            return default
        if (refused := refused_character(value, LINE_BREAKS)) or len(value) > TEXT_LENGTH:
            self.wrong(
                key, value, f"a text of at most {TEXT_LENGTH:,} printable characters" + (f", without {refused}" if refused else "")
            )
            return default
        return value

    def choice(self, key: str, choices: Collection[str], required: bool = False, default: str = "") -> str:
        """One of `choices`; the first of them in place of a fault where there is no `default`."""
        value = self.raw(key, required, f"one of {', '.join(choices)}")
        if value is MISSING:
            return default or (next(iter(choices)) if required else "")
        if value not in choices:
            self.wrong(key, value, f"one of {', '.join(choices)}")
            return default or next(iter(choices))
        return str(value)

    def flag(self, key: str) -> bool:
        """True or false; false where it is not there."""
        value = self.raw(key, False, "true or false")
        if value is MISSING or isinstance(value, bool):
            return value is True
        self.wrong(key, value, "true or false")
        return False

    def day(self, key: str, required: bool = False, default: date | None = None) -> date | None:
        """A local day."""
        value = self.raw(key, required, "a date such as 2026-01-01")
        if value is MISSING:
            return default
        if isinstance(value, datetime) or not isinstance(value, date):
            self.wrong(key, value, "a date such as 2026-01-01")
            return default
        return value

    def number(self, key: str, required: bool = False, default: Fraction | None = None, low: int | None = None) -> Fraction | None:
        """An exact number, at least `low`."""
        expected = "a number" if low is None else f"a number of at least {low}"
        value = self.raw(key, required, expected)
        if value is MISSING:
            return default
        if not _is_number(value) or (low is not None and value < low):
            self.wrong(key, value, expected)
            return default
        return fraction(value)

    def whole(self, key: str, required: bool = False, default: int = 0, choices: Sequence[int] = (), low: int = 0) -> int:
        """A whole number: one of `choices` if there are any, at least `low`."""
        expected = f"one of {', '.join(map(str, choices))}" if choices else f"a whole number of at least {low}"
        value = self.raw(key, required, expected)
        if value is MISSING:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < low or (choices and value not in choices):
            self.wrong(key, value, expected)
            return default
        return value

    def price(self, key: str, units: Mapping[str, Fraction], required: bool = False) -> Price | None:
        """A price, a text of number and unit; `units` are the units it may have, with EUR in one of each."""
        found = self.raw(key, required, self._priced(units))
        if found is MISSING:
            return None
        parts = number_and_unit(found)
        if parts is None or parts[1] not in units:
            self.wrong(key, found, self._priced(units))
            return None
        return Price(parts[0] * units[parts[1]], parts[1])

    def quantity(self, key: str, unit: str, required: bool = False) -> Fraction | None:
        """A quantity of at least 0, a text of number and `unit`."""
        expected = f'a text of number and unit such as "100 {unit}"'
        found = self.raw(key, required, expected)
        if found is MISSING:
            return None
        parts = number_and_unit(found)
        if parts is None or parts[1] != unit or parts[0] < 0:
            self.wrong(key, found, expected)
            return None
        return parts[0]

    def clock(self, key: str) -> int | None:
        """Minutes since local midnight of a quarter-hour clock time."""
        expected = 'a local clock time on a quarter hour, "00:00" to "24:00"'
        value = self.raw(key, True, expected)
        if value is MISSING:
            return None
        if value == "24:00":
            return 1440
        match = _CLOCK.match(value) if isinstance(value, str) else None
        if match is None or int(match.group(2)) % 15:
            self.wrong(key, value, expected)
            return None
        return 60 * int(match.group(1)) + int(match.group(2))

    def rows(self, key: str, name: str) -> list[Table]:
        """Tables of an array of tables; `name` is put before each one's id."""
        value = self.raw(key, False, "tables")
        if value is MISSING:
            return []
        if not isinstance(value, list):
            self.wrong(key, value, f"tables [[{key}]]")
            return []
        tables = []
        for index, row in enumerate(value):
            label = row.get("id") if isinstance(row, dict) else None
            called = f"{name} {label!r}" if isinstance(label, str) else f"{name} number {index + 1}"
            tables.append(Table(self.source, (*self.where, key, index), row, called))
        return tables

    def table(self, key: str) -> Table | None:
        """A table inside this one, or None where it is not there."""
        value = self.raw(key, False, "a table")
        return (
            None if value is MISSING else Table(self.source, (*self.where, key), value, f"{self.name}: {key}" if self.name else key)
        )

    def finish(self) -> None:
        """Keep a fault for every key that is not known here."""
        for key in self.data:
            if key not in self._read:
                known = ", ".join(sorted(self._read))
                self.wrong(key, key, f"no such key; known here: {known}")

    @staticmethod
    def _priced(units: Mapping[str, Fraction]) -> str:
        names = list(units)
        return f'a text of number and unit such as "1.00 {names[0]}" (unit: {" or ".join(names)})'

"""Cells of a load-profile file: text, numbers and energies, with every fault kept.

In: bytes of a file somebody exported.  Out: lines of text, and whole micro-watt-hours of a quarter hour.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from domain.errors import Fault, InputFaults, first_faults
from domain.files import read_unpacked
from domain.units import UWH_PER_KWH

Unit = Literal["kW", "W", "MW", "kWh", "Wh", "MWh"]
UWH_PER_QUARTER: dict[str, Decimal] = {
    "W": Decimal(UWH_PER_KWH) / 4000, "kW": Decimal(UWH_PER_KWH) / 4, "MW": Decimal(UWH_PER_KWH) * 250,
    "Wh": Decimal(UWH_PER_KWH) / 1000, "kWh": Decimal(UWH_PER_KWH), "MWh": Decimal(UWH_PER_KWH) * 1000,
}  # fmt: skip
"""Micro-watt-hours in a quarter hour that one unit of the column stands for."""
NO_VALUE = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "#nv"})
_MOST_DIGITS = 12
"""Before the decimal mark: more are no plant's."""
_MOST_UWH = 2**63 - 1
_UNIT_IN_HEADER = re.compile(r"(?<![^\W_])(kwh|mwh|wh|kw|mw|W)(?![^\W_])", re.IGNORECASE)
_SPELLED = {"kwh": "kWh", "mwh": "MWh", "wh": "Wh", "kw": "kW", "mw": "MW"}
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BOOKS = {b"PK\x03\x04": "a ZIP archive or an Excel workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"%PDF": "a PDF"}


class Faults(list[Fault]):
    """Collects faults of one file and raises them together."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.file = path.name

    def wrong(self, line: int | None, field: str, found: str, expected: str) -> None:
        """Keep one."""
        self.append(Fault(self.file, line, field, found, expected))

    def raise_if_any(self) -> None:
        """Raise what was kept, the first ones of many."""
        if self:
            raise InputFaults(first_faults(self, self.file, "a file of the format that the options say"))


def text_of(path: Path) -> str:
    """The text of a file, plain or gzipped, in the encodings that exports come in: UTF-8, UTF-16 with its mark, else Windows'.

    Raises
    ------
    InputFaults
        If it cannot be read whole, is too long, or is a workbook.
    """
    raw = read_unpacked(path)
    for begin, name in _BOOKS.items():
        if raw.startswith(begin):
            raise InputFaults([Fault(str(path), None, "file", name, "a CSV file: save the sheet as CSV")])
    try:
        return raw.decode("utf-16" if raw.startswith(UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith(UTF_16_MARKS):
            raise InputFaults([Fault(str(path), None, "file", f"byte {error.start} is no UTF-16", "UTF-8 or UTF-16")]) from error
        return raw.decode("cp1252", errors="replace")  # stamps and numbers are ASCII


class Numbers:
    """Numbers as they stand in a file."""

    def __init__(self, decimal: str, told: bool) -> None:
        self._decimal, self._is_stated = decimal, told
        self._other = "." if decimal == "," else ","
        thousands = re.escape(self._other)
        self._plain = re.compile(rf"^[+-]?\d+(?:{re.escape(decimal)}\d+)?(?:[eE][+-]?\d+)?$")
        self._grouped = re.compile(rf"^[+-]?\d{{1,3}}(?:{thousands}\d{{3}})+(?:{re.escape(decimal)}\d+)?$")

    def read(self, text: str) -> Decimal | str:
        """The number, or what was expected instead."""
        text = text.strip()
        if self._grouped.match(text):
            if not self._is_stated:
                return f"a number whose {self._other!r} is unambiguous: give --decimal ',' or --decimal '.'"
            text = text.replace(self._other, "")
        elif not self._plain.match(text):
            return f"a number with {self._decimal!r} as decimal mark (see --decimal)"
        try:
            number = Decimal(text.replace(self._decimal, "."))
        except InvalidOperation:
            return "a number"
        return number if number.adjusted() < _MOST_DIGITS else f"a number of at most {_MOST_DIGITS} digits"


def energy_uwh(value: Decimal, unit: str) -> int:
    """Whole micro-watt-hours of a quarter hour with this mean power or energy, rounded half to even."""
    return int((value * UWH_PER_QUARTER[unit]).quantize(Decimal(1), ROUND_HALF_EVEN))


def value_of(text: str, unit: str, numbers: Numbers, line: int, column: str, faults: Faults) -> int | None:
    """The energy [µWh] in a cell; None where there is no value, or none that can be used (then a fault is kept)."""
    if text.strip().lower() in NO_VALUE:
        return None
    number = numbers.read(text)
    if isinstance(number, str):
        faults.wrong(line, column, repr(text), number)
        return None
    if number < 0:
        expected = "no negative value: feed-in belongs to a channel of its own (energy_export), in a file of its own"
        faults.wrong(line, column, repr(text), expected)
        return None
    energy = energy_uwh(number, unit)
    if energy > _MOST_UWH:
        most = _MOST_UWH / float(UWH_PER_QUARTER[unit])
        faults.wrong(line, column, repr(text), f"at most {most:.3g} {unit}: no ledger holds more than 9.2 TWh of a quarter hour")
        return None
    return energy


def unit_in(header: str) -> str | None:
    """The unit that a column's heading names; None where it names none, or several."""
    found = {_SPELLED.get(name.lower(), name) for name in _UNIT_IN_HEADER.findall(header) if name != "w"}
    return found.pop() if len(found) == 1 else None

"""Cells of a file over time: text, numbers and energies, with every fault kept.

In: bytes of a file somebody exported.  Out: lines of text, exact numbers, whole micro-watt-hours of a quarter hour.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
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
EXACT = Context(prec=200)
"""Numbers of `Numbers.read` times a power of ten or a unit are exact in it."""
NO_VALUE = frozenset({"", "-", "--", "n/a", "na", "null", "#nv"})
"""What stands for a value that is missing, in lower case."""
MOST = Decimal(10) ** 12
"""Of any number, up or down, in whatever unit."""
MOST_UWH = 2**63 - 1
"""Of a quarter hour: what a ledger holds."""
_MOST_OF_QUARTER = {unit: EXACT.divide(Decimal(MOST_UWH), uwh) for unit, uwh in UWH_PER_QUARTER.items()}
_SHORT = 12
"""Numbers of so many characters need no further look: nearly all."""
_MOST_CHARACTERS = 60
_MOST_DECIMALS = 99
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BOOKS = {b"PK\x03\x04": "a ZIP archive or an Excel workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"%PDF": "a PDF"}
BOOKS = tuple(_BOOKS)
"""How files begin that are no text."""


class Faults(list[Fault]):
    """Collects faults of one file and raises them together."""

    def __init__(self, path: Path, form: str = "a file of the format that the options say") -> None:
        super().__init__()
        self.file, self.form = str(path), form

    def wrong(self, line: int | None, field: str, found: str, expected: str) -> None:
        """Keep one."""
        self.append(Fault(self.file, line, field, found, expected))

    def raise_if_any(self) -> None:
        """Raise what was kept, by line, the first ones of many."""
        if self:
            raise InputFaults(first_faults(sorted(self, key=lambda fault: fault.line or 0), self.file, self.form))


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
    """Numbers as they stand in a file.

    Parameters
    ----------
    decimal
        The decimal mark.
    confirmed
        Whether a person named the mark, so that the other one can only part thousands.
    option
        How a person names it; empty where nobody can.
    """

    def __init__(self, decimal: str, confirmed: bool = False, option: str = "") -> None:
        self._decimal, self._confirmed, self._option = decimal, confirmed, option
        self._other = "." if decimal == "," else ","
        mark, thousands = re.escape(decimal), re.escape(self._other)
        self._plain = re.compile(rf"^[+-]?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?$")
        self._grouped = re.compile(rf"^[+-]?[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+(?:{mark}[0-9]+)?$")

    def read(self, text: str) -> Decimal | str:
        """The number, or what was expected instead."""
        text = text.strip()
        if not self._plain.match(text):
            if not self._grouped.match(text):
                return f"a number with {self._decimal!r} as decimal mark" + (f" (see {self._option})" if self._option else "")
            if not self._confirmed:
                how = f" is unambiguous: give {self._option} ',' or {self._option} '.'" if self._option else " parts no thousands"
                return f"a number whose {self._other!r}{how}"
            text = text.replace(self._other, "")
        try:
            number = Decimal(text.replace(self._decimal, "."))
        except InvalidOperation:
            return f"a number up to {MOST:g}"
        return _out_of_range(text, number) or number


def _out_of_range(text: str, number: Decimal) -> str | None:
    """Arithmetic with a number of a thousand digits takes for ever, and none is a measurement's."""
    if len(text) <= _SHORT and "e" not in text and "E" not in text:
        return None
    exponent = number.as_tuple().exponent
    if abs(number) > MOST:
        return f"a number up to {float(MOST):g}"
    if not isinstance(exponent, int) or exponent < -_MOST_DECIMALS or len(text) > _MOST_CHARACTERS:
        return f"a number of at most {_MOST_CHARACTERS} characters and {_MOST_DECIMALS} decimals"
    return None


def energy_uwh(value: Decimal, unit: str) -> int:
    """Whole micro-watt-hours of a quarter hour with this mean power or energy, rounded half to even."""
    return int(EXACT.multiply(value, UWH_PER_QUARTER[unit]).quantize(Decimal(1), ROUND_HALF_EVEN, EXACT))


def beyond_a_ledger(value: Decimal, unit: str) -> str | None:
    """What was expected of a quarter hour's power or energy that no ledger could hold; None where it is not that large."""
    if abs(value) <= _MOST_OF_QUARTER[unit]:
        return None
    return f"at most {float(_MOST_OF_QUARTER[unit]):.3g} {unit}: no ledger holds more than 9.2 TWh of a quarter hour"

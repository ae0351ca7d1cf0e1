"""Rows of a time series in CSV, every fault with its line; values stay the texts that they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from domain.clock import EPOCH
from domain.errors import Fault, InputFaults

_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$")
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$")
RESOLUTIONS_MIN = (1, 5, 10, 15, 30, 60)


@dataclass(frozen=True, slots=True)
class Rows:
    """Starts in rising order, and per column the number's text or None where there is none."""

    path: Path
    resolution_min: int
    starts: list[datetime]
    columns: dict[str, list[str | None]]


def read_rows(path: Path, headers: Sequence[tuple[str, ...]], resolutions_min: Sequence[int] = RESOLUTIONS_MIN) -> Rows:
    """The rows of `path`, whose header must be one of `headers`.

    Raises
    ------
    InputFaults
        With every fault.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFaults([Fault(str(path), None, "file", str(error), "a readable UTF-8 file")]) from error
    lines = list(csv.reader(text.splitlines()))
    expected = " or ".join(",".join(header) for header in headers)
    header = tuple(lines[0]) if lines else ()
    if header not in headers:
        raise InputFaults([Fault(str(path), 1, "header", repr(",".join(header)), expected)])
    return _Reading(path, header, resolutions_min).rows(lines[1:])


class _Reading:
    def __init__(self, path: Path, header: tuple[str, ...], resolutions_min: Sequence[int]) -> None:
        self.path, self.header, self.resolutions_min = path, header, resolutions_min
        self.faults: list[Fault] = []
        self.starts: list[datetime] = []
        self.lines: list[int] = []
        self.columns: dict[str, list[str | None]] = {name: [] for name in header[1:]}

    def wrong(self, line: int | None, field: str, found: str, expected: str) -> None:
        self.faults.append(Fault(str(self.path), line, field, found, expected))

    def rows(self, lines: list[list[str]]) -> Rows:
        seen: set[datetime] = set()
        for number, cells in enumerate(lines, start=2):
            if not cells:
                continue
            if len(cells) != len(self.header):
                self.wrong(number, "row", f"{len(cells)} values", f"{len(self.header)} values: {','.join(self.header)}")
                continue
            self._values(number, cells)
            start = self._instant(number, cells[0])
            if start is None:
                continue
            if start in seen:
                self.wrong(number, self.header[0], f"{cells[0]!r}, a duplicate", "each start once, in rising order")
            elif self.starts and start < self.starts[-1]:
                self.wrong(number, self.header[0], f"{cells[0]!r} after {self.starts[-1]:%Y-%m-%dT%H:%M:%SZ}", "rising order")
            seen.add(start)
            self.starts.append(start)
            self.lines.append(number)
        resolution_min = 0 if self.faults else self._resolution()
        if self.faults:
            raise InputFaults(self.faults)
        return Rows(self.path, resolution_min, self.starts, self.columns)

    def _instant(self, number: int, text: str) -> datetime | None:
        if _INSTANT.match(text):
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        self.wrong(number, self.header[0], repr(text), "an instant in UTC with Z such as 2026-03-04T00:00:00Z")
        return None

    def _values(self, number: int, cells: list[str]) -> None:
        for name, cell in zip(self.header[1:], cells[1:], strict=True):
            cell = cell.strip()
            if cell and not _NUMBER.match(cell):
                self.wrong(number, name, repr(cell), "a finite number, or nothing where the value is missing")
            self.columns[name].append(cell or None)

    def _resolution(self) -> int:
        if len(self.starts) < 2:
            self.wrong(None, self.header[0], f"{len(self.starts)} rows", "at least two rows, to tell the resolution")
            return 0
        smallest = min(after - before for before, after in zip(self.starts[:-1], self.starts[1:], strict=True))
        minutes = smallest / timedelta(minutes=1)
        if minutes not in self.resolutions_min:
            found = f"{minutes:g} minutes as the smallest distance of two rows"
            self.wrong(None, self.header[0], found, f"one of {', '.join(map(str, self.resolutions_min))} minutes")
            return 0
        for number, start in zip(self.lines, self.starts, strict=True):
            if (start - EPOCH) % smallest:
                self.wrong(number, self.header[0], f"{start:%Y-%m-%dT%H:%M:%SZ}", f"a start on the grid of {minutes:g} minutes")
        return int(minutes)

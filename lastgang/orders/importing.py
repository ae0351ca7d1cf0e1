"""One file of orders, imported once or whenever it changes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from connectors.orders.judging import Handing, Judgement, cancelled, judge
from connectors.orders.known import KnownOrders
from connectors.orders.mapping import OrderMapping, rows_of
from connectors.orders.sheets import read_sheets
from connectors.orders.table import Note, OrderRow
from domain.clock import process_clock
from domain.orders import Order
from domain.plant import Plant


@dataclass
class Importing:
    """Reads a file and judges its rows on the plant's clock."""

    file: Path
    plant: Plant
    mapping: OrderMapping
    source: str
    notes: list[Note] = field(default_factory=list)
    """On the columns of the last reading."""

    def __post_init__(self) -> None:
        self._clock = process_clock()
        self._handing = Handing(self.plant, self._clock.now_utc(), self.source, self.mapping)

    def read(self) -> list[OrderRow]:
        """The rows of the file as it is now; raises `InputFaults`."""
        sheets = read_sheets(self.file)
        rows, self.notes = rows_of(sheets, self.mapping)
        self._handing = replace(self._handing, epoch_1904=any(sheet.epoch_1904 for sheet in sheets))
        return rows

    def judge(self, rows: list[OrderRow], known: KnownOrders) -> Judgement:
        """What becomes of them now."""
        self._handing = replace(self._handing, now_utc=self._clock.now_utc())
        return judge(rows, self._handing, known)

    def cancelled(self, orders: Iterable[Order]) -> list[Order]:
        """The revisions that cancel `orders`."""
        return [cancelled(order, self._handing.now_utc, self.source) for order in orders]


class Changes:
    """Once at the start, then after each change of a file that has come to rest; ends when interrupted.

    A program that writes the file in pieces, or puts another in its place, is seen by size and time of writing.
    """

    def __init__(self, file: Path, every_s: float) -> None:
        self._file, self._every_s = file, every_s
        self._taken: tuple[int, int, int] | None = None

    def __iter__(self) -> Iterator[None]:
        before: tuple[int, int, int] | None = None
        while True:
            found = _mark_of(self._file)
            if found is not None and found != self._taken and (found == before or before is None):
                self._taken = found
                yield
            before = found
            time.sleep(self._every_s)

    def again(self) -> None:
        """Take the file as it is once more at the next look: what failed had nothing to do with it."""
        self._taken = None


def _mark_of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns

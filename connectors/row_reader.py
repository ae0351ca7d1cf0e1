"""The cells of one row read one after the other, with what is wrong with each kept; for rows that state one thing each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import TypeVar

from connectors.headed_rows import UNREADABLE_KEYS, HeadedRow
from connectors.orders.mapping import is_empty
from connectors.orders.table import Cell, CellValue, Place
from connectors.orders.values import read_cell, text_in
from domain.order_rules import MOST_NAMED, OrderFault

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RowFault:
    """Something wrong with one row; the sentence is one of `words`."""

    place: Place
    fault: OrderFault


@dataclass
class RowReader:
    """Reads one row and collects its faults."""

    row: HeadedRow
    faults: list[RowFault] = field(default_factory=list)

    def cell(self, name: str) -> Cell:
        """Its cell; an empty one where there is no column."""
        return self.row.cells.get(name, Cell(None, self.row.place))

    def is_filled(self, name: str) -> bool:
        """Whether its cell has something in it."""
        return not is_empty(self.cell(name).value)

    def read(self, name: str, how: Callable[[CellValue], Value]) -> Value | None:
        """The value of a filled cell; None where it is empty or wrong."""
        if not self.is_filled(name):
            return None
        return read_cell(self.cell(name).value, how, None, partial(self.wrong, name))

    def wrong(self, name: str, key: str, **values: str) -> None:
        """Keep one fault."""
        cell = self.cell(name)
        found = "" if is_empty(cell.value) else str(cell.value).strip()
        self.faults.append(RowFault(cell.place, OrderFault(name, key, found, values)))

    def refuse_unknown(self, fields: Mapping[str, object]) -> None:
        """Keep a fault for each key that means none of `fields`."""
        for name in self.row.cells:
            if name.startswith(UNREADABLE_KEYS):
                self.wrong(name, "column_unknown", choices=", ".join(fields))

    def one_of(self, name: str, names: Mapping[str, str]) -> str:
        """The id of `names` that a cell names, by id or by name for people; empty where it is empty or names none."""
        text = self.read(name, text_in) or ""
        if not text:
            return ""
        folded: dict[str, set[str]] = {}
        for one, called in names.items():
            for word in filter(None, (one, called)):
                folded.setdefault(" ".join(word.casefold().split()), set()).add(one)
        found = {text} if text in names else folded.get(text.casefold(), set())
        if len(found) == 1:
            return found.pop()
        close = get_close_matches(text.casefold(), list(folded), 1)
        if close and len(folded[close[0]]) == 1:
            self.wrong(name, f"{name}_unknown_meant", meant=next(iter(folded[close[0]])))
        else:
            self.wrong(name, f"{name}_unknown", choices=some_of(names) or "-")
        return ""


def some_of(names: Mapping[str, str]) -> str:
    """The first of them, for a message."""
    return ", ".join(list(names)[:MOST_NAMED])

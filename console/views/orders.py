"""The order sheet of the page: rows that people type or paste, and what became of them when they were saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.orders.judging import Judgement, Outcome
from connectors.orders.keyed import rows_of_objects
from connectors.orders.known import PAGE_SOURCE
from connectors.orders.mapping import NEEDED, field_of
from connectors.orders.table import OrderRow
from connectors.orders.writing import COLUMNS, cells_of
from console.views.scene import Scene
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from production.clicks import JobEvent
from words.order_faults import fault_text
from words.speech import Words

MOST_ROWS = 200
"""Rows of the sheet; longer lists come by file or API."""
BLANK_ROWS = 3
"""Empty rows at the end, to type or paste into."""
MOST_TEXT = 2_000
"""Characters that a cell keeps; the rest of what somebody pastes is cut."""


NEXT_EVENT = {OrderStatus.PLANNED: JobEvent.STARTED, OrderStatus.RUNNING: JobEvent.DONE}


@dataclass(frozen=True, slots=True)
class StandingOrders:
    """Orders that can still change, by their start."""

    orders: tuple[Order, ...]
    left_out: int
    """How many more there are."""


def standing_orders(scene: Scene) -> StandingOrders:
    """What the sheet shows."""
    standing = [order for order in scene.orders() if not order.status.is_over]
    ordered = sorted(standing, key=lambda order: (order.start_utc, order.job))
    return StandingOrders(tuple(ordered[:MOST_ROWS]), max(0, len(ordered) - MOST_ROWS))


@dataclass
class SheetLine:
    """One row of the sheet."""

    cells: dict[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] | None = None
    """As it is known; None for a row that is new."""
    faults: dict[str, str] = field(default_factory=dict)
    """Column -> sentence."""
    cancels: bool = False
    """Whether the order is to be cancelled."""
    next_event: JobEvent | None = None
    """What a person may report of the job next; None where it is new or over."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in it."""
        return self.kept is None and not any(text.strip() for text in self.cells.values())

    @property
    def changes(self) -> dict[str, str]:
        """What differs from what is known, and the job."""
        if self.kept is None:
            return {name: text for name, text in self.cells.items() if text.strip()}
        changed = {name: text for name, text in self.cells.items() if text.strip() != self.kept.get(name, "")}
        return {"job": self.kept["job"], **changed} if changed else {}


class OrderSheet:
    """One person's sheet until it is saved."""

    def __init__(self, plant: Plant, words: Words, orders: Iterable[Order] = ()) -> None:
        self._plant, self._words = plant, words
        self.lines: list[SheetLine] = []
        self.load(orders)

    def load(self, orders: Iterable[Order]) -> None:
        """Show `orders`, and nothing else."""
        self.lines = []
        for order in orders:
            cells = cells_of(order, self._plant, self._words)
            self.lines.append(SheetLine(dict(cells), cells, next_event=NEXT_EVENT.get(order.status)))
        self.add_blank()

    def add_blank(self) -> None:
        """Keep some empty rows at the end."""
        blank = 0
        for line in reversed(self.lines):
            if not line.is_blank:
                break
            blank += 1
        self.lines += [SheetLine() for _ in range(BLANK_ROWS - blank)]

    @property
    def is_touched(self) -> bool:
        """Whether there is something that was not saved."""
        return any(line.changes or line.cancels or line.faults for line in self.lines)

    def put(self, row: int, column: str, text: str) -> None:
        """Type into a cell; what no cell is, as any browser may send, is passed over."""
        if not 0 <= row < len(self.lines) or column not in COLUMNS:
            return
        line = self.lines[row]
        if column != "job" or line.kept is None:
            line.cells[column] = text[:MOST_TEXT]
            line.faults.pop(column, None)

    def cancel(self, row: int, cancels: bool) -> None:
        """Mark an order to be cancelled, or take the mark away."""
        if 0 <= row < len(self.lines) and self.lines[row].kept is not None:
            self.lines[row].cancels = cancels

    def event_of(self, row: int) -> tuple[str, JobEvent] | None:
        """The job of a row, and what may be reported of it; None where nothing may."""
        line = self.lines[row] if 0 <= row < len(self.lines) else None
        return None if line is None or line.kept is None or line.next_event is None else (line.kept["job"], line.next_event)

    def reported(self, row: int, order: Order) -> None:
        """Go on from the revision that a report made, whatever else of the row is not saved."""
        line = self.lines[row]
        cells, before = cells_of(order, self._plant, self._words), line.kept or {}
        line.cells = {
            name: text if line.cells.get(name) == before.get(name) else line.cells.get(name, "") for name, text in cells.items()
        }
        line.kept, line.next_event = cells, NEXT_EVENT.get(order.status)

    def paste(self, row: int, column: str, text: str) -> int:
        """Put a block of a spreadsheet at a cell; how many rows it had no room for.

        Where its first row has headings they say what the columns are, else the place does. A block with jobs finds the rows of these jobs; those
        that are new go into empty rows. A block without goes down from the cell.
        """
        block = [line.split("\t") for line in text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")]
        names: list[str | None] = [field_of(cell) for cell in block[0]]
        if set(NEEDED) <= set(names):
            block = block[1:]
        elif column in COLUMNS:
            names = [*COLUMNS[COLUMNS.index(column) :]]
        else:
            return 0
        left_out = 0
        for offset, cells in enumerate(block):
            found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
            place = self._place_of(found["job"], row) if found.get("job") else row + offset
            if place >= MOST_ROWS + BLANK_ROWS:
                left_out += 1
                continue
            self.lines += [SheetLine() for _ in range(place + 1 - len(self.lines))]
            for name, cell in found.items():
                self.put(place, str(name), cell)
        self.add_blank()
        return left_out

    def _place_of(self, job: str, row: int) -> int:
        """The row of a job, else the first blank one from `row` on, else a new one."""
        for place, line in enumerate(self.lines):
            if line.cells.get("job", "").strip() == job:
                return place
        return next((place for place, line in enumerate(self.lines) if place >= row and line.is_blank), len(self.lines))

    def rows(self) -> tuple[list[int], list[OrderRow]]:
        """The rows that are to be saved, and where they stand in the sheet."""
        places = [place for place, line in enumerate(self.lines) if line.changes and not line.cancels]
        return places, rows_of_objects([self.lines[place].changes for place in places], PAGE_SOURCE)

    def jobs_to_cancel(self) -> list[str]:
        """Jobs that are marked."""
        return [line.kept["job"] for line in self.lines if line.cancels and line.kept is not None]

    def saved(self, places: Sequence[int], judgement: Judgement) -> None:
        """Show what became of the rows."""
        for place, result in zip(places, judgement.results, strict=True):
            line = self.lines[place]
            line.faults = {}
            for one in result.faults:
                column = one.fault.field if one.fault.field in COLUMNS else "job"
                earlier = line.faults.get(column)
                text = fault_text(one.fault, self._words)
                line.faults[column] = f"{earlier}; {text}" if earlier else text
            if result.outcome is not Outcome.REFUSED and result.order is not None:
                line.kept = cells_of(result.order, self._plant, self._words)
                line.cells = dict(line.kept)
        self.add_blank()

    def cancelled(self, job: str) -> None:
        """Take an order away that was cancelled."""
        self.lines = [line for line in self.lines if line.kept is None or line.kept["job"] != job]

"""Blocks: the shortest spans of a machine of which all that was counted is known together. Pure.

In: what was counted, by whoever did (`domain.quality`).  Out: spans on the grid of quarter hours that do not overlap, with the pieces of each product.

A counter gives a quarter hour each, a sheet of paper a shift. Where both are there the shift is the block: nothing says how its scrap is spread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.intervals import QUARTER
from domain.quality import COUNTER_SOURCE, QualityEvent
from quarters.numbers import quarter_start, slot_of, slot_start


@dataclass(frozen=True, slots=True)
class Made:
    """Pieces of one product; None: nobody counted them."""

    product: str
    """Empty: not known."""
    good: int | None
    scrap: int | None
    rework: int | None

    @property
    def pieces(self) -> int:
        """All that were counted."""
        return (self.good or 0) + (self.scrap or 0) + (self.rework or 0)


@dataclass(frozen=True, slots=True)
class Block:
    """What one machine made in quarter hours ``[first_slot, end_slot)``."""

    machine: str
    first_slot: int
    end_slot: int
    made: tuple[Made, ...]
    """By product."""

    @property
    def start_utc(self) -> datetime:
        """Start of its first quarter hour."""
        return slot_start(self.first_slot)

    @property
    def end_utc(self) -> datetime:
        """End of its last quarter hour."""
        return slot_start(self.end_slot)

    @property
    def pieces(self) -> int:
        """All pieces that were counted in it."""
        return sum(made.pieces for made in self.made)

    @property
    def is_whole(self) -> bool:
        """Whether its good pieces are known, without which nobody knows what share of the energy went into the others."""
        return self.pieces > 0 and any(made.good is not None for made in self.made)


def slots_of(event: QualityEvent) -> tuple[int, int]:
    """First quarter hour of an event, and first one after: its ends go to the nearest quarter hour, so that events one after the other stay so.

    What is shorter lies in the quarter hour in which it begins.
    """
    first, end = (slot_of(quarter_start(at + QUARTER / 2)) for at in (event.start_utc, event.end_utc))
    if end > first:
        return first, end
    return slot_of(event.start_utc), slot_of(event.start_utc) + 1


def blocks_of(events: Iterable[QualityEvent]) -> list[Block]:
    """The blocks of all machines, by machine and start; of each event one revision is given, the one that counts."""
    by_machine: dict[str, list[tuple[int, int, QualityEvent]]] = {}
    for event in events:
        by_machine.setdefault(event.machine, []).append((*slots_of(event), event))
    found = []
    for machine, rows in sorted(by_machine.items()):
        rows.sort(key=lambda row: (row[0], row[1], row[2].event))
        group: list[QualityEvent] = []
        first = end = 0
        for begin, until, event in rows:
            if group and begin >= end:
                found.append(Block(machine, first, end, _made(group)))
                group = []
            if not group:
                first, end = begin, until
            group.append(event)
            end = max(end, until)
        if group:
            found.append(Block(machine, first, end, _made(group)))
    return found


def _made(events: Sequence[QualityEvent]) -> tuple[Made, ...]:
    """Pieces by product. Where the machine's counter and others count the same thing, the higher count holds: each may miss pieces."""
    named = sorted({event.product for event in events if event.product})
    only = named[0] if len(named) == 1 else ""
    by_product: dict[str, list[QualityEvent]] = {}
    for event in events:
        by_product.setdefault(event.product or only, []).append(event)
    return tuple(
        Made(
            product,
            _higher([(event.source, event.good) for event in some]),
            _higher([(event.source, event.scrap) for event in some]),
            _higher([(event.source, event.rework) for event in some]),
        )
        for product, some in sorted(by_product.items())
    )


def _higher(counts: Iterable[tuple[str, int | None]]) -> int | None:
    sums: dict[bool, int] = {}
    for source, count in counts:
        if count is not None:
            by_counter = source == COUNTER_SOURCE
            sums[by_counter] = sums.get(by_counter, 0) + count
    return max(sums.values(), default=None)

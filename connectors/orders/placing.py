"""A start for jobs that have none: the first free place of their machine, in the order in which they are due.

As early as possible, since nobody stated that the job may wait; what lowers the peak is then advised and decided as for every other job.
Within the machine's shifts, outside of shutdowns, after its predecessors and release, on a quarter hour.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from domain.calendars import Span, staffed_spans
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER
from domain.orders import Order
from domain.plant import Plant
from quarters.numbers import quarter_from

HORIZON = timedelta(days=28)
"""How far ahead a place is looked for."""


class Places:
    """What the machines are occupied with."""

    def __init__(self, plant: Plant, orders: Iterable[Order], now_utc: datetime) -> None:
        self._plant = plant
        self._now = quarter_from(now_utc)
        self._taken: dict[str, list[Span]] = {}
        """By their start; each ends where the next job may begin, on a quarter hour."""
        for order in orders:
            self.take(order)

    def take(self, order: Order) -> None:
        """Occupy the machine of an order that is planned or runs."""
        if not order.status.is_over and order.start_utc < NEVER_UTC:
            insort(self._taken.setdefault(order.machine, []), (order.start_utc, quarter_from(order.end_utc)))

    def first(self, machines: Mapping[str, int], from_utc: datetime) -> tuple[str, datetime] | None:
        """Machine and start of the place that ends first; `machines`: id -> quarter hours. None where there is none within `HORIZON`."""
        found = [
            (start + QUARTER * quarters, number, machine, start)
            for number, (machine, quarters) in enumerate(machines.items())
            if (start := self._first_on(machine, quarters, from_utc)) is not None
        ]
        return None if not found else min(found)[2:]

    def _first_on(self, machine: str, quarters: int, from_utc: datetime) -> datetime | None:
        earliest = quarter_from(max(from_utc, self._now))
        if earliest - self._now > 12 * HORIZON:
            return None
        lasts = QUARTER * quarters
        for begin, end in self._open(machine, earliest):
            start = quarter_from(max(begin, earliest))
            for taken_from, taken_to in self._taken.get(machine, ()):
                if taken_from >= start + lasts:
                    break
                if taken_to > start:
                    start = taken_to
            if start + lasts <= end:
                return start
        return None

    def _open(self, machine: str, from_utc: datetime) -> list[Span]:
        known = next(one for one in self._plant.machines if one.id == machine)
        return staffed_spans(known, self._plant, from_utc, from_utc + HORIZON)

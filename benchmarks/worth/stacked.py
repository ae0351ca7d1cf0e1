"""A cheap adviser: it stacks the typed curves of the day's jobs on each other and moves one after the other out of the highest quarter hour.

It knows no forecast and no tariff. For checks of what advice changed it matters that jobs move, not why.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.recommendations import Action, JobPlace, Places, Recommendation, RecommendationStatus
from domain.steps import Records
from domain.topics import INTERVALS, ORDERS
from effects.series import Floats
from quarters.numbers import quarter_from, slot_of, slot_start
from quarters.periods import midnight_utc

NOTICE = timedelta(hours=2)
MOST_A_DAY = 6
FEWEST_KW = 3.0
"""A move that lowers the stack by less is not advised."""


@dataclass(slots=True)
class StackedCurves:
    """Advises once a local day, with the first quarter hour that comes after midnight."""

    plant: Plant
    orders: dict[str, Order] = field(default_factory=dict)
    _advised_until: datetime | None = None

    def take(self, records: Records) -> list[Recommendation]:
        """As `benchmarks.worth.loop.Adviser`."""
        newest = None
        for topic, record in records:
            if topic is ORDERS:
                self.orders[record.job] = record
            elif topic is INTERVALS:
                newest = record.end_utc if newest is None else max(newest, record.end_utc)
        if newest is None or (self._advised_until is not None and newest < self._advised_until):
            return []
        zone = self.plant.site.zone
        tomorrow = newest.astimezone(zone).date() + timedelta(days=1)
        self._advised_until = midnight_utc(tomorrow, zone)
        return self._of_day(newest, self._advised_until + timedelta(hours=6))

    def _of_day(self, now_utc: datetime, until_utc: datetime) -> list[Recommendation]:
        first, end = slot_of(now_utc), slot_of(until_utc) + 96
        there = [order for order in self.orders.values() if first <= slot_of(order.start_utc) and order.end_utc <= slot_start(end)]
        there = [order for order in there if not order.status.is_over]
        stack = np.zeros(end - first)
        for order in there:
            stack += _laid(order, slot_of(order.start_utc), first, end)
        found: list[Recommendation] = []
        moved: dict[str, Order] = {}
        while len(found) < MOST_A_DAY:
            best = self._best(there, moved, stack, now_utc, first, end)
            if best is None:
                break
            order, start = best
            after = stack + _laid(order, start, first, end) - _laid(order, slot_of(order.start_utc), first, end)
            found.append(
                _advice(self.plant, order, start, now_utc, first + int(np.argmax(stack)), float(stack.max()), float(after.max()))
            )
            stack = after
            moved[order.job] = _at(order, start)
        return found

    def _best(
        self, there: list[Order], moved: dict[str, Order], stack: Floats, now_utc: datetime, first: int, end: int
    ) -> tuple[Order, int] | None:
        best: tuple[float, Order, int] | None = None
        beside = [moved.get(order.job, order) for order in there]
        for order in there:
            if (
                order.job in moved
                or not order.movable
                or order.status is not OrderStatus.PLANNED
                or order.start_utc < now_utc + NOTICE
            ):
                continue
            rest = stack - _laid(order, slot_of(order.start_utc), first, end)
            begin = slot_of(quarter_from(max(order.earliest_utc, now_utc + NOTICE)))
            for start in range(begin, slot_of(order.due_utc - order.duration) + 1):
                place = _at(order, start)
                if any(one.machine == order.machine and one.job != order.job and _meet(one, place) for one in beside):
                    continue
                gain = float(stack.max() - (rest + _laid(order, start, first, end)).max())
                if gain >= FEWEST_KW and (best is None or gain > best[0]):
                    best = gain, order, start
        return None if best is None else (best[1], best[2])


def _at(order: Order, slot: int) -> Order:
    return replace(order, start_utc=slot_start(slot))


def _meet(one: Order, other: Order) -> bool:
    return one.start_utc < other.end_utc and other.start_utc < one.end_utc


def _laid(order: Order, slot: int, first: int, end: int) -> Floats:
    found = np.zeros(end - first)
    for number, power_kw in enumerate(order.profile_kw):
        if 0 <= slot - first + number < len(found):
            found[slot - first + number] = power_kw
    return found


def _advice(
    plant: Plant, order: Order, start: int, now_utc: datetime, peak: int, before_kw: float, after_kw: float
) -> Recommendation:
    begin = slot_start(start)
    before, after = (Places((JobPlace(order.job, order.machine, at, at + order.duration),)) for at in (order.start_utc, begin))
    name = f"{order.job}-{order.start_utc:%y%m%d%H%M}-{begin:%y%m%d%H%M}"
    return Recommendation(
        plant.site.id, name, 0, RecommendationStatus.OPEN, now_utc, now_utc, min(order.start_utc, begin) - QUARTER, Action.MOVE_JOB, before, after,
        slot_start(peak), before_kw, after_kw, before_kw - after_kw, None, None, None, None, None, 0.5,
    )  # fmt: skip

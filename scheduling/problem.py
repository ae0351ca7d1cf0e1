"""The problem: the load of the next 48 h, the jobs in it, and where each may begin instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from domain.calendars import staffed_spans
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.recommendations import JobPlace
from quarters.numbers import quarter_from, slot_of, slot_start
from scheduling.settings import AdviceSettings

Load = npt.NDArray[np.float64]
MOST_KW = 1e11
"""As `domain.units.Power`."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The expected load from `first_slot` on [kW]: its median, and the load that is judged."""

    first_slot: int
    median_kw: Load
    judged_kw: Load

    @property
    def end_slot(self) -> int:
        """First quarter hour after it."""
        return self.first_slot + len(self.median_kw)

    def moved(self, order: Order, to_slot: int) -> Outlook:
        """The load once `order` begins at `to_slot` instead of its planned start."""
        change = self.profile(order, to_slot) - self.profile(order, slot_of(order.start_utc))
        return self.plus(change)

    def plus(self, change_kw: Load) -> Outlook:
        """The load changed by `change_kw`; never below zero, nor above what a record can hold."""
        return Outlook(
            self.first_slot,
            np.clip(self.median_kw + change_kw, 0.0, MOST_KW),
            np.clip(self.judged_kw + change_kw, 0.0, MOST_KW),
        )

    def profile(self, order: Order, start_slot: int) -> Load:
        """What `order` adds when it begins at `start_slot`, cut to this outlook."""
        added = np.zeros(len(self.median_kw))
        offset = start_slot - self.first_slot
        first, end = max(offset, 0), min(offset + len(order.profile_kw), len(added))
        if first < end:
            added[first:end] = order.profile_kw[first - offset : end - offset]
        return added


@dataclass(frozen=True, slots=True)
class Rules:
    """Which starts a job may have in the current plan.

    A start lies between earliest and due, after the notice, wholly inside the shifts of the machine and inside the outlook, and the
    machine is free. Jobs that run, are fixed, or begin within the notice stay where they are.
    """

    plant: Plant
    settings: AdviceSettings
    now_utc: datetime
    first_slot: int
    end_slot: int
    staffed: Mapping[str, list[tuple[datetime, datetime]]]

    @staticmethod
    def at(plant: Plant, settings: AdviceSettings, now_utc: datetime, outlook: Outlook) -> Rules:
        """The rules that hold at `now_utc` for the span of `outlook`."""
        span = (slot_start(outlook.first_slot), slot_start(outlook.end_slot))
        staffed = {machine.id: staffed_spans(machine, plant, *span) for machine in plant.machines}
        return Rules(plant, settings, now_utc, outlook.first_slot, outlook.end_slot, staffed)

    def may_move(self, order: Order, lead: timedelta) -> bool:
        """Whether there is something to decide about `order`."""
        # A job that the outlook cuts would change the energy of the bill by being moved.
        start = slot_of(order.start_utc)
        in_reach = self.first_slot <= start and start + order.duration_quarters <= self.end_slot
        planned = order.movable and order.status is OrderStatus.PLANNED
        return planned and in_reach and order.start_utc >= self.now_utc + lead

    def starts(self, order: Order, orders: Mapping[str, Order], lead: timedelta) -> list[int]:
        """Slots at which `order` may begin instead, in order; its planned start is not among them."""
        if not self.may_move(order, lead):
            return []
        first = slot_of(quarter_from(max(order.earliest_utc, self.now_utc + lead)))
        last = min(slot_of(min(order.due_utc, order.deadline_utc) - order.duration), self.end_slot - order.duration_quarters)
        beside = others_on_machine(order, orders)
        planned = slot_of(order.start_utc)
        return [slot for slot in range(first, last + 1) if slot != planned and self._fits(order, slot_start(slot), beside)]

    def _fits(self, order: Order, start_utc: datetime, beside: Iterable[Order]) -> bool:
        return self.is_staffed(order, start_utc) and not any(overlaps(order, start_utc, other) for other in beside)

    def is_staffed(self, order: Order, start_utc: datetime) -> bool:
        """Whether the shifts of its machine cover `order` from `start_utc` to its end."""
        end_utc = start_utc + order.duration
        return any(first <= start_utc and end_utc <= last for first, last in self.staffed.get(order.machine, []))


def others_on_machine(order: Order, orders: Mapping[str, Order]) -> list[Order]:
    """The other jobs that take the machine of `order`, whenever."""
    there = (other for other in orders.values() if other.machine == order.machine and other.job != order.job)
    return [other for other in there if not other.status.is_over]


def overlaps(order: Order, start_utc: datetime, other: Order) -> bool:
    """Whether `order`, begun at `start_utc`, runs at a time at which `other` does."""
    return start_utc < other.end_utc and other.start_utc < start_utc + order.duration


def place_of(order: Order, start_utc: datetime | None = None) -> JobPlace:
    """Where `order` runs when it begins at `start_utc`; None: as it is planned."""
    start_utc = order.start_utc if start_utc is None else start_utc
    return JobPlace(order.job, order.machine, start_utc, start_utc + order.duration)


def load_change(moves: Iterable[tuple[JobPlace, JobPlace]], orders: Mapping[str, Order], outlook: Outlook) -> Load:
    """What moving jobs from one place to another adds to the load [kW]; a job that is not known any more adds nothing."""
    change_kw = np.zeros(len(outlook.median_kw))
    for was, then in moves:
        order = orders.get(was.job)
        if order is not None:
            there = order.on(then.machine) or order
            change_kw += outlook.profile(there, slot_of(then.start_utc)) - outlook.profile(order, slot_of(was.start_utc))
    return change_kw


def is_at(order: Order, place: JobPlace) -> bool:
    """Whether `order` is planned at `place`."""
    return order.status is not OrderStatus.CANCELLED and (order.machine, order.start_utc) == (place.machine, place.start_utc)


def is_movable_from(order: Order, place: JobPlace) -> bool:
    """Whether `order` is still planned at `place`, and may be moved from there."""
    return is_at(order, place) and order.movable and order.status is OrderStatus.PLANNED


def with_move(orders: Mapping[str, Order], job: str, to_slot: int, machine: str = "") -> dict[str, Order]:
    """The orders with the place reserved that `job` is to have; it keeps its present one until its move is carried out.

    So every move of a plan can be made by itself, in any order.

    Parameters
    ----------
    machine
        Where it is to run; empty: on its machine.
    """
    there = orders[job].on(machine or orders[job].machine) or orders[job]
    place = replace(there, job=f"{job} moved", start_utc=slot_start(to_slot), movable=False)
    return {**orders, place.job: place}

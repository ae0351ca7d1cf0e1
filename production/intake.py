"""What the room takes note of: quarter hours of the machines' meters and revisions of orders, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from domain.instants import NEVER_UTC
from domain.intervals import QUARTER_MS, Interval, IntervalQuality
from domain.orders import PROGRESS_SOURCE, Order, OrderStatus
from domain.plant import PLANT_FILE_REVISION, Plant, planned_orders
from production.meters import MachineMeters
from production.runs import Loads
from production.state import Notes, ProductionState
from quarters.newest import Newest, admit
from quarters.numbers import slot_of
from quarters.quality import is_sound
from quarters.series import QuarterSeries

KEPT_SLOTS = 35 * 96
"""Five weeks: what a regression looks at, and how late an order or a quarter hour may come."""
REPORTED_SLOTS = 7 * 96
"""How long a program that has reported where a machine's jobs stand is left to it."""


@dataclass(slots=True)
class News:
    """What some records have changed."""

    slots: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Meter -> the first and the last quarter hour that is new or another."""
    jobs: set[str] = field(default_factory=set)
    machines: set[str] = field(default_factory=set)
    """Of which a control reported something new."""

    def touch(self, meter: str, slot: int) -> None:
        """Note one quarter hour."""
        first, last = self.slots.get(meter, (slot, slot))
        self.slots[meter] = min(first, slot), max(last, slot)


class Intake:
    """Puts records into the state of one plant."""

    def __init__(self, plant: Plant, meters: MachineMeters) -> None:
        self._plant, self._meters = plant, meters
        self._machines = {machine.id for machine in plant.machines}
        self._most_kw = {meter.id: meter.max_power_kw for meter in plant.meters}

    def resumed(self, state: ProductionState) -> ProductionState:
        """A state with the jobs that the plant file has now; those that also came on the topic stay as they came."""
        notes = state.notes
        orders = {job: order for job, order in notes.orders.items() if order.revision > PLANT_FILE_REVISION}
        written = {order.job: order for order in planned_orders(self._plant) if order.machine in self._machines}
        if {**written, **orders} != notes.orders:
            notes.orders, state.encoded = {**written, **orders}, None
        return state

    def take_interval(self, state: ProductionState, interval: Interval, now_utc: datetime | None, news: News) -> None:
        """Note one quarter hour of a machine's meter; others are passed over."""
        meter = interval.meter
        if interval.site != self._plant.site.id or self._meters.channels.get(meter) != interval.channel:
            return
        before = state.notes.reach.get(meter, Newest())
        reach, counts = admit(before, interval, now_utc)
        if reach != before:
            state.notes.reach[meter], state.encoded = reach, None
        if reach.start_utc is None:
            return
        newest = slot_of(reach.start_utc)
        series = state.series.setdefault(meter, QuarterSeries())
        if before.start_utc is None or newest // 96 != slot_of(before.start_utc) // 96:
            series.forget(newest - KEPT_SLOTS, newest)
        for one in counts:
            slot = slot_of(one.start_utc)
            if newest - KEPT_SLOTS <= slot <= newest and series.put(_sound(one), newest):
                news.touch(meter, slot)
                state.encoded = None

    def take_order(self, state: ProductionState, order: Order, news: News) -> None:
        """Note one revision; of two with one number the first on the topic counts."""
        notes = state.notes
        if order.site != self._plant.site.id or order.machine not in self._machines or _is_gone(order, newest_slot(notes)):
            return
        known = notes.orders.get(order.job)
        overtaken = known is not None and known.revision == order.revision and order.job in notes.unconfirmed
        if overtaken:
            notes.unconfirmed.remove(order.job)
            state.encoded = None
        if known is not None and (
            order == known or known.revision > order.revision or (known.revision == order.revision and not overtaken)
        ):
            return
        self.note(state, order)
        news.jobs.add(order.job)

    def note(self, state: ProductionState, order: Order) -> None:
        """Take `order` for its job's newest revision.

        Who changes another field of a job that runs or is over, such as its due date, hands its status and start in again: that reports nothing.
        """
        notes, job = state.notes, order.job
        state.encoded = None
        before = notes.orders.get(job)
        if order.source == PROGRESS_SOURCE:
            if before is not None and before.source != PROGRESS_SOURCE:
                if before.status is OrderStatus.PLANNED:
                    notes.plans[job] = before
                else:
                    notes.plans.setdefault(job, before)
        else:
            same = before is not None and (before.status, before.start_utc) == (order.status, order.start_utc)
            if not same or before is None or _work_of(before) != _work_of(order):
                notes.plans.pop(job, None)
            if not same and order.status in (OrderStatus.RUNNING, OrderStatus.DONE) and order.start_utc < NEVER_UTC:
                notes.reporters[order.machine] = max(notes.reporters.get(order.machine, 0), slot_of(order.start_utc))
        notes.orders[job] = order

    def has_reporter(self, notes: Notes, machine: str, slot: int) -> bool:
        """Whether another program reports where the jobs of `machine` stand at `slot`."""
        reported = notes.reporters.get(machine)
        return reported is not None and abs(slot - reported) <= REPORTED_SLOTS

    def forget(self, state: ProductionState) -> None:
        """Drop jobs that ended before all that is kept, and reports of controls that are as old."""
        notes, newest = state.notes, newest_slot(state.notes)
        for signals in state.signals.values():
            signals.forget((newest - KEPT_SLOTS) * QUARTER_MS)
        written = {job.job for job in self._plant.orders}
        gone = {job for job, order in notes.orders.items() if job not in written and _is_gone(order, newest)}
        if gone:
            notes.orders = {job: order for job, order in notes.orders.items() if job not in gone}
            notes.plans = {job: order for job, order in notes.plans.items() if job not in gone}
            notes.unconfirmed = [job for job in notes.unconfirmed if job not in gone]
            state.encoded = None

    def loads(self, state: ProductionState, meter: str) -> Loads:
        """What is known of a meter; powers that its fuse does not let through are not known."""
        reach = state.notes.reach.get(meter)
        if reach is None or reach.start_utc is None:
            return Loads(0, np.empty(0))
        end = slot_of(reach.start_utc) + 1
        kw = state.series[meter].loads_kw(end - KEPT_SLOTS, end)
        kw[~(np.abs(kw) <= self._most_kw[meter])] = np.nan
        known = np.flatnonzero(np.isfinite(kw))
        first = int(known[0]) if len(known) else len(kw)
        return Loads(end - KEPT_SLOTS + first, kw[first:])


def newest_slot(notes: Notes) -> int:
    """The newest quarter hour of all meters; 0 before the first."""
    return max((slot_of(one.start_utc) for one in notes.reach.values() if one.start_utc is not None), default=0)


def ran_of(orders: Iterable[Order], end_slot: int) -> list[Order]:
    """Jobs that ran, run or should have begun before `end_slot`."""
    return [order for order in orders if order.status is not OrderStatus.CANCELLED and slot_of(order.start_utc) < end_slot]


def _is_gone(order: Order, newest: int) -> bool:
    return order.start_utc < NEVER_UTC and slot_of(order.start_utc) + order.duration_quarters < newest - KEPT_SLOTS


def _sound(interval: Interval) -> Interval:
    """The quarter hour, as missing where it does not rest on readings of it."""
    if is_sound(interval.quality):
        return interval
    return replace(interval, energy_uwh=None, quality=IntervalQuality.MISSING)


def _work_of(order: Order) -> tuple[int, tuple[float, ...]]:
    return order.duration_quarters, order.profile_kw

"""From counters of a plant's controls to records of what was made: quarter hour by quarter hour, once each is over.

In: readings of the channels that the plant file names, orders, and how far time has come.  Out: events of `domain.quality`, with the product that
was on the machine; a later count restates them by their next revision.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalOrigin
from domain.orders import Order, OrderStatus
from domain.plant import Machine, Plant
from domain.quality import COUNTER_SOURCE, QualityEvent
from domain.readings import CONNECTION_CHANNEL, Reading, ReadingQuality
from domain.texts import Key
from domain.units import Int64
from quarters.newest import Newest, admit
from quarters.numbers import slot_of, slot_start
from scrap.counters import KEPT_MS, MOST_COUNT, Counted, Counter, counted

CONNECTED = "connected"
"""Text of a device's connection report where it is in reach."""
CLOCK_SLACK = timedelta(minutes=5)
"""A reading that is dated further ahead of the plant's clock says nothing."""
MOST_ORDERS = 500
"""Orders remembered of machines that count: those that begin last."""
LONGEST_BLIND = 31 * 96
"""Quarter hours over which counts are one record at most."""
RESTATED_SLOTS = 192
"""How far back quarter hours are looked at again: two days."""
ORDERS_KEPT = timedelta(days=4)


@dataclass(slots=True)
class MachineCounts:
    """What is known of the counters of one machine. Changed in place."""

    counters: dict[str, Counter] = field(default_factory=dict)
    """By ``good``, ``scrap``, ``rework``."""
    lost_ms: list[Int64] = field(default_factory=list)
    """When its connection was lost, ascending."""
    published: list[QualityEvent] = field(default_factory=list)
    """Newest revisions of the last days, by start."""


@dataclass(slots=True)
class CountNotes:
    """Everything that counting remembers of a site. Changed in place."""

    machines: dict[Key, MachineCounts] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    """Newest revision of each job that has begun, on machines that count."""
    newest: Newest = field(default_factory=Newest)
    """How far the quarter hours of the site's meters reach."""

    @property
    def closed_slot(self) -> int:
        """First quarter hour that is not over yet."""
        return 0 if self.newest.start_utc is None else slot_of(self.newest.start_utc) + 1


class Counting:
    """The counters of one plant."""

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site.id
        self._counts: dict[tuple[str, str], tuple[str, str]] = {}
        self._devices: dict[str, list[str]] = {}
        self.machines: dict[str, Machine] = {}
        for machine in plant.machines:
            control = machine.control
            if control is None or not control.counts_scrap:
                continue
            self.machines[machine.id] = machine
            named = {"good": control.counts_good, "scrap": control.scrap_channel, "rework": control.rework_channel}
            for name, channel in named.items():
                if channel is not None:
                    self._counts[machine.meter, channel] = machine.id, name
            if control.device is not None:
                self._devices.setdefault(control.device, []).append(machine.id)

    def take_reading(self, notes: CountNotes, reading: Reading, now_utc: datetime | None) -> str | None:
        """Note one reading; the machine of which it says something new."""
        if reading.site != self._site or (now_utc is not None and reading.observed_ms > epoch_ms(now_utc + CLOCK_SLACK)):
            return None
        if reading.channel == CONNECTION_CHANNEL:
            if reading.text != CONNECTED:
                for machine in self._devices.get(reading.meter, ()):
                    _note_lost(notes.machines.setdefault(machine, MachineCounts()), reading.observed_ms)
            return None
        found = self._counts.get((reading.meter, reading.channel))
        value = reading.value
        if found is None or reading.quality is not ReadingQuality.GOOD or value is None or not 0 <= value <= MOST_COUNT:
            return None
        machine, name = found
        known = notes.machines.setdefault(machine, MachineCounts())
        if reading.origin == "history":  # the control has remembered, and is read afterwards: what was out of reach is known now
            known.lost_ms = [at_ms for at_ms in known.lost_ms if at_ms > reading.observed_ms]
        return machine if known.counters.setdefault(name, Counter()).put(reading.observed_ms, float(value)) else None

    def take_interval(self, notes: CountNotes, interval: Interval, now_utc: datetime | None) -> None:
        """Note how far time has come: a quarter hour that was measured is over."""
        if interval.site == self._site and interval.origin is IntervalOrigin.METERING:
            notes.newest, _ = admit(notes.newest, interval, now_utc)

    def is_late(self, notes: CountNotes, reading: Reading) -> bool:
        """Whether a reading is of a quarter hour that was taken to be over."""
        return reading.observed_ms < epoch_ms(slot_start(notes.closed_slot))

    def take_order(self, notes: CountNotes, order: Order) -> str | None:
        """Note one revision of an order; its machine, where that counts."""
        if order.site != self._site or order.machine not in self.machines:
            return None
        known = notes.orders.get(order.job)
        if known is not None and known.revision >= order.revision:
            return None
        if order.status not in (OrderStatus.RUNNING, OrderStatus.DONE):
            return order.machine if notes.orders.pop(order.job, None) is not None else None
        notes.orders[order.job] = order
        if len(notes.orders) > MOST_ORDERS:
            del notes.orders[min(notes.orders.values(), key=lambda one: (one.start_utc, one.job)).job]
        return order.machine

    def due(self, notes: CountNotes, machine: str) -> list[QualityEvent]:
        """What is new of one machine's quarter hours that are over."""
        known = notes.machines.get(machine)
        if known is None or not known.counters:
            return []
        floor_slot, closed_utc = notes.closed_slot - RESTATED_SLOTS, slot_start(notes.closed_slot)
        _forget_orders(notes, closed_utc)
        orders = [order for order in notes.orders.values() if order.machine == machine]
        standing = {event.event: event for event in known.published}
        found = []
        for one in counted(known.counters, known.lost_ms):
            if floor_slot < one.end_slot <= notes.closed_slot and one.end_slot - one.first_slot <= LONGEST_BLIND:
                event = self._event(orders, machine, one, standing.pop(_name_of(one), None), closed_utc)
                if event is not None:
                    found.append(event)
        found += [
            replace(event, revision=event.revision + 1, withdrawn=True, at_utc=closed_utc)
            for event in standing.values()
            if not event.withdrawn and event.end_utc > slot_start(floor_slot)  # older ones stay: their counts may be forgotten
        ]
        events = {event.event: event for event in (*known.published, *found)}
        kept = (event for event in events.values() if event.end_utc > slot_start(floor_slot))
        known.published = sorted(kept, key=lambda event: (event.start_utc, event.event))
        return found

    def _event(
        self, orders: Sequence[Order], machine: str, one: Counted, before: QualityEvent | None, closed_utc: datetime
    ) -> QualityEvent | None:
        start_utc, end_utc = slot_start(one.first_slot), slot_start(one.end_slot)
        order = _order_of(orders, start_utc, end_utc)
        product, job = ("", "") if order is None else (order.product, order.job)
        if before is not None and not product:
            product, job = before.product, before.job  # an order that was forgotten meanwhile
        event = QualityEvent(
            self._site, machine, _name_of(one), 0, start_utc, end_utc, closed_utc, product, job,
            one.good, one.scrap, one.rework, source=COUNTER_SOURCE,
        )  # fmt: skip
        if before is None:
            return event
        same = replace(event, revision=before.revision, at_utc=before.at_utc)
        return None if same == before else replace(event, revision=before.revision + 1)


def _note_lost(known: MachineCounts, at_ms: int) -> None:
    insort(known.lost_ms, at_ms)
    newest_ms = max((one.times_ms[-1] for one in known.counters.values() if one.times_ms), default=at_ms)
    known.lost_ms = [one for one in known.lost_ms if one >= newest_ms - KEPT_MS][-MOST_ORDERS:]


def _forget_orders(notes: CountNotes, closed_utc: datetime) -> None:
    old = [o.job for o in notes.orders.values() if o.status is OrderStatus.DONE and o.end_utc < closed_utc - ORDERS_KEPT]
    for job in old:
        del notes.orders[job]


def _name_of(one: Counted) -> str:
    return f"{COUNTER_SOURCE}/{one.first_slot * int(QUARTER.total_seconds())}"


def _order_of(orders: Sequence[Order], start_utc: datetime, end_utc: datetime) -> Order | None:
    """The job that was on the machine for the longest part of a span, of its `orders`."""

    def shared(order: Order) -> timedelta:
        ends_utc = (order.ended_utc or order.end_utc) if order.status is OrderStatus.DONE else max(order.end_utc, end_utc)
        return min(ends_utc, end_utc) - max(order.began_utc or order.start_utc, start_utc)

    best = max(orders, key=lambda order: (shared(order), order.job), default=None)
    return best if best is not None and shared(best) > timedelta(0) else None

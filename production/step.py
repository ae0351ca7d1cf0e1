"""The step of the production, keyed by site: orders, quarter hours of the machines' meters and reports of their controls to powers of jobs, and
to orders as they really ran.

What it writes to the orders comes back to it and is known already: what follows from the same records is the same, and is not published again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

import numpy as np

from domain.calendars import is_holiday
from domain.clock import Clock
from domain.intervals import QUARTER_MS
from domain.job_power import JobPower, MachineProduct, with_power
from domain.orders import LoadCurve, Order, OrderStatus
from domain.plant import Machine, Plant
from domain.steps import Outputs, Records
from domain.topics import INTERVALS, JOB_POWERS, ORDERS, READINGS
from production.activity import Activity, by_load, together
from production.controls import Controls
from production.intake import Intake, News, newest_slot, ran_of
from production.learning import Subject, is_news, power_from_regression, power_from_runs, with_runs
from production.meters import machine_meters
from production.progress import Made, progressed
from production.regression import JobSpans, job_coefficients
from production.runs import Loads, idle_kw, run_of, spans_of
from production.signals import Signals
from production.state import ProductionState, decode_state, encode_state
from quarters.numbers import slot_of, slot_start

DAY_SLOTS = 96
NO_LOADS = Loads(0, np.empty(0))
MOST_IDLE_SHARE = 1.0
"""Of the rated power: a machine that draws more between jobs than it is rated for was measured while it ran."""


class Production:
    """Learns what jobs draw, and reports when they really ran.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._plant, self._clock = plant, clock
        self._meters = machine_meters(plant)
        self._machines = {machine.id: machine for machine in plant.machines}
        self._intake = Intake(plant, self._meters)
        self._controls = Controls(plant)
        self._controlled = {machine.id for machine in self._controls.machines}
        self._levels = Levels(plant)

    def initial(self, key: str) -> ProductionState:
        """Nothing known but the jobs in the plant file."""
        return self._intake.resumed(ProductionState())

    def encode(self, state: ProductionState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> ProductionState:
        """The state that `encode` made, with the jobs that the plant file has now."""
        return self._intake.resumed(decode_state(stored))

    def take(self, key: str, state: ProductionState, records: Records) -> tuple[ProductionState, Outputs]:
        """Note all, then look at each machine of which something is new."""
        now_utc = None if self._clock is None else self._clock.now_utc()
        news, before = News(), newest_slot(state.notes)
        for topic, record in records:
            if topic is INTERVALS:
                self._intake.take_interval(state, record, now_utc, news)
            elif topic is ORDERS:
                self._intake.take_order(state, record, news)
            elif topic is READINGS:
                news.machines.update(self._controls.take(state.signals, record, now_utc))
        if newest_slot(state.notes) // DAY_SLOTS != before // DAY_SLOTS:
            self._intake.forget(state)
        changed = {state.notes.orders[job].machine for job in news.jobs if job in state.notes.orders}
        outputs: Outputs = []
        for machine, meter in self._meters.own.items():
            if machine in changed or machine in news.machines or meter in news.slots:
                outputs += self._look_at(state, self._machines[machine], meter, news)
        for machine in sorted(self._controlled - self._meters.own.keys()):
            if machine in changed or machine in news.machines or news.slots:
                outputs += [(ORDERS, order) for order in self._progress(state, self._machines[machine], NO_LOADS, 0.0, news)]
        for meter in self._meters.shared:
            if meter in news.slots or changed & self._meters.below[meter]:
                outputs += [(JOB_POWERS, power) for power in self._regress(state, meter)]
        return state, outputs

    # A machine with a meter of its own.

    def _look_at(self, state: ProductionState, machine: Machine, meter: str, news: News) -> Outputs:
        loads = self._intake.loads(state, meter)
        orders = self._orders_on(state, machine)
        if not orders or not (len(loads.kw) or machine.id in state.signals):
            return []
        idle = idle_kw(loads, spans_of(ran_of(orders, loads.end_slot)))
        if idle is None or idle > MOST_IDLE_SHARE * machine.rated_kw:
            idle = machine.standby_kw
        revisions = self._progress(state, machine, loads, idle, news)
        orders = [state.notes.orders[order.job] for order in orders]
        powers = self._learn(state, loads, idle, orders, _measured_again(orders, meter, news))
        return [*((ORDERS, order) for order in revisions), *((JOB_POWERS, power) for power in powers)]

    def _progress(self, state: ProductionState, machine: Machine, loads: Loads, idle: float, news: News) -> list[Order]:
        notes, powers, signals = state.notes, state.notes.powers(), state.signals.get(machine.id)
        end_ms = self._known_until_ms(state, signals, loads)
        if self._intake.has_reporter(notes, machine.id, end_ms // QUARTER_MS):
            return []
        by_control = None if signals is None else signals.activity(end_ms)

        @cache
        def activity(curve_kw: LoadCurve) -> Activity:
            drawn = by_load(loads, idle, machine.rated_kw, curve_kw)
            return drawn if by_control is None else together(by_control, drawn)

        def activity_of(order: Order) -> Activity:
            return activity(with_power(order, powers).profile_kw)

        def made_of(order: Order, begin_ms: int) -> Made | None:
            return None if signals is None or order.quantity is None else signals.made(begin_ms, order.quantity)

        revisions = progressed(self._orders_on(state, machine), notes.plans, activity_of, made_of)
        for revision in revisions:
            self._intake.note(state, revision)
            if revision.job not in notes.unconfirmed:
                notes.unconfirmed.append(revision.job)
        news.jobs.update(order.job for order in revisions)
        return revisions

    def _orders_on(self, state: ProductionState, machine: Machine) -> list[Order]:
        return [order for order in state.notes.orders.values() if order.machine == machine.id]

    def _known_until_ms(self, state: ProductionState, signals: Signals | None, loads: Loads) -> int:
        """First instant of which nothing is known of a machine. A report moves it no more than a day beyond the quarter hours of all meters."""
        by_load_ms, newest = loads.end_slot * QUARTER_MS, newest_slot(state.notes)
        if signals is None:
            return by_load_ms
        reported_ms = signals.newest_ms + 1
        if newest:
            measured_ms = (newest + 1) * QUARTER_MS
            reported_ms = max(measured_ms, min(reported_ms, measured_ms + DAY_SLOTS * QUARTER_MS))
        return max(by_load_ms, reported_ms)

    def _learn(
        self, state: ProductionState, loads: Loads, idle: float, orders: list[Order], measured: list[Order]
    ) -> Iterable[JobPower]:
        spans = {order.job: spans_of([order])[0] for order in ran_of(orders, loads.end_slot)}
        by_product: dict[tuple[str, str], list[Order]] = {}
        for order in measured:
            by_product.setdefault((order.machine, order.product), []).append(order)
        for (machine, product), jobs in sorted(by_product.items()):
            found = (run_of(job, loads, idle, [span for name, span in spans.items() if name != job.job]) for job in jobs)
            runs = [run for run in found if run is not None]
            if not runs:
                continue
            learned = state.notes.of(machine, product)
            learned.runs, state.encoded = with_runs(learned.runs, runs), None
            power = power_from_runs(Subject(self._plant.site.id, machine, product), learned.runs, idle, learned.published)
            if power is not None and is_news(learned.published, power):
                learned.published = power
                yield power

    # A meter that machines share.

    def _regress(self, state: ProductionState, meter: str) -> Iterable[JobPower]:
        notes, loads = state.notes, self._intake.loads(state, meter)
        below = self._meters.below[meter]
        jobs = [
            order
            for order in notes.orders.values()
            if order.machine in below and order.status in (OrderStatus.DONE, OrderStatus.RUNNING)
        ]
        ran = sorted((order for order in ran_of(jobs, loads.end_slot)), key=lambda order: (order.start_utc, order.job))
        stamp = loads.end_slot // DAY_SLOTS, sum(order.status is OrderStatus.DONE for order in ran)
        if not ran or notes.regressed.get(meter) == stamp:
            return
        notes.regressed[meter], state.encoded = stamp, None
        places: dict[MachineProduct, list[tuple[int, int]]] = {}
        lengths: dict[MachineProduct, list[int]] = {}
        for order, (begin, end) in zip(ran, spans_of(ran), strict=True):
            place = max(begin - loads.first_slot, 0), min(end, loads.end_slot) - loads.first_slot
            if place[0] < place[1]:
                places.setdefault((order.machine, order.product), []).append(place)
                lengths.setdefault((order.machine, order.product), []).append(order.duration_quarters)
        levels, days = self._levels.of(loads.first_slot, loads.end_slot)
        spans = {name: JobSpans(tuple(found)) for name, found in sorted(places.items())}
        for (machine, product), coefficient in job_coefficients(loads.kw, levels, days, spans).items():
            if machine not in self._meters.shared[meter]:
                continue
            learned = notes.of(machine, product)
            quarters = sorted(lengths[machine, product])[len(lengths[machine, product]) // 2]
            subject = Subject(self._plant.site.id, machine, product)
            power = power_from_regression(subject, coefficient, quarters, loads.end_slot, learned.published)
            if is_news(learned.published, power):
                learned.published = power
                yield power


class Levels:
    """Weekday and hour of quarter hours on the plant's clock; holidays are a day of the week of their own."""

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site

    def of(
        self, first_slot: int, end_slot: int
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """Level and local day of each quarter hour of ``[first_slot, end_slot)``."""
        weekdays: dict[date, int] = {}
        levels, days = np.empty(end_slot - first_slot, np.int64), np.empty(end_slot - first_slot, np.int64)
        for place in range(end_slot - first_slot):
            local = slot_start(first_slot + place).astimezone(self._site.zone)
            day = local.date()
            if day not in weekdays:
                weekdays[day] = 7 if is_holiday(day, self._site) else day.weekday()
            levels[place], days[place] = weekdays[day] * 24 + local.hour, day.toordinal()
        return levels, days


def _measured_again(orders: list[Order], meter: str, news: News) -> list[Order]:
    """Jobs that are done, and new or with quarter hours that are."""
    first, last = news.slots.get(meter, (0, -1))
    done = [order for order in orders if order.status is OrderStatus.DONE]
    return [
        order
        for order in done
        if order.job in news.jobs
        or (slot_of(order.start_utc) <= last and first < slot_of(order.start_utc) + order.duration_quarters)
    ]

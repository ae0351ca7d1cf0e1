"""Orders as a lifelike plant has them: typed with wrong curves, and rush orders that nobody knew in the morning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from domain.calendars import ShiftInstance, shift_instances
from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from quarters.periods import midnight_utc
from simulation.lifelike import Nature
from simulation.noise import dice
from simulation.orders import nominal_profile

RUSH = "rush"
"""In the name of every rush order."""
RUSH_JOBS = (
    ("furnace-2", "shaft-harden", 8),
    ("furnace-1", "shaft-harden", 8),
    ("moulding-3", "clip", 10),
    ("washer", "wash-load", 6),
)
RUSH_SHIFTS = ("early", "late")
SLACK = 6 * QUARTER
"""How much later than planned a rush order may end."""


def is_rush(order: Order) -> bool:
    """Whether `order` is a rush order."""
    return f"-{RUSH}-" in order.job


def as_typed(orders: Iterable[Order], nature: Nature) -> list[Order]:
    """The orders with the curves that somebody has typed, in order of their start."""
    typed = [
        replace(
            order,
            profile_kw=tuple(round(power_kw * nature.typed(order.machine, order.product), 1) for power_kw in order.profile_kw),
        )
        for order in orders
    ]
    return sorted(typed, key=lambda order: (order.start_utc, order.job))


def rush_orders(plant: Plant, nature: Nature, day: date, planned: Sequence[Order], scale: float) -> list[Order]:
    """Rush orders of the shifts that begin on a local day, each where its machine is free in the plan; known only some hours before."""
    midnight = midnight_utc(day, plant.site.zone)
    shifts = [shift for shift in plant.shifts if shift.id in RUSH_SHIFTS]
    instances = [one for one in shift_instances(shifts, plant, midnight, midnight + timedelta(hours=24)) if one.day_local == day]
    taken = list(planned)
    found: list[Order] = []
    for instance in instances:
        chance = dice(nature.seed, RUSH, day, instance.shift)
        if chance.random() >= nature.settings.rush_orders_a_week / 9:  # five early and four late shifts a week
            continue
        place = _place(instance, chance, taken)
        if place is None:
            continue
        (machine, product, quarters), start = place
        job = f"{day:%y%m%d}-{machine}-{RUSH}-{len(found) + 1}"
        profile = tuple(round(power_kw * scale, 1) for power_kw in nominal_profile(machine, quarters))
        known = start - nature.settings.rush_notice
        due = start + quarters * QUARTER + SLACK
        order = Order(plant.site.id, job, 1, machine, product, start, profile, start, due, True, OrderStatus.PLANNED, known)
        taken.append(order)
        found.append(order)
    return found


def _place(instance: ShiftInstance, chance: Random, taken: Iterable[Order]) -> tuple[tuple[str, str, int], datetime] | None:
    """Which job is pressing, and when its machine is free for it; None where every machine is busy until the end of the shift."""
    for machine, product, quarters in chance.sample(RUSH_JOBS, len(RUSH_JOBS)):
        last = (instance.end_utc - instance.start_utc) // QUARTER - quarters
        wanted = instance.start_utc + chance.randint(0, last) * QUARTER
        start = _free_from(machine, quarters * QUARTER, wanted, instance.end_utc, taken)
        if start is not None:
            return (machine, product, quarters), start
    return None


def _free_from(machine: str, length: timedelta, start_utc: datetime, end_utc: datetime, taken: Iterable[Order]) -> datetime | None:
    """The first start from `start_utc` on at which the machine is free until the end, within the shift; None where there is none."""
    for other in sorted((one for one in taken if one.machine == machine), key=lambda one: one.start_utc):
        if start_utc < other.end_utc and other.start_utc < start_utc + length:
            start_utc = other.end_utc
    return start_utc if start_utc + length <= end_utc else None

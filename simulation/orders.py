"""The naive production plan: what a planner who looks at due dates, and not at power, writes down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from domain.calendars import ShiftInstance, shift_instances
from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from quarters.periods import midnight_utc
from simulation.layout import JOB_MACHINES
from simulation.lifelike import AS_PLANNED, Effort
from simulation.loads import make_machines
from simulation.machines import Furnace, Washer
from simulation.noise import dice
from simulation.surroundings import QUARTER_S

WORK_SHIFTS = ("early", "late", "night")


@dataclass(frozen=True, slots=True)
class Draft:
    """One job of a shift: start and window in quarter hours from the shift's start."""

    machine: str
    product: str
    start: int
    quarters: int
    movable: bool = False
    earliest: int | None = None
    due: int | None = None


def day_orders(plant: Plant, seed: int, day: date, first_live_day: date, scale: float = 1.0, all_day: bool = False) -> list[Order]:
    """Orders of all shifts that begin on the local `day`, in order of their start, revision 1, planned."""
    zone = plant.site.zone
    midnight = midnight_utc(day, zone)
    shifts = [s for s in plant.shifts if s.id in WORK_SHIFTS]
    orders: list[Order] = []
    counts: dict[str, int] = {}
    for instance in shift_instances(shifts, plant, midnight, midnight + timedelta(hours=30)):
        if instance.day_local != day:
            continue
        for draft in shift_drafts(seed, instance, first_live_day, all_day):
            number = counts[draft.machine] = counts.get(draft.machine, 0) + 1
            orders.append(
                _order(
                    plant,
                    instance,
                    draft,
                    f"{day:%y%m%d}-{draft.machine}-{number}",
                    midnight - timedelta(days=2),
                    scale,
                )
            )
    return sorted(orders, key=lambda order: (order.start_utc, order.job))


def shift_drafts(seed: int, instance: ShiftInstance, first_live_day: date, all_day: bool = False) -> list[Draft]:
    """Jobs of one shift. In the past somebody staggered the heat-ups; from the first live day on, on rush days, nobody does."""
    if instance.shift == "early" and instance.day_local >= first_live_day:
        days = (instance.day_local - first_live_day).days
        if days == 0:
            return _batches_all_day() if all_day else _rush_friday()
        if days % 7 in (3, 5):
            return _rush_shift(_ordinary(seed, instance))
    return _ordinary(seed, instance)


def _ordinary(seed: int, instance: ShiftInstance) -> list[Draft]:
    chance = dice(seed, "plan", instance.day_local, instance.shift)
    late = chance.choice((0, 0, 1))
    later = late + chance.choice((0, 1))
    drafts = [
        Draft("furnace-1", "gear-carburise", 1 + late, 10, True),
        Draft("furnace-1", "gear-carburise", 12 + late, 10, True),
        Draft("furnace-1", "shaft-harden", 23 + late, 8, True),
        Draft("furnace-2", "shaft-harden", 6 + later, 8, True),
        Draft("furnace-2", "pin-carburise", 17 + later, 10, True),
    ]
    drafts = [draft for draft in drafts if chance.random() > 0.12]
    for number, product in ((1, "housing"), (2, "cover"), (3, "clip")):
        begin = chance.randint(0, 3)
        if number < 3 or chance.random() < 0.75:
            drafts.append(Draft(f"moulding-{number}", product, begin, 31 - begin))
    drafts += [
        Draft(f"press-{n}", product, 1, 30)
        for n, product, share in ((1, "bracket", 0.9), (2, "flange", 0.8))
        if chance.random() < share
    ]
    drafts.append(Draft("cnc-line", "hub", 0, 32))
    drafts += [Draft("washer", "wash-load", start + chance.randint(0, 1), 6, True) for start in (4, 14, 25)]
    return drafts


def _rush_friday() -> list[Draft]:
    """The Friday on which two rush batches and a moulding job all begin at half past nine, and two again at noon."""
    return [
        Draft("furnace-1", "gear-carburise", 1, 10),
        Draft("furnace-1", "shaft-harden", 14, 8),
        Draft("furnace-1", "shaft-harden", 24, 8),
        Draft("furnace-2", "shaft-harden", 14, 8, True, earliest=4, due=32),
        Draft("furnace-2", "shaft-harden", 25, 8, True, earliest=22, due=64),
        Draft("moulding-1", "housing", 1, 30),
        Draft("moulding-2", "cover", 2, 29),
        Draft("moulding-3", "clip", 14, 16, True, earliest=4, due=32),
        Draft("press-1", "bracket", 1, 30),
        Draft("press-2", "flange", 1, 30),
        Draft("cnc-line", "hub", 0, 32),
        Draft("washer", "wash-load", 4, 6, True, earliest=0, due=13),
        Draft("washer", "wash-load", 14, 6, True, earliest=10, due=24),
        Draft("washer", "wash-load", 25, 6, True, earliest=20, due=32),
    ]


def _batches_all_day() -> list[Draft]:
    """A Friday whose heat-ups follow each other into the evening: whenever the site peaks, a batch can be moved."""
    furnace_1 = [Draft("furnace-1", "shaft-harden", start, 8, True, earliest=0, due=32) for start in (1, 9, 18)]
    furnace_2 = [Draft("furnace-2", "pin-anneal", start, 6, True, earliest=0, due=64) for start in (5, 13, 21, 28, 34, 40)]
    others = [d for d in _rush_friday() if not d.machine.startswith("furnace")]
    return [*furnace_1, *furnace_2, *others]


def _rush_shift(drafts: list[Draft]) -> list[Draft]:
    """The second batches of both furnaces begin at once, three hours into the shift."""
    kept = [d for d in drafts if d.machine not in ("furnace-2", "washer")]
    return [
        *kept,
        Draft("furnace-2", "shaft-harden", 13, 8, True, earliest=4, due=48),
        Draft("furnace-2", "shaft-harden", 24, 8, True, earliest=22, due=56),
        Draft("washer", "wash-load", 13, 6, True, earliest=4, due=32),
    ]


def _order(plant: Plant, instance: ShiftInstance, draft: Draft, job: str, planned_utc: datetime, scale: float) -> Order:
    start = instance.start_utc + draft.start * QUARTER
    length = draft.quarters * QUARTER
    earliest = instance.start_utc + (draft.earliest if draft.earliest is not None else max(0, draft.start - 8)) * QUARTER
    due = instance.start_utc + draft.due * QUARTER if draft.due is not None else start + length + 2 * QUARTER
    if draft.due is None and draft.movable:
        due = max(due, instance.end_utc)
    if not draft.movable:
        earliest, due = start, start + length
    profile = tuple(round(power * scale, 1) for power in nominal_profile(draft.machine, draft.quarters))
    return Order(
        site=plant.site.id,
        job=job,
        revision=1,
        machine=draft.machine,
        product=draft.product,
        start_utc=start,
        profile_kw=profile,
        earliest_utc=earliest,
        due_utc=due,
        movable=draft.movable,
        status=OrderStatus.PLANNED,
        at_utc=planned_utc,
    )


@lru_cache(maxsize=256)
def nominal_profile(machine: str, quarters: int) -> tuple[float, ...]:
    """Mean power above idle [kW] of each quarter hour of a job, from the machine's own physics without noise.

    A furnace starts at its ready temperature, a barrel lukewarm, a bath at 40 °C.
    """
    return job_profile(machine, quarters, AS_PLANNED)


def job_profile(machine: str, quarters: int, effort: Effort) -> tuple[float, ...]:
    """The same for a job that takes `effort`."""
    if machine not in JOB_MACHINES:
        msg = f"machine {machine!r} runs no jobs; expected one of {', '.join(JOB_MACHINES)}"
        raise ValueError(msg)
    part = make_machines()[machine]
    if isinstance(part, Furnace):
        part.temperature_c = part.ready_c
    elif isinstance(part, Washer):
        part.bath_c = 40.0
    means = []
    for quarter in range(quarters):
        total = 0.0
        for step in range(0, QUARTER_S, 5):
            t = quarter * QUARTER_S + step
            if isinstance(part, Furnace):
                total += part.step(t, 5, "job", True, False, 0.0, effort)
            elif isinstance(part, Washer):
                total += part.step(t, 5, "job", 0.0, effort)
            elif machine.startswith("moulding"):
                total += part.step(t, 5, "job", True, 0.0, effort)
            else:
                total += part.step(t, 5, "job", True, False, 0.0, effort)
        means.append(max(0.0, total / (QUARTER_S / 5) - part.idle_kw()))
    return tuple(round(mean, 1) for mean in means)

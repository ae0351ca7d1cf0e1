"""What a moved job drew where it ran, and what it would have drawn at its old place.

In: a job's places, its order as it really ran, the quarter hours of its machine, learned and typed powers.  Out: a `Draw`, or why there is none.

The job at its old place is the job as it was measured, begun there: same batch, same length. Where its machine has no sound quarter hours the
learned power stands for both, then the typed one, with a wider band. What is neither measured, learned nor typed is not known, which is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.effects import Basis, Outcome
from domain.job_power import JobPower, MachineProduct, stretched
from domain.orders import Order, OrderStatus
from domain.recommendations import JobPlace
from effects.series import Floats, Powers
from quarters.numbers import slot_of

NEAR_SLOTS = 1
"""A job that began within this many quarter hours of a place ran there."""
EARLY_SLOTS, LATE_SLOTS = 1, 4
"""Quarter hours before and after a job's order in which its machine may still show it: it began late, or took longer."""
STEPS = 5
"""Parts of a quarter hour to which the beginning of a job is looked for."""
ON_TIME_SLOTS = 0.3
"""Of a quarter hour: begun so little before its end, a job belongs to the next one."""
FITS_SHARE = 0.3
"""Of what a machine drew (as a sum of squares) a job's usual curve must explain, or it says nothing of when the job began."""
FEWEST_IDLE = 4
UNREPORTED_SLOTS = 24
"""Quarter hours after the end of a job that nobody reported as done: from then on it is taken to have run as planned."""
NEAR_IDLE_SLOTS = 16
"""Quarter hours beside a job that show what its machine draws between jobs."""

MEASURED_SPREAD = 0.08
"""Standard deviation of what the same batch draws at another time, as a share: machines drift, baths are warmer. As measured with
`effects.undoing.FAR_SHIFT_SLOTS`."""
TYPED_SPREAD = 0.15
"""The same of a power that somebody typed."""
OTHER_MACHINE_SPREAD = 0.15
"""The same of a batch that was measured on another machine than the one of its old place."""
NOTHING: Floats = np.zeros(0)
NORMAL_Q90 = 1.2816
"""The 90 % quantile of the normal distribution in standard deviations."""


class Lack(StrEnum):
    """Why the effect of a moved job is not known."""

    NO_ORDER = "no_order"
    """Nothing is known of the job."""
    NOT_OVER = "not_over"
    """It has not ended."""
    NO_POWER = "no_power"
    """What it drew is neither measured, learned nor typed."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One moved job: what it drew above its machine's idle power, where it ran and where it would have run."""

    real_slot: int
    real_kw: Floats
    """Successive quarter hours from `real_slot` on [kW]."""
    old_slot: int
    old_kw: Floats
    spread: float
    """Standard deviation of `old_kw`, as a share of it; of `real_kw` too unless that was measured."""
    basis: Basis
    outcome: Outcome

    @property
    def is_measured(self) -> bool:
        """Whether `real_kw` comes from the machine's own meter."""
        return self.basis is Basis.SUB_METER


@dataclass(frozen=True, slots=True)
class Ran:
    """What is known of a job when it is looked at."""

    order: Order | None
    """Its newest revision."""
    now_slot: int
    """Up to which quarter hour the load is known."""
    machine: Powers | None
    """Quarter hours of the meter of the machine that it ran on; None: it has none of its own."""
    others: Sequence[Order] = ()
    """The machine's other jobs."""
    standby_kw: float = 0.0
    """By the plant file: where the quarter hours do not show what the machine draws between jobs."""


def draw_of(before: JobPlace, after: JobPlace, ran: Ran, powers: Mapping[MachineProduct, JobPower]) -> Draw | Lack:
    """What became of one job that was to go from `before` to `after`."""
    order, old_slot = ran.order, slot_of(before.start_utc)
    if order is None:
        return Lack.NO_ORDER
    if order.status is OrderStatus.CANCELLED:  # it would have been cancelled at its old place, too
        return Draw(old_slot, NOTHING, old_slot, NOTHING, 0.0, Basis.NONE, Outcome.NOT_CARRIED_OUT)
    over = slot_of(order.start_utc) + order.duration_quarters + (0 if order.status is OrderStatus.DONE else UNREPORTED_SLOTS)
    if over + LATE_SLOTS > ran.now_slot:
        return Lack.NOT_OVER
    measured = _measured(order, ran, powers)
    if measured is not None:
        begin, real_kw = measured
        spread = MEASURED_SPREAD if before.machine == order.machine else OTHER_MACHINE_SPREAD
        return Draw(begin, real_kw, old_slot, real_kw, spread, Basis.SUB_METER, outcome_of(before, after, order, begin))
    begin = slot_of(order.start_utc)
    outcome = outcome_of(before, after, order, begin)
    found = _curve(order, order.machine, order.duration_quarters, powers)
    if found is None:
        return Lack.NO_POWER
    real_kw, spread, basis = found
    quarters = (before.end_utc - before.start_utc) // (order.duration / order.duration_quarters)
    there = order.on(before.machine) if before.machine != order.machine else None
    old = found if before.machine == order.machine else _curve(there or order, before.machine, max(quarters, 1), powers)
    old_kw, old_spread, _ = old or (real_kw, OTHER_MACHINE_SPREAD, basis)
    return Draw(begin, real_kw, old_slot, old_kw, max(spread, old_spread), basis, outcome)


def outcome_of(before: JobPlace, after: JobPlace, order: Order, begin: int) -> Outcome:
    """What was done of a move, by where the job really began."""
    was, then = slot_of(before.start_utc), slot_of(after.start_utc)
    if order.machine == after.machine and abs(begin - then) <= NEAR_SLOTS < abs(then - was):
        return Outcome.AS_ADVISED
    if order.machine == after.machine and begin == then:
        return Outcome.AS_ADVISED
    is_near = abs(begin - was) <= min(NEAR_SLOTS, (abs(then - was) - 1) // 2)
    if order.machine == before.machine and (is_near or order.start_utc == before.start_utc):
        return Outcome.NOT_CARRIED_OUT
    return Outcome.LATE if order.machine == after.machine and begin > max(then, was) else Outcome.IN_PART


def _measured(order: Order, ran: Ran, powers: Mapping[MachineProduct, JobPower]) -> tuple[int, Floats] | None:
    """First quarter hour of a job, and what its machine drew above its idle power; None where a quarter hour of it is missing or in doubt."""
    machine = ran.machine
    begin, end = slot_of(order.start_utc), slot_of(order.start_utc) + order.duration_quarters
    if machine is None or not np.isfinite(machine.between(begin, end).sound_kw).all():
        return None
    first, last = _free_beside(begin, end, ran.others)
    sound = machine.between(first, last).sound_kw
    above = np.where(np.isfinite(sound), np.maximum(sound - _idle_kw(begin, end, machine, ran), 0.0), 0.0)
    curve = _curve(order, order.machine, order.duration_quarters, powers)
    late = 0.0 if curve is None else _late_slots(curve[0], above, begin - first)
    real = max(begin + int(np.floor(late + ON_TIME_SLOTS)), first)
    until = min(real + order.duration_quarters + 1, last)
    return real, above[real - first : until - first]


def _late_slots(curve_kw: Floats, above_kw: Floats, place: int) -> float:
    """How much later than at `place` a job began, by where its usual curve fits best what its machine drew [quarter hours].

    0 where it fits nowhere: the order's word then counts.
    """
    best, found = FITS_SHARE * float(above_kw @ above_kw), 0.0
    for step in range(-EARLY_SLOTS * STEPS, LATE_SLOTS * STEPS + 1):
        whole, part = divmod(step, STEPS)
        share = part / STEPS
        curve = np.append(curve_kw, 0.0) * (1 - share) + np.append(0.0, curve_kw) * share
        begin = place + whole
        laid = np.zeros(len(above_kw))
        until = min(begin + len(curve), len(laid))
        if begin < 0 or until <= begin:
            continue
        laid[begin:until] = curve[: until - begin]
        energy = float(laid @ laid)
        gain = max(float(laid @ above_kw), 0.0) ** 2 / energy if energy > 0 else 0.0
        if gain > best + 1e-9:
            best, found = gain, step / STEPS
    return found


def _free_beside(begin: int, end: int, others: Sequence[Order]) -> tuple[int, int]:
    """How far around ``[begin, end)`` no other job has the machine."""
    first, last = begin - EARLY_SLOTS, end + LATE_SLOTS
    for other in others:
        other_begin = slot_of(other.start_utc)
        other_end = other_begin + other.duration_quarters
        if other_begin < begin:
            first = max(first, min(other_end, begin))
        elif other_begin >= begin:
            last = min(last, max(other_begin, end))
    return first, last


def _idle_kw(begin: int, end: int, machine: Powers, ran: Ran) -> float:
    """What the machine draws between jobs, near this one."""
    first, last = begin - NEAR_IDLE_SLOTS, end + NEAR_IDLE_SLOTS
    near = machine.between(first, last).sound_kw
    free = np.ones(len(near), np.bool_)
    spans = [(begin, end), *((slot_of(one.start_utc), slot_of(one.start_utc) + one.duration_quarters) for one in ran.others)]
    for busy, until in spans:
        free[max(busy - 1 - first, 0) : max(until + 2 - first, 0)] = False
    idle = near[free & np.isfinite(near)]
    return float(np.percentile(idle, 25)) if len(idle) >= FEWEST_IDLE else ran.standby_kw


def _curve(
    order: Order, machine: str, quarters: int, powers: Mapping[MachineProduct, JobPower]
) -> tuple[Floats, float, Basis] | None:
    """A job's power where it was not measured [kW], its spread as a share, and where it is from."""
    learned = powers.get((machine, order.product))
    if learned is not None:
        middle = np.array(stretched(learned.q50_kw, quarters))
        width = np.array(stretched(learned.q90_kw, quarters)) - np.array(stretched(learned.q10_kw, quarters))
        mean = float(middle.sum())
        spread = float(width.sum()) / (2 * NORMAL_Q90 * mean) if mean > 0 else TYPED_SPREAD
        return middle, max(spread, MEASURED_SPREAD), Basis.LEARNED
    if order.profile_kw and machine == order.machine:
        return np.array(stretched(order.profile_kw, quarters)), TYPED_SPREAD, Basis.TYPED
    return None

"""When a job really began and ended, by its machine.

In: a machine's orders, and whether it runs (`production.activity`), quarter hour by quarter hour.  Out: the orders' next revisions.

Everything follows from these alone: the same again publishes nothing. A job that is late is late by fact; those behind it stay where they are planned.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from domain.instants import NEVER_UTC
from domain.job_power import stretched
from domain.orders import MOST_QUARTERS, PROGRESS_SOURCE, Order, OrderStatus
from domain.units import MOST_INT64
from production.activity import OFF, ON, Activity
from quarters.numbers import slot_of, slot_start

EARLY_SLOTS = 4
"""A job may begin this much before its planned start."""
LATE_SLOTS = 48
"""After this much it did not run, whatever runs then."""
PROOF_SLOTS = 2
"""Quarter hours that a long job must have run before it is taken to run: a machine is tried out, too. A short one needs a quarter of its length."""
PAUSE_SLOTS = 2
"""Quarter hours off in a row that end a job."""
BREAKDOWN_SLOTS = 16
"""Quarter hours off in a row that end a job which has run less than half its length: before it may be a breakdown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job ran, ``[begin, end)``; `is_over` where it has ended."""

    begin: int
    end: int
    is_over: bool


def progressed(orders: Collection[Order], plans: Mapping[str, Order], activity_of: Callable[[Order], Activity]) -> list[Order]:
    """The next revisions of one machine's `orders`, those of which more is known than they say.

    Jobs begin in the order of their plan: of two that could have begun, the one planned first has. Where a machine is not meant to pause between
    two jobs for `PAUSE_SLOTS`, the first is taken to have lasted no longer than planned.

    Parameters
    ----------
    plans
        Job -> its newest revision that somebody planned: how long it was meant to take. What is missing is planned as its order says.
    activity_of
        Whether the machine runs, as far as one of its jobs can be seen.
    """
    standing = [order for order in orders if not order.status.is_over and order.start_utc < NEVER_UTC]
    standing.sort(key=lambda order: (order.status is not OrderStatus.RUNNING, order.start_utc, order.job))
    done, free_from = [order for order in orders if order.status is OrderStatus.DONE], 0
    found = []
    for number, order in enumerate(standing):
        activity = activity_of(order)
        # What somebody dated ahead of all that is measured, such as 9999-12-31, holds no other job up.
        free_from = max((free_from, *(slot_of(one.end_utc) for one in done if slot_of(one.start_utc) < activity.end_slot)))
        if free_from > activity.end_slot:  # a job that somebody dated ahead of what is measured
            break
        behind = slot_of(standing[number + 1].start_utc) if number + 1 < len(standing) else None
        plan = plans.get(order.job, order)
        place = _place(order, plan, activity, free_from, behind)
        if place is None:
            continue
        free_from = max(free_from, place.end)
        revision = _revision(order, plan, place, slot_start(activity.end_slot))
        if revision is not None:
            found.append(revision)
    return found


def _place(order: Order, plan: Order, activity: Activity, free_from: int, behind: int | None) -> Place | None:
    if order.status is OrderStatus.RUNNING:
        return _from(plan, slot_of(order.start_utc), activity, behind)
    planned, proof = slot_of(order.start_utc), _proof(plan)
    at = max(planned - EARLY_SLOTS, free_from)
    while (begin := _next_begin(activity, at, planned, free_from)) is not None and begin <= planned + LATE_SLOTS:
        end = next((at for at, length in activity.pauses(begin) if length >= PAUSE_SLOTS), None)
        if (activity.end_slot if end is None else end) - begin >= proof:
            return _from(plan, begin, activity, behind)
        if end is None:
            return None
        at = end
    return None


def _proof(plan: Order) -> int:
    return max(1, min(PROOF_SLOTS, plan.duration_quarters // 4))


def _next_begin(activity: Activity, at: int, planned: int, free_from: int) -> int | None:
    """The first quarter hour from `at` on in which the machine begins to run; what ran before is not the job."""
    begin = activity.first(ON, at)
    if begin is None or begin > at or begin == free_from or activity.state(begin - 1) != ON:
        return begin
    off = activity.first(OFF, begin)
    if off is None or off > planned:
        return planned if planned < activity.end_slot else None  # it ran before and runs on: nothing shows a boundary
    return activity.first(ON, off)


def _from(plan: Order, begin: int, activity: Activity, behind: int | None) -> Place:
    """Where a job that began at `begin` has come to."""
    length = plan.duration_quarters
    half = begin + (length + 1) // 2
    pauses = activity.pauses(begin + 1)
    end = next((at for at, slots in pauses if slots >= (PAUSE_SLOTS if at >= half else BREAKDOWN_SLOTS)), None)
    by_plan = begin + length
    pauses_visibly = behind is None or behind >= by_plan + PAUSE_SLOTS
    if not pauses_visibly and by_plan < activity.end_slot and (end is None or end > by_plan):
        return Place(begin, by_plan, True)
    if end is not None:
        return Place(begin, end, True)
    longest = begin + min(2 * length + PAUSE_SLOTS, MOST_QUARTERS)
    return Place(begin, min(max(by_plan, activity.end_slot + 1), longest), False)


def _revision(order: Order, plan: Order, place: Place, at_utc: datetime) -> Order | None:
    status = OrderStatus.DONE if place.is_over else OrderStatus.RUNNING
    quarters = min(max(place.end - place.begin, 1), MOST_QUARTERS)
    start_utc = slot_start(place.begin)
    if order.revision >= MOST_INT64 or (order.status, order.start_utc, order.duration_quarters) == (status, start_utc, quarters):
        return None
    profile_kw = tuple(np.round(stretched(plan.profile_kw, quarters), 3).tolist())
    return replace(
        order, revision=order.revision + 1, status=status, start_utc=start_utc, quarters=quarters, profile_kw=profile_kw, at_utc=at_utc,
        reason="", source=PROGRESS_SOURCE,
    )  # fmt: skip

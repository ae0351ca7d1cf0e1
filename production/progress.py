"""When a job really began and ended, by its machine.

In: a machine's orders, when it ran (`production.activity`), how many pieces it made.  Out: the orders' next revisions.

Everything follows from these alone: the same again publishes nothing. A job that is late is late by fact; those behind it stay where they are planned.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np

from domain.clock import epoch_ms, instant
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER_MS
from domain.job_power import stretched
from domain.orders import MOST_QUARTERS, PROGRESS_SOURCE, Order, OrderStatus
from domain.units import MOST_INT64
from production.activity import OFF, ON, Activity, Pause
from quarters.numbers import slot_start

EARLY_MS = 4 * QUARTER_MS
"""A job may begin this much before its planned start."""
LATE_MS = 48 * QUARTER_MS
"""After this much it did not run, whatever runs then."""
PROOF_MS = 2 * QUARTER_MS
"""What a long job must have run before it is taken to run: a machine is tried out, too. A short one needs a quarter of its length."""
PAUSE_MS = 2 * QUARTER_MS
"""Off for so long ends a job."""
BREAKDOWN_MS = 16 * QUARTER_MS
"""Off for so long ends a job which has run less than half its length, or made too few pieces: before it may be a breakdown."""
CHANGEOVER_MS = QUARTER_MS // 3
"""Off for so long ends a job that is nearly over, where the next one is due."""
NEARLY_SHARE = 0.85
"""Of its planned length: from here on a job is nearly over."""
ENOUGH_SHARE = 0.8
"""Of the ordered pieces: with fewer a job that pauses is not over."""


class Made(Protocol):
    """How many pieces of a job its machine has made, as far as its counter shows it."""

    def share(self, at_ms: int) -> float | None:
        """Of the ordered pieces, at an instant; None where it is not known."""

    @property
    def reached_ms(self) -> int | None:
        """When the last of them was made; None where that is not known, or not yet."""


MadeOf = Callable[[Order, int], Made | None]
"""What the counter shows of a job that began at an instant [ms]; None where there is none."""


def _no_counter(order: Order, begin_ms: int) -> Made | None:
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """When a job ran; `is_over` where it has ended."""

    begin_ms: int
    end_ms: int
    is_over: bool
    ends_exactly: bool = False


def progressed(
    orders: Collection[Order], plans: Mapping[str, Order], activity_of: Callable[[Order], Activity], made_of: MadeOf = _no_counter
) -> list[Order]:
    """The next revisions of one machine's `orders`, those of which more is known than they say.

    Jobs begin in the order of their plan: of two that could have begun, the one planned first has. Where a machine is not meant to pause between
    two jobs for `PAUSE_MS`, and does not, the first is taken to have lasted no longer than planned.

    Parameters
    ----------
    plans
        Job -> its newest revision that somebody planned: how long it was meant to take. What is missing is planned as its order says.
    activity_of
        Whether the machine runs, as far as one of its jobs can be seen; known until the same instant for all of them.
    """
    standing = [order for order in orders if not order.status.is_over and order.start_utc < NEVER_UTC]
    standing.sort(key=lambda order: (order.status is not OrderStatus.RUNNING, order.start_utc, order.job))
    done, free_from_ms = [order for order in orders if order.status is OrderStatus.DONE], 0
    found: list[Order] = []
    placed: set[str] = set()
    activity: Activity | None = None
    for order in standing:
        if activity is not None and order.status is OrderStatus.PLANNED and epoch_ms(order.start_utc) - EARLY_MS >= activity.end_ms:
            break  # nor have those behind it begun
        activity = activity_of(order)
        # What somebody dated ahead of all that is measured, such as 9999-12-31, holds no other job up.
        over = (_ended_ms(one) for one in done if epoch_ms(one.start_utc) < activity.end_ms)
        free_from_ms = max((free_from_ms, *over))
        if free_from_ms > activity.end_ms:  # a job that somebody dated ahead of what is measured
            break
        # Also one planned before it that has not begun yet: so it comes to the same once this one runs.
        behind = (epoch_ms(one.start_utc) for one in standing if one is not order and one.job not in placed)
        behind_ms = min(behind, default=None)
        job = _Job(order, plans.get(order.job, order), activity, behind_ms, made_of)
        place = job.place(free_from_ms)
        if place is None:
            continue
        placed.add(order.job)
        free_from_ms = max(free_from_ms, place.end_ms)
        revision = _revision(job, place)
        if revision is not None:
            found.append(revision)
        if not place.is_over:
            break
    return found


@dataclass(frozen=True, slots=True)
class _Job:
    """One job of a machine, and what is known of the machine."""

    order: Order
    plan: Order
    activity: Activity
    behind_ms: int | None
    """Planned start of the first job that is still to begin."""
    made_of: MadeOf

    @property
    def length_ms(self) -> int:
        """How long it is meant to take."""
        return self.plan.duration_quarters * QUARTER_MS

    def place(self, free_from_ms: int) -> Place | None:
        """Where it has come to; None where it has not begun as far as anybody knows."""
        if self.order.status is OrderStatus.RUNNING:
            return self._from(_began_ms(self.order))
        planned_ms, activity = epoch_ms(self.order.start_utc), self.activity
        at_ms = max(planned_ms - EARLY_MS, free_from_ms)
        while (begin_ms := self._next_begin(at_ms, planned_ms, free_from_ms)) is not None and begin_ms <= planned_ms + LATE_MS:
            end_ms = next((pause.begin_ms for pause in activity.pauses(begin_ms) if pause.off_ms >= PAUSE_MS), None)
            if (activity.end_ms if end_ms is None else end_ms) - begin_ms >= self._proof_ms():
                return self._from(begin_ms if activity.begins_exactly(begin_ms) else _on_grid(begin_ms))
            if end_ms is None:
                return None
            at_ms = end_ms
        return None

    def _proof_ms(self) -> int:
        return max(1, min(PROOF_MS // QUARTER_MS, self.plan.duration_quarters // 4)) * QUARTER_MS

    def _next_begin(self, at_ms: int, planned_ms: int, free_from_ms: int) -> int | None:
        """The first instant from `at_ms` on at which the machine begins to run; what ran before is not the job."""
        activity = self.activity
        begin_ms = activity.first(ON, at_ms)
        if begin_ms is None or begin_ms > at_ms or begin_ms == free_from_ms or activity.state(begin_ms - 1) != ON:
            return begin_ms
        off_ms = activity.first(OFF, begin_ms)
        if off_ms is None or off_ms > planned_ms:
            return planned_ms if planned_ms < activity.end_ms else None  # it ran before and runs on: nothing shows a boundary
        return activity.first(ON, off_ms)

    def _from(self, begin_ms: int) -> Place:
        """Where a job that began at `begin_ms` has come to."""
        made, by_plan_ms = self.made_of(self.order, begin_ms), begin_ms + self.length_ms
        end_ms = self._paused(begin_ms, made)
        reached_ms = None if made is None else made.reached_ms
        if reached_ms is not None and reached_ms >= self._half(begin_ms) and (end_ms is None or reached_ms < end_ms):
            return Place(begin_ms, reached_ms, True, True)
        wait_ms = PAUSE_MS if made is None else max(PAUSE_MS, self.length_ms // 2)
        if self._follows_at_once(by_plan_ms) and (end_ms is None or end_ms > by_plan_ms + wait_ms):
            # Nothing shows where it ends. As long as a changeover or its last piece may still come, it is not over.
            return Place(begin_ms, _on_grid(by_plan_ms), self.activity.end_ms >= by_plan_ms + wait_ms + QUARTER_MS)
        if end_ms is not None:
            is_exact = self.activity.begins_exactly(end_ms)
            return Place(begin_ms, end_ms if is_exact else _on_grid(end_ms), True, is_exact)
        longest_ms = begin_ms + min(2 * self.length_ms + PAUSE_MS, MOST_QUARTERS * QUARTER_MS)
        running_ms = (self.activity.end_ms // QUARTER_MS + 1) * QUARTER_MS
        return Place(begin_ms, min(max(by_plan_ms, running_ms), longest_ms), False)

    def _half(self, begin_ms: int) -> int:
        return begin_ms + (self.plan.duration_quarters + 1) // 2 * QUARTER_MS

    def _follows_at_once(self, by_plan_ms: int) -> bool:
        """Whether the plan leaves no pause before the job behind that anybody would see."""
        return self.behind_ms is not None and self.behind_ms < by_plan_ms + PAUSE_MS

    def _paused(self, begin_ms: int, made: Made | None) -> int | None:
        """The begin of the pause that ended it."""
        runs = self.activity.state(begin_ms) == ON
        for pause in self.activity.pauses(begin_ms if runs else begin_ms + QUARTER_MS):
            if pause.off_ms >= self._ending_ms(pause, begin_ms, made) or self._is_changeover(pause, begin_ms):
                return pause.begin_ms
        return None

    def _ending_ms(self, pause: Pause, begin_ms: int, made: Made | None) -> int:
        share = None if made is None else made.share(pause.begin_ms)
        is_short = share is not None and share < ENOUGH_SHARE
        return BREAKDOWN_MS if is_short or pause.begin_ms < self._half(begin_ms) else PAUSE_MS

    def _is_changeover(self, pause: Pause, begin_ms: int) -> bool:
        """Whether the machine is changed over to the job behind: that one is due, and this one has run nearly as long as planned."""
        if self.behind_ms is None or pause.off_ms < CHANGEOVER_MS or pause.begin_ms < begin_ms + NEARLY_SHARE * self.length_ms:
            return False
        return (pause.begin_ms if pause.resumes_ms is None else pause.resumes_ms) >= self.behind_ms - EARLY_MS


def _revision(job: _Job, place: Place) -> Order | None:
    order = job.order
    status = OrderStatus.DONE if place.is_over else OrderStatus.RUNNING
    start_slot, end_slot = _nearest_slot(place.begin_ms), _nearest_slot(place.end_ms)
    quarters = min(max(end_slot - start_slot, 1), MOST_QUARTERS)
    start_utc = slot_start(start_slot)
    began_utc, ended_utc = order.began_utc, instant(place.end_ms) if place.is_over and place.ends_exactly else None
    if order.status is not OrderStatus.RUNNING:
        began_utc = instant(place.begin_ms) if job.activity.begins_exactly(place.begin_ms) else None
    known = (status, start_utc, quarters, began_utc, ended_utc)
    if order.revision >= MOST_INT64 or known == (
        order.status, order.start_utc, order.duration_quarters, order.began_utc, order.ended_utc
    ):  # fmt: skip
        return None
    profile_kw = tuple(np.round(stretched(job.plan.profile_kw, quarters), 3).tolist())
    return replace(
        order, revision=order.revision + 1, status=status, start_utc=start_utc, quarters=quarters, profile_kw=profile_kw,
        at_utc=instant(job.activity.end_ms), reason="", source=PROGRESS_SOURCE, began_utc=began_utc, ended_utc=ended_utc,
    )  # fmt: skip


def _nearest_slot(at_ms: int) -> int:
    return (at_ms + QUARTER_MS // 2) // QUARTER_MS


def _on_grid(at_ms: int) -> int:
    """The nearest quarter hour: what no control showed is not dated more finely, here as on the topic."""
    return _nearest_slot(at_ms) * QUARTER_MS


def _began_ms(order: Order) -> int:
    """When it began, as finely as that is known; what does not fit its start is not believed."""
    return _finest(order.began_utc, order.start_utc)


def _ended_ms(order: Order) -> int:
    return _finest(order.ended_utc, order.end_utc)


def _finest(exact_utc: datetime | None, quarter_utc: datetime) -> int:
    quarter_ms = epoch_ms(quarter_utc)
    exact_ms = quarter_ms if exact_utc is None else epoch_ms(exact_utc)
    return exact_ms if abs(exact_ms - quarter_ms) <= QUARTER_MS else quarter_ms

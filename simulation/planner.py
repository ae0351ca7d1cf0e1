"""The planner's desk: orders go out, recommendations come in, decisions are carried out. Pure; time is passed in.

A decision is carried out where the job can still be moved: it has not begun, its new start lies ahead and within the window,
its machine is free. Otherwise the order stays as it is and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.orders import Order, OrderStatus
from domain.recommendations import (
    OF_SETTINGS,
    Decision,
    DecisionKind,
    DeclineReason,
    JobPlace,
    Recommendation,
    RecommendationStatus,
)
from simulation import operating
from simulation.lifelike import Nature
from simulation.rush import is_rush
from simulation.span import HORIZON, Span
from simulation.waiting import Waiting

PLANNER = "simulated planner"
OPERATOR = "simulated operator"
THINKING = timedelta(minutes=2)
"""How long the simulated planner looks at a recommendation."""


class Acceptance(StrEnum):
    """Who decides on recommendations."""

    AUTO = "auto"
    MANUAL = "manual"


@dataclass(slots=True)
class Desk:
    """What lies on the planner's desk.

    Attributes
    ----------
    orders
        The latest revision of each job that is not long done.
    planned_until
        Last local day whose orders have been written.
    carried_out
        Recommendations that became a moved order.
    refused
        Accepted recommendations that could not be carried out, and why.
    """

    span: Span
    acceptance: Acceptance = Acceptance.AUTO
    orders: dict[str, Order] = field(default_factory=dict)
    planned_until: date | None = None
    carried_out: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    _recommendations: dict[str, Recommendation] = field(default_factory=dict)
    _targets: dict[str, Recommendation] = field(default_factory=dict)
    _decisions: dict[str, Decision] = field(default_factory=dict)
    _seen_utc: dict[str, datetime] = field(default_factory=dict)
    _last_decision_utc: datetime | None = None
    _nature: Nature | None = field(init=False)

    _rush: list[Order] = field(default_factory=list)
    _rush_of: date | None = None
    """Local day around which `_rush` lies."""

    def __post_init__(self) -> None:
        self._nature = self.span.nature

    def write_plan(self, now_utc: datetime) -> list[Order]:
        """Orders of the days that have come within the horizon, and rush orders that have become known."""
        return [*self._write_days(now_utc), *self._write_rush(now_utc)]

    def _write_rush(self, now_utc: datetime) -> list[Order]:
        """Rush orders of today and yesterday that are known at `now_utc`; they are dated when they became known."""
        if self._nature is None:
            return []
        today = now_utc.astimezone(self.span.plant.site.zone).date()
        if self._rush_of != today:
            orders = self.span.orders_between(today - timedelta(days=1), today + timedelta(days=1))
            self._rush_of, self._rush = today, [order for order in orders if is_rush(order) and order.end_utc > self.span.start_utc]
        return self._put([order for order in self._rush if order.at_utc <= now_utc and order.job not in self.orders])

    def _write_days(self, now_utc: datetime) -> list[Order]:
        zone = self.span.plant.site.zone
        last = (now_utc + HORIZON).astimezone(zone).date()
        first = self.span.first_day if self.planned_until is None else self.planned_until
        coming = self.span.orders_between(first + timedelta(days=-1 if self.planned_until is None else 1), last)
        fresh = [
            replace(order, at_utc=min(order.at_utc, now_utc))
            for order in coming
            if order.end_utc > self.span.start_utc and not is_rush(order)
        ]
        self.planned_until = max(last, self.planned_until or last)
        return self._put(fresh)

    def progress(self, now_utc: datetime) -> list[Order]:
        """Next revisions of the orders that have begun or ended."""
        changed = []
        for order in self.orders.values():
            status = OrderStatus.DONE if now_utc >= order.end_utc else OrderStatus.RUNNING if now_utc >= order.start_utc else None
            if status is not None and order.status not in (status, OrderStatus.DONE, OrderStatus.CANCELLED):
                changed.append(replace(order, revision=order.revision + 1, status=status, at_utc=now_utc))
        return self._put(changed)

    def take_recommendation(self, recommendation: Recommendation, now_utc: datetime) -> None:
        """Note the newest revision of a recommendation."""
        name = recommendation.recommendation
        known = self._recommendations.get(name)
        if known is not None and known.revision >= recommendation.revision:
            return
        self._recommendations[name] = recommendation
        self._seen_utc.setdefault(name, now_utc)
        if recommendation.status in (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED):
            self._targets[name] = recommendation

    def take_decision(self, decision: Decision) -> None:
        """Note a decision; the first one counts."""
        self._decisions.setdefault(decision.recommendation, decision)

    def decide(self, now_utc: datetime) -> list[Decision]:
        """On loads that can wait at once; of the others on the oldest that was looked at long enough, one at a time. None where a person decides."""
        if self.acceptance is Acceptance.MANUAL:
            return []
        return [*self._decide_on_loads(now_utc), *self._decide_on_plan(now_utc)]

    def _decide_on_loads(self, now_utc: datetime) -> list[Decision]:
        """The operator does as advised, while it still helps."""
        made = []
        for name, advice in self._recommendations.items():
            is_open = advice.status is RecommendationStatus.OPEN and name not in self._decisions
            if (
                is_open
                and operating.is_about_loads(advice)
                and self._seen_utc[name] + operating.REACTION <= now_utc <= advice.valid_until_utc
            ):
                made.append(Decision(self.span.plant.site.id, name, DecisionKind.ACCEPTED, OPERATOR, now_utc))
        for decision in made:
            self.take_decision(decision)
        return made

    def _decide_on_plan(self, now_utc: datetime) -> list[Decision]:
        if self._last_decision_utc is not None and now_utc - self._last_decision_utc < THINKING:
            return []
        ripe = [
            recommendation
            for name, recommendation in self._recommendations.items()
            if recommendation.status is RecommendationStatus.OPEN
            and name not in self._decisions
            and not operating.is_about_loads(recommendation)
            and recommendation.action not in OF_SETTINGS  # the maintenance sets machines
            and now_utc - self._seen_utc[name] >= self._thinking(name)
        ]
        if not ripe:
            return []
        chosen = min(ripe, key=lambda r: (self._seen_utc[r.recommendation], r.recommendation))
        self._last_decision_utc = now_utc
        decision = self._decision(chosen, now_utc)
        self.take_decision(decision)
        return [decision]

    def _thinking(self, name: str) -> timedelta:
        return THINKING if self._nature is None else max(THINKING, self._nature.thinking(name))

    def _decision(self, recommendation: Recommendation, now_utc: datetime) -> Decision:
        site, name = self.span.plant.site.id, recommendation.recommendation
        obstacle = obstacle_to(recommendation, self.orders, now_utc)
        if obstacle is None and self._nature is not None and self._nature.declines(name):
            return Decision(site, name, DecisionKind.REJECTED, PLANNER, now_utc, DeclineReason.STAFF)
        if obstacle is None:
            return Decision(site, name, DecisionKind.ACCEPTED, PLANNER, now_utc)
        return Decision(site, name, DecisionKind.REJECTED, PLANNER, now_utc, DeclineReason.ORDER, obstacle)

    def carry_out_on_loads(self, waiting: Waiting, now_utc: datetime) -> bool:
        """Set at the loads that can wait what was accepted and has not been acted on; whether anything has changed."""
        changed = False
        for name, target in self._accepted():
            if not operating.is_about_loads(target):
                continue
            if operating.carry_out(target, waiting, now_utc):
                self.carried_out.add(name)
                changed = True
            else:
                self.refused[name] = "its time was over"
        return changed

    def _accepted(self) -> list[tuple[str, Recommendation]]:
        """What was accepted and has not been acted on."""
        return [
            (name, target)
            for name, decision in self._decisions.items()
            if decision.kind is DecisionKind.ACCEPTED
            and (target := self._targets.get(name)) is not None
            and name not in self.carried_out
            and name not in self.refused
        ]

    def carry_out(self, now_utc: datetime) -> list[Order]:
        """Moved orders' next revisions, for the accepted recommendations that have not been acted on."""
        moved = []
        for name, target in self._accepted():
            if operating.is_about_loads(target) or target.action in OF_SETTINGS:
                continue
            obstacle = obstacle_to(target, self.orders, now_utc)
            if obstacle is not None:
                self.refused[name] = obstacle
                continue
            self.carried_out.add(name)
            moved += self._put([order_at(self.orders[place.job], place, now_utc, name) for place in target.after.jobs])
        return moved

    def _put(self, orders: list[Order]) -> list[Order]:
        self.orders.update({order.job: order for order in orders})
        return orders

    def stored(self) -> dict[str, Any]:
        """What has to survive a restart, beside the orders: recommendations and decisions are read again from their topics."""
        until = None if self.planned_until is None else self.planned_until.isoformat()
        return {"planned_until": until, "carried_out": sorted(self.carried_out), "refused": self.refused}

    def restore(self, stored: dict[str, Any], orders: list[Order]) -> None:
        """Go on from `stored` and all order revisions in order."""
        self.planned_until = None if stored["planned_until"] is None else date.fromisoformat(stored["planned_until"])
        self.carried_out, self.refused = set(stored["carried_out"]), dict(stored["refused"])
        self._put(orders)


def obstacle_to(recommendation: Recommendation, orders: Mapping[str, Order], now_utc: datetime) -> str | None:
    """Why `recommendation` cannot be carried out; None if it can."""
    if recommendation.shift is not None:
        return f"nobody here can change the shift {recommendation.shift.shift}"
    moving = frozenset(place.job for place in recommendation.after.jobs)
    found = (_obstacle(place, orders, now_utc, moving) for place in recommendation.after.jobs)
    return next((obstacle for obstacle in found if obstacle is not None), None)


def _obstacle(place: JobPlace, orders: Mapping[str, Order], now_utc: datetime, moving: frozenset[str]) -> str | None:
    """Why a job cannot be moved to `place`, while the jobs `moving` make room; None if it can."""
    job, start_utc, order = place.job, place.start_utc, orders.get(place.job)
    if order is None:
        return f"job {job} is not in the plan"
    if not order.movable or order.status is not OrderStatus.PLANNED or order.start_utc <= now_utc:
        return f"job {job} is {order.status.value if order.movable else 'fixed'} and cannot be moved"
    if start_utc < now_utc:
        return f"{start_utc:%H:%MZ} has passed"
    if place.machine not in (order.machine, *(other.machine for other in order.other_machines)):
        return f"job {job} cannot run on {place.machine}"
    if start_utc < order.earliest_utc or place.end_utc > order.due_utc:
        return f"job {job} has to lie between {order.earliest_utc:%H:%MZ} and {order.due_utc:%H:%MZ}"
    for other in orders.values():
        if (
            other.machine == place.machine
            and other.job not in moving | {job}
            and start_utc < other.end_utc
            and other.start_utc < place.end_utc
        ):
            return f"{place.machine} is taken by {other.job} from {other.start_utc:%H:%MZ} to {other.end_utc:%H:%MZ}"
    return None


def order_at(order: Order, place: JobPlace, at_utc: datetime, reason: str) -> Order:
    """The next revision of `order`, at `place`."""
    there = order.on(place.machine) or order
    return replace(there, revision=order.revision + 1, start_utc=place.start_utc, at_utc=at_utc, reason=reason)


def past_orders(span: Span, from_utc: datetime) -> list[Order]:
    """The orders that were done between `from_utc` and the start of the live span."""
    zone = span.plant.site.zone
    orders = span.orders_between(from_utc.astimezone(zone).date(), span.first_day)
    return [
        replace(order, revision=3, status=OrderStatus.DONE, at_utc=order.end_utc)
        for order in orders
        if from_utc <= order.start_utc and order.end_utc <= span.start_utc
    ]

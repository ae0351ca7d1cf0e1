"""The step of the advice, keyed by site: everything that bears on the plan to recommendations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.tariff import Tariff
from domain.codec import encode
from domain.order_rules import order_faults
from domain.orders import Order
from domain.plant import Plant
from domain.readings import Rejection, RejectionReason
from domain.recommendations import Recommendation, RecommendationStatus
from domain.steps import Outputs, Records
from domain.texts import printable
from domain.topics import (
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    JOB_POWERS,
    ORDERS,
    PLANNING_PROBLEMS,
    PLANS,
    PRICES,
    RECOMMENDATIONS,
    REJECTED,
    SHIFT_CHANGES,
    Topic,
)
from scheduling.carrying import revised_orders, revised_shifts
from scheduling.state import AdviceState, decode_state, encode_state
from scheduling.step import AdviceStep
from words.order_faults import fault_text
from words.speech import of_page

_CARRY_TIME = (FORECASTS, DEMAND, INTERVALS)


class Advice:
    """Takes forecasts, orders, decisions, demand, day-ahead prices, shift changes, learned powers, plans and the billing meter's quarter hours.

    Beside recommendations it gives the planning problems that the planner answers.

    Parameters
    ----------
    tariff
        None where the plant has none: it then advises in kilowatts.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None) -> None:
        self._plant = plant
        self._step = AdviceStep(plant, tariff)

    def initial(self, key: str) -> AdviceState:
        """Nothing known but the jobs in the plant file."""
        return self._step.initial()

    def encode(self, state: AdviceState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> AdviceState:
        """The state that `encode` made, with the jobs that the plant file has now."""
        return self._step.resumed(decode_state(stored))

    def take(self, key: str, state: AdviceState, records: Records) -> tuple[AdviceState, Outputs]:
        """Each record in turn; of demands that came at the same moment only the last."""
        outputs: Outputs = []
        for topic, record in _last_demand_only(records):
            if topic is ORDERS and (rejection := refused_order(record, self._plant, state.notes.orders)) is not None:
                outputs.append((REJECTED, rejection))
                continue
            state, found = self._take(state, topic, record)
            outputs += [(RECOMMENDATIONS, recommendation) for recommendation in found]
            outputs += self._revised(state, found)
            outputs += self._plan(state, topic, record)
        return state, outputs

    def _revised(self, state: AdviceState, found: list[Recommendation]) -> Outputs:
        """The plan as it is with what was just accepted, where no planning system of the plant's own revises it."""
        notes = state.notes
        if not self._plant.planning.revises_plan:
            return []
        now = notes.now_utc
        accepted = [one for one in found if one.status is RecommendationStatus.ACCEPTED and (now is None or now < one.begins_utc)]
        orders = [(ORDERS, order) for one in accepted for order in revised_orders(one, notes.orders)]
        # An order that a program planned as advised opens no shift: that takes a person's word.
        decided = [one for one in accepted if one.decided_by]
        shifts = [(SHIFT_CHANGES, change) for one in decided for change in revised_shifts(one, self._plant, notes.replan.changes)]
        return [*orders, *shifts]

    def _plan(self, state: AdviceState, topic: Topic, record: Any) -> Outputs:
        """What concerns whole plans: what they are made from, when one is due, and what one comes to."""
        replanning = self._step.replanning
        if topic is SHIFT_CHANGES:
            return [(RECOMMENDATIONS, one) for one in replanning.take_shift_change(state, record)]
        if topic is JOB_POWERS:
            replanning.take_power(state, record)
        elif topic in _CARRY_TIME:
            return [(PLANNING_PROBLEMS, problem) for problem in replanning.problems(state)]
        elif topic is PLANS:
            found = replanning.take_plan(state, record)
            return [(REJECTED, found)] if isinstance(found, Rejection) else [(RECOMMENDATIONS, one) for one in found]
        return []

    def _take(self, state: AdviceState, topic: Topic, record: Any) -> tuple[AdviceState, list[Recommendation]]:
        if topic is FORECASTS:
            return self._step.take_forecast(state, record)
        if topic is ORDERS:
            return self._step.take_order(state, record)
        if topic is DECISIONS:
            return self._step.take_decision(state, record)
        if topic is DEMAND:
            return self._step.take_demand(state, record)
        if topic is PRICES:
            return self._step.take_prices(state, record)
        return self._step.take_interval(state, record) if topic is INTERVALS else (state, [])


def refused_order(order: Order, plant: Plant, known: Mapping[str, Order]) -> Rejection | None:
    """Why an order cannot be planned, in the words of every other door; None where it can, or says nothing new.

    The revision before goes on to count.
    """
    before = known.get(order.job)
    if order.site != plant.site.id or (before is not None and before.revision >= order.revision):
        return None
    faults = order_faults(order, plant, known)
    if not faults:
        return None
    words = of_page("en", plant.site.zone)
    detail = "; ".join(f"{fault.field}: {fault_text(fault, words)}" for fault in faults)
    original = encode(order).decode()
    return Rejection(order.site, "unknown", RejectionReason.REFUSED_ORDER, original, printable(f"job {order.job}: {detail}"))


def _last_demand_only(records: Records) -> list[tuple[Topic, Any]]:
    """`records` without the demands that a newer one of the same bucket has overtaken."""
    demands = [index for index, (topic, _) in enumerate(records) if topic is DEMAND]
    overtaken = set(demands[:-1])
    return [record for index, record in enumerate(records) if index not in overtaken]

"""What would have been: the same seed and surprises, and nobody moved a job, or nobody held a load back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from domain.channels import IMPORT
from domain.orders import Order
from domain.units import UWH_PER_KWH
from simulation.factory import QuarterHour
from simulation.span import HORIZON, LIVE_TICK_S, Span, begin, over_before, schedule_of
from simulation.waiting import Waiting


def without_moves(span: Span, to_utc: datetime, tick_s: int = LIVE_TICK_S) -> list[QuarterHour]:
    """Quarter hours from the start of the live span to `to_utc` as they would have been without accepted moves."""
    last = (to_utc + HORIZON).astimezone(span.plant.site.zone).date()
    schedule = schedule_of(span.orders_between(span.first_day - timedelta(days=1), last), span.nature)
    quarters: list[QuarterHour] = []
    factory = begin(span, schedule, tick_s)
    factory.on_quarter = quarters.append
    factory.advance_to(to_utc.timestamp())
    return quarters


def with_orders(
    span: Span, orders: Iterable[Order], waiting: Waiting, to_utc: datetime, tick_s: int = LIVE_TICK_S
) -> list[QuarterHour]:
    """The same quarter hours with the jobs where they were at last, and with what `waiting` has set at the loads that can wait.

    With all that was set it is what was; with `waiting.without_holds()` what would have been without the governor.
    """
    last = {order.job: order for order in sorted(orders, key=lambda order: order.revision)}
    quarters: list[QuarterHour] = []
    factory = begin(span, schedule_of([*over_before(span), *last.values()], span.nature), tick_s)
    factory.on_quarter = quarters.append
    factory.loads.waiting.restore(waiting.snapshot())
    factory.advance_to(to_utc.timestamp())
    return quarters


def main_import_kw(quarters: list[QuarterHour]) -> dict[datetime, float]:
    """Mean import [kW] at the grid connection by start of the quarter hour."""
    return {
        datetime.fromtimestamp(quarter.start_s, UTC): quarter.energy_uwh["main", IMPORT] * 4 / UWH_PER_KWH for quarter in quarters
    }

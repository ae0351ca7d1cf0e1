"""Plant days in event time, without a stream: the steps of forecast and advice, the planner's desk and the factory in a circle.

In: a span and who advises.  Out: what was drawn, advised, decided and moved. The same span and adviser give the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from billing.site import reactive_channels
from domain.channels import IMPORT
from domain.intervals import QUARTER, QUARTERS_PER_HOUR, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import Decision, Recommendation
from domain.steps import Outputs, Records, Step
from domain.topics import DECISIONS, INTERVALS, ORDERS, RECOMMENDATIONS
from domain.units import UWH_PER_KWH
from forecasting.site_forecast import SiteForecast
from production.meters import machine_meters
from simulation.counterfactual import main_import_kw
from simulation.factory import Factory, QuarterHour
from simulation.layout import MAIN
from simulation.planner import Desk, past_orders
from simulation.span import HISTORY, HISTORY_TICK_S, Span, begin, job_of, over_before, schedule_of

DESK_EVERY = timedelta(minutes=5)
"""How often the planner looks at the desk."""
TICK_S = HISTORY_TICK_S
"""Of every run that is compared."""
SNAPSHOT_EVERY = timedelta(hours=6)


class Adviser(Protocol):
    """Whoever turns what a plant publishes into recommendations."""

    def take(self, records: Records) -> list[Recommendation]:
        """Take records in the order of the log; the recommendations that they lead to."""


class NoAdvice:
    """Nobody advises anything."""

    def take(self, records: Records) -> list[Recommendation]:
        return []


class Steady:
    """A step with the state of its only key."""

    def __init__(self, step: Step, key: str) -> None:
        self._step, self._key = step, key
        self._state = step.initial(key)

    def take(self, records: Records) -> Outputs:
        """What the step answers."""
        self._state, outputs = self._step.take(self._key, self._state, records)
        return outputs


class StepsOfForecastAndAdvice:
    """The step of the site's forecast, and one that advises by what it says."""

    def __init__(self, plant: Plant, advice: Step) -> None:
        self._forecast = Steady(SiteForecast(plant), plant.site.id)
        self._advice = Steady(advice, plant.site.id)

    def take(self, records: Records) -> list[Recommendation]:
        forecasts = self._forecast.take([record for record in records if record[0] in (INTERVALS, ORDERS)])
        outputs = self._advice.take([*records, *forecasts])
        return [record for topic, record in outputs if topic is RECOMMENDATIONS]


@dataclass(slots=True)
class Days:
    """What happened from the start of a span on."""

    span: Span
    load_kw: dict[datetime, float] = field(default_factory=dict)
    """Mean import at the grid connection by start of the quarter hour."""
    machine_kw: dict[str, dict[datetime, float]] = field(default_factory=dict)
    """The same of each machine that has a meter of its own, by the machine's name."""
    recommendations: list[Recommendation] = field(default_factory=list)
    """Every revision in the order of issue."""
    decisions: list[Decision] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    """The last revision of each job."""
    carried_out: frozenset[str] = frozenset()
    """Recommendations whose job was moved."""
    snapshots: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The factory at some instants [s since 1970], to run on from there with other places of jobs."""

    @property
    def end_utc(self) -> datetime:
        """First instant that did not happen any more."""
        return max(self.load_kw) + QUARTER


def lived(span: Span, adviser: Adviser, length: timedelta, before: Sequence[QuarterHour]) -> Days:
    """The first `length` of a span, with what was advised by the records that a plant has at that moment.

    `before` are the quarter hours of the weeks before it (`simulation.history`), with which everything begins.
    """
    return _Circle(span, adviser, before).run(length)


class _Circle:
    def __init__(self, span: Span, adviser: Adviser, before: Sequence[QuarterHour]) -> None:
        self._span, self._adviser = span, adviser
        self._desk = Desk(span)
        self._days = Days(span)
        self._complete: list[QuarterHour] = []
        past = past_orders(span, span.start_utc - HISTORY)
        planned = self._desk.write_plan(span.start_utc)
        self._factory = begin(span, schedule_of([*over_before(span), *self._desk.orders.values()], span.nature), TICK_S)
        self._factory.on_quarter = self._complete.append
        rows = _intervals(span.plant, before, IntervalOrigin.IMPORT)
        self._publish([(ORDERS, order) for order in [*past, *planned]] + [(INTERVALS, row) for row in rows], span.start_utc)

    def run(self, length: timedelta) -> Days:
        now, end_utc = self._span.start_utc, self._span.start_utc + length
        while now < end_utc:
            if (now - self._span.start_utc) % SNAPSHOT_EVERY == timedelta(0):
                self._days.snapshots[self._factory.t_s] = self._factory.snapshot()
            now += DESK_EVERY
            self._factory.advance_to(now.timestamp())
            self._hand_over(now)
            self._work(now)
        days = self._days
        days.orders, days.carried_out = dict(self._desk.orders), frozenset(self._desk.carried_out)
        return days

    def _hand_over(self, now: datetime) -> None:
        """Publish the quarter hours that are complete."""
        if self._complete:
            self._days.load_kw |= main_import_kw(self._complete)
            for machine, power_kw in machines_kw(self._span.plant, self._complete).items():
                self._days.machine_kw.setdefault(machine, {}).update(power_kw)
            rows = list(_intervals(self._span.plant, self._complete, IntervalOrigin.METERING))
            self._complete.clear()
            self._publish([(INTERVALS, row) for row in rows], now)

    def _work(self, now: datetime) -> None:
        """The planner plans, decides and carries out."""
        desk = self._desk
        decisions = desk.decide(now)
        self._days.decisions += decisions
        orders = [*desk.write_plan(now), *desk.carry_out(now), *desk.progress(now)]
        for order in orders:
            self._factory.schedule.put(job_of(order))
        if decisions or orders:
            self._publish([*((DECISIONS, one) for one in decisions), *((ORDERS, one) for one in orders)], now)

    def _publish(self, records: Outputs, now: datetime) -> None:
        """Give records to the adviser, and lay what it advises onto the desk."""
        for recommendation in self._adviser.take(records):
            self._days.recommendations.append(recommendation)
            self._desk.take_recommendation(recommendation, now)


def _intervals(plant: Plant, quarters: Iterable[QuarterHour], origin: IntervalOrigin) -> Iterable[Interval]:
    """The billing meter's quarter hours, as metering or an import would write them."""
    channels = (IMPORT, *sorted(reactive_channels(plant)))
    for quarter in quarters:
        start_utc = datetime.fromtimestamp(quarter.start_s, UTC)
        for channel in channels:
            energy = quarter.energy_uwh.get((MAIN, channel))
            if energy is not None:
                yield Interval(
                    plant.site.id, MAIN, channel, start_utc, energy, 1.0,
                    IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0, 180, origin,
                )  # fmt: skip


def machines_kw(plant: Plant, quarters: Sequence[QuarterHour]) -> dict[str, dict[datetime, float]]:
    """Mean power [kW] of each machine that has a meter of its own, by start of the quarter hour."""
    meters = machine_meters(plant)
    return {
        machine: {
            datetime.fromtimestamp(quarter.start_s, UTC): quarter.energy_uwh[meter, meters.channels[meter]] * QUARTERS_PER_HOUR / UWH_PER_KWH
            for quarter in quarters
        }
        for machine, meter in meters.own.items()
    }  # fmt: skip


def run_from(days: Days, orders: Sequence[Order], from_utc: datetime, to_utc: datetime) -> dict[datetime, float]:
    """The import [kW] as it would have been with `orders` instead, from the last snapshot at or before `from_utc` on.

    Until `from_utc` the orders must be where they were.
    """
    span, from_s = days.span, from_utc.timestamp()
    start_s = max(at_s for at_s in days.snapshots if at_s <= from_s)
    schedule = schedule_of([*over_before(span), *orders], span.nature)
    factory = Factory(span.plant, span.seed, start_s, TICK_S, span.surprises, schedule, span.scale, nature=span.nature)
    factory.restore(days.snapshots[start_s])
    quarters: list[QuarterHour] = []
    factory.on_quarter = quarters.append
    factory.advance_to(to_utc.timestamp())
    return main_import_kw(quarters)

"""What a job moved by hand would do: kW and EUR at once, by the same functions that advice is made with.

In: what is known of a site at one moment, and one job's other place.  Out: the peak and the bill before and after, and what stands in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from billing.tariff import Tariff
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.intervals import Interval
from domain.orders import Order
from domain.plant import Plant
from domain.prices import Prices
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import quarter_start, slot_of, slot_start
from scheduling.advising import Advising
from scheduling.outlook import outlook
from scheduling.problem import Outlook, Rules, others_on_machine, overlaps
from scheduling.settings import AdviceSettings
from scheduling.solve import peak_of
from scheduling.state import AdviceState, Billed, Notes
from scheduling.worth import Saving, Worth


class Obstacle(StrEnum):
    """What stands in the way of a place."""

    BEGUN = "begun"
    NOTICE = "notice"
    EARLIEST = "earliest"
    DUE = "due"
    MACHINE = "machine"
    SHIFT = "shift"
    BEYOND = "beyond"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class InTheWay:
    """One reason why a job cannot, or should not, be there."""

    obstacle: Obstacle
    other_job: str = ""
    """The job that takes the machine."""
    at_utc: datetime | None = None
    """The instant that is missed."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one move by hand does."""

    job: str
    from_start_utc: datetime
    to_start_utc: datetime
    peak_before_kw: float
    peak_after_kw: float
    peak_after_utc: datetime
    """The quarter hour of the highest expected load then."""
    saving: Saving
    in_the_way: tuple[InTheWay, ...]

    @property
    def reduction_kw(self) -> float:
        """By how much the expected peak falls."""
        return self.peak_before_kw - self.peak_after_kw


MeterRows = tuple[Iterable[Interval], Iterable[Interval], Iterable[Interval]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a site at one moment."""

    now_utc: datetime
    forecast: Forecast
    orders: Mapping[str, Order]
    """Newest revision of each job."""
    orders_then: Mapping[str, Order]
    """The same as the forecast knew them."""
    recommendations: tuple[Recommendation, ...] = ()
    demand: Demand | None = None
    prices: tuple[Prices, ...] = ()
    """Day-ahead prices of the site."""
    measured: Callable[[], MeterRows] = lambda: ((), (), ())
    """Returns the quarter hours of the billing meter: drawn energy, reactive energy drawn, reactive energy fed in. A year of them takes
    time to read, and only money needs them."""


class WhatIf:
    """Answers for one moment; made once for many questions. Measured quarter hours are read with the first question about money.

    Parameters
    ----------
    plant
        With the shift changes that have come (`domain.plant.plant_with_changes`).
    tariff
        None where the plant has none: money is then unknown.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, known: Known, settings: AdviceSettings | None = None) -> None:
        settings = settings or AdviceSettings()
        self._known = known
        self._state = AdviceState(_notes(known))
        self._advising = Advising(plant, tariff, settings)
        self.outlook: Outlook = outlook(self._state.notes, known.forecast, settings.risk_weight, plant.site.zone)
        self._rules = Rules.at(plant, settings, known.now_utc, self.outlook)
        self._noticed_utc = known.now_utc + timedelta(minutes=plant.planning.notice_min)

    @cached_property
    def _worth(self) -> Worth:
        state = self._state
        for series, rows in zip((state.known, state.reactive_import, state.reactive_export), self._known.measured(), strict=True):
            for row in rows:
                series.put(row)
        return self._advising.worth(state, self.outlook)

    @cached_property
    def advised(self) -> Outlook:
        """The expected load with every open recommendation carried out."""
        found = self.outlook
        for advice in self._known.recommendations:
            if advice.status is RecommendationStatus.OPEN:
                for place in advice.after.jobs:
                    order = self._known.orders.get(place.job)
                    if order is not None and order.profile_kw:
                        found = found.moved(order, slot_of(place.start_utc))
        return found

    def moved(self, job: str, start_utc: datetime) -> Consequence | None:
        """What comes of `job` at `start_utc`, on a quarter hour; None where no such job is known, or it has no start."""
        order = self._known.orders.get(job)
        if order is None or order.start_utc >= self._beyond:
            return None
        to_slot = slot_of(quarter_start(start_utc))
        after = self.outlook.moved(order, to_slot)
        before_peak, after_peak = peak_of(self.outlook), peak_of(after)
        return Consequence(
            job, order.start_utc, slot_start(to_slot), before_peak.median_kw, after_peak.median_kw, slot_start(after_peak.slot),
            self._worth.expected_saving(self.outlook, after), tuple(self._in_the_way(order, slot_start(to_slot))),
        )  # fmt: skip

    @property
    def _beyond(self) -> datetime:
        return slot_start(self.outlook.end_slot)

    def _in_the_way(self, order: Order, start_utc: datetime) -> Iterator[InTheWay]:
        end_utc = start_utc + order.duration
        if min(start_utc, order.start_utc) < self._known.now_utc:
            yield InTheWay(Obstacle.BEGUN, at_utc=self._known.now_utc)
        elif min(start_utc, order.start_utc) < self._noticed_utc:
            yield InTheWay(Obstacle.NOTICE, at_utc=self._noticed_utc)
        if start_utc < order.earliest_utc:
            yield InTheWay(Obstacle.EARLIEST, at_utc=order.earliest_utc)
        if end_utc > order.due_utc:
            yield InTheWay(Obstacle.DUE, at_utc=order.due_utc)
        if end_utc > self._beyond:
            yield InTheWay(Obstacle.BEYOND, at_utc=self._beyond)
        if not order.profile_kw:
            yield InTheWay(Obstacle.POWER)
        for other in others_on_machine(order, self._known.orders):
            if overlaps(order, start_utc, other):
                yield InTheWay(Obstacle.MACHINE, other.job)
        if not self._rules.is_staffed(order, start_utc):
            yield InTheWay(Obstacle.SHIFT)


def _notes(known: Known) -> Notes:
    """What the advice would remember beside quarter hours."""
    demand = known.demand
    return Notes(
        clocks={"demand": known.now_utc},
        orders=dict(known.orders),
        before=dict(known.orders_then),
        recommendations={one.recommendation: one for one in known.recommendations},
        prices=list(known.prices),
        billed=None if demand is None else Billed(demand.start_utc, demand.billed_peak_kw, demand.billed_peak_utc),
    )

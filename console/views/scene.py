"""Everything that a view may read, and the questions of several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from billing.tariff import Tariff
from console.live_state import Live
from domain.demand import Demand
from domain.feedback import Feedback
from domain.forecasts import Forecast
from domain.intervals import QUARTER
from domain.orders import Order
from domain.plant import Meter, Plant, planned_orders, written_changes
from domain.recommendations import Decision, Recommendation, deciding
from domain.shift_changes import ShiftChange, newest_changes
from quarters.net import NetQuarter, net_channels, net_quarters, of_interval
from quarters.newest import CLOCK_SLACK
from quarters.numbers import quarter_start
from quarters.periods import day_span
from reporting.ledger import LedgerReader
from scheduling.what_if import WhatIf


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision that left here and has not come back as a status yet."""

    decision: Decision
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """One process of the platform."""

    name: str
    pid: int
    memory_mb: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A part or job of the stack as its supervisor saw it last."""

    name: str
    state: str
    """``running``, ``starting``, ``restarting``, ``waiting``, ``failed`` ..."""
    note: str
    """Why it does not run: its last message."""


class Supposes(Protocol):
    """Makes answers to what-if questions."""

    def of(self, scene: Scene) -> WhatIf | None:
        """For the scene as it is; None where there is nothing to suppose anything on."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the plant; `now_utc` and `speed` are the plant's clock."""

    plant: Plant
    ledger: LedgerReader
    live: Live
    now_utc: datetime
    speed: float = 1.0
    sent: Mapping[str, Sent] = field(default_factory=dict)
    processes: tuple[ProcessUse, ...] = ()
    parts: tuple[PartSeen, ...] = ()
    ledger_there: bool = True
    supposes: Supposes | None = None
    tariff: Tariff | None = None
    """None where the plant has none."""
    orders_sent: tuple[Order, ...] = ()
    """Orders that left here lately; the ledger may not have them yet."""
    shift_changes_sent: tuple[ShiftChange, ...] = ()
    """The same of changes of shifts."""
    feedback_sent: tuple[Feedback, ...] = ()
    """The same of feedback on anomalies."""

    def day(self, offset: int = 0) -> date:
        """The local day it is, plus `offset` days."""
        return self.now_utc.astimezone(self.plant.site.zone).date() + timedelta(days=offset)

    def day_span(self, day: date) -> tuple[datetime, datetime]:
        """First and one-past-last instant of a local day: 23, 24 or 25 h."""
        return day_span(day, self.plant.site.zone)

    def is_ahead(self, instant_utc: datetime) -> bool:
        """Whether an instant lies further in the future than the clocks of a plant may be apart: what is dated so is not the newest."""
        return instant_utc > self.now_utc + CLOCK_SLACK

    def demand(self) -> Demand | None:
        """The running quarter hour: live, or as the ledger had it last."""
        known = [d for d in (self.ledger.latest_demand(), self.live.demand) if d is not None and not self.is_ahead(d.at_utc)]
        return max(known, key=lambda demand: demand.at_utc, default=None)

    def forecast(self) -> Forecast | None:
        """The site's forecast issued last; None where there is none, or none that reaches beyond now."""
        newest = self.ledger.latest_forecast()
        if newest is not None and self.is_ahead(newest.issued_utc):
            newest = self.ledger.forecast_before(quarter_start(self.now_utc))
        return self._still_ahead(newest)

    def _still_ahead(self, forecast: Forecast | None) -> Forecast | None:
        if forecast is None or forecast.end_utc <= self.now_utc:
            return None
        return forecast

    def meter_forecast(self, meter: str) -> Forecast | None:
        """The same of one meter; the site's where it is the billing meter."""
        billing = self.plant.billing_meter()
        if billing is not None and billing.id == meter:
            return self.forecast()
        newest = self.ledger.meter_forecast(meter)
        if newest is not None and self.is_ahead(newest.issued_utc):
            newest = self.ledger.meter_forecast(meter, quarter_start(self.now_utc))
        return self._still_ahead(newest)

    def recommendations(self) -> list[Recommendation]:
        """The newest revision of each, from ledger and topic, whichever knows more."""
        newest = {r.recommendation: r for r in self.ledger.recommendations()}
        for name, live in self.live.recommendations.items():
            if name not in newest or live.revision >= newest[name].revision:
                newest[name] = live
        return list(newest.values())

    def recommendation(self, name: str) -> Recommendation | None:
        """One of them; None if there is none of that name."""
        return next((r for r in self.recommendations() if r.recommendation == name), None)

    def orders(self) -> list[Order]:
        """The newest revision of each job: of the plant file, or of the topic, which is newer."""
        newest = {order.job: order for order in planned_orders(self.plant)}
        newest |= {order.job: order for order in self.ledger.orders()}
        for order in self.orders_sent:
            if order.job not in newest or order.revision > newest[order.job].revision:
                newest[order.job] = order
        return list(newest.values())

    def shift_changes(self) -> tuple[ShiftChange, ...]:
        """The newest revision of each change, of the plant file or of the topic, withdrawn ones too; by day and shift."""
        mine = [one for one in (*self.ledger.shift_changes(), *self.shift_changes_sent) if one.site == self.plant.site.id]
        return newest_changes([*written_changes(self.plant), *mine])

    def decisions(self, on: Iterable[Recommendation]) -> dict[str, Decision]:
        """The decision that counts on each of these recommendations that has one."""
        decisions: dict[str, list[Decision]] = {}
        for decision in self.ledger.decisions():
            decisions.setdefault(decision.recommendation, []).append(decision)
        for name, lately in self.live.decisions.items():
            known = decisions.setdefault(name, [])
            known += [decision for decision in lately if decision not in known]
        first = {r.recommendation: deciding(r, decisions.get(r.recommendation, ())) for r in on}
        return {name: decision for name, decision in first.items() if decision is not None}


def net_of_meter(ledger: LedgerReader, meter: Meter, from_utc: datetime, to_utc: datetime) -> dict[datetime, NetQuarter]:
    """The net quarter hours of `meter` that the ledger has, by start."""
    spans = {channel: ledger.intervals(meter.id, channel, from_utc, to_utc) for channel, _ in net_channels(meter)}
    return net_quarters(meter, {channel: {row.start_utc: row for row in rows} for channel, rows in spans.items()})


def import_quarters(ledger: LedgerReader, meter: Meter, from_utc: datetime, to_utc: datetime) -> dict[datetime, NetQuarter]:
    """What was drawn from the grid: the billing quantity, without export."""
    channel = meter.energy_channel()
    found = ledger.intervals(meter.id, channel, from_utc, to_utc) if channel is not None else ()
    return {row.start_utc: of_interval(row) for row in found}


def last_quarters(now_utc: datetime, hours: int) -> tuple[datetime, datetime]:
    """The whole quarter hours of the last `hours`."""
    end = quarter_start(now_utc)
    return end - timedelta(hours=hours), end


__all__ = [
    "QUARTER",
    "PartSeen",
    "ProcessUse",
    "Scene",
    "Sent",
    "import_quarters",
    "last_quarters",
    "net_of_meter",
]

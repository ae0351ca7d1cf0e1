"""Everything that a view may look at, and what several of them ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from console.live_state import Live
from domain.calendars import at_local
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval, IntervalQuality, quarter_start, worst_quality
from domain.newest import CLOCK_SLACK
from domain.orders import Order
from domain.plant import Meter, Plant, planned_orders
from domain.recommendations import Decision, Recommendation, deciding
from domain.units import kwh
from reporting.ledger import LedgerReader


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
    rss_mb: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A part or job of the stack as its supervisor saw it last."""

    name: str
    state: str
    """``running``, ``starting``, ``restarting``, ``waiting``, ``failed`` ..."""
    note: str
    """Why it does not run: what it said last."""


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

    def day(self, offset: int = 0) -> date:
        """The local day it is, plus `offset` days."""
        return self.now_utc.astimezone(self.plant.site.zone).date() + timedelta(days=offset)

    def day_span(self, day: date) -> tuple[datetime, datetime]:
        """First and one-past-last instant of a local day: 23, 24 or 25 h."""
        zone = self.plant.site.zone
        return at_local(day, "00:00", zone), at_local(day, "24:00", zone)

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
        return list(newest.values())

    def decisions(self, on: Iterable[Recommendation]) -> dict[str, Decision]:
        """The decision that counts on each of these recommendations that has one."""
        said: dict[str, list[Decision]] = {}
        for decision in self.ledger.decisions():
            said.setdefault(decision.recommendation, []).append(decision)
        for name, lately in self.live.decisions.items():
            known = said.setdefault(name, [])
            known += [decision for decision in lately if decision not in known]
        first = {r.recommendation: deciding(r, said.get(r.recommendation, ())) for r in on}
        return {name: decision for name, decision in first.items() if decision is not None}


@dataclass(frozen=True, slots=True)
class QuarterValue:
    """A quarter hour of one meter: import minus export, and how well it is known."""

    start_utc: datetime
    energy_uwh: int | None
    quality: IntervalQuality
    coverage: float
    revision: int = 1

    @property
    def kw(self) -> float | None:
        """Mean power [kW]; negative when the meter fed back."""
        return None if self.energy_uwh is None else kwh(self.energy_uwh) * 4


def energy_of(quarter: QuarterValue) -> float:
    """What a quarter hour is compared by: one without a value is below all others."""
    return float("-inf") if quarter.energy_uwh is None else quarter.energy_uwh


def net_channels(meter: Meter) -> list[tuple[str, int]]:
    """Which channels make the meter's net energy, and with which sign: what is fed back counts negative."""
    channels = [r.channel for r in meter.counters()] or [r.channel for r in meter.registers]
    net = [(c, 1) for c in channels if c == "energy_import"] + [(c, -1) for c in channels if c == "energy_export"]
    first = meter.energy_channel()
    return net or ([(first, 1)] if first is not None else [])


def net_quarters(ledger: LedgerReader, meter: Meter, from_utc: datetime, to_utc: datetime) -> dict[datetime, QuarterValue]:
    """The quarter hours of `meter` by start."""
    return net_of([(ledger.intervals(meter.id, channel, from_utc, to_utc), sign) for channel, sign in net_channels(meter)])


def net_of(parts: Sequence[tuple[Sequence[Interval], int]]) -> dict[datetime, QuarterValue]:
    """Registers with their signs, put together. Export that has no record does not hide import that has one."""
    total: dict[datetime, QuarterValue] = {}
    for number, (intervals, sign) in enumerate(parts):
        for interval in intervals:
            known = total.get(interval.start_utc)
            if known is None and number > 0:
                continue
            total[interval.start_utc] = _plus(known, interval, sign)
    return dict(sorted(total.items()))


def _plus(known: QuarterValue | None, interval: Interval, sign: int) -> QuarterValue:
    own = None if interval.energy_uwh is None else sign * interval.energy_uwh
    if known is None:
        return QuarterValue(interval.start_utc, own, interval.quality, interval.coverage, interval.revision)
    worst = worst_quality((known.quality, interval.quality))
    energy = None if own is None or known.energy_uwh is None else known.energy_uwh + own
    return QuarterValue(
        interval.start_utc, energy, worst, min(known.coverage, interval.coverage), max(known.revision, interval.revision)
    )


def import_quarters(ledger: LedgerReader, meter: Meter, from_utc: datetime, to_utc: datetime) -> dict[datetime, QuarterValue]:
    """What was drawn from the grid: the billing quantity, without export."""
    channel = meter.energy_channel()
    found = ledger.intervals(meter.id, channel, from_utc, to_utc) if channel is not None else ()
    return {i.start_utc: QuarterValue(i.start_utc, i.energy_uwh, i.quality, i.coverage, i.revision) for i in found}


def last_quarters(now_utc: datetime, hours: int) -> tuple[datetime, datetime]:
    """The whole quarter hours of the last `hours`."""
    end = quarter_start(now_utc)
    return end - timedelta(hours=hours), end


__all__ = [
    "QUARTER",
    "PartSeen",
    "ProcessUse",
    "QuarterValue",
    "Scene",
    "Sent",
    "energy_of",
    "import_quarters",
    "last_quarters",
    "net_channels",
    "net_of",
    "net_quarters",
]

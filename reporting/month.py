"""A month, or any other period, of a site as the ledger knows it at one instant: the numbers of every report, before anybody formats them.

In: ledger, plant, tariff, a month, the instant up to which data count.  Out: a frozen `MonthReport`.

What counts: consumption is the sum of all quarter hours that have a value, so that it equals the advance of the register; faulty ones
are therefore in it, with what the register read, and are named beside it. A peak is never taken from a faulty quarter hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import groupby

from domain.anomalies import Anomaly
from domain.channels import IMPORT
from domain.effects import Autopsy, Effect
from domain.errors import Fault, InputFaults
from domain.feedback import Feedback
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.plant import Meter, Plant, VirtualMeter, virtual_parts
from domain.prices import Prices
from domain.recommendations import Decision, Recommendation, deciding
from quarters.gaps import DUE_AFTER, Gap, QuarterRevisions, gaps_of_span
from quarters.net import net_quarters
from quarters.peaks import highest, highest_first
from quarters.remainder import Node, RemainderSum, nodes, sum_of_remainders
from quarters.sums import EnergySum, sum_of
from reporting.findings_account import NOTHING_FOUND, FindingsAccount, findings_account
from reporting.ledger import Conflict, LedgerReader, RejectedReadings
from reporting.periods import Period as Period
from reporting.periods import month_period as month_period
from scrap.account import ScrapAccount

_EVENTS = (IntervalMethod.RESET, IntervalMethod.ROLLOVER, IntervalMethod.EXCHANGE, IntervalMethod.STEP_REMOVED)
TOP_PEAKS = 10


@dataclass(frozen=True)
class SeriesMonth:
    """One meter's channel in the month."""

    meter: Meter | VirtualMeter
    channel: str
    unit: str
    """kWh or kvarh."""
    slots: tuple[Interval | None, ...]
    gaps: tuple[Gap, ...]
    """What was not simply measured, and what was not at first."""
    restatements: tuple[QuarterRevisions, ...]

    @cached_property
    def sum(self) -> EnergySum:
        """Energy, coverage and qualities of the whole month; faulty quarter hours are in it with what the register read."""
        return sum_of(self.slots)

    @property
    def peak(self) -> Interval | None:
        """The earliest of the highest quarter hours, never a faulty one."""
        return highest(self.slots)

    def highest(self, count: int) -> list[Interval]:
        """The highest quarter hours, highest and earliest first."""
        return highest_first(self.slots, count)

    @property
    def events(self) -> list[Interval]:
        """Quarter hours in which a register was reset, rolled over, exchanged or jumped."""
        return [i for i in self.slots if i is not None and i.method in _EVENTS]

    def daily_peaks(self, period: Period) -> list[tuple[date, Interval | None]]:
        """The highest quarter hour of each local day."""
        found: list[tuple[date, Interval | None]] = []
        for day, slots in groupby(range(len(self.slots)), key=lambda slot: period.local(period.start_utc(slot)).date()):
            found.append((day, highest(self.slots[slot] for slot in slots)))
        return found


@dataclass(frozen=True)
class MeterRemainder:
    """A meter against the meters below it, over the quarter hours for which all of them have a value."""

    node: Node

    @cached_property
    def sum(self) -> RemainderSum:
        """Own energy, the sum below, and the remainder of the month."""
        return sum_of_remainders(self.node.quarters)


@dataclass(frozen=True, slots=True)
class MonthReport:
    """All that a report says."""

    plant: Plant
    period: Period
    data_cut_off_utc: datetime
    """Up to when the ledger had records of the plant, or the instant of the query: the "now" of the report."""
    known_until_utc: datetime
    """End of the last quarter hour of the month that any meter has."""
    series: tuple[SeriesMonth, ...]
    balances: tuple[MeterRemainder, ...]
    anomalies: tuple[Anomaly, ...]
    recommendations: tuple[Recommendation, ...]
    decisions: Mapping[str, Decision]
    """By recommendation, the last one."""
    rejections: tuple[RejectedReadings, ...]
    conflicts: tuple[Conflict, ...]
    prices: tuple[Prices, ...] = ()
    """Day-ahead prices of the month: of each span the latest revision."""
    effects: tuple[Effect, ...] = ()
    """Measured, of recommendations for a quarter hour of the month."""
    autopsies: tuple[Autopsy, ...] = ()
    """Of highest quarter hours in the month."""
    scrap: ScrapAccount | None = None
    """What scrap took; None where nobody has looked (`reporting.scrap.with_scrap`)."""
    findings: FindingsAccount = NOTHING_FOUND
    """What its incidents cost, and what ending them early was worth."""
    feedback: tuple[Feedback, ...] = ()
    """What people reported of incidents in the month, in that order."""

    @property
    def is_over(self) -> bool:
        """Whether the month had ended when the data were cut off, its last quarter hour being due."""
        return self.data_cut_off_utc >= self.period.to_utc + DUE_AFTER

    @property
    def is_whole(self) -> bool:
        """Whether every quarter hour of the grid connection has a value; of all meters where there is none."""
        series = self.series if self.billing is None else (self.billing,)
        return all(not one.sum.missing for one in series)

    @property
    def billing(self) -> SeriesMonth | None:
        """The grid connection's import."""
        meter = self.plant.billing_meter()
        return None if meter is None else self.of(meter.id, meter.energy_channel() or IMPORT)

    def of(self, meter: str, channel: str) -> SeriesMonth | None:
        """One series; None if the plant has it not."""
        return next((s for s in self.series if (s.meter.id, s.channel) == (meter, channel)), None)


def month_report(
    ledger: LedgerReader, plant: Plant, period: Period, as_of_utc: datetime | None = None, now_utc: datetime | None = None
) -> MonthReport:
    """The month as known at `as_of_utc`, or up to when the ledger has heard of the plant (at most `now_utc`).

    Raises
    ------
    InputFaults
        If the ledger has nothing of the month.
    """
    cut_off = as_of_utc or _heard_until(ledger, now_utc) or period.from_utc
    rows = {
        (meter.id, channel): ledger.intervals(meter.id, channel, period.from_utc, period.to_utc, cut_off)
        for meter, channel, _ in _listed(plant)
    }
    starts = [interval.start_utc for some in rows.values() for interval in some]
    if not starts:
        raise InputFaults([_nothing(ledger, period, cut_off)])
    span = ledger.interval_span(cut_off)
    begun_utc = None if span is None else span[0]
    series = tuple(
        _series(meter, channel, unit, rows[meter.id, channel], begun_utc, period, ledger, cut_off)
        for meter, channel, unit in _listed(plant)
    )
    recommendations = [
        r for r in ledger.recommendations(cut_off) if _touches(r.issued_utc, r.peak_start_utc + QUARTER, period)
    ]  # fmt: skip
    decisions = ledger.decisions(cut_off)
    decided = [(r.recommendation, deciding(r, decisions)) for r in recommendations]
    anomalies = ledger.anomalies(as_of_utc=cut_off)
    effects = tuple(e for e in ledger.effects(cut_off) if period.from_utc <= e.quarter_utc < period.to_utc)
    return MonthReport(
        plant, period, cut_off, max(starts) + QUARTER, series, tuple(_balances(plant, series, period)),
        tuple(a for a in anomalies if _touches(a.since_utc, a.until_utc, period)),
        tuple(recommendations), {name: decision for name, decision in decided if decision is not None},
        tuple(ledger.rejections(period.from_utc, period.to_utc, cut_off)), tuple(ledger.conflicts(cut_off)),
        tuple(p for p in ledger.prices(cut_off) if _touches(p.first_start_utc, p.end_utc, period)),
        effects,
        tuple(a for a in ledger.autopsies(cut_off) if period.from_utc <= a.quarter_utc < period.to_utc),
        findings=findings_account(anomalies, effects, plant, period.from_utc, period.to_utc),
        feedback=tuple(f for f in ledger.feedback(cut_off) if period.from_utc <= f.at_utc < period.to_utc),
    )  # fmt: skip


def _heard_until(ledger: LedgerReader, now_utc: datetime | None) -> datetime | None:
    """When the newest row was recorded, or the running quarter hour was last heard of: a meter that is only just live has no row yet."""
    running = ledger.latest_demand()
    heard = [ledger.recorded_until_utc(), None if running is None or now_utc is None else min(running.at_utc, now_utc)]
    return max((instant for instant in heard if instant is not None), default=None)


def _listed(plant: Plant) -> list[tuple[Meter | VirtualMeter, str, str]]:
    """(meter, channel, unit) of all quarter hours that a plant has; those of virtual meters come last."""
    real: list[tuple[Meter | VirtualMeter, str, str]] = [
        (m, channel, unit) for m in plant.meters for channel, unit in channels_of(m)
    ]
    return real + [(virtual.meter, virtual.channel, virtual.unit) for virtual in virtual_parts(plant)]


def channels_of(meter: Meter) -> list[tuple[str, str]]:
    """(channel, unit) of the quarter hours that a meter has."""
    return [(r.channel, "kvarh" if r.is_reactive else "kWh") for r in meter.interval_registers()]


def _nothing(ledger: LedgerReader, period: Period, cut_off: datetime) -> Fault:
    span = ledger.interval_span(cut_off)
    there = "no quarter hours at all" if span is None else f"quarter hours from {span[0].isoformat()} to {span[1].isoformat()}"
    return Fault(
        "ledger",
        None,
        f"{period.kind} {period.label}",
        "nothing",
        f"a {period.kind} of which the ledger knows something; it has {there}",
    )


def _touches(from_utc: datetime, to_utc: datetime | None, period: Period) -> bool:
    return from_utc < period.to_utc and (to_utc is None or to_utc > period.from_utc)


def _series(
    meter: Meter | VirtualMeter, channel: str, unit: str, rows: Sequence[Interval], begun_utc: datetime | None, period: Period, ledger: LedgerReader,
    cut_off: datetime,
) -> SeriesMonth:  # fmt: skip
    slots: list[Interval | None] = [None] * period.expected
    for interval in rows:
        slots[period.slot(interval.start_utc)] = interval
    which = (meter.id, channel, period.from_utc, period.to_utc, cut_off)
    starts = [interval.start_utc for interval in rows]
    gaps = gaps_of_span(ledger.doubtful(*which), starts, period.from_utc, period.to_utc, begun_utc, cut_off)
    return SeriesMonth(meter, channel, unit, tuple(slots), tuple(gaps), tuple(ledger.restatements(*which)))


def _balances(plant: Plant, series: Sequence[SeriesMonth], period: Period) -> Iterator[MeterRemainder]:
    """Every meter that has meters below it."""
    of_meter: dict[str, dict[str, dict[datetime, Interval]]] = {}
    for one in series:
        of_meter.setdefault(one.meter.id, {})[one.channel] = {row.start_utc: row for row in one.slots if row is not None}
    nets = {meter.id: net_quarters(meter, of_meter.get(meter.id, {})) for meter in plant.meters}
    starts = [period.start_utc(slot) for slot in range(period.expected)]
    return (MeterRemainder(node) for node in nodes(plant, nets, starts))


@dataclass(frozen=True, slots=True)
class Change:
    """What a series says other than at an earlier cut-off."""

    meter: str
    channel: str
    quarters: int
    before_uwh: int
    after_uwh: int


def changes_since(ledger: LedgerReader, report: MonthReport, earlier_cut_off_utc: datetime) -> list[Change]:
    """Series whose quarter hours are others than they were at an earlier cut-off."""
    found = []
    for series in report.series:
        period = report.period
        before = {
            i.start_utc: i
            for i in ledger.intervals(series.meter.id, series.channel, period.from_utc, period.to_utc, earlier_cut_off_utc)
        }
        after = {i.start_utc: i for i in series.slots if i is not None}
        changed = [start for start in {*before, *after} if _stated(before.get(start)) != _stated(after.get(start))]
        if changed:
            sums = [sum(i.energy_uwh or 0 for start in changed if (i := some.get(start))) for some in (before, after)]
            found.append(Change(series.meter.id, series.channel, len(changed), *sums))
    return found


def _stated(interval: Interval | None) -> tuple[int | None, IntervalQuality] | None:
    return None if interval is None else (interval.energy_uwh, interval.quality)

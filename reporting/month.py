"""A month, or any other period, of a site as the ledger knows it at one instant: the numbers of every report, before anybody formats them.

In: ledger, plant, tariff, a month, the instant up to which data count.  Out: a frozen `MonthReport`.

What counts: consumption is the sum of all quarter hours that have a value, so that it equals the advance of the register; faulty ones
are therefore in it, with what the register read, and are named beside it. A peak is never taken from a faulty quarter hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING

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
from quarters.net import NetQuarter, net_quarters
from quarters.peaks import highest, highest_first
from quarters.periods import days_between, midnight_utc
from quarters.remainder import Node, RemainderSum, nodes, sum_of_remainders
from quarters.sums import EnergySum, joined, sum_of
from reporting.findings_account import NOTHING_FOUND, FindingsAccount, findings_account
from reporting.key_figures import KeyFigures
from reporting.ledger import Conflict, LedgerReader, RejectedReadings
from reporting.periods import DAY
from reporting.periods import Period as Period
from reporting.periods import month_period as month_period
from reporting.progress import Progress, Stage, Step, silent
from reporting.slots import Slots
from scrap.account import ScrapAccount

if TYPE_CHECKING:
    from reporting.emissions import MeterEmissions
    from reporting.groups import GroupSum
    from reporting.year_before import YearBefore

_EVENTS = (IntervalMethod.RESET, IntervalMethod.ROLLOVER, IntervalMethod.EXCHANGE, IntervalMethod.STEP_REMOVED)
TOP_PEAKS = 10


@dataclass(frozen=True, slots=True)
class SeriesDay:
    """One meter's channel on a local day."""

    day: date
    sum: EnergySum
    peak: Interval | None


@dataclass(frozen=True, slots=True)
class SeriesPart:
    """One meter's channel in a part of the period."""

    part: Period
    sum: EnergySum
    peak: Interval | None


@dataclass(frozen=True, slots=True)
class SeriesMonth:
    """One meter's channel in the period."""

    meter: Meter | VirtualMeter
    channel: str
    unit: str
    """kWh or kvarh; m3 or Nm3 of another medium."""
    slots: Sequence[Interval | None]
    gaps: tuple[Gap, ...]
    """What was not simply measured, and what was not at first."""
    restatements: tuple[QuarterRevisions, ...]
    sum: EnergySum
    """Energy, coverage and qualities of the whole period; faulty quarter hours are in it with what the register read."""
    peak: Interval | None
    """The earliest of the highest quarter hours, never a faulty one."""
    events: tuple[Interval, ...]
    """Quarter hours in which a register was reset, rolled over, exchanged or jumped."""
    days: tuple[SeriesDay, ...]
    """Each local day."""

    @classmethod
    def of(
        cls, meter: Meter | VirtualMeter, channel: str, unit: str, period: Period, rows: Iterable[Interval | None],
        gaps: Iterable[Gap] = (), restatements: Iterable[QuarterRevisions] = (),
    ) -> SeriesMonth:  # fmt: skip
        """The series of the quarter hours that have a row."""
        slots: list[Interval | None] = [None] * period.expected
        for row in rows:
            if row is not None:
                slots[period.slot(row.start_utc)] = row
        events = tuple(row for row in slots if row is not None and row.method in _EVENTS)
        return cls(
            meter, channel, unit, Slots(period, slots), tuple(gaps), tuple(restatements), sum_of(slots), highest(slots), events,
            tuple(_days(period, slots)),
        )  # fmt: skip

    def parts(self, period: Period) -> list[SeriesPart]:
        """Each month of its period, or the days of a month that the period cuts."""
        found, days = [], iter(self.days)
        for part in period.months():
            some = list(islice(days, part.day_count))
            found.append(SeriesPart(part, joined(day.sum for day in some), highest(day.peak for day in some)))
        return found

    def within(self, period: Period, part: Period) -> SeriesMonth:
        """The same over a part of its period, without gaps and restatements."""
        rows = self.slots[period.slot(part.from_utc) : period.slot(part.to_utc)]
        return SeriesMonth.of(self.meter, self.channel, self.unit, part, rows)

    def highest(self, count: int) -> list[Interval]:
        """The highest quarter hours, highest and earliest first."""
        return highest_first(self.slots, count)


def _days(period: Period, slots: Sequence[Interval | None]) -> Iterator[SeriesDay]:
    place = 0
    for day in days_between(period.first_day, period.end_day):
        end = period.slot(midnight_utc(day + DAY, period.zone))
        some = slots[place:end]
        yield SeriesDay(day, sum_of(some), highest(some))
        place = end


@dataclass(frozen=True, slots=True)
class MeterRemainder:
    """A meter against the meters below it, over the quarter hours for which all of them have a value."""

    meter: Meter
    children: tuple[Meter, ...]
    sum: RemainderSum
    """Own energy, the sum below, and the remainder of the period."""
    lacking: Mapping[tuple[str, str], int]
    """Quarter hours whose remainder is unknown because a channel has no row, by (meter, channel)."""

    @classmethod
    def of(cls, node: Node) -> MeterRemainder:
        """Its sums; the quarter hours themselves are not kept."""
        return cls(node.meter, node.children, sum_of_remainders(node.quarters), node.lacking())


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
    key_figures: KeyFigures | None = None
    """Energy per unit, standby, savings; None where nobody has looked (`reporting.key_figures.month.with_key_figures`)."""
    findings: FindingsAccount = NOTHING_FOUND
    """What its incidents cost, and what ending them early was worth."""
    before: YearBefore | None = None
    """The same days one year earlier; None where nobody has looked (`reporting.year_before`)."""
    groups: tuple[GroupSum, ...] = ()
    """Halls and cost centres (`reporting.groups`)."""
    emissions: tuple[MeterEmissions, ...] = ()
    """What was burnt and purchased (`reporting.emissions`); empty where no factor is given, or nobody has looked."""
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
    ledger: LedgerReader,
    plant: Plant,
    period: Period,
    as_of_utc: datetime | None = None,
    now_utc: datetime | None = None,
    progress: Progress = silent,
) -> MonthReport:
    """The month as known at `as_of_utc`, or up to when the ledger has heard of the plant (at most `now_utc`).

    Raises
    ------
    InputFaults
        If the ledger has nothing of the month.
    """
    cut_off = as_of_utc or _heard_until(ledger, now_utc) or period.from_utc
    span = ledger.interval_span(cut_off)
    begun_utc = None if span is None else span[0]
    series, known_until_utc = [], None
    for number, (meter, channel, unit) in enumerate(listed := _listed(plant)):
        progress(Step(Stage.SERIES, number, len(listed)))
        one, until_utc = _series(meter, channel, unit, begun_utc, period, ledger, cut_off)
        series.append(one)
        known_until_utc = max((at for at in (known_until_utc, until_utc) if at is not None), default=None)
    if known_until_utc is None:
        raise InputFaults([_nothing(ledger, period, cut_off)])
    progress(Step(Stage.REMAINDERS))
    balances = tuple(_balances(plant, series, period))
    recommendations = [
        r for r in ledger.recommendations(cut_off) if _touches(r.issued_utc, r.peak_start_utc + QUARTER, period)
    ]  # fmt: skip
    decisions = ledger.decisions(cut_off)
    decided = [(r.recommendation, deciding(r, decisions)) for r in recommendations]
    anomalies = ledger.anomalies(as_of_utc=cut_off)
    effects = tuple(e for e in ledger.effects(cut_off) if period.from_utc <= e.quarter_utc < period.to_utc)
    return MonthReport(
        plant, period, cut_off, known_until_utc, tuple(series), balances,
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
    return [(r.channel, r.shown_unit) for r in meter.interval_registers()]


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
    meter: Meter | VirtualMeter, channel: str, unit: str, begun_utc: datetime | None, period: Period, ledger: LedgerReader, cut_off: datetime
) -> tuple[SeriesMonth, datetime | None]:  # fmt: skip
    """The series, and the end of its last quarter hour."""
    which = (meter.id, channel, period.from_utc, period.to_utc, cut_off)
    rows = ledger.intervals(*which)
    starts = [interval.start_utc for interval in rows]
    gaps = gaps_of_span(ledger.doubtful(*which), starts, period.from_utc, period.to_utc, begun_utc, cut_off)
    made = SeriesMonth.of(meter, channel, unit, period, rows, gaps, ledger.restatements(*which))
    return made, starts[-1] + QUARTER if starts else None


def _balances(plant: Plant, series: Sequence[SeriesMonth], period: Period) -> Iterator[MeterRemainder]:
    """Every meter that has meters below it."""
    nets = NetsOfSeries(plant, series)
    starts = [period.start_utc(slot) for slot in range(period.expected)]
    return (MeterRemainder.of(node) for node in nodes(plant, nets, starts))


class NetsOfSeries(Mapping[str, Mapping[datetime, NetQuarter]]):
    """Net quarter hours by meter and start, worked out when a meter is looked at and not kept: a year of all would fill the memory."""

    def __init__(self, plant: Plant, series: Sequence[SeriesMonth]) -> None:
        self._meters = {meter.id: meter for meter in plant.meters}
        self._series = series

    def __getitem__(self, name: str) -> Mapping[datetime, NetQuarter]:
        mine = [one for one in self._series if one.meter.id == name]
        rows = {one.channel: {row.start_utc: row for row in one.slots if row is not None} for one in mine}
        return net_quarters(self._meters[name], rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._meters)

    def __len__(self) -> int:
        return len(self._meters)


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

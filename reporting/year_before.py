"""A period beside the same local days one year earlier, series by series: energy, highest quarter hour, and what a working day takes.

In: a report and the ledger.  Out: the report with its `YearBefore`. A difference is stated only where both years are covered; which weekdays
the two have differs, so the mean of whole working days stands beside the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.calendars import DayType, day_type, is_shutdown
from domain.intervals import Interval
from domain.plant import Meter, Plant, VirtualMeter
from quarters.sums import EnergySum
from reporting.ledger import LedgerReader
from reporting.month import MonthReport, SeriesDay, SeriesMonth
from reporting.periods import Period
from reporting.progress import Progress, Stage, Step, silent

COMPARABLE = 0.99
"""Share of the quarter hours that must have a value, in both years: a missing day of a month is more than most changes."""


class WhyNot(StrEnum):
    """Why a series is not compared."""

    NOTHING = "nothing_before"
    """No quarter hour of the year before has a value."""
    BEFORE_INCOMPLETE = "before_incomplete"
    INCOMPLETE = "incomplete"
    """The period itself is not over, or not covered."""


@dataclass(frozen=True, slots=True)
class Workdays:
    """Working days whose quarter hours all have a value: days from Monday to Friday without holidays and shutdowns."""

    days: int
    energy_uwh: int

    @property
    def mean_uwh(self) -> int | None:
        """Energy of one of them; None where there are none."""
        return round(self.energy_uwh / self.days) if self.days else None


@dataclass(frozen=True, slots=True)
class SeriesYear:
    """One series in one of the two years."""

    sum: EnergySum
    peak: Interval | None
    workdays: Workdays

    @property
    def is_covered(self) -> bool:
        """Whether it can be compared."""
        return self.sum.with_value >= COMPARABLE * self.sum.quarters


@dataclass(frozen=True, slots=True)
class Compared:
    """One series in both years."""

    meter: Meter | VirtualMeter
    channel: str
    unit: str
    now: SeriesYear
    before: SeriesYear

    @property
    def why_not(self) -> WhyNot | None:
        """Why no difference is stated; None where it is."""
        if not self.before.sum.with_value:
            return WhyNot.NOTHING
        if not self.before.is_covered:
            return WhyNot.BEFORE_INCOMPLETE
        return None if self.now.is_covered else WhyNot.INCOMPLETE

    @property
    def difference_uwh(self) -> int | None:
        """Energy of the period less that of the year before."""
        return None if self.why_not is not None else self.now.sum.energy_uwh - self.before.sum.energy_uwh

    @property
    def change(self) -> float | None:
        """The difference as a share of the year before; None without one, and of no energy."""
        return _share(self.difference_uwh, self.before.sum.energy_uwh)

    @property
    def peak_change(self) -> float | None:
        """The same of the highest quarter hour."""
        now, before = (None if one.peak is None else one.peak.energy_uwh for one in (self.now, self.before))
        if self.why_not is not None or now is None or before is None:
            return None
        return _share(now - before, before)

    @property
    def workday_change(self) -> float | None:
        """The same of a working day's mean energy."""
        now, before = self.now.workdays.mean_uwh, self.before.workdays.mean_uwh
        if self.why_not is not None or now is None or before is None:
            return None
        return _share(now - before, before)


def _share(difference: int | None, of: int) -> float | None:
    return None if difference is None or of <= 0 else difference / of


@dataclass(frozen=True, slots=True)
class YearBefore:
    """The same days one year earlier."""

    period: Period
    series: tuple[Compared, ...]


def with_year_before(ledger: LedgerReader, report: MonthReport, progress: Progress = silent) -> MonthReport:
    """`report` beside the year before it, as the ledger knew both at the report's data cut-off."""
    before = report.period.year_before()
    if before is None:
        return report
    return replace(report, before=YearBefore(before, tuple(_compared(ledger, report, before, progress))))


def _compared(ledger: LedgerReader, report: MonthReport, before: Period, progress: Progress) -> Iterator[Compared]:
    for number, series in enumerate(report.series):
        progress(Step(Stage.YEAR_BEFORE, number, len(report.series)))
        rows = ledger.intervals(series.meter.id, series.channel, before.from_utc, before.to_utc, report.data_cut_off_utc)
        earlier = SeriesMonth.of(series.meter, series.channel, series.unit, before, rows)
        yield Compared(
            series.meter, series.channel, series.unit, _year(series, report.plant), _year(earlier, report.plant)
        )  # fmt: skip


def _year(series: SeriesMonth, plant: Plant) -> SeriesYear:
    return SeriesYear(series.sum, series.peak, workdays(series.days, plant))


def workdays(days: Iterable[SeriesDay], plant: Plant) -> Workdays:
    """Those of `days` that are working days and whole."""
    whole = [day.sum.energy_uwh for day in days if not day.sum.missing and is_workday(day, plant)]
    return Workdays(len(whole), sum(whole))


def is_workday(day: SeriesDay, plant: Plant) -> bool:
    """Whether people work on it by the plant's calendar."""
    return day_type(day.day, plant.site) is DayType.WORKDAY and not is_shutdown(day.day, plant)

"""What the month costs by the plant's tariff: the month alone, as `billing` writes a bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import InputFaults
from domain.intervals import QUARTER, Interval
from quarters.peaks import highest
from quarters.quality import makes_maximum
from reporting.month import MonthReport, SeriesMonth
from reporting.periods import Period, PeriodKind
from words.speech import Words

DAY = timedelta(days=1)
NO_TARIFF = "the plant file names no tariff"
NO_METER = "the plant file names no billing meter"
NOTHING_KNOWN = "no quarter hour of this month has a value"
CUT_MONTH = "the period has only a part of this month, and bills are of whole months"

_OUR_REASONS = {
    NO_TARIFF: "why.no_tariff",
    NO_METER: "why.no_meter",
    CUT_MONTH: "why.cut_month",
    NOTHING_KNOWN: "why.nothing_known",
}


@dataclass(frozen=True, slots=True)
class WindowPeak:
    """The highest quarter hour inside or outside a demand charge's windows."""

    component: str
    where: str
    """``inside`` or ``outside``."""
    calendar: str
    peak: Interval | None


@dataclass(frozen=True, slots=True)
class BilledMonth:
    """A month of a longer period, or the days of one that the period cuts."""

    period: Period
    cost: MonthCost


@dataclass(frozen=True, slots=True)
class MonthCost:
    """The bill, or why there is none; of a period that is no month, those of its months."""

    bill: Any = None
    """A `billing.bill.Bill`; None where there is none, and for periods that are no month."""
    months: tuple[BilledMonth, ...] = ()
    """Empty for a month."""
    windows: tuple[WindowPeak, ...] = ()
    tariff_id: str = ""
    tariff_version: str = ""
    tariff_source: str = ""
    why_not: str = ""
    lacking: tuple[tuple[str, str], ...] = ()
    """Components without a price at this site, and what each lacks: ids of components, values of `billing.lacks.Lack`."""

    @property
    def bills(self) -> list[Any]:
        """The one of the month, or those of the months."""
        found = [self.bill, *(one.cost.bill for one in self.months)]
        return [bill for bill in found if bill is not None]

    @property
    def total_eur(self) -> Fraction | None:
        """Sum of the bills; None where there is none."""
        return sum((bill.total_eur for bill in self.bills), Fraction(0)) if self.bills else None

    @property
    def missing(self) -> list[str]:
        """Columns of which a bill lacks something."""
        return list(dict.fromkeys(span.column for bill in self.bills for span in bill.missing))

    @property
    def is_provisional(self) -> bool:
        """Whether a bill can still change."""
        return any(bill.status != "final" for bill in self.bills)


def why_no_bill(cost: MonthCost, words: Words) -> str:
    """Why there is no bill, in the report's language; faults of the tariff file are named as `check-config` names them."""
    if cost.lacking:
        return "; ".join(
            words.fill("why.lacks", component=name, lack=words.texts[f"term.lack.{lack}"]) for name, lack in cost.lacking
        )
    key = _OUR_REASONS.get(cost.why_not)
    return cost.why_not if key is None else words[key]


def month_cost(report: MonthReport, folder: Path) -> MonthCost:
    """Bill the grid connection's month by the tariff beside the plant file; of a longer or shorter period, each whole month in it.

    An annual demand charge counts a twelfth, with the highest quarter hour of this month; peaks of other months are in it only as far
    as the tariff file names them as history.
    """
    plant, series = report.plant, report.billing
    if plant.tariff is None:
        return MonthCost(why_not=NO_TARIFF)
    if series is None:
        return MonthCost(why_not=NO_METER)
    if report.period.kind is not PeriodKind.MONTH:
        return _cost_of_months(report, series, folder)
    from billing.bill import bill
    from billing.published import published
    from billing.site import left_out, reactive_channels
    from billing.tariff import load_tariff

    tariff = load_tariff(folder / plant.tariff.file).with_published(published(report.prices))
    named = MonthCost(tariff_id=tariff.id, tariff_version=tariff.version, tariff_source=tariff.source)
    days = (report.period.first_day, report.period.end_day)
    lacking = [one for one in left_out(tariff, reactive_channels(plant)) if one.holds_within(days[0], days[1] - DAY)]
    if lacking:
        lacks = tuple((one.component.id, one.lack.value) for one in lacking)
        return replace(named, why_not="; ".join(one.reason for one in lacking), lacking=lacks)
    try:
        made = bill(tariff, _load(report, series), days)
    except InputFaults as faults:
        return replace(named, why_not="; ".join(f"{f.field}: found {f.found}; expected {f.expected}" for f in faults.faults))
    return replace(named, bill=made, windows=_windows(tariff, series, days))


def _cost_of_months(report: MonthReport, series: SeriesMonth, folder: Path) -> MonthCost:
    whole, found = report.period, []
    for part in whole.months():
        if part.kind is not PeriodKind.MONTH:
            found.append(BilledMonth(part, MonthCost(why_not=CUT_MONTH)))
            continue
        connection = tuple(one.within(whole, part) for one in report.series if one.meter.id == series.meter.id)
        if not any(one.sum.with_value for one in connection):
            found.append(BilledMonth(part, MonthCost(why_not=NOTHING_KNOWN)))
            continue
        found.append(BilledMonth(part, month_cost(replace(report, period=part, series=connection), folder)))
    last = next((one.cost for one in reversed(found) if one.cost.tariff_id), MonthCost())
    return MonthCost(
        months=tuple(found), tariff_id=last.tariff_id, tariff_version=last.tariff_version, tariff_source=last.tariff_source,
        why_not="" if any(one.cost.bill is not None for one in found) else found[0].cost.why_not,
    )  # fmt: skip


def _load(report: MonthReport, series: SeriesMonth) -> Any:
    """Energies as they count: a faulty quarter hour's is consumption and no maximum; reactive energy is what was imported less exported."""
    from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT
    from billing.load import LoadProfile

    def energies(of: SeriesMonth) -> list[int | None]:
        return [None if interval is None else interval.energy_uwh for interval in of.slots]

    load = LoadProfile.of_energies(report.period.from_utc, energies(series))
    faulty = [interval is not None and not makes_maximum(interval.quality) for interval in series.slots]
    load = replace(load, no_maximum=np.array(faulty, dtype=np.bool_))
    imported, exported = (report.of(series.meter.id, channel) for channel in (REACTIVE_IMPORT, REACTIVE_EXPORT))
    if imported is None and exported is None:
        return load
    known = [energies(one) for one in (imported, exported) if one is not None]
    signs = [sign for sign, one in ((1, imported), (-1, exported)) if one is not None]
    net = [_signed_sum(signs, values) for values in zip(*known, strict=True)]
    return replace(load, reactive=LoadProfile.of_energies(report.period.from_utc, net).power)


def _signed_sum(signs: Sequence[int], values: Sequence[int | None]) -> int | None:
    """Missing as soon as one part is."""
    found = [sign * value for sign, value in zip(signs, values, strict=True) if value is not None]
    return sum(found) if len(found) == len(values) else None


def _is_inside(mask: Any, place: int) -> bool:
    return 0 <= place < len(mask) and bool(mask[place])


def _windows(tariff: Any, series: SeriesMonth, days: tuple[Any, Any]) -> tuple[WindowPeak, ...]:
    from billing.frame import frame

    grid = frame(tariff.zone, *days, QUARTER)
    found = []
    for component in tariff.components:
        mask = component.mask(grid) if component.bills_power else None
        if mask is None:
            continue
        # By instant: the tariff's days may begin at another midnight than the plant's.
        chosen = tuple(i for i in series.slots if i is not None and _is_inside(mask, (i.start_utc - grid.from_utc) // QUARTER))
        where = "inside" if component.inside else "outside"
        found.append(WindowPeak(component.id, where, component.calendar.id, highest(chosen)))
    return tuple(found)

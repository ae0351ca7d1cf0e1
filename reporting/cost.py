"""What the month costs by the plant's tariff: the month alone, as `billing` writes a bill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.errors import InputFaults
from domain.intervals import QUARTER, Interval
from domain.plant import Plant
from reporting.month import MonthReport, SeriesMonth

REACTIVE = "reactive_import"
NO_TARIFF = "the plant file names no tariff"
NO_METER = "the plant file names no billing meter"


@dataclass(frozen=True, slots=True)
class WindowPeak:
    """The highest quarter hour inside or outside a demand charge's windows."""

    component: str
    where: str
    """``inside`` or ``outside``."""
    calendar: str
    peak: Interval | None


@dataclass(frozen=True, slots=True)
class MonthCost:
    """The bill, or why there is none."""

    bill: Any = None
    """A `billing.bill.Bill`."""
    windows: tuple[WindowPeak, ...] = ()
    tariff_id: str = ""
    tariff_version: str = ""
    tariff_source: str = ""
    why_not: str = ""

    @property
    def missing(self) -> list[str]:
        """Columns of which the bill lacks something."""
        return [] if self.bill is None else list(dict.fromkeys(span.column for span in self.bill.missing))

    @property
    def is_provisional(self) -> bool:
        """Whether the bill can still change."""
        return self.bill is not None and self.bill.status != "final"


def month_cost(report: MonthReport, folder: Path) -> MonthCost:
    """Bill the grid connection's month by the tariff beside the plant file.

    An annual demand charge counts a twelfth, with the highest quarter hour of this month; peaks of other months are in it only as far
    as the tariff file names them as history.
    """
    plant, series = report.plant, report.billing
    if plant.tariff is None:
        return MonthCost(why_not=NO_TARIFF)
    if series is None:
        return MonthCost(why_not=NO_METER)
    from billing.bill import bill
    from billing.tariff import load_tariff

    tariff = load_tariff(folder / plant.tariff.file)
    named = MonthCost(tariff_id=tariff.id, tariff_version=tariff.version, tariff_source=tariff.source)
    days = (report.period.first_day, report.period.end_day)
    try:
        made = bill(tariff, _load(report, series, plant), days)
    except InputFaults as faults:
        return replace(named, why_not="; ".join(f"{f.field}: found {f.found}; expected {f.expected}" for f in faults.faults))
    return replace(named, bill=made, windows=_windows(tariff, series, days))


def _load(report: MonthReport, series: SeriesMonth, plant: Plant) -> Any:
    from billing.load import LoadProfile

    def energies(of: SeriesMonth) -> list[int | None]:
        return [None if interval is None else interval.energy_uwh for interval in of.slots]

    load = LoadProfile.of_energies(report.period.from_utc, energies(series))
    reactive = report.of(series.meter.id, REACTIVE)
    if reactive is None:
        return load
    return replace(load, reactive=LoadProfile.of_energies(report.period.from_utc, energies(reactive)).power)


def _is_inside(mask: Any, place: int) -> bool:
    return 0 <= place < len(mask) and bool(mask[place])


def _windows(tariff: Any, series: SeriesMonth, days: tuple[Any, Any]) -> tuple[WindowPeak, ...]:
    from billing.frame import frame

    grid = frame(tariff, *days, QUARTER)
    found = []
    for component in tariff.demand:
        mask = grid.mask(component)
        if mask is None:
            continue
        # By instant: the tariff's days may begin at another midnight than the plant's.
        chosen = tuple(i for i in series.slots if i is not None and _is_inside(mask, (i.start_utc - grid.from_utc) // QUARTER))
        part = SeriesMonth(series.meter, series.channel, series.unit, chosen, (), ())
        where, calendar = ("inside", component.inside) if component.inside else ("outside", component.outside)
        found.append(WindowPeak(component.id, where, calendar or "", part.peak))
    return tuple(found)

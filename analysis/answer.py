"""All figures of one load profile.

In: a load, price sheets, what else somebody wants to know (battery, photovoltaics).  Out: an `Analysis`. Every euro is ``bill(before) -
bill(after)`` of the same sheet and the same days, so it holds whatever the sheet bills by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from analysis.base_load import BaseLoad, base_load
from analysis.battery import Battery, bound, by_rule
from analysis.days import StrangeDay, strange_days
from analysis.emissions import Emissions, emissions
from analysis.local_load import LocalLoad
from analysis.peaks import Cut, Peak, cut, peaks_of
from analysis.sheets import PriceSheet
from analysis.sun import Sun, beside
from analysis.wins import Win, wins_of
from billing.bill import Bill, bill
from billing.load import LoadProfile
from domain.errors import InputFaults

CUTS = (1, 5, 20)
"""How many of the highest peaks are cut."""
MOST_PEAKS = 20
MOST_DAYS = 6
HOURS_PER_YEAR = 8760


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be known beside the load itself.

    Attributes
    ----------
    battery
        None: one that holds an hour of a tenth of the peak.
    pv_kwp
        None: one that gives about a tenth of the energy.
    co2_g_per_kwh
        None: the German mix of the year.
    """

    battery: Battery | None = None
    pv_kwp: float | None = None
    pv_kwh_per_kwp: float = 950.0
    co2_g_per_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class CutSaving:
    """What cutting the highest peaks saves by one sheet."""

    peaks: int
    lines_eur: dict[str, float]
    """By line of the bill."""
    eur: float


@dataclass(frozen=True, slots=True)
class BatterySaving:
    """What a battery saves by one sheet: energy that it loses is on the bill."""

    bound_kw: float
    """The highest quarter hour then, with perfect foresight."""
    bound_eur: float
    rule_kw: float
    """The same by a rule that knows the past only."""
    rule_eur: float
    cycles: float
    """Times that the bound's battery gave its whole content."""


@dataclass(frozen=True, eq=False)
class SheetAnswer:
    """What one price sheet makes of the load."""

    sheet: PriceSheet
    bill: Bill
    base_eur: float
    """What the base load costs at nights and weekends."""
    cuts: tuple[CutSaving, ...]
    battery: BatterySaving
    sun_eur: float
    """What the system's own use saves; fed-in energy is paid nothing."""
    wins: tuple[Win, ...]


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that is known of one load profile."""

    load: LocalLoad
    profile: LoadProfile
    """What is billed: in its own resolution."""
    peak_kw: float
    usage_hours: float
    """Energy of a year, scaled from what is there, over the peak [h]."""
    covered_share: float
    peaks: tuple[Peak, ...]
    cuts: tuple[Cut, ...]
    base: BaseLoad
    days: tuple[StrangeDay, ...]
    battery: Battery
    sun: Sun
    emissions: Emissions
    sheets: tuple[SheetAnswer, ...]
    refused: tuple[tuple[PriceSheet, str], ...]
    """Sheets that this load cannot be billed by, and why."""


def analyse(
    profile: LoadProfile, zone: ZoneInfo, sheets: Sequence[PriceSheet], wishes: Wishes, progress: Callable[[str], None] = lambda step: None
) -> Analysis:  # fmt: skip
    """Analyse a load.

    Parameters
    ----------
    profile
        Of 15 minutes or finer.
    zone
        Whose calendar days, nights and weekends are.
    progress
        Hears the name of each step that begins: ``load``, ``battery``, and the id of each sheet.

    Raises
    ------
    InputFaults
        If the profile is too coarse, or no sheet can bill it.
    """
    progress("load")
    load = LocalLoad.of(profile, zone)
    peak_kw = max(float(np.nanmax(load.kw)), 0.0)
    hours = load.energy_kwh / load.hours * HOURS_PER_YEAR / peak_kw if peak_kw > 0 else 0.0
    cuts = tuple(one for count in CUTS if (one := cut(load, count)) is not None)
    base = base_load(load)
    days = tuple(strange_days(load, MOST_DAYS))
    battery = wishes.battery or Battery(_round(peak_kw / 10), _round(peak_kw / 10))
    kwp = (
        wishes.pv_kwp
        if wishes.pv_kwp is not None
        else _round(load.energy_kwh / load.hours * HOURS_PER_YEAR / 10 / wishes.pv_kwh_per_kwp)
    )
    sun = beside(load, kwp, wishes.pv_kwh_per_kwp)
    progress("battery")
    shaved = _Shaved(load, battery)
    found: list[SheetAnswer] = []
    refused: list[tuple[PriceSheet, str]] = []
    faults: list[InputFaults] = []
    for sheet in sheets:
        progress(sheet.tariff.id)
        try:
            found.append(_by_sheet(sheet, profile, load, cuts, base, days, shaved, sun))
        except InputFaults as error:
            refused.append((sheet, str(error)))
            faults.append(error)
    if faults and not found:
        raise InputFaults([fault for error in faults for fault in error.faults])
    year = load.day_of(int(load.day[-1]) // 2).year
    return Analysis(
        load, profile, peak_kw, hours, load.hours * 4 / len(load.kw), tuple(peaks_of(load, MOST_PEAKS)), cuts, base, days, battery, sun,
        emissions(load.energy_kwh, year, wishes.co2_g_per_kwh), tuple(found), tuple(refused),
    )  # fmt: skip


class _Shaved:
    """Loads behind the battery, each found once: for peaks of months, and for one peak of the whole."""

    def __init__(self, load: LocalLoad, battery: Battery) -> None:
        self._load, self.battery = load, battery
        self._known: dict[bool, tuple[LocalLoad, LocalLoad, float]] = {}

    def of(self, by_month: bool) -> tuple[LocalLoad, LocalLoad, float]:
        """The load with foresight, by the rule, and what the battery gave with foresight [kWh]."""
        if by_month not in self._known:
            periods = self._load.month if by_month else np.zeros(len(self._load.kw), dtype=np.int64)
            best, ruled = bound(self._load, self.battery, periods), by_rule(self._load, self.battery, periods)
            self._known[by_month] = best.after, ruled.after, best.discharged_kwh
        return self._known[by_month]


def _by_sheet(
    sheet: PriceSheet, profile: LoadProfile, load: LocalLoad, cuts: Sequence[Cut], base: BaseLoad, days: Sequence[StrangeDay],
    shaved: _Shaved, sun: Sun,
) -> SheetAnswer:  # fmt: skip
    pricer = Pricer(sheet, load)
    own = bill(sheet.tariff, profile)
    savings = tuple(CutSaving(one.peaks, *pricer.saving(one.after)) for one in cuts)
    best, ruled, discharged = shaved.of(sheet.by_month)
    capacity = shaved.battery.capacity_kwh
    stored = BatterySaving(
        float(np.nanmax(best.kw)), pricer.saving(best)[1], float(np.nanmax(ruled.kw)), pricer.saving(ruled)[1],
        discharged / capacity if capacity else 0.0,
    )  # fmt: skip
    return SheetAnswer(
        sheet, own, pricer.saving(base.without_base)[1], savings, stored, pricer.saving(sun.after)[1],
        tuple(wins_of(load, cuts, base, days, lambda after: pricer.saving(after)[1])),
    )  # fmt: skip


class Pricer:
    """Bills of one sheet for loads of the same quarter hours."""

    def __init__(self, sheet: PriceSheet, load: LocalLoad) -> None:
        self._tariff = sheet.tariff
        self._before = bill(self._tariff, load.profile())

    def saving(self, after: LocalLoad) -> tuple[dict[str, float], float]:
        """What it saves that the load comes as in `after`: by line of the bill, and in all [EUR]."""
        then = bill(self._tariff, after.profile())
        lines: dict[str, float] = {}
        for sign, one in ((1, self._before), (-1, then)):
            for line in one.lines:
                lines[line.id] = lines.get(line.id, 0.0) + sign * float(line.amount_eur)
        changed = {line: round(eur, 2) for line, eur in lines.items() if abs(eur) >= 0.005}
        return changed, float(self._before.total_eur - then.total_eur)


def _round(value: float) -> float:
    """To two digits, as sizes are sold."""
    if value <= 0:
        return 0.0
    digits = int(np.floor(np.log10(value))) - 1
    return float(round(value / 10**digits) * 10**digits)

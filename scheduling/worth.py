"""What a plan costs: the bill of the whole billing period, so that a saving is ``bill(before) - bill(after)``.

The period is the local calendar year (two at the turn of the year), and what a season or a ratchet reaches back to, within the tariff's
validity. Its quarter hours are measured where they are known, expected (median) in the forecast, and the mean of the measured ones
everywhere else: the same for both bills, so that usage hours and tiers come out as for a whole year. Peaks known from before the first
known quarter hour (plant file, `history` of the tariff) stand in unknown ones of their time. Reactive energy is what was measured; where it
was not, power keeps the power factor that was.

Without prices a saving is unknown, never 0; what could not be priced is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

import numpy as np

from billing.bill import Bill, bill
from billing.load import LoadProfile
from billing.site import LeftOut, Priced, SitePrices, needs_reactive
from billing.span import billed_since, known_maxima_kw, sunk_since
from billing.tariff import Tariff
from quarters.numbers import slot_of, slot_start
from quarters.periods import BillingPeriod, midnight_utc, month_after, month_span
from quarters.series import QuarterSeries
from quarters.what_if import BilledPeak, WhatIfYear
from scheduling.live.rest import RestPeak
from scheduling.odds import CASES
from scheduling.problem import MOST_KW, Load, Outlook
from scheduling.promised import Promised

MOST_EUR = 1e14
"""Beyond every bill, and within what `domain.units.Amount` holds."""


class Unknown(StrEnum):
    """Why money is not known at all."""

    NO_TARIFF = "no_tariff"
    NOT_VALID = "not_valid"
    """The tariff does not hold at that time."""
    NO_DEMAND_PRICE = "no_demand_price"
    """None of the charges for power can be priced."""


@dataclass(frozen=True, slots=True)
class Saving:
    """The difference of two bills [EUR], or why it is not known; None where a figure is not."""

    before_eur: float | None = None
    after_eur: float | None = None
    demand_eur: float | None = None
    energy_eur: float | None = None
    """Everything but power; None also where the price of the energy that moves is not known (yet)."""
    lacking: tuple[LeftOut, ...] = ()
    """What is in neither bill."""
    unknown: Unknown | None = None
    lines_eur: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Lines of the bill that change, by their id in the tariff: before and after [EUR]."""
    kept_eur: float = 0.0
    """What earlier advice of the billing period has promised of it: it is kept by this, and promised once."""

    @property
    def total_eur(self) -> float | None:
        """``bill(before) - bill(after)`` of what could be priced."""
        return None if self.before_eur is None or self.after_eur is None else self.before_eur - self.after_eur


def cents(eur: float | None) -> float | None:
    """`eur` rounded to cents; None where it is not known, or is no amount of money that a record can hold. A difference of nothing has no sign."""
    return None if eur is None or abs(eur) > MOST_EUR else round(eur, 2) + 0.0


def mean_saving(savings: Sequence[Saving]) -> Saving:
    """The mean of equally likely savings, which know and lack the same."""

    def mean(of: Callable[[Saving], float | None]) -> float | None:
        figures = [figure for one in savings if (figure := of(one)) is not None]
        return sum(figures) / len(figures) if len(figures) == len(savings) else None

    return replace(
        savings[0],
        before_eur=mean(lambda one: one.before_eur),
        after_eur=mean(lambda one: one.after_eur),
        demand_eur=mean(lambda one: one.demand_eur),
        energy_eur=mean(lambda one: one.energy_eur),
        lines_eur=_mean_lines(savings),
        kept_eur=sum(one.kept_eur for one in savings) / len(savings),
    )


def _mean_lines(savings: Sequence[Saving]) -> dict[str, tuple[float, float]]:
    """Each line that changes in some case; where it does not it adds what it is in the cases where it does, so that only changes are averaged."""
    ids = dict.fromkeys(line for one in savings for line in one.lines_eur)
    found = {}
    for line in ids:
        known = [one.lines_eur[line] for one in savings if line in one.lines_eur]
        before_eur = sum(before for before, _ in known) / len(known)
        change_eur = sum(after - before for before, after in known) / len(savings)
        found[line] = before_eur, before_eur + change_eur
    return found


@dataclass(frozen=True, slots=True)
class _Change:
    """How a change of the load is priced, its last quarter hour, and what stands for load that nobody knows."""

    prices: Priced
    last_slot: int
    otherwise_kw: float


def _difference(prices: Priced, before: Bill, after: Bill) -> Saving:
    demand, energy = (
        float(getattr(before, part) - getattr(after, part)) if known else None
        for part, known in (("demand_eur", prices.demand_known), ("energy_eur", prices.energy_known))
    )
    if demand is None:
        return Saving(energy_eur=energy, lacking=prices.lacking, unknown=Unknown.NO_DEMAND_PRICE)
    lines = _changed_lines(before, after)
    return Saving(float(before.total_eur), float(after.total_eur), demand, energy, prices.lacking, lines_eur=lines)


def _net(
    alone: Saving, raw: Mapping[str, tuple[float, float]], sunk_eur: Mapping[str, float], after: Bill, tariff: Tariff
) -> Saving:
    """`alone` with its lines for power as they may be promised.

    Parameters
    ----------
    raw
        Lines without any advice, and after.
    sunk_eur
        What is promised of each line already.
    """
    if alone.before_eur is None or alone.after_eur is None or alone.demand_eur is None:
        return alone
    power = {line.id for line in after.lines if line.for_power}
    lines = {line: pair for line, pair in alone.lines_eur.items() if line not in power and line != "vat"}
    demand_eur = 0.0
    for line in sorted(power & (raw.keys() | alone.lines_eur.keys())):
        was, then = raw.get(line, (0.0, 0.0))
        own = alone.lines_eur.get(line, (0.0, 0.0))
        net = own[0] - own[1]
        if was > then:
            # What earlier advice turned out to be worth beyond its promise is not this one's: it promises no more than it changes.
            net = min(net, max(was - then - sunk_eur.get(line, 0.0), 0.0))
        demand_eur += net
        if net:
            end = then if line in raw else own[1]
            lines[line] = (end + net, end)
    vat = float(tariff.vat_percent) / 100
    less_eur = (alone.demand_eur - demand_eur) * (1 + vat)
    energy_eur = None if alone.energy_eur is None else alone.energy_eur - (alone.demand_eur - demand_eur) * vat
    if "vat" in alone.lines_eur or (vat and less_eur):
        tax = alone.lines_eur.get("vat", (0.0, 0.0))
        lines["vat"] = (tax[0] - (alone.demand_eur - demand_eur) * vat, tax[1])
    return replace(
        alone, before_eur=alone.before_eur - less_eur, demand_eur=demand_eur, energy_eur=energy_eur, lines_eur=lines, kept_eur=max(less_eur, 0.0)
    )  # fmt: skip


def _changed_lines(before: Bill, after: Bill) -> dict[str, tuple[float, float]]:
    sums: list[dict[str, Fraction]] = []
    for one in (before, after):
        by_id: dict[str, Fraction] = {}
        for line in one.lines:
            by_id[line.id] = by_id.get(line.id, Fraction(0)) + line.amount_eur
        sums.append(by_id)
    ids = dict.fromkeys([*sums[0], *sums[1]])
    pairs = {line: (sums[0].get(line, Fraction(0)), sums[1].get(line, Fraction(0))) for line in ids}
    return {line: (float(was), float(then)) for line, (was, then) in pairs.items() if was != then}


@dataclass(frozen=True, slots=True)
class PricedDay:
    """One of equally likely days: the load before and after a change, and which case of the rest of the period it is billed with."""

    before: Outlook
    after: Outlook
    added_kw: Load
    """What this day adds to what is expected [kW]."""
    rest_case: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Quarter hours of the billing meter."""

    active: QuarterSeries
    reactive_import: QuarterSeries
    reactive_export: QuarterSeries


@dataclass(frozen=True)
class Worth:
    """Bills of plans, given what is known at one moment.

    Parameters
    ----------
    prices
        None without a tariff.
    first_slot
        The quarter hour that the outlook begins with; nothing from there on is measured.
    period, known_peak_kw
        The site's billing period that holds it, and the peak billed in that period from before the first measured quarter hour.
    rest
        How high the rest of each charge's period is expected to come, in the cases of `scheduling.odds.CASES`.
    """

    prices: SitePrices | None
    measured: Measured
    first_slot: int
    period: BillingPeriod
    known_peak_kw: float
    rest: tuple[RestPeak, ...] = ()

    @cached_property
    def billed_kw(self) -> float:
        """The highest quarter hour so far of the period that the next one is billed with: sunk.

        The tariff says which period that is where it holds and bills power; else the plant file does.
        """
        highest = self.measured.active.highest(self._sunk_slot, self.first_slot)
        known = self.known_peak_kw if self._sunk_slot <= slot_of(self.period.start_utc) else 0.0
        paid = (kw for month_slot, kw in self._paid if month_slot >= self._sunk_slot)
        return max(known, *paid, 0.0 if highest is None else highest.power_kw)

    @cached_property
    def _sunk_slot(self) -> int:
        tariff = None if self.prices is None else self.prices.tariff
        since = None if tariff is None else sunk_since(tariff, self._local_day(tariff, self.first_slot))
        return slot_of(self.period.start_utc if tariff is None or since is None else midnight_utc(since, tariff.zone))

    def expected_saving(self, before: Outlook, after: Outlook) -> Saving:
        """What it saves that the load comes as in `after` and not as in `before`: the mean over how the rest of the period may come."""
        return mean_saving([self.saving(before, after, case) for case in self.rest_cases])

    @cached_property
    def rest_cases(self) -> Sequence[int]:
        """Cases that differ in what the rest of the period brings."""
        is_known = any(kw > 0 for peak in self.rest for kw in peak.cases_kw)
        return range(len(CASES)) if is_known else (0,)

    def saving(self, before: Outlook, after: Outlook, case: int = 0) -> Saving:
        """The same in one case of the rest of the period."""
        priced = self._priced(before, after)
        if isinstance(priced, Saving):
            return priced
        was, then = (self._bill(priced, one, case) for one in (before, after))
        return _difference(priced.prices, was, then)

    def promise(self, days: Sequence[PricedDay], promised: Promised) -> Saving:
        """What of the mean saving of equally likely days may be promised.

        That is what the charges for power are without any advice, on average, less those after it, less what is promised already: the mean is
        taken first. What is promised exceeds that of some days always, and to count only the others would promise it again.
        """
        alone: list[Saving] = []
        raw: list[Saving] = []
        avoided = tuple(promised.avoided())
        for day in days:
            priced = self._priced(day.before, day.after)
            if isinstance(priced, Saving):
                return priced
            was, then = (self._bill(priced, one, day.rest_case) for one in (day.before, day.after))
            alone.append(_difference(priced.prices, was, then))
            if promised.promises or promised.without is not None:
                without = day.before if promised.without is None else promised.without.plus(day.added_kw)
                raw.append(Saving(lines_eur=_changed_lines(self._bill(priced, without, day.rest_case, avoided), then)))
        if not raw:
            return mean_saving(alone)
        assert isinstance(priced, _Change)
        return _net(mean_saving(alone), _mean_lines(raw), self._sunk_eur(priced, promised), then, priced.prices.tariff)

    def _sunk_eur(self, change: _Change, promised: Promised) -> dict[str, float]:
        tariff = change.prices.tariff
        year = self._basis(tariff, self._local_day(tariff, change.last_slot).year).year
        return promised.sunk_eur(year.first_slot, year.first_slot + len(year.known_kw))

    def _priced(self, before: Outlook, after: Outlook) -> _Change | Saving:
        """How a change is priced; or why it is not."""
        if self.prices is None:
            return Saving(unknown=Unknown.NO_TARIFF)
        places = np.flatnonzero(before.median_kw != after.median_kw)
        # Nothing that changes is priced as what lies ahead first.
        slots = (before.first_slot + places).tolist() or [before.first_slot]
        priced = self.prices.of([slot_start(slot) for slot in slots])
        if priced is None:
            return Saving(unknown=Unknown.NOT_VALID)
        return _Change(priced, slots[-1], float(np.mean(before.median_kw)))

    def _bill(self, change: _Change, outlook: Outlook, case: int, avoided: Iterable[tuple[int, float]] = ()) -> Bill:
        tariff = change.prices.tariff
        basis = self._basis(tariff, self._local_day(tariff, change.last_slot).year)
        loads = basis.year.loads_kw(outlook.first_slot, outlook.median_kw, change.otherwise_kw)
        beyond = ((peak.beyond_slot, peak.cases_kw[case]) for peak in self.rest if peak.beyond_slot is not None)
        for slot, kw in (*beyond, *avoided):
            place = slot - basis.year.first_slot
            if 0 <= place < len(loads):
                loads[place] = max(loads[place], kw)
        profile = LoadProfile.of_quarter_hours(slot_start(basis.year.first_slot), loads)
        if needs_reactive(tariff):
            kvar = np.clip(np.where(np.isnan(basis.kvar), basis.kvar_per_kw * loads, basis.kvar), -MOST_KW, MOST_KW)
            profile = replace(profile, reactive=LoadProfile.of_quarter_hours(profile.start_utc, kvar).power)
        return bill(tariff, profile, basis.days)

    def _basis(self, tariff: Tariff, last_year: int) -> _Basis:
        if last_year not in self._bases:
            self._bases[last_year] = self._made_basis(tariff, last_year)
        return self._bases[last_year]

    @cached_property
    def _bases(self) -> dict[int, _Basis]:
        return {}

    def _made_basis(self, tariff: Tariff, last_year: int) -> _Basis:
        """What is known of the billed period, which ends with `last_year`, before anything is expected."""
        day = max(self._local_day(tariff, self.first_slot), tariff.valid_from)
        first = max(self._first_day(tariff, day), tariff.valid_from)
        days = first, min(date(last_year + 1, 1, 1), tariff.valid_to)
        begin, end = (slot_of(midnight_utc(one, tariff.zone)) for one in days)
        loads = self.measured.active.loads_kw(begin, end)
        kvar, kvar_per_kw = self._reactive(loads, begin, end)
        # What is expected replaces nothing that was measured.
        loads[max(self.first_slot - begin, 0) :] = np.nan
        return _Basis(days, WhatIfYear.of(begin, loads, self._peaks()), kvar, kvar_per_kw)

    def _first_day(self, tariff: Tariff, day: date) -> date:
        """First day of the year, or before it of the first month that is billed with `day` and that was measured whole."""
        year = date(day.year, 1, 1)
        month = billed_since(tariff, day)
        while month < year:
            begin, end = (slot_of(instant) for instant in month_span(month, tariff.zone))
            if not bool(np.isnan(self.measured.active.loads_kw(begin, end)).any()):
                return month
            month = month_after(month)
        return year

    def _peaks(self) -> list[BilledPeak]:
        """The peaks that are known from before the first measured quarter hour."""
        start = slot_of(self.period.start_utc)
        until = self.first_slot if self._sunk_slot <= start else self._sunk_slot
        paid = [BilledPeak(month, min(self._month_end(month), self.first_slot), kw) for month, kw in self._paid]
        return [BilledPeak(start, until, self.known_peak_kw), *paid]

    @cached_property
    def _paid(self) -> list[tuple[int, float]]:
        """Maxima of months that the tariff names as billed before: first slot of the month and kW, as far as it has begun."""
        if self.prices is None:
            return []
        tariff = self.prices.tariff
        named = [(slot_of(midnight_utc(month, tariff.zone)), float(kw)) for month, kw in known_maxima_kw(tariff)]
        return [(slot, kw) for slot, kw in named if slot < self.first_slot]

    def _month_end(self, slot: int) -> int:
        assert self.prices is not None
        zone = self.prices.tariff.zone
        day = slot_start(slot).astimezone(zone).date()
        return slot_of(midnight_utc(month_after(day), zone))

    def _reactive(self, loads: Load, begin: int, end: int) -> tuple[Load, float]:
        """Measured reactive power [kvar], inductive positive, NaN where it was not; and how much comes with a kilowatt."""
        kvar = self.measured.reactive_import.loads_kw(begin, end)
        exported = self.measured.reactive_export.loads_kw(begin, end)
        kvar = kvar - np.where(np.isnan(exported), 0.0, exported)
        kvar[max(self.first_slot - begin, 0) :] = np.nan
        both = ~np.isnan(kvar) & ~np.isnan(loads)
        active = float(np.maximum(loads[both], 0.0).sum())
        return kvar, float(kvar[both].sum()) / active if active > 0 else 0.0

    @staticmethod
    def _local_day(tariff: Tariff, slot: int) -> date:
        return slot_start(slot).astimezone(tariff.zone).date()


@dataclass(frozen=True, slots=True)
class _Basis:
    """The billed local days, and what is known of their quarter hours; reactive power is NaN where it is not."""

    days: tuple[date, date]
    year: WhatIfYear
    kvar: Load
    kvar_per_kw: float

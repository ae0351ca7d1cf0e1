"""The lines of a demand charge.

A demand charge is not divided by days: a month that the bill touches counts whole, and an annual price counts a twelfth for each such month. A
charge whose windows do not occur in a period has no line for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from billing.component import Basis, Component, priced
from billing.demand.maxima import Maxima
from billing.demand.settlement import TWELFTH, Settlement, year_kwh
from billing.demand.terms import DemandTerms
from billing.demand.usage_hours import PricePair
from billing.lines import BillLine
from billing.money import Price
from billing.peaks import ZERO, Peak


class DemandBill:
    """One version of one demand charge on one load.

    Parameters
    ----------
    component
        Whose lines they are: its id, validity and windows.
    """

    def __init__(self, component: Component, terms: DemandTerms, on: Basis) -> None:
        self.component, self.terms, self.on = component, terms, on
        self.frame = on.frame
        mask = component.mask(self.frame)
        self.maxima = Maxima(terms.statistic, terms.quantity == "kVA", on.measured, mask)
        self.months = component.months(self.frame)

    def month_lines(self) -> Iterator[BillLine]:
        """A line for each month in which the windows occur."""
        for month in self.months:
            if self.maxima.windows_occur([month]):
                peak = self.maxima.inside([month]) or Peak(ZERO)
                floor = self._ratcheted(month)
                peak = self._finished(floor if floor is not None and floor.value > peak.value else peak)
                parts = {"month": Fraction(1), "year": TWELFTH, "day": Fraction(self.frame.billed_days[month])}
                yield from self._capacity_lines(peak, parts, self.frame.month_label(month))

    def season_lines(self) -> Iterator[BillLine]:
        """A line for each season; one that began before the bill counts whole."""
        for label, months in self._seasons().items():
            yield from self._span_lines(label, months, Fraction(1))

    def year_lines(self) -> Iterator[BillLine]:
        """A line for each calendar year; with usage hours one for its energy too."""
        for year, months in self.years().items():
            yield from self._span_lines(str(year), months, TWELFTH * len(months))

    def years(self) -> dict[int, list[int]]:
        """Months of the frame that are billed, by their calendar year."""
        years: dict[int, list[int]] = {}
        for month in self.months:
            years.setdefault(self.frame.months[month][0], []).append(month)
        return years

    def _seasons(self) -> dict[str, list[int]]:
        """The same by season: ``2025-winter`` began in 2025."""
        seasons: dict[str, list[int]] = {}
        for number in self.months:
            year, month = self.frame.months[number]
            for season in self.terms.seasons:
                if month in season.months:
                    seasons.setdefault(f"{season.begins_in(year, month)}-{season.id}", []).append(number)
        return seasons

    def _span_lines(self, label: str, months: Sequence[int], part: Fraction) -> Iterator[BillLine]:
        """Lines of a year or season, of whose price `part` is billed."""
        if not self.maxima.windows_occur(months):
            return
        settled = self.settled(months)
        if settled.pair is None:
            yield from self._capacity_lines(settled.peak, {"year": part, "season": part}, label)
        else:
            yield self.energy_line(settled.kwh, settled.pair, label)
            yield self.power_line("demand", settled.peak, settled.demand_price.eur * part, label)

    def settled(self, months: Sequence[int]) -> Settlement:
        """What `months`, the first ones of a year or season, are billed together."""
        inside = self.maxima.inside(months) or Peak(ZERO)
        if self.terms.reset == "year":
            inside = self.terms.history.raised(inside, self.frame, self._year(months))
        if self.terms.atypical is None:
            return self._settled_by(inside, months)
        outside = self.maxima.outside(months) or Peak(ZERO)
        return self.terms.atypical.settled(inside, outside, lambda peak: self._settled_by(peak, months))

    def _settled_by(self, peak: Peak, months: Sequence[int]) -> Settlement:
        """By the maximum `peak`: the minimum and the rounding are applied here."""
        peak, measured, usage = self._finished(peak), self.on.measured, self.terms.usage_hours
        kwh = sum((measured.kwh(month) for month in months), ZERO)
        if usage is None:
            return Settlement(peak, self._price, None, kwh, len(months))
        covered_h = sum((measured.covered_hours(month) for month in months), ZERO)
        pair = usage.pair(year_kwh(kwh, covered_h, self._year(months)), peak.value)
        return Settlement(peak, pair.demand, pair, kwh, len(months))

    def _finished(self, peak: Peak) -> Peak:
        """Minimum, then rounding."""
        minimum = self.terms.minimum
        if minimum is not None and minimum > peak.value:
            peak = Peak(minimum)
        return replace(peak, value=self.on.rounding.power(peak.value))

    def _ratcheted(self, month: int) -> Peak | None:
        if self.terms.ratchet is None:
            return None
        return self.terms.ratchet.floor(self._first_day(month), self._known_maximum)

    def _known_maximum(self, month: date) -> Peak | None:
        """The highest of the month that begins on `month`: measured in the billed period, or named by the file as billed before."""
        number = (month.year - 1970) * 12 + month.month - 1 - self.frame.first_month
        peak = self.maxima.inside([number]) if number >= 0 else None
        known = self.terms.history.before(self.frame, month)
        return Peak(known) if known is not None and (peak is None or known > peak.value) else peak

    def _capacity_lines(self, peak: Peak, parts: Mapping[str, Fraction], label: str) -> Iterator[BillLine]:
        """The billed power or, with a contracted capacity, that and what lies above it.

        Parameters
        ----------
        parts
            What part of a price per month, year, day or season is billed.
        """
        contracted = self.terms.contracted
        price_eur = self._price.eur * parts[self._price.per]
        if contracted is None:
            yield self.power_line("demand", peak, price_eur, label)
            return
        yield self.power_line("demand", Peak(contracted.capacity), price_eur, label)
        excess = contracted.excess_price
        if excess is not None and peak.value > contracted.capacity:
            above = Peak(peak.value - contracted.capacity, peak.cause)
            yield self.power_line("excess", above, excess.eur * parts[excess.per], label)

    def power_line(self, kind: str, peak: Peak, price_eur: Fraction, label: str) -> BillLine:
        """A line that is paid for power [EUR per kW or kVA]."""
        unit, rounding = self.terms.quantity, self.on.rounding
        return priced(self.component, kind, peak.value, unit, price_eur, label, rounding, peak.cause, for_power=True)

    def energy_line(self, kwh: Fraction, pair: PricePair, label: str) -> BillLine:
        """The line of the energy that usage hours bill with the power."""
        rounding = self.on.rounding
        return priced(self.component, "energy", rounding.energy(kwh), "kWh", pair.energy.eur, label, rounding)

    @property
    def _price(self) -> Price:
        assert self.terms.price is not None
        return self.terms.price

    def _first_day(self, month: int) -> date:
        return date(*self.frame.months[month], 1)

    def _year(self, months: Sequence[int]) -> int:
        return self.frame.months[months[0]][0]

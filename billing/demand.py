"""Demand charges: from the highest means of the load to lines.

The order is: statistic, history, atypical use, ratchet, minimum, rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

import numpy as np

from billing.frame import Ints
from billing.lines import BillLine, priced
from billing.load import Flags, Numbers
from billing.measured import Demands, Measured
from billing.money import Price, rounded
from billing.tariff import Atypical, Demand, PricePair, Tariff

TWELFTH = Fraction(1, 12)
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Peak:
    """A demand and the intervals that made it."""

    value: Fraction
    cause: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """What a period (or its months so far) is billed."""

    peak: Peak
    demand_price: Price
    pair: PricePair | None
    kwh: Fraction


class DemandBill:
    """One version of one demand charge on one load."""

    def __init__(self, tariff: Tariff, demand: Demand, measured: Measured) -> None:
        self.tariff, self.demand, self.measured = tariff, demand, measured
        self.frame = measured.frame
        self.demands: Demands = measured.demands(demand)
        mask = self.frame.mask(demand)
        grid = self.demands.grid
        self.windows: Flags = np.ones(len(grid.first), dtype=np.bool_) if mask is None else mask[grid.first]
        self.decimals = tariff.rounding.amount_decimals
        self.valid = self.frame.valid_months(demand)

    def lines(self) -> Iterator[BillLine]:
        """All lines of the charge."""
        if self.demand.reset == "month":
            for month in self.valid:
                yield from self._month(month)
        elif self.demand.reset == "season":
            for label, months in self._seasons():
                yield from self._span(label, months, Fraction(1))
        else:
            for year, months in self._years():
                if self.demand.monthly_instalments:
                    yield from self._instalments(months)
                else:
                    yield from self._span(str(year), months, TWELFTH * len(months))

    def _years(self) -> list[tuple[int, list[int]]]:
        years = dict.fromkeys(self.frame.months[month][0] for month in self.valid)
        return [(year, [month for month in self.valid if self.frame.months[month][0] == year]) for year in years]

    def _seasons(self) -> list[tuple[str, list[int]]]:
        seasons: dict[str, list[int]] = {}
        for number in self.valid:
            year, month = self.frame.months[number]
            for season in self.tariff.seasons:
                if month in season.months:
                    seasons.setdefault(f"{season.begins_in(year, month)}-{season.id}", []).append(number)
        return list(seasons.items())

    def _highest(self, months: Sequence[int], within: Flags | None) -> Peak | None:
        """The statistic over whole demand intervals of `months`; None where there are none."""
        grid = self.demands.grid
        first, end = np.searchsorted(grid.month, (months[0], months[-1] + 1))
        span = slice(int(first), int(end))
        chosen = self.demands.whole[span] if within is None else self.demands.whole[span] & within[span]
        if months[-1] - months[0] + 1 != len(months):
            chosen = chosen & np.isin(grid.month[span], months)
        places = np.flatnonzero(chosen) + span.start
        if not len(places):
            return None
        order = self.demands.order[places]
        if self.demand.highest == 1:
            best = [int(places[int(np.argmax(order))])]
        else:
            if self.demand.per_day:
                places = _first_highest_of_each_day(places, order, grid.day[places])
                order = self.demands.order[places]
            best = [int(place) for place in places[np.argsort(-order, kind="stable")[: self.demand.highest]]]
        cause = sorted(self.frame.start_utc(int(grid.first[place])) for place in best)
        return Peak(self.demands.mean(best), tuple(cause))

    def _occurs(self, months: Sequence[int]) -> bool:
        grid = self.demands.grid
        first, end = np.searchsorted(grid.month, (months[0], months[-1] + 1))
        return bool(self.windows[int(first) : int(end)].any())

    def _known_before(self, year: int, month: int) -> Fraction | None:
        """History of a month, if it lies before the billed period."""
        first_year, first_month = self.frame.months[0]
        begins_mid_month = self.frame.from_day.day > 1
        before = (year, month) < (first_year, first_month) or (begins_mid_month and (year, month) == (first_year, first_month))
        return self.demand.history.get(f"{year}-{month:02d}") if before else None

    def _with_history(self, peak: Peak | None, months: Sequence[int]) -> Peak:
        peak = peak or Peak(ZERO)
        if self.demand.reset != "year":
            return peak
        year = self.frame.months[months[0]][0]
        known = [value for month in range(1, 13) if (value := self._known_before(year, month)) is not None]
        highest = max(known, default=ZERO)
        return Peak(highest) if highest > peak.value else peak

    def _finished(self, peak: Peak) -> Peak:
        """Minimum, then rounding."""
        if self.demand.minimum is not None and self.demand.minimum > peak.value:
            peak = Peak(self.demand.minimum)
        rounding = self.tariff.rounding
        if rounding.power_decimals is None:
            return peak
        return replace(peak, value=rounded(peak.value, rounding.power_decimals, rounding.power_mode))

    def _month(self, month: int) -> Iterator[BillLine]:
        if not self._occurs([month]):
            return
        peak = self._highest([month], self.windows) or Peak(ZERO)
        floor = self._ratchet(month)
        peak = self._finished(floor if floor is not None and floor.value > peak.value else peak)
        factor = {"month": Fraction(1), "year": TWELFTH, "day": Fraction(self.frame.billed_days[month])}
        yield from self._capacity(peak, factor, self.frame.month_label(month))

    def _capacity(self, peak: Peak, factor: dict[str, Fraction], label: str) -> Iterator[BillLine]:
        demand = self.demand
        assert demand.price is not None
        price = demand.price.eur * factor[demand.price.per]
        if demand.contracted is None:
            yield priced(demand.id, "demand", peak.value, demand.quantity, price, label, self.decimals, peak.cause)
            return
        yield priced(demand.id, "demand", demand.contracted, demand.quantity, price, label, self.decimals)
        if demand.excess_price is not None and peak.value > demand.contracted:
            above = peak.value - demand.contracted
            excess_price = demand.excess_price.eur * factor[demand.excess_price.per]
            yield priced(demand.id, "excess", above, demand.quantity, excess_price, label, self.decimals, peak.cause)

    def _ratchet(self, month: int) -> Peak | None:
        rule = self.demand.ratchet
        if rule is None:
            return None
        year, number = self.frame.months[month]
        best: Peak | None = None
        for back in range(rule.months, 0, -1):
            earlier = year * 12 + number - 1 - back
            in_year, in_month = earlier // 12, earlier % 12 + 1
            if rule.season is not None and in_month not in rule.season:
                continue
            peak = self._highest([month - back], self.windows) if month - back >= 0 else None
            known = self._known_before(in_year, in_month)
            if known is not None and (peak is None or known > peak.value):
                peak = Peak(known)
            if peak is not None and (best is None or peak.value > best.value):
                best = peak
        return None if best is None else Peak(best.value * rule.percent / 100, best.cause)

    def _span(self, label: str, months: Sequence[int], factor: Fraction) -> Iterator[BillLine]:
        """One line for a year or season; with usage hours one for its energy too."""
        if not self._occurs(months):
            return
        charge = self._charge(months)
        per = {charge.demand_price.per: factor}
        if self.demand.excess_price is not None:
            per[self.demand.excess_price.per] = factor
        if charge.pair is None:
            yield from self._capacity(charge.peak, per, label)
            return
        yield self._energy(charge.kwh, charge.pair, label)
        price = charge.demand_price.eur * factor
        yield priced(
            self.demand.id, "demand", charge.peak.value, self.demand.quantity, price, label, self.decimals, charge.peak.cause
        )

    def _energy(self, kwh: Fraction, pair: PricePair, label: str) -> BillLine:
        if self.tariff.rounding.energy_decimals is not None:
            kwh = rounded(kwh, self.tariff.rounding.energy_decimals)
        return priced(self.demand.id, "energy", kwh, "kWh", pair.energy.eur, label, self.decimals)

    def _charge(self, months: Sequence[int]) -> Charge:
        """What `months`, the first ones of a period, are billed together."""
        inside = self._with_history(self._highest(months, self.windows), months)
        if self.demand.atypical is None:
            return self._priced(self._finished(inside), months)
        outside = self._highest(months, ~self.windows) or Peak(ZERO)
        overall = inside if inside.value >= outside.value else outside
        if inside.value == outside.value:
            overall = min(inside, outside, key=lambda peak: peak.cause)
        plain = self._priced(self._finished(overall), months)
        individual = self._priced(self._finished(_floored(inside, overall, self.demand.atypical)), months)
        saving = self._amount(plain, months) - self._amount(individual, months)
        return individual if _granted(inside, outside, saving, self.demand.atypical) else plain

    def _priced(self, peak: Peak, months: Sequence[int]) -> Charge:
        kwh = sum((self.measured.kwh(month) for month in months), ZERO)
        usage = self.demand.usage_hours
        if usage is None:
            assert self.demand.price is not None
            return Charge(peak, self.demand.price, None, kwh)
        covered_h = sum((self.measured.covered_hours(month) for month in months), ZERO)
        year_kwh = kwh * self._hours_of_year(months) / covered_h if covered_h else ZERO
        pair = usage.from_threshold if year_kwh >= usage.threshold_h * peak.value else usage.below
        return Charge(peak, pair.demand, pair, kwh)

    def _hours_of_year(self, months: Sequence[int]) -> int:
        year = self.frame.months[months[0]][0]
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 24 * (366 if leap else 365)

    def _amount(self, charge: Charge, months: Sequence[int]) -> Fraction:
        energy = charge.pair.energy.eur * charge.kwh if charge.pair else ZERO
        return charge.peak.value * charge.demand_price.eur * TWELFTH * len(months) + energy

    def _instalments(self, months: Sequence[int]) -> Iterator[BillLine]:
        """A twelfth each month on the highest demand so far; a change corrects the months before."""
        demand, before = self.demand, None
        billed = 0
        for end in range(1, len(months) + 1):
            so_far, label = months[:end], self.frame.month_label(months[end - 1])
            if not self._occurs(so_far):
                billed += 1
                continue
            charge = self._charge(so_far)
            price = charge.demand_price.eur * TWELFTH
            yield priced(demand.id, "demand", charge.peak.value, demand.quantity, price, label, self.decimals, charge.peak.cause)
            if charge.pair is not None:
                yield self._energy(self.measured.kwh(months[end - 1]), charge.pair, label)
            if before is None:
                # Months before the windows first occurred were not billed yet.
                change = billed * charge.peak.value * price
            else:
                change = billed * (charge.peak.value * price - before.peak.value * before.demand_price.eur * TWELFTH)
            if change:
                yield BillLine(
                    demand.id, "demand_rebilled", None, None, None, rounded(change, self.decimals), label, charge.peak.cause
                )
            if charge.pair is not None:
                old = before.pair.energy.eur if before is not None and before.pair is not None else ZERO
                kwh_before = charge.kwh - self.measured.kwh(months[end - 1])
                if correction := kwh_before * (charge.pair.energy.eur - old):
                    yield BillLine(demand.id, "energy_rebilled", None, None, None, rounded(correction, self.decimals), label)
            before = charge
            billed += 1


def _first_highest_of_each_day(places: Ints, order: Numbers, day: Ints) -> Ints:
    starts = np.flatnonzero(np.append(True, day[1:] != day[:-1]))
    ends = np.append(starts[1:], len(day))
    best = [start + int(np.argmax(order[start:end])) for start, end in zip(starts, ends, strict=True)]
    chosen: Ints = places[np.array(best)]
    return chosen


def _floored(inside: Peak, overall: Peak, rule: Atypical) -> Peak:
    floor = overall.value * rule.floor_percent / 100
    return Peak(floor, overall.cause) if floor > inside.value else inside


def _granted(inside: Peak, outside: Peak, saving_eur: Fraction, rule: Atypical) -> bool:
    distance = outside.value - inside.value
    far = distance >= rule.min_distance and distance >= outside.value * rule.min_distance_percent / 100
    return far and saving_eur >= rule.min_saving_eur

"""What one more kilowatt-hour costs: for texts and for what is wasted, never for a saving of power."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TypeVar

from billing.frame import day_class, holidays_of
from billing.tariff import Component, Energy, Levy, Tariff

Held = TypeVar("Held", bound=Component)


def marginal_energy_price_eur_per_kwh(tariff: Tariff, at_utc: datetime) -> float:
    """Price of one more kWh at `at_utc` [EUR/kWh], network, supply and levies, before VAT.

    Assumptions: of two usage-hour pairs the energy price from the threshold on (a factory in shifts is above it); of tiers the
    last; a spot price not known yet is the mean of the known ones; outside the tariff's validity the nearest valid day's prices
    hold.
    """
    local = at_utc.astimezone(tariff.zone)
    day = min(max(local.date(), tariff.valid_from), tariff.valid_to - timedelta(days=1))
    minute = local.hour * 60 + local.minute
    total = Fraction(0)
    for energy in _holding(tariff, tariff.energy, day, minute):
        total += _energy_price(energy, at_utc)
    for demand in _holding(tariff, tariff.demand, day, None):
        total += demand.usage_hours.from_threshold.energy.eur if demand.usage_hours else 0
    for levy in _holding(tariff, tariff.levies, day, minute):
        total += _levy_price(levy)
    return float(total)


def _holding(tariff: Tariff, components: tuple[Held, ...], day: date, minute: int | None) -> list[Held]:
    return [c for c in components if c.valid_from <= day < c.valid_to and (minute is None or _applies(tariff, c, day, minute))]


def _applies(tariff: Tariff, component: Component, day: date, minute: int) -> bool:
    name = component.inside or component.outside
    if name is None:
        return True
    calendar = tariff.calendar(name)
    of_day = day_class(day, holidays_of(calendar, day.year, day.year))
    inside = any(
        of_day in band.days and day.month in band.months and band.from_min <= minute < band.to_min for band in calendar.bands
    )
    return inside == (component.inside is not None)


def _energy_price(energy: Energy, at_utc: datetime) -> Fraction:
    if energy.price is not None:
        return energy.price.eur
    assert energy.spot is not None
    prices = energy.spot.prices
    price = prices.at(at_utc)
    if price is None:
        known = prices.eur_per_mwh.values()
        price = sum(known, Fraction(0)) / len(known) if known else Fraction(0)
    return energy.spot.factor * price / 1000 + energy.spot.adder_eur_per_kwh


def _levy_price(levy: Levy) -> Fraction:
    return levy.price.eur if levy.price is not None else levy.tiers[-1].price.eur

"""What one more kilowatt-hour costs: for texts and for what is wasted, never for a saving of power."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from billing.frame import day_class, holidays_of
from billing.tariff import Component, Energy, Levy, Tariff


def marginal_energy_price_eur_per_kwh(tariff: Tariff | None, at_utc: datetime) -> float | None:
    """Price of one more kWh at `at_utc` [EUR/kWh], network, supply and levies, before VAT; None where it is not known.

    It is not known without a tariff, outside its validity, where none of its energy prices holds at that time, and where one is a spot
    price that is not known (yet).

    Assumptions: of two usage-hour pairs the energy price from the threshold on (a factory in shifts is above it); of tiers the last.
    """
    if tariff is None or not _is_valid(tariff, at_utc):
        return None
    prices = [_energy_price(energy, at_utc) for energy in tariff.energy if holds_at(tariff, energy, at_utc)]
    day = at_utc.astimezone(tariff.zone).date()
    of_day = (demand.usage_hours for demand in tariff.demand if demand.valid_from <= day < demand.valid_to)
    prices += [pair.from_threshold.energy.eur for pair in of_day if pair is not None]
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices):
        return None
    levies = sum((_levy_price(levy) for levy in tariff.levies if holds_at(tariff, levy, at_utc)), Fraction(0))
    return float(sum(known, levies))


def _is_valid(tariff: Tariff, at_utc: datetime) -> bool:
    return tariff.valid_from <= at_utc.astimezone(tariff.zone).date() < tariff.valid_to


def holds_at(tariff: Tariff, component: Component, at_utc: datetime) -> bool:
    """Whether a component is billed at `at_utc`: its version holds, and its calendar has that time."""
    local = at_utc.astimezone(tariff.zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    name = component.inside or component.outside
    if not component.valid_from <= day < component.valid_to or name is None:
        return component.valid_from <= day < component.valid_to
    calendar = tariff.calendar(name)
    of_day = day_class(day, holidays_of(calendar, day.year, day.year))
    inside = any(
        of_day in band.days and day.month in band.months and band.from_min <= minute < band.to_min for band in calendar.bands
    )
    return inside == (component.inside is not None)


def _energy_price(energy: Energy, at_utc: datetime) -> Fraction | None:
    if energy.spot is None:
        return None if energy.price is None else energy.price.eur
    price = energy.spot.prices.at(at_utc)
    return None if price is None else energy.spot.factor * price / 1000 + energy.spot.adder_eur_per_kwh


def _levy_price(levy: Levy) -> Fraction:
    return levy.price.eur if levy.price is not None else levy.tiers[-1].price.eur

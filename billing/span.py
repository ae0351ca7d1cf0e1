"""For how long a load bears on a bill: the resets of the demand charges, by the tariff's local calendar.

In: a tariff and a local day. Out: the first day of what is billed with it.
"""

from __future__ import annotations

from datetime import date

from billing.tariff import Demand, Tariff


def begins(tariff: Tariff, demand: Demand, day: date) -> date:
    """First day of the month, season or year of `demand` that holds `day`; of the month where no season holds it."""
    if demand.reset == "year":
        return date(day.year, 1, 1)
    if demand.reset == "season":
        for season in tariff.seasons:
            if day.month in season.months:
                return date(season.begins_in(day.year, day.month), season.months[0], 1)
    return day.replace(day=1)


def sunk_since(tariff: Tariff, day: date) -> date | None:
    """First day of the shortest period whose highest load is billed with `day`: a peak from before it costs nothing more, nor does it hide one.

    None where no charge for power holds on `day`.
    """
    return max((begins(tariff, demand, day) for demand in _holding(tariff, day)), default=None)


def billed_since(tariff: Tariff, day: date) -> date:
    """First day whose load bears on what a load on `day` is billed: of its year, of its season, or as far back as a ratchet looks."""
    first = date(day.year, 1, 1)
    for demand in _holding(tariff, day):
        first = min(first, begins(tariff, demand, day))
        if demand.ratchet is not None:
            first = min(first, _months_before(day, demand.ratchet.months))
    return max(first, tariff.valid_from)


def _holding(tariff: Tariff, day: date) -> list[Demand]:
    return [demand for demand in tariff.demand if demand.valid_from <= day < demand.valid_to]


MOST_MONTHS = 24
"""How far back a ratchet is followed: load profiles are kept no longer."""


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - min(months, MOST_MONTHS)
    return date(number // 12, number % 12 + 1, 1)

"""The terms of one demand charge: what its table in the tariff file holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from billing.calendars import Calendar
from billing.demand.atypical import Atypical, read_atypical
from billing.demand.contracted import Contracted, read_contracted
from billing.demand.history import History, read_history
from billing.demand.ratchet import Ratchet, read_ratchet
from billing.demand.statistic import Statistic, check_edges, read_statistic
from billing.demand.units import Quantity, demand_units
from billing.demand.usage_hours import UsageHours, read_usage_hours
from billing.money import Price
from billing.periods import Reset
from billing.reading import Table
from billing.seasons import Season
from billing.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTerms:
    """The terms of a demand charge: a price, and the rules that go with it.

    Attributes
    ----------
    quantity
        Active or apparent power, sqrt(P**2 + Q**2).
    reset
        The period whose highest load is billed.
    seasons
        Those of the tariff file; a reset by season needs them.
    price
        Of each kW (kVA); None with `usage_hours`, which has its prices.
    monthly_instalments
        A year is billed by the month, on the highest load so far (Sec. 17(2) StromNEV: a later maximum re-bills the earlier months).
    minimum
        At least this is billed [kW or kVA].
    """

    quantity: Quantity
    statistic: Statistic
    reset: Reset
    seasons: tuple[Season, ...]
    price: Price | None
    usage_hours: UsageHours | None
    monthly_instalments: bool
    history: History
    ratchet: Ratchet | None
    minimum: Fraction | None
    contracted: Contracted | None
    atypical: Atypical | None


def read_terms(table: Table, sheet: Sheet, inside: Calendar | None, outside: Calendar | None) -> DemandTerms | None:
    """The terms in a table `[[demand]]` that holds inside or outside a calendar; None where no price can be read."""
    quantity = cast(Quantity, table.choice("quantity", ("kW", "kVA"), required=True))
    reset = cast(Reset, table.choice("reset", ("month", "year", "season"), required=True))
    statistic = read_statistic(table)
    usage_hours = read_usage_hours(table, quantity, reset) if table.has("usage_hours") else None
    price = table.price("price", demand_units(quantity, reset), required=not table.has("usage_hours"))
    instalments = _read_instalments(table, reset)
    terms = DemandTerms(
        quantity=quantity, statistic=statistic, reset=reset, seasons=tuple(sheet.seasons.values()), price=price,
        usage_hours=usage_hours, monthly_instalments=instalments, history=read_history(table, quantity),
        ratchet=read_ratchet(table, sheet, reset), minimum=table.quantity("minimum", quantity),
        contracted=read_contracted(table, quantity, demand_units(quantity, reset), plain=not (usage_hours or instalments)),
        atypical=read_atypical(table, quantity, reset, has_windows=inside is not None),
    )  # fmt: skip
    table.finish()
    check_edges(table, "inside", inside, statistic)
    check_edges(table, "outside", outside, statistic)
    return terms if price or usage_hours else None


def _read_instalments(table: Table, reset: Reset) -> bool:
    monthly = table.choice("instalments", ("none", "monthly"), default="none") == "monthly"
    if monthly and reset != "year":
        table.wrong("instalments", f"reset {reset}", 'reset = "year" with instalments')
    return monthly

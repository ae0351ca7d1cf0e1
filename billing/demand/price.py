"""The price of power of one demand charge in one of its billing periods: for planning, where each kilowatt must have a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.demand.atypical import Atypical
from billing.demand.ratchet import Ratchet
from billing.demand.units import Quantity
from billing.periods import Reset

Window = tuple[int, int]
"""Numbers of quarter hours ``[first, end)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandPrice:
    """The price of power of one version of a demand charge in one of its billing periods.

    Attributes
    ----------
    id
        Of the charge in the tariff file.
    quantity
        ``kW``, or ``kVA`` where apparent power is billed.
    eur_per_kw
        What one more kW (kVA) of the billed load of the period costs, for the whole period, without VAT [EUR/kW].
    reset
        Kind of the period: month, year or season.
    from_day, to_day
        Local days ``[from_day, to_day)`` whose highest load is billed together.
    windows
        Quarter hours of the horizon in which a load counts, in order, not touching: those of high-load windows or other calendars, and
        within the period and the validity of the charge.
    all_day
        Whether the charge names no calendar: within the period every quarter hour counts.
    interval_min
        Over how long a mean is taken [min].
    highest
        The mean of how many of the highest means is billed; 1: the highest.
    floor_kw
        What is billed at least [kW or kVA]: a minimum or a contracted capacity. Load below it saves nothing.
    ratchet
        At least a share of earlier maxima is billed; None without one. A peak then costs in later months, too, which is not in `eur_per_kw`.
    atypical
        Terms under which the load inside the windows is billed instead of the highest one (Sec. 19(2) StromNEV); None without them. Where they
        are not met, the highest load of all hours is billed.
    """

    id: str
    quantity: Quantity
    eur_per_kw: float
    reset: Reset
    from_day: date
    to_day: date
    windows: tuple[Window, ...]
    all_day: bool
    interval_min: int = 15
    highest: int = 1
    floor_kw: float = 0.0
    ratchet: Ratchet | None = None
    atypical: Atypical | None = None

    @property
    def name(self) -> str:
        """Unique among the prices of a horizon: charge and first day of the period."""
        return f"{self.id}/{self.from_day.isoformat()}"

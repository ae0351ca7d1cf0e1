"""What loads are placed in: the quarter hours ahead, the load of everything else in them, and what power and energy cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

QUARTER = timedelta(minutes=15)
QUARTER_H = 0.25


@dataclass(frozen=True, slots=True)
class PeakPrice:
    """What the highest quarter hour of a billing period costs."""

    eur_per_kw: float
    """Price of each kW above `billed_kw`, for the period [EUR/kW]."""
    billed_kw: float = 0.0
    """Up to here it costs nothing more: the peak that is billed already, or the target [kW]."""
    slots: tuple[int, ...] | None = None
    """The quarter hours of the horizon that count, by number; None: all."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The quarter hours from `start_utc` on."""

    start_utc: datetime
    """A full quarter hour."""
    site_kw: tuple[float, ...]
    """Expected load of the site without the loads that are placed: a quantile of its forecast, high enough to be safe [kW]."""
    energy_eur_per_kwh: tuple[float, ...]
    """Price of energy from the grid; what is fed in earns nothing, and costs where the price is below zero [EUR/kWh]."""
    peaks: tuple[PeakPrice, ...] = ()

    def __post_init__(self) -> None:
        if len(self.site_kw) != len(self.energy_eur_per_kwh):
            msg = f"{len(self.site_kw)} quarter hours of load and {len(self.energy_eur_per_kwh)} of prices; expected as many"
            raise ValueError(msg)
        if not all(map(math.isfinite, (*self.site_kw, *self.energy_eur_per_kwh))):
            msg = "a quarter hour without load or price; expected a number for each: end the horizon before it"
            raise ValueError(msg)
        wrong = [peak for peak in self.peaks if not (peak.eur_per_kw >= 0 and math.isfinite(peak.eur_per_kw + peak.billed_kw))]
        if wrong:
            msg = f"a price of power of {wrong[0].eur_per_kw} EUR/kW above {wrong[0].billed_kw} kW; expected finite numbers from 0"
            raise ValueError(msg)

    @property
    def slots(self) -> range:
        """The numbers of its quarter hours."""
        return range(len(self.site_kw))

    @property
    def end_utc(self) -> datetime:
        """Where it ends."""
        return self.start_utc + len(self.site_kw) * QUARTER

    def share(self, slot: int, from_utc: datetime, to_utc: datetime) -> float:
        """The part of a quarter hour that lies within ``[from_utc, to_utc)``."""
        begin = self.start_utc + slot * QUARTER
        return max((min(to_utc, begin + QUARTER) - max(from_utc, begin)) / QUARTER, 0.0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a load of the whole site costs in a horizon."""

    energy_eur: float
    peak_eur: float
    """For power above what is billed already."""
    life_eur: float
    """Of the batteries that give."""

    @property
    def total_eur(self) -> float:
        """All of it."""
        return self.energy_eur + self.peak_eur + self.life_eur


def cost_of(horizon: Horizon, placed_kw: tuple[float, ...], life_eur: float = 0.0) -> Cost:
    """What the site costs with `placed_kw` besides its expected load."""
    load_kw = [site + placed for site, placed in zip(horizon.site_kw, placed_kw, strict=True)]
    priced = zip(load_kw, horizon.energy_eur_per_kwh, strict=True)
    energy = sum(kw * (price if kw > 0 else min(price, 0.0)) * QUARTER_H for kw, price in priced)
    power = 0.0
    for peak in horizon.peaks:
        counted = [load_kw[slot] for slot in (horizon.slots if peak.slots is None else peak.slots)]
        power += peak.eur_per_kw * max(max(counted, default=0.0) - peak.billed_kw, 0.0)
    return Cost(energy, power, life_eur)

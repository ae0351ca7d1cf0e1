"""Reactive energy and the three phases of a meter, from quarter hours of its other counters."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot, nan, sqrt

from detection.live.incidents import Incident, Sign
from detection.streams.data_faults import Phases
from detection.streams.row import Row
from domain.intervals import QUARTER_MS

QUARTER_S = QUARTER_MS // 1000
LEAST_COS_PHI = 0.9
"""Where no tariff says how much reactive energy is free."""
CLEAR_OF = 0.01
"""By how much a day must be above the limit to end it."""
FEWEST_QUARTERS = 24
BUSY = 0.3
"""Share of the busiest day's energy from which on a day counts: compensation is made for work."""
FORGET = 0.98
"""What remains of the busiest day's energy with each day."""
DAYS_IN_A_ROW = 2
IMBALANCE, BALANCED = 0.25, 0.2
"""Distance of a phase from the mean of the three, as a share of it, that opens and that ends."""
CALM_QUARTERS = 4
DAY_EVERY_S = 86_400


@dataclass(frozen=True, slots=True)
class ReactiveTerms:
    """What reactive energy costs: each kvarh above a free share of the active energy."""

    free_kvarh_per_kwh: float
    eur_per_kvarh: float

    @property
    def least_cos_phi(self) -> float:
        """The power factor below which it costs."""
        return 1.0 / sqrt(1.0 + self.free_kvarh_per_kwh**2)


@dataclass(slots=True)
class PowerFactor:
    """Active and reactive energy of the running local day, of quarter hours of which both are known."""

    day: int = -1
    quarters: int = 0
    kwh: float = 0.0
    kvarh: float = 0.0
    busiest_kwh: float = 0.0
    poor_days: int = 0
    poor_since_s: int = 0
    active: list[float] = field(default_factory=lambda: [-1.0, nan])
    reactive: list[float] = field(default_factory=lambda: [-1.0, nan])
    """Newest quarter hour and its energy, of each counter."""
    day_from_s: int = 0

    def take(
        self, incident: Incident, is_reactive: bool, at_s: int, day: int, energy_kwh: float, terms: ReactiveTerms | None, live: bool
    ) -> bool:
        """Count a quarter hour of one counter [kWh; kvarh of the reactive one]; whether the incident is to be published."""
        newest = self.reactive if is_reactive else self.active
        if at_s <= newest[0]:
            return False
        newest[:] = [float(at_s), energy_kwh]
        is_published = False
        if day != self.day:
            if self.day >= 0:
                is_published = self._day_ended(incident, at_s, terms, live)
            self.day, self.quarters, self.kwh, self.kvarh, self.day_from_s = day, 0, 0.0, 0.0, at_s
        if self.active[0] == self.reactive[0] and self.active[1] > 0:
            self.quarters += 1
            self.kwh += self.active[1]
            self.kvarh += max(self.reactive[1], 0.0)
        return is_published

    def _day_ended(self, incident: Incident, at_s: int, terms: ReactiveTerms | None, live: bool) -> bool:
        self.busiest_kwh = max(FORGET * self.busiest_kwh, self.kwh)
        if self.quarters < FEWEST_QUARTERS or self.kwh < BUSY * self.busiest_kwh:
            return False
        cos_phi = self.kwh / hypot(self.kwh, self.kvarh)
        least = LEAST_COS_PHI if terms is None else terms.least_cos_phi
        if cos_phi >= least:
            self.poor_days = 0
            return cos_phi >= least + CLEAR_OF and incident.not_seen(DAYS_IN_A_ROW, at_s)
        self.poor_since_s = self.poor_since_s if self.poor_days else self.day_from_s
        self.poor_days += 1
        if not live or self.poor_days < DAYS_IN_A_ROW:
            return False
        sign = Sign(self.poor_since_s, at_s, numbers=(cos_phi, least, self.kwh, self.kvarh))
        return incident.seen(sign, at_s, DAY_EVERY_S)


def eur_of(incident: Incident, terms: ReactiveTerms | None) -> float | None:
    """What the newest day's reactive energy costs; None where no tariff says."""
    if terms is None:
        return None
    _, _, kwh, kvarh = incident.numbers
    return max(0.0, kvarh - terms.free_kvarh_per_kwh * kwh) * terms.eur_per_kvarh


@dataclass(slots=True)
class ThreePhases:
    """Energies of the three phases in the newest quarter hour, and in the running local day [kWh]."""

    at_s: int = 0
    kwh: list[float] = field(default_factory=lambda: [nan, nan, nan])
    usual: Phases = field(default_factory=Phases)
    day: int = -1
    day_kwh: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    day_quarters: int = 0
    day_from_s: int = 0
    uneven_days: int = 0
    uneven_since_s: int = 0

    def take(self, drop: Incident, uneven: Incident, number: int, at_s: int, day: int, kwh: float, live: bool) -> tuple[bool, bool]:
        """Count a quarter hour of the phase `number` (from 0); which of both incidents are to be published."""
        if at_s < self.at_s:
            return False, False
        if at_s > self.at_s:
            self.at_s, self.kwh = at_s, [nan, nan, nan]
        self.kwh[number] = kwh
        if any(value != value for value in self.kwh):
            return False, False
        is_uneven = False
        if day != self.day:
            is_uneven = self.day >= 0 and self._day_ended(uneven, at_s, live)
            self.day, self.day_kwh, self.day_quarters, self.day_from_s = day, [0.0, 0.0, 0.0], 0, at_s
        row = Row(float(at_s), 0, (sum(self.kwh), *self.kwh))
        lost, end_s = self.usual.lost(row), at_s + QUARTER_S
        if not lost:
            self.usual.learn(row)
            self.day_kwh = [total + one for total, one in zip(self.day_kwh, self.kwh, strict=True)]
            self.day_quarters += 1
            return drop.not_seen(CALM_QUARTERS, end_s), is_uneven
        return live and drop.seen(Sign(at_s, end_s, numbers=(float(lost),)), end_s, DAY_EVERY_S), is_uneven

    def _day_ended(self, uneven: Incident, at_s: int, live: bool) -> bool:
        mean = sum(self.day_kwh) / 3
        if self.day_quarters < FEWEST_QUARTERS or not mean > 0:
            return False
        share = max(abs(one - mean) for one in self.day_kwh) / mean
        if share < IMBALANCE:
            self.uneven_days = 0
            return share < BALANCED and uneven.not_seen(DAYS_IN_A_ROW, at_s)
        self.uneven_since_s = self.uneven_since_s if self.uneven_days else self.day_from_s
        self.uneven_days += 1
        if not live or self.uneven_days < DAYS_IN_A_ROW:
            return False
        return uneven.seen(Sign(self.uneven_since_s, at_s, numbers=(share,)), at_s, DAY_EVERY_S)

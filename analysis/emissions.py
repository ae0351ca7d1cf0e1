"""CO2 of drawn electricity, by the mean factor of the German mix of its year."""

from __future__ import annotations

from dataclasses import dataclass

G_PER_KWH = {2017: 485.0, 2018: 468.0, 2019: 401.0, 2020: 366.0, 2024: 363.0}
"""Direct CO2 of the German electricity mix by the Umweltbundesamt, as first published (estimates among them) [g/kWh]."""
SERIES = "Umweltbundesamt, CO2 of the German electricity mix, direct emissions"


@dataclass(frozen=True, slots=True)
class Emissions:
    """What the energy of a load emits."""

    tonnes: float
    g_per_kwh: float
    year: int | None
    """Whose factor it is; None: it was given."""


def emissions(energy_kwh: float, year: int, g_per_kwh: float | None = None) -> Emissions:
    """CO2 of `energy_kwh` drawn in `year`; by the factor of the nearest year that is known, unless one is given."""
    if g_per_kwh is not None:
        return Emissions(energy_kwh * g_per_kwh / 1e6, g_per_kwh, None)
    nearest = min(G_PER_KWH, key=lambda one: (abs(one - year), -one))
    return Emissions(energy_kwh * G_PER_KWH[nearest] / 1e6, G_PER_KWH[nearest], nearest)

"""CO2 of drawn electricity, by the mean factor of the German mix of its year."""

from __future__ import annotations

from dataclasses import dataclass

from domain.emission_factors import EmissionFactor

SERIES = "Umweltbundesamt, CO2 of the German electricity mix, direct emissions"
GERMAN_MIX = tuple(
    EmissionFactor(g_per_kwh=g_per_kwh, of_year=year, source=SERIES)
    for year, g_per_kwh in ((2017, 485.0), (2018, 468.0), (2019, 401.0), (2020, 366.0), (2024, 363.0))
)
"""As first published, estimates among them."""


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
    nearest = min(GERMAN_MIX, key=lambda one: (abs(one.of_year - year), -one.of_year))
    return Emissions(energy_kwh * nearest.g_per_kwh / 1e6, nearest.g_per_kwh, nearest.of_year)

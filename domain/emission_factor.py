"""What a drawn kilowatt-hour emits, as the plant file states it."""

from __future__ import annotations

from pydantic import Field

from domain.texts import Name
from domain.toml_files import Settings


class EmissionFactor(Settings):
    """CO2 of a kilowatt-hour; without this table no CO2 is shown."""

    g_per_kwh: float = Field(ge=0, le=5000)
    """Grams of CO2 for each kWh that is drawn."""
    of_year: int = Field(ge=1990, le=2100)
    """Year that the factor is of."""
    source: Name = Field(min_length=1)
    """Who publishes it, and of which series: the supplier's electricity label, an agency's mean of the grid."""

"""Weather at the plant: outdoor temperature, sun and cloud, seeded and smooth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulation.noise import Noise

LATITUDE_RAD = math.radians(48.8)
LONGITUDE_DEG = 9.2
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Overcast:
    """A span under low cloud or fog, that a forecast of the day before may have missed."""

    from_s: float
    to_s: float
    clearness: float = 0.15


class Weather:
    """What the chiller, the lamps and the panels on the roof feel."""

    def __init__(self, seed: int, overcast: tuple[Overcast, ...] = ()) -> None:
        self._overcast = overcast
        self._days = Noise(seed, "weather-temperature", _DAY)
        self._cloud_days = Noise(seed, "weather-cloud-day", _DAY / 2)
        self._cloud = Noise(seed, "weather-cloud", 420.0)

    def temperature_c(self, t_s: float) -> float:
        """Outdoor temperature [°C]: season, time of day, and what the days bring."""
        year_angle = 2 * math.pi * ((t_s / _DAY) % 365.25 - 20.0) / 365.25
        hour = (t_s / 3600 + LONGITUDE_DEG / 15) % 24
        return 10.0 - 9.5 * math.cos(year_angle) + 4.0 * math.cos(2 * math.pi * (hour - 15.0) / 24) + 2.5 * self._days.at(t_s)

    def sun_sine(self, t_s: float) -> float:
        """Sine of the sun's elevation, 0 below the horizon (Cooper's declination; equation of time left out, < 17 min)."""
        day = (t_s / _DAY) % 365.25 + 1
        declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + day) / 365)
        hour_angle = 2 * math.pi * (((t_s / 3600 + LONGITUDE_DEG / 15) % 24) - 12) / 24
        sine = math.sin(LATITUDE_RAD) * math.sin(declination) + math.cos(LATITUDE_RAD) * math.cos(declination) * math.cos(
            hour_angle
        )
        return max(0.0, sine)

    def clearness(self, t_s: float) -> float:
        """Share of the clear-sky radiation that reaches the roof, 0.08 .. 1."""
        for span in self._overcast:
            if span.from_s <= t_s < span.to_s:
                return max(0.08, span.clearness * (1 + 0.25 * self._cloud.at(t_s)))
        day = 1 / (1 + math.exp(-1.6 * self._cloud_days.at(t_s)))
        return min(1.0, max(0.08, 0.15 + 0.8 * day + 0.22 * (1 - day) * self._cloud.at(t_s)))

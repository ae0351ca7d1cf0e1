"""A machine whose health is watched, as the plant file states it, and what is worked out of it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from detection.health.per_part import counted_machines
from domain.health_settings import HealthChannels
from domain.plant import Machine, Plant
from domain.units import KW_PER_UNIT

POWER = "power"
Price = Callable[[datetime], float | None]
"""EUR a kilowatt-hour at an instant; None where it is not known."""


@dataclass(frozen=True, slots=True)
class WatchedMachine:
    """One machine with its channels."""

    site: str
    machine: Machine
    health: HealthChannels
    zone: ZoneInfo
    kw_per_unit: float
    """Of the power channel."""
    price: Price

    @property
    def state_channel(self) -> str | None:
        """Where its operating state is read; None: nowhere."""
        control = self.machine.control
        return self.health.state_channel or (None if control is None else control.state_channel)

    @property
    def power_place(self) -> int | None:
        """Of its power among the channels; None: it is not watched."""
        return self.health.channels.index(POWER) if POWER in self.health.channels else None

    def power_kw(self, values: list[float]) -> float | None:
        """Of a row; None where power is not watched."""
        place = self.power_place
        return None if place is None else values[place] * self.kw_per_unit


def watched_machines(plant: Plant, price: Price) -> dict[str, WatchedMachine]:
    """Of each meter the machine that is watched: `domain.plant` sees to it that there is no second one."""
    found = {}
    units = {meter.id: gauge.unit for meter in plant.meters if (gauge := meter.gauge()) is not None and gauge.channel == POWER}
    for machine in plant.machines:
        if machine.health is not None:
            kw_per_unit = KW_PER_UNIT[units.get(machine.meter, "kW")]
            found[machine.meter] = WatchedMachine(plant.site.id, machine, machine.health, plant.site.zone, kw_per_unit, price)
    return found


def health_channels(plant: Plant) -> dict[str, tuple[str, ...]]:
    """Key of readings -> the channels of it that a machine's health is read from, its state, and counts of good parts."""
    found: dict[str, tuple[str, ...]] = {}
    for watched in watched_machines(plant, _unknown).values():
        state = () if watched.state_channel is None else (watched.state_channel,)
        found[watched.machine.meter] = (*watched.health.channels, *state)
    for counted in counted_machines(plant, _unknown).values():
        found[counted.meter] = (*found.get(counted.meter, ()), counted.parts_channel)
    return {f"{plant.site.id}/{meter}": tuple(dict.fromkeys(channels)) for meter, channels in found.items()}


def _unknown(at_utc: datetime) -> float | None:
    return None


def minute_utc(minute: int) -> datetime:
    """Start of a minute by its number since 1970."""
    return datetime.fromtimestamp(minute * 60, UTC)

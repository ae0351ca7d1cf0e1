"""Health of machines as a stream step, keyed by meter: minutes of gauges in; a record each quarter hour and findings of wear out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from detection.health.state import MachineState
from detection.health.watch import take_minute
from detection.health.watched_machine import watched_machines
from domain.clock import Clock, instant
from domain.codec import decode, encode
from domain.machine_health import MachineHealth
from domain.minutes import Minute
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.stored_state import StateForm
from domain.topics import FINDINGS, MACHINE_HEALTH, MINUTES

FORM = StateForm("machine-health", 1)
AHEAD = timedelta(minutes=5)
MOST_AMOUNT = 1e12
"""What a channel shows at most, either way: beyond it no sum of squares is a number that can be stored."""


@dataclass(slots=True)
class HealthState:
    """What is remembered behind one meter."""

    machine: MachineState = field(default_factory=MachineState)


class HealthStep:
    """Watches the machine behind each meter whose plant file names channels of its health.

    Time comes from the minutes alone. A minute that is older than the newest one changes nothing; one of bad readings teaches nothing.

    Parameters
    ----------
    tariff
        None where the plant has none: findings then say no money.
    clock
        The plant's: keeps minutes out that are dated ahead of it. None: the records alone do.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None = None, clock: Clock | None = None) -> None:
        self._watched = watched_machines(plant, lambda at_utc: marginal_energy_price_eur_per_kwh(tariff, at_utc))
        self._site, self._clock = plant.site.id, clock

    def initial(self, key: str) -> HealthState:
        """Nothing seen yet."""
        return HealthState()

    def encode(self, state: HealthState) -> bytes:
        """The state as JSON, behind the header."""
        return FORM.header + encode(state)

    def decode(self, key: str, stored: bytes) -> HealthState:
        """The state that `encode` made; raises `domain.stored_state.UnreadableState`."""
        return decode(HealthState, FORM.content(stored))

    def take(self, key: str, state: HealthState, records: Records) -> tuple[HealthState, Outputs]:
        """Minutes of one meter, by time."""
        site, _, meter = key.partition("/")
        watched = self._watched.get(meter) if site == self._site else None
        outputs: Outputs = []
        for topic, record in records:
            if topic is not MINUTES or watched is None or (record.site, record.meter) != (site, meter):
                continue
            if self._is_ahead(record) or (record.mean is not None and not abs(record.mean) <= MOST_AMOUNT):
                continue
            for found in take_minute(watched, state.machine, record):
                outputs.append((MACHINE_HEALTH if isinstance(found, MachineHealth) else FINDINGS, found))
        return state, outputs

    def _is_ahead(self, minute: Minute) -> bool:
        return self._clock is not None and instant(minute.start_ms) > self._clock.now_utc() + AHEAD

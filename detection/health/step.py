"""Health of machines as a stream step, keyed by meter: minutes of gauges and quarter hours in; a record each quarter hour and findings of wear out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from detection.health.per_part import PartsState, counted_machines, take_count, take_interval
from detection.health.state import MachineState
from detection.health.watch import Found, take_minute
from detection.health.watched_machine import watched_machines
from domain.clock import Clock, instant
from domain.codec import decode, encode
from domain.machine_health import MachineHealth
from domain.minutes import Minute
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.stored_state import StateForm
from domain.topics import FINDINGS, INTERVALS, MACHINE_HEALTH, MINUTES

FORM = StateForm("machine-health", 1)
AHEAD = timedelta(minutes=5)
MOST_AMOUNT = 1e12
"""What a channel shows at most, either way: beyond it no sum of squares is a number that can be stored."""


@dataclass(slots=True)
class HealthState:
    """What is remembered behind one meter."""

    machine: MachineState = field(default_factory=MachineState)
    parts: PartsState = field(default_factory=PartsState)


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

        def price(at_utc: datetime) -> float | None:
            return marginal_energy_price_eur_per_kwh(tariff, at_utc)

        self._watched, self._counted = watched_machines(plant, price), counted_machines(plant, price)
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
        """Minutes and quarter hours of one meter, each by time."""
        site, _, meter = key.partition("/")
        outputs: Outputs = []
        for topic, record in records:
            if (record.site, site) != (self._site, self._site) or getattr(record, "meter", None) != meter:
                continue
            found: Found = []
            if topic is MINUTES:
                found = self._take_minute(state, record)
            elif topic is INTERVALS and meter in self._counted and not self._is_ahead(record.start_utc):
                found = [*take_interval(self._counted[meter], state.parts, record)]
            outputs += [(MACHINE_HEALTH if isinstance(one, MachineHealth) else FINDINGS, one) for one in found]
        return state, outputs

    def _take_minute(self, state: HealthState, minute: Minute) -> Found:
        numbers = (one for one in (minute.mean, minute.last) if one is not None)
        if self._is_ahead(instant(minute.start_ms)) or not all(abs(one) <= MOST_AMOUNT for one in numbers):
            return []
        watched, counted = self._watched.get(minute.meter), self._counted.get(minute.meter)
        found: Found = []
        if counted is not None and minute.channel == counted.parts_channel:
            found += take_count(counted, state.parts, minute)
        return found if watched is None else [*found, *take_minute(watched, state.machine, minute)]

    def _is_ahead(self, at_utc: datetime) -> bool:
        return self._clock is not None and at_utc > self._clock.now_utc() + AHEAD

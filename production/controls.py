"""Which reading says what of which machine: its control's state, its count of pieces, its connection.

In: the plant file, readings.  Out: reports in a machine's `production.signals.Signals`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.clock import epoch_ms
from domain.plant import Machine, Plant
from domain.readings import CONNECTION_CHANNEL, Reading, ReadingQuality
from production.activity import OFF, ON, UNKNOWN
from production.signals import BACK, LOST, Signals

CLOCK_SLACK = timedelta(minutes=5)
"""A reading that is dated further ahead of the plant's clock says nothing."""
CONNECTED = "connected"
"""Text of a device's connection report where it is in reach."""


class Controls:
    """The controls of one plant."""

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site.id
        self._machines = {machine.id: machine for machine in plant.machines if machine.control is not None}
        self._read: dict[tuple[str, str], str] = {}
        self._devices: dict[str, list[str]] = {}
        self._running: dict[str, frozenset[str]] = {}
        for machine, control in ((m, m.control) for m in plant.machines if m.control is not None):
            self._read.update(((machine.meter, channel), machine.id) for channel in control.of_jobs)
            self._running[machine.id] = frozenset(_folded(name) for name in control.running_states)
            if control.device is not None:
                self._devices.setdefault(control.device, []).append(machine.id)

    @property
    def machines(self) -> Iterable[Machine]:
        """Machines with a control that is read."""
        return self._machines.values()

    def take(self, signals: dict[str, Signals], reading: Reading, now_utc: datetime | None) -> list[str]:
        """Note what a reading reports; the machines of which it says something new."""
        if reading.site != self._site or (now_utc is not None and reading.observed_ms > epoch_ms(now_utc + CLOCK_SLACK)):
            return []
        if reading.channel == CONNECTION_CHANNEL:
            code = BACK if reading.text == CONNECTED else LOST
            machines = self._devices.get(reading.meter, [])
            return [one for one in machines if signals.setdefault(one, Signals()).put_state(reading.observed_ms, code)]
        machine = self._read.get((reading.meter, reading.channel))
        if machine is None:
            return []
        known = signals.setdefault(machine, Signals())
        return [machine] if self._put(known, self._machines[machine], reading) else []

    def _put(self, known: Signals, machine: Machine, reading: Reading) -> bool:
        is_good = reading.quality is ReadingQuality.GOOD
        if machine.control is not None and reading.channel == machine.control.state_channel:
            name = _state_name(reading) if is_good else None
            code = UNKNOWN if name is None else ON if name in self._running[machine.id] else OFF
            return known.put_state(reading.observed_ms, code)
        if not is_good or reading.value is None or not math.isfinite(reading.value) or reading.value < 0:
            return False
        return known.put_count(reading.observed_ms, float(reading.value))


def _state_name(reading: Reading) -> str | None:
    """A state as text; beside a number the text is a remark on it."""
    if reading.value is None:
        return None if reading.text is None else _folded(reading.text)
    return str(int(reading.value)) if math.isfinite(reading.value) and float(reading.value).is_integer() else None


def _folded(name: str) -> str:
    return name.strip().casefold()

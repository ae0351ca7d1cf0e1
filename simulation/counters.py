"""What the meters have counted: whole micro-watt-hours, so that the main meter is exactly the sum of everything behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.channels import EXPORT, IMPORT
from simulation.layout import MAIN, METERS

Key = tuple[str, str]
"""Meter and channel."""
REACTIVE = "reactive_import"


def channel_of(step_uwh: int) -> str:
    """The channel that counts energy of this sign."""
    return IMPORT if step_uwh >= 0 else EXPORT


def counted_uwh(step_uwh: int, channel: str) -> int:
    """What of a step the channel counts."""
    return abs(step_uwh) if channel_of(step_uwh) == channel else 0


class Counters:
    """Energies since the simulated time began, and what the registers showed then."""

    def __init__(self) -> None:
        self.energy_uwh: dict[Key, int] = {(meter, IMPORT): 0 for meter in METERS}
        for key in (("pv", EXPORT), (MAIN, EXPORT), (MAIN, REACTIVE)):
            self.energy_uwh[key] = 0
        self.register_base_uwh: dict[Key, int] = {}
        """What a meter's register showed when the simulated time began (less what it had counted when it was reset)."""
        self._at_quarter = dict(self.energy_uwh)

    def book(self, steps_uwh: Mapping[str, int], reactive_uvarh: int) -> None:
        """Count the energies of one tick, by meter; what has no register for its direction is not counted."""
        for meter, step in steps_uwh.items():
            key = (meter, channel_of(step))
            if key in self.energy_uwh:
                self.energy_uwh[key] += abs(step)
        self.energy_uwh[MAIN, REACTIVE] += reactive_uvarh

    def end_quarter(self) -> dict[Key, int]:
        """A quarter hour is over: its energies."""
        before, self._at_quarter = self._at_quarter, dict(self.energy_uwh)
        return {key: now - before[key] for key, now in self.energy_uwh.items()}

    def reset(self, meter: str) -> None:
        """Somebody sets the meter's registers to zero."""
        for key, counted in self.energy_uwh.items():
            if key[0] == meter:
                self.register_base_uwh[key] = -counted

    def snapshot(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "energy_uwh": _rows(self.energy_uwh),
            "base_uwh": _rows(self.register_base_uwh),
            "quarter_uwh": _rows(self._at_quarter),
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Go on from a snapshot."""
        self.energy_uwh = _by_key(stored["energy_uwh"])
        self.register_base_uwh = _by_key(stored["base_uwh"])
        self._at_quarter = _by_key(stored["quarter_uwh"])


def _rows(values: Mapping[Key, int]) -> list[list[Any]]:
    return [[meter, channel, value] for (meter, channel), value in values.items()]


def _by_key(rows: Iterable[Any]) -> dict[Key, int]:
    return {(meter, channel): value for meter, channel, value in rows}

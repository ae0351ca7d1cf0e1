"""What a device is read for: channels, their units, and how a value of the device's unit becomes one of the plant file's.

In: device files and the plant file.  Out: `Channel`s that say what is read and by which factor it becomes the plant file's unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.plant import Register, RegisterKind

_UNITS: dict[str, tuple[str, int]] = {
    "Wh": ("active energy", 0), "kWh": ("active energy", 3), "MWh": ("active energy", 6),
    "varh": ("reactive energy", 0), "kvarh": ("reactive energy", 3), "Mvarh": ("reactive energy", 6),
    "VAh": ("apparent energy", 0), "kVAh": ("apparent energy", 3),
    "W": ("active power", 0), "kW": ("active power", 3), "MW": ("active power", 6),
    "var": ("reactive power", 0), "kvar": ("reactive power", 3),
    "VA": ("apparent power", 0), "kVA": ("apparent power", 3),
    "l": ("volume", 0), "m3": ("volume", 3), "Nm3": ("volume at normal conditions", 3),
    "V": ("voltage", 0), "A": ("current", 0), "Hz": ("frequency", 0), "1": ("ratio", 0),
}  # fmt: skip
"""Unit -> (dimension, power of ten in it)."""

UNITS = tuple(_UNITS)


def dimension(unit: str) -> str:
    """What `unit` measures."""
    return _UNITS[unit][0]


def factor(device_unit: str, register_unit: str) -> Decimal | None:
    """What a number in `device_unit` is multiplied by to be one in `register_unit`; None if they measure different things."""
    (what, power), (wanted, wanted_power) = _UNITS[device_unit], _UNITS[register_unit]
    return Decimal(1).scaleb(power - wanted_power) if what == wanted else None


def converted(value: float | int, by: Decimal) -> float | int:
    """`value` times `by`, rounded once; integers stay whole where nothing is lost and 64 bits hold them."""
    exact = Decimal(value) * by if by != 1 else value
    if isinstance(value, int) and exact == (whole := int(exact)) and -(2**63) <= whole < 2**63:
        return whole
    return float(exact)


@dataclass(frozen=True, slots=True)
class Channel:
    """One thing that is read from a device, and what it is at the plant."""

    device: str
    meter: str
    channel: str
    source: str
    """The device's name for it: a point of the profile, a node id."""
    by: Decimal = Decimal(1)
    """From the device's unit to the plant file's."""
    unit: str = ""
    """The plant file's unit; empty for context that is no register of the plant."""
    kind: RegisterKind | None = None
    every_s: float = 0.0
    """Distance of its readings [plant s]."""

    @property
    def may_be_thinned(self) -> bool:
        """Whether a full buffer may drop its oldest samples: gauges yes; counters, states and counts never."""
        return self.kind is RegisterKind.GAUGE or (self.kind is None and self.channel not in ("state", "parts"))


def bind(
    device: str, meter: str, channel: str, source: str, unit: str, register: Register | None, every_s: float
) -> Channel | None:
    """The channel with its conversion, or None where the device measures something else than the register."""
    if register is None:
        return Channel(device, meter, channel, source, every_s=every_s)
    by = factor(unit or register.unit, register.unit)
    if by is None:
        return None
    return Channel(device, meter, channel, source, by, register.unit, register.kind, max(every_s, register.sampling_s))


MOST_NAMED = 20
"""Refused channels that a text names; a text is for people."""


@dataclass(frozen=True, slots=True)
class RefusedChannel:
    """A channel that a device does not give, while it gives others."""

    channel: str
    source: str
    """Where the device has it: its point and registers, its node id."""
    why: str
    """The device's answer, such as ``exception 02, illegal data address``."""

    def __str__(self) -> str:
        return f"{self.channel} ({self.source}): {self.why}"


def refused_text(refused: Sequence[RefusedChannel]) -> str:
    """The text for people on a device's refused channels."""
    if not refused:
        return "no register is refused any more"
    named = "; ".join(str(one) for one in refused[:MOST_NAMED])
    return named if len(refused) <= MOST_NAMED else f"{named}; and {len(refused) - MOST_NAMED} more"

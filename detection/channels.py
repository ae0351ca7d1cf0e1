"""Which channels of a meter are watched beside its energy: its phases, and its reactive energy."""

from __future__ import annotations

from domain.channels import IMPORT
from domain.plant import Meter, RegisterKind

REACTIVE = "reactive_import"


def phase_channels(meter: Meter) -> tuple[str, ...]:
    """The counters of the energy of its three phases, ``energy_import_l1`` to ``_l3``; empty where one is missing."""
    names = tuple(f"{IMPORT}_l{number}" for number in (1, 2, 3))
    counted = {
        register.channel for register in meter.registers if register.kind is RegisterKind.COUNTER and not register.is_reactive
    }
    return names if counted.issuperset(names) else ()


def reactive_channel(meter: Meter) -> str | None:
    """The counter of its reactive energy, where its active energy is counted, too."""
    counted = {register.channel: register for register in meter.counters()}
    reactive = counted.get(REACTIVE)
    return REACTIVE if reactive is not None and reactive.is_reactive and IMPORT in counted else None

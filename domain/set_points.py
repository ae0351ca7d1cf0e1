"""Set points that a person may change at a machine, as the plant file has them: which channel shows them, and how far they may go."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from domain.toml_files import Identifier, Settings


class SetPointKind(StrEnum):
    """What is set, and so what it does to the energy."""

    PRESSURE = "pressure"
    """Pressure of compressed air at a compressor [bar, above that of the surroundings]: the lower, the less energy."""
    FLOW_TEMPERATURE = "flow_temperature"
    """Temperature of the cold water or brine that leaves a chiller [°C]: the higher, the less energy."""
    HOLD_TEMPERATURE = "hold_temperature"
    """Temperature at which a furnace waits for its next job [°C]: the lower, the less energy."""

    @property
    def unit(self) -> str:
        """The unit of its values."""
        return "bar" if self is SetPointKind.PRESSURE else "°C"


class MachineSetPoint(Settings):
    """One set point of a machine.

    Advice keeps the lowest and the highest values that were measured within `least` and `most`, not only the mean: a compressor's pressure
    swings between its switching points.
    """

    channel: Identifier
    """Channel of the machine's meter that shows its value, as the device files name it."""
    kind: SetPointKind
    """What it is."""
    unit: Literal["bar", "°C"]
    """Unit of its values: ``bar`` above the surroundings for a pressure, ``°C`` for temperatures."""
    least: float = Field(ge=-100, le=2000)
    """The lowest value that what it serves stands: the pressure that the farthest consumer needs, with the loss on the way [`unit`]."""
    most: float = Field(ge=-100, le=2000)
    """The highest value that it should ever have; a higher pressure is reported [`unit`]."""

    @model_validator(mode="after")
    def _is_a_span(self) -> MachineSetPoint:
        if self.unit != self.kind.unit:
            msg = f'unit = "{self.kind.unit}", the unit of a {self.kind}'
            raise ValueError(msg)
        if self.least >= self.most:
            msg = f"least below most (least {self.least:g}, most {self.most:g})"
            raise ValueError(msg)
        return self

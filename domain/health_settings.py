"""Which channels of a machine its health is read from, as the plant file states it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from domain.texts import Name
from domain.toml_files import Identifier, Settings
from domain.units import Amount

MOST_CHANNELS = 12


class HealthChannels(Settings):
    """Gauges that show how a machine does: vibration, current, temperature, pressure, flow, power. Energy registers are no gauges."""

    channels: tuple[Identifier, ...] = Field(min_length=1, max_length=MOST_CHANNELS)
    """Channels of the machine's meter, as the device files name them; ``power`` among them says what a fault costs in energy."""
    limits: Annotated[dict[Identifier, Amount], Field(max_length=MOST_CHANNELS)] = Field(default_factory=dict)
    """Channel to its upper limit in its own unit, such as the border of a zone of ISO 20816; the limit that is learned where none is named."""
    units: Annotated[dict[Identifier, Name], Field(max_length=MOST_CHANNELS)] = Field(default_factory=dict)
    """Channel to its unit, for people."""
    load: tuple[Identifier, ...] = ("power", "current")
    """Those of the channels that show how hard the machine works. The others are judged by what is usual at the same load. By themselves they say
    nothing of wear; where there are no others, the first is judged by the rest."""
    state_channel: Identifier | None = None
    """Channel of the operating state; None: that of the machine's control. Without one all that the machine does is one state."""
    together: tuple[Name, ...] = Field(default=(), max_length=20)
    """States that follow each other within minutes and are watched as one, the first of them; such as loaded and unloaded running of a compressor."""

    @model_validator(mode="after")
    def _names_its_own_channels(self) -> HealthChannels:
        if len(set(self.channels)) < len(self.channels):
            msg = "each channel once"
            raise ValueError(msg)
        if unknown := sorted({*self.limits, *self.units} - set(self.channels)):
            msg = f"limits and units of {', '.join(self.channels)}; {', '.join(unknown)} is not among the channels"
            raise ValueError(msg)
        if self.state_channel in self.channels:
            msg = "a state_channel that is not among the channels: a state is no gauge"
            raise ValueError(msg)
        return self

    @property
    def judged(self) -> tuple[int, ...]:
        """Places of the channels that show wear: those that are no load, or the first where all are."""
        return tuple(place for place, channel in enumerate(self.channels) if channel not in self.load) or (0,)

    @property
    def explaining(self) -> tuple[int, ...]:
        """Places of the channels by which those are judged."""
        return tuple(place for place in range(len(self.channels)) if place not in self.judged)

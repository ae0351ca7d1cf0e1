"""What a machine's control reports of its jobs, as the plant file states it."""

from __future__ import annotations

from pydantic import Field, model_validator

from domain.texts import Name
from domain.toml_files import Identifier, Settings


class Control(Settings):
    """Which channels of a machine's meter hold its state and its count of pieces, as the device files name them."""

    state_channel: Identifier | None = None
    """Channel of its state, as text (PackML: ``Execute``) or as a number; None: no state is read."""
    running_states: tuple[Name, ...] = Field(default=("Execute",), min_length=1, max_length=50)
    """States in which a job is on it, a short stop within the job included, as the control names them; a number as its digits."""
    parts_channel: Identifier | None = None
    """Channel of a counter of good pieces; with it a job ends when the order's quantity is made. None: no pieces are counted."""
    device: Identifier | None = None
    """Device whose connection reports count: while it is out of reach the state is not known. None: it is always taken to be in reach."""

    @model_validator(mode="after")
    def _names_a_channel(self) -> Control:
        if self.state_channel is None and self.parts_channel is None:
            msg = "state_channel, parts_channel, or both"
            raise ValueError(msg)
        if self.state_channel == self.parts_channel:
            msg = "two different channels for state and pieces"
            raise ValueError(msg)
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the machine's meter that it reads."""
        return tuple(channel for channel in (self.state_channel, self.parts_channel) if channel is not None)

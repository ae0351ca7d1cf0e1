"""What a machine's control reports of its jobs and its pieces, as the plant file states it."""

from __future__ import annotations

from pydantic import Field, model_validator

from domain.texts import Name
from domain.toml_files import Identifier, Settings


class Control(Settings):
    """Which channels of a machine's meter hold its state and its counts of pieces, as the device files name them."""

    state_channel: Identifier | None = None
    """Channel of its state, as text (PackML: ``Execute``) or as a number; None: no state is read."""
    running_states: tuple[Name, ...] = Field(default=("Execute",), min_length=1, max_length=50)
    """States in which a job is on it, a short stop within the job included, as the control names them; a number as its digits."""
    parts_channel: Identifier | None = None
    """Channel of a counter of good pieces; with it a job ends when the order's quantity is made. None: no pieces are counted."""
    good_channel: Identifier | None = None
    """Channel of a counter of good pieces for the account of scrap, which ends no job; None: `parts_channel`."""
    scrap_channel: Identifier | None = None
    """Channel of a counter of pieces that are thrown away; None: they are not counted by the machine."""
    rework_channel: Identifier | None = None
    """Channel of a counter of pieces that must be worked on again; None: they are not counted by the machine."""
    device: Identifier | None = None
    """Device whose connection reports count: while it is out of reach the state is not known. None: it is always taken to be in reach."""

    @model_validator(mode="after")
    def _names_a_channel(self) -> Control:
        if not self.channels:
            msg = "state_channel, parts_channel, or both; or good_channel, scrap_channel or rework_channel"
            raise ValueError(msg)
        if self.state_channel is not None and self.channels.count(self.state_channel) > 1:
            msg = "two different channels for state and pieces"
            raise ValueError(msg)
        counted = [channel for channel in (self.counts_good, self.scrap_channel, self.rework_channel) if channel is not None]
        if len(set(counted)) < len(counted):
            msg = "different channels for good pieces, scrap and rework"
            raise ValueError(msg)
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the machine's meter that it reads."""
        named = (self.state_channel, self.parts_channel, self.good_channel, self.scrap_channel, self.rework_channel)
        return tuple(channel for channel in named if channel is not None)

    @property
    def of_jobs(self) -> tuple[str, ...]:
        """The channels that say when a job is on it."""
        return tuple(channel for channel in (self.state_channel, self.parts_channel) if channel is not None)

    @property
    def of_pieces(self) -> tuple[str, ...]:
        """The channels that count good pieces, scrap and rework; none where it counts no scrap."""
        if not self.counts_scrap:
            return ()
        return tuple(channel for channel in (self.counts_good, self.scrap_channel, self.rework_channel) if channel is not None)

    @property
    def counts_good(self) -> str | None:
        """The channel that counts good pieces; None where none does."""
        return self.good_channel or self.parts_channel

    @property
    def counts_scrap(self) -> bool:
        """Whether the machine counts what is no good."""
        return self.scrap_channel is not None or self.rework_channel is not None

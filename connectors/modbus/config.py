"""A Modbus device's file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.devices import STALLED_AFTER_S
from connectors.gaps import HistoryOrder
from connectors.modbus.profile import Profile, WordOrder, load_profile
from domain.toml_files import Identifier, Settings


class ModbusHead(Settings):
    """Where the meter is and which one it is."""

    id: Identifier
    """Id of the device in logs and connection messages."""
    meter: Identifier
    """The meter of the plant file that it is."""
    protocol: Literal["modbus-tcp"]
    """How it is reached."""
    host: str = Field(min_length=1)
    """Address or name of the meter, or of its gateway."""
    port: int = Field(default=502, gt=0, le=65_535)
    """TCP port."""
    unit_id: int = Field(default=1, ge=0, le=255)
    """Which meter behind a gateway: 1 to 247; a meter with its own Ethernet port is mostly 1 or 255."""
    profile: str
    """Register map: the name of a file in ``connectors/modbus/profiles``."""
    poll_s: float = Field(gt=0)
    """Distance of its readings in the plant's time, on the grid of the plant's clock."""
    timeout_s: float = Field(default=1.0, gt=0)
    """How long an answer may take on the wall clock."""
    stalled_after_s: float = Field(default=STALLED_AFTER_S, gt=0)
    """How long no reading may come while the connection stands (the meter is busy, or silent) until it is reported as stalled [plant s]."""
    history: HistoryOrder = "oldest_first"
    """Whether a meter with a memory (by its profile) is read for what was missed, and from which end of a gap."""
    history_days: float = Field(default=7.0, gt=0, le=3660)
    """How far back [plant days]."""
    history_pause_s: float = Field(default=0.2, ge=0)
    """Pause between two reads of its memory on the wall clock, so that live values go first."""
    word_order: WordOrder | None = None
    """Where the device was set to another order of words than its profile says."""


class ModbusDevice(Settings):
    """One meter behind Modbus TCP."""

    device: ModbusHead
    channels: dict[Identifier, str] = Field(min_length=1)
    """Channel of the plant file = point of the profile."""

    def load_profile(self) -> Profile:
        """Its profile, in the word order of this device; raises `InputFaults` if there is none of that name."""
        profile = load_profile(self.device.profile)
        return profile if self.device.word_order is None else profile.with_word_order(self.device.word_order)

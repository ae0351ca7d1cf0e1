"""What a probe of a device finds, for commissioning: the same for every protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.channels import Channel, RefusedChannel
from domain.readings import Reading


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one device.

    Attributes
    ----------
    readings
        In their order, as the gateway would send them.
    refused
        What it does not give while it gives others.
    trouble
        Why not everything came; empty where it did.
    doubts
        What cannot be true, though it came.
    remarks
        What else is worth knowing.
    """

    readings: tuple[Reading, ...] = ()
    refused: tuple[RefusedChannel, ...] = ()
    trouble: str = ""
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """A device, and what came of it.

    Attributes
    ----------
    channels
        What its file names.
    units
        By channel the unit of its values, where it is no register of the plant.
    """

    device: str
    address: str
    channels: tuple[Channel, ...]
    units: Mapping[str, str]
    found: Found

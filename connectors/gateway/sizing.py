"""How much disk seven days without a broker take, from what a plant reads.  Pure but for `free_bytes`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from connectors.channels import Channel
from connectors.gateway.buffer import Limits, Line, size_of
from connectors.gateway.fleet import Fleet
from connectors.modbus.line import ModbusUnit
from domain.codec import encode
from domain.readings import CONNECTION_CHANNEL, HEARTBEAT_CHANNEL, Reading
from domain.topics import READINGS

OUTAGE = timedelta(days=7)
"""So long the broker may be away without a reading being dropped."""
MARGIN = 1.25
"""For notes on values, history that is read after a gap, and changes of connections."""
LEAST = Limits(200_000, 50_000_000)
"""Whatever the plant: a disk that is too small for this is no disk for a gateway."""
FILE_SHARE = 1.25
"""Of the file to what it holds: SQLite's pages are not quite full, and its log lies beside it."""
HEARTBEAT_S = 10.0
"""Distance of a gateway's signs of life [plant s]."""
STATES_EVERY = 6
"""Heartbeats from one report of all connections to the next."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a plant's gateway writes."""

    readings_per_s: float
    bytes_per_s: float

    def limits(self, outage: timedelta = OUTAGE) -> Limits:
        """What the buffer must hold so that nothing is dropped in `outage`."""
        seconds = outage.total_seconds() * MARGIN
        return Limits(
            max(LEAST.readings, round(self.readings_per_s * seconds)), max(LEAST.bytes, round(self.bytes_per_s * seconds))
        )

    def days_in(self, disk_bytes: float) -> float:
        """How many days of outage fit on so much disk."""
        return disk_bytes / (self.bytes_per_s * MARGIN * FILE_SHARE * 86_400)


def disk_bytes(limits: Limits) -> int:
    """How large the buffer's files may become."""
    return round(limits.bytes * FILE_SHARE)


def stream_of(fleet: Fleet, gateway: str = "gateway-1", heartbeat_s: float = HEARTBEAT_S) -> Stream:
    """The most that a gateway writes for `fleet`: each channel as often as it is read, or sampled by its server."""
    site = fleet.plant.site.id
    rates = [(_reading(site, channel, gateway, text), per_s) for channel, per_s, text in _channels(fleet)]
    rates.append((_own(site, gateway, HEARTBEAT_CHANNEL, gateway), 1 / heartbeat_s))
    for unit in fleet.units():
        state = _own(site, unit.settings.device.id, CONNECTION_CHANNEL, gateway)
        rates.append((state, 1 / (heartbeat_s * STATES_EVERY)))
    sizes = [(size_of([Line(READINGS.key_bytes(reading), encode(reading), True)]), per_s) for reading, per_s in rates]
    return Stream(sum(per_s for _, per_s in sizes), sum(size * per_s for size, per_s in sizes))


def _channels(fleet: Fleet) -> Iterable[tuple[Channel, float, str | None]]:
    for unit in fleet.units():
        for channel in unit.channels:
            if isinstance(unit, ModbusUnit):
                yield channel, 1 / channel.every_s, None
            else:
                yield channel, 1000 / unit.settings.device.sampling_ms, "unchanged, dated by the server's time of reading"


def _reading(site: str, channel: Channel, gateway: str, text: str | None) -> Reading:
    # As long as they come: milliseconds of these decades, a number with all its digits.
    now_ms = 1_799_999_999_999
    return Reading(
        site, channel.meter, channel.channel, now_ms, now_ms, 123456789.12345678, text=text, gateway=gateway, sequence=100_000_000
    )


def _own(site: str, about: str, channel: str, gateway: str) -> Reading:
    return Reading(
        site, about, channel, 1_799_999_999_999, 1_799_999_999_999, None, text="connected", gateway=gateway, sequence=10**8
    )


def free_bytes(buffer: Path) -> int:
    """Room for the buffer file `buffer`: what its disk has free, and what it takes already."""
    folder = buffer.absolute().parent
    while not folder.exists():
        folder = folder.parent
    taken = sum(file.stat().st_size for file in (buffer, buffer.with_name(buffer.name + "-wal")) if file.exists())
    return shutil.disk_usage(folder).free + taken

"""A meter's own load profile: a ring of records in its registers, read after a gap for what was missed.

In: the ring's layout from the profile (`profile.LoadProfile`) and the gaps of the device.  Out: counter values at the ends of periods.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.channels import Channel, converted
from connectors.gaps import Gap, PastValue
from connectors.modbus.client import DeviceRefuses, ModbusConnection
from connectors.modbus.decode import decode, high_word_first
from connectors.modbus.plan import Block
from connectors.modbus.profile import LoadProfile, Point, Profile, RecordStamp
from domain.clock import epoch_ms
from domain.errors import LastgangError
from domain.readings import ReadingQuality

CLOCK_PLAY_MS = 60_000
"""How far the meter's clock may be off, and how long it may take to write a record."""


class MemoryUnusable(LastgangError):
    """The meter's memory cannot be trusted. Operator: the message says whether its clock is to be set or the profile to be corrected."""


class NotYetWritten(LastgangError):
    """The record of the period that just ended is not there yet. Retrying is safe."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the end of its period, and the values of its counters by point."""

    end_ms: int
    values: Mapping[str, PastValue]


def stamp_ms(stamp: RecordStamp, raw: bytes, order: str) -> int | None:
    """The instant in a record's bytes; None where it holds none, as in a place that was never written."""
    part = raw[2 * stamp.offset : 2 * (stamp.offset + stamp.words)]
    if len(part) != 2 * stamp.words or part in (bytes(len(part)), b"\xff" * len(part)):
        return None
    offset = timedelta(minutes=stamp.utc_offset_min)
    if stamp.format == "unix_s":
        (seconds,) = struct.unpack(">I", high_word_first(part, "CDAB" if order == "CDAB" else "ABCD"))
        return int(seconds) * 1000 - int(offset.total_seconds()) * 1000
    try:
        year, month, day, hour, minute, second = struct.unpack(">6H", part)
        return epoch_ms(datetime(year, month, day, hour, minute, second, tzinfo=UTC) - offset)
    except (ValueError, OverflowError):
        return None


def record_of(profile: Profile, ring: LoadProfile, raw: bytes) -> Record | None:
    """What one place of the ring holds, None if nothing that can be dated."""
    stamp = stamp_ms(ring.stamp, raw, profile.profile.word_order)
    interval_ms = ring.interval_s * 1000
    if stamp is None or stamp % interval_ms:
        return None
    values = {}
    for value in ring.values:
        same = profile.point(value.point)
        point = Point.model_validate(same.model_dump() | {"type": value.type, "scale": value.scale, "address": 0})
        found = decode(
            point, raw[2 * value.offset : 2 * (value.offset + point.words)], profile.order_of(same), profile.patterns_of(point)
        )
        quality = ReadingQuality.GOOD if found.number is not None else ReadingQuality.BAD
        end_ms = stamp + interval_ms if ring.stamp_of == "start" else stamp
        values[value.point] = PastValue(end_ms, found.number, quality, found.why_none)
    return Record(stamp + interval_ms if ring.stamp_of == "start" else stamp, values)


def pieces(ring: LoadProfile, newest: int, most_registers: int) -> list[tuple[int, int]]:
    """First place and count of each read, from the newest record back to the oldest: never over the ring's end."""
    at_once = max(1, most_registers // ring.words)
    found: list[tuple[int, int]] = []
    last = newest
    left = ring.records
    while left:
        count = min(at_once, last + 1, left)
        found.append((last - count + 1, count))
        left -= count
        last = (last - count) % ring.records
    return found


def check_clock(ring: LoadProfile, newest: Record, now_ms: int) -> None:
    """Raise unless the newest record is of the period that ended last, by the plant's clock.

    Raises
    ------
    NotYetWritten
        If it is of the one before, and the last one ended a moment ago.
    MemoryUnusable
        If the meter's clock is another one.
    """
    interval_ms = ring.interval_s * 1000
    age_ms = now_ms - newest.end_ms
    if -CLOCK_PLAY_MS <= age_ms < interval_ms:
        return
    if interval_ms <= age_ms < interval_ms + CLOCK_PLAY_MS:
        msg = "the last record is not written yet"
        raise NotYetWritten(msg)
    msg = (
        f"the newest record of its memory ends at {_text(newest.end_ms)}, and it is {_text(now_ms)}; "
        f"is the meter's clock set, is utc_offset_min in its profile right, does it still record?"
    )
    raise MemoryUnusable(msg)


def _text(at_ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat(timespec="seconds")


async def records_back_to(
    connection: ModbusConnection, unit_id: int, profile: Profile, from_ms: int, now_ms: int, pause_s: float
) -> AsyncIterator[list[Record]]:
    """The records later than `from_ms`, newest first, as many at once as the device gives.

    Ends where the ring does: at a place that was never written, or at a record later than the one after it.

    Raises
    ------
    ModbusError, MemoryUnusable, NotYetWritten
        As the device answers.
    """
    ring = profile.load_profile
    assert ring is not None
    raw = await connection.read(unit_id, Block(ring.function, ring.newest, 1, ()))
    newest = int.from_bytes(raw, "big")
    if newest >= ring.records:
        msg = f"its pointer says that record {newest} is the newest, of {ring.records}; is the profile {profile.profile.id} right?"
        raise MemoryUnusable(msg)
    later_ms: int | None = None
    for place, count in pieces(ring, newest, profile.profile.max_registers):
        raw = await _records(connection, unit_id, ring, place, count)
        size = 2 * ring.words
        found: list[Record] = []
        is_end = False
        for start in range((count - 1) * size, -1, -size):
            record = record_of(profile, ring, raw[start : start + size])
            if later_ms is None:
                if record is None:
                    msg = f"the newest record of its memory has no time that fits; is the profile {profile.profile.id} right?"
                    raise MemoryUnusable(msg)
                check_clock(ring, record, now_ms)
            if record is None or record.end_ms <= from_ms or (later_ms is not None and record.end_ms >= later_ms):
                is_end = True
                break
            later_ms = record.end_ms
            found.append(record)
        yield found
        if is_end:
            return
        await asyncio.sleep(pause_s)


async def _records(connection: ModbusConnection, unit_id: int, ring: LoadProfile, place: int, count: int) -> bytes:
    """The bytes of `count` records; in shorter reads where the device refuses a long one."""
    try:
        return await connection.read(unit_id, Block(ring.function, ring.first + place * ring.words, count * ring.words, ()))
    except DeviceRefuses:
        if count == 1:
            raise
    half = count // 2
    first = await _records(connection, unit_id, ring, place, half)
    return first + await _records(connection, unit_id, ring, place + half, count - half)


def values_in(gap: Gap, records: Sequence[Record], channel: Channel) -> list[PastValue]:
    """What `records` say of the gap's register, in the plant file's unit."""
    found = []
    for record in records:
        value = record.values.get(channel.source)
        if value is not None and gap.from_ms < value.observed_ms < gap.to_ms:
            found.append(replace(value, value=None if value.value is None else converted(value.value, channel.by)))
    return found

"""Readings of a counter in doubt: needed only to be counted again if later readings show that they were a glitch.

For 24 hours at a reading a second these are 86,400; they are kept packed, in about 4 bytes each.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from domain.readings import Reading
from metering.packing import Reader, blob, pack_readings, squeeze, unsqueeze
from metering.points import Points, Route, reading_of

_CHUNK = 600
"""Readings that are packed together."""
_HEAD = struct.Struct("<qqq")


class Chunk:
    """Readings ``from_ms`` to ``to_ms``, the last of which came at `received_ms`, packed."""

    __slots__ = ("from_ms", "packed", "received_ms", "to_ms")

    def __init__(self, from_ms: int, to_ms: int, received_ms: int, packed: bytes) -> None:
        self.from_ms, self.to_ms, self.received_ms, self.packed = from_ms, to_ms, received_ms, packed


_Aside = tuple[int, float, int, int, str | None, str]
"""Time, value, receipt, number, gateway, route."""


class Quarantine:
    """Chunks in the order in which they came; the last readings are still loose."""

    __slots__ = ("_chunks", "_loose", "_stored")

    def __init__(self) -> None:
        self._chunks: list[Chunk] = []
        self._loose: list[_Aside] = []
        self._stored: bytes | None = b""

    def __bool__(self) -> bool:
        return bool(self._chunks or self._loose)

    def keep(self, points: Points, first: int, stop: int) -> None:
        """Take the readings ``[first, stop)`` of `points`."""
        self._stored = None
        for k in range(first, stop):
            gateway, origin = points.route_names[points.routes[k]]
            self._loose.append((points.times[k], points.values[k], points.received[k], points.sequences[k], gateway, origin))
        if len(self._loose) >= _CHUNK:
            self._chunks.append(_packed(self._loose, squeezed=True))
            self._loose = []

    def take_out(self, from_ms: int, to_ms: int, site: str, meter: str, channel: str) -> list[Reading]:
        """Give back, and forget, the readings of ``[from_ms, to_ms]``."""
        found: list[_Aside] = []
        chunks: list[Chunk] = []
        for chunk in self._chunks:
            if chunk.to_ms < from_ms or chunk.from_ms > to_ms:
                chunks.append(chunk)
                continue
            rest: list[_Aside] = []
            for aside in _unpacked(chunk.packed, squeezed=True):
                (found if from_ms <= aside[0] <= to_ms else rest).append(aside)
            if rest:
                chunks.append(_packed(rest, squeezed=True))
        found += [aside for aside in self._loose if from_ms <= aside[0] <= to_ms]
        self._loose = [aside for aside in self._loose if not from_ms <= aside[0] <= to_ms]
        self._chunks, self._stored = chunks, None
        return [_reading(aside, site, meter, channel) for aside in found]

    def forget_before(self, received_ms: int) -> None:
        """Forget what came before `received_ms`: no doubt concerns it any more."""
        if self._chunks and self._chunks[0].received_ms < received_ms:
            self._chunks = [chunk for chunk in self._chunks if chunk.received_ms >= received_ms]
            self._stored = None
        if self._loose and self._loose[-1][2] < received_ms:
            self._loose, self._stored = [], None

    def to_bytes(self) -> bytes:
        """All of it; empty if there is nothing."""
        if self._stored is None:
            parts = [struct.pack("<I", len(self._chunks))]
            parts += [_HEAD.pack(c.from_ms, c.to_ms, c.received_ms) + blob(c.packed) for c in self._chunks]
            if self._loose:
                parts.append(_packed(self._loose, squeezed=False).packed)
            self._stored = b"".join(parts) if self else b""
        return self._stored

    def read(self, stored: bytes) -> None:
        """Fill an empty one."""
        if not stored:
            return
        reader = Reader(stored)
        (count,) = reader.numbers(struct.Struct("<I"))
        at = 4
        for _ in range(count):
            from_ms, to_ms, received_ms = reader.numbers(_HEAD)
            packed = reader.blob()
            at += _HEAD.size + 4 + len(packed)
            self._chunks.append(Chunk(from_ms, to_ms, received_ms, packed))
        if at < len(stored):
            self._loose = _unpacked(stored[at:], squeezed=False)
        self._stored = stored


def _packed(aside: Sequence[_Aside], squeezed: bool) -> Chunk:
    names: dict[Route, int] = {}
    routes = [names.setdefault((gateway, origin), len(names)) for _, _, _, _, gateway, origin in aside]
    times = [row[0] for row in aside]
    text = "\n".join(f"{origin} {'' if gateway is None else '=' + gateway}" for gateway, origin in names)
    values, received, sequences = [row[1] for row in aside], [row[2] for row in aside], [row[3] for row in aside]
    packed = blob(text.encode()) + pack_readings(times, values, received, sequences, routes)
    return Chunk(min(times), max(times), max(received), squeeze(packed) if squeezed else packed)


def _unpacked(packed: bytes, squeezed: bool) -> list[_Aside]:
    reader = Reader(unsqueeze(packed) if squeezed else packed)
    names = [
        (gateway[1:] if gateway else None, origin)
        for origin, _, gateway in (line.partition(" ") for line in reader.text().split("\n"))
    ]
    return [
        (time_ms, value, received_ms, sequence, *names[route])
        for time_ms, value, received_ms, sequence, route in zip(*reader.readings(), strict=True)
    ]


def _reading(aside: _Aside, site: str, meter: str, channel: str) -> Reading:
    time_ms, value, received_ms, sequence, gateway, origin = aside
    return reading_of((site, meter), channel, (gateway, origin), time_ms, (received_ms, sequence, value))

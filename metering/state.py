"""What the engine remembers of one meter, and its bytes."""

from __future__ import annotations

import json
import zlib
from array import array
from dataclasses import dataclass, field

from domain.intervals import IntervalMethod, IntervalQuality
from metering.rows import Row

_VERSION = 1


@dataclass(slots=True)
class Series:
    """Readings of one register in order of device time; parallel arrays."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[int] = field(default_factory=lambda: array("q"))
    received: array[int] = field(default_factory=lambda: array("q"))
    linked: bytearray = field(default_factory=bytearray)
    """1 where thinned-out readings stood between this one and the one before: no gap."""
    glitch: bytearray = field(default_factory=bytearray)
    """1 where hindsight rejected the reading."""

    def insert(self, index: int, time_ms: int, value: int, received_ms: int) -> None:
        """Put a reading at `index`."""
        self.times.insert(index, time_ms)
        self.values.insert(index, value)
        self.received.insert(index, received_ms)
        self.linked.insert(index, 0)
        self.glitch.insert(index, 0)

    def keep(self, indices: list[int], linked: list[int]) -> None:
        """Thin out to `indices`, with their new links."""
        self.times = array("q", [self.times[i] for i in indices])
        self.values = array("q", [self.values[i] for i in indices])
        self.received = array("q", [self.received[i] for i in indices])
        self.glitch = bytearray(self.glitch[i] for i in indices)
        self.linked = bytearray(linked)


@dataclass(slots=True)
class Published:
    """A row as it was published last."""

    row: Row
    revision: int
    readings: int


@dataclass(slots=True)
class MeterState:
    """Everything of one meter; bounded by the horizon of late readings."""

    first_quarter: int | None = None
    """Number of the quarter hour (since 1970) in which the site's first reading fell."""
    next_quarter: int = 0
    """The first that has not been published."""
    site_time_ms: int = 0
    thinned_ms: int = 0
    series: dict[str, Series] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    """Used readings by quarter hour, over all channels."""
    published: dict[str, dict[int, Published]] = field(default_factory=dict)
    dirty: dict[str, int] = field(default_factory=dict)
    """Channel -> first published quarter hour that may have changed."""
    recounted: set[int] = field(default_factory=set)
    """Published quarter hours whose number of readings changed."""
    irregular: dict[str, list[int]] = field(default_factory=dict)
    """Channel -> times of the readings before impossible steps that stayed, of the last day."""
    long_gaps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


_QUALITIES = list(IntervalQuality)
_METHODS = list(IntervalMethod)


def encode_state(state: MeterState) -> bytes:
    """Versioned bytes: a JSON head, then the arrays, compressed together."""
    blobs: list[bytes] = []

    def put(data: bytes) -> int:
        blobs.append(data)
        return len(data)

    head = {
        "version": _VERSION,
        "first_quarter": state.first_quarter,
        "next_quarter": state.next_quarter,
        "site_time_ms": state.site_time_ms,
        "thinned_ms": state.thinned_ms,
        "counts": [put(array("q", state.counts.keys()).tobytes()), put(array("q", state.counts.values()).tobytes())],
        "dirty": state.dirty,
        "recounted": sorted(state.recounted),
        "irregular": state.irregular,
        "long_gaps": state.long_gaps,
        "series": {
            name: [
                put(s.times.tobytes()),
                put(s.values.tobytes()),
                put(s.received.tobytes()),
                put(bytes(s.linked)),
                put(bytes(s.glitch)),
            ]
            for name, s in state.series.items()
        },
        "published": {name: [put(data) for data in _packed(rows)] for name, rows in state.published.items()},
    }
    text = json.dumps(head).encode()
    return zlib.compress(len(text).to_bytes(4, "big") + text + b"".join(blobs), 1)


def decode_state(stored: bytes) -> MeterState:
    """The state that `encode_state` made.

    Raises
    ------
    ValueError
        If the bytes are of a version that this engine does not know.
    """
    raw = zlib.decompress(stored)
    size = int.from_bytes(raw[:4], "big")
    head = json.loads(raw[4 : 4 + size])
    if head["version"] != _VERSION:
        msg = f"meter state of version {head['version']}; this engine reads version {_VERSION}"
        raise ValueError(msg)
    position = 4 + size

    def take(length: int) -> bytes:
        nonlocal position
        position += length
        return raw[position - length : position]

    def ints(length: int, kind: str = "q") -> array[int]:
        return array(kind, take(length)) if length else array(kind)

    keys, values = (ints(length) for length in head["counts"])
    state = MeterState(
        first_quarter=head["first_quarter"],
        next_quarter=head["next_quarter"],
        site_time_ms=head["site_time_ms"],
        thinned_ms=head["thinned_ms"],
        counts=dict(zip(keys, values, strict=True)),
        dirty=head["dirty"],
        recounted=set(head["recounted"]),
        irregular=head["irregular"],
        long_gaps={name: [(a, b) for a, b in gaps] for name, gaps in head["long_gaps"].items()},
    )
    for name, sizes in head["series"].items():
        state.series[name] = Series(
            ints(sizes[0]), ints(sizes[1]), ints(sizes[2]), bytearray(take(sizes[3])), bytearray(take(sizes[4]))
        )
    for name, sizes in head["published"].items():
        state.published[name] = _unpacked([take(length) for length in sizes])
    return state


_NO_VALUE = -(2**63)


def _packed(rows: dict[int, Published]) -> list[bytes]:
    values = rows.values()
    return [
        array("q", rows.keys()).tobytes(),
        array("q", [_NO_VALUE if p.row.energy_uwh is None else p.row.energy_uwh for p in values]).tobytes(),
        array("d", [p.row.coverage for p in values]).tobytes(),
        bytes(_QUALITIES.index(p.row.quality) for p in values),
        bytes(_METHODS.index(p.row.method) for p in values),
        array("l", [p.revision for p in values]).tobytes(),
        array("l", [p.readings for p in values]).tobytes(),
    ]


def _unpacked(blobs: list[bytes]) -> dict[int, Published]:
    quarters, energies = array("q", blobs[0]), array("q", blobs[1])
    coverages, revisions, readings = array("d", blobs[2]), array("l", blobs[5]), array("l", blobs[6])
    return {
        quarter: Published(
            Row(None if energies[n] == _NO_VALUE else energies[n], coverages[n], _QUALITIES[blobs[3][n]], _METHODS[blobs[4][n]]),
            revisions[n],
            readings[n],
        )
        for n, quarter in enumerate(quarters)
    }

"""All that is remembered of one meter, and its bytes."""

from __future__ import annotations

import json
import struct
from array import array
from typing import Any

from domain.errors import LastgangError
from domain.intervals import IntervalMethod, IntervalQuality
from metering.cases import Break
from metering.counter import CounterTrack, Doubt
from metering.gauge import GaugeTrack
from metering.points import Origin, Points, runs
from metering.rows import Published, Row

_MAGIC = b"LGM1"
_QUALITIES = tuple(IntervalQuality)
_METHODS = tuple(IntervalMethod)
_WORDS = {(q, m): i * 16 + j for i, q in enumerate(_QUALITIES) for j, m in enumerate(_METHODS)}
_NOTHING = -(2**63)

Track = CounterTrack | GaugeTrack


class UnreadableState(LastgangError):
    """Stored bytes are no meter state of this version. Operator: start the job without its savepoint; topics are read again."""


class RowBook:
    """The rows of one channel as they were last told, and which must be looked at again."""

    __slots__ = ("dirty", "next_quarter", "published")

    def __init__(self) -> None:
        self.published: dict[int, Published] = {}
        self.next_quarter: int | None = None
        """First quarter hour that has not been told yet."""
        self.dirty: set[int] = set()


class MeterState:
    """What is remembered of one meter."""

    __slots__ = ("books", "grid_from", "next_seal", "site_ms", "stored", "tracks", "used")

    def __init__(self) -> None:
        self.tracks: dict[str, Track] = {}
        self.books: dict[str, RowBook] = {}
        self.stored: bytes | None = None
        """What is still to be read, by the step that knows the registers."""
        self.grid_from: int | None = None
        """First quarter hour of the site, as far as this meter has heard."""
        self.site_ms = 0
        """The site's event time."""
        self.next_seal: dict[str, int] = {}
        self.used: dict[int, int] = {}
        """Readings used, by quarter hour."""


def to_bytes(state: MeterState) -> bytes:
    """The state, small and versioned: a JSON head and columns of numbers."""
    if state.stored is not None:
        return state.stored
    head: dict[str, Any] = {
        "grid_from": state.grid_from,
        "site_ms": state.site_ms,
        "next_seal": state.next_seal,
        "used": len(state.used),
        "tracks": {},
        "books": {},
    }
    columns = _two_columns(state.used)
    for channel, track in state.tracks.items():
        head["tracks"][channel] = _track_head(track)
        columns += _point_columns(track.points, head["tracks"][channel])
        if isinstance(track, GaugeTrack):
            columns += _two_columns(track.integrals)
            head["tracks"][channel]["integrals"] = len(track.integrals)
    for channel, book in state.books.items():
        head["books"][channel] = [book.next_quarter, sorted(book.dirty), len(book.published)]
        columns += _book_columns(book)
    text = json.dumps(head, separators=(",", ":")).encode()
    return b"".join([_MAGIC, struct.pack("<I", len(text)), text, *columns])


def from_bytes(stored: bytes) -> MeterState:
    """A state that has still to be read.

    Raises
    ------
    UnreadableState
        If the bytes are of another version.
    """
    if stored[:4] != _MAGIC:
        msg = f"stored meter state begins with {stored[:4]!r}, expected {_MAGIC!r}; start without the savepoint"
        raise UnreadableState(msg)
    state = MeterState()
    state.stored = stored
    return state


def read_into(state: MeterState) -> None:
    """Fill the empty tracks and books of a state from its stored bytes; channels that the plant file lost are left out."""
    stored = state.stored or b""
    state.stored = None
    (length,) = struct.unpack_from("<I", stored, 4)
    head = json.loads(stored[8 : 8 + length])
    state.grid_from, state.site_ms = head["grid_from"], head["site_ms"]
    state.next_seal = {c: q for c, q in head["next_seal"].items() if c in state.tracks}
    columns = _Columns(stored, 8 + length)
    state.used = columns.take_pairs(head["used"])
    for channel, track_head in head["tracks"].items():
        points, floor = _read_points(columns, track_head)
        integrals = columns.take_pairs(track_head.get("integrals", 0))
        track = state.tracks.get(channel)
        if track is None or isinstance(track, GaugeTrack) != ("integrals" in track_head):
            continue
        points.floor_ms = floor
        points.amounts = [track.rules.amount(value) for value in points.values]
        track.points = points
        if isinstance(track, GaugeTrack):
            track.integrals = integrals
        else:
            _read_cases(track, track_head)
    for channel, (next_quarter, dirty, count) in head["books"].items():
        published = _read_book(columns, count)
        if channel in state.books:
            book = state.books[channel]
            book.next_quarter, book.dirty, book.published = next_quarter, set(dirty), published


def _track_head(track: Track) -> dict[str, Any]:
    head: dict[str, Any] = {
        "points": len(track.points),
        "floor_ms": track.points.floor_ms,
        "sealed": list(runs(sorted(track.points.sealed))),
    }
    if isinstance(track, CounterTrack):
        head["breaks"] = [(b.from_ms, b.to_ms, b.kind.value, b.parts) for b in track.breaks.values()]
        head["doubts"] = [(d.from_ms, d.from_uwh, d.fell) for d in track.doubts]
    return head


def _read_cases(track: CounterTrack, head: dict[str, Any]) -> None:
    track.breaks = {
        to_ms: Break(from_ms, to_ms, IntervalMethod(kind), tuple(tuple(part) for part in parts))
        for from_ms, to_ms, kind, parts in head["breaks"]
    }
    track.doubts = [Doubt(*doubt) for doubt in head["doubts"]]


def _point_columns(points: Points, head: dict[str, Any]) -> list[bytes]:
    places: dict[tuple[str | None, str], int] = {}
    received, sequences, roads = array("q"), array("q"), array("H")
    for received_ms, sequence, gateway, origin in points.origins:
        received.append(received_ms)
        sequences.append(-1 if sequence is None else sequence)
        roads.append(places.setdefault((gateway, origin), len(places)))
    head["roads"] = list(places)
    values = array("d", points.values)
    return [array("q", points.times).tobytes(), values.tobytes(), received.tobytes(), sequences.tobytes(), roads.tobytes()]


def _read_points(columns: _Columns, head: dict[str, Any]) -> tuple[Points, int]:
    points, count = Points(), head["points"]
    points.times, points.values = columns.take("q", count), columns.take("d", count)
    received, sequences, roads = columns.take("q", count), columns.take("q", count), columns.take("H", count)
    points.origins = [
        Origin(received_ms, None if sequence < 0 else sequence, *head["roads"][road])
        for received_ms, sequence, road in zip(received, sequences, roads, strict=True)
    ]
    points.sealed = {quarter for first, length in head["sealed"] for quarter in range(first, first + length)}
    return points, head["floor_ms"]


def _book_columns(book: RowBook) -> list[bytes]:
    published = book.published.values()
    quarters = array("q", book.published)
    energies = array("q", [_NOTHING if told.row.energy_uwh is None else told.row.energy_uwh for told in published])
    coverages = array("d", [told.row.coverage for told in published])
    words = array("B", [_WORDS[told.row.quality, told.row.method] for told in published])
    counts = array("I", [number for told in published for number in (told.revision, told.readings)])
    return [part.tobytes() for part in (quarters, energies, coverages, words, counts)]


def _read_book(columns: _Columns, count: int) -> dict[int, Published]:
    quarters, energies, coverages = columns.take("q", count), columns.take("q", count), columns.take("d", count)
    words, counts = columns.take("B", count), columns.take("I", 2 * count)
    return {
        quarter: Published(
            Row(
                None if energies[i] == _NOTHING else energies[i],
                coverages[i],
                _QUALITIES[words[i] // 16],
                _METHODS[words[i] % 16],
            ),
            counts[2 * i],
            counts[2 * i + 1],
        )
        for i, quarter in enumerate(quarters)
    }


def _two_columns(numbers: dict[int, int]) -> list[bytes]:
    return [array("q", numbers.keys()).tobytes(), array("q", numbers.values()).tobytes()]


class _Columns:
    """Reads columns of numbers one after the other."""

    def __init__(self, stored: bytes, at: int) -> None:
        self._stored, self._at = stored, at

    def take(self, kind: str, count: int) -> list[Any]:
        values = array(kind)
        size = values.itemsize * count
        values.frombytes(self._stored[self._at : self._at + size])
        self._at += size
        return values.tolist()

    def take_pairs(self, count: int) -> dict[int, int]:
        return dict(zip(self.take("q", count), self.take("q", count), strict=True))

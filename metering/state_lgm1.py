"""Reads the state of the previous version, ``LGM1``: a JSON head and wide columns, quarter hours sealed one by one."""

from __future__ import annotations

import json
import struct
from array import array
from itertools import pairwise
from typing import Any

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from metering.cases import Break
from metering.counter import CounterTrack
from metering.gauge import GaugeTrack
from metering.hindsight import Doubt
from metering.points import Points
from metering.quarter_runs import QuarterRuns
from metering.rows import Published, Row
from metering.state import MeterState

MAGIC = b"LGM1"
_QUALITIES = tuple(IntervalQuality)
_METHODS = tuple(
    IntervalMethod(word)
    for word in (
        "register", "integral", "rollover", "reset", "exchange", "step_removed", "interpolated", "like_day_scaled",
        "covered_mean", "stuck", "none",
    )
)  # fmt: skip
_NOTHING = -(2**63)


def read_into(state: MeterState, stored: bytes) -> None:
    """Fill the empty tracks and books of `state`; channels that the plant file lost are left out."""
    (length,) = struct.unpack_from("<I", stored, 4)
    head = json.loads(stored[8 : 8 + length])
    state.grid_from, state.site_ms = head["grid_from"], head["site_ms"]
    state.next_seal = {c: q for c, q in head["next_seal"].items() if c in state.tracks}
    columns = _Columns(stored, 8 + length)
    state.used = columns.take_pairs(head["used"])
    for channel, track_head in head["tracks"].items():
        points = _read_points(columns, track_head)
        integrals = columns.take_pairs(track_head.get("integrals", 0))
        track = state.tracks.get(channel)
        if track is None or isinstance(track, GaugeTrack) != ("integrals" in track_head):
            continue
        points.amounts = [track.rules.amount(value, at_ms) for value, at_ms in zip(points.values, points.times, strict=True)]
        points.chunk_ms, points.thin_step_ms = track.points.chunk_ms, track.points.thin_step_ms
        track.points = points
        if isinstance(track, GaugeTrack):
            track.integrals = integrals
        else:
            _read_cases(track, track_head)
    for channel, (next_quarter, dirty, count) in head["books"].items():
        published = _read_rows(columns, count)
        if channel in state.books:
            book = state.books[channel]
            book.next_quarter, book.dirty, book.published = next_quarter, set(dirty), published
            book.first = next(iter(published), None)


def _read_points(columns: _Columns, head: dict[str, Any]) -> Points:
    points, count = Points(), head["points"]
    points.times, points.values = columns.take("q", count), columns.take("d", count)
    points.received, points.sequences, points.roads = columns.take("q", count), columns.take("q", count), columns.take("H", count)
    points.name_roads([(gateway, origin) for gateway, origin in head["roads"]])
    points.floor_ms = head["floor_ms"]
    points.sealed = QuarterRuns((first, first + length) for first, length in head["sealed"])
    times = points.times
    points.whole = {t0: 0 for t0, t1 in pairwise(times) if points.sealed.covers(t0 // QUARTER_MS, t1 // QUARTER_MS)}
    return points


def _read_cases(track: CounterTrack, head: dict[str, Any]) -> None:
    track.breaks = {
        to_ms: Break(from_ms, to_ms, IntervalMethod(kind), tuple(tuple(part) for part in parts))
        for from_ms, to_ms, kind, parts in head["breaks"]
    }
    track.doubts = [Doubt(*doubt) for doubt in head["doubts"]]


def _read_rows(columns: _Columns, count: int) -> dict[int, Published]:
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

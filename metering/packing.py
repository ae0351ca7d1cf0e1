"""Columns of whole numbers and of values as few bytes, exactly, and back."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_INTS = struct.Struct("<BIq")
_KINDS: tuple[Any, ...] = (np.int8, np.int16, np.int32, np.int64)
_VALUES = struct.Struct("<BId")
_READING = struct.Struct("<qdqqH")
_READINGS = struct.Struct("<BBIHqq")
FEW = 6
"""Fewer readings than this are cheaper one by one than as arrays."""
_MANY = 0xFF
_VARIOUS = 0xFFFF
_AS_FLOATS = 0xFF
_LARGE = 2.0**52
_WIDE = 2.0**31
least, most = np.minimum.reduce, np.maximum.reduce
"""Of a short column; the methods of arrays do the same by a detour that costs half as much again."""


def pack_ints(numbers: Sequence[int] | NDArray[np.int64]) -> bytes:
    """Whole numbers: the first, and the differences as narrow as they are."""
    column = np.array(numbers, np.int64)
    count = len(column)
    if not count:
        return _INTS.pack(0, 0, 0)
    steps = column[1:] - column[:-1]
    kind = _narrowest(steps)
    return _INTS.pack(kind, count, column.item(0)) + steps.astype(_KINDS[kind]).tobytes()


def _narrowest(steps: NDArray[Any]) -> int:
    return _kind_for(int(least(steps)), int(most(steps))) if steps.size else 0


def _kind_for(low: int, high: int) -> int:
    widest = max(high, ~low)
    return 0 if widest < 0x80 else 1 if widest < 0x8000 else 2 if widest < 0x8000_0000 else 3


class Thousandths:
    """Values that are whole thousandths exactly, as steps from one to the next."""

    __slots__ = ("first", "high", "last", "low", "numbers", "steps")

    def __init__(self, numbers: NDArray[np.float64], steps: NDArray[np.float64]) -> None:
        self.numbers, self.steps = numbers, steps
        self.first: float = numbers.item(0)
        self.last: float = numbers.item(-1)
        self.low: float = float(least(steps)) if len(steps) else 0.0
        self.high: float = float(most(steps)) if len(steps) else 0.0


def thousandths_of(column: NDArray[np.float64]) -> Thousandths | None:
    """The values as whole thousandths; None where that would not give them back."""
    numbers = np.rint(column * 1000.0)
    if np.count_nonzero(numbers / 1000.0 == column) != len(column) or not -_LARGE < numbers.item(0) < _LARGE:
        return None
    found = Thousandths(numbers, numbers[1:] - numbers[:-1])
    return found if found.low > -_WIDE and found.high < _WIDE else None


def pack_values(values: Sequence[float]) -> bytes:
    """Values as read: whole thousandths where that gives them back exactly, else all their bits."""
    column = np.array(values, np.float64)
    return _pack_column(column, thousandths_of(column) if len(column) else None)


def _pack_column(column: NDArray[np.float64], thousandths: Thousandths | None) -> bytes:
    if thousandths is None:
        return _VALUES.pack(_AS_FLOATS, len(column), 0.0) + column.tobytes()
    kind = _kind_for(int(thousandths.low), int(thousandths.high))
    packed: bytes = thousandths.steps.astype(_KINDS[kind]).tobytes()
    return _VALUES.pack(kind, len(column), thousandths.first) + packed


def pack_readings(times: list[int], values: list[float], received: list[int], sequences: list[int], routes: list[int]) -> bytes:
    """Columns of readings."""
    count = len(times)
    if count < FEW:
        rows = zip(times, values, received, sequences, routes, strict=True)
        return bytes((count,)) + b"".join([_READING.pack(*row) for row in rows])
    columns = np.array((times, received, sequences), np.int64)
    route = routes[0]
    same_route = routes.count(route) == count
    packed = pack_columns(
        columns[0, 1:] - columns[0, :-1], columns[1] - columns[0], columns[2], times[0], route if same_route else _VARIOUS
    ) + pack_values(values)  # fmt: skip
    return packed if same_route else packed + array("H", routes).tobytes()


def pack_columns(
    elapsed: NDArray[np.int64], lags: NDArray[np.int64], sequences: NDArray[np.int64], first_ms: int, route: int
) -> bytes:  # fmt: skip
    """Times, receipts and numbers of at least `FEW` readings: what lies between them, as narrow as it is."""
    steps = np.concatenate((elapsed, lags, sequences[1:] - sequences[:-1]))
    kind = _narrowest(steps)
    packed: bytes = steps.astype(_KINDS[kind]).tobytes()
    return _READINGS.pack(_MANY, kind, len(lags), route, first_ms, sequences.item(0)) + packed


def pack_run(
    elapsed: NDArray[np.int64], lags: NDArray[np.int64], sequences: NDArray[np.int64], first_ms: int, route: int,
    values: NDArray[np.float64], thousandths: Thousandths | None,
) -> bytes:  # fmt: skip
    """The bytes of `pack_readings`, for readings of one route that are columns already."""
    return pack_columns(elapsed, lags, sequences, first_ms, route) + _pack_column(values, thousandths)


def pack_wide(numbers: Sequence[int]) -> bytes:
    """Whole numbers of any size, eight bytes each as long as they fit."""
    width = 8 if all(-(2**63) <= number < 2**63 for number in numbers) else 16
    return struct.pack("<BI", width, len(numbers)) + b"".join(n.to_bytes(width, "little", signed=True) for n in numbers)


class Reader:
    """Reads what was packed, one after the other."""

    def __init__(self, stored: bytes, at: int = 0) -> None:
        self._stored, self._at = stored, at

    @property
    def at(self) -> int:
        """Where it stands."""
        return self._at

    def since(self, at: int) -> bytes:
        """What was read since it stood at `at`, as it is."""
        return self._stored[at : self._at]

    def rest(self) -> bytes:
        """All that is left, as it is."""
        at, self._at = self._at, len(self._stored)
        return self._stored[at:]

    def wide(self) -> list[int]:
        """Whole numbers of `pack_wide`."""
        width, count = self.numbers(struct.Struct("<BI"))
        at = self._at
        self._at += width * count
        return [int.from_bytes(self._stored[k : k + width], "little", signed=True) for k in range(at, self._at, width)]

    def ints(self) -> list[int]:
        """A column of whole numbers."""
        kind, count, first = self.numbers(_INTS)
        if not count:
            return []
        steps = self._column(_KINDS[kind], count - 1).astype(np.int64)
        found: list[int] = np.cumsum(np.concatenate((np.array([first], np.int64), steps))).tolist()
        return found

    def values(self) -> list[float]:
        """A column of values."""
        kind, count, first = self.numbers(_VALUES)
        if kind == _AS_FLOATS:
            floats: list[float] = self._column(np.float64, count).tolist()
            return floats
        thousandths = np.concatenate(([first], self._column(_KINDS[kind], count - 1)))
        found: list[float] = (np.cumsum(thousandths) / 1000.0).tolist()
        return found

    def readings(self) -> tuple[list[int], list[float], list[int], list[int], list[int]]:
        """Times, values, receipts, numbers and routes."""
        if self._stored[self._at] != _MANY:
            count = self._stored[self._at]
            self._at += 1
            rows = [self.numbers(_READING) for _ in range(count)]
            return tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], [], [], [])  # type: ignore[return-value]
        _, kind, count, route, first_ms, sequence = self.numbers(_READINGS)
        steps = self._column(_KINDS[kind], 3 * count - 2).astype(np.int64)
        observed = np.cumsum(np.concatenate(([first_ms], steps[: count - 1])))
        numbers = np.cumsum(np.concatenate(([sequence], steps[2 * count - 1 :])))
        times, sequences = observed.tolist(), numbers.tolist()
        received = (observed + steps[count - 1 : 2 * count - 1]).tolist()
        values = self.values()
        routes = self._column(np.uint16, count).tolist() if route == _VARIOUS else [route] * count
        return times, values, received, sequences, routes

    def _column(self, kind: Any, count: int) -> NDArray[Any]:
        column = np.frombuffer(self._stored, kind, count, self._at)
        self._at += column.nbytes
        return column

    def numbers(self, layout: struct.Struct) -> tuple[Any, ...]:
        """Numbers of a fixed layout."""
        found = layout.unpack_from(self._stored, self._at)
        self._at += layout.size
        return found

    def blob(self) -> bytes:
        """Bytes with their length before them."""
        (length,) = self.numbers(struct.Struct("<I"))
        self._at += length
        return self._stored[self._at - length : self._at]

    def text(self) -> str:
        """A text."""
        return self.blob().decode()


def blob(content: bytes) -> bytes:
    """Bytes with their length before them."""
    return struct.pack("<I", len(content)) + content


def squeeze(content: bytes) -> bytes:
    """Compressed, for what seldom changes."""
    return zlib.compress(content, 6)


def unsqueeze(content: bytes) -> bytes:
    """What `squeeze` was given."""
    return zlib.decompress(content)

"""Columns of whole numbers and of values as few bytes, exactly, and back."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_INTS = struct.Struct("<BIq")
_KINDS: tuple[Any, ...] = (np.int8, np.int16, np.int32, np.int64)
_SCALES = (1.0, 1000.0)
_AS_FLOATS = 0xFF
_LARGE = 2.0**52


def pack_ints(numbers: Sequence[int] | NDArray[np.int64]) -> bytes:
    """Whole numbers: the first, and the differences as narrow as they are."""
    column = np.array(numbers, np.int64)
    count = len(column)
    if not count:
        return _INTS.pack(0, 0, 0)
    steps = column[1:] - column[:-1]
    kind = _narrowest(steps)
    return _INTS.pack(kind, count, column.item(0)) + steps.astype(_KINDS[kind]).tobytes()


def _narrowest(steps: NDArray[np.int64]) -> int:
    if not len(steps):
        return 0
    high, low = int(steps.max()), int(steps.min())
    most = max(high, ~low)
    return 0 if most < 0x80 else 1 if most < 0x8000 else 2 if most < 0x8000_0000 else 3


def pack_values(values: Sequence[float]) -> bytes:
    """Values as read: whole numbers of their last decimal place where that gives them back exactly."""
    column = np.array(values, np.float64)
    for place, scale in enumerate(_SCALES):
        scaled = np.rint(column * scale)
        if (scaled / scale == column).all() and (np.abs(scaled) < _LARGE).all():
            return bytes((place,)) + pack_ints(scaled.astype(np.int64))
    return bytes((_AS_FLOATS,)) + struct.pack("<I", len(column)) + column.tobytes()


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
        width = np.dtype(_KINDS[kind]).itemsize
        steps = np.frombuffer(self._stored, _KINDS[kind], count - 1, self._at).astype(np.int64)
        self._at += width * (count - 1)
        column = np.empty(count, np.int64)
        column[0] = first
        column[1:] = steps
        found: list[int] = np.cumsum(column).tolist()
        return found

    def values(self) -> list[float]:
        """A column of values."""
        place = self._stored[self._at]
        self._at += 1
        if place != _AS_FLOATS:
            scale = _SCALES[place]
            return [number / scale for number in self.ints()]
        (count,) = self.numbers(struct.Struct("<I"))
        found: list[float] = np.frombuffer(self._stored, np.float64, count, self._at).tolist()
        self._at += 8 * count
        return found

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

"""Bytes of registers to values. Pure, and total: any bytes give a value or the reason why there is none."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.modbus.profile import Point, Profile, RegisterType, WordOrder
from domain.readings import BEYOND_MEASURE

_FORMATS: dict[RegisterType, struct.Struct] = {
    "f32": struct.Struct(">f"), "f64": struct.Struct(">d"),
    "u16": struct.Struct(">H"), "i16": struct.Struct(">h"),
    "u32": struct.Struct(">I"), "i32": struct.Struct(">i"),
    "u64": struct.Struct(">Q"), "i64": struct.Struct(">q"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A value in the point's unit, or None with the reason."""

    number: float | int | None
    why_none: str | None = None


def high_word_first(raw: bytes, order: WordOrder) -> bytes:
    """`raw` with its 16-bit words turned round where the low word comes first."""
    if order == "ABCD":
        return raw
    return b"".join(raw[start : start + 2] for start in range(len(raw) - 2, -1, -2))


def decode(point: Point, raw: bytes, order: WordOrder, no_value: frozenset[bytes] = frozenset()) -> Value:
    """The value of `point` in the bytes of its registers, as they came over the wire.

    Parameters
    ----------
    raw
        ``2 * point.words`` bytes.
    no_value
        Bit patterns, high word first, by which the device says that it has no value.
    """
    if len(raw) != 2 * point.words:
        return Value(None, f"{len(raw)} bytes where a {point.type} has {2 * point.words}")
    ordered = high_word_first(raw, order)
    if ordered in no_value:
        return Value(None, f"the device's pattern for no value, 0x{ordered.hex().upper()}")
    number: float | int = _FORMATS[point.type].unpack(ordered)[0]
    if isinstance(number, float) and not math.isfinite(number):
        return Value(None, f"{number} is no number, 0x{ordered.hex().upper()}")
    value = scaled(number, point.scale)
    if abs(value) >= BEYOND_MEASURE:
        return Value(None, f"{number} times {point.scale} is beyond all numbers")
    if point.kind == "counter" and point.direction in ("import", "export") and value < 0:
        return Value(None, f"{value} {point.unit} in a counter that counts one way")
    return Value(value)


def scaled(number: float | int, scale: float) -> float | int:
    """`number` times `scale`, rounded once: 12345 by 0.01 is 123.45 and not 123.45000000000002."""
    if scale == 1.0:
        return number
    return float(Decimal(number) * Decimal(repr(scale)))


def decode_block(profile: Profile, points: tuple[Point, ...], address: int, raw: bytes) -> dict[str, Value]:
    """The values of `points` in the answer `raw` to a read that began at `address`; a short answer gives reasons, not values."""
    return {
        point.name: decode(
            point,
            raw[2 * (point.address - address) : 2 * (point.end - address)] if point.address >= address else b"",
            profile.order_of(point),
            profile.patterns_of(point),
        )
        for point in points
    }


def value_of(profile: Profile, name: str, values: Mapping[str, Value]) -> Value:
    """The point or sum called `name`; a sum has no value while one of its parts has none."""
    parts = [part.name for part in profile.parts(name)]
    for part in parts:
        if values[part].number is None:
            return Value(None, values[part].why_none if len(parts) == 1 else f"{part}: {values[part].why_none}")
    numbers = [number for part in parts if (number := values[part].number) is not None]
    return Value(numbers[0] if len(numbers) == 1 else sum(numbers))

"""Modbus: what comes over the socket to registers, registers to values, names to reads; each beside a plain reading of the same bytes."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from pymodbus.framer import FramerSocket

from benchmarks.fuzz.nasty import mutilated, noise
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from connectors.modbus.answers import EXCEPTIONS, ModbusError, registers_in
from connectors.modbus.client import WholeAnswers, answer_of
from connectors.modbus.decode import decode_block, value_of
from connectors.modbus.plan import plan
from connectors.modbus.profile import Point, Profile, all_profiles

PROFILES = tuple(all_profiles())
_LETTERS = {"f32": "f", "f64": "d", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q"}
_SIZES = {"f32": 4, "f64": 8, "u16": 2, "i16": 2, "u32": 4, "i32": 4, "u64": 8, "i64": 8}
_PATTERNS = (
    b"\x00", b"\xff", b"\x80\x00", b"\x7f\xff", b"\x7f\xc0\x00\x00", b"\x7f\x80\x00\x00", b"\xff\x80\x00\x00", b"\x7f\x80\x00\x01", b"\x00\x00\x7f\xc0",
    b"\x80\x00\x00\x00", b"\x7f\x7f\xff\xff", b"\x00\x00\x00\x01", b"\x7f\xf8" + 6 * b"\x00", b"\x7f\xf0" + 6 * b"\x00", b"\x7f\xef" + 6 * b"\xff",
    b"\x80" + 7 * b"\x00", b"\x7f" + 7 * b"\xff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes on the socket after a read request."""

    transaction: int
    unit: int
    function: int
    count: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Registers:
    """Bytes of registers, from `address` on, of a device with `profile`."""

    profile: int
    order: str
    address: int
    points: tuple[int, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Names:
    """What a device file may request."""

    profile: int
    limit: int
    names: tuple[str, ...]


Input = Stream | Registers | Names


def make(rng: Random) -> Input:
    """A socket's bytes, registers, or names."""
    kind = rng.random()
    return _stream(rng) if kind < 0.5 else _registers(rng) if kind < 0.95 else _names(rng)


def _stream(rng: Random) -> Stream:
    request = Stream(
        rng.choice((1, 2, 255, 256, 65_000)),
        rng.choice((1, 3, 247, 255, 0)),
        rng.choice((3, 4)),
        rng.choice((1, 2, 4, 60, 125)),
        b"",
    )
    frames = b"".join(_frame(rng, request) for _ in range(rng.choice((1, 1, 1, 2, 3))))
    if rng.random() < 0.3:
        frames = mutilated(rng, frames)
    if rng.random() < 0.05:
        frames = noise(rng)
    return Stream(request.transaction, request.unit, request.function, request.count, frames)


def _frame(rng: Random, request: Stream) -> bytes:
    """Mostly the right answer; else one with a wrong transaction, unit, function, length or count, or an exception."""

    def mostly(right: int, *others: int) -> int:
        return right if rng.random() < 0.85 else rng.choice(others)

    function = mostly(request.function, 7 - request.function, 0, 1, 5, 16, 20, 43, 0x80, request.function | 0x80, 255)
    size = mostly(2 * request.count, 2 * request.count + 1, 2 * request.count - 1, 0, 2, 250) % 256
    body = bytes([function, mostly(size, 0, 255, size ^ 1)]) + rng.randbytes(size)
    if rng.random() < 0.15:
        body = bytes([request.function | 0x80, rng.choice((*EXCEPTIONS, 0, 7, 99, 255))]) + (
            b"" if rng.random() < 0.8 else b"\x00\x00"
        )
    transaction = mostly(request.transaction, 0, request.transaction - 1, request.transaction + 1, 65_535) % 65_536
    length = mostly(len(body) + 1, len(body), len(body) + 2, 0, 1, 2, 65_535)
    unit = mostly(request.unit, 0, (request.unit + 1) % 256, 255)
    return struct.pack(">HHHB", transaction, mostly(0, 1, 256), length, unit) + body


def _registers(rng: Random) -> Registers:
    number = rng.randrange(len(PROFILES))
    profile = PROFILES[number]
    chosen = rng.randrange(len(profile.points))
    points = tuple(range(chosen, min(len(profile.points), chosen + rng.choice((1, 1, 2, 5)))))
    first = min(profile.points[point].address for point in points)
    end = max(profile.points[point].end for point in points)
    address = max(0, first + rng.choice((0, 0, 0, 0, 1, -1, -7)))
    size = max(0, 2 * (min(end, first + 200) - address))
    raw = bytearray(rng.randbytes(size) if rng.random() < 0.6 else bytes(size))
    for _ in range(rng.choice((0, 1, 3))):
        pattern = rng.choice(_PATTERNS) * rng.choice((1, 1, 8))
        at = 2 * rng.randrange(size // 2 + 1)
        raw[at : at + len(pattern)] = pattern[: size - at]
    if rng.random() < 0.1:
        del raw[rng.randrange(len(raw) + 1) :]
    if rng.random() < 0.05:
        raw += rng.randbytes(3)
    return Registers(number, rng.choice(("ABCD", "CDAB", profile.profile.word_order)), address, points, bytes(raw))


def _names(rng: Random) -> Names:
    number = rng.randrange(len(PROFILES))
    known = PROFILES[number].names()
    return Names(number, rng.choice((4, 5, 8, 20, 60, 125)), tuple(rng.choices(known, k=rng.randrange(1, 12))))


def answer(given: Input) -> str:
    """The product's result, beside a plain decoding."""
    if isinstance(given, Stream):
        return _of_stream(given)
    return _of_registers(given) if isinstance(given, Registers) else _of_names(given)


def _of_stream(given: Stream) -> str:
    framer = FramerSocket(WholeAnswers())
    wanted = _plain_answer(given)
    buffer, came = given.raw[:264], None
    used, pdu = framer.handleFrame(buffer, given.unit, given.transaction)
    must(0 <= used <= len(buffer) + 6, f"{used} bytes used of {len(buffer)}")
    if pdu is None or pdu.transaction_id != given.transaction:
        must(wanted is None or len(given.raw) > 264, "the answer was overlooked")
        return REFUSED
    try:
        came = registers_in(answer_of(pdu), given.function, given.count, "host:502 unit 1")
    except ModbusError as error:
        must(str(error).startswith("host:502 unit 1: ") and len(str(error)) > 30, f"says too little: {error}")
        must(wanted is None or wanted != answer_of(pdu)[2:], f"refused although it is right: {error}")
        return REFUSED
    must(len(came) == 2 * given.count, f"{len(came)} bytes of {given.count} registers")
    header = struct.pack(">HHH", given.transaction, 0, 3 + len(came))
    units = [given.unit] if given.unit else range(256)
    frames = [header + bytes([unit, given.function, len(came)]) + came for unit in units]
    must(any(frame in given.raw for frame in frames), "registers that stand in no whole frame of this transaction")
    return READ


def _plain_answer(given: Stream) -> bytes | None:
    """The registers, where the first frame on the socket is just the right one."""
    head = struct.pack(">HHHBBB", given.transaction, 0, 3 + 2 * given.count, given.unit, given.function, 2 * given.count)
    end = len(head) + 2 * given.count
    return given.raw[len(head) : end] if given.raw.startswith(head) and len(given.raw) >= end else None


def _of_registers(given: Registers) -> str:
    profile = _profile(given)
    points = tuple(profile.points[number] for number in given.points)
    values = decode_block(profile, points, given.address, given.raw)
    must(set(values) == {point.name for point in points}, f"values of {sorted(values)}")
    some = False
    for point in points:
        value = values[point.name]
        number = _plain_value(profile, point, given)
        must(type(value.number) in (int, float, type(None)), f"{point.name}: {value.number!r}")
        must((value.number is None) == (number is None), f"{point.name}: {value} where the bytes say {number}")
        if value.number is None:
            must(bool(value.why_none) and len(str(value.why_none)) > 10, f"{point.name}: no value, and no word why")
            continue
        some = True
        must(value.why_none is None and math.isfinite(value.number), f"{point.name}: {value}")
        must(number is not None and float(value.number) == number, f"{point.name}: {value} where the bytes say {number}")
    for name in profile.names():
        parts = [part.name for part in profile.parts(name)]
        if set(parts) <= set(values):
            total = value_of(profile, name, values)
            must((total.number is None) == any(values[part].number is None for part in parts), f"{name}: {total}")
    return READ if some else REFUSED


def _profile(given: Registers) -> Profile:
    return PROFILES[given.profile].with_word_order("CDAB" if given.order == "CDAB" else "ABCD")


def _plain_value(profile: Profile, point: Point, given: Registers) -> float | None:
    """By offsets and struct, without the decoder: None where there is no value to be had."""
    start = 2 * (point.address - given.address)
    size = _SIZES[point.type]
    if start < 0 or start + size > len(given.raw):
        return None
    words = [given.raw[at : at + 2] for at in range(start, start + size, 2)]
    if (point.word_order or profile.profile.word_order) == "CDAB":
        words.reverse()
    raw = b"".join(words)
    if raw.hex().upper() in {*point.invalid, *profile.invalid.get(point.type, ())}:
        return None
    (number,) = struct.unpack(">" + _LETTERS[point.type], raw)
    if not math.isfinite(number):
        return None
    try:
        scaled = float(Fraction(number) * Fraction(repr(point.scale)))
    except OverflowError:
        return None
    if abs(scaled) >= 1e300:
        return None
    return None if scaled < 0 and point.kind == "counter" and point.direction in ("import", "export") else scaled


def _of_names(given: Names) -> str:
    profile = PROFILES[given.profile]
    profile = profile.model_copy(update={"profile": profile.profile.model_copy(update={"max_registers": given.limit})})
    blocks = plan(profile, given.names)
    wanted = {part.name: part for name in given.names for part in profile.parts(name)}
    read = [point.name for block in blocks for point in block.points]
    must(set(read) == set(wanted), f"reads {sorted(read)}, wanted {sorted(wanted)}")
    for block in blocks:
        must(0 < block.count <= given.limit and block.end <= 65_536, f"a read of {block.count} registers at {block.address}")
        whole = all(p.function == block.function and block.address <= p.address and p.end <= block.end for p in block.points)
        must(whole, f"a block that does not hold its points whole: {block}")
    return READ


TARGET = Target("modbus", 0.4, make, answer, "bytes on the socket to registers, registers to values, names to reads")

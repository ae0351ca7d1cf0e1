"""What the JVM recognises as a plain reading is exactly what the full decoder reads; whatever is written otherwise is left to it."""

from __future__ import annotations

import random
import struct
import subprocess

import pytest

from deploy import jars
from domain.codec import UnreadableRecord, decode, encode
from domain.readings import Reading, ReadingQuality

PLAIN = Reading("werk", "press-1", "energy_import", 1_792_731_600_123, 1_792_731_600_150, 4_711, gateway="gw-1", sequence=77)
KEY = b"werk/press-1"
Fields = tuple[str, str | None, str, int, int, int | None, float]


def in_the_jvm(records: list[tuple[bytes, bytes]]) -> list[Fields | None]:
    """What the JVM makes of (key, payload); None where it leaves a record to the full decoder."""
    flink = sorted((jars.flink_home() / "lib").glob("*.jar"))
    path = ":".join(str(jar) for jar in [*flink, *jars.flink_connector_jars()])
    lines = "".join(f"{key.hex()} {payload.hex()}\n" for key, payload in records)
    command = [jars.java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", path, "lastgang.CanonicalLines"]
    answers = (
        subprocess.run(command, input=lines.encode(), capture_output=True, check=True, timeout=120).stdout.decode().splitlines()
    )
    assert len(answers) == len(records)
    return [_fields(line) for line in answers]


def _fields(line: str) -> Fields | None:
    if line == "-":
        return None
    channel, gateway, origin, observed, received, sequence, bits = line.split(" ")
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    number = int(sequence)
    return channel, None if gateway == "-" else gateway, origin, int(observed), int(received), None if number < 0 else number, value


def in_python(key: bytes, payload: bytes) -> Fields | None:
    """The same of the full decoder; None where the record is no good number of the meter in its key."""
    try:
        reading = decode(Reading, payload)
    except UnreadableRecord:
        return None
    is_plain = reading.quality is ReadingQuality.GOOD and reading.value is not None and reading.text is None
    if not is_plain or f"{reading.site}/{reading.meter}".encode() != key:
        return None
    assert reading.value is not None
    return (
        reading.channel, reading.gateway, reading.origin, reading.observed_ms, reading.received_ms, reading.sequence,
        float(reading.value),
    )  # fmt: skip


VALUES: list[float | int] = [
    0, 1, -1, 999_999_999_999, 2**53, 0.5, -0.001, 123.456, 1e-7, 1.7976931348623157e308, 5e-324, 0.1 + 0.2, 1_000_000.0,
    4.35, 2**53 - 0.5, 16777216.25, 1e15, 1e16, 1e22, 1e23, 9007199254740993.0, 1.1754943508222875e-38,
]  # fmt: skip


def test_what_our_codec_writes_is_read_alike(java_parts: None) -> None:
    chance = random.Random(5)
    values = (
        VALUES
        + [chance.uniform(-1e9, 1e9) for _ in range(2_000)]
        + [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(2_000)]
    )
    readings = [_with_value(value) for value in values if value == value and abs(value) != float("inf")]
    readings += [_with_value(3, gateway=None, sequence=None), _with_value(3, origin="history"), _with_value(-7.25, sequence=0)]
    records = [(KEY, encode(reading)) for reading in readings]
    answers = in_the_jvm(records)
    for (key, payload), fields in zip(records, answers, strict=True):
        assert fields is None or fields == in_python(key, payload), payload
    recognised = sum(fields is not None for fields in answers)
    assert recognised > 0.95 * len(records)
    assert all(fields is not None for fields in answers[-3:])


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{}", encode(PLAIN)[:-1], encode(PLAIN) + b" ", b"\xef\xbb\xbf" + encode(PLAIN),
        encode(PLAIN).replace(b'"good"', b'"bad"'),
        encode(PLAIN).replace(b"4711", b"null"),
        encode(PLAIN).replace(b"4711", b'"4711"'),
        encode(PLAIN).replace(b"4711", b"true"),
        encode(PLAIN).replace(b"4711", b"04711"),
        encode(PLAIN).replace(b"4711", b"+4711"),
        encode(PLAIN).replace(b"4711", b"4711."),
        encode(PLAIN).replace(b"4711", b"NaN"),
        encode(PLAIN).replace(b"4711", b"1e400"),
        encode(PLAIN).replace(b"4711", b"9007199254740995"),
        encode(PLAIN).replace(b"energy_import", b"energy\\u005fimport"),
        encode(PLAIN).replace(b"energy_import", "energie_für".encode()),
        encode(PLAIN).replace(b'"text":null', b'"text":"x"'),
        encode(PLAIN).replace(b'"sequence":77', b'"sequence":-77'),
        encode(PLAIN).replace(b'"sequence":77', b'"sequence":77.0'),
        encode(PLAIN).replace(b'"origin":"live"', b'"origin":"live","observed_ms":1'),
        encode(PLAIN).replace(b'"origin":"live"', b'"origin":"dream"'),
        encode(PLAIN).replace(b":1792731600123", b":-1792731600123"),
        encode(PLAIN).replace(b":1792731600123", b":1792731600123.0"),
        encode(PLAIN).replace(b'"site":"werk"', b'"site":"werk","site":"werk"'),
    ],
)  # fmt: skip
def test_what_differs_in_a_byte_is_left_to_the_full_decoder(java_parts: None, payload: bytes) -> None:
    assert in_the_jvm([(KEY, payload)]) == [None]


def test_a_reading_under_another_meters_key_is_left_to_the_full_decoder(java_parts: None) -> None:
    strange = [b"werk/press-2", b"werk/press-10", b"werkpress-1", b"", b"werk/", b"WERK/press-1"]
    assert in_the_jvm([(key, encode(PLAIN)) for key in strange]) == [None] * len(strange)


def test_no_mutation_is_read_differently(java_parts: None) -> None:
    chance = random.Random(8)
    records = [(KEY, _mutated(chance, encode(_with_value(chance.choice(VALUES))))) for _ in range(20_000)]
    for (key, payload), fields in zip(records, in_the_jvm(records), strict=True):
        assert fields is None or fields == in_python(key, payload), payload


def _with_value(value: float | int, **other: object) -> Reading:
    fields = {name: getattr(PLAIN, name) for name in Reading.__dataclass_fields__}
    return Reading(**{**fields, "value": value, **other})


def _mutated(chance: random.Random, payload: bytes) -> bytes:
    """One or two bytes changed, doubled, dropped or swapped for ones that matter in JSON."""
    mutable = bytearray(payload)
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(len(mutable))
        match chance.randrange(4):
            case 0:
                mutable[at] = chance.choice(b'0123456789.eE+-",:{}[]\\ \t\x00\x1e\x1f\x80null')
            case 1:
                mutable.insert(at, chance.choice(b'0123456789.eE-" '))
            case 2:
                del mutable[at]
            case _:
                end = min(len(mutable), at + chance.randrange(1, 12))
                mutable[at:at] = mutable[at:end]
    return bytes(mutable)

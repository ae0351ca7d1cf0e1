"""The stream's short cut: what the JVM takes for a plain reading must be just what the full decoder says; the rest it hands on.

One input is a whole batch of records, because a JVM has to be started for it.
"""

from __future__ import annotations

import json
import struct
import subprocess
from random import Random

from benchmarks.fuzz import json_records
from benchmarks.fuzz.nasty import mutilated
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from deploy import jars
from domain.channels import IMPORT
from domain.codec import UnreadableRecord, decode, encode
from domain.readings import Reading, ReadingQuality
from domain.topics import READINGS

Batch = tuple[tuple[bytes, bytes], ...]
_RECORDS = 1_000
_NUMBERS = (
    "0", "-0", "00", "01", "-01", "0.0", "-0.0", "1.", ".5", "1e5", "1E+5", "1e", "1e+", "1e-400", "1e400", "9007199254740992", "9007199254740993", "+1", "--1",
    "9999999999999999", "99999999999999999", "0.1", "123456789012.345678", "1.7976931348623157e308", "1.7976931348623159e308", "4.9e-324", "2.4e-324", "NaN",
    "Infinity", "1f", "1d", "0x1p3", "1_0", "1.0000000000000000000001", "221845391999999", "221845392000000", "99999999999999", "-1", "1 ", " 1", "", "null",
)  # fmt: skip


def make(rng: Random) -> Batch:
    """Keys and payloads: as the gateway writes them, with numbers of all spellings, with bytes changed; and any other records."""
    return tuple(_record(rng) for _ in range(_RECORDS))


def _record(rng: Random) -> tuple[bytes, bytes]:
    if rng.random() < 0.2:
        return b"werk-nord/main", json_records.make(rng).raw
    site, meter = rng.choice(("werk-nord", "w", "A.b_c-9", "Süd", "x" * 65)), rng.choice(("main", "press-1", ""))
    value = rng.choice(
        (
            None,
            rng.random() * 10.0 ** rng.randrange(-320, 308),
            round(rng.uniform(-1e6, 1e6), rng.randrange(9)),
            rng.randrange(2**62),
        )
    )
    reading = Reading(
        site, meter, rng.choice(("power", IMPORT)), rng.randrange(2**41), rng.randrange(2**41), value,
        gateway=rng.choice((None, "gateway-1", 'g"1')), sequence=rng.choice((None, 0, rng.randrange(2**62))), origin=rng.choice(("live", "history")),
    )  # fmt: skip
    raw = encode(reading)
    style = rng.random()
    if style < 0.4:
        field = rng.choice(("value", "value", "observed_ms", "received_ms", "sequence"))
        written = json.dumps(getattr(reading, field)).encode()
        raw = raw.replace(f'"{field}":'.encode() + written, f'"{field}":{rng.choice(_NUMBERS)}'.encode(), 1)
    elif style < 0.6:
        raw = mutilated(rng, raw)
    key = f"{site}/{meter}".encode()
    return (mutilated(rng, key) if rng.random() < 0.05 else key), raw


def answer(batch: Batch) -> str:
    """What the JVM says of every record, beside the full decoder."""
    lines = "".join(f"{key.hex()} {payload.hex()}\n" for key, payload in batch)
    command = [jars.java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", _path(), "lastgang.CanonicalLines"]
    ended = subprocess.run(command, input=lines, capture_output=True, text=True, check=False, timeout=60)
    must(ended.returncode == 0, f"the JVM ended with {ended.returncode}: {ended.stderr[-500:]}")
    answers = ended.stdout.splitlines()
    must(len(answers) == len(batch), f"{len(answers)} answers to {len(batch)} records")
    taken = 0
    for (key, payload), line in zip(batch, answers, strict=True):
        if line != "-":
            taken += 1
            _matches_the_codec(key, payload, line)
    return READ if taken else REFUSED


def _path() -> str:
    flink = sorted((jars.flink_home() / "lib").glob("flink-dist*.jar"))
    return ":".join(str(jar) for jar in [*flink, *jars.flink_connector_jars()])


def _matches_the_codec(key: bytes, payload: bytes, line: str) -> None:
    try:
        reading = decode(Reading, payload)
    except UnreadableRecord as error:
        must(False, f"{payload!r} was taken as {line!r}; the codec: {error}")
        raise
    channel, gateway, origin, observed_ms, received_ms, sequence, bits = line.split(" ")
    must(READINGS.key(reading).encode() == key, f"{payload!r} was taken under the key {key!r}")
    must(reading.quality is ReadingQuality.GOOD and reading.text is None, f"{payload!r} was taken as plain")
    must(
        (reading.channel, reading.gateway or "-", reading.origin) == (channel, gateway, origin),
        f"{payload!r} was taken as {line!r}",
    )
    must((reading.observed_ms, reading.received_ms) == (int(observed_ms), int(received_ms)), f"{payload!r} was taken as {line!r}")
    must((-1 if reading.sequence is None else reading.sequence) == int(sequence), f"{payload!r} was taken as {line!r}")
    value = reading.value
    same = value is not None and struct.pack(">d", value).hex() == bits and (type(value) is float or int(float(value)) == value)
    must(same, f"{payload!r} was taken as {line!r}")


TARGET = Target("columns", 0.0001, make, answer, "what the stream's JVM takes for plain readings, in batches of 1,000")

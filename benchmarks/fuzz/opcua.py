"""OPC UA: any value with any status and times, as a reading; beside the standard's words on severity, and through the wire of the topic."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from asyncua import ua

from benchmarks.fuzz.target import READ, REFUSED, Target, must
from connectors.channels import converted
from connectors.opcua.decode import Seen, seen, still
from domain.codec import decode, encode
from domain.readings import Reading, ReadingQuality

_INTEGERS = (0, 1, -1, 255, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1)
_FLOATS = (0.0, -0.0, 1.5, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf, 3.4028234663852886e38, 0.1)
_TEXTS = ("", " ", "5", "NaN", "Execute", "Härten", "\x00\x1e\x1f", "\ud800", "x" * 5_000, "😀", "null")
_MEANT: tuple[tuple[Any, float | str | None], ...] = (
    (None, None), ([], None), ([1.5], 1.5), ([[7]], 7), ([[1, 2], [3, 4]], None), (b"", None), (b"\xff\x00", "0xFF00"),
    (uuid.UUID(int=5), str(uuid.UUID(int=5))), (datetime(2026, 10, 23, tzinfo=UTC), "2026-10-23T00:00:00Z"), (ua.NodeId(5, 2), "ns=2;i=5"),
    (ua.QualifiedName("x", 1), "x"), (ua.LocalizedText("Execute", "en"), "Execute"), (ua.LocalizedText(), None),
    (ua.StatusCode(ua.UInt32(0x80310000)), "BadNoCommunication"), (ua.Variant(5), 5), ([ua.Variant("Idle")], "Idle"), (Decimal("1.5"), None),
    ({"a": 1}, None), (object(), None), (ua.XmlElement("<a/>"), "<a/>"), (1 + 2j, None), (ua.ServerState.Failed, 1),
    (ua.ExtensionObject(ua.NodeId(50), b"\x02\x00\xd2\x04"), 12.34), (ua.ExtensionObject(ua.NodeId(50), b"\x00"), None),
    (ua.ExtensionObject(ua.NodeId(4711, 3), b"\x00\x01\x02"), None), (ua.DecimalDataType(ua.Int16(-1), b"\xff"), -10),
)  # fmt: skip
"""Values of every other type, and what they are: a number, a text, or neither."""
_STATUS = (
    0,
    0x40000000,
    0x80000000,
    0xC0000000,
    0x00000400,
    0x00000480,
    0x00000080,
    0x40920000,
    0x80AB0000,
    0xFFFFFFFF,
    0x00960000,
    0x800A0480,
)
_BY = (Decimal(1), Decimal(1000), Decimal("0.001"), Decimal(10) ** 6)
_ENDS = (
    datetime(1601, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12))),
)  # fmt: skip
_CAME_MS = 1_792_746_305_040


@dataclass(frozen=True, slots=True)
class Sample:
    """A data value as a client hands it on, what it means, and the factor of its unit."""

    value: Any
    meant: float | str | None
    status: int
    source_utc: datetime | None
    server_utc: datetime | None
    by: Decimal


def make(rng: Random) -> Sample:
    """A number mostly; else a string, a boolean, an array, a structure, nothing."""
    kind = rng.random()
    if kind < 0.4:
        value: Any = rng.choice((rng.choice(_FLOATS), rng.uniform(-1e6, 1e9), rng.random() * 10.0 ** rng.randrange(-300, 308)))
        meant = value if abs(value) < 1e300 else None
    elif kind < 0.65:
        value = meant = rng.choice((rng.choice(_INTEGERS), rng.randrange(-(2**31), 2**64)))
    elif kind < 0.8:
        value = rng.choice(_TEXTS)
        meant = value or None
    elif kind < 0.85:
        value, meant = rng.choice(((True, 1), (False, 0)))
    else:
        value, meant = rng.choice(_MEANT)
    status = rng.choice((0, 0, rng.choice(_STATUS), rng.randrange(2**32)))
    return Sample(value, meant, status, _time(rng), _time(rng), rng.choice(_BY))


def _time(rng: Random) -> datetime | None:
    now = datetime(2026, 10, 23, 9, 5, 5, rng.randrange(10**6), tzinfo=UTC)
    near = now + timedelta(milliseconds=rng.randrange(-5_000, 5_000))
    time = rng.choice((None, now, now, near, *_ENDS, now.astimezone(timezone(timedelta(hours=14)))))
    # Libraries hand out instants without a zone that are meant as UTC.
    return time if time is None or rng.random() < 0.5 else time.replace(tzinfo=None)


def answer(sample: Sample) -> str:
    """The session's result, up to the bytes on the topic."""
    outcome = seen(sample.value, sample.status, sample.source_utc, sample.server_utc, _CAME_MS)
    _is_right(sample, outcome)
    _is_right_of_a_register(sample, outcome)
    kept = still(sample.value, sample.status, sample.source_utc, sample.server_utc, _CAME_MS - 40, _CAME_MS)
    must(kept.value == outcome.value and kept.quality == outcome.quality, f"changed by standing still: {kept}")
    for one in (outcome, kept):
        value = None if one.value is None else converted(one.value, sample.by)
        must(value is None or (type(value) in (int, float) and math.isfinite(value)), f"{one} became {value!r}")
        reading = Reading("site", "meter", "power", one.observed_ms, _CAME_MS, value, one.quality, one.text, "gateway-1", 7)
        back = decode(Reading, encode(reading))
        same = repr(back) == repr(reading) or (type(value) is int and not -(2**63) <= value < 2**63 and back.value == float(value))
        must(same, f"{reading} came over the wire as {back}")
    return REFUSED if outcome.quality is ReadingQuality.BAD else READ


def _is_right(sample: Sample, outcome: Seen) -> None:
    severity = {0: ReadingQuality.GOOD, 1: ReadingQuality.UNCERTAIN}.get(sample.status >> 30, ReadingQuality.BAD)
    usable = severity is not ReadingQuality.BAD
    is_text = isinstance(sample.meant, str)
    is_number = sample.meant is not None and not is_text
    must(outcome.quality is (severity if sample.meant is not None else ReadingQuality.BAD), f"quality {outcome}")
    must((outcome.value is not None) == (usable and is_number), f"value {outcome}")
    must(type(outcome.value) in (int, float, type(None)), f"a number of another type: {outcome}")
    must(outcome.value is None or outcome.value == sample.meant, f"another value: {outcome}")
    if usable and isinstance(sample.meant, str) and sample.meant.isprintable() and len(sample.meant) < 1_000:
        must(outcome.text == sample.meant, f"another text: {outcome}")
    if sample.status & 0xFFFF0000 and not (usable and is_text):
        must(f"status 0x{sample.status:08X}" in str(outcome.text), f"the server's own status is not in it: {outcome}")
    must(outcome.quality is not ReadingQuality.BAD or bool(outcome.text), f"bad, and no word why: {outcome}")
    times = [time for time in (sample.source_utc, sample.server_utc) if time is not None and 1971 <= time.year < 9000]
    if times:
        first = times[0] if times[0].tzinfo is not None else times[0].replace(tzinfo=UTC)
        exact_ms = (first - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)
        must(abs(outcome.observed_ms - exact_ms) <= 1, f"dated {outcome.observed_ms}, expected {exact_ms}")
    else:
        must(outcome.observed_ms == _CAME_MS, f"dated {outcome.observed_ms} without a time")


def _is_right_of_a_register(sample: Sample, outcome: Seen) -> None:
    register = seen(sample.value, sample.status, sample.source_utc, sample.server_utc, _CAME_MS, of_register=True)
    must(register.quality is ReadingQuality.BAD or register.value is not None, f"good, and no number: {register}")
    must(
        register.quality is not ReadingQuality.BAD or (register.value is None and bool(register.text)),
        f"bad, and no word why: {register}",
    )
    must(outcome.value is None or register.value == outcome.value, f"a number of its own for a register: {register}")
    if register.value is not None and outcome.value is None:
        must(isinstance(sample.meant, str) and float(sample.meant) == register.value, f"a number out of nowhere: {register}")


TARGET = Target("opcua", 0.05, make, answer, "OPC UA data values of any type, status and time")

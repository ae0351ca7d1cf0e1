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
from connectors.devices import converted
from connectors.opcua.decode import Seen, seen, still
from domain.codec import decode, encode
from domain.readings import Reading, ReadingQuality

_INTEGERS = (0, 1, -1, 255, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1)
_FLOATS = (0.0, -0.0, 1.5, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf, 3.4028234663852886e38, 0.1)
_TEXTS = ("", " ", "5", "NaN", "Execute", "Härten", "\x00\x1e\x1f", "\ud800", "x" * 5_000, "😀", "null")
_OTHERS: tuple[Any, ...] = (
    None, [], [1.5], [[1, 2], [3, 4]], b"", b"\xff\x00", uuid.UUID(int=5), datetime(2026, 10, 23, tzinfo=UTC), ua.NodeId(5, 2), ua.QualifiedName("x", 1),
    ua.LocalizedText("Execute", "en"), ua.StatusCode(0x80000000), ua.Variant(5), Decimal("1.5"), {"a": 1}, object(), ua.XmlElement("<a/>"), 1 + 2j,
)  # fmt: skip
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
class Told:
    """A data value as a client hands it on, and the factor of its unit."""

    value: Any
    status: int
    source_utc: datetime | None
    server_utc: datetime | None
    by: Decimal


def make(rng: Random) -> Told:
    """A number mostly; else a text, a truth value, an array, a structure, nothing."""
    kind = rng.random()
    if kind < 0.4:
        value: Any = rng.choice((rng.choice(_FLOATS), rng.uniform(-1e6, 1e9), rng.random() * 10.0 ** rng.randrange(-300, 308)))
    elif kind < 0.65:
        value = rng.choice((rng.choice(_INTEGERS), rng.randrange(-(2**31), 2**64)))
    else:
        value = rng.choice((rng.choice(_TEXTS), rng.choice(_OTHERS), True, False))
    status = rng.choice((0, 0, rng.choice(_STATUS), rng.randrange(2**32)))
    return Told(value, status, _time(rng), _time(rng), rng.choice(_BY))


def _time(rng: Random) -> datetime | None:
    now = datetime(2026, 10, 23, 9, 5, 5, rng.randrange(10**6), tzinfo=UTC)
    near = now + timedelta(milliseconds=rng.randrange(-5_000, 5_000))
    time = rng.choice((None, now, now, near, *_ENDS, now.astimezone(timezone(timedelta(hours=14)))))
    # Libraries hand out instants without a zone that are meant as UTC.
    return time if time is None or rng.random() < 0.5 else time.replace(tzinfo=None)


def answer(told: Told) -> str:
    """What the session makes of it, up to the bytes on the topic."""
    outcome = seen(told.value, told.status, told.source_utc, told.server_utc, _CAME_MS)
    _is_right(told, outcome)
    kept = still(told.value, told.status, told.source_utc, told.server_utc, _CAME_MS - 40, _CAME_MS)
    must(kept.value == outcome.value and kept.quality == outcome.quality, f"changed by standing still: {kept}")
    for one in (outcome, kept):
        value = None if one.value is None else converted(one.value, told.by)
        must(value is None or (type(value) in (int, float) and math.isfinite(value)), f"{one} became {value!r}")
        reading = Reading("site", "meter", "power", one.observed_ms, _CAME_MS, value, one.quality, one.text, "gateway-1", 7)
        back = decode(Reading, encode(reading))
        same = repr(back) == repr(reading) or (type(value) is int and not -(2**63) <= value < 2**63 and back.value == float(value))
        must(same, f"{reading} came over the wire as {back}")
    return REFUSED if outcome.quality is ReadingQuality.BAD else READ


def _is_right(told: Told, outcome: Seen) -> None:
    severity = {0: ReadingQuality.GOOD, 1: ReadingQuality.UNCERTAIN}.get(told.status >> 30, ReadingQuality.BAD)
    number = type(told.value) in (int, float, bool) and abs(told.value) < 1e300
    is_text = type(told.value) is str
    usable = severity is not ReadingQuality.BAD
    must(outcome.quality is (severity if number or is_text else ReadingQuality.BAD), f"quality {outcome}")
    must((outcome.value is not None) == (usable and number), f"value {outcome}")
    must(type(outcome.value) is not bool, f"a truth value as it is: {outcome}")
    must(outcome.value is None or outcome.value == told.value, f"another value: {outcome}")
    if usable and is_text and told.value.isprintable() and told.value and len(told.value) < 1_000:
        must(outcome.text == told.value, f"another text: {outcome}")
    must(outcome.quality is not ReadingQuality.BAD or bool(outcome.text), f"bad, and no word why: {outcome}")
    times = [time for time in (told.source_utc, told.server_utc) if time is not None and 1971 <= time.year < 9000]
    if times:
        first = times[0] if times[0].tzinfo is not None else times[0].replace(tzinfo=UTC)
        exact_ms = (first - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)
        must(abs(outcome.observed_ms - exact_ms) <= 1, f"dated {outcome.observed_ms}, told {exact_ms}")
    else:
        must(outcome.observed_ms == _CAME_MS, f"dated {outcome.observed_ms} without a time")


TARGET = Target("opcua", 0.05, make, answer, "OPC UA data values of any type, status and time")

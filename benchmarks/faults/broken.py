"""Records that nobody can use: of wrong shape or version, and such as have brought down a decoder somewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass

from benchmarks.faults.plant import MAIN, SITE
from domain.channels import IMPORT

METER_KEY = f"{SITE}/{MAIN}".encode()
BIG_BYTES = 10_000_000
READINGS_LIMIT_BYTES = 16_000_000
"""What the readings topic must let through for the big one; a broker's own limit is 1 MB and refuses it at the door."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One record that is to be refused with a reason."""

    about: str
    key: bytes | None
    value: bytes | None


def _reading(at_ms: int, **changed: object) -> bytes:
    record: dict[str, object] = {
        "site": SITE, "meter": MAIN, "channel": IMPORT, "observed_ms": at_ms, "received_ms": at_ms + 5,
        "value": 1.0, "quality": "good", "text": None, "gateway": None, "sequence": None, "origin": "live",
    }  # fmt: skip
    return json.dumps({**record, **changed}).encode()


def wrong_shapes(now_ms: int) -> list[Broken]:
    """JSON that is no reading, and readings of another version of the contract."""
    whole = json.loads(_reading(now_ms))
    without = {name: value for name, value in whole.items() if name != "observed_ms"}
    named = {
        "an empty object": b"{}",
        "a list": b"[1, 2, 3]",
        "a bare number": b"42",
        "a text": b'"energy_import"',
        "null": b"null",
        "cut off in the middle": _reading(now_ms)[:60],
        "two objects": _reading(now_ms) * 2,
        "without its date": json.dumps(without).encode(),
        "a date that is a text": _reading(now_ms, observed_ms=str(now_ms)),
        "a date of the year 200000": _reading(now_ms, observed_ms=6_000_000_000_000_000),
        "a value that is a text": _reading(now_ms, value="17.5"),
        "a value that is true": _reading(now_ms, value=True),
        "a value that is NaN": _reading(now_ms).replace(b'"value": 1.0', b'"value": NaN'),
        "a value beyond all numbers": _reading(now_ms).replace(b'"value": 1.0', b'"value": 1e999'),
        "a quality that there is not": _reading(now_ms, quality="excellent"),
        "version 2 with an envelope": json.dumps({"version": 2, "reading": whole}).encode(),
        "version 0 in seconds": json.dumps({"meter": MAIN, "ts": now_ms // 1000, "kwh": 17.5}).encode(),
        "a field twice": _reading(now_ms).replace(b'"value": 1.0', b'"value": 1.0, "value": 2.0'),
    }
    return [Broken(about, METER_KEY, value) for about, value in named.items()]


def poison(now_ms: int) -> list[Broken]:
    """Bytes that no decoder takes, in sizes and with keys that nobody expects."""
    forged = _reading(now_ms, value=9e15)
    return [
        Broken("nothing at all", METER_KEY, b""),
        Broken("a tombstone", METER_KEY, None),
        Broken("without key", None, b"{}"),
        Broken("bytes that are no UTF-8", METER_KEY, bytes(range(256))),
        Broken("a key that is no UTF-8", b"\xff\xfe\x00", b"{}"),
        Broken("a key of 70,000 bytes", b"k" * 70_000, b"{}"),
        Broken("separators and a forged header", METER_KEY, b"x\x1ea\x1fb\x1fc\x1fd"),
        Broken("separators and a forged reading", METER_KEY, b"x\x1eenergy.readings.v1\x1f0\x1f1\x1f" + forged),
        Broken("a lone surrogate", METER_KEY, _reading(now_ms, meter="X").replace(b"X", b"\\ud800")),
        Broken("control characters", METER_KEY, bytes(range(32)) * 4_000),
        Broken("a thousand nested lists", METER_KEY, b"[" * 1_000 + b"]" * 1_000),
        Broken("a hundred thousand nested lists", METER_KEY, b"[" * 100_000),
        Broken("a number of 100,000 digits", METER_KEY, _reading(now_ms).replace(b'"value": 1.0', b'"value": ' + b"9" * 100_000)),
        Broken("10 MB", METER_KEY, b"\x00" * BIG_BYTES),
    ]

"""Files of readings, as `lastgang metering` takes them: line by line they must say just what the codec says of each."""

from __future__ import annotations

import atexit
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from benchmarks.fuzz import json_records
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from domain.codec import UnreadableRecord, decode
from domain.errors import InputFaults
from domain.readings import Reading
from domain.topics import READINGS
from metering.table import read_readings


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands in a file of readings."""

    raw: bytes


def make(rng: Random) -> Lines:
    """One to three lines, mostly of readings."""
    lines: list[bytes] = []
    while not lines or rng.random() < 0.3:
        payload = json_records.make(rng)
        if payload.topic == READINGS.name:
            lines.append(payload.raw)
    return Lines(rng.choice((b"\n", b"\n", b"\r\n")).join(lines) + rng.choice((b"", b"\n")))


@cache
def _file() -> Path:
    keeper = tempfile.TemporaryDirectory(prefix="lastgang-fuzz-")
    atexit.register(keeper.cleanup)
    return Path(keeper.name) / "readings.jsonl"


def answer(given: Lines) -> str:
    """Read the file, and each of its lines by itself."""
    path = _file()
    path.write_bytes(given.raw)
    good, bad = _one_by_one(given.raw)
    try:
        readings = list(read_readings(path))
    except InputFaults as error:
        for fault in error.faults:
            must(
                bool(fault.field) and bool(fault.found) and bool(fault.expected) and fault.line is not None,
                f"says too little: {fault}",
            )
        reported = {fault.line for fault in error.faults}
        must(
            reported == set(bad[: len(reported)]) and (reported == set(bad) or len(reported) >= 10),
            f"lines {bad} are none, but it says {error}",
        )
        return REFUSED
    must(not bad, f"lines {bad} are no readings, and the file was read")
    must([repr(one) for one in readings] == [repr(one) for one in good], f"read as {readings}, one by one {good}")
    return READ


def _one_by_one(raw: bytes) -> tuple[list[Reading], list[int]]:
    good: list[Reading] = []
    bad: list[int] = []
    lines = raw.split(b"\n")
    for number, line in enumerate(lines[:-1] if raw.endswith(b"\n") or not raw else lines, start=1):
        try:
            good.append(decode(Reading, line))
        except UnreadableRecord:
            bad.append(number)
    return good, bad


TARGET = Target("lines", 0.05, make, answer, "files of readings, as JSON Lines")

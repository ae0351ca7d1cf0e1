"""A bucket as the JVM hands it over (`Bucket.toBytes` in ``jvm/lastgang/Bucket.java``): columns of plain readings, and everything else as it came."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from domain.topics import BY_NAME, WITHIN_JOBS, Topic
from metering.runs import ReadingRun

_TOPICS = {**BY_NAME, **WITHIN_JOBS}
_COUNT = struct.Struct("<i")
_PLACE = struct.Struct("<iqi")
_AHEAD = 0x80
"""Above the length of a topic's name."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it lies on the log."""

    topic: Topic
    partition: int
    offset: int
    payload: bytes
    is_ahead: bool = False
    """Whether it is dated ahead of the plant's clock as that was when the record came."""

    @property
    def source(self) -> str:
        """Where it lies, for people."""
        return f"{self.topic.name}/{self.partition}/{self.offset}"

    @property
    def original(self) -> str:
        """The payload as a rejection tells it: UTF-8, and bytes that are none as ``\\xNN``."""
        return self.payload.decode(errors="backslashreplace")


def unpack(key: str, bucket: bytes, namespace: str) -> tuple[list[ReadingRun], list[Raw]]:
    """What is in a bucket of `key`.

    Parameters
    ----------
    key
        ``site/meter`` where the bucket holds runs: the JVM has compared it with the readings.
    namespace
        What stands before the names of topics.
    """
    (count,) = _COUNT.unpack_from(bucket, 0)
    at = 4
    runs = []
    for _ in range(count):
        run, at = _run(key, bucket, at)
        runs.append(run)
    (count,) = _COUNT.unpack_from(bucket, at)
    at += 4
    raws = []
    for _ in range(count):
        raw, at = _raw(bucket, at, namespace)
        raws.append(raw)
    return runs, raws


def _run(key: str, bucket: bytes, at: int) -> tuple[ReadingRun, int]:
    channel, at = _name(bucket, at)
    gateway, at = _name(bucket, at)
    is_history = bucket[at]
    (count,) = _COUNT.unpack_from(bucket, at + 1)
    at += 5
    # Copied, so that the columns are aligned.
    numbers = np.frombuffer(bucket, np.int64, 3 * count, at).copy()
    values = np.frombuffer(bucket, np.float64, count, at + 24 * count).copy()
    site, _, meter = key.partition("/")
    run = ReadingRun(
        site, meter, channel, gateway or None, "history" if is_history else "live",
        numbers[:count], numbers[count : 2 * count], values, numbers[2 * count :],
    )  # fmt: skip
    return run, at + 32 * count


def _raw(bucket: bytes, at: int, namespace: str) -> tuple[Raw, int]:
    is_ahead = bucket[at] >= _AHEAD
    end = at + 1 + bucket[at] % _AHEAD
    name, at = bucket[at + 1 : end].decode(), end
    partition, offset, length = _PLACE.unpack_from(bucket, at)
    at += _PLACE.size
    return Raw(_TOPICS[name.removeprefix(namespace)], partition, offset, bucket[at : at + length], is_ahead), at + length


def _name(bucket: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + bucket[at]
    return bucket[at + 1 : end].decode(), end

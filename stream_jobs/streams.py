"""Kafka topics as streams of buckets. All of it JVM work (``jvm/lastgang``): Python never sees a single reading here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyflink.common import Types
from pyflink.datastream import DataStream, KeyedStream, StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway

from domain.topics import MINUTES, READINGS, Topic
from metering.rules import AHEAD_OF_PLANT_MS, CLOCK_AHEAD_MS, OUT_OF_ORDER_MS
from stream_jobs.settings import JobSettings

IDLE_MS = 5_000
"""A partition that is silent for so long does not hold back the time of the others; gateways send heartbeats."""
_ROWS = Types.ROW([Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE())])
_KEY = Types.ROW([Types.STRING()])

NO_CHANNELS: Mapping[str, Iterable[str]] = {}
Records = Any
"""A Java stream of items."""
Buckets = Any
"""A Java stream of rows ``(key, (key, bucket))``."""


def records(
    execution: StreamExecutionEnvironment,
    name: str,
    settings: JobSettings,
    topics: Sequence[Topic],
    only_key: str = "",
    only_channels: Mapping[str, Iterable[str]] = NO_CHANNELS,
) -> Records:
    """Every committed record of `topics` from their beginning; readings carry their event time.

    With `only_key` the records of other keys are passed over unread, and nothing carries event time. With `only_channels` (key -> channels) only
    these readings are taken, as records and not as columns, and nothing carries event time.
    """
    names, channels = _list(settings.kafka.full_name(topic) for topic in topics), get_gateway().jvm.java.util.HashMap()
    for key, wanted in only_channels.items():
        channels.put(key, _list(wanted))
    return _buckets().records(
        execution._j_stream_execution_environment, name, settings.kafka.bootstrap,
        f"{settings.kafka.namespace}lastgang-{settings.name}-{name}", names,
        settings.kafka.full_name(READINGS) if READINGS in topics else "",
        OUT_OF_ORDER_MS, CLOCK_AHEAD_MS, AHEAD_OF_PLANT_MS, IDLE_MS, only_key, channels,
    )  # fmt: skip


def changes(stream: Records, settings: JobSettings, name: str, repeats: bool = False) -> Records:
    """Of readings, taken by `only_channels`, those that say something new, of each channel at most one a minute; all of other topics'.

    With `repeats` also one a minute that says the same as the one before.
    """
    return _buckets().changes(stream, settings.kafka.full_name(READINGS), repeats, name)


def minutes(stream: Records, settings: JobSettings) -> Records:
    """Instead of readings, taken by `only_channels`, a `domain.minutes.Minute` of each channel and minute; all of other topics'."""
    return _buckets().minutes(stream, settings.kafka.full_name(READINGS), settings.kafka.full_name(MINUTES), OUT_OF_ORDER_MS)


def only(stream: Records, settings: JobSettings, keys: Mapping[Topic, str]) -> Records:
    """Of some topics' records only those of one key; all of other topics'."""
    wanted = get_gateway().jvm.java.util.HashMap()
    for topic, key in keys.items():
        wanted.put(settings.kafka.full_name(topic), key)
    return _buckets().only(stream, wanted)


def by_site(stream: Records) -> Records:
    """The same records keyed by their site."""
    return _buckets().bySite(stream)


def to_each(stream: Records, settings: JobSettings, topics: Iterable[Topic], keys: Iterable[str]) -> Records:
    """Each record of `topics` once for each of `keys` of its site; records of other topics under their own key."""
    return _buckets().toEach(stream, _list(settings.kafka.full_name(topic) for topic in topics), _list(keys))


def two_paths(stream: Records, bucket_ms: int) -> Buckets:
    """What is on time grouped by event time, everything else by processing time, into the same operator."""
    return _buckets().twoPaths(stream, bucket_ms)


def by_arrival(stream: Records, name: str, every_ms: int = 200) -> Buckets:
    """Records grouped by the time of their arrival."""
    return _buckets().byArrival(stream, name, every_ms)


def soon(stream: Records, name: str, pause_ms: int) -> Buckets:
    """Records at once; those that come together every `pause_ms`."""
    return _buckets().soon(stream, name, pause_ms)


def keyed(buckets: Buckets) -> KeyedStream:
    """Buckets as PyFlink's keyed stream of rows ``(key, bucket)``: what its `key_by` makes, without a step in Python."""
    rows = buckets.keyBy(get_gateway().jvm.KeyByKeySelector(), _KEY.get_java_type_info())
    return KeyedStream(rows, _ROWS, DataStream(buckets))


def _list(texts: Iterable[str]) -> Any:
    found = get_gateway().jvm.java.util.ArrayList()
    for text in texts:
        found.add(text)
    return found


def _buckets() -> Any:
    return get_gateway().jvm.lastgang.Buckets

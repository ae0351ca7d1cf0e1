"""A thin coat over kafka-python: our topics, our keys, no consumer groups where the reader keeps its own offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Literal

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from connectors.kafka.greeting import BrokerRefused, BrokerUnavailable, greet
from domain.codec import UnreadableRecord, decode, encode
from domain.topics import BY_NAME, READINGS, TOPICS, Topic

__all__ = [
    "BrokerRefused",
    "BrokerUnavailable",
    "KafkaSettings",
    "Message",
    "RecordConsumer",
    "RecordProducer",
    "ensure_topics",
    "readable",
]

DEFAULT_PARTITIONS = 4
CONNECT_TIMEOUT_S = 10.0
"""For a broker that has answered already to describe itself."""
TRANSACTION_TIMEOUT_MS = 7 * 86_400_000
"""How long a broker keeps what a job has written and not yet confirmed [ms]: an outage up to that long loses nothing of it.

A job that comes back ends its old transactions at once; only those of one that never comes back hold readers of its topics up this long.
"""
Start = Literal["earliest", "latest"]


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the broker is, and what stands before every topic's name (empty, or such as ``plant-a.``)."""

    bootstrap: str = "127.0.0.1:9092"
    namespace: str = ""
    source: str = ""
    """Where the address comes from, for messages: an option, the environment, the running stack ..."""

    def full_name(self, topic: Topic) -> str:
        """The topic's name on this broker."""
        return f"{self.namespace}{topic.name}"

    def topic_of(self, full_name: str) -> Topic:
        """The topic that is called `full_name` on this broker."""
        return BY_NAME[full_name.removeprefix(self.namespace)]


@dataclass(frozen=True, slots=True)
class Message:
    """One record and its place in the log. `timestamp_ms` is the producer's wall clock (of readings: the broker's), not the plant's."""

    topic: Topic
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes

    def record(self) -> Any:
        """The record in it; raises `domain.codec.UnreadableRecord`."""
        return decode(self.topic.record, self.value)


def readable(messages: Iterable[Message]) -> Iterator[Any]:
    """The records in `messages`; what is none is passed over: the job that acts on the topic sets it aside with the original."""
    for message in messages:
        try:
            yield message.record()
        except UnreadableRecord:
            continue


def failure(error: KafkaError, settings: KafkaSettings) -> BrokerUnavailable | BrokerRefused:
    """What an error of the client library means: `BrokerUnavailable` where repeating may help, `BrokerRefused` where not."""
    text = str(error).removeprefix(f"{type(error).__name__}: ") or type(error).__name__
    if getattr(error, "retriable", False):
        return BrokerUnavailable(f"the broker at {settings.bootstrap} did not do it ({type(error).__name__}: {text}); try again")
    return BrokerRefused(f"the broker at {settings.bootstrap} refused: {type(error).__name__}: {text}")


@contextmanager
def errors_as_ours(settings: KafkaSettings) -> Iterator[None]:
    """Within it the client library's errors are `BrokerUnavailable` or `BrokerRefused`."""
    try:
        yield
    except KafkaError as error:
        raise failure(error, settings) from error


def _connect(make: Callable[..., Any], settings: KafkaSettings, **options: Any) -> Any:
    """A client of the library's; raises within seconds where no broker answers."""
    try:
        greet(settings.bootstrap)
    except (BrokerUnavailable, BrokerRefused) as error:
        if not settings.source:
            raise
        raise type(error)(f"{error} [address from {settings.source}]") from error  # noqa: EM102
    with errors_as_ours(settings):
        return make(bootstrap_servers=settings.bootstrap, bootstrap_timeout_ms=int(CONNECT_TIMEOUT_S * 1000), **options)


def ensure_topics(settings: KafkaSettings, partitions: int = DEFAULT_PARTITIONS) -> None:
    """Create what is missing of our topics; leaves existing ones as they are.

    Raises
    ------
    BrokerUnavailable
        If no broker answers.
    BrokerRefused
        If what answers is no broker that we can use, or it does not let us create topics.
    """
    admin = _connect(KafkaAdminClient, settings, client_id="lastgang-setup")
    try:
        with errors_as_ours(settings):
            existing = set(admin.list_topics())
            missing = [topic for topic in TOPICS if settings.full_name(topic) not in existing]
            for topic in missing:
                _create(admin, settings.full_name(topic), topic, partitions)
            _wait_for(admin, {settings.full_name(topic) for topic in missing})
    finally:
        admin.close()


def _wait_for(admin: Any, names: set[str]) -> None:
    """Until the broker describes topics that it has just created: who reads one a moment before is answered that it does not exist."""
    end = monotonic() + CONNECT_TIMEOUT_S
    while names and monotonic() < end and not names <= set(admin.list_topics()):
        sleep(0.05)


def _create(admin: Any, name: str, topic: Topic, partitions: int) -> None:
    # When a reading came is known by the broker's clock: the one that dates it may be wrong (`stream_jobs/jvm/lastgang/LogRecords.java`).
    stamp = "LogAppendTime" if topic is READINGS else "CreateTime"
    configs = {"retention.ms": str(topic.retention_ms), "message.timestamp.type": stamp}
    with suppress(TopicAlreadyExistsError):  # somebody was quicker
        admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])


class RecordProducer:
    """Sends records keyed by their topic's rule; acknowledged by all replicas, idempotent within one process."""

    def __init__(self, settings: KafkaSettings, linger_ms: int = 5, delivery_timeout_ms: int = 120_000) -> None:
        self._settings = settings
        self._producer = _connect(
            KafkaProducer,
            settings,
            acks="all",
            linger_ms=linger_ms,
            delivery_timeout_ms=delivery_timeout_ms,
            request_timeout_ms=min(30_000, delivery_timeout_ms - linger_ms - 1),
            reconnect_backoff_max_ms=1_000,
        )

    def send(self, topic: Topic, record: Any) -> Any:
        """Queue one record; the future that is returned is done when it is acknowledged."""
        return self.send_bytes(topic, topic.key_bytes(record), encode(record))

    def send_bytes(self, topic: Topic, key: bytes, value: bytes) -> Any:
        """Queue bytes that are encoded already."""
        with errors_as_ours(self._settings):
            return self._producer.send(self._settings.full_name(topic), key=key, value=value)

    def deliver(self, topic: Topic, record: Any, timeout_s: float) -> None:
        """Send one record and return when it is acknowledged.

        Raises
        ------
        BrokerUnavailable
            If that takes longer than `timeout_s`: it may be kept all the same, and kept twice where it is sent again.
        """
        with errors_as_ours(self._settings):
            self.send(topic, record).get(timeout=timeout_s)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until all that was sent is acknowledged or has failed; `BrokerUnavailable` if that takes longer than `timeout_s`."""
        with errors_as_ours(self._settings):
            self._producer.flush(timeout=timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Flush as far as `timeout_s` allows and let go of the sockets."""
        self._producer.close(timeout=timeout_s)

    def __enter__(self) -> RecordProducer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class RecordConsumer:
    """Reads all partitions of `topics` without a consumer group: whoever reads keeps its own offsets, beside its effect.

    Parameters
    ----------
    start
        Where to begin in a partition that `offsets` does not name.
    offsets
        ``(topic name without namespace, partition)`` -> next offset to read.
    group
        Name under which `commit` keeps offsets on the broker, for readers that have no better place; partitions that it has
        committed go on from there.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        topics: Iterable[Topic],
        start: Start = "earliest",
        offsets: Mapping[tuple[str, int], int] | None = None,
        fetch_max_wait_ms: int = 100,
        max_poll_records: int = 2_000,
        group: str | None = None,
    ) -> None:
        self._settings = settings
        self._topics = tuple(topics)
        self._group = group
        self._consumer = _connect(
            KafkaConsumer,
            settings,
            group_id=None if group is None else f"{settings.namespace}{group}",
            enable_auto_commit=False,
            # The jobs write in transactions: rows of an attempt that failed must not be read.
            isolation_level="read_committed",
            auto_offset_reset=start,
            fetch_max_wait_ms=fetch_max_wait_ms,
            max_poll_records=max_poll_records,
            reconnect_backoff_max_ms=1_000,
            allow_auto_create_topics=False,
        )
        with errors_as_ours(settings):
            self._partitions = self._assign(start, offsets or {})

    def _assign(self, start: Start, offsets: Mapping[tuple[str, int], int]) -> list[Any]:
        partitions = []
        for topic in self._topics:
            name = self._settings.full_name(topic)
            numbers = self._consumer.partitions_for_topic(name)
            if not numbers:
                self._consumer.close()
                msg = f"topic {name!r} does not exist on {self._settings.bootstrap}; `lastgang up` makes the topics"
                raise BrokerUnavailable(msg)
            partitions += [TopicPartition(name, number) for number in sorted(numbers)]
        self._consumer.assign(partitions)
        for partition in partitions:
            topic = self._settings.topic_of(partition.topic)
            known = offsets.get((topic.name, partition.partition))
            if known is None and self._group is not None:
                known = self._consumer.committed(partition)
            if known is not None:
                self._consumer.seek(partition, known)
            elif start == "earliest":
                self._consumer.seek_to_beginning(partition)
            else:
                self._consumer.seek_to_end(partition)
        return partitions

    def poll(self, timeout_s: float = 0.5, max_records: int | None = None) -> list[Message]:
        """What has come within `timeout_s`; in order within each partition."""
        with errors_as_ours(self._settings):
            batches: Mapping[Any, Sequence[Any]] = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        return [
            Message(self._settings.topic_of(p.topic), p.partition, r.offset, r.timestamp, r.key, r.value)
            for p, records in batches.items()
            for r in records
            if r.value is not None
        ]

    def commit(self) -> None:
        """Keep the place reached under the group's name; call it after the effect of what was read is durable."""
        with errors_as_ours(self._settings):
            self._consumer.commit()

    def end_offsets(self) -> dict[tuple[str, int], int]:
        """``(topic name without namespace, partition)`` -> offset after the last record there is now."""
        with errors_as_ours(self._settings):
            ends = self._consumer.end_offsets(self._partitions)
        return {(self._settings.topic_of(p.topic).name, p.partition): int(offset) for p, offset in ends.items()}

    def positions(self) -> dict[tuple[str, int], int]:
        """Next offset to be read, by partition."""
        with errors_as_ours(self._settings):
            return {(self._settings.topic_of(p.topic).name, p.partition): self._consumer.position(p) for p in self._partitions}

    def lag(self) -> int:
        """Records between here and the end of the log."""
        positions = self.positions()
        return sum(max(0, end - positions[place]) for place, end in self.end_offsets().items())

    def read_to_end(self) -> list[Message]:
        """Everything from here to the end that the log has at this moment."""
        ends = self.end_offsets()
        messages: list[Message] = []
        while any(position < ends[place] for place, position in self.positions().items()):
            messages += self.poll(1.0)
        return messages

    def close(self) -> None:
        """Let go of the sockets."""
        self._consumer.close()

    def __enter__(self) -> RecordConsumer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

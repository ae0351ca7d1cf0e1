"""Records put on the topics past all our producers, and what was written there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from benchmarks.faults.broken import READINGS_LIMIT_BYTES, Broken
from connectors.kafka.client import KafkaSettings, RecordConsumer
from domain.codec import UnreadableRecord
from domain.intervals import Interval
from domain.topics import INTERVALS, READINGS, Topic


def put(kafka: KafkaSettings, topic: Topic, records: Sequence[Broken]) -> dict[str, str]:
    """Put records on a topic as they are; place (topic, partition, offset) -> what the record is."""
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap, acks="all", max_request_size=READINGS_LIMIT_BYTES,
    )  # fmt: skip
    try:
        name = kafka.full_name(topic)
        sent = [(record, producer.send(name, key=record.key, value=record.value).get(30.0)) for record in records]
    finally:
        producer.close()
    return {f"{topic.name}/{done.partition}/{done.offset}": record.about for record, done in sent}


def let_big_readings_through(kafka: KafkaSettings) -> None:
    """Raise the limit of the readings topic, as somebody may have done."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    try:
        limit = {"max.message.bytes": str(READINGS_LIMIT_BYTES)}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, kafka.full_name(READINGS), limit)])
    finally:
        admin.close()


def written_intervals(kafka: KafkaSettings) -> list[Interval]:
    """All committed records of the intervals topic that can be read."""
    found: list[Interval] = []
    with RecordConsumer(kafka, [INTERVALS]) as consumer:
        for message in consumer.read_to_end():
            with suppress(UnreadableRecord):
                found.append(message.record())
    return found

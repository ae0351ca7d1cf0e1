"""A broker of our own: what it has acknowledged survives a crash, and it creates nothing unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import Producer
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from connectors.kafka.client import TRANSACTION_TIMEOUT_MS
from deploy.ground import KAFKA, broker_parts, supervised
from deploy.kafka_broker import KafkaBroker, server_properties
from deploy.ports import free_port, is_free


def values(broker: KafkaBroker, topic: str, count: int) -> list[bytes]:
    """The first `count` values of a topic."""
    consumer = KafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=60_000)
    try:
        return [next(consumer).value for _ in range(count)]
    finally:
        consumer.close()


def make_topics(broker: KafkaBroker, *names: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics([NewTopic(name, 1, 1) for name in names])
    admin.close()


def send(broker: KafkaBroker, topic: str, *payloads: bytes, key: bytes = b"k") -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    for payload in payloads:
        producer.send(topic, key=key, value=payload).get(30)
    producer.close()


@pytest.mark.cluster
def test_what_a_broker_has_acknowledged_is_there_after_a_crash_and_after_a_stop(java_parts: None, tmp_path: Path) -> None:
    own_broker = KafkaBroker(tmp_path / "kafka", free_port(), free_port())
    with supervised(broker_parts(own_broker), tmp_path / "log") as supervisor:
        make_topics(own_broker, "readings")
        send(own_broker, "readings", b"one", b"two")
        cluster_id = (own_broker.folder / "cluster.id").read_text()

        supervisor.kill(KAFKA)
        supervisor.await_ready([KAFKA])
        assert values(own_broker, "readings", 2) == [b"one", b"two"]
        send(own_broker, "readings", b"three")

    assert is_free(own_broker.port)
    with supervised(broker_parts(own_broker), tmp_path / "log"):
        assert values(own_broker, "readings", 3) == [b"one", b"two", b"three"]
        assert (own_broker.folder / "cluster.id").read_text() == cluster_id


@pytest.mark.cluster
def test_a_record_keeps_the_time_stamp_of_its_producer_even_from_the_future(stack_kafka: KafkaBroker, namespace: str) -> None:
    make_topics(stack_kafka, f"{namespace}readings")
    in_2100_ms = 4_102_444_800_000
    producer = KafkaProducer(bootstrap_servers=stack_kafka.bootstrap)
    kept = producer.send(f"{namespace}readings", value=b"x", timestamp_ms=in_2100_ms).get(30)
    producer.close()
    assert kept.timestamp == in_2100_ms


@pytest.mark.cluster
@pytest.mark.parametrize("packed", ["none", "gzip", "zstd", "snappy", "lz4"])
def test_records_of_any_client_can_be_read_however_they_were_packed(stack_kafka: KafkaBroker, namespace: str, packed: str) -> None:
    make_topics(stack_kafka, f"{namespace}orders")
    erp = Producer({"bootstrap.servers": stack_kafka.bootstrap, "compression.type": packed, "linger.ms": 20})
    sent = [f"order {number} {'x' * 100}".encode() for number in range(3)]
    for payload in sent:
        erp.produce(f"{namespace}orders", payload)
    assert erp.flush(30) == 0
    assert values(stack_kafka, f"{namespace}orders", 3) == sent


@pytest.mark.cluster
def test_the_broker_creates_no_topic_by_itself(stack_kafka: KafkaBroker, namespace: str) -> None:
    consumer = KafkaConsumer(bootstrap_servers=stack_kafka.bootstrap, allow_auto_create_topics=True)
    consumer.partitions_for_topic(f"{namespace}misspelt")
    assert f"{namespace}misspelt" not in consumer.topics()
    consumer.close()


def test_the_broker_listens_on_loopback_only() -> None:
    listeners = [line for line in server_properties(Path("/data"), 1, 2).splitlines() if "listeners=" in line]
    assert listeners == [
        "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2",
        "advertised.listeners=PLAINTEXT://127.0.0.1:1",
    ]


@pytest.mark.cluster
def test_what_a_job_has_written_may_wait_for_days_until_the_job_confirms_it(stack_kafka: KafkaBroker, namespace: str) -> None:
    producer = Producer(
        {
            "bootstrap.servers": stack_kafka.bootstrap,
            "transactional.id": f"{namespace}job",
            "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
            "message.timeout.ms": 60_000,
        }
    )
    producer.init_transactions(60.0)  # a broker that allows less refuses here


def test_jobs_ask_for_what_the_broker_allows() -> None:
    assert TRANSACTION_TIMEOUT_MS < 2**31  # a whole number of 32 bits in Kafka's client
    assert f"transaction.max.timeout.ms={TRANSACTION_TIMEOUT_MS}" in server_properties(Path("/data"), 1, 2).splitlines()

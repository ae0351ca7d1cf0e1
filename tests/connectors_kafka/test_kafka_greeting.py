"""What is reported of a broker's address within seconds: nobody there, something else there, or a broker that wants what we cannot give."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from connectors.kafka.client import (
    BrokerRefused,
    BrokerUnavailable,
    KafkaSettings,
    RecordConsumer,
    RecordProducer,
    ensure_topics,
    failure,
)
from connectors.kafka.greeting import greet
from deploy.ground import broker_parts, supervised
from deploy.jars import java
from deploy.kafka_broker import KafkaBroker
from deploy.ports import free_port
from domain.topics import ORDERS


@contextlib.contextmanager
def served(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that does `answer` with each connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def wait_for_the_end(connection: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    while connection.recv(1_000):
        pass


def test_where_nobody_listens_that_is_reported_at_once_and_repeating_may_help() -> None:
    began = time.monotonic()
    with pytest.raises(BrokerUnavailable, match=r"no Kafka broker answers at 127\.0\.0\.1:\d+ \(Connection refused\); start it"):
        greet(f"127.0.0.1:{free_port()}")
    assert time.monotonic() - began < 2.0


def test_every_client_of_ours_says_so_at_once() -> None:
    nobody = KafkaSettings(f"127.0.0.1:{free_port()}")
    began = time.monotonic()
    for use in (ensure_topics, RecordProducer, lambda settings: RecordConsumer(settings, [ORDERS])):
        with pytest.raises(BrokerUnavailable, match="no Kafka broker answers"):
            use(nobody)
    assert time.monotonic() - began < 5.0


def test_a_server_that_hangs_up_is_no_broker_and_repeating_will_not_help() -> None:
    with (
        served(lambda connection: connection.close()) as address,
        pytest.raises(BrokerRefused, match="closes it at the first request"),
    ):
        greet(address)


def test_a_server_that_says_nothing_is_given_up_after_the_time_that_was_granted() -> None:
    with served(wait_for_the_end) as address:
        began = time.monotonic()
        with pytest.raises(BrokerUnavailable, match=r"is silent: no word of Kafka within 0\.3 s"):
            greet(address, timeout_s=0.3)
        assert time.monotonic() - began < 5.0


def test_a_web_server_is_distinguished() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1_000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with served(refuse) as address, pytest.raises(BrokerRefused, match="is HTTP, not Kafka; is it the page's"):
        greet(address)


def test_bytes_that_look_like_a_huge_answer_are_not_waited_for() -> None:
    def boast(connection: socket.socket) -> None:
        connection.recv(1_000)
        connection.sendall(b"\x7f\xff\xff\xff\x00\x00\x00\x01")
        connection.recv(1_000)

    with served(boast) as address, pytest.raises(BrokerRefused, match="is not Kafka"):
        greet(address, timeout_s=1.0)


@pytest.mark.parametrize("address", ["broker", "broker:", ":9092", "broker:nine", "broker:0", "broker:70000", "", "[::1]"])
def test_an_address_that_is_none_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(BrokerRefused, match=r"expected HOST:PORT .* such as 127\.0\.0\.1:9092"):
        greet(address)


def test_errors_that_pass_and_errors_that_stay_are_different_types() -> None:
    settings = KafkaSettings("127.0.0.1:1")
    assert isinstance(failure(KafkaTimeoutError("slow"), settings), BrokerUnavailable)
    assert isinstance(failure(TopicAuthorizationFailedError("energy.orders.v1"), settings), BrokerRefused)
    assert "MessageSizeTooLargeError" in str(failure(MessageSizeTooLargeError(), settings))
    assert (BrokerUnavailable.exit_code, BrokerRefused.exit_code) == (1, 2)


class BrokerOfThreeKinds(KafkaBroker):
    """Beside our own listener one with TLS and one that asks for a login, as another company's broker has them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, free_port(), free_port())
        self.tls_port, self.login_port = free_port(), free_port()

    def prepare(self) -> None:
        super().prepare()
        self._make_key()
        file = self.folder / "server.properties"
        more = f",TLS://127.0.0.1:{self.tls_port},LOGIN://127.0.0.1:{self.login_port}"
        lines = [line + more if "listeners=" in line else line for line in file.read_text().splitlines()]
        lines += [
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,LOGIN:SASL_PLAINTEXT",
            f"ssl.keystore.location={self.folder / 'key.p12'}",
            "ssl.keystore.password=only-for-this-test",
            "ssl.keystore.type=PKCS12",
            "sasl.enabled.mechanisms=PLAIN",
            "listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
            'username="a" password="b" user_a="b";',
        ]
        file.write_text("\n".join(lines) + "\n")

    def _make_key(self) -> None:
        command = [str(Path(java()).with_name("keytool")), "-genkeypair", "-keyalg", "EC", "-storetype", "PKCS12", "-alias", "b"]
        command += ["-keystore", str(self.folder / "key.p12"), "-storepass", "only-for-this-test", "-dname", "CN=localhost"]
        subprocess.run(command, check=True, capture_output=True)


@pytest.mark.cluster
def test_a_broker_with_tls_or_a_login_is_named_as_such_and_one_without_is_greeted(java_parts: None, tmp_path: Path) -> None:
    broker = BrokerOfThreeKinds(tmp_path / "kafka")
    with supervised(broker_parts(broker), tmp_path / "log"):
        greet(broker.bootstrap)
        greet(f"127.0.0.1:{free_port()},{broker.bootstrap}")
        with pytest.raises(BrokerRefused, match=rf"127\.0\.0\.1:{broker.tls_port} uses TLS; .* name a listener without TLS"):
            greet(f"127.0.0.1:{broker.tls_port}")
        with pytest.raises(BrokerRefused, match=r"asks for a login \(SASL: PLAIN\), which Lastgang cannot give"):
            greet(f"127.0.0.1:{broker.login_port}")

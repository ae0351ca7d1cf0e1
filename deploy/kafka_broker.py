"""One Kafka broker in KRaft mode, broker and controller in one process, on loopback, for one plant."""

from __future__ import annotations

import base64
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from connectors.kafka.client import TRANSACTION_TIMEOUT_MS
from deploy import jars, ports
from domain.errors import LastgangError


class BrokerFailed(LastgangError):
    """The broker's storage could not be prepared. Operator: the message says why; most often the disk is full."""


@dataclass(frozen=True, slots=True)
class EdgeListener:
    """A second listener, for gateways that reach the broker under another address (a relay, a firewall's forwarding)."""

    port: int
    """Where the broker listens, on loopback."""
    advertised_port: int
    """The address that clients of this listener connect to, on loopback."""


class KafkaBroker:
    """A broker whose data live in `folder`; started again on the same folder it goes on with them.

    Parameters
    ----------
    folder
        Holds ``data/``, the cluster id and the written configuration.
    port, controller_port
        Loopback ports for clients and for the broker's own controller.
    heap_mb
        Java heap [MiB]; the process takes about 150 MiB more.
    """

    def __init__(self, folder: Path, port: int, controller_port: int, heap_mb: int = 320) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.controller_port = controller_port
        self.heap_mb = heap_mb
        self.edge: EdgeListener | None = None
        """Set it before `prepare`."""

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Write the configuration, and format the storage the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = server_properties(self.folder / "data", self.port, self.controller_port, self.edge)
        (self.folder / "server.properties").write_text(properties)
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def _format(self) -> None:
        stored = self.folder / "cluster.id"
        if not stored.exists():
            stored.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A"))
        tool = self._java("kafka.tools.StorageTool", heap_mb=64)
        arguments = [
            "format",
            "--cluster-id",
            stored.read_text(),
            "--config",
            str(self.folder / "server.properties"),
            "--ignore-formatted",
        ]
        done = subprocess.run([*tool, *arguments], capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode:
            msg = f"Kafka's storage in {self.folder} could not be formatted: {(done.stderr or done.stdout).strip()[-500:]}"
            raise BrokerFailed(msg)

    def command(self) -> list[str]:
        """What starts the broker; `prepare` must have run."""
        return [*self._java("kafka.Kafka", self.heap_mb), str(self.folder / "server.properties")]

    def _java(self, main_class: str, heap_mb: int) -> list[str]:
        return [
            jars.java(),
            "-Xms32m",
            f"-Xmx{heap_mb}m",
            "-XX:+UseSerialGC",  # two cores, small heap: half the memory of G1
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            f"{jars.kafka_jars()}/*",
            main_class,
        ]

    def is_ready(self) -> bool:
        """Whether it answers a client's question, not merely accepts a connection."""
        if not ports.answers(self.port):
            return False
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self.bootstrap, client_id="lastgang-ready", request_timeout_ms=5_000, bootstrap_timeout_ms=5_000
            )
        except (KafkaError, OSError):
            return False
        try:
            admin.list_topics()
        except (KafkaError, OSError):
            return False
        else:
            return True
        finally:
            admin.close()


def server_properties(data: Path, port: int, controller_port: int, edge: EdgeListener | None = None) -> str:
    """The broker's configuration: one node, loopback only, nothing created unasked, small buffers."""
    beside = "" if edge is None else f",EDGE://127.0.0.1:{edge.port}"
    edge_listener = "" if edge is None else f",EDGE://127.0.0.1:{edge.advertised_port}"
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{beside}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}{edge_listener}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,EDGE:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "log.message.timestamp.type": "CreateTime",
        # Our readers in Python cannot unpack lz4 and snappy: one such batch, from an ERP system's client say, would hold them up for
        # ever. The broker unpacks what comes packed.
        "compression.type": "uncompressed",
        # Plant clocks may run ahead of the computer's: a record is never refused for its time stamp.
        "log.message.timestamp.after.max.ms": 2**63 - 1,
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "transaction.max.timeout.ms": TRANSACTION_TIMEOUT_MS,  # a quarter of an hour by default: a longer outage would lose rows
        "transactional.id.expiration.ms": 2 * TRANSACTION_TIMEOUT_MS,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "background.threads": 2,
        "log.segment.bytes": 64 * 2**20,
        "log.index.size.max.bytes": 2**20,
        "log.cleaner.dedupe.buffer.size": 8 * 2**20,  # 128 MiB of heap by default
        "log.cleaner.io.buffer.size": 256 * 2**10,
        # After a crash the old session must run out before the same broker may register again: 9 s by default.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 500,
        "controlled.shutdown.enable": "false",  # nobody is there to take over
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


_LOGGING = """\
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
"""

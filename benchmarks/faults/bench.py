"""The stack under test, its instruments, and the questions that every fault is followed by."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from benchmarks.faults.broken import READINGS_LIMIT_BYTES, Broken
from benchmarks.faults.devices import DeviceServers
from benchmarks.faults.disk import SmallDisk
from benchmarks.faults.influx import BUCKET, ORG, Influxd, influxd_binary
from benchmarks.faults.network import Relay
from benchmarks.faults.plant import SAMPLING_S, START_UTC, Source, meter_names, write_plant
from benchmarks.faults.undisturbed import Identity, Table, Undisturbed, difference, table_of
from connectors.kafka.client import RecordConsumer
from deploy.kafka_broker import EdgeListener
from deploy.parts import LEDGER, Part, Stage, job_parts, service
from deploy.ports import free_port
from deploy.settings import ConsoleSection, FlinkSection, KafkaSection, StackSettings
from deploy.stack import Stack
from domain.clock import StartableClock, epoch_ms
from domain.codec import UnreadableRecord
from domain.errors import LastgangError
from domain.intervals import QUARTER, Interval
from domain.plant import Plant, load_plant
from domain.topics import INTERVALS, READINGS, REJECTED, Topic
from quarters.numbers import quarter_start
from reporting.ledger import Ledger, LedgerError

SPEED = 60.0
SETTLED = timedelta(minutes=5)
"""So long after its end a quarter hour is complete: patience with late readings, two sampling periods, one bucket of the job."""
LONGEST_WAIT_S = 150.0
DEVICE_PORTS, METERS_A_PORT = 4, 5

Answer = TypeVar("Answer")


class TookTooLong(LastgangError):
    """Something that should have come back did not. Operator: the stack's logs are named."""


class Bench:
    """Everything that runs; a context manager that leaves nothing behind.

    Parameters
    ----------
    folder
        For plant, data and logs.
    seed
        Of the meters' powers.
    meters_a_port
        Meters behind each of the four Modbus listeners; each meter tells two values every 10 s of the plant's time.
    with_influx
        Also InfluxDB and its sink, where there is a binary.
    """

    def __init__(self, folder: Path, seed: int, meters_a_port: int = METERS_A_PORT, with_influx: bool = True) -> None:
        self.folder = folder
        device_ports = _ports(DEVICE_PORTS)
        names = meter_names(DEVICE_PORTS * meters_a_port)
        sources = [
            [Source(name, seed) for name in names[first : first + meters_a_port]] for first in range(0, len(names), meters_a_port)
        ]
        write_plant(folder / "plant", device_ports, meters_a_port)
        self.plant: Plant = load_plant(folder / "plant" / "plant.toml")
        self.clock_file, self.gateway_clock_file = folder / "clock", folder / "gateway-clock"
        for file in (self.clock_file, self.gateway_clock_file):
            StartableClock.hold(file, START_UTC, SPEED)
        self.clock = StartableClock(self.clock_file)
        self.devices = DeviceServers(sources, self.clock, device_ports)
        settings = StackSettings(
            kafka=KafkaSection(port=0, controller_port=0),
            flink=FlinkSection(rest_port=0, rpc_port=0),
            console=ConsoleSection(port=0),
        )
        environment = {"LASTGANG_CLOCK": f"@{self.clock_file}"}
        self.stack = Stack(
            folder / "plant", settings, environment=environment, jobs=[], services=[], before={Stage.EDGE: self._furnish}
        )
        edge_port = free_port()
        self.relay = Relay(edge_port)
        self.stack.broker.edge = EdgeListener(edge_port, self.relay.port)
        self.disk = SmallDisk(folder / "gateway-disk")
        binary = influxd_binary() if with_influx else None
        self.influx = Influxd(binary, folder / "influxd", free_port()) if binary is not None else None
        self.stack.add_parts(self._parts())
        jobs = job_parts(self.stack.plant_dir, self.stack.kafka.bootstrap, self.stack.kafka.namespace)
        self.stack.jobs.add([job for job in jobs if job.name == "metering"])
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="strike")
        self._background: Future[None] | None = None
        self.undisturbed: Undisturbed
        self.disk.make()
        self.known_differences: dict[Identity, str] = {}
        """Rows that differed after a fault and were told with it."""
        self.gateway_ends_s: list[tuple[float, float]] = []
        """From when to when the gateway was being killed or stopped, on the monotonic clock."""

    def _parts(self) -> list[Part]:
        stack = self.stack
        common = ("--plant", str(stack.plant_dir), "--namespace", stack.kafka.namespace)
        parts = [
            service("historian", Stage.SERVICES, (*common, "--kafka", stack.kafka.bootstrap, "--ledger", str(self.ledger_file))),
            service(
                "gateway", Stage.EDGE,
                (*common, "--kafka", f"127.0.0.1:{self.relay.port}", "--buffer", str(self.disk.folder / "gateway.db")),
                environment={"LASTGANG_CLOCK": f"@{self.gateway_clock_file}"},
            ),
        ]  # fmt: skip
        if self.influx is not None:
            target = ("--kafka", stack.kafka.bootstrap, "--url", self.influx.url, "--org", ORG, "--bucket", BUCKET)
            secret = {"INFLUX_TOKEN": self.influx.token}
            parts += [self.influx.part(), service("influx-sink", Stage.SERVICES, (*common, *target), environment=secret)]
        return parts

    def _furnish(self, stack: Stack) -> None:
        if self.influx is not None:
            self.influx.set_up()

    @property
    def ledger_file(self) -> Path:
        """The historian's ledger."""
        return self.stack.home / LEDGER

    # -- begin and end -------------------------------------------------------------------------------------------------

    def start(self, progress: Callable[[str, str], None] = lambda name, state: None) -> None:
        """Start everything, let the plant's time run, and return when the ledger has its first quarter hour."""
        self.devices.start()
        self.relay.start()
        self.stack.start(progress)
        self.undisturbed = Undisturbed(self.plant, self.stack.kafka, self.clock)
        running = StartableClock.start(self.clock_file)
        self.gateway_clock_file.write_text(running.as_setting(), encoding="ascii")
        progress("first quarter hour", "awaited")
        self.await_equal(quarter_start(START_UTC) + 2 * QUARTER)

    def stop(self) -> None:
        """End everything."""
        self._pool.shutdown()
        with suppress(AttributeError):
            self.undisturbed.close()
        self.stack.stop()
        self.relay.stop()
        self.devices.stop()
        self.disk.remove()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- striking ------------------------------------------------------------------------------------------------------

    def kill(self, part: str) -> None:
        """End a part as a crash would."""
        begun_s = self.monotonic()
        self.stack.supervisor.kill(part)
        if part == "gateway":
            self.gateway_ends_s.append((begun_s, self.monotonic()))

    def restart_gateway(self) -> None:
        """Ask the gateway to end, and wait until the supervisor has it back."""
        gateway = self.stack.supervisor.identity("gateway")
        assert gateway is not None
        begun_s = self.monotonic()
        os.kill(gateway.pid, signal.SIGTERM)
        supervisor = self.stack.supervisor
        self.wait_for(lambda: True if supervisor.identity("gateway") != gateway else None, "the gateway's return")
        self.gateway_ends_s.append((begun_s, self.monotonic()))
        supervisor.await_ready(["gateway"])

    def set_gateway_clock(self, by: timedelta) -> None:
        """Set the gateway's clock forward or back; the plant's own runs on."""
        StartableClock.step(self.gateway_clock_file, by)

    def has_heard_since(self, real_s: float) -> bool:
        """Whether the topic has a reading that was served in the last so many seconds."""
        since_s = self.monotonic() - real_s
        recent = [(answer.meter, answer.value_wh) for answer in self.devices.served[-5_000:] if answer.real_s >= since_s]
        return len(self.undisturbed.missing(recent)) < len(recent)

    def put(self, topic: Topic, records: Sequence[Broken]) -> dict[str, str]:
        """Put records on a topic as they are; their places, and what they are."""
        producer = KafkaProducer(
            bootstrap_servers=self.stack.kafka.bootstrap, acks="all", max_request_size=READINGS_LIMIT_BYTES,
        )  # fmt: skip
        try:
            name = self.stack.kafka.full_name(topic)
            sent = [(record, producer.send(name, key=record.key, value=record.value).get(30.0)) for record in records]
        finally:
            producer.close()
        return {f"{topic.name}/{done.partition}/{done.offset}": record.says for record, done in sent}

    def let_big_readings_through(self) -> None:
        """Raise the limit of the readings topic, as somebody may have done."""
        admin = KafkaAdminClient(bootstrap_servers=self.stack.kafka.bootstrap)
        try:
            name = self.stack.kafka.full_name(READINGS)
            limit = {"max.message.bytes": str(READINGS_LIMIT_BYTES)}
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, limit)])
        finally:
            admin.close()

    def await_refused(self, places: Mapping[str, str]) -> dict[str, str]:
        """Wait until each of the records at `places` is on the topic of rejections or noted in the ledger as unreadable; what is not."""

        missing = dict(places)

        def all_told() -> bool | None:
            for topic, partition, offset, _ in self.ask(lambda ledger: ledger.unreadable()) or ():
                missing.pop(f"{topic}/{partition}/{offset}", None)
            for message in consumer.poll(0.2):
                missing.pop(message.record().source, None)
            return None if missing else True

        with RecordConsumer(self.stack.kafka, [REJECTED]) as consumer, suppress(TookTooLong):
            self.wait_for(all_told, "refusals", LONGEST_WAIT_S / 3)
        return missing

    def rescale_metering(self, parallelism: int) -> None:
        """Let the metering job go on with another parallelism."""
        job = self.stack.jobs.job("metering")
        self.stack.jobs.restart(replace(job, settings={**job.settings, "parallelism.default": str(parallelism)}))

    def in_background(self, work: Callable[[], None]) -> None:
        """Do something slow while the topic is followed; `join_background` raises what it raised."""
        self._background = self._pool.submit(work)

    def join_background(self) -> None:
        """Wait for what was begun in the background."""
        if self._background is not None:
            background, self._background = self._background, None
            self.wait_for(lambda: True if background.done() else None, "work in the background")
            background.result()

    def end_readings(self) -> None:
        """Stop the gateway in good order and wait until all it had is on the topic."""
        begun_s = self.monotonic()
        self.stack.supervisor.stop(["gateway"])
        self.gateway_ends_s.append((begun_s, self.monotonic()))
        self.pass_time(1.0)

    # -- waiting -------------------------------------------------------------------------------------------------------

    def now_utc(self) -> datetime:
        """The plant's time."""
        return self.clock.now_utc()

    @staticmethod
    def monotonic() -> float:
        """Seconds of ours, from no particular instant."""
        return time.monotonic()

    def wait_for(self, found: Callable[[], Answer | None], what: str, timeout_s: float = LONGEST_WAIT_S) -> Answer:
        """What `found` gives as soon as it is not None; the topic is followed meanwhile.

        Raises
        ------
        TookTooLong
            If it does not come.
        """
        deadline = time.monotonic() + timeout_s
        while (result := found()) is None:
            if time.monotonic() > deadline:
                msg = f"{what}: not within {timeout_s:.0f} s; logs in {self.stack.log_folder}"
                raise TookTooLong(msg)
            self.undisturbed.follow(0.1)
        return result

    def pass_time(self, real_s: float) -> None:
        """Let so much time go by, following the topic."""
        until = time.monotonic() + real_s
        while (left := until - time.monotonic()) > 0:
            self.undisturbed.follow(min(0.2, left))

    def await_plant_time(self, until_utc: datetime) -> None:
        """Return when the plant's clock shows `until_utc`."""
        self.wait_for(lambda: True if self.now_utc() >= until_utc else None, f"the plant's clock did not come to {until_utc}")

    def await_value_after(self, since_utc: datetime) -> None:
        """Return when the ledger has a running quarter hour that rests on a reading after `since_utc`."""

        def newer() -> bool | None:
            demand = self.ask(lambda ledger: ledger.latest_demand())
            return True if demand is not None and demand.at_utc > since_utc else None

        self.wait_for(newer, f"a value after {since_utc:%H:%M:%S} in the ledger")

    def await_reading_after(self, since_utc: datetime) -> None:
        """Return when the topic has a reading that a device gave after `since_utc`."""
        since_ms = epoch_ms(since_utc)

        def newer() -> bool | None:
            recent = [(answer.meter, answer.value_wh) for answer in self.devices.served[-5_000:] if answer.plant_ms > since_ms]
            return True if len(self.undisturbed.missing(recent)) < len(recent) else None

        self.wait_for(newer, f"a reading after {since_utc:%H:%M:%S} on the topic")

    def await_influx_after(self, since_utc: datetime) -> None:
        """The same of InfluxDB."""
        influx = self.influx
        assert influx is not None

        def newer() -> bool | None:
            newest = influx.newest_demand_utc()
            return True if newest is not None and newest > since_utc else None

        self.wait_for(newer, f"a value after {since_utc:%H:%M:%S} in InfluxDB")

    def await_all_running(self) -> None:
        """Return when every part and job runs."""

        def running() -> bool | None:
            return True if all(state.state == "running" for state in self.stack.states()) else None

        self.wait_for(running, "all parts running")

    def await_equal(self, until_utc: datetime, timeout_s: float = LONGEST_WAIT_S) -> dict[Identity, str]:
        """Wait until all quarter hours up to `until_utc` are complete, and the ledger says of them what the engine says.

        Returns
        -------
        dict
            Rows that differ when patience has run out, without those that have been told before; mostly empty.
        """
        settled = until_utc + SETTLED
        self.wait_for(
            lambda: True if self.undisturbed.event_time_utc >= settled else None, f"readings after {settled:%H:%M}", timeout_s
        )
        fresh: dict[Identity, str] = {}

        def equal() -> bool | None:
            nonlocal fresh
            fresh = self.differences(until_utc)
            return None if fresh else True

        with suppress(TookTooLong):
            self.wait_for(equal, "equality", timeout_s / 3)
        self.known_differences |= fresh
        return fresh

    def differences(self, until_utc: datetime) -> dict[Identity, str]:
        """Rows that differ now and were not told before."""
        differing = difference(self.ledger_table(until_utc), self.undisturbed.table(until_utc))
        return {identity: words for identity, words in differing.items() if identity not in self.known_differences}

    # -- what there is -------------------------------------------------------------------------------------------------

    def ask(self, question: Callable[[Ledger], Any]) -> Any:
        """What the ledger says now; None while there is none."""
        with suppress(LedgerError), Ledger.open(self.ledger_file, readonly=True) as ledger:
            return question(ledger)
        return None

    def ledger_rows(self) -> list[Interval]:
        """The latest revision of every quarter hour in the ledger."""

        def rows(ledger: Ledger) -> list[Interval]:
            found: list[Interval] = []
            for meter in self.plant.meters:
                for register in meter.registers:
                    found += ledger.intervals(meter.id, register.channel, _BEGIN_UTC, _END_UTC)
            return found

        return self.ask(rows) or []

    def ledger_table(self, until_utc: datetime) -> Table:
        """What counts in the ledger."""
        return table_of(self.ledger_rows(), until_utc)

    def written_intervals(self) -> list[Interval]:
        """All committed records of the intervals topic that can be read."""
        found: list[Interval] = []
        with RecordConsumer(self.stack.kafka, [INTERVALS]) as consumer:
            for message in consumer.read_to_end():
                with suppress(UnreadableRecord):
                    found.append(message.record())
        return found

    def log_of(self, part: str) -> str:
        """All that a part has said."""
        file = self.stack.log_folder / f"{part}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def readings_per_s(self) -> float:
        """How many readings the plant gives each second of ours."""
        return sum(len(meter.registers) for meter in self.plant.meters) * SPEED / SAMPLING_S


def _ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        if (port := free_port()) not in found:
            found.append(port)
    return found


_BEGIN_UTC = datetime(2026, 1, 1, tzinfo=UTC)
_END_UTC = datetime(2027, 1, 1, tzinfo=UTC)

"""The stack under test and its instruments, put together and taken apart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from benchmarks.faults.devices import DeviceServers
from benchmarks.faults.disk import SmallDisk
from benchmarks.faults.gateway import GATEWAY, GatewayUnderTest
from benchmarks.faults.influx import BUCKET, ORG, Influxd, influxd_binary
from benchmarks.faults.ledger_view import LedgerView
from benchmarks.faults.network import Relay
from benchmarks.faults.plant import START_UTC, Source, meter_names, write_plant
from benchmarks.faults.undisturbed import Identity, Undisturbed
from benchmarks.faults.waits import Waits
from deploy.kafka_broker import EdgeListener
from deploy.parts import LEDGER, Part, Stage, job_parts, service
from deploy.ports import free_port
from deploy.settings import ConsoleSection, FlinkSection, KafkaSection, StackSettings
from deploy.stack import Stack
from domain.clock import StartableClock
from domain.plant import Plant, load_plant

SPEED = 60.0
DEVICE_PORTS, METERS_A_PORT = 4, 5


class Bench:
    """Everything that runs; a context manager that leaves nothing behind.

    Parameters
    ----------
    folder
        For plant, data and logs.
    seed
        Of the meters' powers.
    meters_a_port
        Meters behind each of the four Modbus listeners; each meter gives two values every 10 s of the plant's time.
    with_influx
        Also InfluxDB and its sink, where there is a binary.
    """

    undisturbed: Undisturbed
    waits: Waits
    gateway: GatewayUnderTest

    def __init__(self, folder: Path, seed: int, meters_a_port: int = METERS_A_PORT, with_influx: bool = True) -> None:
        device_ports = _ports(DEVICE_PORTS)
        write_plant(folder / "plant", device_ports, meters_a_port)
        self.plant: Plant = load_plant(folder / "plant" / "plant.toml")
        self._clock_file, self._gateway_clock_file = folder / "clock", folder / "gateway-clock"
        for file in (self._clock_file, self._gateway_clock_file):
            StartableClock.hold(file, START_UTC, SPEED)
        self.clock = StartableClock(self._clock_file)
        self.devices = DeviceServers(_sources(seed, meters_a_port), self.clock, device_ports)
        self.disk = SmallDisk(folder / "gateway-disk")
        binary = influxd_binary() if with_influx else None
        self.influx = Influxd(binary, folder / "influxd", free_port()) if binary is not None else None
        self.stack = self._stack(folder / "plant")
        self.relay = self._relay()
        self.stack.add_parts(self._parts())
        jobs = job_parts(self.stack.plant_dir, self.stack.kafka.bootstrap, self.stack.kafka.namespace)
        self.stack.jobs.add([job for job in jobs if job.name == "metering"])
        self.ledger = LedgerView(self.stack.home / LEDGER, self.plant)
        self.disk.make()
        self.known_differences: dict[Identity, str] = {}
        """Rows that differed after a fault and were reported with it."""

    # -- put together --------------------------------------------------------------------------------------------------

    def _stack(self, plant_dir: Path) -> Stack:
        settings = StackSettings(
            kafka=KafkaSection(port=0, controller_port=0),
            flink=FlinkSection(rest_port=0, rpc_port=0),
            console=ConsoleSection(port=0),
        )
        environment = {"LASTGANG_CLOCK": f"@{self._clock_file}"}
        return Stack(plant_dir, settings, environment=environment, jobs=[], services=[], before={Stage.EDGE: self._furnish})

    def _relay(self) -> Relay:
        """The wire between gateway and broker, which can be cut."""
        edge_port = free_port()
        relay = Relay(edge_port)
        self.stack.broker.edge = EdgeListener(edge_port, relay.port)
        return relay

    def _parts(self) -> list[Part]:
        kafka = self.stack.kafka
        common = ("--plant", str(self.stack.plant_dir), "--namespace", kafka.namespace)
        ledger = ("--kafka", kafka.bootstrap, "--ledger", str(self.stack.home / LEDGER))
        edge = ("--kafka", f"127.0.0.1:{self.relay.port}", "--buffer", str(self.disk.folder / "gateway.db"))
        gateway_clock = {"LASTGANG_CLOCK": f"@{self._gateway_clock_file}"}
        parts = [
            service("historian", Stage.SERVICES, (*common, *ledger)),
            service(GATEWAY, Stage.EDGE, (*common, *edge), environment=gateway_clock),
        ]
        if self.influx is not None:
            target = ("--kafka", kafka.bootstrap, "--url", self.influx.url, "--org", ORG, "--bucket", BUCKET)
            secret = {"INFLUX_TOKEN": self.influx.token}
            parts += [self.influx.part(), service("influx-sink", Stage.SERVICES, (*common, *target), environment=secret)]
        return parts

    def _furnish(self, stack: Stack) -> None:
        if self.influx is not None:
            self.influx.set_up()

    # -- begin and end -------------------------------------------------------------------------------------------------

    def start(self, progress: Callable[[str, str], None] = lambda name, state: None) -> None:
        """Start everything and let the plant's time run."""
        self.devices.start()
        self.relay.start()
        self.stack.start(progress)
        self.undisturbed = Undisturbed(self.plant, self.stack.kafka, self.clock)
        self.waits = Waits(self.undisturbed.follow, self.clock, self.stack.log_folder)
        self.gateway = GatewayUnderTest(self.stack.supervisor, self._gateway_clock_file, self.waits)
        running = StartableClock.start(self._clock_file)
        self._gateway_clock_file.write_text(running.as_setting(), encoding="ascii")

    def stop(self) -> None:
        """End everything."""
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
        if part == GATEWAY:
            self.gateway.kill()
        else:
            self.stack.supervisor.kill(part)

    def rescale_metering(self, parallelism: int) -> None:
        """Let the metering job go on with another parallelism."""
        job = self.stack.jobs.job("metering")
        self.stack.jobs.restart(replace(job, settings={**job.settings, "parallelism.default": str(parallelism)}))

    def log_of(self, part: str) -> str:
        """All that a part has logged."""
        file = self.stack.log_folder / f"{part}.log"
        return file.read_text(errors="replace") if file.exists() else ""


def _sources(seed: int, meters_a_port: int) -> list[list[Source]]:
    """The meters behind each port."""
    names = meter_names(DEVICE_PORTS * meters_a_port)
    return [[Source(name, seed) for name in names[first : first + meters_a_port]] for first in range(0, len(names), meters_a_port)]


def _ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        if (port := free_port()) not in found:
            found.append(port)
    return found

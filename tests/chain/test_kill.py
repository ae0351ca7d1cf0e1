"""The whole chain, and `kill -9` of each of its processes in turn: the ledger says what an undisturbed engine says of the same readings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.client import RecordConsumer
from deploy.parts import LEDGER, Stage, job_parts, service, service_parts
from deploy.ports import free_port
from deploy.processes import ProcessId
from deploy.settings import ConsoleSection, FlinkSection, KafkaSection, StackSettings
from deploy.stack import Stack
from domain.clock import StartableClock, instant
from domain.codec import encode
from domain.demand import Demand
from domain.intervals import QUARTER, Interval
from domain.plant import Plant, load_plant
from domain.readings import CONTROL_CHANNELS, Reading
from domain.topics import INTERVALS, READINGS
from metering.table import quarter_hours
from quarters.numbers import quarter_start
from reporting.ledger import Ledger, LedgerError
from simulation import demo_plant

KILLED = ("gateway", "historian", "flink-taskmanager", "kafka")
SPEED = 60.0
SETTLED = timedelta(minutes=5)
"""So long after its end a quarter hour is complete: patience with late readings, two sampling periods, one bucket of the job."""
WORST_MOMENT = timedelta(minutes=14)
"""Of a quarter hour: what dies now is away at the boundary, where the counters' readings decide."""
BEGIN_UTC = datetime(2026, 1, 1, tzinfo=UTC)
END_UTC = datetime(2027, 1, 1, tzinfo=UTC)
TIMEOUT_S = 150.0
FREE_PORTS = StackSettings(
    kafka=KafkaSection(port=0, controller_port=0), flink=FlinkSection(rest_port=0, rpc_port=0), console=ConsoleSection(port=0)
)

Row = tuple[int | None, float, str, str, int]
Table = dict[tuple[str, str, datetime], Row]
"""(meter, channel, start) -> energy [µWh], coverage, quality, method, readings."""


class Chain:
    """A simulated plant on a fast clock, read, metered and kept; without page, forecasts and advice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock_file = folder / "clock"
        demo_plant.write(folder / "plant", modbus_port=free_port(), compressor_port=free_port(), opcua_port=free_port())
        self.plant: Plant = load_plant(folder / "plant" / "plant.toml")
        StartableClock.hold(self.clock_file, demo_plant.DEMO_START_UTC, SPEED)
        environment = {"LASTGANG_CLOCK": f"@{self.clock_file}"}
        self.stack = Stack(folder / "plant", FREE_PORTS, environment=environment, jobs=[], services=[])
        stack = self.stack
        kafka = stack.kafka
        parts = service_parts(stack.plant_dir, stack.home, kafka.bootstrap, stack.settings, stack.ports["console.port"])
        arguments = ("--plant", str(stack.plant_dir), "--kafka", kafka.bootstrap, "--truth", str(folder / "truth.sqlite"))
        stack.add_parts([*(part for part in parts if part.name != "console"), service("simulate", Stage.EDGE, arguments)])
        stack.jobs.add([job for job in job_parts(stack.plant_dir, kafka.bootstrap, kafka.namespace) if job.name == "metering"])

    def now_utc(self) -> datetime:
        """The plant's time."""
        return StartableClock(self.clock_file).now_utc()

    def query(self, question: Callable[[Ledger], Any]) -> Any:
        """What the ledger says now; None while there is none."""
        with suppress(LedgerError), Ledger.open(self.stack.home / LEDGER, readonly=True) as ledger:
            return question(ledger)
        return None

    def await_demand_of(self, since_utc: datetime) -> Demand:
        """Return when the ledger knows a running quarter hour that rests on a reading after `since_utc`."""

        def newer() -> Demand | None:
            demand: Demand | None = self.query(lambda ledger: ledger.latest_demand())
            return demand if demand is not None and demand.at_utc > since_utc else None

        return self._wait(newer, f"no running quarter hour after {since_utc} came to the ledger")

    def await_quarter_after(self, start_utc: datetime) -> datetime:
        """Return when the ledger has a quarter hour that starts after `start_utc`; the last one's start."""

        def newer() -> datetime | None:
            span = self.query(lambda ledger: ledger.interval_span())
            return span[1] if span is not None and span[1] > start_utc else None

        return self._wait(newer, f"no quarter hour after {start_utc} came to the ledger")

    def _wait(self, found: Callable[[], Any], otherwise: str) -> Any:
        deadline = time.monotonic() + TIMEOUT_S
        while (result := found()) is None:
            self.stack.supervisor.check(self.names())
            assert time.monotonic() < deadline, f"{otherwise} within {TIMEOUT_S:.0f} s; logs in {self.stack.log_folder}"
            time.sleep(0.2)  # files and clusters have no event for it
        return result

    def await_plant_time(self, until_utc: datetime) -> None:
        """Return when the plant's clock shows `until_utc`."""
        self._wait(lambda: self.now_utc() >= until_utc or None, f"the plant's clock did not come to {until_utc}")

    def names(self) -> list[str]:
        """Names of all parts."""
        return [part.name for part in self.stack.supervisor.parts()]

    def processes(self) -> list[ProcessId]:
        """Every process of the stack that runs now."""
        return [member.identity() for state in self.stack.states() for member in state.family]

    def log(self) -> list[Reading]:
        """All readings on the topic, partitions merged by the time of writing."""
        with RecordConsumer(self.stack.kafka, [READINGS]) as consumer:
            messages = consumer.read_to_end()
        return [message.record() for message in sorted(messages, key=lambda m: (m.timestamp_ms, m.partition, m.offset))]

    def written_intervals(self) -> list[Interval]:
        """All committed records of the intervals topic."""
        with RecordConsumer(self.stack.kafka, [INTERVALS]) as consumer:
            return [message.record() for message in consumer.read_to_end()]

    def ledger_table(self, until_utc: datetime) -> Table:
        """What counts in the ledger, of quarter hours that end by `until_utc`."""
        rows: list[Interval] = []
        with Ledger.open(self.stack.home / LEDGER, readonly=True) as ledger:
            for meter in self.plant.meters:
                for register in meter.registers:
                    rows += ledger.intervals(meter.id, register.channel, BEGIN_UTC, END_UTC)
        return table_of(rows, until_utc)


def table_of(rows: Iterable[Interval], until_utc: datetime) -> Table:
    return {
        (i.meter, i.channel, i.start_utc): (i.energy_uwh, i.coverage, str(i.quality), str(i.method), i.readings)
        for i in rows
        if i.end_utc <= until_utc
    }


def difference(found: Table, expected: Table) -> str:
    """The rows that differ, for people."""
    lines = []
    for identity in sorted({*found, *expected}):
        if found.get(identity) != expected.get(identity):
            meter, channel, start = identity
            lines.append(f"{meter} {channel} {start:%H:%M}: ledger {found.get(identity)}, engine {expected.get(identity)}")
    return "\n".join(lines)


@pytest.fixture
def chain(java_parts: None, tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.stack.stop()


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_whichever_process_is_killed_the_ledger_says_what_the_undisturbed_engine_says(chain: Chain) -> None:
    stack = chain.stack
    stack.start()
    StartableClock.start(chain.clock_file)
    seen = {*chain.processes()}
    newest_utc = chain.await_quarter_after(BEGIN_UTC)

    for name in KILLED:
        chain.await_plant_time(quarter_start(chain.now_utc()) + WORST_MOMENT)
        before, killed_utc = time.monotonic(), chain.now_utc()
        stack.supervisor.kill(name)
        stack.supervisor.await_ready([name])
        chain.await_demand_of(killed_utc)
        print(f"kill -9 of {name}: a value read after it was in the ledger after {time.monotonic() - before:.1f} s")
        newest_utc = chain.await_quarter_after(newest_utc)
        seen |= {*chain.processes()}

    chain.await_plant_time(quarter_start(chain.now_utc()) + QUARTER + 2 * SETTLED)
    stack.supervisor.stop(["gateway"])
    stack.supervisor.stop(["simulate"])
    readings = chain.log()
    # What a gateway says of itself as it ends is newer than what its meters were read at.
    last_utc = quarter_start(instant(max(r.observed_ms for r in readings if r.channel not in CONTROL_CHANNELS)) - SETTLED)
    expected = undisturbed(chain.plant, readings, last_utc)
    deadline = time.monotonic() + TIMEOUT_S
    while (found := chain.ledger_table(last_utc)) != expected and time.monotonic() < deadline:
        time.sleep(0.5)
    print(f"{len(readings)} readings, {len(found)} rows of {len({start for _, _, start in found})} quarter hours")

    assert found == expected, difference(found, expected)
    assert len({start for _, _, start in found}) > len(KILLED)
    methods = {method for _, _, _, method, _ in found.values()}
    assert {"register", "interpolated"} <= methods, "the gateway's death left no boundary without readings"
    assert_no_reading_was_lost(readings)
    assert_nothing_was_written_twice(chain)
    seen |= {*chain.processes()}
    stack.stop()
    assert [identity for identity in seen if identity.is_alive()] == []


def undisturbed(plant: Plant, readings: Iterable[Reading], until_utc: datetime) -> Table:
    """The engine alone, on all that is on the log."""
    result = quarter_hours(plant, [r for r in readings if r.channel not in CONTROL_CHANNELS])
    return table_of(result.rows(), until_utc)


def assert_no_reading_was_lost(readings: Iterable[Reading]) -> None:
    """The gateway's numbers have no holes; what was sent twice says the same."""
    by_sequence: dict[int, set[bytes]] = {}
    for reading in readings:
        if reading.sequence is not None:
            by_sequence.setdefault(reading.sequence, set()).add(encode(reading))
    assert set(range(1, max(by_sequence) + 1)) - by_sequence.keys() == set()
    assert [number for number, lines in by_sequence.items() if len(lines) > 1] == []


def assert_nothing_was_written_twice(chain: Chain) -> None:
    """Committed revisions are unique on the topic, and the ledger has met no contradiction."""
    identities = [(i.meter, i.channel, i.start_utc, i.revision) for i in chain.written_intervals()]
    assert len(identities) == len(set(identities))
    with Ledger.open(chain.stack.home / LEDGER, readonly=True) as ledger:
        assert ledger.conflicts() == []
        assert ledger.unreadable() == []

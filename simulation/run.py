"""The simulated plant as a process: servers, factory, planner and the record of the truth, wired together."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, Message, RecordConsumer, RecordProducer, ensure_topics
from domain.clock import Clock
from domain.codec import UnreadableRecord
from domain.errors import LastgangError
from domain.orders import Order, OrderStatus
from domain.recommendations import Decision, Recommendation
from domain.topics import DECISIONS, ORDERS, RECOMMENDATIONS, Topic
from simulation.factory import QuarterHour
from simulation.live import LivePlant, ServedMachine, ServedMeter, served_devices, set_register_starts
from simulation.planner import Acceptance, Desk, past_orders
from simulation.serve import PlantServers, keep_step
from simulation.span import HISTORY, Span, begin, job_of, over_before, register_start_uwh, schedule_of
from simulation.truth import TruthFile

log = structlog.get_logger("simulation")
_KAFKA_EVERY_S = 0.25
"""Real seconds between looks at the topics."""


class OtherPlant(LastgangError):
    """The truth file belongs to another run. Operator: name another file with --truth, or remove this one to start over."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of `lastgang simulate`."""

    folder: Path
    span: Span
    clock: Clock
    truth: Path
    kafka: KafkaSettings | None = None
    acceptance: Acceptance = Acceptance.AUTO
    until_utc: datetime | None = None


class SimulatedPlant:
    """Factory, desk and truth of one run; pure of sockets."""

    def __init__(self, settings: RunSettings, meters: list[ServedMeter], machines: list[ServedMachine]) -> None:
        self.settings = settings
        self.truth = TruthFile(settings.truth)
        self.desk = Desk(settings.span, settings.acceptance)
        self._complete: list[QuarterHour] = []
        stored = self.truth.state("factory")
        self._check_same_run()
        if stored is not None:
            self.desk.restore(self.truth.state("desk"), self.truth.orders())
        span = settings.span
        fresh = self.desk.write_plan(span.start_utc) if stored is None else []
        factory = begin(span, schedule_of([*over_before(span), *self.desk.orders.values()], span.nature))
        factory.on_quarter = self._complete.append
        if stored is None:
            profiles = {meter.meter: meter.profile for meter in meters}
            keys = list(factory.counters.energy_uwh)
            starts = {key: register_start_uwh(span.seed, *key, profiles.get(key[0])) for key in keys}
            set_register_starts(factory, starts)
        else:
            factory.restore(stored)
        self.live = LivePlant(factory, settings.clock)
        self.resumed = stored is not None
        if fresh:
            self._store_orders(fresh)

    def _check_same_run(self) -> None:
        span = self.settings.span
        run = [span.plant.site.id, span.start_utc.isoformat(), span.seed, span.scale]
        known = self.truth.state("run")
        if known is None:
            self.truth.store([], {"run": run})
        elif known != run:
            msg = (
                f"{self.settings.truth}: holds the run {known} (site, start, seed, scale), not {run}; "
                f"name another file with --truth or remove this one"
            )
            raise OtherPlant(msg)

    def _state(self) -> dict[str, Any]:
        return {"factory": self.live.factory.snapshot(), "desk": self.desk.stored()}

    def _store_orders(self, orders: list[Order]) -> None:
        self.truth.store_orders(orders, self._state())

    def store_quarters(self) -> None:
        """Write the quarter hours that are complete."""
        if self._complete:
            self.truth.store(self._complete, self._state())
            self._complete.clear()

    def work(self) -> list[tuple[Topic, Any]]:
        """Bring everything to the present: records to be published."""
        now = datetime.fromtimestamp(self.live.now_s(), UTC)
        self.store_quarters()
        changed = [*self.desk.write_plan(now), *self.desk.carry_out(now), *self.desk.progress(now)]
        for order in changed:
            self.live.factory.schedule.put(job_of(order))
        waiting = self.live.factory.loads.waiting
        has_set = self.desk.carry_out_on_loads(waiting, now)
        if changed or has_set:
            waiting.forget(now.timestamp())
            self._store_orders(changed)
        return [(ORDERS, order) for order in changed]

    def close(self) -> None:
        """Store where it stands."""
        self.live.now_s()
        self.truth.store(self._complete, self._state())
        self._complete.clear()
        self.truth.close()


class Topics:
    """The planner's letters: what could not be sent yet is kept and sent again; the same record twice does no harm."""

    def __init__(self, settings: KafkaSettings) -> None:
        ensure_topics(settings)
        self._settings = settings
        self._producer = RecordProducer(settings)
        self._consumer = RecordConsumer(settings, [RECOMMENDATIONS, DECISIONS])
        self._unsent: list[tuple[Topic, Any]] = []

    def exchange(self, outgoing: list[tuple[Topic, Any]]) -> list[Any]:
        """Send, and say what has come. Blocks for a moment; called from a thread."""
        self._unsent += outgoing
        if self._unsent:
            with suppress(BrokerUnavailable):
                for topic, record in self._unsent:
                    self._producer.send(topic, record)
                self._producer.flush(10.0)
                self._unsent.clear()
        try:
            return _records(self._consumer.poll(0.05))
        except BrokerUnavailable:
            return []  # the broker is away; where we read is known, so nothing is missed

    def read_all(self) -> list[Any]:
        """Everything that the topics hold now."""
        return _records(self._consumer.read_to_end())

    def close(self) -> None:
        """Let go of the sockets."""
        self._consumer.close()
        self._producer.close()


def _records(messages: list[Message]) -> list[Any]:
    """What can be read of `messages`; the rest is not for us to judge."""
    found = []
    for message in messages:
        with suppress(UnreadableRecord):
            found.append(message.record())
    return found


def take(desk: Desk, records: list[Any], now_utc: datetime) -> None:
    """Lay what has come onto the desk."""
    for record in records:
        if isinstance(record, Recommendation):
            desk.take_recommendation(record, now_utc)
        elif isinstance(record, Decision):
            desk.take_decision(record)


async def _plan(plant: SimulatedPlant, topics: Topics, stopped: asyncio.Event) -> None:
    now = plant.settings.clock.now_utc()
    take(plant.desk, await asyncio.to_thread(topics.read_all), now)
    outgoing: list[tuple[Topic, Any]] = [(ORDERS, order) for order in plant.desk.orders.values()]
    if plant.truth.state("past_orders") is None:
        past = past_orders(plant.settings.span, plant.settings.span.start_utc - HISTORY)
        outgoing = [*((ORDERS, order) for order in past), *outgoing]
        plant.truth.store([], {"past_orders": len(past)})
    while not stopped.is_set():
        records = await asyncio.to_thread(topics.exchange, outgoing)
        now = datetime.fromtimestamp(plant.live.now_s(), UTC)
        take(plant.desk, records, now)
        outgoing = [(DECISIONS, decision) for decision in plant.desk.decide(now)]
        outgoing += plant.work()
        _print(outgoing)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _KAFKA_EVERY_S)
    await asyncio.to_thread(topics.exchange, outgoing)


def _print(outgoing: list[tuple[Topic, Any]]) -> None:
    for _, record in outgoing:
        if isinstance(record, Decision):
            log.info("decided", recommendation=record.recommendation, kind=record.kind.value, comment=record.comment)
        elif record.reason and record.status is OrderStatus.PLANNED:
            log.info("moved", job=record.job, start_utc=record.start_utc.isoformat(), reason=record.reason)


async def run(settings: RunSettings) -> None:
    """Serve until SIGTERM, SIGINT or `until_utc`."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    meters, machines = served_devices(settings.folder)
    plant = SimulatedPlant(settings, meters, machines)
    servers = PlantServers(plant.live, meters, machines)
    tasks: list[asyncio.Task[None]] = []
    topics: Topics | None = None
    try:
        await servers.start()
        if settings.kafka is not None:
            topics = await asyncio.to_thread(Topics, settings.kafka)
            tasks.append(asyncio.create_task(_plan(plant, topics, stopped)))
        log.info(
            "simulation_ready",
            site=settings.span.plant.site.id,
            meters=len(meters),
            machines=len(machines),
            resumed=plant.resumed,
            plant_time=settings.clock.now_utc().isoformat(timespec="seconds"),
            orders="kafka" if topics else "not published",
        )

        async def step(at_s: int) -> None:
            if topics is None:
                plant.work()
            await servers.update(at_s)
            for task in tasks:
                if task.done():
                    task.result()

        await keep_step(plant.live, step, stopped, settings.until_utc.timestamp() if settings.until_utc else None)
    finally:
        stopped.set()
        for task in tasks:
            await task
        await servers.stop()
        if topics is not None:
            await asyncio.to_thread(topics.close)
        plant.close()

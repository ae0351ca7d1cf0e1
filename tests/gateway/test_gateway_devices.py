"""The whole gateway with real sockets to the devices: what one of them does is on the topic, and concerns no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pytest
from gateway_helpers import PLANT, TestBroker, write_plant
from hand_modbus_server import HandServer, Manner

from connectors.gateway.buffer import Buffer
from connectors.gateway.fleet import load_fleet
from connectors.gateway.outbox import Outbox
from connectors.gateway.pace import Pace
from connectors.gateway.process import Gateway, GatewaySettings
from connectors.kafka.client import KafkaSettings
from connectors.modbus import learned
from connectors.modbus.poller import Poller
from domain.clock import ScaledClock
from domain.codec import decode
from domain.readings import CONNECTION_CHANNEL, HEARTBEAT_CHANNEL, REFUSED_CHANNEL, Reading

START_UTC = datetime(2026, 10, 23, 4, tzinfo=UTC)
POWER, ENERGY = 19026, 19068
WORDS = {3: dict.fromkeys(range(19_000, 19_122), 0)}


class Topic(TestBroker):
    """The readings topic, and whoever waits for something on it."""

    def readings(self, meter: str, channel: str) -> list[Reading]:
        found = [decode(Reading, value) for value in list(self.topic)]
        return [reading for reading in found if (reading.meter, reading.channel) == (meter, channel)]

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.01)  # the outbox has threads of its own


@asynccontextmanager
async def gateway(plant: Path, speed: float) -> AsyncIterator[Topic]:
    topic, stop = Topic(), asyncio.Event()
    buffer = plant / "b.db"
    outbox = Outbox(Buffer(buffer), topic.connect, Pace(gather_s=0.001))
    clock = ScaledClock(datetime.now(UTC), START_UTC, speed)
    made = Gateway(load_fleet(plant), GatewaySettings("gateway-1", buffer, KafkaSettings("127.0.0.1:1")), clock, outbox)
    outbox.start()
    running = asyncio.create_task(made.run(stop))
    try:
        yield topic
    finally:
        stop.set()
        await running
        outbox.stop(1.0)


def run(main: Callable[[], object]) -> None:
    asyncio.run(asyncio.wait_for(main(), 60))  # type: ignore[arg-type]


def test_a_refused_register_is_on_the_topic_again_and_again_and_its_end_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "FIRST_AGAIN_S", 0.5)
    monkeypatch.setattr(learned, "LAST_AGAIN_S", 0.5)

    async def main() -> None:
        def refuse(unit: int, function: int, address: int, count: int) -> Manner:
            return 2 if address <= POWER < address + count else None

        async with HandServer({1: WORDS}, manner=refuse) as meter, gateway(write_plant(tmp_path, meter.port), 600.0) as topic:
            await topic.until(lambda: len(topic.readings("main-meter", REFUSED_CHANNEL)) >= 4)
            at_first, *reported = topic.readings("main-meter", REFUSED_CHANNEL)
            assert at_first.value == 0, "a gateway before this one may have reported otherwise"
            assert {reading.value for reading in reported} == {1}
            assert {reading.text for reading in reported} == {
                "power (active_power_total, function 3 registers 19026 to 19027): exception 02, illegal data address"
            }
            assert reported[2].observed_ms - reported[1].observed_ms >= 59_000, "once a minute, for who begins to listen later"
            assert topic.readings("main", "power") == []
            await topic.until(lambda: len(topic.readings("main", "energy_import")) > 5)
            meter.manner = lambda *_: None
            await topic.until(lambda: topic.readings("main-meter", REFUSED_CHANNEL)[-1].value == 0)
            assert topic.readings("main-meter", REFUSED_CHANNEL)[-1].text == "no register is refused any more"
            await topic.until(lambda: bool(topic.readings("main", "power")))
            assert {reading.text for reading in topic.readings("main-meter", CONNECTION_CHANNEL)} == {"connected"}

    run(main)


def test_a_meter_that_stalls_and_comes_back_is_on_the_topic(tmp_path: Path) -> None:
    async def main() -> None:
        async with HandServer({1: WORDS}) as meter, gateway(write_plant(tmp_path, meter.port), 600.0) as topic:
            await topic.until(lambda: bool(topic.readings("main", "power")))
            meter.manner = lambda *_: 6
            await topic.until(lambda: topic.readings("main-meter", CONNECTION_CHANNEL)[-1].text == "stalled")
            meter.manner = lambda *_: None
            await topic.until(lambda: topic.readings("main-meter", CONNECTION_CHANNEL)[-1].text == "connected")

    run(main)


def test_a_fault_of_ours_at_one_connection_stops_no_other_and_is_on_the_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Poller.run
    failures = 0

    async def fails_once_at_the_hall(poller: Poller) -> None:
        nonlocal failures
        if poller._devices[0].id == "hall-meter" and failures < 2:
            failures += 1
            msg = "nobody thought of that"
            raise KeyError(msg)
        await whole(poller)

    monkeypatch.setattr(Poller, "run", fails_once_at_the_hall)

    async def main() -> None:
        async with HandServer({1: WORDS}) as meter, HandServer({1: WORDS}) as hall:
            folder = write_plant(tmp_path, meter.port)
            (folder / "plant.toml").write_text(PLANT + PLANT[PLANT.index("[[meter]]") :].replace('id = "main"', 'id = "hall"'))
            text = (folder / "devices" / "main-meter.toml").read_text().replace("main", "hall")
            (folder / "devices" / "hall.toml").write_text(text.replace(f"port = {meter.port}", f"port = {hall.port}"))
            async with gateway(folder, 600.0) as topic:
                await topic.until(lambda: bool(topic.readings("main", "power")) and bool(topic.readings("hall", "power")))
                states = [text for text, _ in groupby(r.text for r in topic.readings("hall-meter", CONNECTION_CHANNEL))]
                assert (states, failures) == (["lost", "connected"], 2)
                assert {r.text for r in topic.readings("main-meter", CONNECTION_CHANNEL)} == {"connected"}
                assert topic.readings("gateway-1", HEARTBEAT_CHANNEL)

    run(main)

"""What the gateway's tests share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plant_texts import COUNTER, GAUGE, plant, register

from domain.errors import LastgangError
from domain.readings import Reading

PLANT = plant("werk", "main", register(*GAUGE), register(*COUNTER, encoding='"float32"'), max_power_kw=500.0)
METER = """
[device]
id = "main-meter"
meter = "main"
protocol = "modbus-tcp"
host = "127.0.0.1"
port = {port}
unit_id = 1
profile = "janitza_umg96rm"
poll_s = 5

[channels]
power = "active_power_total"
energy_import = "active_energy_import"
"""


def write_plant(folder: Path, port: int = 5020, **replaced: str) -> Path:
    """A plant with one Janitza; `replaced` changes words in its device file."""
    (folder / "devices").mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(PLANT, encoding="utf-8")
    text = METER.format(port=port)
    for found, instead in replaced.items():
        text = text.replace(found, instead)
    (folder / "devices" / "main-meter.toml").write_text(text, encoding="utf-8")
    return folder


def reading(number: int, channel: str = "energy_import") -> Reading:
    """A reading of the meter `main` whose value is `number`."""
    return Reading("werk", "main", channel, 1_000 * number, 1_000 * number + 5, float(number), gateway="gateway-1")


class BrokerAway(LastgangError):
    """The test's broker is not there."""


class Future:
    """A send's future, resolved by the test's broker."""

    def __init__(self) -> None:
        self._then: Callable[[Any], None] | None = None
        self._else: Callable[[Any], None] | None = None
        self._outcome: tuple[bool, Any] | None = None

    def add_callback(self, then: Callable[[Any], None]) -> None:
        self._then = then
        self._report()

    def add_errback(self, otherwise: Callable[[Any], None]) -> None:
        self._else = otherwise
        self._report()

    def resolve(self, well: bool) -> None:
        self._outcome = (well, None if well else "delivery timed out")
        self._report()

    def _report(self) -> None:
        if self._outcome is None or self._then is None or self._else is None:
            return
        well, what = self._outcome
        self._outcome = None
        (self._then if well else self._else)(what)


class TestBroker:
    """A topic in memory. While `there` is false nobody connects; while `answers` is false nothing is acknowledged."""

    __test__ = False

    def __init__(self) -> None:
        self.there = self.answers = True
        self.topic: list[bytes] = []
        self._waiting: list[tuple[Future, bytes]] = []
        self._turn = threading.Lock()
        self.requested = threading.Event()

    def connect(self) -> TestBroker:
        self.requested.set()
        if not self.there:
            msg = "nobody listens"
            raise BrokerAway(msg)
        return self

    def send_bytes(self, key: bytes, value: bytes) -> Future:
        future = Future()
        with self._turn:
            if self.answers:
                self.topic.append(value)
                future.resolve(True)
            else:
                self._waiting.append((future, value))
                self.requested.set()
        return future

    def fail_waiting(self) -> None:
        with self._turn:
            waiting, self._waiting = self._waiting, []
        for future, _ in waiting:
            future.resolve(False)

    def close(self, timeout_s: float) -> None:
        self.fail_waiting()

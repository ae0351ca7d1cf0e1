"""What the tests of OPC UA sessions share: a listener, and a server of `node-opcua` in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.channels import Channel, RefusedChannel
from connectors.devices import LiveValue
from connectors.gaps import Gap, GapBook, HistorySink, Key, Note, PastValue
from connectors.opcua.config import OpcUaHead
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.session import ServerSession
from domain.clock import SystemClock
from domain.plant import RegisterKind
from domain.readings import ReadingQuality

PEER = Path(__file__).parents[1] / "opcua_peer"
URI = "urn:example:press"


@dataclass(frozen=True)
class Reported:
    device: str
    channel: str
    observed_ms: int
    received_ms: int
    value: float | int | None
    quality: ReadingQuality
    text: str | None


@dataclass
class Ledger:
    """What a disk would hold of marks and gaps."""

    marks: dict[Key, int] = field(default_factory=dict)
    gaps: dict[int, Gap] = field(default_factory=dict)

    def remember(self, note: Note | None) -> None:
        if note is not None:
            self.marks.update(note.marks)
            self.gaps.update({gap.number: gap for gap in note.gaps})
            for number in note.closed:
                self.gaps.pop(number, None)

    def book(self) -> GapBook:
        """The book of the next process."""
        return GapBook(self.marks, self.gaps.values())


class Received:
    """Takes what a session passes on, and lets a test wait for it."""

    def __init__(self) -> None:
        self.readings: list[Reported] = []
        self.states: list[str] = []
        self.reasons: list[str] = []
        self.refused: list[tuple[RefusedChannel, ...]] = []
        self.past: list[tuple[str, PastValue]] = []
        self.pieces: list[int] = []
        self.gaps_reported: list[tuple[str, int | None, str]] = []
        self.book = GapBook()
        self.ledger = Ledger()
        self._something = asyncio.Event()

    def emit(self, live: LiveValue) -> None:
        channel = live.channel
        reported = Reported(
            channel.device, channel.channel, live.observed_ms, live.received_ms, live.value, live.quality, live.text
        )
        self.readings.append(reported)
        self.ledger.remember(live.note)
        self._something.set()

    def put_past(self, channel: Channel, values: Sequence[PastValue], note: Note) -> None:
        self.past += [(channel.channel, value) for value in values]
        self.pieces.append(len(values))
        self.ledger.remember(note)
        self._something.set()

    def report_gap(self, device: str, values: int | None, text: str) -> None:
        self.gaps_reported.append((device, values, text))
        self._something.set()

    def sink(self) -> HistorySink:
        return HistorySink(self.book, self.put_past, lambda: False, self.report_gap)

    def past_ms(self, channel: str) -> list[int]:
        return [value.observed_ms for name, value in self.past if name == channel]

    def report(self, device: str, state: str, why: str) -> None:
        self.states.append(state)
        self.reasons.append(why)
        self._something.set()

    def report_refused(self, device: str, refused: Sequence[RefusedChannel]) -> None:
        self.refused.append(tuple(refused))
        self._something.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._something.clear()
            await self._something.wait()

    def of(self, channel: str, device: str = "press") -> list[Reported]:
        return [reading for reading in self.readings if (reading.device, reading.channel) == (device, channel)]

    async def until_published(self, value: float | str, channel: str, *devices: str) -> None:
        """Until that is the newest number or text of the channel, of each of the devices."""

        def is_so() -> bool:
            newest = [self.of(channel, device)[-1:] for device in devices or ("press",)]
            return all(of_one and value in (of_one[0].value, of_one[0].text) for of_one in newest)

        await self.until(is_so)

    def has_received(self, channel: str, value: float | None) -> bool:
        return any(reading.value == value for reading in self.of(channel))


def head(endpoint: str, **more: Any) -> OpcUaHead:
    settings = {"id": "press", "meter": "m", "protocol": "opcua", "endpoint": endpoint, "namespace_uri": URI, "security": "none"}
    return OpcUaHead.model_validate({**settings, "sampling_ms": 20, **more})


def channels() -> list[Channel]:
    by = Decimal(1)
    return [
        Channel("press", "m", "power", "s=Press.Power", Decimal("0.001"), "kW", RegisterKind.GAUGE, 1.0),
        Channel("press", "m", "energy_import", "s=Press.Energy", by, "kWh", RegisterKind.COUNTER, 1.0),
        Channel("press", "m", "parts", "s=Press.Parts", by),
        Channel("press", "m", "state", "s=Press.State", by),
    ]


def gauge(channel: str, node: str, device: str = "press") -> Channel:
    """A register of the plant file."""
    return Channel(device, "m", channel, node, Decimal(1), "kW", RegisterKind.GAUGE, 1.0)


def context(channel: str, node: str, device: str = "press") -> Channel:
    """What is no register: a state, a count."""
    return Channel(device, "m", channel, node)


@contextlib.asynccontextmanager
async def session(
    settings: OpcUaHead, received: Received, folder: Path = Path(), wanted: Sequence[Channel] | None = None
) -> AsyncIterator[ServerSession]:
    """A running session of one device that is gone afterwards."""
    async with session_of([SubscribedDevice(settings, wanted if wanted is not None else channels(), folder)], received) as running:
        yield running


@contextlib.asynccontextmanager
async def session_of(devices: Sequence[SubscribedDevice], received: Received) -> AsyncIterator[ServerSession]:
    """A running session of the devices of one server."""
    running = ServerSession(devices, SystemClock(), received.emit, received.report, received.sink(), received.report_refused)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=1.0)


class Peer:
    """A `node-opcua` server."""

    def __init__(self, process: asyncio.subprocess.Process, endpoint: str, namespace_index: int) -> None:
        self.process, self.endpoint, self.namespace_index = process, endpoint, namespace_index

    async def write(self, node: str, value: object, status: str = "Good", source_ms: int = 0) -> None:
        assert await self._do({"node": node, "value": value, "status": status, "source_ms": source_ms}) == node

    async def write_many(
        self, node: str, first: float, by: float, count: int, source_ms: int, step_ms: int, pace_ms: int = 0
    ) -> None:
        """`count` values, each larger by `by` and later by `step_ms`; at once, or as a machine would."""
        many = {
            "node": node,
            "value": first,
            "by": by,
            "count": count,
            "source_ms": source_ms,
            "step_ms": step_ms,
            "pace_ms": pace_ms,
        }
        assert await self._do(many) == node

    async def remove(self, node: str) -> None:
        """As a program download does."""
        assert await self._do({"remove": node}) == node

    async def make(self, node: str) -> None:
        """The same node again, with nothing in it."""
        assert await self._do({"make": node}) == node

    async def requests(self) -> dict[str, Any]:
        """What history the server was asked for."""
        answer: dict[str, Any] = await self._do({"asked": True})
        return answer

    async def _do(self, command: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        line = b""
        while not line.startswith(b'{"'):  # the library says things of its own
            line = await self.process.stdout.readline()
            assert line, "the peer ended"
        return json.loads(line)["done"]

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def peer(port: int, folder: Path, namespaces_before: int = 0, history_of: str = "", most: int = 0) -> AsyncIterator[Peer]:
    """A server on `port` that keeps the history of the nodes named and takes at most `most` operations a call; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        "node", str(PEER / "server.mjs"), str(port), str(folder / "pki"), str(namespaces_before), history_of, str(most),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    line = b""
    while not line.startswith(b"{"):
        line = await process.stdout.readline()
        assert line or process.returncode is None, "the peer ended before it listened"
    ready = json.loads(line)
    server = Peer(process, ready["endpoint"], ready["namespace_index"])
    try:
        yield server
    finally:
        await server.kill()


def peer_or_skip() -> None:
    """Skips where node or its modules are absent; in CI that is a failure."""
    if shutil.which("node") is not None and (PEER / "node_modules" / "node-opcua").is_dir():
        return
    message = f"no node-opcua: `npm ci --prefix {PEER.relative_to(PEER.parents[1])}` (needs Node.js)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)

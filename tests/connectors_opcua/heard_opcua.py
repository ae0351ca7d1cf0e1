"""What the tests of OPC UA sessions share: a listener, and a server of `node-opcua` in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.devices import Channel
from connectors.opcua.config import OpcUaHead
from connectors.opcua.session import ServerSession, SubscribedDevice
from domain.clock import SystemClock
from domain.plant import RegisterKind
from domain.readings import ReadingQuality

PEER = Path(__file__).parents[1] / "opcua_peer"
URI = "urn:example:press"


@dataclass(frozen=True)
class Told:
    channel: str
    observed_ms: int
    received_ms: int
    value: float | int | None
    quality: ReadingQuality
    text: str | None


class Heard:
    """Takes what a session passes on, and lets a test wait for it."""

    def __init__(self) -> None:
        self.readings: list[Told] = []
        self.states: list[str] = []
        self.reasons: list[str] = []
        self._something = asyncio.Event()

    def emit(
        self,
        channel: Channel,
        observed_ms: int,
        received_ms: int,
        value: float | int | None,
        quality: ReadingQuality = ReadingQuality.GOOD,
        text: str | None = None,
    ) -> None:
        self.readings.append(Told(channel.channel, observed_ms, received_ms, value, quality, text))
        self._something.set()

    def report(self, device: str, state: str, why: str) -> None:
        self.states.append(state)
        self.reasons.append(why)
        self._something.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._something.clear()
            await self._something.wait()

    def of(self, channel: str) -> list[Told]:
        return [reading for reading in self.readings if reading.channel == channel]

    def said(self, channel: str, value: float | None) -> bool:
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


@contextlib.asynccontextmanager
async def session(settings: OpcUaHead, heard: Heard, folder: Path = Path()) -> AsyncIterator[ServerSession]:
    """A running session that is gone afterwards."""
    running = ServerSession([SubscribedDevice(settings, channels(), folder)], SystemClock(), heard.emit, heard.report)
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

    async def say(self, node: str, value: object, status: str = "Good", source_ms: int = 0) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        command = {"node": node, "value": value, "status": status, "source_ms": source_ms}
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        line = b""
        while not line.startswith(b"{"):  # the library says things of its own
            line = await self.process.stdout.readline()
            assert line, "the peer ended"
        assert json.loads(line) == {"done": node}

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def peer(port: int, folder: Path, namespaces_before: int = 0) -> AsyncIterator[Peer]:
    """A server on `port`; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        "node", str(PEER / "server.mjs"), str(port), str(folder / "pki"), str(namespaces_before),
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

"""One OPC UA server: a session that comes back from whatever ends it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from asyncua import ua
from asyncua.client.ua_client import UaClientState

from connectors.devices import LOST, REFUSED, STALLED, Emit, Report, ReportRefused
from connectors.gaps import HistorySink, Key
from connectors.opcua.calls import Calls, is_undecodable
from connectors.opcua.client import TROUBLE, GatewayClient, is_transient
from connectors.opcua.history import GapFiller
from connectors.opcua.intake import Intake
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.liveness import Stalled, described
from connectors.opcua.reports import Reports
from connectors.opcua.upkeep import Upkeep
from connectors.pause import Pause
from domain.clock import Clock

_log = structlog.get_logger("opcua")

LONGEST_TICK_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S, LAST_STALLED_RETRY_S = 0.5, 5.0, 60.0
"""Waits on the wall clock before a server is connected again."""


def is_busy(error: Exception, *, has_session: bool) -> bool:
    """Whether the server is there and has no time for us now: it says so, or does not answer in a session that stands."""
    return is_transient(error) or (has_session and isinstance(error, TimeoutError))


def ended_state(error: Exception) -> str:
    """What devices are in after `error`: refused where the server answered, lost where nothing did."""
    is_answer = isinstance(error, ua.UaError | ValueError) and not isinstance(error, OSError | TimeoutError)
    return REFUSED if is_answer else LOST


class ServerSession:
    """Keeps one server's variables coming in until cancelled. The owner of the library's client."""

    def __init__(
        self,
        devices: Sequence[SubscribedDevice],
        clock: Clock,
        emit: Emit,
        report: Report,
        history: HistorySink | None = None,
        report_refused: ReportRefused | None = None,
    ) -> None:
        self._devices, self._clock = devices, clock
        self._head = devices[0].head
        self._filler = None if history is None else GapFiller(history, self._calls, self._head.endpoint)
        self._reports = Reports(devices, report, report_refused)
        self._pause = Pause(FIRST_RETRY_S)
        intake = Intake(emit, history, self._filler.wake if self._filler is not None else lambda: None)
        self._upkeep = Upkeep(devices, clock, intake, self._reports, history, self._filler, self._pause.reset)
        self._monitor, self._liveness = self._upkeep.monitor, self._upkeep.liveness
        self._client: GatewayClient | None = None
        self._changing = asyncio.Lock()
        """Held by who changes what is monitored: the library's way back, or our own upkeep."""
        self._broken: Exception | None = None

    @property
    def trouble(self) -> str:
        """What the server answered last instead of what it was asked for."""
        return self._liveness.trouble

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        filling = asyncio.create_task(self._filler.run()) if self._filler is not None else None
        try:
            while True:
                try:
                    await self._connect()
                    await self._watch()
                except Exception as error:  # whatever the library makes of an answer is that server's trouble: other devices go on
                    self._failed(error)
                await self._disconnect()
                await asyncio.sleep(self._pause.next_s(LAST_STALLED_RETRY_S if self._reports.is_stalled else LAST_RETRY_S))
        finally:
            if filling is not None:
                filling.cancel()
                await asyncio.wait([filling], timeout=2.0)
            await self._disconnect()

    async def keeps_history(self) -> dict[Key, bool]:
        """Of each channel that the server gives whether it says that it keeps its history."""
        return await self._upkeep.keeps_history()

    # The connection

    async def _connect(self) -> None:
        self._broken = None
        self._monitor.forget()
        timeout_s = max(device.head.timeout_s for device in self._devices)
        self._client = client = GatewayClient(self._head, timeout_s, self)
        await client.secure(self._head, self._devices[0].folder)
        await client.connect()
        self._liveness.connected(time.monotonic())
        async with self._changing:
            await self._upkeep.subscribe(self._of_now().session)

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.disconnect(), timeout=2.0)

    def _failed(self, error: Exception) -> None:
        """The connection ended, or there was none."""
        self._upkeep.interrupted()
        self._liveness.troubled(error)
        if not isinstance(error, TROUBLE):
            _log.exception("session_failed", endpoint=self._head.endpoint, exc_info=error)
        has_session = self._client is not None and self._client.is_connected
        if isinstance(error, Stalled):
            self._stalled(str(error))
        elif is_busy(error, has_session=has_session):
            self._busy()
        else:
            self._liveness.lost()
            self._reports.all(ended_state(error), self.trouble)

    def _busy(self) -> None:
        quiet_s = self._liveness.quiet_s(time.monotonic())
        if quiet_s >= self._upkeep.stalled_after_s:
            self._stalled(f"{self._head.endpoint}: nothing came for {quiet_s:.0f} s; its answer: {self.trouble}")

    def _stalled(self, why: str) -> None:
        self._liveness.is_alive = False
        self._reports.all(STALLED, why)

    def _calls(self) -> Calls | None:
        return self._monitor.calls if self._client is not None and self._client.is_connected and self._monitor.is_whole else None

    def _of_now(self) -> GatewayClient:
        if self._client is None:
            msg = f"{self._head.endpoint}: not connected"
            raise ConnectionError(msg)
        return self._client

    # What the library's client notices

    async def on_reconnected(self, *, same_session: bool) -> None:
        """In the old session the subscription lives on: what was lost on its way is fetched, what changed unseen is read."""
        async with self._changing:
            if not same_session:
                self._monitor.forget()
            if not await self._upkeep.is_restored():
                await self._upkeep.subscribe(self._of_now().session)
        if self._filler is not None:
            self._filler.wake()

    async def on_loss(self, error: Exception) -> None:
        """The connection is gone; the library is on its way back."""
        self._upkeep.interrupted()
        self._liveness.lost()
        self._reports.all(LOST, described(error))

    def on_broken(self, error: Exception) -> None:
        """The way back has failed half-way: begin from the start."""
        self._broken = error
        self._upkeep.wake.set()

    def on_publish_refused(self, error: Exception) -> None:
        """The server did not give its news."""
        self._liveness.troubled(error)
        if is_undecodable(error):
            _log.warning("news_not_decodable", endpoint=self._head.endpoint, why=self.trouble)
            self._upkeep.news_undecodable()
        elif isinstance(error, ua.uaerrors.BadNoSubscription):
            self._upkeep.on_subscription_gone("the server knows of no subscription")

    # Watching

    async def _watch(self) -> None:
        """While the client lives: see to what does not come by itself. Ends when the library has given up."""
        while True:
            await self._tick()
            if self._broken is not None:
                raise self._broken
            client = self._of_now()
            if client.state is UaClientState.DISCONNECTED:
                return
            if client.is_connected:
                self._liveness.check(self._head.endpoint, self._upkeep.stalled_after_s, time.monotonic())
                async with self._changing:
                    await self._upkeep.look_after(client)

    async def _tick(self) -> None:
        shortest_ms = min((item.may_be_silent_ms for item in self._monitor.items), default=60_000.0)
        tick_s = min(self._clock.real_seconds(timedelta(milliseconds=shortest_ms / 4)), LONGEST_TICK_S)
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._upkeep.wake.wait(), tick_s)
        self._upkeep.wake.clear()

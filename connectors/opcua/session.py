"""One OPC UA server: a session that comes back from whatever ends it, and what is reported of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from asyncua import ua
from asyncua.client.ua_client import UaClientState

from connectors.devices import CONNECTED, LOST, REFUSED, STALLED, Emit, RefusedChannel, Report, ReportRefused, refused_text
from connectors.gaps import HistorySink, Key
from connectors.opcua.calls import Calls, is_undecodable
from connectors.opcua.client import TROUBLE, GatewayClient, is_transient
from connectors.opcua.history import GapFiller, Register, keeps_history
from connectors.opcua.intake import Intake
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.monitor import QUIET_KEEP_ALIVES, Monitor
from connectors.pause import Pause
from domain.clock import Clock

_log = structlog.get_logger("opcua")

LONGEST_TICK_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S, LAST_STALLED_RETRY_S = 0.5, 5.0, 60.0
"""Waits on the wall clock before a server is connected again."""


class Stalled(ConnectionError):
    """The server stands, and for longer than its devices' files allow it gave neither a value nor a keep-alive."""


class ServerSession:
    """Keeps one server's variables coming in until cancelled."""

    def __init__(
        self,
        devices: Sequence[SubscribedDevice],
        clock: Clock,
        emit: Emit,
        report: Report,
        history: HistorySink | None = None,
        report_refused: ReportRefused | None = None,
    ) -> None:
        self._devices, self._clock, self._report, self._report_refused = devices, clock, report, report_refused
        self._head = devices[0].head
        self._history = history
        self._filler = None if history is None else GapFiller(history, self._calls, self._head.endpoint)
        intake = Intake(emit, history, self._filler.wake if self._filler is not None else lambda: None)
        self._monitor = Monitor(devices, clock, intake, self)
        self._client: GatewayClient | None = None
        self._changing = asyncio.Lock()
        """Held by who changes what is monitored: the library's way back, or our own watch."""
        self._wake = asyncio.Event()
        self._broken: Exception | None = None
        self._has_undecodable_news = False
        self._quiet_since_s: float | None = None
        self._connected_at_s = 0.0
        self._is_alive = False
        """Whether a message came since the last stall."""
        self.trouble = ""
        """What the server answered last instead of what it was asked for."""
        self._pause = Pause(FIRST_RETRY_S)

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
                is_stalled = any(device.state == STALLED for device in self._devices)
                await asyncio.sleep(self._pause.next_s(LAST_STALLED_RETRY_S if is_stalled else LAST_RETRY_S))
        finally:
            if filling is not None:
                filling.cancel()
                await asyncio.wait([filling], timeout=2.0)
            await self._disconnect()

    async def keeps_history(self) -> dict[Key, bool]:
        """Of each channel that the server gives whether it says that it keeps its history."""
        nodes = {item.key: item.node for item in self._monitor.items if item.node is not None and not item.refused}
        return dict(zip(nodes, await keeps_history(self._monitor.calls, list(nodes.values())), strict=True))

    # The connection

    async def _connect(self) -> None:
        self._broken = None
        self._monitor.forget()
        timeout_s = max(device.head.timeout_s for device in self._devices)
        self._client = client = GatewayClient(self._head, timeout_s, self)
        await client.secure(self._head, self._devices[0].folder)
        await client.connect()
        self._connected_at_s = time.monotonic()
        async with self._changing:
            await self._subscribe()

    async def _subscribe(self) -> None:
        await self._monitor.make(self._of_now().session)
        self._settle()
        try:
            await self._monitor.read_current(self._monitor.items)
        except ua.UaStatusCodeError as error:  # the subscription tells the first values too
            if not is_transient(error):
                raise
            self.trouble = str(error)
        self._settle()
        if self._filler is not None:
            there = [(item, item.node) for item in self._monitor.items if item.node is not None and not item.refused]
            self._filler.connected(Register(item.device.head, item.channel, node, item.names) for item, node in there)

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.disconnect(), timeout=2.0)

    def _failed(self, error: Exception) -> None:
        """The connection ended, or there was none."""
        self._interrupted()
        self.trouble = f"{type(error).__name__}: {error}"
        if not isinstance(error, TROUBLE):
            _log.exception("session_failed", endpoint=self._head.endpoint, exc_info=error)
        has_session = self._client is not None and self._client.is_connected
        if isinstance(error, Stalled):
            self._stalled(str(error))
        elif is_transient(error) or (has_session and isinstance(error, TimeoutError)):
            if self._quiet_s() >= self._stalled_after_s():
                self._stalled(f"{self._head.endpoint}: nothing came for {self._quiet_s():.0f} s; its answer: {self.trouble}")
        else:
            self._quiet_since_s = None
            is_answer = isinstance(error, ua.UaError | ValueError) and not isinstance(error, OSError | TimeoutError)
            self._tell_all(REFUSED if is_answer else LOST, self.trouble)

    def _calls(self) -> Calls | None:
        return self._monitor.calls if self._client is not None and self._client.is_connected and self._monitor.is_whole else None

    def _of_now(self) -> GatewayClient:
        if self._client is None:
            msg = f"{self._head.endpoint}: not connected"
            raise ConnectionError(msg)
        return self._client

    # What the library's client tells

    async def on_reconnected(self, *, same_session: bool) -> None:
        """In the old session the subscription lives on: what was lost on its way is fetched, what changed unseen is read."""
        async with self._changing:
            if not same_session:
                self._monitor.forget()
            if self._monitor.subscription is None or not await self._is_restored():
                await self._subscribe()
        if self._filler is not None:
            self._filler.wake()

    async def _is_restored(self) -> bool:
        """Whether the subscription could go on."""
        monitor = self._monitor
        if monitor.subscription is None or not monitor.is_whole:
            return False
        try:
            await monitor.subscription.fetch_missed()
        except ua.UaError:  # the server has dropped it, or what it sends cannot be read
            return False
        await monitor.read_current(monitor.items)
        self._settle()
        return True

    async def on_loss(self, error: Exception) -> None:
        """The connection is gone; the library is on its way back."""
        self._interrupted()
        self._quiet_since_s = None
        self._tell_all(LOST, f"{type(error).__name__}: {error}")

    def on_broken(self, error: Exception) -> None:
        """The way back has failed half-way: begin from the start."""
        self._broken = error
        self._wake.set()

    def on_publish_refused(self, error: Exception) -> None:
        """The server did not give its news."""
        self.trouble = f"{type(error).__name__}: {error}"
        if is_undecodable(error):
            _log.warning("news_not_decodable", endpoint=self._head.endpoint, why=self.trouble)
            self._has_undecodable_news = True
            self._wake.set()
        elif isinstance(error, ua.uaerrors.BadNoSubscription):
            self.on_subscription_gone("the server knows of no subscription")

    # What the subscription tells

    def on_values(self, values: Sequence[tuple[int, ua.DataValue]]) -> None:
        """Monitored items have news."""
        if self._monitor.take(values):
            self._settle()

    def on_messages_lost(self) -> None:
        """Values were sent that will not come."""
        self._interrupted()

    def on_subscription_gone(self, why: str) -> None:
        """Nothing will come of it any more."""
        _log.warning("subscription_gone", endpoint=self._head.endpoint, why=why)
        self._monitor.is_whole = False
        self._wake.set()

    def on_sign_of_life(self) -> None:
        """A message came. Before there is anything that it could tell of it says nothing."""
        if not self._monitor.is_whole:
            return
        self._quiet_since_s = time.monotonic()
        self.trouble = ""
        self._pause.reset()
        if not self._is_alive:
            self._is_alive = True
            self._settle()

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
                self._check_stalled()
                async with self._changing:
                    await self._look_after()

    async def _tick(self) -> None:
        shortest_ms = min((item.may_be_silent_ms for item in self._monitor.items), default=60_000.0)
        tick_s = min(self._clock.real_seconds(timedelta(milliseconds=shortest_ms / 4)), LONGEST_TICK_S)
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), tick_s)
        self._wake.clear()

    async def _look_after(self) -> None:
        try:
            if self._has_undecodable_news:
                self._has_undecodable_news = False
                self._interrupted()
                await self._monitor.read_current(self._monitor.items)
            await self._monitor.look_after()
        except (
            TROUBLE
        ) as error:  # the library notices a loss by itself and reconnects; a server that is busy may answer the next time
            self.trouble = f"{type(error).__name__}: {error}"
        if self._of_now().is_connected and (not self._monitor.is_whole or self._monitor.is_quiet):
            self._interrupted()
            await self._subscribe()
        self._settle()

    def _quiet_s(self) -> float:
        now_s = time.monotonic()
        if self._quiet_since_s is None:
            self._quiet_since_s = now_s
        return now_s - self._quiet_since_s

    def _stalled_after_s(self) -> float:
        """As stated, and no shorter than some keep-alives that the server grants."""
        subscription = self._monitor.subscription
        granted_s = subscription.keep_alive_s if subscription is not None else 0.0
        return max(min(device.head.stalled_after_s for device in self._devices), QUIET_KEEP_ALIVES * granted_s)

    def _check_stalled(self) -> None:
        quiet_s, had_chance_s = self._quiet_s(), time.monotonic() - self._connected_at_s
        if min(quiet_s, had_chance_s) >= self._stalled_after_s():
            answer = f"; its answer: {self.trouble}" if self.trouble else ""
            msg = f"{self._head.endpoint}: no value and no keep-alive for {quiet_s:.0f} s{answer}"
            raise Stalled(msg)

    # What is reported

    def _interrupted(self) -> None:
        for device in self._devices:
            if self._history is not None and device.head.history != "off":
                self._history.book.interrupt(device.head.id)

    def _settle(self) -> None:
        """Report each device's state and what it does not give, where that changed."""
        if not self._monitor.is_whole:
            return
        for device in self._devices:
            items = [item for item in self._monitor.items if item.device is device]
            refused = tuple(RefusedChannel(i.channel.channel, i.channel.source, i.answer) for i in items if i.refused)
            if refused != device.refused:
                device.refused = refused
                if self._report_refused is not None:
                    self._report_refused(device.head.id, refused)
            if not any(item.is_given for item in items):
                answers = {one.why for one in refused}
                self._tell(device, REFUSED, f"nothing is given: {answers.pop() if len(answers) == 1 else refused_text(refused)}")
            elif self._is_alive or device.state != STALLED:
                self._tell(device, CONNECTED, "")

    def _stalled(self, why: str) -> None:
        self._is_alive = False
        self._tell_all(STALLED, why)

    def _tell_all(self, state: str, why: str) -> None:
        for device in self._devices:
            self._tell(device, state, why)

    def _tell(self, device: SubscribedDevice, state: str, why: str) -> None:
        if device.state != state:
            device.state = state
            self._report(device.head.id, state, why)

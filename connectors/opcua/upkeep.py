"""What is subscribed at one server, kept whole: listens to the subscription, and makes it again where it has stopped to work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from asyncua import ua
from asyncua.client.ua_session import UaSession

from connectors.gaps import HistorySink, Key
from connectors.opcua.client import TROUBLE, GatewayClient, is_transient
from connectors.opcua.history import GapFiller, Register, keeps_history
from connectors.opcua.intake import Intake
from connectors.opcua.items import Item, SubscribedDevice
from connectors.opcua.liveness import Liveness, stalled_after_s
from connectors.opcua.monitor import Monitor
from connectors.opcua.reports import Reports
from domain.clock import Clock

_log = structlog.get_logger("opcua")


class Upkeep:
    """The listener of a server's subscription. `on_alive` is called with each sign of life."""

    def __init__(
        self,
        devices: Sequence[SubscribedDevice],
        clock: Clock,
        intake: Intake,
        reports: Reports,
        history: HistorySink | None,
        filler: GapFiller | None,
        on_alive: Callable[[], None],
    ) -> None:
        self._devices, self._reports, self._history, self._filler, self._on_alive = devices, reports, history, filler, on_alive
        self._endpoint = devices[0].head.endpoint
        self.monitor = Monitor(devices, clock, intake, self)
        self.liveness = Liveness()
        self.wake = asyncio.Event()
        """Set where it is not to wait for the next look."""
        self._has_undecodable_news = False

    @property
    def stalled_after_s(self) -> float:
        """How long the server may be quiet."""
        subscription = self.monitor.subscription
        return stalled_after_s(self._devices, subscription.keep_alive_s if subscription is not None else 0.0)

    # Made, and made again

    async def subscribe(self, session: UaSession) -> None:
        """Subscribe everything in `session`, and read it."""
        await self.monitor.make(session)
        self._settle()
        try:
            await self.monitor.read_current(self.monitor.items)
        except ua.UaStatusCodeError as error:  # the subscription publishes the first values too
            if not is_transient(error):
                raise
            self.liveness.trouble = str(error)
        self._settle()
        if self._filler is not None:
            self._filler.connected(Register(i.device.head, i.channel, node, i.names) for i, node in self._given())

    async def is_restored(self) -> bool:
        """In a session that was activated again: fetch what was lost on its way; whether the subscription could go on."""
        monitor = self.monitor
        if monitor.subscription is None or not monitor.is_whole:
            return False
        try:
            await monitor.subscription.fetch_missed()
        except ua.UaError:  # the server has dropped it, or what it sends cannot be read
            return False
        await monitor.read_current(monitor.items)
        self._settle()
        return True

    async def look_after(self, client: GatewayClient) -> None:
        """See to what does not come by itself, and subscribe again where that is needed."""
        try:
            await self._read_undecodable()
            await self.monitor.look_after()
        except TROUBLE as error:  # the library notices a loss by itself and reconnects; a busy server may answer the next time
            self.liveness.troubled(error)
        if client.is_connected and (not self.monitor.is_whole or self.monitor.is_quiet):
            self.interrupted()
            await self.subscribe(client.session)
        self._settle()

    async def _read_undecodable(self) -> None:
        if self._has_undecodable_news:
            self._has_undecodable_news = False
            self.interrupted()
            await self.monitor.read_current(self.monitor.items)

    def news_undecodable(self) -> None:
        """The server published what cannot be decoded: the values are read instead."""
        self._has_undecodable_news = True
        self.wake.set()

    # What the subscription publishes

    def on_values(self, values: Sequence[tuple[int, ua.DataValue]]) -> None:
        """Monitored items have news."""
        if self.monitor.take(values):
            self._settle()

    def on_messages_lost(self) -> None:
        """Values were sent that will not come."""
        self.interrupted()

    def on_subscription_gone(self, why: str) -> None:
        """Nothing will come of it any more."""
        _log.warning("subscription_gone", endpoint=self._endpoint, why=why)
        self.monitor.is_whole = False
        self.wake.set()

    def on_sign_of_life(self) -> None:
        """A message came. Before everything is subscribed that means nothing."""
        if not self.monitor.is_whole:
            return
        is_new = self.liveness.heard(time.monotonic())
        self._on_alive()
        if is_new:
            self._settle()

    # What follows for gaps and reports

    def interrupted(self) -> None:
        """From the last values on nothing is known: what comes next may end a gap."""
        for device in self._devices:
            if self._history is not None and device.head.history != "off":
                self._history.book.interrupt(device.head.id)

    async def keeps_history(self) -> dict[Key, bool]:
        """Of each channel that the server gives whether it says that it keeps its history."""
        nodes = {item.key: node for item, node in self._given()}
        return dict(zip(nodes, await keeps_history(self.monitor.calls, list(nodes.values())), strict=True))

    def _given(self) -> list[tuple[Item, ua.NodeId]]:
        return [(item, item.node) for item in self.monitor.items if item.node is not None and not item.refused]

    def _settle(self) -> None:
        if self.monitor.is_whole:
            self._reports.settle(self.monitor.items, is_alive=self.liveness.is_alive)

"""What a server is to tell of by itself: made in each session, verified, and made again where it has stopped to work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from asyncua import ua
from asyncua.client.ua_session import UaSession

from connectors.opcua.calls import Calls
from connectors.opcua.intake import Intake, status_of, what
from connectors.opcua.items import VERIFY_S, Item, SubscribedDevice, is_refusal
from connectors.opcua.locate import find_names, find_nodes
from connectors.opcua.monitored import MonitoredItems
from connectors.opcua.requests import QUIET_KEEP_ALIVES, subscription_of
from connectors.opcua.subscription import Listener, Subscription
from connectors.pause import Pause
from domain.clock import Clock, epoch_ms

_log = structlog.get_logger("opcua")

FIRST_RETRY_S, LAST_RETRY_S = 1.0, 10.0
"""Waits on the wall clock before the server is asked again for what it refused."""


class Monitor:
    """The items of one server's devices, and the subscription that they are in."""

    def __init__(self, devices: Sequence[SubscribedDevice], clock: Clock, intake: Intake, listener: Listener) -> None:
        self._clock, self._intake, self._listener = clock, intake, listener
        self._endpoint = devices[0].head.endpoint
        self.items = [
            Item(device, channel, first_verify_s=min(VERIFY_S, clock.real_seconds(timedelta(seconds=device.head.max_silence_s))))
            for device in devices
            for channel in device.channels
        ]
        self._monitored = MonitoredItems(clock, self._endpoint)
        self.subscription: Subscription | None = None
        self.is_whole = False
        """Whether all is as it should be in this session, but for what the server refuses."""
        self._calls: Calls | None = None
        self._pause, self._again_s = Pause(FIRST_RETRY_S), 0.0

    def forget(self) -> None:
        """The session is gone, and all that was made in it."""
        if self.subscription is not None:
            self.subscription.end()
        self.subscription, self._calls, self.is_whole = None, None, False

    @property
    def calls(self) -> Calls:
        """The services of the session."""
        if self._calls is None:
            msg = f"{self._endpoint}: not connected"
            raise ConnectionError(msg)
        return self._calls

    @property
    def is_quiet(self) -> bool:
        """Whether the subscription has been silent for so long that it is made again."""
        return self.subscription is None or self.subscription.is_quiet(QUIET_KEEP_ALIVES)

    # Made

    async def make(self, session: UaSession) -> None:
        """Find the nodes by name, make a subscription and its items, and let go of the subscription before."""
        before, self.is_whole = self.subscription, False
        self._calls = Calls(session, self._endpoint)
        await self._calls.learn_limits()
        await find_nodes(self.items, self.calls, self._endpoint)
        await find_names(self.items, self.calls, self._endpoint)
        if before is not None:
            before.end()
        self.subscription = subscription = Subscription(session, self._listener, self._endpoint)
        self._monitored.clear()
        await subscription.create(subscription_of(self.items, self._clock))
        await self._create(self.items)
        self._pause.reset()
        self._again_later()
        self.is_whole = True
        if before is not None:
            with contextlib.suppress(ua.UaError, TimeoutError):
                await before.delete()

    async def _create(self, items: Sequence[Item]) -> None:
        if self.subscription is not None:
            await self._monitored.create(items, self.calls, self.subscription.id)

    async def _let_go(self, items: Sequence[Item]) -> None:
        if self.subscription is not None:
            await self._monitored.delete(items, self.calls, self.subscription.id)

    # Values

    def take(self, values: Sequence[tuple[int, ua.DataValue]]) -> bool:
        """News of the subscription; whether something is given, or not given, that was not so before."""
        received_ms, is_new = epoch_ms(self._clock.now_utc()), False
        for handle, value in values:
            item = self._monitored.of(handle)
            if item is not None:
                self._intake.take(item, value, received_ms)
                item.take_notified(what(item, value), time.monotonic())
                is_new |= self._take_status(item, value)
        return is_new

    def _take_status(self, item: Item, value: ua.DataValue) -> bool:
        was_gone = item.is_gone
        status = value.StatusCode if value.StatusCode is not None else ua.StatusCode()
        is_new = item.take_status(int(status.value), status.name)
        if item.is_gone and not was_gone:
            self._pause.reset()
            self._again_later()
        if item.is_gone and item.is_readable:  # it is there again
            self._again_s = 0.0
        return is_new

    # Read

    async def _read(self, items: Sequence[Item]) -> list[tuple[Item, ua.DataValue]]:
        there = [(item, item.node) for item in items if item.node is not None]
        values = await self.calls.read([node for _, node in there]) if there else []
        return [(item, value) for (item, _), value in zip(there, values, strict=True)]

    async def read_current(self, items: Sequence[Item]) -> None:
        """Read the values of `items` and pass them on as they are. What cannot be decoded is not monitored: it would spoil the news of others."""
        found = await self._read(items)
        came_ms = epoch_ms(self._clock.now_utc())
        for item, value in found:
            if is_refusal(status_of(value)):
                self._intake.take_refusal(item, value, came_ms)
            else:
                self._intake.take(item, value, came_ms)
                self._intake.settle(item, value)
            self._take_status(item, value)
        await self._let_go([item for item, value in found if status_of(value) == ua.StatusCodes.BadDecodingError])

    async def look_after(self) -> None:
        """See to what does not come by itself: what was refused, what is silent, and what the server does not tell the changes of."""
        await self._try_refused()
        now_ms, now_s = epoch_ms(self._clock.now_utc()), time.monotonic()
        silent = {item for item in self.items if item.is_silent(now_ms)}
        found = await self._read([item for item in self.items if item in silent or item.is_to_verify(now_s)])
        came_ms, dead = epoch_ms(self._clock.now_utc()), []
        for item, value in found:
            self._take_status(item, value)
            if is_refusal(status_of(value)):
                self._intake.take_refusal(item, value, came_ms)
                continue
            if self._is_dead(item, value):
                dead.append(item)
            if item in silent:
                self._intake.take_still(item, value, now_ms, came_ms)
            elif item.is_polled or item.suspect_since_s is not None:
                self._intake.take(item, value, came_ms, is_ahead=not item.is_polled)
        if dead:
            await self._renew(dead)

    def _is_dead(self, item: Item, value: ua.DataValue) -> bool:
        if self.subscription is None or item.is_polled:
            item.checked_s = time.monotonic()
            return False
        return item.verify(what(item, value), time.monotonic(), self.subscription.publishing_s)

    # Made again

    async def _renew(self, items: Sequence[Item]) -> None:
        """The server does not tell the changes of `items`: have them monitored again."""
        names = [item.name for item in items]
        _log.warning("items_renewed", endpoint=self._endpoint, items=names, why="their values changed and no news came")
        for item in items:
            self._intake.missed(item)
        await self._let_go(items)
        await self._create(items)
        await self.read_current(items)

    async def _try_refused(self) -> None:
        """Look again for what the server did not give.

        What is there again after it was gone is another node under the same name: a program was loaded, and all is made again.
        """
        waiting = [item for item in self.items if item.refused]
        if not waiting or time.monotonic() < self._again_s:
            return
        self._again_later()
        gone = [item for item in waiting if item.is_gone]
        await find_nodes(self.items, self.calls, self._endpoint)
        given = [item for item, value in await self._read(waiting) if not is_refusal(status_of(value))]
        if any(item in gone for item in given):
            for item in self.items:
                self._intake.missed(item)
            self.is_whole = False
            return
        await self._let_go(given)
        await self._create(given)
        await self.read_current(given)

    def _again_later(self) -> None:
        self._again_s = time.monotonic() + self._pause.next_s(LAST_RETRY_S)

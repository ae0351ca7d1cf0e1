"""What a server is to tell of by itself: made in each session, verified, and made again where it has stopped to work."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from asyncua import ua
from asyncua.client.ua_session import UaSession

from connectors.opcua.calls import Calls, plain_value
from connectors.opcua.client import is_transient
from connectors.opcua.intake import Intake, status_of, what
from connectors.opcua.items import VERIFY_S, Item, SubscribedDevice, is_refusal
from connectors.opcua.names import names_of
from connectors.opcua.subscription import Listener, Subscription
from connectors.opcua.values import NO_NAMES
from connectors.pause import Pause
from domain.clock import Clock, epoch_ms

_log = structlog.get_logger("opcua")

KEEP_ALIVE_S = 5.0
"""A quiet subscription gives a sign of life this often on the wall clock, and three times before its server counts as stalled."""
QUIET_KEEP_ALIVES = 2.5
"""Keep-alives that are missed before a subscription is made again."""
SHORTEST_SAMPLING_MS = 10.0
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
        self._by_handle: dict[int, Item] = {}
        self._handles = itertools.count(1)
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
        """Whether the subscription has said nothing for so long that it is made again."""
        return self.subscription is None or self.subscription.is_quiet(QUIET_KEEP_ALIVES)

    # Made

    async def make(self, session: UaSession) -> None:
        """Find the nodes by name, make a subscription and its items, and let go of the subscription before."""
        before, self.is_whole = self.subscription, False
        self._calls = Calls(session, self._endpoint)
        await self._calls.learn_limits()
        await self._find()
        await self._find_names()
        if before is not None:
            before.end()
        self.subscription = subscription = Subscription(session, self._listener, self._endpoint)
        self._by_handle.clear()
        await subscription.create(self._parameters())
        await self._create(self.items)
        self._pause.reset()
        self._again_later()
        self.is_whole = True
        if before is not None:
            with contextlib.suppress(ua.UaError, TimeoutError):
                await before.delete()

    async def _find(self) -> None:
        """Where each item is now: a namespace's index changes with a restart or a new program, its URI does not."""
        (value,) = await self.calls.read([ua.NodeId(ua.ObjectIds.Server_NamespaceArray)])
        namespaces = plain_value(value)
        if not isinstance(namespaces, list):
            msg = f"{self._endpoint}: its namespaces cannot be read ({value.StatusCode}); without them no node can be named"
            raise ValueError(msg)
        for item in self.items:
            uri = item.device.head.namespace_uri
            if uri in namespaces:
                item.node = ua.NodeId.from_string(f"ns={namespaces.index(uri)};{item.channel.source}")
            else:
                item.not_found(f"no namespace {uri!r} on {self._endpoint}, only {namespaces}")

    async def _find_names(self) -> None:
        """What the server calls the values of states; without that they are numbers."""
        named = [(item, item.node) for item in self.items if item.node is not None and not item.is_register]
        try:
            found = await names_of(self.calls, [node for _, node in named])
        except Exception as error:
            if is_transient(error) or isinstance(error, OSError | TimeoutError):
                raise
            _log.info("no_names_of_enumerations", endpoint=self._endpoint, why=str(error))
            found = [NO_NAMES] * len(named)
        for (item, _), names in zip(named, found, strict=True):
            item.names = names

    def _parameters(self) -> ua.CreateSubscriptionParameters:
        publishing_ms = min([*(self._sampling_ms(item) for item in self.items), 1000.0])
        keep_alive_s = min([*(item.device.head.stalled_after_s / 3 for item in self.items), KEEP_ALIVE_S])
        keep_alives = max(2, round(keep_alive_s * 1000 / publishing_ms))
        return ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=publishing_ms,
            RequestedLifetimeCount=max(10 * keep_alives, round(10 * KEEP_ALIVE_S * 1000 / publishing_ms)),
            RequestedMaxKeepAliveCount=keep_alives,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
            Priority=0,
        )

    def _sampling_ms(self, item: Item) -> float:
        plant_time = timedelta(milliseconds=item.device.head.sampling_ms)
        return max(SHORTEST_SAMPLING_MS, 1000 * self._clock.real_seconds(plant_time))

    async def _create(self, items: Sequence[Item]) -> None:
        """Have the server monitor `items`; log where it granted less than was asked for."""
        wanted = [item for item in items if item.node is not None]
        if self.subscription is None or not wanted:
            return
        for item in wanted:
            self._by_handle.pop(item.handle, None)
            item.asked(next(self._handles))
            self._by_handle[item.handle] = item
        requests = [self._request(item) for item in wanted]
        results = await self.calls.create_items(self.subscription.id, requests)
        now_s, slower, shorter = time.monotonic(), 0, []
        for item, request, result in zip(wanted, requests, results, strict=True):
            if not result.StatusCode.is_good():
                item.not_created(int(result.StatusCode.value), result.StatusCode.name)
                continue
            item.created(int(result.MonitoredItemId), result.RevisedSamplingInterval / 1000, now_s)
            slower += result.RevisedSamplingInterval > 1.01 * request.RequestedParameters.SamplingInterval
            if result.RevisedQueueSize < item.device.head.queue_size:
                shorter.append(f"{item.device.head.id}.{item.channel.channel}: queue {result.RevisedQueueSize}")
        if shorter or slower:
            _log.warning("server_revised", endpoint=self._endpoint, shorter_queues=shorter, slower_sampling_items=slower)

    def _request(self, item: Item) -> ua.MonitoredItemCreateRequest:
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=item.node, AttributeId=ua.AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=ua.IntegerId(item.handle),
                SamplingInterval=self._sampling_ms(item),
                QueueSize=item.device.head.queue_size,
                DiscardOldest=True,
                # No dead band: a counter's smallest step counts.
                Filter=ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValue),
            ),
        )

    async def _let_go(self, items: Sequence[Item]) -> None:
        """Have `items` monitored no more; a server that does not know them any more is no trouble."""
        ids = [item.server_id for item in items if item.server_id is not None]
        if self.subscription is not None and ids:
            with contextlib.suppress(ua.UaStatusCodeError):
                await self.calls.delete_items(self.subscription.id, ids)
        for item in items:
            item.server_id = None

    # Told

    def take(self, values: Sequence[tuple[int, ua.DataValue]]) -> bool:
        """News of the subscription; whether something is given, or not given, that was not so before."""
        received_ms, is_new = epoch_ms(self._clock.now_utc()), False
        for handle, value in values:
            item = self._by_handle.get(handle)
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
        names = [f"{item.device.head.id}.{item.channel.channel}" for item in items]
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
        await self._find()
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

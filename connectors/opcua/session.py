"""One OPC UA server: a session, a subscription with every device's variables, and the way back after a loss."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from asyncua import Client, ua
from asyncua.client.ua_client import UaClientState
from asyncua.common.subscription import DataChangeEvent, StatusChangeEvent, Subscription
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from connectors.devices import CONNECTED, LOST, REFUSED, Channel, Emit, Report, converted
from connectors.gaps import HistorySink, Key, Note
from connectors.opcua import decode
from connectors.opcua.config import OpcUaHead
from connectors.opcua.history import GapFiller, Register, Service, keeps_history
from domain.clock import Clock, epoch_ms
from domain.clock import sleep as plant_sleep

# The library tells each step of a reconnect; we tell the outcome, once, with the device's name.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)
_log = structlog.get_logger("opcua")

KEEP_ALIVE_S = 5.0
"""A quiet subscription gives a sign of life this often on the wall clock."""
SHORTEST_SAMPLING_MS = 10.0
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 5.0


@dataclass(slots=True)
class SubscribedDevice:
    """One machine: its settings, its channels, and how its connection was last told."""

    head: OpcUaHead
    channels: Sequence[Channel]
    folder: Path
    """Where its certificates are looked for."""
    state: str = ""


@dataclass(slots=True)
class _Item:
    device: SubscribedDevice
    channel: Channel
    node: ua.NodeId
    heard_ms: int = 0
    last: tuple[int, float | int | None, str | None] | None = field(default=None)

    @property
    def key(self) -> Key:
        """Its name in the book of gaps."""
        return self.device.head.id, self.channel.channel

    @property
    def may_be_silent_ms(self) -> float:
        """How long no news is good news [ms of the plant's time]: as stated, and no longer than readings should be apart."""
        return 1000 * min(self.device.head.max_silence_s, 1.5 * (self.channel.every_s or math.inf))


class _RestoringClient(Client):
    """The library's reconnect, in the specification's order, with one change: a new session means new node ids.

    The library first opens a channel and activates the old session, then transfers the subscription and asks for what was
    missed. Where the server forgot the session it would subscribe to the old node ids again; but a namespace's index may have
    changed with the restart, so the owner subscribes anew from names.
    """

    owner: ServerSession

    async def _finalize_reconnect(self, reused: bool) -> None:
        if reused:
            await super()._finalize_reconnect(reused)
            await self.owner.restored()
        else:
            self._subscriptions: list[Subscription] = []
            await self.owner.subscribe()


class ServerSession:
    """Keeps one server's variables coming in until cancelled."""

    def __init__(
        self, devices: Sequence[SubscribedDevice], clock: Clock, emit: Emit, report: Report, history: HistorySink | None = None
    ) -> None:
        self._devices, self._clock, self._emit, self._report = devices, clock, emit, report
        self._head = devices[0].head
        self._history = history
        self._filler = None if history is None else GapFiller(history, self._service, self._head.endpoint)
        self._counted: tuple[int | None, int] = (None, 0)
        """Subscription, and the sequence number of its last message."""
        self._client: _RestoringClient | None = None
        self._items: dict[tuple[int, Any], _Item] = {}
        self._subscription: Subscription | None = None
        self._readers: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        retry_s = FIRST_RETRY_S
        filling = asyncio.create_task(self._filler.run()) if self._filler is not None else None
        try:
            while True:
                try:
                    await self._connect()
                    retry_s = FIRST_RETRY_S
                    await self._watch()
                except _TROUBLE as error:
                    self._interrupted(self._devices)
                    self._tell_all(_state_of(error), f"{type(error).__name__}: {error}")
                await self._disconnect()
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, LAST_RETRY_S)
        finally:
            if filling is not None:
                filling.cancel()
                await asyncio.wait([filling], timeout=2.0)
            await self._disconnect()

    async def _connect(self) -> None:
        head = self._head
        client = _RestoringClient(
            head.endpoint, timeout=head.timeout_s, watchdog_intervall=2.0, auto_reconnect=True, reconnect_max_delay=LAST_RETRY_S
        )
        client.owner = self
        client.name = client.description = "Lastgang gateway"
        client.application_uri = "urn:lastgang:gateway"
        client.session_timeout = 60_000
        client.connection_lost_callback = self._on_loss
        self._client = client
        if head.security == "basic256sha256":
            folder = self._devices[0].folder
            await client.set_security(
                SecurityPolicyBasic256Sha256,
                folder / head.certificate,
                folder / head.private_key,
                server_certificate=str(folder / head.server_certificate),
                mode=ua.MessageSecurityMode.SignAndEncrypt,
            )
        if head.user_variable:
            client.set_user(_secret(head.user_variable))
            client.set_password(_secret(head.password_variable))
        await client.connect()
        await self.subscribe()

    async def subscribe(self) -> None:
        """In a new session: look up the namespaces, make the subscription and its items, read the current values."""
        client = self._of_now()
        for task in list(self._readers):
            task.cancel()
        namespaces: list[str] = await client.get_namespace_array()
        self._items.clear()
        for device in self._devices:
            if device.head.namespace_uri not in namespaces:
                self._tell(
                    device, REFUSED, f"no namespace {device.head.namespace_uri!r} on {device.head.endpoint}, only {namespaces}"
                )
                continue
            index = namespaces.index(device.head.namespace_uri)
            for channel in device.channels:
                node = ua.NodeId.from_string(f"ns={index};{channel.source}")
                self._items[index, node.Identifier] = _Item(device, channel, node)
        sampling_ms = {id(item): self._real_ms(item.device.head.sampling_ms) for item in self._items.values()}
        publishing_ms = min([*sampling_ms.values(), 1000.0])
        keep_alives = max(2, round(KEEP_ALIVE_S * 1000 / publishing_ms))
        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=publishing_ms,
            RequestedLifetimeCount=10 * keep_alives,
            RequestedMaxKeepAliveCount=keep_alives,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
            Priority=0,
        )
        # Unbounded on our side: what the server has sent is never dropped here, the disk buffer bounds what is kept.
        subscription = await client.create_subscription(parameters, None, queue_maxsize=0)
        self._subscription = subscription
        self._count_messages(subscription)
        self._read_from(subscription)
        asked = list(self._items.values())
        requests = [self._item_request(number, item, sampling_ms[id(item)]) for number, item in enumerate(asked, start=1)]
        results = await self._create_items(subscription, asked, requests)
        refused: dict[str, list[str]] = {}
        for item, result in zip(asked, results, strict=True):
            if isinstance(result, ua.StatusCode):
                refused.setdefault(item.device.head.id, []).append(f"{item.channel.channel} ({item.channel.source}: {result.name})")
        for device in self._devices:
            if device.head.id in refused:
                self._tell(device, REFUSED, "not to be subscribed: " + ", ".join(refused[device.head.id]))
            elif any(item.device is device for item in asked):
                self._tell(device, CONNECTED, "")
        await self._read_current(asked, is_still=False)
        if self._filler is not None:
            made = [item for item, result in zip(asked, results, strict=True) if not isinstance(result, ua.StatusCode)]
            self._filler.connected(Register(item.device.head, item.channel, item.node) for item in made)

    async def keeps_history(self) -> dict[str, bool]:
        """Of each channel whether the server says that it keeps its history."""
        items = list(self._items.values())
        answers = await keeps_history(self._of_now().uaclient.session, [item.node for item in items])
        return {item.channel.channel: keeps for item, keeps in zip(items, answers, strict=True)}

    def _service(self) -> Service | None:
        client = self._client
        return client.uaclient.session if client is not None and client.state is UaClientState.CONNECTED else None

    def _count_messages(self, subscription: Subscription) -> None:
        """Look at the number of each message before the library takes it: it does not mind a hole between two."""
        take = subscription.publish_callback

        async def count_and_take(result: ua.PublishResult) -> None:
            message = result.NotificationMessage
            if message.NotificationData:
                known, last = self._counted
                number = int(message.SequenceNumber)
                if known == result.SubscriptionId and number not in (last, last + 1, 1):
                    _log.warning("messages_lost", endpoint=self._head.endpoint, between=last, and_=number)
                    self._interrupted(self._devices)
                self._counted = result.SubscriptionId, number
            await take(result)

        subscription.publish_callback = count_and_take
        self._of_now().uaclient.session._subscription_callbacks[subscription.subscription_id] = count_and_take

    def _interrupted(self, devices: Sequence[SubscribedDevice]) -> None:
        for device in devices:
            if self._history is not None and device.head.history != "off":
                self._history.book.interrupt(device.head.id)

    async def _create_items(
        self, subscription: Subscription, items: Sequence[_Item], requests: list[ua.MonitoredItemCreateRequest]
    ) -> list[int | ua.StatusCode]:
        """Create the items, and log where the server granted less than was asked for: the library keeps that to itself."""
        answers: list[ua.MonitoredItemCreateResult] = []
        session = self._of_now().uaclient.session
        create = session.create_monitored_items

        async def create_and_keep(parameters: ua.CreateMonitoredItemsParameters) -> list[ua.MonitoredItemCreateResult]:
            answers.extend(await create(parameters))
            return answers

        session.create_monitored_items = create_and_keep
        try:
            results: list[int | ua.StatusCode] = await subscription.create_monitored_items(requests)
        finally:
            del session.create_monitored_items
        shorter = [
            f"{item.device.head.id}.{item.channel.channel}: queue {answer.RevisedQueueSize}"
            for item, answer in zip(items, answers, strict=True)
            if answer.StatusCode.is_good() and answer.RevisedQueueSize < item.device.head.queue_size
        ]
        slower = sum(
            answer.StatusCode.is_good() and answer.RevisedSamplingInterval > 1.01 * request.RequestedParameters.SamplingInterval
            for request, answer in zip(requests, answers, strict=True)
        )
        if shorter or slower:
            _log.warning("server_revised", endpoint=self._head.endpoint, shorter_queues=shorter, slower_sampling_items=slower)
        return results

    async def restored(self) -> None:
        """In the old session: the subscription lives on; what changed unseen is read."""
        for device in self._devices:
            self._tell(device, CONNECTED, "")
        await self._read_current(list(self._items.values()), is_still=False)
        if self._filler is not None:
            self._filler.wake()

    def _item_request(self, handle: int, item: _Item, sampling_ms: float) -> ua.MonitoredItemCreateRequest:
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=item.node, AttributeId=ua.AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=handle,
                SamplingInterval=sampling_ms,
                QueueSize=item.device.head.queue_size,
                DiscardOldest=True,
                # No dead band: a counter's smallest step counts.
                Filter=ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValue),
            ),
        )

    def _real_ms(self, plant_ms: float) -> float:
        return max(SHORTEST_SAMPLING_MS, 1000 * self._clock.real_seconds(timedelta(milliseconds=plant_ms)))

    def _read_from(self, subscription: Subscription) -> None:
        task = asyncio.create_task(self._take_all(subscription))
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)

    async def _take_all(self, subscription: Subscription) -> None:
        async for event in subscription:
            if isinstance(event, DataChangeEvent):
                self._take(event)
            elif isinstance(event, StatusChangeEvent):
                _log.warning("subscription_status", endpoint=self._head.endpoint, status=str(event.notification.Status))

    def _take(self, event: DataChangeEvent) -> None:
        node = event.node.nodeid
        item = self._items.get((node.NamespaceIndex, node.Identifier))
        if item is not None:
            self._pass_on(item, event.data.monitored_item.Value, epoch_ms(self._clock.now_utc()))

    def _pass_on(self, item: _Item, value: ua.DataValue, received_ms: int, is_ahead: bool = False) -> None:
        variant = None if value.Value is None else value.Value.Value
        status = value.StatusCode.value if value.StatusCode is not None else 0
        seen = decode.seen(variant, status, value.SourceTimestamp, value.ServerTimestamp, received_ms)
        if decode.overflowed(status):
            _log.warning(
                "queue_overflow", device=item.device.head.id, channel=item.channel.channel, queue=item.device.head.queue_size
            )
        # The first notification of a subscription and the read beside it tell the same thing twice.
        told = (seen.observed_ms, seen.value, seen.text)
        item.heard_ms = received_ms
        note = None if is_ahead else self._note_of(item, seen, status, received_ms)
        if told != item.last:
            item.last = told
            self._put(item.channel, seen, received_ms, note)
        elif note is not None and self._history is not None:
            self._history.put(item.channel, (), note)

    def _note_of(self, item: _Item, seen: decode.Seen, status: int, received_ms: int) -> Note | None:
        """What a live value says about gaps."""
        head = item.device.head
        if self._history is None or self._filler is None or head.history == "off":
            return None
        if not decode.is_of_now(status):
            self._history.book.bad(item.key)
            return None
        note = self._history.book.came(
            item.key,
            seen.observed_ms,
            received_ms,
            least_ms=1.5 * head.sampling_ms,
            back_days=head.history_days,
            lost_before=decode.overflowed(status),
        )
        if note is not None and note.gaps:
            self._filler.wake()
        return note

    def _settle(self, item: _Item, value: ua.DataValue) -> None:
        """After an interruption: a register whose last change we know has missed nothing."""
        changed_ms = decode.milliseconds(value.SourceTimestamp)
        mark = self._history.book.mark(item.key) if self._history is not None else None
        if self._history is None or changed_ms is None or mark is None or changed_ms > mark:
            return
        note = self._note_unchanged(item, value.StatusCode.value if value.StatusCode is not None else 0, 0)
        if note is not None:
            self._history.put(item.channel, (), note)

    def _note_unchanged(self, item: _Item, status: int, known_to_ms: int) -> Note | None:
        """What a read says whose answer was known: nothing was missed, but for what is on its way from the machine."""
        head = item.device.head
        if self._history is None or head.history == "off" or not decode.is_of_now(status):
            return None
        return self._history.book.unchanged(item.key, known_to_ms - round(head.sampling_ms))

    def _put(self, channel: Channel, seen: decode.Seen, received_ms: int, note: Note | None) -> None:
        value = None if seen.value is None else converted(seen.value, channel.by)
        self._emit(channel, seen.observed_ms, received_ms, value, seen.quality, seen.text, note)

    async def _read_current(self, items: Sequence[_Item], is_still: bool) -> None:
        """Read the values of `items` and pass them on: after a (re)connect as they are, of silent ones as unchanged."""
        if not items:
            return
        asked_ms = epoch_ms(self._clock.now_utc())
        request = ua.ReadParameters(
            MaxAge=0,
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            NodesToRead=[ua.ReadValueId(NodeId=item.node, AttributeId=ua.AttributeIds.Value) for item in items],
        )
        values: list[ua.DataValue] = await self._of_now().uaclient.session.read(request)
        came_ms = epoch_ms(self._clock.now_utc())
        for item, value in zip(items, values, strict=True):
            if not is_still:
                self._pass_on(item, value, came_ms)
                self._settle(item, value)
                continue
            variant = None if value.Value is None else value.Value.Value
            status = value.StatusCode.value if value.StatusCode is not None else 0
            seen = decode.seen(variant, status, value.SourceTimestamp, value.ServerTimestamp, came_ms)
            if (seen.observed_ms, seen.value, seen.text) != item.last:
                # It changed after all, and the subscription is about to say so, with what came before it.
                self._pass_on(item, value, came_ms, is_ahead=True)
                continue
            item.heard_ms = came_ms
            still = decode.still(variant, status, value.SourceTimestamp, value.ServerTimestamp, asked_ms, came_ms)
            # By our clock it says only that nothing was missed: the machine's may differ, and marks are on the machine's.
            known_to_ms = still.observed_ms if still.text == decode.STILL_BY_SERVER else 0
            self._put(item.channel, still, came_ms, self._note_unchanged(item, status, known_to_ms))

    async def _watch(self) -> None:
        """While the client lives: read registers that were silent for long. Ends when the library has given up."""
        while True:
            shortest_ms = min((item.may_be_silent_ms for item in self._items.values()), default=60_000.0)
            await plant_sleep(self._clock, timedelta(milliseconds=shortest_ms / 4))
            state = self._of_now().state
            if state is UaClientState.DISCONNECTED:
                return
            if state is not UaClientState.CONNECTED:
                continue
            now_ms = epoch_ms(self._clock.now_utc())
            silent = [
                item
                for item in self._items.values()
                if item.channel.kind is not None and now_ms - item.heard_ms >= item.may_be_silent_ms
            ]
            with contextlib.suppress(*_TROUBLE):  # the library notices the loss by itself and reconnects
                await self._read_current(silent, is_still=True)

    async def _on_loss(self, error: Exception) -> None:
        self._interrupted(self._devices)
        self._tell_all(LOST, f"{type(error).__name__}: {error}")

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        for task in list(self._readers):
            task.cancel()
        if client is not None:
            with contextlib.suppress(*_TROUBLE):
                await asyncio.wait_for(client.disconnect(), timeout=2.0)

    def _of_now(self) -> _RestoringClient:
        if self._client is None:
            msg = f"{self._head.endpoint}: not connected"
            raise ConnectionError(msg)
        return self._client

    def _tell_all(self, state: str, why: str) -> None:
        for device in self._devices:
            self._tell(device, state, why)

    def _tell(self, device: SubscribedDevice, state: str, why: str) -> None:
        if device.state != state:
            device.state = state
            self._report(device.head.id, state, why)


def _secret(variable: str) -> str:
    # Without it the library would come as anonymous, which is not what the file says.
    value = os.environ.get(variable, "")
    if not value:
        msg = f"the environment variable {variable} is not set, and the device's file names it; set it for the gateway's process"
        raise ValueError(msg)
    return value


_TROUBLE = (OSError, TimeoutError, asyncio.TimeoutError, ua.UaError, ConnectionError, ValueError)


def _state_of(error: BaseException) -> str:
    """Refused where the server (or our own check of it) said no; lost where nothing answered."""
    return REFUSED if isinstance(error, ua.UaError | ValueError) and not isinstance(error, OSError | TimeoutError) else LOST

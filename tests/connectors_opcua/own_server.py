"""A real server of `asyncua` in process, whose services can be set to refuse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua
from asyncua.server.internal_session import InternalSession
from recording_opcua import URI

from deploy.ports import free_port

LIMITS = {
    "read": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    "items": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
    "browse": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
}


def decimal(unscaled: int, scale: int) -> ua.ExtensionObject:
    """A Decimal as OPC 10000-6, 5.1.10 has it on the wire."""
    size = unscaled.bit_length() // 8 + 1
    body = scale.to_bytes(2, "little", signed=True) + unscaled.to_bytes(size, "little", signed=True)
    return ua.ExtensionObject(ua.NodeId(ua.ObjectIds.Decimal), body)


@dataclass
class Rules:
    """What the server refuses now, and what it was asked for."""

    most: dict[str, int] = field(default_factory=dict)
    """Operations that a call may have, by service."""
    answer: int = ua.StatusCodes.BadTooManyOperations
    """What a call with more of them is answered with."""
    refusing: dict[str, int] = field(default_factory=dict)
    """By service the status that each of its calls is answered with."""
    items_in_all: int = 1_000_000
    """Monitored items that it has room for."""
    is_mute: bool = False
    """Whether it takes subscriptions and never says anything of them, not even that it lives."""
    values: dict[str, int] = field(default_factory=dict)
    """By node the status that it is read with."""
    history: dict[str, int] = field(default_factory=dict)
    """By node the status that a call for its history is answered with."""
    requests: dict[str, list[int]] = field(default_factory=dict)
    """By service how many operations each call had."""
    was_requested: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self, service: str, operations: int) -> None:
        self.requests.setdefault(service, []).append(operations)
        self.was_requested.set()
        if service in self.refusing:
            raise ua.UaStatusCodeError(self.refusing[service])
        if operations > self.most.get(service, operations):
            raise ua.UaStatusCodeError(self.answer)

    def largest(self) -> dict[str, int]:
        return {service: max(counts) for service, counts in self.requests.items()}


class RuledSession(InternalSession):
    """The library's session, under rules."""

    rules: Rules

    async def read(self, params: Any) -> Any:
        self.rules.check("read", len(params.NodesToRead))
        values = await super().read(params)
        for place, read_id in enumerate(params.NodesToRead):
            if read_id.AttributeId == ua.AttributeIds.Value and read_id.NodeId.Identifier in self.rules.values:
                status = ua.StatusCode(ua.UInt32(self.rules.values[read_id.NodeId.Identifier]))
                values[place] = ua.DataValue(StatusCode=status)
        return values

    async def history_read(self, params: Any) -> Any:
        self.rules.check("history", params.HistoryReadDetails.NumValuesPerNode)
        for read_id in params.NodesToRead:
            if read_id.NodeId.Identifier in self.rules.history:
                raise ua.UaStatusCodeError(self.rules.history[read_id.NodeId.Identifier])
        return await super().history_read(params)

    async def create_monitored_items(self, params: Any) -> Any:
        self.rules.check("items", len(params.ItemsToCreate))
        service = self.subscription_service.subscriptions.values()
        room = self.rules.items_in_all - sum(len(one.monitored_item_srv._monitored_items) for one in service)
        beyond, params.ItemsToCreate = params.ItemsToCreate[max(0, room) :], params.ItemsToCreate[: max(0, room)]
        status = ua.StatusCode(ua.UInt32(ua.StatusCodes.BadTooManyMonitoredItems))
        return [*await super().create_monitored_items(params), *(ua.MonitoredItemCreateResult(StatusCode=status) for _ in beyond)]

    async def translate_browsepaths_to_nodeids(self, params: Any) -> Any:
        self.rules.check("browse", len(params))
        return await super().translate_browsepaths_to_nodeids(params)

    async def create_subscription(self, *args: Any, **more: Any) -> Any:
        self.rules.check("subscription", 1)
        result = await super().create_subscription(*args, **more)
        if self.rules.is_mute:
            await self.subscription_service.subscriptions[result.SubscriptionId].stop()
        return result

    def publish(self, acks: Any = None) -> Any:
        self.rules.check("publish", 1)
        return super().publish(acks)


class Machine:
    """A server with the variables of a machine."""

    def __init__(self, server: Server, endpoint: str, index: int, rules: Rules) -> None:
        self.server, self.endpoint, self.index, self.rules = server, endpoint, index, rules

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that comes of being asked."""
        while not condition():
            self.rules.was_requested.clear()
            await self.rules.was_requested.wait()

    def calls(self, service: str) -> int:
        """How often it was asked for a service."""
        return len(self.rules.requests.get(service, ()))

    def node_id(self, name: str) -> ua.NodeId:
        return ua.NodeId(name, self.index)

    async def add(self, name: str, value: Any, kind: ua.VariantType | None = None, datatype: ua.NodeId | None = None) -> Any:
        variant = value if isinstance(value, ua.Variant) else ua.Variant(value, kind)
        if datatype is None and variant.VariantType in (
            ua.VariantType.ExtensionObject,
            ua.VariantType.Variant,
            ua.VariantType.Null,
        ):
            datatype = ua.NodeId(ua.ObjectIds.BaseDataType)
        return await self.server.nodes.objects.add_variable(self.node_id(name), name, variant, datatype=datatype)

    async def write(self, name: str, value: Any, source_utc: datetime | None = None, kind: ua.VariantType | None = None) -> None:
        variant = value if isinstance(value, ua.Variant) else ua.Variant(value, kind)
        stamp = source_utc or datetime.now(UTC)
        await self.server.write_attribute_value(
            self.node_id(name), ua.DataValue(variant, SourceTimestamp=stamp, ServerTimestamp=stamp)
        )

    async def remember(self, names: Iterable[str]) -> None:
        """Keep the history of these nodes from now on."""
        for name in names:
            await self.server.historize_node_data_change(self.server.get_node(self.node_id(name)), count=10_000)

    async def remove(self, names: Iterable[str]) -> None:
        """As a program download does: without a notification."""
        await self.server.delete_nodes([self.server.get_node(self.node_id(name)) for name in names])

    async def announce(self, limits: dict[str, int]) -> None:
        for service, limit in limits.items():
            await self.server.get_node(LIMITS[service]).write_value(ua.Variant(limit, ua.VariantType.UInt32))

    async def mute(self) -> None:
        """From now on its subscriptions say nothing."""
        self.rules.is_mute = True
        for subscription in self.subscriptions():
            await subscription.stop()

    def subscriptions(self) -> list[Any]:
        return list(self.server.iserver.subscription_service.subscriptions.values())


@contextlib.asynccontextmanager
async def machine(port: int = 0, variables: Sequence[tuple[str, Any]] = ()) -> AsyncIterator[Machine]:
    """A listening server; gone afterwards."""
    endpoint = f"opc.tcp://127.0.0.1:{port or free_port()}"
    server = Server()
    await server.init()
    server.set_endpoint(endpoint)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    rules = Rules()
    kind = type("Ruled", (RuledSession,), {"rules": rules})

    def create_session(name: str, user: Any = None, external: bool = False) -> Any:
        more = {} if user is None else {"user": user}
        return kind(server.iserver, server.iserver.aspace, server.iserver.subscription_service, name, external=external, **more)

    server.iserver.create_session = create_session
    index = await server.register_namespace(URI)
    made = Machine(server, endpoint, index, rules)
    for name, value in variables:
        await made.add(name, value)
    await server.start()
    try:
        yield made
    finally:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(server.stop(), 5.0)

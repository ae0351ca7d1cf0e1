"""The services of a session, each call no larger than the server takes: by what it states, else by what it refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import structlog
from asyncua import ua

_log = structlog.get_logger("opcua")

Kind = Literal["read", "items", "browse"]
Request = TypeVar("Request")
Answer = TypeVar("Answer")

MOST_AT_ONCE = 500
"""Operations a call where the server states no limit: some close the connection on a message that is too long for them."""
TOO_MUCH = frozenset({
    ua.StatusCodes.BadTooManyOperations, ua.StatusCodes.BadEncodingLimitsExceeded,
    ua.StatusCodes.BadRequestTooLarge, ua.StatusCodes.BadResponseTooLarge,
})  # fmt: skip
"""Answers to a call that fewer operations would not have got."""
_LIMITS: dict[Kind, int] = {
    "read": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    "items": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
    "browse": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
}
UNREADABLE = ua.StatusCode(ua.UInt32(ua.StatusCodes.BadDecodingError))
"""Status of a value that cannot be decoded."""


class Service(Protocol):
    """What of a session is used here."""

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        """The Read service."""

    async def history_read(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """The HistoryRead service."""

    async def create_monitored_items(self, params: ua.CreateMonitoredItemsParameters) -> list[ua.MonitoredItemCreateResult]:
        """The CreateMonitoredItems service."""

    async def delete_monitored_items(self, params: ua.DeleteMonitoredItemsParameters) -> list[ua.StatusCode]:
        """The DeleteMonitoredItems service."""

    async def translate_browsepaths_to_nodeids(self, browse_paths: list[ua.BrowsePath]) -> list[ua.BrowsePathResult]:
        """The TranslateBrowsePathsToNodeIds service."""


def is_undecodable(error: BaseException) -> bool:
    """Whether an answer came that the library could not decode, and not a refusal or nothing at all."""
    return isinstance(error, Exception) and not isinstance(error, OSError | TimeoutError | ua.UaStatusCodeError)


class Calls:
    """One session's services, in pieces. What a server refused stays learnt as long as the object lives."""

    def __init__(self, service: Service, endpoint: str) -> None:
        self._service, self._endpoint = service, endpoint
        self._most: dict[Kind, int] = dict.fromkeys(_LIMITS, MOST_AT_ONCE)

    async def learn_limits(self) -> None:
        """Ask the server for its OperationLimits; 0, or none, is no limit."""
        kinds = list(_LIMITS)
        found = await self.read_attributes([(ua.NodeId(_LIMITS[kind]), ua.AttributeIds.Value) for kind in kinds])
        for kind, value in zip(kinds, found, strict=True):
            limit = plain_value(value)
            if isinstance(limit, int) and limit > 0:
                self._most[kind] = min(self._most[kind], limit)

    async def read(self, nodes: Sequence[ua.NodeId]) -> list[ua.DataValue]:
        """The values of `nodes` with both times, none of them out of a cache."""
        return await self.read_attributes([(node, ua.AttributeIds.Value) for node in nodes])

    async def read_attributes(self, requests: Sequence[tuple[ua.NodeId, ua.AttributeIds]]) -> list[ua.DataValue]:
        """Any attributes, an answer each: what one node cannot give is its own status, and keeps nothing from the others."""

        async def read(piece: Sequence[tuple[ua.NodeId, ua.AttributeIds]]) -> list[ua.DataValue]:
            parameters = ua.ReadParameters(
                MaxAge=0,
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                NodesToRead=[ua.ReadValueId(NodeId=node, AttributeId=attribute) for node, attribute in piece],
            )
            return await self._service.read(parameters)

        return await self._in_pieces("read", requests, read, lambda status: ua.DataValue(StatusCode=status))

    async def history(self, details: ua.ReadRawModifiedDetails, node: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        """One node's history: the smallest request of a call, so that one failure does not delay the next node's."""
        parameters = ua.HistoryReadParameters(
            HistoryReadDetails=details,
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            ReleaseContinuationPoints=False,
            NodesToRead=[node],
        )
        (result,) = await self._service.history_read(parameters)
        return result

    async def create_items(
        self, subscription: int, requests: Sequence[ua.MonitoredItemCreateRequest]
    ) -> list[ua.MonitoredItemCreateResult]:
        """Monitored items of a subscription, a result each."""

        async def create(piece: Sequence[ua.MonitoredItemCreateRequest]) -> list[ua.MonitoredItemCreateResult]:
            parameters = ua.CreateMonitoredItemsParameters(
                SubscriptionId=ua.IntegerId(subscription),
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                ItemsToCreate=list(piece),
            )
            return await self._service.create_monitored_items(parameters)

        return await self._in_pieces("items", requests, create, lambda status: ua.MonitoredItemCreateResult(StatusCode=status))

    async def delete_items(self, subscription: int, items: Sequence[int]) -> list[ua.StatusCode]:
        """Take monitored items out of a subscription."""

        async def delete(piece: Sequence[int]) -> list[ua.StatusCode]:
            parameters = ua.DeleteMonitoredItemsParameters(
                SubscriptionId=ua.IntegerId(subscription), MonitoredItemIds=[ua.IntegerId(item) for item in piece]
            )
            return await self._service.delete_monitored_items(parameters)

        return await self._in_pieces("items", items, delete, lambda status: status)

    async def properties(self, requests: Sequence[tuple[ua.NodeId, str]]) -> list[ua.NodeId | None]:
        """The nodes of standard properties by their owner and name, None where there is none."""

        async def translate(piece: Sequence[tuple[ua.NodeId, str]]) -> list[ua.BrowsePathResult]:
            return await self._service.translate_browsepaths_to_nodeids([_property(node, name) for node, name in piece])

        results = await self._in_pieces("browse", requests, translate, lambda status: ua.BrowsePathResult(StatusCode=status))
        return [result.Targets[0].TargetId if result.StatusCode.is_good() and result.Targets else None for result in results]

    async def _in_pieces(
        self,
        kind: Kind,
        requests: Sequence[Request],
        call: Callable[[Sequence[Request]], Awaitable[list[Answer]]],
        refused: Callable[[ua.StatusCode], Answer],
    ) -> list[Answer]:
        """Call with as many as the server takes; halve what it refuses as too much, or what cannot be decoded. One alone has that as its answer."""
        answers: list[Answer] = []
        most = self._most[kind]
        while len(answers) < len(requests):
            piece = requests[len(answers) : len(answers) + most]
            try:
                came = await call(piece)
            except Exception as error:
                answer = _status_of(error)
                if answer is None:
                    raise
                if len(piece) == 1:
                    answers.append(refused(answer))
                    most = self._most[kind]
                    continue
                most = len(piece) // 2
                if answer is not UNREADABLE:
                    self._most[kind] = most
                    _log.info(
                        "call_too_large", endpoint=self._endpoint, service=kind, operations=len(piece), now=most, why=answer.name
                    )
                continue
            if len(came) != len(piece):
                msg = f"{self._endpoint}: {len(came)} answers to {len(piece)} operations of {kind}; the server does not keep to the standard"
                raise ValueError(msg)
            answers += came
        return answers


def _status_of(error: Exception) -> ua.StatusCode | None:
    """What a call that can be cut is answered with; None for every other trouble."""
    if isinstance(error, ua.UaStatusCodeError):
        return status(error.code) if error.code in TOO_MUCH else None
    return UNREADABLE if is_undecodable(error) else None


def status(code: int) -> ua.StatusCode:
    """The library's status of a number."""
    return ua.StatusCode(ua.UInt32(code))


def _property(node: ua.NodeId, name: str) -> ua.BrowsePath:
    element = ua.RelativePathElement(
        ReferenceTypeId=ua.NodeId(ua.ObjectIds.HasProperty),
        IsInverse=False,
        IncludeSubtypes=True,
        TargetName=ua.QualifiedName(name, 0),
    )
    return ua.BrowsePath(StartingNode=node, RelativePath=ua.RelativePath(Elements=[element]))


def plain_value(value: ua.DataValue) -> Any:
    """What an attribute holds; None where the server gave none."""
    return value.Value.Value if value.Value is not None and (value.StatusCode is None or value.StatusCode.is_good()) else None

"""The monitored items of a subscription: created at the server and deleted there, and whom a notification's number means."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Sequence

import structlog
from asyncua import ua

from connectors.opcua.calls import Calls
from connectors.opcua.items import Item
from connectors.opcua.requests import monitored_item_of
from domain.clock import Clock

_log = structlog.get_logger("opcua")

SLOWER = 1.01
"""A sampling interval by so much longer than requested counts as revised."""


class MonitoredItems:
    """An index by handle. A handle is never used twice, so that late news of a subscription before means nobody."""

    def __init__(self, clock: Clock, endpoint: str) -> None:
        self._clock, self._endpoint = clock, endpoint
        self._by_handle: dict[int, Item] = {}
        self._handles = itertools.count(1)

    def clear(self) -> None:
        """Another subscription begins."""
        self._by_handle.clear()

    def of(self, handle: int) -> Item | None:
        """The item that a notification is about; None where it is about none any more."""
        return self._by_handle.get(handle)

    async def create(self, items: Sequence[Item], calls: Calls, subscription: int) -> None:
        """Have the server monitor `items`; log where it granted less than was requested."""
        wanted = [item for item in items if item.node is not None]
        if not wanted:
            return
        for item in wanted:
            self._number(item)
        requests = [monitored_item_of(item, self._clock) for item in wanted]
        results = await calls.create_items(subscription, requests)
        now_s = time.monotonic()
        for item, result in zip(wanted, results, strict=True):
            _take_result(item, result, now_s)
        self._log_revised(wanted, requests, results)

    def _number(self, item: Item) -> None:
        self._by_handle.pop(item.handle, None)
        item.requested(next(self._handles))
        self._by_handle[item.handle] = item

    def _log_revised(
        self,
        items: Sequence[Item],
        requests: Sequence[ua.MonitoredItemCreateRequest],
        results: Sequence[ua.MonitoredItemCreateResult],
    ) -> None:
        slower, shorter = 0, []
        for item, request, result in zip(items, requests, results, strict=True):
            if not result.StatusCode.is_good():
                continue
            slower += result.RevisedSamplingInterval > SLOWER * request.RequestedParameters.SamplingInterval
            if result.RevisedQueueSize < item.device.head.queue_size:
                shorter.append(f"{item.name}: queue {result.RevisedQueueSize}")
        if shorter or slower:
            _log.warning("server_revised", endpoint=self._endpoint, shorter_queues=shorter, slower_sampling_items=slower)

    async def delete(self, items: Sequence[Item], calls: Calls, subscription: int) -> None:
        """Have `items` monitored no more; a server that does not know them any more is no trouble."""
        ids = [item.server_id for item in items if item.server_id is not None]
        if ids:
            with contextlib.suppress(ua.UaStatusCodeError):
                await calls.delete_items(subscription, ids)
        for item in items:
            item.server_id = None


def _take_result(item: Item, result: ua.MonitoredItemCreateResult, now_s: float) -> None:
    if result.StatusCode.is_good():
        item.created(int(result.MonitoredItemId), result.RevisedSamplingInterval / 1000, now_s)
    else:
        item.not_created(int(result.StatusCode.value), result.StatusCode.name)

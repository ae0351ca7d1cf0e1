"""What is requested of a server for a set of items: pure, from the devices' files and the plant's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from asyncua import ua

from connectors.opcua.items import Item
from domain.clock import Clock

KEEP_ALIVE_S = 5.0
"""A quiet subscription gives a sign of life this often on the wall clock, and three times before its server counts as stalled."""
QUIET_KEEP_ALIVES = 2.5
"""Keep-alives that are missed before a subscription is made again."""
SLOWEST_PUBLISHING_MS = 1000.0
SHORTEST_SAMPLING_MS = 10.0
LIFETIME = 10
"""Keep-alives that a server waits for us before it drops the subscription."""


def sampling_ms(item: Item, clock: Clock) -> float:
    """How often the server is to look at `item` [ms of the wall clock]."""
    plant_time = timedelta(milliseconds=item.device.head.sampling_ms)
    return max(SHORTEST_SAMPLING_MS, 1000 * clock.real_seconds(plant_time))


def subscription_of(items: Sequence[Item], clock: Clock) -> ua.CreateSubscriptionParameters:
    """One subscription for `items`: it publishes as often as the fastest is sampled, and gives signs of life in time for the most impatient."""
    publishing_ms = min([*(sampling_ms(item, clock) for item in items), SLOWEST_PUBLISHING_MS])
    keep_alive_s = min([*(item.device.head.stalled_after_s / 3 for item in items), KEEP_ALIVE_S])
    keep_alives = max(2, round(keep_alive_s * 1000 / publishing_ms))
    return ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=publishing_ms,
        RequestedLifetimeCount=max(LIFETIME * keep_alives, round(LIFETIME * KEEP_ALIVE_S * 1000 / publishing_ms)),
        RequestedMaxKeepAliveCount=keep_alives,
        MaxNotificationsPerPublish=0,
        PublishingEnabled=True,
        Priority=0,
    )


def monitored_item_of(item: Item, clock: Clock) -> ua.MonitoredItemCreateRequest:
    """The monitored item of `item`; its handle is the one that it has now."""
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=item.node, AttributeId=ua.AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=ua.IntegerId(item.handle),
            SamplingInterval=sampling_ms(item, clock),
            QueueSize=item.device.head.queue_size,
            DiscardOldest=True,
            # No dead band: a counter's smallest step counts.
            Filter=ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValue),
        ),
    )

"""Records of pieces on their topic: read, and sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.kafka.confirmed import send_confirmed
from domain.quality import QualityEvent
from domain.topics import QUALITY


def events_on_topic(settings: KafkaSettings) -> list[QualityEvent]:
    """All revisions, in the order of the log."""
    with RecordConsumer(settings, [QUALITY]) as consumer:
        return list(readable(consumer.read_to_end()))


def send_events(settings: KafkaSettings, events: Sequence[QualityEvent]) -> None:
    """Send all and wait until the broker has them.

    Raises
    ------
    BrokerUnavailable
        If it does not confirm all.
    """
    send_confirmed(settings, QUALITY, events, "records of pieces")

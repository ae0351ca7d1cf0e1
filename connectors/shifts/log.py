"""Changes of shifts on their topic: read, and sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.kafka.confirmed import send_confirmed
from domain.shift_changes import ShiftChange
from domain.topics import SHIFT_CHANGES


def changes_on_topic(settings: KafkaSettings) -> list[ShiftChange]:
    """All revisions, in the order of the log."""
    with RecordConsumer(settings, [SHIFT_CHANGES]) as consumer:
        return list(readable(consumer.read_to_end()))


def send_changes(settings: KafkaSettings, changes: Sequence[ShiftChange]) -> None:
    """Send all and wait until the broker has them.

    Raises
    ------
    BrokerUnavailable
        If it does not confirm all.
    """
    send_confirmed(settings, SHIFT_CHANGES, changes, "shift changes")

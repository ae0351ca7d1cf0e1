"""Changes of shifts on their topic: read, and sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, RecordConsumer, RecordProducer, readable
from domain.shift_changes import ShiftChange
from domain.topics import SHIFT_CHANGES

SEND_TIMEOUT_S = 30.0


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
    if not changes:
        return
    with RecordProducer(settings) as producer:
        kept = [producer.send(SHIFT_CHANGES, change) for change in changes]
        producer.flush(SEND_TIMEOUT_S)
        try:
            for one in kept:
                one.get(timeout=SEND_TIMEOUT_S)
        except Exception as error:  # whatever the broker's client raises
            msg = f"the broker did not confirm all {len(changes)} shift changes ({error}); some may have been kept: hand them in again, nothing is taken twice"
            raise BrokerUnavailable(msg) from error

"""Measures and events on their topic: read, and sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.kafka.confirmed import send_confirmed
from domain.entered_measures import EnteredMeasure
from domain.topics import MEASURES


def measures_on_topic(settings: KafkaSettings) -> list[EnteredMeasure]:
    """All revisions, in the order of the log."""
    with RecordConsumer(settings, [MEASURES]) as consumer:
        return list(readable(consumer.read_to_end()))


def send_measures(settings: KafkaSettings, measures: Sequence[EnteredMeasure]) -> None:
    """Send all and wait until the broker has them.

    Raises
    ------
    BrokerUnavailable
        If it does not confirm all.
    """
    send_confirmed(settings, MEASURES, measures, "measures")

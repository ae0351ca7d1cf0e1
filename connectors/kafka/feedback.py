"""Feedback on anomalies on its topic, and the anomalies that it is about: read, and sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.kafka.confirmed import send_confirmed
from domain.anomalies import Anomaly
from domain.feedback import Feedback
from domain.topics import ANOMALIES, FEEDBACK


def feedback_on_topic(settings: KafkaSettings) -> list[Feedback]:
    """All of it, that on one anomaly in the order of the log."""
    with RecordConsumer(settings, [FEEDBACK]) as consumer:
        return list(readable(consumer.read_to_end()))


def anomalies_on_topic(settings: KafkaSettings) -> dict[str, Anomaly]:
    """Id -> newest revision."""
    found: dict[str, Anomaly] = {}
    with RecordConsumer(settings, [ANOMALIES]) as consumer:
        for one in readable(consumer.read_to_end()):
            if one.anomaly not in found or one.revision >= found[one.anomaly].revision:
                found[one.anomaly] = one
    return found


def send_feedback(settings: KafkaSettings, feedback: Sequence[Feedback]) -> None:
    """Send it and wait until the broker has it.

    Raises
    ------
    BrokerUnavailable
        If it does not confirm all.
    """
    send_confirmed(settings, FEEDBACK, feedback, "reports on anomalies")

"""Records that a person hands in: sent together, and known to be kept before anybody hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, RecordProducer
from domain.topics import Topic

SEND_TIMEOUT_S = 30.0


def send_confirmed(settings: KafkaSettings, topic: Topic, records: Sequence[Any], what: str, again: str = "hand") -> None:
    """Send all and wait until the broker has them.

    Parameters
    ----------
    what, again
        For the message where it does not: what they are, and what to do with them once more ("hand" them in).

    Raises
    ------
    BrokerUnavailable
        If it does not confirm all.
    """
    if not records:
        return
    with RecordProducer(settings) as producer:
        kept = [producer.send(topic, record) for record in records]
        producer.flush(SEND_TIMEOUT_S)
        try:
            for one in kept:
                one.get(timeout=SEND_TIMEOUT_S)
        except Exception as error:  # whatever the broker's client raises
            msg = f"the broker did not confirm all {len(records)} {what} ({error}); some may have been kept: {again} them in again, nothing is taken twice"
            raise BrokerUnavailable(msg) from error

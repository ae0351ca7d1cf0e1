"""Prices on their topic: all records read, new ones sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, RecordConsumer, RecordProducer, readable
from domain.prices import Prices
from domain.topics import PRICES

SEND_TIMEOUT_S = 30.0


def prices_on_topic(settings: KafkaSettings, site: str) -> list[Prices]:
    """All records of a site, in any order."""
    with RecordConsumer(settings, [PRICES]) as consumer:
        return [record for record in readable(consumer.read_to_end()) if record.site == site]


def send_prices(settings: KafkaSettings, records: Sequence[Prices]) -> None:
    """Send all and wait until the broker has them."""
    if not records:
        return
    with RecordProducer(settings) as producer:
        kept = [producer.send(PRICES, record) for record in records]
        producer.flush(SEND_TIMEOUT_S)
        try:
            for one in kept:
                one.get(timeout=SEND_TIMEOUT_S)
        except Exception as error:  # whatever the broker's client raises
            msg = f"the broker did not confirm all {len(records)} records of prices ({error}); some may have been kept: read them in again, nothing is taken twice"
            raise BrokerUnavailable(msg) from error

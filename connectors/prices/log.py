"""Prices on their topic: all records read, new ones sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.kafka.confirmed import send_confirmed
from domain.prices import Prices
from domain.topics import PRICES


def prices_on_topic(settings: KafkaSettings, site: str) -> list[Prices]:
    """All records of a site, in any order."""
    with RecordConsumer(settings, [PRICES]) as consumer:
        return [record for record in readable(consumer.read_to_end()) if record.site == site]


def send_prices(settings: KafkaSettings, records: Sequence[Prices]) -> None:
    """Send all and wait until the broker has them."""
    send_confirmed(settings, PRICES, records, "records of prices", again="read")

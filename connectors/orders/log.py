"""Orders on their topic: all revisions read, new ones sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, RecordConsumer, RecordProducer, readable
from connectors.orders.known import KnownOrders, known_orders
from domain.orders import Order
from domain.plant import Plant
from domain.topics import ORDERS

SEND_TIMEOUT_S = 30.0


def orders_on_topic(settings: KafkaSettings, plant: Plant) -> KnownOrders:
    """What the topic and the plant file know."""
    with RecordConsumer(settings, [ORDERS]) as consumer:
        return known_orders(readable(consumer.read_to_end()), plant)


def send_orders(settings: KafkaSettings, orders: Sequence[Order]) -> None:
    """Send all and wait until the broker has them."""
    if not orders:
        return
    with RecordProducer(settings) as producer:
        kept = [producer.send(ORDERS, order) for order in orders]
        producer.flush(SEND_TIMEOUT_S)
        try:
            for one in kept:
                one.get(timeout=SEND_TIMEOUT_S)
        except Exception as error:  # whatever the broker's client raises
            msg = f"the broker did not confirm all {len(orders)} orders ({error}); some may have been kept: hand them in again, nothing is taken twice"
            raise BrokerUnavailable(msg) from error

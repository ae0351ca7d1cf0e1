"""Orders on their topic: all revisions read, new ones sent."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.kafka.confirmed import send_confirmed
from connectors.orders.known import KnownOrders, known_orders
from domain.orders import Order
from domain.plant import Plant
from domain.topics import ORDERS


def orders_on_topic(settings: KafkaSettings, plant: Plant) -> KnownOrders:
    """What the topic and the plant file know."""
    with RecordConsumer(settings, [ORDERS]) as consumer:
        return known_orders(readable(consumer.read_to_end()), plant)


def send_orders(settings: KafkaSettings, orders: Sequence[Order]) -> None:
    """Send all and wait until the broker has them."""
    send_confirmed(settings, ORDERS, orders, "orders")

"""The topics, followed by one background thread; decisions go out through the same door."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, Message, RecordConsumer, RecordProducer, readable
from connectors.kafka.feedback import send_feedback
from connectors.measures.log import send_measures
from connectors.orders.log import send_orders
from connectors.scrap.log import send_events
from connectors.shifts.log import send_changes
from console.events import Cursor, Hub, Place
from console.live_state import Live, LiveState
from domain.clock import Clock
from domain.codec import UnreadableRecord
from domain.entered_measures import EnteredMeasure
from domain.feedback import Feedback
from domain.orders import Order
from domain.plant import Plant
from domain.quality import QualityEvent
from domain.recommendations import Decision
from domain.shift_changes import ShiftChange
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    FEEDBACK,
    FORECASTS,
    GOVERNING,
    MEASURES,
    ORDERS,
    QUALITY,
    READINGS,
    RECOMMENDATIONS,
    SHIFT_CHANGES,
    Topic,
)

FOLLOWED = (DEMAND, READINGS, RECOMMENDATIONS, DECISIONS, ANOMALIES, FEEDBACK, FORECASTS, GOVERNING)
LOOK_BACK = {
    DEMAND.name: 1, READINGS.name: 1_000, RECOMMENDATIONS.name: 200, DECISIONS.name: 200, ANOMALIES.name: 0, FEEDBACK.name: 0, FORECASTS.name: 1,
    GOVERNING.name: 1,
}  # fmt: skip
"""Records of each partition that are read again at the start."""
RETRY_S = 2.0
SEND_TIMEOUT_S = 10.0
PIECE = 200
"""Records of the log that are read at once for a reader that comes back."""


class Backlog(Protocol):
    """Records of the log between two cursors."""

    start: Cursor
    """Where it began."""

    def read(self) -> list[Message] | None:
        """The next ones, in order within each partition; None when there are no more."""

    def close(self) -> None:
        """Let go of the sockets."""


class Feed(Protocol):
    """Where live values come from and decisions go to."""

    @property
    def events(self) -> Hub:
        """Records as they come."""

    def backlog(self, topics: Iterable[Topic], start: Cursor, until: Cursor) -> Backlog:
        """Records from `start` up to `until`; those of a partition whose log ends before `start` from its beginning, for it was made again.

        Raises
        ------
        BrokerUnavailable
            If no broker answers.
        """

    def picture(self) -> Live:
        """The newest records."""

    def decide(self, decision: Decision, known_until: Mapping[Place, int]) -> Sequence[Decision]:
        """Send a decision, wait until it is kept, and read back what the log has on the same recommendation.

        Parameters
        ----------
        known_until
            ``(topic name, partition)`` -> offset from which on to read back: what is before it is known.

        Returns
        -------
        list
            All decisions on that recommendation from there up to this one, in the order of the log.

        Raises
        ------
        BrokerUnavailable
            If it was not kept, or if that cannot be known; the message says which.
        """

    def orders_since(self, known_until: Mapping[Place, int]) -> Sequence[Order]:
        """Revisions of orders on the topic from these offsets on, in the order of the log of each job.

        Raises
        ------
        BrokerUnavailable
            If no broker answers.
        """

    def send_orders(self, orders: Sequence[Order]) -> None:
        """Send revisions of orders and wait until they are kept.

        Raises
        ------
        BrokerUnavailable
            If they were not kept, or if that cannot be known.
        """

    def shift_changes_since(self, known_until: Mapping[Place, int]) -> Sequence[ShiftChange]:
        """The same of changes of shifts; raises as `orders_since`."""

    def send_shift_changes(self, changes: Sequence[ShiftChange]) -> None:
        """The same as `send_orders`, of changes of shifts."""

    def feedback_since(self, known_until: Mapping[Place, int]) -> Sequence[Feedback]:
        """The same of feedback on anomalies; raises as `orders_since`."""

    def send_feedback(self, feedback: Sequence[Feedback]) -> None:
        """The same as `send_orders`, of feedback on anomalies."""

    def quality_since(self, known_until: Mapping[Place, int]) -> Sequence[QualityEvent]:
        """The same of records of pieces; raises as `orders_since`."""

    def send_quality(self, events: Sequence[QualityEvent]) -> None:
        """The same as `send_orders`, of records of pieces."""

    def measures_since(self, known_until: Mapping[Place, int]) -> Sequence[EnteredMeasure]:
        """The same of measures and events; raises as `orders_since`."""

    def send_measures(self, measures: Sequence[EnteredMeasure]) -> None:
        """The same as `send_orders`, of measures and events."""

    def close(self) -> None:
        """Let go of threads and sockets."""


class KafkaFeed:
    """Follows the topics from their end on; what was before is the ledger's."""

    def __init__(self, settings: KafkaSettings, plant: Plant, clock: Clock) -> None:
        self._settings, self._site = settings, plant.site.id
        self._state = LiveState(plant.site.id, plant, clock.now_utc)
        self.events = Hub()
        self._stop = threading.Event()
        self._producer: RecordProducer | None = None
        self._producer_lock = threading.Lock()
        self._log = structlog.get_logger("console")
        self._thread = threading.Thread(target=self._follow, name="console-live", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with RecordConsumer(self._settings, FOLLOWED, offsets=self._a_little_back()) as consumer:
                    self._state.connection(True)
                    self._log.info("following_topics", bootstrap=self._settings.bootstrap)
                    while not self._stop.is_set():
                        self._take(consumer.poll(0.5))
            except Exception as error:  # whatever the broker's client raises, the page stays and tries again
                self._state.connection(False, str(error))
                self._log.warning("broker_unavailable", error=str(error))
                self._stop.wait(RETRY_S)

    def _a_little_back(self) -> dict[tuple[str, int], int]:
        """Where to start reading: the newest record of each meter is there at once, and after a broken connection nothing is left out."""
        with RecordConsumer(self._settings, FOLLOWED, start="latest") as consumer:
            ends = consumer.end_offsets()
        return self.events.follow(ends, LOOK_BACK)

    def _take(self, messages: Any) -> None:
        now_s = time.monotonic()
        for message in messages:
            try:
                record = message.record()
            except UnreadableRecord:
                continue  # metering sets such readings aside with the original; a page has nothing to show for them
            self._state.take(record, now_s)
            if record.site == self._site:
                self.events.take(message)

    def backlog(self, topics: Iterable[Topic], start: Cursor, until: Cursor) -> Backlog:
        return LogBacklog(self._settings, self._site, topics, start, until)

    def picture(self) -> Live:
        return self._state.picture(time.monotonic())

    def decide(self, decision: Decision, known_until: Mapping[Place, int]) -> Sequence[Decision]:
        partition, offset = self._send(decision)
        start = min(known_until.get((DECISIONS.name, partition), 0), offset)  # a ledger of another log may know more than there is
        return self._read_back(decision.recommendation, partition, start, offset)

    def _send(self, decision: Decision) -> tuple[int, int]:
        """Partition and offset at which all replicas have it."""
        with self._producer_lock:
            if self._producer is None and not self.picture().connected:  # at once, rather than after the client's long wait
                msg = f"no Kafka broker answers at {self._settings.bootstrap}; nothing was sent, try again when it is back"
                raise BrokerUnavailable(msg)
            if self._producer is None:
                self._producer = RecordProducer(self._settings, linger_ms=0, delivery_timeout_ms=int(SEND_TIMEOUT_S * 1000))
            sent = self._producer.send(DECISIONS, decision)
            try:
                self._producer.flush(SEND_TIMEOUT_S)
                kept = sent.get(timeout=SEND_TIMEOUT_S)
            except Exception as error:  # whatever the broker's client raises
                msg = (
                    f"the broker did not confirm the decision on {decision.recommendation} ({error}); it may have been kept: "
                    f"look at the recommendation's status, and decide again if it is still open"
                )
                raise BrokerUnavailable(msg) from error
        return int(kept.partition), int(kept.offset)

    def _read_back(self, recommendation: str, partition: int, start: int, offset: int) -> list[Decision]:
        place, deadline_s = (DECISIONS.name, partition), time.monotonic() + SEND_TIMEOUT_S
        found: list[Decision] = []
        with RecordConsumer(self._settings, [DECISIONS], start="latest", offsets={place: start}) as consumer:
            while consumer.positions()[place] <= offset:
                if time.monotonic() > deadline_s:
                    msg = (
                        f"the decision on {recommendation} was kept, but whether it is the first could not be read back within "
                        f"{SEND_TIMEOUT_S:g} s; look at the recommendation's status"
                    )
                    raise BrokerUnavailable(msg)
                messages = (m for m in consumer.poll(0.5) if m.partition == partition and m.offset <= offset)
                found += [decision for decision in readable(messages) if decision.recommendation == recommendation]
        return found

    def orders_since(self, known_until: Mapping[Place, int]) -> Sequence[Order]:
        return self._since(ORDERS, known_until)

    def _since(self, topic: Topic, known_until: Mapping[Place, int]) -> list[Any]:
        # A ledger of another log may know more than there is.
        known_until = {place: offset for place, offset in known_until.items() if place[0] == topic.name}
        with RecordConsumer(self._settings, [topic], offsets=_within(self._settings, [topic], known_until)) as consumer:
            return list(readable(consumer.read_to_end()))

    def shift_changes_since(self, known_until: Mapping[Place, int]) -> Sequence[ShiftChange]:
        return self._since(SHIFT_CHANGES, known_until)

    def send_shift_changes(self, changes: Sequence[ShiftChange]) -> None:
        send_changes(self._settings, changes)

    def feedback_since(self, known_until: Mapping[Place, int]) -> Sequence[Feedback]:
        return self._since(FEEDBACK, known_until)

    def send_feedback(self, feedback: Sequence[Feedback]) -> None:
        send_feedback(self._settings, feedback)

    def quality_since(self, known_until: Mapping[Place, int]) -> Sequence[QualityEvent]:
        return self._since(QUALITY, known_until)

    def send_quality(self, events: Sequence[QualityEvent]) -> None:
        send_events(self._settings, events)

    def measures_since(self, known_until: Mapping[Place, int]) -> Sequence[EnteredMeasure]:
        return self._since(MEASURES, known_until)

    def send_measures(self, measures: Sequence[EnteredMeasure]) -> None:
        send_measures(self._settings, measures)

    def send_orders(self, orders: Sequence[Order]) -> None:
        send_orders(self._settings, orders)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5.0)
        with self._producer_lock:
            if self._producer is not None:
                self._producer.close()


class LogBacklog:
    """The `Backlog` of a broker."""

    def __init__(self, settings: KafkaSettings, site: str, topics: Iterable[Topic], start: Cursor, until: Cursor) -> None:
        topics = tuple(topics)
        self._site, self._lock = site, threading.Lock()
        names = {topic.name for topic in topics}
        self._until = {place: offset for place, offset in until.items() if place[0] in names}
        self.start: Cursor = _within(settings, topics, {place: start.get(place, 0) for place in self._until})
        self._consumer = RecordConsumer(settings, topics, offsets=self.start)

    def read(self) -> list[Message] | None:
        """The next ones; an empty list where nothing came in time."""
        with self._lock:
            positions = self._consumer.positions()
            if all(positions[place] >= offset for place, offset in self._until.items()):
                return None
            found = self._consumer.poll(0.5, PIECE)
        return [m for m in found if m.offset < self._until.get((m.topic.name, m.partition), 0) and self._is_ours(m)]

    def _is_ours(self, message: Message) -> bool:
        return any(record.site == self._site for record in readable([message]))

    def close(self) -> None:
        """Let go of the sockets, once nobody reads."""
        with self._lock:
            self._consumer.close()


def _within(settings: KafkaSettings, topics: Iterable[Topic], start: Cursor) -> dict[Place, int]:
    """`start`, with 0 where the log ends before it: then it is another log than the one that it was noted of."""
    with RecordConsumer(settings, topics, start="latest") as consumer:
        ends = consumer.end_offsets()
    return {place: offset if offset <= ends.get(place, 0) else 0 for place, offset in start.items()}

"""The topics, followed by one background thread; decisions go out through the same door."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

import structlog

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, RecordConsumer, RecordProducer
from console.live_state import Live, LiveState
from domain.codec import UnreadableRecord
from domain.recommendations import Decision
from domain.topics import DECISIONS, DEMAND, READINGS, RECOMMENDATIONS

FOLLOWED = (DEMAND, READINGS, RECOMMENDATIONS, DECISIONS)
LOOK_BACK = {DEMAND.name: 1, READINGS.name: 1_000, RECOMMENDATIONS.name: 200, DECISIONS.name: 200}
"""Records of each partition that are read again at the start."""
RETRY_S = 2.0
SEND_TIMEOUT_S = 10.0


class Feed(Protocol):
    """Where live values come from and decisions go to."""

    def picture(self) -> Live:
        """What was said last."""

    def decide(self, decision: Decision) -> None:
        """Send a decision and wait until it is kept; raises `LastgangError` if it is not."""

    def close(self) -> None:
        """Let go of threads and sockets."""


class KafkaFeed:
    """Follows the topics from their end on; what was before is the ledger's."""

    def __init__(self, settings: KafkaSettings, site: str) -> None:
        self._settings = settings
        self._state = LiveState(site)
        self._stop = threading.Event()
        self._producer: RecordProducer | None = None
        self._producer_lock = threading.Lock()
        self._log = structlog.get_logger("console")
        self._thread = threading.Thread(target=self._follow, name="console-live", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with RecordConsumer(self._settings, FOLLOWED, start="latest", offsets=self._a_little_back()) as consumer:
                    self._state.connection(True)
                    self._log.info("following_topics", bootstrap=self._settings.bootstrap)
                    while not self._stop.is_set():
                        self._take(consumer.poll(0.5))
            except Exception as error:  # whatever the broker's client raises, the page stays and tries again
                self._state.connection(False, str(error))
                self._log.warning("broker_unavailable", error=str(error))
                self._stop.wait(RETRY_S)

    def _a_little_back(self) -> dict[tuple[str, int], int]:
        """Where to begin so that the last word of each meter is there at once, also after a restart."""
        with RecordConsumer(self._settings, FOLLOWED, start="latest") as consumer:
            ends = consumer.end_offsets()
        return {(topic, partition): max(0, end - LOOK_BACK[topic]) for (topic, partition), end in ends.items()}

    def _take(self, messages: Any) -> None:
        now_s = time.monotonic()
        for message in messages:
            try:
                self._state.take(message.record(), now_s)
            except UnreadableRecord:
                continue  # metering sets such readings aside with the original; a page has nothing to show for them

    def picture(self) -> Live:
        return self._state.picture(time.monotonic())

    def decide(self, decision: Decision) -> None:
        with self._producer_lock:
            if self._producer is None and not self.picture().connected:  # at once, rather than after the client's long wait
                msg = f"no Kafka broker answers at {self._settings.bootstrap}; try again when it is back"
                raise BrokerUnavailable(msg)
            if self._producer is None:
                self._producer = RecordProducer(self._settings, linger_ms=0, delivery_timeout_ms=int(SEND_TIMEOUT_S * 1000))
            sent = self._producer.send(DECISIONS, decision)
            self._producer.flush(SEND_TIMEOUT_S)
        try:
            sent.get(timeout=SEND_TIMEOUT_S)
        except Exception as error:
            msg = f"the decision on {decision.recommendation} was not taken by the broker: {error}; try again"
            raise BrokerUnavailable(msg) from error

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5.0)
        with self._producer_lock:
            if self._producer is not None:
                self._producer.close()

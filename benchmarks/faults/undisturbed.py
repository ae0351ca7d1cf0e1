"""What an undisturbed run says of the readings on the topic: the offline engine, fed with them as they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.kafka.client import KafkaSettings, Message, RecordConsumer
from domain.channels import IMPORT
from domain.clock import StartableClock, epoch_ms, instant
from domain.codec import UnreadableRecord
from domain.intervals import Interval
from domain.plant import Plant
from domain.readings import CONTROL_CHANNELS, Reading
from domain.topics import READINGS
from metering.intake import ahead_of_plant
from metering.whole_site import WholeSite

Identity = tuple[str, str, datetime]
"""Meter, channel, start of the quarter hour."""
Row = tuple[int | None, float, str, str, int]
"""Energy [µWh], coverage, quality, method, readings: all of a row but how often it was published."""
Table = dict[Identity, Row]


def row_of(interval: Interval) -> Row:
    """What is compared of a quarter hour."""
    return (interval.energy_uwh, interval.coverage, str(interval.quality), str(interval.method), interval.readings)


def table_of(rows: Iterable[Interval], until_utc: datetime) -> Table:
    """The quarter hours that end by `until_utc`."""
    return {(i.meter, i.channel, i.start_utc): row_of(i) for i in rows if i.end_utc <= until_utc}


def difference(found: Mapping[Identity, Row], expected: Mapping[Identity, Row]) -> dict[Identity, str]:
    """Identity -> what the ledger and the engine say, where they differ."""
    return {
        identity: f"{identity[0]} {identity[1]} {identity[2]:%m-%d %H:%M}: ledger {found.get(identity)}, engine {expected.get(identity)}"
        for identity in sorted({*found, *expected})
        if found.get(identity) != expected.get(identity)
    }


@dataclass(slots=True)
class OnTopic:
    """What was seen on the readings topic."""

    records: int = 0
    readings: int = 0
    """Of devices, resends not counted."""
    unreadable: int = 0
    resent: int = 0
    """Records that came a second time under the same gateway's number."""
    contradictory: int = 0
    """Of these, those with different content."""
    highest: dict[str, int] = field(default_factory=dict)
    """Gateway -> highest number."""
    digests: dict[tuple[str, int], bytes] = field(default_factory=dict)
    counters: dict[str, set[float]] = field(default_factory=dict)
    """Meter -> readings of its counter."""

    def holes(self) -> int:
        """Numbers that a gateway has given and nobody has seen."""
        return sum(self.highest.values()) - len(self.digests)

    def take(self, reading: Reading, payload: bytes) -> bool:
        """Count a reading; whether it is new."""
        if reading.gateway is None or reading.sequence is None:
            return True
        place = (reading.gateway, reading.sequence)
        digest = hashlib.blake2b(payload, digest_size=8).digest()
        known = self.digests.setdefault(place, digest)
        self.highest[reading.gateway] = max(reading.sequence, self.highest.get(reading.gateway, 0))
        if known is not digest:
            self.resent += 1
            self.contradictory += known != digest
            return False
        if reading.channel not in CONTROL_CHANNELS:
            self.readings += 1
        if reading.channel == IMPORT and reading.value is not None:
            self.counters.setdefault(reading.meter, set()).add(reading.value)
        return True


class Undisturbed:
    """Follows the topic; `table` is what a run without faults makes of all that is on it so far."""

    def __init__(self, plant: Plant, kafka: KafkaSettings, clock: StartableClock) -> None:
        self._clock = clock
        self._consumer = RecordConsumer(kafka, [READINGS], max_poll_records=5_000)
        self._site = WholeSite(plant)
        self._rows: dict[Identity, Interval] = {}
        self.topic = OnTopic()

    @property
    def event_time_utc(self) -> datetime:
        """The highest usable instant of any reading."""
        return instant(self._site.last_ms)

    def follow(self, timeout_s: float = 0.05) -> None:
        """Take what has come."""
        while messages := self._consumer.poll(timeout_s):
            self._take(messages)
            timeout_s = 0.0

    def _take(self, messages: list[Message]) -> None:
        readings: list[Reading] = []
        for message in messages:
            self.topic.records += 1
            try:
                reading: Reading = message.record()
            except UnreadableRecord:
                self.topic.unreadable += 1
                continue
            self.topic.take(reading, message.value)
            if ahead_of_plant(reading, epoch_ms(self._clock.at_utc(instant(message.timestamp_ms)))) is not None:
                continue  # as the job judges it: by the clock of the broker
            readings.append(reading)
        self._keep(self._site.take(readings))

    def _keep(self, outputs: Iterable[object]) -> None:
        for output in outputs:
            if isinstance(output, Interval):
                self._rows[output.meter, output.channel, output.start_utc] = output

    def table(self, until_utc: datetime) -> Table:
        """Quarter hours that end by `until_utc`."""
        return table_of(self._rows.values(), until_utc)

    def missing(self, served: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
        """What a device has answered and the topic does not have."""
        return [(meter, value) for meter, value in served if value not in self.topic.counters.get(meter, ())]

    def close(self) -> None:
        """Let go of the sockets."""
        self._consumer.close()

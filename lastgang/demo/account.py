"""What went over the topics in a span of plant time, counted from the log itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.kafka.client import KafkaSettings, Message, RecordConsumer
from domain.anomalies import Anomaly
from domain.clock import epoch_ms
from domain.codec import UnreadableRecord, decode
from domain.forecasts import Forecast
from domain.intervals import Interval, IntervalOrigin
from domain.readings import CONTROL_CHANNELS, Reading
from domain.recommendations import Decision, Recommendation
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    METER_FORECASTS,
    READINGS,
    RECOMMENDATIONS,
    REJECTED,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Plant time ``[from_utc, to_utc)``."""

    from_utc: datetime
    to_utc: datetime

    def has_ms(self, observed_ms: int) -> bool:
        """Whether an instant in epoch milliseconds lies in it."""
        return epoch_ms(self.from_utc) <= observed_ms < epoch_ms(self.to_utc)

    def has(self, instant_utc: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.from_utc <= instant_utc < self.to_utc


@dataclass(slots=True)
class Account:
    """Counts and latest revisions of one span."""

    readings_in: int = 0
    readings_used: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    intervals: dict[tuple[str, str, datetime], Interval] = field(default_factory=dict)
    """Latest revision by (meter, channel, start)."""
    revisions: dict[tuple[str, str, datetime], list[Interval]] = field(default_factory=dict)
    """Every revision, in the order in which it was published."""
    anomalies: dict[str, Anomaly] = field(default_factory=dict)
    found_utc: dict[str, datetime] = field(default_factory=dict)
    """Plant time of the first record of each anomaly."""
    forecasts: list[Forecast] = field(default_factory=list)
    meter_forecasts: int = 0
    recommendations: dict[str, Recommendation] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    latencies_ms: list[int] = field(default_factory=list)
    """From a reading of the billing meter on the log to the projection that rests on it on the log, wall clock."""


def read_account(kafka: KafkaSettings, span: Span, billing_meter: str) -> Account:
    """Read all topics from their beginning to their end of now."""
    account = Account()
    latencies = _Latencies(billing_meter)
    for message in _everything(kafka, [READINGS]):
        _take_reading(account, latencies, span, message)
    for message in _everything(kafka, [DEMAND]):
        latencies.take_demand(message, span)
    account.latencies_ms = sorted(latencies.found_ms)
    for message in _everything(kafka, [REJECTED]):
        _take_rejection(account, span, message)
    for message in _everything(kafka, [INTERVALS, ANOMALIES, FORECASTS, METER_FORECASTS, RECOMMENDATIONS, DECISIONS]):
        _take_result(account, span, message)
    used = {(meter, start): interval.readings for (meter, _, start), interval in sorted(account.intervals.items())}
    account.readings_used = sum(used.values())
    return account


def quantile(ordered: Sequence[int], share: float) -> float | None:
    """The value below which `share` of the sorted `ordered` lie; None of nothing."""
    return float(ordered[min(len(ordered) - 1, int(len(ordered) * share))]) if ordered else None


class _Latencies:
    """Pairs a demand with the newest reading that it rests on."""

    def __init__(self, billing_meter: str) -> None:
        self._meter = billing_meter
        self._written_ms: dict[int, int] = {}
        self.found_ms: list[int] = []

    def take_reading(self, reading: Reading, message: Message) -> None:
        if reading.meter == self._meter:
            self._written_ms[reading.observed_ms] = message.timestamp_ms

    def take_demand(self, message: Message, span: Span) -> None:
        demand = message.record()
        written = self._written_ms.get(demand.basis_observed_ms)
        if written is not None and span.has(demand.at_utc):
            self.found_ms.append(message.timestamp_ms - written)


def _everything(kafka: KafkaSettings, topics: Iterable[Topic]) -> list[Message]:
    with RecordConsumer(kafka, topics) as consumer:
        return consumer.read_to_end()


def _take_reading(account: Account, latencies: _Latencies, span: Span, message: Message) -> None:
    try:
        reading = message.record()
    except UnreadableRecord:
        account.readings_in += 1
        return
    if reading.channel in CONTROL_CHANNELS:
        return
    latencies.take_reading(reading, message)
    if span.has_ms(reading.observed_ms):
        account.readings_in += 1


def _take_rejection(account: Account, span: Span, message: Message) -> None:
    rejection = message.record()
    try:
        original = decode(Reading, rejection.original)
    except UnreadableRecord:
        account.rejected[rejection.reason] += 1
        return
    if span.has_ms(original.observed_ms):
        account.rejected[rejection.reason] += 1


def _take_result(account: Account, span: Span, message: Message) -> None:
    record: Any = message.record()
    if message.topic is INTERVALS:
        if record.origin is IntervalOrigin.METERING and span.has(record.start_utc):
            identity = (record.meter, record.channel, record.start_utc)
            _keep_newest(account.intervals, identity, record)
            revisions = account.revisions.setdefault(identity, [])
            if all(known.revision != record.revision for known in revisions):  # the log may repeat after a failure
                revisions.append(record)
    elif message.topic is ANOMALIES:
        _keep_newest(account.anomalies, record.anomaly, record)
        account.found_utc[record.anomaly] = min(record.at_utc, account.found_utc.get(record.anomaly, record.at_utc))
    elif message.topic is FORECASTS:
        if span.has(record.issued_utc) and not record.replayed:
            account.forecasts.append(record)
    elif message.topic is METER_FORECASTS:
        account.meter_forecasts += span.has(record.issued_utc)
    elif message.topic is RECOMMENDATIONS:
        _keep_newest(account.recommendations, record.recommendation, record)
    elif span.has(record.at_utc):
        account.decisions.append(record)


def _keep_newest(table: dict[Any, Any], identity: Any, record: Any) -> None:
    known = table.get(identity)
    if known is None or record.revision >= known.revision:
        table[identity] = record

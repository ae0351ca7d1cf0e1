"""The newest records of the topics: one small picture that any number of pages share.

In: records in any order, of any date, from anybody who may write to the topics.  Out: `Live`. Its size is bounded by the plant file and by
the limits below; a record from the future gives way to every one that is not.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from domain.clock import epoch_ms
from domain.demand import Demand
from domain.governing import Governing
from domain.plant import Plant
from domain.readings import (
    CLOCK_CHANNEL,
    CONNECTION_CHANNEL,
    CONTROL_CHANNELS,
    GAP_CHANNEL,
    HEARTBEAT_CHANNEL,
    REFUSED_CHANNEL,
    THINNED_CHANNEL,
    Reading,
)
from domain.recommendations import Decision, Recommendation
from quarters.newest import CLOCK_SLACK

Key = TypeVar("Key")
Item = TypeVar("Item")

MOST_CHANNELS = 100
"""Channels of one meter that are kept."""
MOST_SPEAKERS = 1_000
"""Gateways, and devices, that are kept: they are not in the plant file."""
MOST_ADVICE = 1_000
"""Recommendations that are kept; the ledger has all."""
MOST_DECISIONS = 10
"""Decisions on one recommendation that are kept: the first counts."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading and when it reached us, in seconds of the computer's steady clock."""

    reading: Reading
    at_s: float


@dataclass(frozen=True, slots=True)
class Live:
    """The picture at one moment."""

    connected: bool = False
    trouble: str = ""
    """Why not, in words of the broker's client."""
    taken_s: float = 0.0
    """When the picture was taken, on the clock of `Seen.at_s`."""
    demand: Demand | None = None
    demand_at_s: float = 0.0
    governing: Governing | None = None
    """What the governor has published last."""
    readings: Mapping[tuple[str, str], Seen] = field(default_factory=dict)
    """By meter and channel; the newest by the device's clock."""
    connections: Mapping[str, Seen] = field(default_factory=dict)
    gaps: Mapping[str, Seen] = field(default_factory=dict)
    """What was done last about a gap of a device's readings."""
    clocks: Mapping[str, Seen] = field(default_factory=dict)
    """What was reported last of a device's clock."""
    refused: Mapping[str, Seen] = field(default_factory=dict)
    """What a device does not give."""
    thinned: Mapping[str, Seen] = field(default_factory=dict)
    """What a gateway's full buffer had to give up last."""
    gateways: Mapping[str, Seen] = field(default_factory=dict)
    recommendations: Mapping[str, Recommendation] = field(default_factory=dict)
    decisions: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    """By recommendation, in the order of the log."""
    readings_count: int = 0
    rate_per_s: float | None = None
    """Readings a second of real time, over the last seconds; None before there are any."""
    received_s: float = 0.0
    """When anything came at all."""
    meters_seen_ms: Mapping[str, int] = field(default_factory=dict)
    """Newest `observed_ms` of each meter."""
    left_out: int = 0
    """Senders beyond what is kept."""


class Bounded(Generic[Key, Item]):
    """A table of at most `most` items.

    Parameters
    ----------
    drops_oldest
        Whether the item that was put longest ago makes room; else a new key is refused, so that a flood of new ones hides nobody.
    """

    def __init__(self, most: int, drops_oldest: bool = False) -> None:
        self._most, self._drops_oldest = most, drops_oldest
        self._items: dict[Key, Item] = {}
        self.refused = 0

    def get(self, key: Key) -> Item | None:
        """What is there; None where nothing is."""
        return self._items.get(key)

    def put(self, key: Key, item: Item) -> bool:
        """Keep `item`; False where there is no room for it."""
        known = self._items.pop(key, None)
        if known is None and len(self._items) >= self._most:
            if not self._drops_oldest:
                self.refused += 1
                return False
            del self._items[next(iter(self._items))]
        self._items[key] = item
        return True

    def copy(self) -> dict[Key, Item]:
        """The table as it is now."""
        return dict(self._items)


class LiveState:
    """Takes records in any order, keeps the newest of each; safe to use from two threads.

    Parameters
    ----------
    plant
        Whose meters are kept; None keeps any, up to a limit.
    now_utc
        The plant's clock; None believes every date.
    """

    def __init__(self, site: str, plant: Plant | None = None, now_utc: Callable[[], datetime] | None = None) -> None:
        self._site, self._now_utc = site, now_utc
        self._meters = None if plant is None else {m.id for m in plant.meters} | {m.id for m in plant.virtual_meters}
        self._lock = threading.Lock()
        self._connected = False
        self._trouble = ""
        self._demand: Demand | None = None
        self._demand_at_s = 0.0
        self._governing: Governing | None = None
        meters = MOST_SPEAKERS if self._meters is None else len(self._meters)
        self._readings = Bounded[tuple[str, str], Seen](max(1, meters) * MOST_CHANNELS)
        self._channels = Counter[str]()
        self._meters_ms = Bounded[str, int](max(1, meters))
        self._control = {channel: Bounded[str, Seen](MOST_SPEAKERS) for channel in CONTROL_CHANNELS}
        self._recommendations = Bounded[str, Recommendation](MOST_ADVICE, drops_oldest=True)
        self._decisions = Bounded[str, tuple[Decision, ...]](MOST_ADVICE, drops_oldest=True)
        self._count = 0
        self._rate_mark = (0.0, 0)
        self._rate_per_s: float | None = None
        self._received_s = 0.0

    def take(self, record: Any, at_s: float) -> None:
        """Keep `record` if it is the newest of its kind."""
        if record.site != self._site:
            return
        latest_ms = None if self._now_utc is None else epoch_ms(self._now_utc() + CLOCK_SLACK)
        with self._lock:
            self._received_s = max(self._received_s, at_s)
            match record:
                case Reading():
                    self._take_reading(Seen(record, at_s), latest_ms)
                case Demand():
                    known = self._demand
                    if known is None or _is_newer(epoch_ms(record.at_utc), epoch_ms(known.at_utc), latest_ms):
                        self._demand, self._demand_at_s = record, at_s
                case Governing():
                    stated = self._governing
                    if stated is None or _is_newer(epoch_ms(record.at_utc), epoch_ms(stated.at_utc), latest_ms):
                        self._governing = record
                case Recommendation():
                    advised = self._recommendations.get(record.recommendation)
                    if advised is None or record.revision >= advised.revision:
                        self._recommendations.put(record.recommendation, record)
                case Decision():
                    decisions = self._decisions.get(record.recommendation) or ()
                    if record not in decisions:  # the log is read again from a little back after a reconnect
                        self._decisions.put(record.recommendation, (*decisions, record)[:MOST_DECISIONS])

    def _take_reading(self, seen: Seen, latest_ms: int | None) -> None:
        reading = seen.reading
        if reading.channel in CONTROL_CHANNELS:
            table = self._control[reading.channel]
            if reading.channel != CONNECTION_CHANNEL or not _is_unchanged(table.get(reading.meter), reading, latest_ms):
                _keep_newest(table, reading.meter, seen, latest_ms)
            return
        self._count += 1
        if self._meters is not None and reading.meter not in self._meters:
            return
        key = (reading.meter, reading.channel)
        if self._readings.get(key) is None:
            if self._channels[reading.meter] >= MOST_CHANNELS:
                return
            self._channels[reading.meter] += 1
        _keep_newest(self._readings, key, seen, latest_ms)
        newest_ms = self._meters_ms.get(reading.meter)
        if newest_ms is None or _is_newer(reading.observed_ms, newest_ms, latest_ms):
            self._meters_ms.put(reading.meter, reading.observed_ms)

    def connection(self, connected: bool, trouble: str = "") -> None:
        """Note whether the broker is there."""
        with self._lock:
            self._connected, self._trouble = connected, trouble

    def picture(self, now_s: float) -> Live:
        """Everything as it is at `now_s` (steady clock)."""
        with self._lock:
            since_s, count = self._rate_mark
            if now_s - since_s >= 5.0:
                self._rate_per_s = (self._count - count) / (now_s - since_s) if since_s else None
                self._rate_mark = (now_s, self._count)
            return Live(
                connected=self._connected,
                trouble=self._trouble,
                taken_s=now_s,
                demand=self._demand,
                demand_at_s=self._demand_at_s,
                governing=self._governing,
                readings=self._readings.copy(),
                connections=self._control[CONNECTION_CHANNEL].copy(),
                gaps=self._control[GAP_CHANNEL].copy(),
                clocks=self._control[CLOCK_CHANNEL].copy(),
                refused=self._control[REFUSED_CHANNEL].copy(),
                thinned=self._control[THINNED_CHANNEL].copy(),
                gateways=self._control[HEARTBEAT_CHANNEL].copy(),
                recommendations=self._recommendations.copy(),
                decisions=self._decisions.copy(),
                readings_count=self._count,
                rate_per_s=self._rate_per_s,
                received_s=self._received_s,
                meters_seen_ms=self._meters_ms.copy(),
                left_out=sum(table.refused for table in self._control.values()),
            )


def _keep_newest(table: Bounded[Key, Seen], key: Key, seen: Seen, latest_ms: int | None) -> None:
    known = table.get(key)
    if known is None or _is_newer(seen.reading.observed_ms, known.reading.observed_ms, latest_ms):
        table.put(key, seen)


def _is_unchanged(known: Seen | None, reading: Reading, latest_ms: int | None) -> bool:
    """Whether a connection's state is the one that is known: the first of its kind gives the time."""
    if known is None or known.reading.text != reading.text:
        return False
    return latest_ms is None or known.reading.observed_ms <= latest_ms


def _is_newer(ms: int, known_ms: int, latest_ms: int | None) -> bool:
    """Whether `ms` takes the place of `known_ms`: what lies beyond `latest_ms` never does so to what does not."""
    if latest_ms is not None and (ms > latest_ms) != (known_ms > latest_ms):
        return ms <= latest_ms
    return ms >= known_ms

"""What the topics said last: one small picture that any number of pages share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.demand import Demand
from domain.readings import CLOCK_CHANNEL, CONNECTION_CHANNEL, CONTROL_CHANNELS, GAP_CHANNEL, HEARTBEAT_CHANNEL, Reading
from domain.recommendations import Decision, Recommendation


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
    readings: Mapping[tuple[str, str], Seen] = field(default_factory=dict)
    """By meter and channel; the newest by the device's clock."""
    connections: Mapping[str, Seen] = field(default_factory=dict)
    gaps: Mapping[str, Seen] = field(default_factory=dict)
    """What was done last about a gap of a device's readings."""
    clocks: Mapping[str, Seen] = field(default_factory=dict)
    """What was told last of a device's clock."""
    gateways: Mapping[str, Seen] = field(default_factory=dict)
    recommendations: Mapping[str, Recommendation] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    readings_count: int = 0
    rate_per_s: float = 0.0
    """Readings a second of real time, over the last seconds."""
    heard_s: float = 0.0
    """When anything came at all."""
    meters_seen_ms: Mapping[str, int] = field(default_factory=dict)
    """Newest `observed_ms` of each meter."""


class LiveState:
    """Takes records in any order, keeps the newest of each; safe to use from two threads."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._connected = False
        self._trouble = ""
        self._demand: Demand | None = None
        self._demand_at_s = 0.0
        self._readings: dict[tuple[str, str], Seen] = {}
        self._connections: dict[str, Seen] = {}
        self._gaps: dict[str, Seen] = {}
        self._clocks: dict[str, Seen] = {}
        self._gateways: dict[str, Seen] = {}
        self._recommendations: dict[str, Recommendation] = {}
        self._decisions: dict[str, Decision] = {}
        self._count = 0
        self._meters_ms: dict[str, int] = {}
        self._rate_mark = (0.0, 0)
        self._rate_per_s = 0.0
        self._heard_s = 0.0

    def take(self, record: Any, at_s: float) -> None:
        """Keep `record` if it is the newest of its kind."""
        if record.site != self._site:
            return
        with self._lock:
            self._heard_s = max(self._heard_s, at_s)
            match record:
                case Reading():
                    self._take_reading(Seen(record, at_s))
                case Demand():
                    if self._demand is None or record.at_utc >= self._demand.at_utc:
                        self._demand, self._demand_at_s = record, at_s
                case Recommendation():
                    known = self._recommendations.get(record.recommendation)
                    if known is None or record.revision >= known.revision:
                        self._recommendations[record.recommendation] = record
                case Decision():
                    self._decisions[record.recommendation] = record

    def _take_reading(self, seen: Seen) -> None:
        reading = seen.reading
        if reading.channel == HEARTBEAT_CHANNEL:
            _keep_newest(self._gateways, reading.meter, seen)
        elif reading.channel == CONNECTION_CHANNEL:
            known = self._connections.get(reading.meter)
            if known is None or known.reading.text != reading.text:  # the first of its kind tells since when
                _keep_newest(self._connections, reading.meter, seen)
        elif reading.channel == GAP_CHANNEL:
            _keep_newest(self._gaps, reading.meter, seen)
        elif reading.channel == CLOCK_CHANNEL:
            _keep_newest(self._clocks, reading.meter, seen)
        elif reading.channel not in CONTROL_CHANNELS:
            self._count += 1
            _keep_newest(self._readings, (reading.meter, reading.channel), seen)
            self._meters_ms[reading.meter] = max(self._meters_ms.get(reading.meter, 0), reading.observed_ms)

    def connection(self, connected: bool, trouble: str = "") -> None:
        """Tell whether the broker is there."""
        with self._lock:
            self._connected, self._trouble = connected, trouble

    def picture(self, now_s: float) -> Live:
        """Everything as it is at `now_s` (steady clock)."""
        with self._lock:
            since_s, count = self._rate_mark
            if now_s - since_s >= 5.0:
                self._rate_per_s = (self._count - count) / (now_s - since_s) if since_s else 0.0
                self._rate_mark = (now_s, self._count)
            return Live(
                connected=self._connected,
                trouble=self._trouble,
                taken_s=now_s,
                demand=self._demand,
                demand_at_s=self._demand_at_s,
                readings=dict(self._readings),
                connections=dict(self._connections),
                gaps=dict(self._gaps),
                clocks=dict(self._clocks),
                gateways=dict(self._gateways),
                recommendations=dict(self._recommendations),
                decisions=dict(self._decisions),
                readings_count=self._count,
                rate_per_s=self._rate_per_s,
                heard_s=self._heard_s,
                meters_seen_ms=dict(self._meters_ms),
            )


def _keep_newest(table: dict[Any, Seen], key: Any, seen: Seen) -> None:
    known = table.get(key)
    if known is None or seen.reading.observed_ms >= known.reading.observed_ms:
        table[key] = seen

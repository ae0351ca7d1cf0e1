"""How the platform itself is: connections, buffers, delays, what was set aside, and its own electricity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.live_state import Live, Seen
from console.views.scene import ProcessUse, Scene
from domain.clock import instant

WATT_PER_CORE = 4.0
"""Model, not a measurement: what one busy core of a small server draws above idle [W]."""
QUIET_REAL_S = 10.0
QUIET_PLANT_S = 90.0
SILENT_BROKER_S = 30.0


class Health(StrEnum):
    """How a part stands."""

    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class GapEvent:
    """What the gateway did last about a gap in a device's readings."""

    at_utc: datetime
    values: int | None
    """Readings that the device's memory gave; None while it is being asked."""
    text: str
    """In the gateway's words."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A device as its gateway sees it."""

    device: str
    label: str
    word: str
    """``connected``, ``lost``, ``refused``, ``stalled``, or what the gateway says."""
    health: Health
    since_utc: datetime
    gap: GapEvent | None = None
    clock: ClockEvent | None = None


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """What a gateway found last about a device's clock."""

    at_utc: datetime
    behind_s: float
    """Negative if it is ahead."""
    text: str


@dataclass(frozen=True, slots=True)
class GatewayState:
    """A gateway's last sign of life."""

    gateway: str
    buffered: int
    heard_utc: datetime
    age_s: float
    """Real seconds."""
    health: Health


@dataclass(frozen=True, slots=True)
class PlatformView:
    """The page *Platform*."""

    now_utc: datetime
    speed: float
    broker: Health
    trouble: str
    ledger: Health
    lag_s: float | None
    """Real seconds between the plant's clock and the reading that the newest projection rests on."""
    ledger_until_utc: datetime | None
    readings_count: int
    readings_per_s: float
    gateways: tuple[GatewayState, ...]
    connections: tuple[Connection, ...]
    rejected: tuple[tuple[str, int], ...]
    processes: tuple[ProcessUse, ...]
    cpu_s: float
    energy_wh: float
    watt_per_core: float


def platform_view(scene: Scene) -> PlatformView:
    """The platform as it stands."""
    cpu_s = sum(p.cpu_s for p in scene.processes)
    return PlatformView(
        now_utc=scene.now_utc,
        speed=scene.speed,
        broker=broker_health(scene.live),
        trouble=scene.live.trouble,
        ledger=Health.GOOD if scene.ledger_there else Health.WAITING,
        lag_s=lag_s(scene),
        ledger_until_utc=ledger_until(scene),
        readings_count=scene.live.readings_count,
        readings_per_s=scene.live.rate_per_s,
        gateways=gateway_states(scene),
        connections=connections(scene),
        rejected=rejected(scene.history.rejections_by_reason()),
        processes=tuple(sorted(scene.processes, key=lambda p: -p.cpu_s)),
        cpu_s=cpu_s,
        energy_wh=cpu_s * WATT_PER_CORE / 3600,
        watt_per_core=WATT_PER_CORE,
    )


def broker_health(live: Live) -> Health:
    """The broker's client hides a broker that went away: silence tells, since gateways always send heartbeats."""
    if not live.connected:
        return Health.BAD if live.trouble else Health.WAITING
    return Health.GOOD if live.taken_s - live.heard_s < SILENT_BROKER_S else Health.WAITING


def lag_s(scene: Scene) -> float | None:
    """How far the newest projection is behind the plant's clock, on the watch."""
    demand = scene.live.demand
    if demand is None:
        return None
    return max(0.0, (scene.now_utc - demand.at_utc).total_seconds() / scene.speed)


def ledger_until(scene: Scene) -> datetime | None:
    """End of the newest quarter hour of the billing meter in the ledger, within the last two days."""
    meter = scene.plant.billing_meter()
    channel = meter.energy_channel() if meter is not None else None
    if meter is None or channel is None:
        return None
    from_utc, _ = scene.day_span(scene.day(-1))
    _, to_utc = scene.day_span(scene.day())
    return max((i.end_utc for i in scene.history.intervals(meter.id, channel, from_utc, to_utc)), default=None)


def gateway_states(scene: Scene) -> tuple[GatewayState, ...]:
    """Gateways by name; one is bad when its heartbeat has stopped."""
    states = []
    for name, seen in sorted(scene.live.gateways.items()):
        heard = instant(seen.reading.observed_ms)
        plant_s = (scene.now_utc - heard).total_seconds()
        age_s = max(0.0, plant_s / scene.speed)
        bad = plant_s > QUIET_PLANT_S and age_s > QUIET_REAL_S
        buffered = int(seen.reading.value or 0)
        health = Health.BAD if bad else (Health.WAITING if buffered > 1_000 else Health.GOOD)
        states.append(GatewayState(name, buffered, heard, age_s, health))
    return tuple(states)


def connections(scene: Scene) -> tuple[Connection, ...]:
    """Devices, the troubled ones first."""
    labels = {m.id: m.label for m in scene.plant.meters}
    found = []
    for device, seen in sorted(scene.live.connections.items()):
        word = seen.reading.text or ""
        health = Health.GOOD if word == "connected" else Health.BAD
        gap = gap_event(scene.live.gaps.get(device))
        clock = clock_event(scene.live.clocks.get(device))
        found.append(Connection(device, labels.get(device, device), word, health, instant(seen.reading.observed_ms), gap, clock))
    return tuple(sorted(found, key=lambda c: (c.health is Health.GOOD, c.device)))


def gap_event(seen: Seen | None) -> GapEvent | None:
    """A gateway's word about a gap."""
    if seen is None:
        return None
    reading = seen.reading
    return GapEvent(instant(reading.observed_ms), None if reading.value is None else int(reading.value), reading.text or "")


def clock_event(seen: Seen | None) -> ClockEvent | None:
    """A gateway's word about a device's clock."""
    if seen is None or seen.reading.value is None:
        return None
    return ClockEvent(instant(seen.reading.observed_ms), float(seen.reading.value), seen.reading.text or "")


def rejected(by_reason: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Reasons by count, the most frequent first."""
    return tuple(sorted(((str(reason), count) for reason, count in by_reason.items()), key=lambda rc: (-rc[1], rc[0])))

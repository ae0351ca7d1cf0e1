"""How the platform itself is: connections, buffers, delays, what was set aside, and its own electricity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.live_state import Live, Seen
from console.views.scene import PartSeen, ProcessUse, Scene
from domain.clock import instant
from domain.units import WATTS_PER_CORE
from reporting.own_use import OwnSum, own_use_of

QUIET_REAL_S = 10.0
QUIET_PLANT_S = 90.0
SILENT_BROKER_S = 30.0
MOST_COUNTED = 10**12
"""No gateway has that much of anything."""


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
    """Readings that the device's memory gave; None while it is being read."""
    text: str
    """In the gateway's words."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a device does not give."""

    at_utc: datetime
    count: int
    """Registers or nodes."""
    text: str
    """Which, with the device's answer, in the gateway's words."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A device as its gateway sees it."""

    device: str
    label: str
    word: str
    """``connected``, ``lost``, ``refused``, ``stalled``, or the gateway's own state; empty where none has come yet."""
    health: Health
    since_utc: datetime | None
    gap: GapEvent | None = None
    clock: ClockEvent | None = None
    refusal: Refusal | None = None

    @property
    def is_troubled(self) -> bool:
        """Whether it is not connected, stalls, or refuses something."""
        return self.health is not Health.GOOD or self.refusal is not None


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """What a gateway found last about a device's clock."""

    at_utc: datetime
    behind_s: float
    """Negative if it is ahead."""
    text: str


@dataclass(frozen=True, slots=True)
class Thinning:
    """What a gateway's full buffer had to give up last."""

    at_utc: datetime
    count: int | None
    """Readings."""
    text: str
    """Which span and which channels, in the gateway's words."""


@dataclass(frozen=True, slots=True)
class GatewayState:
    """A gateway's last sign of life."""

    gateway: str
    buffered: int | None
    """None where it does not say."""
    heard_utc: datetime | None
    age_s: float | None
    """Real seconds since its heartbeat; None where there was none."""
    health: Health
    thinning: Thinning | None = None


class Lack(StrEnum):
    """What is not there, and what can be done about it; keys of the page's texts."""

    NO_BROKER = "no_broker"
    NO_LEDGER = "no_ledger"
    NOTHING_RECEIVED = "nothing_received"
    """No gateway has sent anything since the page's server began."""
    NO_BILLING_METER = "no_billing_meter"
    NO_TARIFF = "no_tariff"
    NO_TARGET = "no_target"


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
    readings_per_s: float | None
    """None while the broker does not answer, and in the first seconds."""
    gateways: tuple[GatewayState, ...]
    connections: tuple[Connection, ...]
    left_out: int
    """Gateways and devices beyond those that are kept."""
    lacks: tuple[Lack, ...]
    rejected: tuple[tuple[str, int], ...]
    """As far as the ledger knows."""
    processes: tuple[ProcessUse, ...]
    losses: tuple[PartSeen, ...]
    """Parts and jobs of the stack that do not run."""
    cpu_s: float | None
    """None where no stack runs."""
    energy_wh: float | None
    watt_per_core: float
    own_month: OwnSum | None
    """What the stack used since the local month began, beside what advice saved; None where nothing was recorded yet."""


def platform_view(scene: Scene) -> PlatformView:
    """The platform now."""
    cpu_s = sum(p.cpu_s for p in scene.processes) if scene.processes else None
    return PlatformView(
        now_utc=scene.now_utc,
        speed=scene.speed,
        broker=broker_health(scene.live),
        trouble=scene.live.trouble,
        ledger=Health.GOOD if scene.ledger_there else Health.WAITING,
        lag_s=lag_s(scene),
        ledger_until_utc=ledger_until(scene),
        readings_count=scene.live.readings_count,
        readings_per_s=scene.live.rate_per_s if scene.live.connected else None,
        gateways=gateway_states(scene),
        connections=connections(scene),
        left_out=scene.live.left_out,
        lacks=lacks(scene),
        rejected=rejected(scene.ledger.rejections_by_reason()),
        processes=tuple(sorted(scene.processes, key=lambda p: -p.cpu_s)),
        losses=tuple(part for part in scene.parts if part.state != "running"),
        cpu_s=cpu_s,
        energy_wh=None if cpu_s is None else cpu_s * WATTS_PER_CORE / 3600,
        watt_per_core=WATTS_PER_CORE,
        own_month=own_use_of(
            scene.ledger,
            scene.plant,
            scene.tariff,
            scene.day_span(scene.day().replace(day=1))[0],
            scene.day_span(scene.day())[1],
            with_models=False,
        ),
    )


def broker_health(live: Live) -> Health:
    """The broker's client hides a broker that went away: silence shows it, since gateways always send heartbeats."""
    if not live.connected:
        return Health.BAD if live.trouble else Health.WAITING
    return Health.GOOD if live.taken_s - live.received_s < SILENT_BROKER_S else Health.WAITING


def lag_s(scene: Scene) -> float | None:
    """How far the newest projection is behind the plant's clock [s of the wall clock]."""
    demand = scene.live.demand
    if demand is None:  # `Scene.demand` passes over those from the future
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
    return max((i.end_utc for i in scene.ledger.intervals(meter.id, channel, from_utc, to_utc)), default=None)


def lacks(scene: Scene) -> tuple[Lack, ...]:
    """What is not there that the plant could have."""
    plant, live = scene.plant, scene.live
    found = {
        Lack.NO_BROKER: not live.connected,
        Lack.NO_LEDGER: not scene.ledger_there,
        Lack.NOTHING_RECEIVED: live.connected and not live.gateways and not live.readings,
        Lack.NO_BILLING_METER: plant.billing_meter() is None,
        Lack.NO_TARIFF: plant.tariff is None,
        Lack.NO_TARGET: plant.site.target_kw is None,
    }
    return tuple(lack for lack, is_so in found.items() if is_so)


def gateway_states(scene: Scene) -> tuple[GatewayState, ...]:
    """Gateways by name; one is bad when its heartbeat has stopped."""
    live = scene.live
    return tuple(
        _gateway_state(scene, name, live.gateways.get(name), live.thinned.get(name))
        for name in sorted({*live.gateways, *live.thinned})
    )


def _gateway_state(scene: Scene, name: str, beat: Seen | None, thinned: Seen | None) -> GatewayState:
    thinning = None
    if thinned is not None:
        thinning = Thinning(instant(thinned.reading.observed_ms), count_of(thinned.reading.value), thinned.reading.text or "")
    if beat is None:
        return GatewayState(name, None, None, None, Health.WAITING, thinning)
    heard = instant(beat.reading.observed_ms)
    plant_s = (scene.now_utc - heard).total_seconds()
    age_s = max(0.0, plant_s / scene.speed)
    buffered = count_of(beat.reading.value)
    if plant_s > QUIET_PLANT_S and age_s > QUIET_REAL_S:
        health = Health.BAD
    else:
        health = Health.WAITING if buffered is None or buffered > 1_000 else Health.GOOD
    return GatewayState(name, buffered, heard, age_s, health, thinning)


def count_of(value: float | int | None) -> int | None:
    """A number of things that a gateway wrote as a value; None where it wrote none that can be one."""
    return None if value is None or value < 0 or value > MOST_COUNTED else int(value)


def connections(scene: Scene) -> tuple[Connection, ...]:
    """Devices, the troubled ones first."""
    labels = {m.id: m.label for m in scene.plant.meters}
    live = scene.live
    found = [
        _connection(device, labels.get(device, device), live.connections.get(device), live)
        for device in sorted({*live.connections, *live.refused})
    ]
    return tuple(sorted(found, key=lambda c: (not c.is_troubled, c.device)))


def _connection(device: str, label: str, seen: Seen | None, live: Live) -> Connection:
    word = "" if seen is None else seen.reading.text or ""
    since_utc = None if seen is None else instant(seen.reading.observed_ms)
    health = Health.GOOD if word == "connected" else Health.WAITING if seen is None else Health.BAD
    gap, clock = gap_event(live.gaps.get(device)), clock_event(live.clocks.get(device))
    return Connection(device, label, word, health, since_utc, gap, clock, refusal(live.refused.get(device)))


def refusal(seen: Seen | None) -> Refusal | None:
    """What a device refuses; None where it gives everything."""
    if seen is None or not (count := count_of(seen.reading.value)):
        return None
    return Refusal(instant(seen.reading.observed_ms), count, seen.reading.text or "")


def gap_event(seen: Seen | None) -> GapEvent | None:
    """A gateway's word about a gap."""
    if seen is None:
        return None
    reading = seen.reading
    return GapEvent(instant(reading.observed_ms), count_of(reading.value), reading.text or "")


def clock_event(seen: Seen | None) -> ClockEvent | None:
    """A gateway's word about a device's clock."""
    if seen is None or seen.reading.value is None:
        return None
    return ClockEvent(instant(seen.reading.observed_ms), float(seen.reading.value), seen.reading.text or "")


def rejected(by_reason: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Reasons by count, the most frequent first."""
    return tuple(sorted(((str(reason), count) for reason, count in by_reason.items()), key=lambda rc: (-rc[1], rc[0])))

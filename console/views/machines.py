"""How machines do: health with its trend, channels beside their limits, open incidents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.views.findings import Finding, open_findings
from console.views.scene import Scene
from domain.intervals import QUARTER
from domain.machine_health import ChannelHealth, HealthStatus, MachineHealth
from domain.plant import Machine
from quarters.numbers import quarter_start

TREND = timedelta(days=7)
STALE = timedelta(hours=2)
"""Health that is older than this says nothing of now."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One quarter hour of a trend; None where it is not known."""

    start_utc: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One channel now, and how it came there."""

    health: ChannelHealth
    trend: tuple[TrendPoint, ...]
    """Of the operating state that the machine is in now; other quarter hours have none."""


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One machine in the list of those whose health is watched."""

    machine: str
    label: str
    status: HealthStatus
    index: float | None
    learned: float
    soonest: ChannelHealth | None
    """The channel that reaches its limit first; None where none is on its way."""
    is_stale: bool


@dataclass(frozen=True, slots=True)
class MachineView:
    """The page of one machine."""

    now_utc: datetime
    machine: str
    label: str
    meter: str | None
    newest: MachineHealth | None
    """None while nothing is known."""
    is_stale: bool
    index: tuple[TrendPoint, ...]
    """Of the last week, every quarter hour from the first that is known."""
    channels: tuple[ChannelView, ...]
    findings: tuple[Finding, ...]
    """Open ones of its meter."""


def machine_rows(scene: Scene) -> tuple[MachineRow, ...]:
    """Machines whose health is watched, the worst first; those of which it is not known, last."""
    rows = [row for machine in scene.plant.machines if (row := _row(scene, machine)) is not None]
    return tuple(sorted(rows, key=lambda row: (101.0 if row.index is None else row.index, row.machine)))


def _row(scene: Scene, machine: Machine) -> MachineRow | None:
    newest = _newest(scene, machine)
    if newest is not None:
        stale = _is_stale(scene, newest)
        return MachineRow(machine.id, machine.label, newest.status, newest.index, newest.learned, soonest(newest), stale)
    if machine.health is None:
        return None
    return MachineRow(machine.id, machine.label, HealthStatus.LEARNING, None, 0.0, None, False)


def soonest(health: MachineHealth) -> ChannelHealth | None:
    """The channel that reaches its limit first."""
    ahead = [(one.days_to_limit, one.channel, one) for one in health.channels if one.days_to_limit is not None]
    return min(ahead)[2] if ahead else None


def machine_view(scene: Scene, name: str) -> MachineView | None:
    """None for a machine that the plant file has not."""
    machine = next((one for one in scene.plant.machines if one.id == name), None)
    if machine is None:
        return None
    newest = _newest(scene, machine)
    records = health_records(scene, machine)
    return MachineView(
        scene.now_utc, machine.id, machine.label, machine.meter or None, newest, newest is not None and _is_stale(scene, newest),
        index_trend(records), () if newest is None else tuple(_channel(one, newest, records) for one in newest.channels),
        tuple(one for one in open_findings(scene) if one.anomaly.meter in (machine.meter, machine.id)),
    )  # fmt: skip


def health_records(scene: Scene, machine: Machine) -> list[MachineHealth]:
    """Of the last week, by quarter hour."""
    to_utc = quarter_start(scene.now_utc)
    return scene.ledger.machine_health(scene.plant.site.id, machine.id, to_utc - TREND, to_utc)


def index_trend(records: list[MachineHealth]) -> tuple[TrendPoint, ...]:
    """Every quarter hour from the first record to the last one."""
    return _on_grid({one.at_utc: one.index for one in records})


def _on_grid(values: dict[datetime, float | None]) -> tuple[TrendPoint, ...]:
    if not values:
        return ()
    first, last = min(values), max(values)
    starts = (first + n * QUARTER for n in range((last - first) // QUARTER + 1))
    return tuple(TrendPoint(start, values.get(start)) for start in starts)


def _channel(health: ChannelHealth, newest: MachineHealth, records: list[MachineHealth]) -> ChannelView:
    means = {
        record.at_utc: next((one.mean for one in record.channels if one.channel == health.channel), None)
        if record.state == newest.state
        else None
        for record in records
    }
    return ChannelView(health, _on_grid(means))


def _newest(scene: Scene, machine: Machine) -> MachineHealth | None:
    return scene.ledger.newest_machine_health(scene.plant.site.id, machine.id, quarter_start(scene.now_utc))


def _is_stale(scene: Scene, health: MachineHealth) -> bool:
    return scene.now_utc - health.at_utc > STALE

"""The tree of meters: last values, today's energy, how well it is known, who is silent, and what nobody measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from console.live_state import Seen
from console.views.findings import Finding, open_findings
from console.views.gaps import restated
from console.views.scene import QuarterValue, Scene, net_channels, net_of, net_quarters
from domain.clock import instant
from domain.intervals import QUARTER, IntervalQuality, quarter_start, quarter_starts, worst_quality
from domain.plant import Meter, Register
from domain.readings import ReadingQuality
from domain.units import KW_PER_UNIT, kwh
from reporting.gaps import SOUND, Told

SILENT_REAL_S = 10.0
SILENT_PLANT_S = 120.0


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One line of the tree; where `rest_of` is set, it is the part of that meter that no child measures."""

    meter: str
    label: str
    depth: int
    rest_of: str | None
    now_kw: float | None
    """By its power gauge, live."""
    last: QuarterValue | None
    """The last quarter hour that has a record."""
    today_kwh: float | None
    today_measured: float | None
    """Share of today's quarter hours that are measured, or corrected by rule."""
    silent_since_utc: datetime | None
    state: str | None
    """What the machine says of itself, e.g. ``Execute``."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class MetersView:
    """The page *Meters*."""

    now_utc: datetime
    rows: tuple[MeterRow, ...]
    silent: int
    findings: tuple[Finding, ...]


def meters_view(scene: Scene) -> MetersView:
    """Meters below their parents, each parent's unmeasured rest last among its children."""
    day_start, _ = scene.day_span(scene.day())
    to_utc = quarter_start(scene.now_utc)
    quarters = {m.id: net_quarters(scene.history, m, min(day_start, to_utc - 4 * QUARTER), to_utc) for m in scene.plant.meters}
    findings = open_findings(scene)
    rows: list[MeterRow] = []

    def descend(meter: Meter, depth: int) -> None:
        rows.append(meter_row(scene, meter, depth, quarters[meter.id], day_start, findings))
        children = [m for m in scene.plant.meters if m.parent == meter.id]
        for child in children:
            descend(child, depth + 1)
        if children:
            rows.append(rest_row(meter, depth + 1, quarters, [c.id for c in children], day_start))

    for root in (m for m in scene.plant.meters if m.parent is None):
        descend(root, 0)
    return MetersView(scene.now_utc, tuple(rows), sum(r.silent_since_utc is not None for r in rows), findings)


def meter_row(
    scene: Scene,
    meter: Meter,
    depth: int,
    quarters: Mapping[datetime, QuarterValue],
    day_start: datetime,
    findings: tuple[Finding, ...],
) -> MeterRow:
    """One meter as it stands."""
    today = [q for q in quarters.values() if q.start_utc >= day_start]
    known = [q.energy_uwh for q in today if q.energy_uwh is not None]
    state = scene.live.readings.get((meter.id, "state"))
    return MeterRow(
        meter=meter.id,
        label=meter.label,
        depth=depth,
        rest_of=None,
        now_kw=gauge_kw(meter.gauge(), scene.live.readings.get((meter.id, _channel(meter.gauge())))),
        last=max(quarters.values(), key=lambda q: q.start_utc, default=None),
        today_kwh=kwh(sum(known)) if known else None,
        today_measured=sum(q.quality in SOUND for q in today) / len(today) if today else None,
        silent_since_utc=silent_since(scene, meter),
        state=state.reading.text if state is not None else None,
        findings=tuple(f for f in findings if f.anomaly.meter == meter.id),
    )


def rest_row(
    parent: Meter, depth: int, quarters: Mapping[str, Mapping[datetime, QuarterValue]], children: list[str], day_start: datetime
) -> MeterRow:
    """What flows through `parent` and through none of its children; only quarter hours in which all are known count."""
    rests: dict[datetime, QuarterValue] = {}
    for start, own in quarters[parent.id].items():
        below = [quarters[c].get(start) for c in children]
        known = [q for q in below if q is not None and q.energy_uwh is not None]
        if own.energy_uwh is not None and len(known) == len(children):
            rest_uwh = own.energy_uwh - sum(q.energy_uwh or 0 for q in known)
            quality = worst_quality([own.quality, *(q.quality for q in known)])
            rests[start] = QuarterValue(start, rest_uwh, quality, min([own.coverage, *(q.coverage for q in known)]))
    today = [q.energy_uwh or 0 for q in rests.values() if q.start_utc >= day_start]
    return MeterRow(
        meter=f"{parent.id}/rest",
        label="",
        depth=depth,
        rest_of=parent.label,
        now_kw=None,
        last=max(rests.values(), key=lambda q: q.start_utc, default=None),
        today_kwh=kwh(sum(today)) if today else None,
        today_measured=None,
        silent_since_utc=None,
        state=None,
    )


def _channel(register: Register | None) -> str:
    return register.channel if register is not None else ""


def gauge_kw(register: Register | None, seen: Seen | None) -> float | None:
    """The gauge's last value in kW; None where it is not good."""
    if register is None or seen is None or seen.reading.value is None or seen.reading.quality is not ReadingQuality.GOOD:
        return None
    return float(seen.reading.value) * KW_PER_UNIT[register.unit]


def silent_since(scene: Scene, meter: Meter) -> datetime | None:
    """When the meter spoke last, if that is too long ago by the plant's clock and by the watch; None while it speaks.

    A meter that nobody has heard since the page's server began is judged by its anomalies and connections, not here.
    """
    last_ms = scene.live.meters_seen_ms.get(meter.id)
    if last_ms is None:
        return None
    sampling_s = min((r.sampling_s for r in meter.registers if r.kind), default=60.0)
    age_s = (scene.now_utc - instant(last_ms)).total_seconds()
    quiet = age_s > max(3 * sampling_s, SILENT_PLANT_S) and age_s / scene.speed > SILENT_REAL_S
    return instant(last_ms) if quiet else None


@dataclass(frozen=True, slots=True)
class ChannelValue:
    """What one register said last."""

    channel: str
    value: float | int | None
    text: str | None
    unit: str
    quality: ReadingQuality
    observed_utc: datetime


@dataclass(frozen=True, slots=True)
class MeterDayView:
    """One meter's local day."""

    meter: str
    label: str
    day: date
    from_utc: datetime
    to_utc: datetime
    quarters: tuple[QuarterValue | None, ...]
    energy_kwh: float | None
    highest: QuarterValue | None
    by_quality: Mapping[IntervalQuality, int]
    energy_shares: Mapping[IntervalQuality, float]
    """Share of the day's energy by quality, what is fed back counted like what is drawn."""
    as_first_told: bool
    """Whether the quarter hours are those told first."""
    restated: Mapping[datetime, int]
    """Quarter hours that were once told otherwise, with the revision that counts."""
    told: tuple[Told, ...]
    """All that was said of each register's quarter hours."""
    channels: tuple[ChannelValue, ...]
    findings: tuple[Finding, ...]
    is_last: bool


def meter_day_view(scene: Scene, meter_id: str, day: date, as_first_told: bool = False) -> MeterDayView:
    """The quarter hours of one day with their qualities, as they count or as they were told first.

    KeyError for a meter that is not there.
    """
    meter = scene.plant.meter_by_id(meter_id)
    from_utc, to_utc = scene.day_span(day)
    registers = [(scene.history.told(meter.id, channel, from_utc, to_utc), sign) for channel, sign in net_channels(meter)]
    found = net_of([([quarter.first if as_first_told else quarter.last for quarter in told], sign) for told, sign in registers])
    everything = tuple(quarter for told, _ in registers for quarter in told)
    known = [q for q in found.values() if q.energy_uwh is not None]
    counts, energies = Counter[IntervalQuality](), Counter[IntervalQuality]()
    for quarter in found.values():
        counts[quarter.quality] += 1
        energies[quarter.quality] += abs(quarter.energy_uwh or 0)
    return MeterDayView(
        meter=meter.id,
        label=meter.label,
        day=day,
        from_utc=from_utc,
        to_utc=to_utc,
        quarters=tuple(found.get(start) for start in quarter_starts(from_utc, to_utc)),
        energy_kwh=kwh(sum(q.energy_uwh or 0 for q in known)) if known else None,
        highest=max(known, key=lambda q: q.energy_uwh or 0, default=None),
        by_quality=counts,
        energy_shares={quality: energy / energies.total() for quality, energy in energies.items() if energy},
        as_first_told=as_first_told,
        restated={} if as_first_told else restated(everything),
        told=everything,
        channels=channel_values(scene, meter),
        findings=tuple(f for f in open_findings(scene) if f.anomaly.meter == meter.id),
        is_last=day >= scene.day(),
    )


def channel_values(scene: Scene, meter: Meter) -> tuple[ChannelValue, ...]:
    """All channels that this meter speaks on, those of the plant file first."""
    units = {r.channel: r.unit for r in meter.registers}
    heard = {channel: seen for (who, channel), seen in scene.live.readings.items() if who == meter.id}
    order = [*units, *sorted(set(heard) - set(units))]
    return tuple(
        ChannelValue(c, r.value, r.text, units.get(c, ""), r.quality, instant(r.observed_ms))
        for c in order
        if c in heard and (r := heard[c].reading)
    )


__all__ = ["ChannelValue", "MeterDayView", "MeterRow", "MetersView", "meter_day_view", "meters_view"]

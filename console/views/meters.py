"""The tree of meters: last values, today's energy, its coverage, silent meters, and the unmetered remainder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from console.live_state import Seen
from console.views.coverage import Empty, absent, emptiness, sum_due
from console.views.findings import MOST_SHOWN, Finding, WatchView, eur_per_day, open_findings, watch_view
from console.views.gaps import restated
from console.views.money import NoPrice, no_price
from console.views.platform import Connection, connections
from console.views.scene import Scene, net_of_meter
from domain.clock import instant
from domain.intervals import QUARTER, IntervalQuality
from domain.plant import Meter, Register
from domain.readings import ReadingQuality
from domain.units import KW_PER_UNIT
from quarters.gaps import QuarterRevisions
from quarters.net import NetQuarter, net_channels, net_quarters
from quarters.numbers import quarter_start, quarter_starts
from quarters.peaks import highest
from quarters.remainder import remainders

SILENT_REAL_S = 10.0
SILENT_PLANT_S = 120.0


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One line of the tree; where `remainder_of` is set, it is the part of that meter that no child measures."""

    meter: str
    label: str
    depth: int
    remainder_of: str | None
    now_kw: float | None
    """By its power gauge, live."""
    last: NetQuarter | None
    """The last quarter hour that has a record."""
    today_kwh: float | None
    """Of today's quarter hours that have a value."""
    today_missing: int
    """Quarter hours of today that should be there and have no value."""
    today_measured: float | None
    """Share of today's quarter hours that are measured, or corrected by rule, of those that should be there."""
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
    heard: int
    """Meters that have been heard since the page's server began."""
    troubles: tuple[Connection, ...]
    """Devices that are not connected, stall, or refuse something."""
    findings: tuple[Finding, ...]
    """The first of them."""
    findings_left_out: int
    findings_eur_per_day: float | None
    """Of all that are priced; None where none is."""
    no_price: NoPrice
    """Why an amount of money that is None is not known."""
    watch: WatchView


def meters_view(scene: Scene) -> MetersView:
    """Meters below their parents, each parent's unmeasured rest last among its children."""
    day_start, _ = scene.day_span(scene.day())
    to_utc = quarter_start(scene.now_utc)
    quarters = {m.id: net_of_meter(scene.ledger, m, min(day_start, to_utc - 4 * QUARTER), to_utc) for m in scene.plant.meters}
    findings = open_findings(scene)
    rows: list[MeterRow] = []

    def descend(meter: Meter, depth: int) -> None:
        rows.append(meter_row(scene, meter, depth, quarters[meter.id], day_start, findings))
        children = [m for m in scene.plant.meters if m.parent == meter.id]
        for child in children:
            descend(child, depth + 1)
        if children:
            rows.append(remainder_row(scene, meter, depth + 1, quarters, children, day_start))

    for root in (m for m in scene.plant.meters if m.parent is None):
        descend(root, 0)
    return MetersView(
        now_utc=scene.now_utc,
        rows=tuple(rows),
        silent=sum(r.silent_since_utc is not None for r in rows),
        heard=len(scene.live.meters_seen_ms),
        troubles=tuple(c for c in connections(scene) if c.is_troubled),
        findings=findings[:MOST_SHOWN],
        findings_left_out=max(0, len(findings) - MOST_SHOWN),
        findings_eur_per_day=eur_per_day(findings),
        no_price=no_price(scene.plant),
        watch=watch_view(scene),
    )


def meter_row(
    scene: Scene,
    meter: Meter,
    depth: int,
    quarters: Mapping[datetime, NetQuarter],
    day_start: datetime,
    findings: tuple[Finding, ...],
) -> MeterRow:
    """One meter now."""
    today = sum_due(scene, quarters, day_start, quarter_start(scene.now_utc))
    state = scene.live.readings.get((meter.id, "state"))
    return MeterRow(
        meter=meter.id,
        label=meter.label,
        depth=depth,
        remainder_of=None,
        now_kw=gauge_kw(meter.gauge(), scene.live.readings.get((meter.id, _channel(meter.gauge())))),
        last=max(quarters.values(), key=lambda q: q.start_utc, default=None),
        today_kwh=today.energy_kwh,
        today_missing=today.missing,
        today_measured=today.sound_share if today.quarters else None,
        silent_since_utc=silent_since(scene, meter),
        state=state.reading.text if state is not None else None,
        findings=tuple(f for f in findings if f.anomaly.meter == meter.id),
    )


def remainder_row(
    scene: Scene,
    parent: Meter,
    depth: int,
    quarters: Mapping[str, Mapping[datetime, NetQuarter]],
    children: list[Meter],
    day_start: datetime,
) -> MeterRow:
    """What flows through `parent` and through none of its children; only quarter hours in which all are known count."""
    compared = remainders(parent, children, quarters, quarters[parent.id])
    rests = {row.start_utc: row.as_net() for row in compared if row.is_whole}
    today = sum_due(scene, rests, day_start, quarter_start(scene.now_utc))
    return MeterRow(
        meter=f"{parent.id}/rest",
        label="",
        depth=depth,
        remainder_of=parent.label,
        now_kw=None,
        last=max(rests.values(), key=lambda q: q.start_utc, default=None),
        today_kwh=today.energy_kwh,
        today_missing=today.missing,
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
    """When the meter last sent, if that is too long ago by the plant's clock and by the wall clock; None while it sends.

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
    """The newest value of one register."""

    channel: str
    value: float | int | None
    text: str | None
    unit: str
    quality: ReadingQuality
    observed_utc: datetime


@dataclass(frozen=True, slots=True)
class MeterDayView:
    """One meter's local day."""

    now_utc: datetime
    meter: str
    label: str
    day: date
    from_utc: datetime
    to_utc: datetime
    quarters: tuple[NetQuarter | None, ...]
    empty: Empty | None
    """Why none of them has a value; None where one has."""
    missing: frozenset[datetime]
    """Starts of those that should be there and have no value, whether they were published as missing or never."""
    lacks: Mapping[str, int]
    """Channels that have no row where another one has, with how many quarter hours: import minus export is unknown there."""
    energy_kwh: float | None
    """Of those that have a value."""
    highest: NetQuarter | None
    by_quality: Mapping[IntervalQuality, int]
    energy_shares: Mapping[IntervalQuality, float]
    """Share of the day's energy by quality, what is fed back counted like what is drawn."""
    as_first_published: bool
    """Whether the quarter hours are those published first."""
    restated: Mapping[datetime, int]
    """Quarter hours with an earlier revision that differs, with the revision that counts."""
    revisions: tuple[QuarterRevisions, ...]
    """All revisions of each register's quarter hours."""
    channels: tuple[ChannelValue, ...]
    findings: tuple[Finding, ...]
    is_last: bool


def meter_day_view(scene: Scene, meter_id: str, day: date, as_first_published: bool = False) -> MeterDayView:
    """The quarter hours of one day with their qualities, as they count or as they were first published.

    KeyError for a meter that is not there.
    """
    meter = scene.plant.meter_by_id(meter_id)
    from_utc, to_utc = scene.day_span(day)
    revisions = {channel: scene.ledger.revisions(meter.id, channel, from_utc, to_utc) for channel, _ in net_channels(meter)}
    counting = {
        channel: {one.start_utc: one.first if as_first_published else one.last for one in quarters}
        for channel, quarters in revisions.items()
    }
    found = net_quarters(meter, counting)
    everything = tuple(one for quarters in revisions.values() for one in quarters)
    never_sent = absent(scene, found.keys(), from_utc, to_utc)
    quarters = tuple(found.get(start) for start in quarter_starts(from_utc, to_utc))
    known = [q for q in found.values() if q.energy_uwh is not None]
    counts = Counter(q.quality for q in found.values()) + Counter({IntervalQuality.MISSING: len(never_sent)})
    energies = Counter[IntervalQuality]()
    for quarter in known:
        energies[quarter.quality] += 0 if quarter.energy_uwh is None else abs(quarter.energy_uwh)
    return MeterDayView(
        now_utc=scene.now_utc,
        meter=meter.id,
        label=meter.label,
        day=day,
        from_utc=from_utc,
        to_utc=to_utc,
        quarters=quarters,
        empty=emptiness(scene, quarters, to_utc),
        missing=never_sent | {q.start_utc for q in found.values() if q.energy_uwh is None},
        lacks=Counter(channel for one in found.values() for channel in one.lacks),
        energy_kwh=sum_due(scene, found, from_utc, to_utc).energy_kwh,
        highest=highest(known),
        by_quality=counts,
        energy_shares={quality: energy / energies.total() for quality, energy in energies.items() if energy},
        as_first_published=as_first_published,
        restated={} if as_first_published else restated(everything),
        revisions=everything,
        channels=channel_values(scene, meter),
        findings=tuple(f for f in open_findings(scene) if f.anomaly.meter == meter.id),
        is_last=day >= scene.day(),
    )


def channel_values(scene: Scene, meter: Meter) -> tuple[ChannelValue, ...]:
    """All channels that this meter sends, those of the plant file first."""
    units = {r.channel: r.unit for r in meter.registers}
    heard = {channel: seen for (who, channel), seen in scene.live.readings.items() if who == meter.id}
    order = [*units, *sorted(set(heard) - set(units))]
    return tuple(
        ChannelValue(c, r.value, r.text, units.get(c, ""), r.quality, instant(r.observed_ms))
        for c in order
        if c in heard and (r := heard[c].reading)
    )


__all__ = ["ChannelValue", "MeterDayView", "MeterRow", "MetersView", "meter_day_view", "meters_view"]

"""What was not simply measured: a meter's gaps, and all revisions of one quarter hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.views.coverage import begun_utc
from console.views.scene import Scene
from domain.intervals import IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Meter
from domain.units import kwh
from quarters.gaps import Absence, Filling, Gap, QuarterRevisions, gaps_of_span
from quarters.numbers import quarter_start
from reporting.month import channels_of

MOST_GAPS = 20


@dataclass(frozen=True, slots=True)
class RevisionEntry:
    """One revision of one register's quarter hour."""

    channel: str
    revision: int
    energy_kwh: float | None
    quality: IntervalQuality
    method: IntervalMethod
    origin: IntervalOrigin
    recorded_utc: datetime
    counts: bool
    """Whether it is the newest."""


@dataclass(frozen=True, slots=True)
class EarlierSum:
    """What had been published of a gap before."""

    quality: IntervalQuality
    quarters: int
    energy_kwh: float | None


@dataclass(frozen=True, slots=True)
class MeterGap:
    """Quarter hours in a row of one register that were not simply measured, or were not at first."""

    meter: str
    channel: str
    unit: str
    from_utc: datetime
    to_utc: datetime
    quarters: int
    energy_kwh: float | None
    quality: IntervalQuality
    method: str
    filled_by: Filling
    revision: int | None
    """None where nothing was ever published."""
    earlier: tuple[EarlierSum, ...]
    last_recorded_utc: datetime | None


@dataclass(frozen=True, slots=True)
class MeterGapsView:
    """All gaps of a meter within the time in which late readings can still heal them."""

    meter: str
    from_utc: datetime
    to_utc: datetime
    gaps: tuple[MeterGap, ...]
    """The latest first."""
    left_out: int
    is_recorded: bool
    """Whether there is any quarter hour of it; without one there are no gaps, and nothing is measured either."""


def meter_gaps_view(scene: Scene, meter_id: str) -> MeterGapsView:
    """Gaps of one meter up to now; KeyError for a meter that is not there."""
    meter = scene.plant.meter_by_id(meter_id)
    to_utc = quarter_start(scene.now_utc)
    from_utc = to_utc - timedelta(days=scene.plant.site.late_horizon_days)
    found = gaps_of(scene, meter, from_utc, to_utc)
    latest = sorted(found, key=lambda gap: (gap.from_utc, gap.channel), reverse=True)
    is_recorded = any(scene.ledger.intervals(meter.id, name, from_utc, to_utc) for name, _ in channels_of(meter))
    return MeterGapsView(meter.id, from_utc, to_utc, tuple(latest[:MOST_GAPS]), max(0, len(latest) - MOST_GAPS), is_recorded)


def gaps_of(scene: Scene, meter: Meter, from_utc: datetime, to_utc: datetime, channel: str | None = None) -> list[MeterGap]:
    """Gaps of all registers of a meter, or of one, in a span."""
    return [
        MeterGap(
            meter.id, name, unit, gap.from_utc, gap.to_utc, gap.quarters, kwh(gap.energy_uwh) if gap.has_value else None, gap.quality,
            gap.reason, gap.filling, gap.revision,
            tuple(EarlierSum(e.quality, e.quarters, None if e.energy_uwh is None else kwh(e.energy_uwh)) for e in gap.earlier),
            gap.last_recorded_utc,
        )
        for name, unit in channels_of(meter)
        if channel is None or name == channel
        for gap in _gaps(scene, meter.id, name, quarter_start(from_utc), quarter_start(to_utc))
    ]  # fmt: skip


def _gaps(scene: Scene, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> list[Gap]:
    """What was not simply measured, and what nobody ever sent although it should be there."""
    doubtful = scene.ledger.doubtful(meter, channel, from_utc, to_utc)
    starts = [interval.start_utc for interval in scene.ledger.intervals(meter, channel, from_utc, to_utc)]
    found = gaps_of_span(doubtful, starts, from_utc, to_utc, begun_utc(scene), scene.now_utc)
    return [gap for gap in found if gap.reason not in (Absence.BEFORE, Absence.AFTER)]


def revision_entries(quarters: Sequence[QuarterRevisions], start_utc: datetime) -> tuple[RevisionEntry, ...]:
    """All revisions of one quarter hour, the newest first."""
    return tuple(
        RevisionEntry(
            i.channel, i.revision, None if i.energy_uwh is None else kwh(i.energy_uwh), i.quality, i.method, i.origin, at,
            counts=number == len(quarter.revisions) - 1,
        )
        for quarter in quarters
        if quarter.start_utc == start_utc
        for number, (i, at) in reversed(list(enumerate(zip(quarter.revisions, quarter.recorded_utc, strict=True))))
    )  # fmt: skip


def restated(quarters: Sequence[QuarterRevisions]) -> dict[datetime, int]:
    """Quarter hours whose energy or quality differs from an earlier revision, with the revision that counts."""
    return {
        quarter.start_utc: quarter.last.revision
        for quarter in quarters
        if any((i.energy_uwh, i.quality) != (quarter.last.energy_uwh, quarter.last.quality) for i in quarter.revisions)
    }


__all__ = ["MeterGap", "MeterGapsView", "RevisionEntry", "gaps_of", "meter_gaps_view", "restated", "revision_entries"]

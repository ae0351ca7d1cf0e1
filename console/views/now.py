"""The running quarter hour: will it pass the target, and what may still be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.views.findings import Finding, eur_per_day, open_findings
from console.views.scene import QUARTER, QuarterValue, Scene, import_quarters, last_quarters
from domain.demand import Demand
from domain.intervals import QUARTERS_PER_HOUR, quarter_starts

STALE_PLANT_S = 90.0
STALE_REAL_S = 10.0
"""A projection counts as old when it is older than both: by the plant's clock, and on the watch of whoever looks."""


class Alarm(StrEnum):
    """How the running quarter hour stands; told by colour, word and icon."""

    NO_DATA = "no_data"
    STALE = "stale"
    EARLY = "early"
    """Too early in the quarter hour for the projection to mean much."""
    CALM = "calm"
    CLOSE = "close"
    """The band reaches above the target, its middle does not."""
    OVER = "over"
    OVER_PEAK = "over_peak"
    """The projection passes the billed peak too: this quarter hour would be paid for."""


@dataclass(frozen=True, slots=True)
class NowView:
    """The page *Now*."""

    site: str
    now_utc: datetime
    alarm: Alarm
    demand: Demand | None
    age_plant_s: float | None
    scale_kw: float
    """End of the gauge."""
    last_day: tuple[QuarterValue | None, ...]
    """96 quarter hours up to the running one; None where there is no record."""
    last_day_from_utc: datetime
    target_kw: float | None
    billed_peak_kw: float
    today_kwh: float | None
    today_peak: QuarterValue | None
    findings: tuple[Finding, ...]
    findings_eur_per_day: float | None


def now_view(scene: Scene) -> NowView:
    """The running quarter hour and the day behind it."""
    demand = scene.demand()
    site = scene.plant.site
    meter = scene.plant.billing_meter()
    start, end = last_quarters(scene.now_utc, 24)
    quarters = import_quarters(scene.history, meter, start, end) if meter is not None else {}
    day_start, _ = scene.day_span(scene.day())
    today = [q for q in quarters.values() if q.start_utc >= day_start and q.energy_uwh is not None]
    target_kw = demand.target_kw if demand is not None else site.target_kw
    billed_kw = demand.billed_peak_kw if demand is not None else site.billed_peak_kw
    findings = open_findings(scene)
    running_kwh = demand.energy_kwh if demand is not None and demand.start_utc >= end else 0.0
    return NowView(
        site=site.name or site.id,
        now_utc=scene.now_utc,
        alarm=alarm_of(demand, scene),
        demand=demand,
        age_plant_s=None if demand is None else (scene.now_utc - demand.at_utc).total_seconds(),
        scale_kw=gauge_end_kw(target_kw or 0.0, billed_kw, demand.projected_high_kw if demand is not None else 0.0),
        last_day=tuple(quarters.get(at) for at in quarter_starts(start, end)),
        last_day_from_utc=start,
        target_kw=target_kw,
        billed_peak_kw=billed_kw,
        today_kwh=sum((q.kw or 0.0) / QUARTERS_PER_HOUR for q in today) + running_kwh if today or running_kwh else None,
        today_peak=max(today, key=lambda q: q.energy_uwh or 0, default=None),
        findings=findings,
        findings_eur_per_day=eur_per_day(findings),
    )


def alarm_of(demand: Demand | None, scene: Scene) -> Alarm:
    """The word for the running quarter hour."""
    if demand is None:
        return Alarm.NO_DATA
    age_s = (scene.now_utc - demand.at_utc).total_seconds()
    if age_s > STALE_PLANT_S and age_s / scene.speed > STALE_REAL_S:
        return Alarm.STALE
    if demand.confidence == "early":
        return Alarm.EARLY
    if demand.projected_kw > demand.target_kw:
        return Alarm.OVER_PEAK if demand.projected_kw > demand.billed_peak_kw else Alarm.OVER
    return Alarm.CLOSE if demand.projected_high_kw > demand.target_kw else Alarm.CALM


def gauge_end_kw(*levels_kw: float) -> float:
    """A round number that leaves a sixth of room above the highest level."""
    highest = max((*levels_kw, 10.0)) * 1.15
    step = 10.0
    while step * 10 < highest:
        step *= 10
    return next(n * step / 2 for n in range(1, 41) if n * step / 2 >= highest)


__all__ = ["QUARTER", "Alarm", "NowView", "alarm_of", "gauge_end_kw", "now_view"]

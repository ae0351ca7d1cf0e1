"""The running quarter hour: will it pass the target, and what may still be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.views.coverage import Empty, emptiness, sum_due
from console.views.findings import MOST_SHOWN, Finding, WatchView, eur_per_day, open_findings, watch_view
from console.views.levels import levels
from console.views.money import NoPrice, no_price
from console.views.scene import QUARTER, Scene, import_quarters, last_quarters
from domain.demand import Demand
from domain.intervals import IntervalQuality
from quarters.net import NetQuarter
from quarters.numbers import quarter_starts
from quarters.peaks import highest

STALE_PLANT_S = 90.0
STALE_REAL_S = 10.0
"""A projection counts as old when it is older than both: by the plant's clock, and by the wall clock."""


class Alarm(StrEnum):
    """How the running quarter hour stands; shown by colour, word and icon."""

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
    last_day: tuple[NetQuarter | None, ...]
    """96 quarter hours up to the running one; None where there is no record."""
    last_day_from_utc: datetime
    last_day_empty: Empty | None
    """Why there is nothing in it; None where there is something."""
    target_kw: float | None
    target_is_set: bool
    """Whether the plant file names the target; else the load is held against the billed peak or the connection's power."""
    billed_peak_kw: float | None
    """Of the running billing period; None where nothing is known of it yet."""
    billed_peak_utc: datetime | None
    billed_peak_quality: IntervalQuality | None
    today_kwh: float | None
    """Of the quarter hours that have a value, and of the running one so far."""
    today_missing: int
    """Quarter hours of today that should be there and have no value."""
    today_peak: NetQuarter | None
    findings: tuple[Finding, ...]
    """The first of them."""
    findings_left_out: int
    findings_eur_per_day: float | None
    """Of all that are priced; None where none is."""
    no_price: NoPrice
    """Why an amount of money that is None is not known."""
    watch: WatchView


def now_view(scene: Scene) -> NowView:
    """The running quarter hour and the day behind it."""
    demand = scene.demand()
    site = scene.plant.site
    meter = scene.plant.billing_meter()
    start, end = last_quarters(scene.now_utc, 24)
    day_start, _ = scene.day_span(scene.day())
    quarters = import_quarters(scene.ledger, meter, min(start, day_start), end) if meter is not None else {}
    last_day = tuple(quarters.get(at) for at in quarter_starts(start, end))
    known = [q for q in quarters.values() if q.start_utc >= day_start and q.energy_uwh is not None]
    today = sum_due(scene, quarters, day_start, end)
    running_kwh = [demand.energy_kwh] if demand is not None and demand.start_utc == end else []
    so_far_kwh = [kwh for kwh in (today.energy_kwh, *running_kwh) if kwh is not None]
    against, findings = levels(scene), open_findings(scene)
    billed = against.billed
    heights = (against.target_kw, None if billed is None else billed.kw, None if demand is None else demand.projected_high_kw)
    return NowView(
        site=site.name or site.id,
        now_utc=scene.now_utc,
        alarm=alarm_of(demand, scene),
        demand=demand,
        age_plant_s=None if demand is None else (scene.now_utc - demand.at_utc).total_seconds(),
        scale_kw=gauge_end_kw(*(kw for kw in heights if kw is not None)),
        last_day=last_day,
        last_day_from_utc=start,
        last_day_empty=emptiness(scene, last_day, end, meter is not None),
        target_kw=against.target_kw,
        target_is_set=against.target_is_set,
        billed_peak_kw=None if billed is None else billed.kw,
        billed_peak_utc=None if billed is None else billed.at_utc,
        billed_peak_quality=None if billed is None else billed.quality,
        today_kwh=sum(so_far_kwh) if so_far_kwh else None,
        today_missing=today.missing,
        today_peak=highest(known),
        findings=findings[:MOST_SHOWN],
        findings_left_out=max(0, len(findings) - MOST_SHOWN),
        findings_eur_per_day=eur_per_day(findings),
        no_price=no_price(scene.plant),
        watch=watch_view(scene),
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

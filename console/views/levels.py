"""What a load is held against: the target, and the peak that is billed so far in the running billing period.

The peak of a period that is over is sunk and forgotten; where nothing is known of the running one, there is no peak, and not 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.views.scene import Scene
from domain.intervals import IntervalQuality
from quarters.numbers import quarter_start
from quarters.periods import billing_period, known_peak_kw


@dataclass(frozen=True, slots=True)
class Peak:
    """A highest quarter hour."""

    kw: float
    at_utc: datetime | None
    """None where only the plant file knows it."""
    quality: IntervalQuality


@dataclass(frozen=True, slots=True)
class Levels:
    """Target and billed peak."""

    target_kw: float | None
    target_is_set: bool
    """Whether the plant file names it; else the load is held against the billed peak or the connection's power."""
    billed: Peak | None


def levels(scene: Scene) -> Levels:
    """Target and billed peak as they are now."""
    site, billed = scene.plant.site, billed_peak(scene)
    if site.target_kw is not None:
        return Levels(site.target_kw, True, billed)
    demand = scene.demand()
    if demand is not None and demand.start_utc in billing_period(site, scene.now_utc):
        return Levels(demand.target_kw, False, billed)
    return Levels(None if billed is None else billed.kw, False, billed)


def billed_peak(scene: Scene) -> Peak | None:
    """The highest quarter hour of the running billing period, by metering; before its first record by the ledger and the plant file."""
    site = scene.plant.site
    period = billing_period(site, scene.now_utc)
    demand = scene.demand()
    if demand is not None and demand.start_utc in period:
        if demand.billed_peak_kw <= 0:
            return None
        return Peak(demand.billed_peak_kw, demand.billed_peak_utc, demand.billed_peak_quality)
    known = [
        peak for peak in (_recorded(scene, period.start_utc), _written(known_peak_kw(site, scene.now_utc))) if peak is not None
    ]
    return max(known, key=lambda peak: peak.kw, default=None)


def _recorded(scene: Scene, from_utc: datetime) -> Peak | None:
    meter = scene.plant.billing_meter()
    channel = meter.energy_channel() if meter is not None else None
    if meter is None or channel is None:
        return None
    highest = scene.ledger.peak(meter.id, channel, from_utc, quarter_start(scene.now_utc))
    if highest is None or highest.power_kw is None or highest.power_kw <= 0:
        return None
    return Peak(highest.power_kw, highest.start_utc, highest.quality)


def _written(kw: float) -> Peak | None:
    return Peak(kw, None, IntervalQuality.MEASURED) if kw > 0 else None

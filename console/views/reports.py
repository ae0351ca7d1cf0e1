"""Which months can be reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from console.views.scene import Scene
from domain.calendars import at_local

MOST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Month:
    """A month with quarter hours in the ledger."""

    name: str
    """``YYYY-MM``"""
    over: bool
    """False while it still runs: a report of it is preliminary."""


def months_view(scene: Scene) -> tuple[Month, ...]:
    """Months of the last two years in which the billing meter has quarter hours, newest first."""
    meter = scene.plant.billing_meter()
    channel = meter.energy_channel() if meter is not None else None
    if meter is None or channel is None:
        return ()
    zone = scene.plant.site.zone
    first = scene.day().replace(day=1)
    found = []
    month = first
    end_utc = scene.now_utc
    for _ in range(MOST_MONTHS):
        start_utc = at_local(month, "00:00", zone)
        if scene.history.peak(meter.id, channel, start_utc, end_utc) is not None:
            found.append(Month(f"{month:%Y-%m}", over=month < first))
        month, end_utc = _month_before(month), start_utc
    return tuple(found)


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)

"""Which months can be reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from console.views.scene import Scene

MOST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Month:
    """A month with quarter hours in the ledger."""

    name: str
    """``YYYY-MM``"""
    over: bool
    """False while it still runs: a report of it is preliminary."""


def months_view(scene: Scene) -> tuple[Month, ...]:
    """Local months from the newest quarter hour in the ledger back to the oldest, two years at most."""
    span = scene.history.interval_span()
    if span is None:
        return ()
    zone = scene.plant.site.zone
    oldest, month = (instant.astimezone(zone).date().replace(day=1) for instant in span)
    running = scene.day().replace(day=1)
    found: list[Month] = []
    while month >= oldest and len(found) < MOST_MONTHS:
        found.append(Month(f"{month:%Y-%m}", over=month < running))
        month = _month_before(month)
    return tuple(found)


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)

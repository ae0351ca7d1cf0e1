"""Which months can be reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from console.views.scene import Scene
from quarters.periods import month_span

MOST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Month:
    """A month with quarter hours in the ledger."""

    name: str
    """``YYYY-MM``"""
    over: bool
    """False while it still runs: a report of it is preliminary."""


def months_view(scene: Scene) -> tuple[Month, ...]:
    """Local months with a quarter hour in the ledger, newest first, of the last two years; a month without any has no report."""
    span = _first_and_last(scene)
    if span is None:
        return ()
    oldest, month = span
    running = scene.day().replace(day=1)
    found: list[Month] = []
    for _ in range(MOST_MONTHS):
        if month < oldest:
            break
        if _has_data(scene, month):
            found.append(Month(f"{month:%Y-%m}", over=month < running))
        month = _month_before(month)
    return tuple(found)


def can_be_reported(scene: Scene, month: str) -> bool:
    """Whether the ledger has a quarter hour of it."""
    span = _first_and_last(scene)
    if span is None or not f"{span[0]:%Y-%m}" <= month <= f"{span[1]:%Y-%m}":
        return False
    return _has_data(scene, date.fromisoformat(f"{month}-01"))


def _has_data(scene: Scene, month: date) -> bool:
    return scene.ledger.has_intervals(*month_span(month, scene.plant.site.zone))


def _first_and_last(scene: Scene) -> tuple[date, date] | None:
    """First days of the months of the oldest and of the newest quarter hour; what is dated in the future makes no month."""
    span = scene.ledger.interval_span()
    if span is None or span[0] > scene.now_utc:
        return None
    zone = scene.plant.site.zone
    first, last = (min(instant, scene.now_utc).astimezone(zone).date().replace(day=1) for instant in span)
    return first, last


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)

"""Which months, quarters and years can be reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from console.views.scene import Scene
from quarters.periods import month_after, month_span
from reporting.periods import PeriodKind, period_of

MOST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Month:
    """A month with quarter hours in the ledger."""

    name: str
    """``YYYY-MM``"""
    over: bool
    """False while it still runs: a report of it is preliminary."""


@dataclass(frozen=True, slots=True)
class Reportable:
    """A month, quarter or year with quarter hours in the ledger."""

    label: str
    """``2026-10``, ``2026-Q4``, ``2026``"""
    kind: PeriodKind
    over: bool
    """False while it still runs: a report of it is preliminary."""


def periods_view(scene: Scene) -> tuple[Reportable, ...]:
    """Months of `months_view`, then the quarters and the years that have any of them, each newest first."""
    months = [period_of(month.name, scene.plant.site.timezone) for month in months_view(scene)]
    labels = [month.label for month in months]
    labels += dict.fromkeys(f"{month.first_day.year:04}-Q{(month.first_day.month + 2) // 3}" for month in months)
    labels += dict.fromkeys(f"{month.first_day.year:04}" for month in months)
    return tuple(
        Reportable(label, period.kind, over=period.end_day <= scene.day())
        for label in labels
        for period in (period_of(label, scene.plant.site.timezone),)
    )


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


def can_be_reported(scene: Scene, label: str) -> bool:
    """Whether the ledger has a quarter hour of the period; `label` is one of `reporting.periods`."""
    span, period = _first_and_last(scene), period_of(label, scene.plant.site.timezone)
    if span is None or period.end_day <= span[0] or period.first_day >= month_after(span[1]):
        return False
    return scene.ledger.has_intervals(period.from_utc, period.to_utc)


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

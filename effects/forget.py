"""What the effects need not remember any longer."""

from __future__ import annotations

from datetime import timedelta

from domain.effects import EffectStatus
from domain.instants import NEVER_UTC
from domain.plant import Plant
from domain.recommendations import RecommendationStatus
from effects.state import EffectsState
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, year_span

KEPT = timedelta(weeks=5)
"""Of machines, of jobs that are over, and of final effects."""
MOST_ADVICE = 3000
"""Recommendations that are remembered, the newest first: what an operator cannot have accepted in a year."""
LIVE = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)


def forget(state: EffectsState, plant: Plant, main: str, newest: int) -> None:
    """Drop what nothing can follow from any more, with quarter hours known up to `newest`."""
    notes, now_utc = state.notes, slot_start(newest)
    oldest = now_utc - KEPT
    written = {job.job for job in plant.orders}
    notes.orders = {
        job: order
        for job, order in notes.orders.items()
        if job in written or order.start_utc >= NEVER_UTC or order.end_utc >= oldest
    }
    final = {
        name for name, effect in notes.effects.items() if effect.status is EffectStatus.FINAL and effect.period_end_utc < oldest
    }
    since = billing_period(plant.site, oldest).start_utc
    kept = sorted(notes.advice.values(), key=lambda one: (one.issued_utc, one.recommendation), reverse=True)[:MOST_ADVICE]
    notes.advice = {
        one.recommendation: one
        for one in kept
        if one.recommendation not in final and one.peak_start_utc >= (since if one.status in LIVE else oldest)
    }
    notes.kept = {name: moves for name, moves in notes.kept.items() if name in notes.advice}
    notes.effects = {name: effect for name, effect in notes.effects.items() if name in notes.advice}
    year_utc = year_span(oldest.astimezone(plant.site.zone).date(), plant.site.zone)[0]
    for meter, series in state.series.items():
        series.forget(slot_of(min(since, year_utc) if meter == main else oldest), newest)
    state.encoded = None

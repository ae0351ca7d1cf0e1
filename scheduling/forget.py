"""What the advice need not remember any longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.span import billed_since
from billing.tariff import Tariff
from domain.plant import Plant
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import slot_of
from quarters.periods import billing_period, midnight_utc
from scheduling.live.rest import MOST_WEEKS
from scheduling.outlook import day_of
from scheduling.prices_ahead import prices_ahead
from scheduling.promised import promise_of
from scheduling.settings import AdviceSettings
from scheduling.state import AdviceState

KEEP_DONE = timedelta(hours=6)
"""How long jobs that are over are kept."""
REACH = timedelta(days=2)
"""Quarter hours further ahead than this are dropped."""

PAST_WEEKS = timedelta(weeks=MOST_WEEKS)
"""Of load that say how high the rest of a billing period may come."""


def forget(state: AdviceState, plant: Plant, tariff: Tariff | None, settings: AdviceSettings) -> None:
    """Drop what nothing can follow from any more."""
    notes, now = state.notes, state.notes.now_utc
    if now is None:
        return
    oldest = now - settings.keep_closed
    live = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)
    advised = {place.job for advice in notes.recommendations.values() if advice.status in live for place in advice.before.jobs}
    # What came of a job in the plant file is kept: else a restart would plan it again as it stands there.
    kept = advised | {job.job for job in plant.orders}
    notes.orders = {job: order for job, order in notes.orders.items() if order.end_utc > now - KEEP_DONE or job in kept}
    notes.before = {job: order for job, order in notes.before.items() if job in notes.orders}
    first = _first_needed(plant, tariff, oldest)
    gone = [advice for advice in notes.recommendations.values() if advice.status not in live and _is_old(advice, oldest)]
    came_kw = notes.track.without_kw
    notes.promised += [
        promise_of(advice, came_kw.get(advice.recommendation))
        for advice in gone
        if advice.status is RecommendationStatus.CARRIED_OUT and advice.lines
    ]
    notes.promised = [promise for promise in notes.promised if slot_of(promise.peak_utc) >= first]
    notes.recommendations = {
        name: advice for name, advice in notes.recommendations.items() if advice.status in live or not _is_old(advice, oldest)
    }
    notes.prices = prices_ahead(notes.prices, now)
    notes.declined = [d for d in notes.declined if d.peak_day >= day_of(oldest, plant.site.zone)]
    notes.decided = [name for name in notes.decided if name in notes.recommendations]
    notes.track.forget(set(notes.recommendations), slot_of(now + REACH))
    first = min(first, slot_of(now - PAST_WEEKS))
    for series in (state.known, state.reactive_import, state.reactive_export):
        series.forget(first, slot_of(now + REACH))


def _is_old(advice: Recommendation, oldest_utc: datetime) -> bool:
    return max(advice.at_utc, advice.peak_start_utc) <= oldest_utc


def _first_needed(plant: Plant, tariff: Tariff | None, oldest_utc: datetime) -> int:
    """The first quarter hour that bears on what is billed."""
    first = slot_of(billing_period(plant.site, oldest_utc).start_utc)
    if tariff is None:
        return first
    return min(first, slot_of(midnight_utc(billed_since(tariff, oldest_utc.astimezone(tariff.zone).date()), tariff.zone)))

"""Whether advice came true: each recommendation beside the same days with its jobs where they would have been otherwise.

The event that a recommendation gives a probability for: the peak without it passes what the peak with it reaches. Both peaks are those of the
factory, from the moment of the recommendation to the end of the local day of the peak that it names, or of its last job.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.worth.loop import Days, run_from
from domain.intervals import QUARTER
from domain.orders import Order
from domain.recommendations import JobPlace, Recommendation, RecommendationStatus
from quarters.periods import midnight_utc
from simulation.planner import order_at

PASSES_BY_KW = 1.0
"""Less is the chance of compressors that switch a little earlier or later."""
BINS = tuple((n / 10, (n + 1) / 10) for n in range(10))


@dataclass(frozen=True, slots=True)
class Judged:
    """One recommendation, as it was open last, and what became of it."""

    recommendation: str
    confidence: float
    saving_eur: float | None
    """As promised."""
    was_moved: bool
    stated_reduction_kw: float
    peak_without_kw: float
    peak_with_kw: float

    @property
    def reduction_kw(self) -> float:
        """By how much the peak is really lower with it."""
        return self.peak_without_kw - self.peak_with_kw

    @property
    def came_true(self) -> bool:
        """Whether the peak without it passes what the peak with it reaches."""
        return self.reduction_kw > PASSES_BY_KW


@dataclass(frozen=True, slots=True)
class Bin:
    """Recommendations whose confidence lies in ``[low, high)``, the last bin with its end."""

    low: float
    high: float
    count: int
    stated: float
    """Mean confidence; nan of none."""
    came_true: float
    """Share; nan of none."""

    def holds(self, confidence: float) -> bool:
        """Whether `confidence` lies in it."""
        return _lies_in(confidence, self.low, self.high)


def _lies_in(confidence: float, low: float, high: float) -> bool:
    return low <= confidence < high or (high == 1.0 == confidence)


def judged(days: Days) -> list[Judged]:
    """Every recommendation about jobs that was open once and whose days are over, in order of issue."""
    found = (_judged(days, one) for one in last_open(days) if one.shift is None)
    return [one for one in found if one is not None]


def last_open(days: Days) -> list[Recommendation]:
    """The last open revision of each recommendation, in order of issue."""
    newest: dict[str, Recommendation] = {}
    for one in days.recommendations:
        if one.status is RecommendationStatus.OPEN:
            newest[one.recommendation] = one
    return list(newest.values())


def _judged(days: Days, advice: Recommendation) -> Judged | None:
    until_utc = _until_utc(days, advice)
    if until_utc > days.end_utc:
        return None
    was_moved = advice.recommendation in days.carried_out
    places = advice.before.jobs if was_moved else advice.after.jobs
    other = run_from(days, _with(days, places, "" if was_moved else advice.recommendation), _from_utc(advice), until_utc)
    real = {at: kw for at, kw in days.load_kw.items() if advice.at_utc <= at < until_utc}
    peaks = max(real.values()), max(kw for at, kw in other.items() if at >= min(real))
    with_kw, without_kw = peaks if was_moved else peaks[::-1]
    return Judged(
        advice.recommendation,
        advice.confidence,
        advice.saving_eur,
        was_moved,
        advice.reduction_kw,
        round(without_kw, 1),
        round(with_kw, 1),
    )


def _with(days: Days, places: Iterable[JobPlace], reason: str) -> list[Order]:
    """The orders as they came to be, but for the jobs that are at `places`."""
    changed = {place.job: order_at(days.orders[place.job], place, days.orders[place.job].at_utc, reason) for place in places}
    return [changed.get(job, order) for job, order in days.orders.items()]


def _from_utc(advice: Recommendation) -> datetime:
    return min(advice.at_utc, *(place.start_utc for places in (advice.before, advice.after) for place in places.jobs))


def _until_utc(days: Days, advice: Recommendation) -> datetime:
    zone = days.span.plant.site.zone
    day = advice.peak_start_utc.astimezone(zone).date() + timedelta(days=1)
    ends = [place.end_utc for places in (advice.before, advice.after) for place in places.jobs]
    return max(midnight_utc(day, zone), *ends) + QUARTER


def calibration(found: Sequence[Judged]) -> list[Bin]:
    """How often what was forecast came true, by how sure it was stated."""
    bins = []
    for low, high in BINS:
        mine = [one for one in found if _lies_in(one.confidence, low, high)]
        count = len(mine)
        stated = sum(one.confidence for one in mine) / count if count else float("nan")
        true = sum(one.came_true for one in mine) / count if count else float("nan")
        bins.append(Bin(low, high, count, stated, true))
    return bins


def promised_eur(days: Days) -> float:
    """What the moves that were made had promised together [EUR], each as it was open last; what was not known promises nothing."""
    return sum(one.saving_eur or 0.0 for one in last_open(days) if one.recommendation in days.carried_out)

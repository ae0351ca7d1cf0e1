"""One forecast from what is known: a pure function of the loads, the jobs, what was learnt, and the plant.

In: a `Watched` grid and the series' `ExpertWeights`.  Out: `Forecast`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from domain.facts import Fact, fact
from domain.forecasts import DayPeak, Forecast, PeriodPeak
from domain.intervals import IntervalQuality
from domain.known_changes import Changes, days_that_differ
from domain.plant import Plant, plant_with_changes
from forecasting.days import SiteDays
from forecasting.ensemble import MODELS, ModelQuantiles, predict
from forecasting.expert_weights import ExpertWeights, Mixed, mix, places
from forecasting.grid import AHEAD_DAYS, REACH
from forecasting.highs import DayHighs
from forecasting.learning import Watched, rests
from forecasting.peaks import Odds, calibrated, likely_place, period_odds, smoothed
from forecasting.similar_days import LIKENESSES
from forecasting.slots import LEADS, SLOTS_PER_DAY, SLOTS_PER_WEEK, TRUST_PERCENT, Floats
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw

DECIMALS = 3
NAMED_FROM = 0.1
"""Models with a smaller share are not named."""
LITTLE = SLOTS_PER_WEEK + SLOTS_PER_DAY
LEAST_BAND, LEAST_FADES = 0.25, 0.88
"""The least distance of a band's edges from its middle on eight days of history, as a share of the load, and what is left of that a day
later: so few days are often all alike by chance, and nothing says yet how far days are apart. In their second and third week the bands
of five measured plants then hold 0.66 to 0.90 of what comes; without, 0.24 to 0.57 on eight days."""
OFFSETS = np.arange(REACH)
FAULTY = TRUST_PERCENT[IntervalQuality.FAULTY] / 100
"""Trust of a quarter hour that is billed for nothing."""


@dataclass(frozen=True)
class Subject:
    """Whose load it is."""

    plant: Plant
    """As its file has it."""
    meter: str
    """Empty: the site's grid import."""
    days: SiteDays
    changes: Changes = ()
    """Of shifts, beside those of the plant file."""

    def under(self, changes: Changes) -> Subject:
        """The same by the calendar that `changes` make, with what was worked out of days that they do not touch."""
        plant = plant_with_changes(self.plant, changes)
        return replace(self, days=self.days.under(plant, days_that_differ(self.changes, changes)), changes=changes)

    @property
    def target_kw(self) -> float | None:
        """Only the site has a target."""
        return None if self.meter else self.plant.site.target_kw


def issue(
    subject: Subject,
    seen: Watched,
    experts: ExpertWeights,
    issued_utc: datetime,
    by_name: Mapping[str, Floats],
    notes: tuple[Fact, ...] = (),
    highs: DayHighs | None = None,
) -> Forecast | None:
    """The next 48 h, the peak of each local day in them and of the billing period; None where there is no whole day to be like.

    Parameters
    ----------
    highs
        Of days before those of the grid.
    """
    begin = time.thread_time_ns()
    grid = seen.grid
    predicted = predict(grid, seen.base_kw, grid.origin, OFFSETS, by_name, experts.off)
    if predicted is None:
        return None
    surprised = predicted.surprise_kw != 0
    mixed = mix(
        experts, places(grid.origin, OFFSETS), predicted.kw, predicted.favour, rests(seen, predicted), seen.unit_kw, surprised
    )
    known = int(np.isfinite(grid.load_kw).sum())
    mixed = replace(mixed, kw=_not_too_sure(mixed.kw, known / SLOTS_PER_DAY))
    kw = np.maximum(_without_gaps(mixed.kw), 0.0)
    remarks = list(notes)
    if known < LITTLE:
        remarks.append(fact("forecast.little_history", quarters=known))
    if subject.target_kw is None and not subject.meter:
        remarks.append(fact("forecast.no_target"))
    first_slot = int(grid.slot_at[grid.origin])
    leads = grid.lead_index - grid.origin
    peaks, odds = _day_peaks(subject, seen, experts, predicted, mixed, kw, remarks)
    score, coverage = experts.score()
    return Forecast(
        site=subject.plant.site.id,
        issued_utc=issued_utc,
        first_start_utc=slot_start(first_slot),
        q10_kw=_rounded(kw[0, leads]),
        q50_kw=_rounded(kw[1, leads]),
        q90_kw=_rounded(kw[2, leads]),
        peaks=peaks,
        model=_named(mixed, predicted.planned_kw is not None),
        trained_until_utc=slot_start(first_slot),
        trained_on=known,
        score=None if score is None else round(score, 4),
        cpu_ms=round((time.thread_time_ns() - begin) / 1e6, 2),
        notes=tuple(remarks),
        meter=subject.meter,
        period_peak=_period_peak(subject, seen, odds, first_slot, highs),
        coverage=None if coverage is None else round(coverage, 4),
    )


def _not_too_sure(kw: Floats, days: float) -> Floats:
    """Quantiles at least `LEAST_BAND` apart while there are few days."""
    least = LEAST_BAND * LEAST_FADES ** max(days - LITTLE / SLOTS_PER_DAY, 0.0) * np.abs(kw[1])
    found: Floats = np.stack([np.fmin(kw[0], kw[1] - least), kw[1], np.fmax(kw[2], kw[1] + least)])
    return found


def _without_gaps(kw: Floats) -> Floats:
    """Quarter hours that no model could predict (missing on all past days) take the nearest one that was predicted."""
    known = np.isfinite(kw).all(axis=0)
    steps = np.arange(kw.shape[1])
    if known.all() or not known.any():
        return np.nan_to_num(kw)
    return np.array([np.interp(steps, steps[known], row[known]) for row in kw])


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, DECIMALS).tolist())


def _named(mixed: Mixed, knows_jobs: bool) -> str:
    """The models that are listened to most, with their shares."""
    order = np.argsort(-mixed.shares)
    names = [f"jobs+{name}" if knows_jobs and name.startswith(("carried", "lasting")) else name for name in MODELS]
    return ", ".join(f"{names[n]} {mixed.shares[n]:.0%}" for n in order if mixed.shares[n] >= NAMED_FROM) or "mixed"


def _day_peaks(
    subject: Subject, seen: Watched, experts: ExpertWeights, predicted: ModelQuantiles, mixed: Mixed, kw: Floats, notes: list[Fact]
) -> tuple[tuple[DayPeak, ...], list[tuple[date, Odds]]]:
    grid, days = seen.grid, subject.days
    today = grid.origin // SLOTS_PER_DAY
    first_day = days.date_of(int(grid.slot_at[0]))
    shares = np.maximum(mixed.shares[: len(LIKENESSES)], 1e-6)
    peaks, distributions = [], []
    last = int(grid.lead_index[-1])
    for day in range(AHEAD_DAYS):
        span = predicted.requested.span(day)
        span = slice(span.start, min(span.stop, last + 1 - grid.origin))
        if span.stop <= span.start:
            continue
        weights = np.einsum("l,lc->c", shares, predicted.weights[:, :, day])
        odds = _peak_odds(predicted, mixed, kw, day, span, weights)
        profiles_kw = predicted.similar.after_kw[:, span]
        if predicted.planned_kw is not None:
            profiles_kw = profiles_kw + predicted.planned_kw[span]
        place = grid.origin + span.start + likely_place(profiles_kw, weights)
        drawn = grid.load_kw[today * SLOTS_PER_DAY : grid.origin] if day == 0 else np.empty(0)
        if np.isfinite(drawn).any():
            highest = float(np.nanmax(drawn))
            if odds.above(highest) < 0.5:
                place = today * SLOTS_PER_DAY + int(np.nanargmax(drawn))
            odds = odds.at_least(highest)
        local = first_day + timedelta(days=today + day)
        distributions.append((local, odds))
        if span.stop - span.start + (grid.origin % SLOTS_PER_DAY if day == 0 else 0) < SLOTS_PER_DAY and day == AHEAD_DAYS - 1:
            midnight_utc = slot_start(subject.days.day(local).first_slot)
            notes.append(fact("forecast.peak_in_part", day_utc=midnight_utc, quarters=span.stop - span.start))
        quantiles = odds.quantiles()
        above = 0.0 if subject.target_kw is None else odds.above(subject.target_kw)
        start_utc = slot_start(int(grid.slot_at[place]))
        peaks.append(_day_peak(local, quantiles, start_utc, above))
    return tuple(peaks), distributions


def _day_peak(day: date, quantiles_kw: Floats, start_utc: datetime, above: float) -> DayPeak:
    low, middle, high = _rounded(quantiles_kw)
    return DayPeak(day.isoformat(), low, middle, high, start_utc, round(above, 4))


def _peak_odds(predicted: ModelQuantiles, mixed: Mixed, kw: Floats, day: int, span: slice, weights: Floats) -> Odds:
    """Odds of a day's highest quarter hour still to come: past load profiles, held to the calibrated quantiles of their maxima."""
    paths = predicted.peak_paths[:, day]
    usable = np.isfinite(paths) & (weights > 0)
    quantiles = mixed.kw[:, predicted.requested.peaks.start + day]
    if span.stop < predicted.requested.span(day).stop or not np.isfinite(quantiles).all():
        quantiles = kw[:, span].max(axis=1)  # the day is cut off by the horizon
    quantiles = np.maximum(np.sort(quantiles), 0.0)
    if not usable.any():
        return Odds(quantiles, np.array([0.25, 0.5, 0.25]))
    return calibrated(smoothed(paths[usable], weights[usable]), quantiles)


def _period_peak(
    subject: Subject, seen: Watched, odds: list[tuple[date, Odds]], first_slot: int, highs: DayHighs | None
) -> PeriodPeak:
    """Of the billing period that the first quarter hour lies in: nothing of another one counts, before or after."""
    grid, site = seen.grid, subject.plant.site
    period = billing_period(site, slot_start(first_slot))
    counts = (grid.slot_at[: grid.origin] >= slot_of(period.start_utc)) & (grid.trust[: grid.origin] > FAULTY)
    drawn = grid.load_kw[: grid.origin][counts]
    begins, ends = (at.astimezone(site.zone).date() for at in (period.start_utc, period.end_utc))
    so_far = max(
        float(np.nanmax(drawn)) if np.isfinite(drawn).any() else 0.0,
        0.0 if highs is None else highs.highest_kw(begins.toordinal(), ends.toordinal()),
        0.0 if subject.meter else known_peak_kw(site, slot_start(first_slot)),
    )
    weeks_left = max(slot_of(period.end_utc) - first_slot - LEADS, 0) / SLOTS_PER_WEEK
    found = period_odds(grid.load_kw[: grid.origin], [one for day, one in odds if day < ends], weeks_left, so_far)
    q10, q50, q90 = _rounded(found.quantiles())
    above = 0.0 if subject.target_kw is None else round(found.above(subject.target_kw), 4)
    return PeriodPeak(period.start_utc, period.end_utc, round(so_far, DECIMALS), q10, q50, q90, above)


def flat(subject: Subject, load_kw: Floats, next_slot: int, issued_utc: datetime, notes: tuple[Fact, ...] = ()) -> Forecast:
    """The forecast from less than a day of data: the median of what was seen, with a band that is as wide as all of it and half as much again."""
    seen = load_kw[np.isfinite(load_kw)]
    middle, low, high = (float(np.median(seen)), 0.5 * float(seen.min()), 1.5 * float(seen.max())) if seen.size else (0.0, 0.0, 0.0)
    return level(subject, np.full((3, LEADS), [[low], [middle], [high]]), next_slot, issued_utc, "flat", len(seen), notes)


def level(
    subject: Subject, kw: Floats, next_slot: int, issued_utc: datetime, model: str, trained_on: int, notes: tuple[Fact, ...]
) -> Forecast:
    """A forecast from three quantiles alone: a day's peak is the highest of each."""
    days = subject.days
    kw = np.maximum(kw, 0.0)
    peaks = []
    for day in days.between(next_slot, next_slot + LEADS - 1):
        begin, end = max(day.first_slot - next_slot, 0), min(day.first_slot + len(day.clock) - next_slot, LEADS)
        highest = kw[:, begin:end].max(axis=1)
        above = 0.0 if subject.target_kw is None else share_above(highest, subject.target_kw)
        start_utc = slot_start(next_slot + begin + int(kw[1, begin:end].argmax()))
        peaks.append(_day_peak(day.day, highest, start_utc, above))
    return Forecast(
        subject.plant.site.id, issued_utc, slot_start(next_slot), _rounded(kw[0]), _rounded(kw[1]), _rounded(kw[2]), tuple(peaks),
        model, slot_start(next_slot), trained_on, None, 0.0, notes, subject.meter,
    )  # fmt: skip


def share_above(quantiles_kw: Floats, limit_kw: float) -> float:
    """How likely `limit_kw` is exceeded, where only three quantiles are known."""
    low, middle, high = quantiles_kw
    steps = np.maximum.accumulate(np.array([2 * low - middle, low, middle, high, 2 * high - middle]) + 1e-9 * np.arange(5))
    return float(np.interp(limit_kw, steps, [1.0, 0.9, 0.5, 0.1, 0.0]))

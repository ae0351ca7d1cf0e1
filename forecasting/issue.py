"""One forecast from what is known: a pure function of the loads, the jobs and the plant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from domain.forecasts import DayPeak, Forecast
from domain.plant import Plant
from forecasting.bands import band, peak_odds
from forecasting.days import Like, LocalDay, SiteDays
from forecasting.jobs import JobLoads, Jobs, job_loads
from forecasting.merit import Served, serve
from forecasting.models import LEADS, LOOKBACK, Question, ladder
from forecasting.slots import SLOTS_PER_DAY, SLOTS_PER_WEEK, Bools, Floats, Ints, LoadRing, slot_start

HINDCAST_DAYS = 28
TOO_LITTLE = SLOTS_PER_DAY
"""Below one day of known quarter hours there is no day to be like."""
DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Known:
    """History unrolled: loads and trust from `first_slot` to the newest quarter hour."""

    first_slot: int
    load_kw: Floats
    trust: Floats

    @property
    def next_slot(self) -> int:
        """The quarter hour after the newest."""
        return self.first_slot + len(self.load_kw)

    @property
    def count(self) -> int:
        """Quarter hours with a value."""
        return int(np.isfinite(self.load_kw).sum())


def issue(plant: Plant, days: SiteDays, ring: LoadRing, jobs: Jobs, issued_utc: datetime) -> Forecast:
    """The next 48 h, and the peak of each local day in them.

    The models are replayed from the same time of day on each of the last 28 days; their errors choose the model and make the band.
    `score` is therefore that of these replays, with jobs as they were planned then; the newest revision of a load is used for all.
    """
    begin = time.thread_time_ns()
    first, load_kw, trust = ring.unrolled()
    known = Known(first, load_kw, trust)
    next_slot = known.next_slot if ring.newest is None else ring.newest + 1
    notes: list[str] = []
    if known.count < TOO_LITTLE:
        notes.append(f"too little history: {known.count} quarter hours, less than one day; a flat, wide band of what was seen")
        served, low, high = _flat(known)
    else:
        served, low, high = _modelled(days, known, job_loads(jobs.values()), notes)
    if plant.site.target_kw is None:
        notes.append("no target: site.target_kw is not set, so the odds of passing it are given as 0")
    peaks = _peaks(plant, days, known, next_slot, served, low, high, notes)
    mid = served.kw[-1]
    return Forecast(
        site=plant.site.id,
        issued_utc=issued_utc,
        first_start_utc=slot_start(next_slot),
        q10_kw=_rounded(np.minimum(low, mid)),
        q50_kw=_rounded(mid),
        q90_kw=_rounded(np.maximum(high, mid)),
        peaks=peaks,
        model=served.model,
        trained_until_utc=slot_start(next_slot),
        trained_on=known.count,
        score=None if served.score is None else round(served.score, 4),
        cpu_ms=round((time.thread_time_ns() - begin) / 1e6, 2),
        notes=tuple(notes),
    )


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, DECIMALS).tolist())


def _flat(known: Known) -> tuple[Served, Floats, Floats]:
    seen = known.load_kw[np.isfinite(known.load_kw)]
    middle, lowest, highest = (float(np.median(seen)), float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0, 0.0)
    ones = np.ones(LEADS)
    served = Served("flat", middle * ones[None, :], np.full((1, LEADS), np.nan), None, 0)
    return served, 0.5 * lowest * ones, 1.5 * highest * ones


def _modelled(days: SiteDays, known: Known, jobs: JobLoads, notes: list[str]) -> tuple[Served, Floats, Floats]:
    count = len(known.load_kw)
    future = np.full(LEADS, np.nan)
    back = [count - SLOTS_PER_DAY * n for n in range(HINDCAST_DAYS, 0, -1)]
    origins = np.array([origin for origin in back if origin >= SLOTS_PER_DAY] + [count])
    load_kw = np.concatenate([known.load_kw, future])
    trust = np.concatenate([known.trust, np.zeros(LEADS)])
    question = Question(days, known.first_slot, load_kw, trust, count, origins, jobs)
    served = serve(question, ladder(question), kinds_of_day(question, lambda day: day.by_shifts))
    if count < SLOTS_PER_WEEK + SLOTS_PER_DAY:
        notes.append(f"little history: {known.count} quarter hours, less than eight days; weekdays are not told apart yet")
    if np.isfinite(served.errors_kw).sum() < 2 * LEADS:
        notes.append("too few past errors to measure the band; it is as wide as the loads seen so far")
        spread = known.load_kw[np.isfinite(known.load_kw)]
        reach = float(np.quantile(spread, 0.95) - np.quantile(spread, 0.05))
        return served, np.maximum(served.kw[-1] - reach, 0.0), served.kw[-1] + reach
    low, high, _ = band(served.kw, served.errors_kw, kinds_of_day(question, lambda day: day.by_type))
    return served, low, high


def kinds_of_day(question: Question, alike: Callable[[LocalDay], Like]) -> Ints:
    """Kind of local day of every quarter hour asked for, as integers: (origins, LEADS)."""
    asked = question.asked[:, LOOKBACK:]
    names: dict[tuple[str, ...], int] = {}
    low, high = int(asked.min()), int(asked.max())
    kinds = np.zeros(high - low + 1, np.int64)
    for day in question.days.between(question.first_slot + low, question.first_slot + high):
        begin = day.first_slot - question.first_slot - low
        kinds[max(begin, 0) : max(begin + len(day.clock), 0)] = names.setdefault(alike(day), len(names))
    found: Ints = kinds[asked - low]
    return found


def _peaks(
    plant: Plant, days: SiteDays, known: Known, next_slot: int, served: Served, low: Floats, high: Floats, notes: list[str]
) -> tuple[DayPeak, ...]:
    target_kw = plant.site.target_kw
    peaks = []
    for day in days.between(next_slot, next_slot + LEADS - 1):
        begin, end = day.first_slot - next_slot, day.first_slot + len(day.clock) - next_slot
        ahead = slice(max(begin, 0), min(end, LEADS))
        count = ahead.stop - ahead.start
        # A past path counts as alike where its day was of the same kind; the same lead a week ago always was, holidays aside.
        alike = _alike(days, day.by_shifts, served, next_slot, ahead)
        odds = peak_odds(served.kw[-1][ahead], served.errors_kw[:-1, ahead], alike, low[ahead], high[ahead], target_kw)
        q10, q50, q90, start, above = odds.q10_kw, odds.q50_kw, odds.q90_kw, next_slot + ahead.start + odds.place, odds.above_target
        measured = known.load_kw[max(day.first_slot - known.first_slot, 0) :] if begin < 0 else np.empty(0)
        if measured.size and np.isfinite(measured).any():
            highest = float(np.nanmax(measured))
            if highest >= q50:
                start = known.next_slot - measured.size + int(np.nanargmax(measured))
            q10, q50, q90 = max(q10, highest), max(q50, highest), max(q90, highest)
            above = 1.0 if target_kw is not None and highest > target_kw else above
        if end > LEADS:
            notes.append(f"peak of {day.day}: only its first {count} quarter hours lie within the forecast")
        peaks.append(
            DayPeak(
                day.day.isoformat(),
                round(q10, DECIMALS),
                round(q50, DECIMALS),
                round(q90, DECIMALS),
                slot_start(start),
                round(above, 4),
            )
        )
    return tuple(peaks)


def _alike(days: SiteDays, wanted: tuple[str, ...], served: Served, next_slot: int, ahead: slice) -> Bools:
    """Whether each past path's quarter hours at these leads lay on a day with the same shifts: (past origins, leads)."""
    past = len(served.kw) - 1
    same = np.zeros((past, ahead.stop - ahead.start), bool)
    for row in range(past):
        shift = SLOTS_PER_DAY * (past - row)
        middle = next_slot + (ahead.start + ahead.stop) // 2 - shift
        same[row] = days.day(days.date_of(middle)).by_shifts == wanted
    return same

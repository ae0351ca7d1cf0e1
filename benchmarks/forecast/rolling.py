"""One profile, forecast from each of its last midnights: what every rung forecast, what was served, and what came."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.forecast.boosting import Boosting
from benchmarks.forecast.profiles import Profile
from benchmarks.forecast.rivals import TwoDays, two_days
from domain.calendars import is_holiday
from domain.channels import IMPORT
from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from forecasting.days import SiteDays
from forecasting.ensemble import MODELS, predict
from forecasting.forecaster import Forecaster
from forecasting.grid import lay_out
from forecasting.issue import OFFSETS, Subject
from forecasting.jobs import job_loads
from forecasting.learning import Watched
from forecasting.place import pinball_kw
from forecasting.slots import SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats
from forecasting.state import ForecastState
from forecasting.step import ForecastStep
from forecasting.two_step import NAME as TWO_STEP
from forecasting.two_step import two_step
from quarters.numbers import slot_of

SERVED = "served"


def plant_of(profile: Profile, target_kw: float | None = None) -> Plant:
    """A plant of which only the clock, the holidays and the target are known."""
    site: dict[str, Any] = {"id": "site", "timezone": profile.timezone, "commissioned_utc": "2000-01-01T00:00:00Z"}
    site |= {"holiday_region": profile.region, "target_kw": target_kw, "demand_period": "month"}
    return Plant.model_validate({"site": site, "meter": [{"id": "main", "max_power_kw": 1.0}]})


def intervals_of(profile: Profile) -> list[Interval]:
    """The profile as imported quarter hours."""
    found = []
    start = profile.start_utc.to_pydatetime()
    for number, kw in enumerate(profile.power_kw.tolist()):
        known = kw == kw
        quality = IntervalQuality.MEASURED if known else IntervalQuality.MISSING
        method = IntervalMethod.REGISTER if known else IntervalMethod.NONE
        energy = round(kw / 4 * 1e9) if known else None
        at = start + number * QUARTER
        found.append(Interval("site", "main", IMPORT, at, energy, float(known), quality, method, 0, origin=IntervalOrigin.IMPORT))
    return found


class Looking(Forecaster):
    """The served forecaster, which keeps what it last looked at."""

    seen: Watched | None = None

    def watched(self, *arguments: Any) -> Watched:
        """What it looks at."""
        self.seen = super().watched(*arguments)
        return self.seen


class LookingStep(ForecastStep):
    """The served step with a forecaster that keeps what it last looked at."""

    forecaster: Looking

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self.forecaster = Looking(Subject(plant, "", SiteDays(plant)))


@dataclass
class Day:
    """One midnight's forecast of the day after it, and what came."""

    day: pd.Timestamp
    is_holiday: bool
    came_kw: Floats
    last_week_kw: Floats
    predicted_kw: dict[str, Floats]
    """By rung: (levels, 96)."""
    forecast: Forecast


@dataclass
class Rolled:
    """All days of one profile."""

    profile: Profile
    days: list[Day] = field(default_factory=list)
    cpu_s: float = 0.0
    midnights: list[TwoDays] = field(default_factory=list)
    rivals: dict[str, Boosting] = field(default_factory=dict)

    def mae_to_last_week(self, rung: str) -> float:
        """Mean absolute error over last week's; nan where the rung has no forecast."""
        wrong, naive = 0.0, 0.0
        for day in self.days:
            known = np.isfinite(day.came_kw) & np.isfinite(day.last_week_kw)
            if rung not in day.predicted_kw or not known.any() or not np.isfinite(day.predicted_kw[rung][1][known]).all():
                continue
            wrong += float(np.abs(day.predicted_kw[rung][1] - day.came_kw)[known].sum())
            naive += float(np.abs(day.last_week_kw - day.came_kw)[known].sum())
        return wrong / naive if naive > 0 else float("nan")

    def pinball_to_mean(self, rung: str) -> float:
        """Mean quantile loss over the mean load."""
        losses, loads = [], []
        for day in self.days:
            known = np.isfinite(day.came_kw)
            if rung in day.predicted_kw and known.any():
                losses.append(pinball_kw(day.predicted_kw[rung][:, known], day.came_kw[known]))
                loads.append(day.came_kw[known].mean())
        return float(np.nanmean(losses) / np.mean(loads)) if losses else float("nan")

    def coverage(self, chosen: Callable[[Day], bool] = lambda _: True) -> float:
        """Share of quarter hours within the served band."""
        inside, count = 0, 0
        for day in filter(chosen, self.days):
            low, _, high = day.predicted_kw[SERVED]
            known = np.isfinite(day.came_kw)
            inside += int(((day.came_kw >= low) & (day.came_kw <= high))[known].sum())
            count += int(known.sum())
        return inside / count if count else float("nan")

    def peaks(self) -> Floats:
        """Of each whole day: q10, q50, q90, what came, the highest of the slot-wise medians, last week's peak [kW], and odds of passing
        the target: (days, 7)."""
        rows = []
        for day in self.days:
            if np.isfinite(day.came_kw).all() and day.came_kw.max() > 0:
                peak = day.forecast.peaks[0]
                rows.append(
                    (
                        peak.q10_kw,
                        peak.q50_kw,
                        peak.q90_kw,
                        day.came_kw.max(),
                        day.predicted_kw[SERVED][1].max(),
                        day.last_week_kw.max(),
                        peak.above_target,
                    )
                )
        return np.array(rows).reshape(-1, 7)


def roll(
    profile: Profile,
    days: int,
    target_kw: float | None = None,
    with_two_step: bool = True,
    rivals: Sequence[str] = (),
    progress: Callable[[], None] = lambda: None,
) -> Rolled:
    """Forecast `profile` from each of its last `days` local midnights, as far as it reaches back.

    Parameters
    ----------
    rivals
        Names of `boosting.MAKERS` that are run on the same work.
    """
    plant = plant_of(profile, target_kw)
    step = LookingStep(plant)
    state = step.initial()
    records = intervals_of(profile)
    end = pd.Timestamp(records[-1].end_utc).tz_convert(profile.timezone).normalize()
    least = min(14, max(2, len(records) // SLOTS_PER_DAY - 4))
    first_ok = profile.start_utc + pd.Timedelta(days=least)
    midnights = [end - pd.DateOffset(days=n) for n in range(days, 0, -1)]
    origins = {at.tz_convert("UTC").to_pydatetime() for at in midnights if at >= first_ok}
    rolled = Rolled(profile, rivals={name: Boosting(name) for name in rivals})
    answered: list[tuple[Forecast, int]] = []
    begin = time.process_time()
    for number, record in enumerate(records):
        if step.put(state, record) and record.end_utc in origins:
            forecast = step.forecaster.issue(state, record.end_utc)
            answered.append((forecast, number + 1))
            rolled.days.append(_day(profile, plant, step, state, forecast, number + 1, with_two_step))
            progress()
    rolled.cpu_s = time.process_time() - begin
    for forecast, at in answered:
        rolled.midnights.append(_beside(rolled, plant, forecast, at))
    return rolled


def _day(
    profile: Profile, plant: Plant, step: LookingStep, state: ForecastState, forecast: Forecast, at: int, with_two_step: bool
) -> Day:
    kw = profile.power_kw
    came = np.full(SLOTS_PER_DAY, np.nan)
    part = kw[at : at + SLOTS_PER_DAY]
    came[: len(part)] = part
    before = (
        kw[at - SLOTS_PER_WEEK : at - SLOTS_PER_WEEK + SLOTS_PER_DAY] if at >= SLOTS_PER_WEEK else np.full(SLOTS_PER_DAY, np.nan)
    )
    predicted_kw = {SERVED: np.array([forecast.q10_kw, forecast.q50_kw, forecast.q90_kw])[:, :SLOTS_PER_DAY]}
    if step.forecaster.seen is not None and state.experts is not None:
        grid = step.forecaster.seen.grid
        found = two_step(grid, [grid.origin]) if with_two_step else {}
        guesses = {TWO_STEP: found[grid.origin]} if grid.origin in found else {}
        predicted = predict(grid, step.forecaster.seen.base_kw, grid.origin, OFFSETS, guesses)
        if predicted is not None:
            predicted_kw |= {
                name: predicted.kw[n, :, :SLOTS_PER_DAY]
                for n, name in enumerate(MODELS)
                if np.isfinite(predicted.kw[n, 1, :SLOTS_PER_DAY]).all()
            }
    local = pd.Timestamp(forecast.first_start_utc).tz_convert(profile.timezone)
    return Day(local, is_holiday(local.date(), plant.site), came, before, predicted_kw, forecast)


def _beside(rolled: Rolled, plant: Plant, forecast: Forecast, at: int) -> TwoDays:
    """The served forecast from place `at` of the profile, and those of its rivals from all loads before it."""
    predicted_kw = {SERVED: np.array([forecast.q10_kw, forecast.q50_kw, forecast.q90_kw])}
    kw = rolled.profile.power_kw
    if rolled.rivals:
        first = slot_of(rolled.profile.start_utc.to_pydatetime())
        grid = lay_out(SiteDays(plant), first, kw[:at], np.isfinite(kw[:at]).astype(np.float64), first + at, job_loads([]))
        for name, rival in rolled.rivals.items():
            if (found := rival.quantiles(grid)) is not None:
                predicted_kw[name] = found
    return two_days(kw, at, predicted_kw)


def warm(profile: Profile, days: int) -> tuple[ForecastStep, ForecastState, list[Interval]]:
    """A step that has learnt all but the last `days` of a profile, and these."""
    step = ForecastStep(plant_of(profile))
    state = step.initial()
    records = intervals_of(profile)
    cut = len(records) - days * SLOTS_PER_DAY
    for record in records[:cut]:
        step.put(state, record)
    return step, state, records[cut:]


__all__ = ["SERVED", "TWO_STEP", "Day", "Rolled", "roll", "warm"]

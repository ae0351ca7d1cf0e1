"""The ladder of models, run together: one interface, quantiles for every step and for each day's highest.

In: a `Grid` and an origin in it.  Out: `ModelQuantiles`: quantiles by every model of `MODELS`; nan where a model has no forecast.

Rungs, lightest first: last week's slot and the newest load (0); similar days by calendar and by load profile (1), also with the newest
difference carried on, and with the planned jobs taken out of the past and put back where they are planned now; then what else is
known ahead (2, 3), which comes as loads `by_name`. Models that know no spread of their own borrow that of like weekdays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.grid import AHEAD_DAYS, REACH, Grid
from forecasting.similar_days import (
    CALENDAR,
    LIKENESSES,
    NEWEST,
    PLANNED,
    PROFILE,
    Candidates,
    Columns,
    candidates,
    columns,
    mixture,
    weigh,
    weighted_quantiles,
)
from forecasting.slots import SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats, Ints
from forecasting.weekday_level import NAME as WEEKDAY_LEVEL
from forecasting.weekday_level import weekday_level

CARRIED_STEPS = (4.0, 16.0, 64.0)
"""After how many quarter hours a third of the newest difference is left."""
CARRIED_REACH = SLOTS_PER_DAY
WITH_JOBS = (CALENDAR[0], PROFILE[0], PROFILE[3], PROFILE[6])
GUESSED = ("last-week", "newest", "known-inputs", "two-step", WEEKDAY_LEVEL)
"""Models that say a load only."""

MODELS = (
    *(one.name for one in LIKENESSES),
    *(f"carried-{steps / 4:.0f}h" for steps in CARRIED_STEPS),
    *(f"jobs+{one.name}" for one in WITH_JOBS),
    *(one.name for one in PLANNED),
    *GUESSED,
    "lasting+calendar",
    "lasting+profile",
)
BEFORE_NEWEST = 2
"""Quarter hours that the newest is held against."""
FAR_STEPS = 2.0
"""How many usual steps from them, and from such days, it may be to be believed at once."""
LASTING = (CALENDAR[0], PROFILE[0])
LASTING_FAVOUR = 12.0
"""How many times more a model that keeps a surprise on counts, when there is one, before anything is learnt."""
UNUSUAL = 1.25
"""How many times their usual error the newest errors together must be to count at all; what is far above counts in full."""
USUAL_OF_BAND = 0.263
"""Median absolute error of a normal distribution over the distance of its 10 % and 90 % quantiles."""
PLAN_FAVOUR = 6.0
"""The same for a plan."""
JOBS_FAVOUR = 10.0
"""How many times more a model that knows the planned jobs counts before anything is learnt: it sees a job that is moved."""


@dataclass(frozen=True, slots=True)
class ModelQuantiles:
    """What all models say from one origin."""

    requested: Columns
    kw: Floats
    """(models, levels, columns); nan where a model says nothing."""
    favour: Floats
    """(models,); 0 for a model that was not run."""
    similar: Candidates
    weights: Floats
    """Of the candidates by each of `LIKENESSES`: (likenesses, candidates, AHEAD_DAYS)."""
    peak_paths: Floats
    """Each candidate's highest of the local days ahead, planned jobs included where they are known: (candidates, AHEAD_DAYS)."""
    planned_kw: Floats | None
    """Jobs from the origin on, where any are known: (REACH,)."""
    surprise_kw: float
    """What the newest quarter hours agree to be more, or less, than on such days; 0 where that is nothing unusual."""


NONE_OFF: frozenset[str] = frozenset()


def predict(
    grid: Grid, base_kw: Floats | None, origin: int, offsets: Ints, by_name: Mapping[str, Floats], off: frozenset[str] = NONE_OFF
) -> ModelQuantiles | None:
    """Every model's word from `origin`; None where there is not one whole day before it.

    Parameters
    ----------
    base_kw
        The grid's loads without the known jobs; None where no jobs are known.
    offsets
        Which steps ahead are requested.
    by_name
        Loads [kW] over `REACH` steps by models that are not worked out here: (REACH,), or (levels, REACH) with a spread of their own.
    off
        Models that are not run, of those that `forecasting.rungs` switches.
    """
    plain = candidates(grid, grid.load_kw, origin)
    if plain is None:
        return None
    requested = columns(origin, offsets)
    weights = weigh(grid, plain, LIKENESSES)
    run = np.array([number for number, one in enumerate(LIKENESSES) if one.name not in off])
    raw = mixture(plain, weights[run], requested)
    kw = np.full((len(MODELS), 3, len(offsets) + AHEAD_DAYS), np.nan)
    favour = np.zeros(len(MODELS))
    kw[run] = raw.kw
    favour[run] = 1.0
    planned = None if base_kw is None else grid.jobs_kw(origin, origin)
    similar, by_profile, peak_paths = plain, weights[LIKENESSES.index(PROFILE[0])], raw.peak_paths
    at = len(LIKENESSES) + len(CARRIED_STEPS)
    if base_kw is not None and planned is not None:
        similar = candidates(grid, base_kw, origin) or plain
        weights_with_jobs = weigh(grid, similar, WITH_JOBS)
        by_profile = weights_with_jobs[WITH_JOBS.index(PROFILE[0])]
        with_jobs = mixture(similar, weights_with_jobs, requested, np.broadcast_to(planned, similar.after_kw.shape))
        kw[at : at + len(WITH_JOBS)] = with_jobs.kw
        favour[at : at + len(WITH_JOBS)] = JOBS_FAVOUR
        peak_paths = with_jobs.peak_paths
    if grid.inputs:
        first = MODELS.index(PLANNED[0].name)
        planned_days = slice(first, first + len(PLANNED))
        kw[planned_days] = mixture(plain, weigh(grid, plain, PLANNED), requested).kw
        favour[planned_days] = PLAN_FAVOUR
    own_kw = grid.load_kw if base_kw is None else base_kw
    by_calendar, on_such_days, step_kw = _usual(similar, weights[0, :, 0], by_profile[:, 0])
    newest = believed(own_kw[origin - 1], own_kw[origin - 1 - BEFORE_NEWEST : origin - 1], on_such_days[:, -1], step_kw)
    if f"carried-{CARRIED_STEPS[0] / 4:.0f}h" not in off:
        _carry(newest, similar, by_profile, planned, requested, kw, favour)
    _guess(grid, origin, grid.load_kw[origin - 1] + newest - own_kw[origin - 1], requested, kw[1], by_name, kw, favour)
    surprise = _surprise(own_kw[origin - NEWEST : origin], by_calendar)
    if surprise != 0.0:
        _last(grid, origin, surprise, requested, kw, favour, planned is not None)
    return ModelQuantiles(requested, kw, favour, similar, weights, peak_paths, planned, surprise)


def _usual(similar: Candidates, by_calendar: Floats, by_profile: Floats) -> tuple[Floats, Floats, float]:
    """Quantiles of the newest quarter hours on such days by the calendar and by the load profile, and how much the load changes then at most."""
    before = similar.before_kw
    paths = np.concatenate([before, np.abs(np.diff(before, axis=1))], axis=1)
    weights = np.stack([by_calendar, by_profile])[:, :, None]
    found = weighted_quantiles(paths, weights, np.ones_like(paths), np.zeros(paths.shape[1], np.int64))
    steps = found[1, 2, -2:]
    return found[0, :, :NEWEST], found[1, :, :NEWEST], float(np.max(steps, initial=0.0, where=np.isfinite(steps)))


def believed(newest_kw: float, before_kw: Floats, usual_kw: Floats, step_kw: float) -> float:
    """The newest quarter hour as far as it may be carried on before another one confirms it.

    A single zero, or ten times the load, is more often a fault of meter or line than the load: what is far from both the quarter hours
    before it and such days counts as one usual step from the one before it. Two in a row count in full.

    Parameters
    ----------
    before_kw
        The quarter hours before it.
    usual_kw
        Quantiles of that quarter hour on such days.
    step_kw
        How much the load usually changes at most from one quarter hour to the next.
    """
    around = np.append(before_kw, usual_kw)
    around = around[np.isfinite(around)]
    if not around.size:
        return newest_kw
    within = float(np.clip(newest_kw, around.min() - FAR_STEPS * step_kw, around.max() + FAR_STEPS * step_kw))
    if within == newest_kw or not np.isfinite(before_kw[-1]):
        return within
    return float(before_kw[-1] + np.clip(newest_kw - before_kw[-1], -step_kw, step_kw))


def _surprise(own_kw: Floats, usual_kw: Floats) -> float:
    """Median of the newest errors against similar days where they agree and are far more than usual [kW]: a furnace was left on."""
    errors = own_kw - usual_kw[1]
    errors = errors[np.isfinite(errors)]
    if len(errors) < NEWEST - 2 or abs(int(np.sign(errors).sum())) < len(errors) - 2:
        return 0.0
    middle = float(np.median(errors))
    noise = UNUSUAL * USUAL_OF_BAND * float(np.nanmean(usual_kw[2] - usual_kw[0])) / max(abs(middle), 1e-9)
    return middle * (1 - noise**2) if noise < 1 else 0.0


def _last(grid: Grid, origin: int, surprise: float, requested: Columns, kw: Floats, favour: Floats, knows_jobs: bool) -> None:
    """The surprise kept on for as long as work, or rest, goes on: what was left on at rest is found when work begins."""
    same = np.logical_and.accumulate(grid.at_work[origin : origin + REACH] == grid.at_work[origin - 1])
    # A day's peak is moved only where the surprise lasts all day: where it ends, the peak is likely to come later.
    days = [bool(same[requested.span(day)].all()) for day in range(AHEAD_DAYS)]
    lasts = np.append(same[requested.offsets], days)
    names = [f"jobs+{one.name}" if knows_jobs else one.name for one in LASTING]
    for one, name in zip(LASTING, names, strict=True):
        row = MODELS.index(f"lasting+{one.name}")
        kw[row] = np.maximum(kw[MODELS.index(name)] + surprise * lasts, 0.0)
        favour[row] = LASTING_FAVOUR * (JOBS_FAVOUR if knows_jobs else 1.0)


def _carry(
    newest: float, similar: Candidates, weights: Floats, planned: Floats | None, requested: Columns, kw: Floats, favour: Floats
) -> None:
    """Similar load profiles, moved by the newest difference, which fades: what is on now that was not on then."""
    if not np.isfinite(newest):
        return
    apart = np.where(np.isfinite(similar.newest_kw), newest - similar.newest_kw, 0.0)
    near = requested.offsets[requested.offsets < CARRIED_REACH]
    today = requested.span(0)
    steps = np.arange(CARRIED_REACH)
    after = similar.after_kw[:, :CARRIED_REACH]
    if planned is not None:
        after = after + planned[:CARRIED_REACH]
    paths = []
    for fades in CARRIED_STEPS:
        moved = after + np.outer(apart, np.exp(-(steps + 1) / fades))
        paths += [moved[:, near], moved[:, today].max(axis=1, keepdims=True)]
    trust = np.concatenate([similar.trust[:, near], np.ones((len(after), 1))], axis=1)
    day = np.append(requested.day[: len(near)], 0)
    variants = len(CARRIED_STEPS)
    quantiles_kw = weighted_quantiles(
        np.concatenate(paths, axis=1), weights[None], np.tile(trust, variants), np.tile(day, variants)
    )[0]
    for number, part in enumerate(np.split(quantiles_kw, variants, axis=1)):
        row = len(LIKENESSES) + number
        kw[row, :, : len(near)] = part[:, :-1]
        kw[row, :, requested.peaks.start] = part[:, -1]
        favour[row] = 1.0 if planned is None else JOBS_FAVOUR


def _last_week(grid: Grid, origin: int) -> Floats:
    """The loads of a week before; nan on days of which one or the other has changed shifts."""
    found: Floats = grid.load_kw[origin - SLOTS_PER_WEEK :][:REACH].copy()
    if grid.changed.size:
        day = (origin + np.arange(len(found))) // SLOTS_PER_DAY
        found[np.isin(day, grid.changed) | np.isin(day - 7, grid.changed)] = np.nan
    return found


def _guess(
    grid: Grid,
    origin: int,
    newest_kw: float,
    requested: Columns,
    weekday_kw: Floats,
    by_name: Mapping[str, Floats],
    kw: Floats,
    favour: Floats,
) -> None:
    """Loads without a spread of their own, with that of like weekdays around them."""
    guesses = dict(by_name)
    if origin >= SLOTS_PER_WEEK:
        guesses["last-week"] = _last_week(grid, origin)
    if requested.offsets[-1] >= SLOTS_PER_DAY and origin >= SLOTS_PER_DAY:
        guesses[WEEKDAY_LEVEL] = weekday_level(grid, origin)
    if np.isfinite(newest_kw):
        guesses["newest"] = np.full(REACH, newest_kw)
    spread = weekday_kw - weekday_kw[1]
    for name, guess in guesses.items():
        row = MODELS.index(name)
        profile = guess if guess.ndim == 1 else guess[1]
        peaks = np.full(AHEAD_DAYS, np.nan)
        for day in range(AHEAD_DAYS):
            span = profile[requested.span(day)]
            if name != "newest" and span.size and np.isfinite(span).all():
                peaks[day] = span.max()
        kw[row] = np.append(profile[requested.offsets], peaks) + spread
        if guess.ndim > 1:
            kw[row, :, : len(requested.offsets)] = guess[:, requested.offsets]
        favour[row] = PLAN_FAVOUR if name == "known-inputs" else 1.0

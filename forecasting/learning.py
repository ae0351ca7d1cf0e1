"""When what is learnt: replays of past origins, a few each day, all at once for a series that is new or has changed.

In: a `Grid` that has just grown by a quarter hour.  Out: the series' `ExpertWeights`, brought up to date in place.

No forecast is kept: an origin whose future has come is forecast again with what was known at it. So a revised quarter hour
is learnt from as it is now, and the state is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from forecasting.ensemble import MODELS, ModelQuantiles, predict
from forecasting.expert_weights import (
    CLOCK_STEP,
    DAY_AGE,
    FAR_AGE,
    FAR_BANDS,
    NEAR_AGE,
    NEAR_BANDS,
    NEAR_CELLS,
    NEAR_EVERY,
    ExpertWeights,
    learn,
    mix,
    note_score,
    places,
)
from forecasting.grid import AHEAD_DAYS, REACH, Grid
from forecasting.job_share import measured_share
from forecasting.judging import Midnight, day_losses, highest_before
from forecasting.price_of_error import Price
from forecasting.rungs import Ladder, is_trial, mask_of
from forecasting.similar_days import SPREAD_DAYS
from forecasting.slots import SCORED_FROM_PERCENT, SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats, Ints
from forecasting.two_step import NAME as TWO_STEP
from forecasting.two_step import two_step

NEAR_OFFSETS = np.arange(NEAR_BANDS[-1][1])
FAR_OFFSETS = np.arange(FAR_BANDS[0][0] + 1, REACH, 6)
"""One quarter hour in six, as neighbours have nearly the same error; not one an hour, which would always be the same of its four."""
FIRST_BANDS = (NEAR_CELLS, NEAR_CELLS + 1, NEAR_CELLS + len(FAR_BANDS))
"""Places whose hours lie within a day of the origin: two bands and the running day's peak."""
SECOND_BANDS = tuple(n for n in range(NEAR_CELLS, NEAR_CELLS + len(FAR_BANDS) + AHEAD_DAYS) if n not in FIRST_BANDS)
FIT_DAYS = 35
NEAR_FIT_DAYS = 10
NEAR_FIT_EVERY = 24
DRIFT_SLACK = 0.6
DRIFT_LIMIT = 8.0
"""Page and Hinkley's test on the day-ahead error over its usual size: 8 is a day at five times or four days at 2.6 times the usual."""
CHANGED_DAYS = 14

Guesses = Callable[[Grid, list[int]], Mapping[int, Mapping[str, Floats]]]
"""Loads by models that are not worked out from the grid alone, for each origin: name -> (REACH,)."""


def no_guesses(_: Grid, __: list[int]) -> Mapping[int, Mapping[str, Floats]]:
    """None."""
    return {}


@dataclass(frozen=True)
class Watched:
    """A series as it is learnt from: scored loads, unit and the load without jobs, worked out once."""

    grid: Grid
    base_kw: Floats | None
    unit_kw: float
    """Mean deviation over the past eight weeks."""
    scored_kw: Floats
    """Loads that were measured; nan where they were not: a substitute agrees with whatever made it."""
    rest_of: Ints
    """1 at each index on a day of rest."""


def watched(grid: Grid) -> Watched:
    """What learning and issuing need of `grid`."""
    recent = grid.load_kw[max(0, grid.origin - SPREAD_DAYS * SLOTS_PER_DAY) : grid.origin]
    recent = recent[np.isfinite(recent)]
    unit = float(np.abs(recent - recent.mean()).mean()) if recent.size else 0.0
    base = None
    if grid.jobs.kw.size:
        grid = replace(grid, jobs=grid.jobs.scaled(measured_share(grid)))
        base = grid.load_kw - grid.past_jobs_kw()
    scored = np.where(grid.trust * 100 >= SCORED_FROM_PERCENT, grid.load_kw, np.nan)
    return Watched(grid, base, max(unit, 1e-3), scored, np.repeat(grid.rests, SLOTS_PER_DAY))


def came(seen: Watched, predicted: ModelQuantiles) -> Floats:
    """What came after the origin at the requested columns; nan where it is not known, or was not measured."""
    origin = predicted.similar.origin
    after = seen.scored_kw[origin : origin + REACH]
    peaks = np.full(AHEAD_DAYS, np.nan)
    for day in range(AHEAD_DAYS):
        span = after[predicted.requested.span(day)]
        if span.size and np.isfinite(span).all():
            peaks[day] = span.max()
    return np.append(after[predicted.requested.offsets], peaks)


def rests(seen: Watched, predicted: ModelQuantiles) -> Ints:
    """1 for columns on a day of rest."""
    origin = predicted.similar.origin
    today = origin // SLOTS_PER_DAY
    return np.append(seen.rest_of[origin + predicted.requested.offsets], seen.grid.rests[today : today + AHEAD_DAYS])


@dataclass(frozen=True, slots=True)
class Lesson:
    """An origin to be forecast again, in which bands, and whether it counts for the score."""

    origin: int
    bands: tuple[int, ...]
    scored: bool = False

    @property
    def is_near(self) -> bool:
        """Whether it is about the next four hours."""
        return self.bands[0] < NEAR_CELLS

    @property
    def is_midnight(self) -> bool:
        """Whether a whole day is forecast that has come: by these rungs are judged."""
        return self.scored and self.origin % SLOTS_PER_DAY == 0


NEAR = tuple(range(NEAR_CELLS))


def due(now: int) -> Iterator[Lesson]:
    """The lessons that the quarter hour before index `now` has made possible."""
    if now % NEAR_EVERY == 0:
        yield Lesson(now - NEAR_AGE, NEAR)
    if now % CLOCK_STEP == 0:
        yield Lesson(now - FAR_AGE, SECOND_BANDS)
        yield Lesson(now - DAY_AGE, FIRST_BANDS, scored=True)


def lessons_of_the_past(grid: Grid, days: int) -> list[Lesson]:
    """The lessons of the last `days`, oldest first: both days ahead at once, those of the next hours for ten days only."""
    first = max(grid.origin - days * SLOTS_PER_DAY, 2 * SLOTS_PER_DAY)
    near_first = grid.origin - NEAR_FIT_DAYS * SLOTS_PER_DAY
    found: list[Lesson] = []
    for origin in range(first - first % NEAR_EVERY + NEAR_EVERY, grid.origin - NEAR_AGE + 1, NEAR_EVERY):
        if origin >= near_first and origin % NEAR_FIT_EVERY == 0:
            found.append(Lesson(origin, NEAR))
        if origin % CLOCK_STEP == 0:
            found.append(Lesson(origin, (*FIRST_BANDS, *SECOND_BANDS), scored=origin + DAY_AGE <= grid.origin))
    return found


def study(
    seen: Watched, experts: ExpertWeights, lesson: Lesson, by_name: Mapping[str, Floats], judges: bool = False
) -> float | None:
    """Learn one lesson; the day-ahead error [kW, mean absolute] if it is scored.

    Parameters
    ----------
    judges
        Whether a midnight also counts for the ladder of `experts`.
    """
    offsets = NEAR_OFFSETS if lesson.is_near else FAR_OFFSETS
    off = experts.off
    predicted = predict(
        seen.grid, seen.base_kw, lesson.origin, offsets, by_name, frozenset() if _is_trial(seen.grid, experts, lesson) else off
    )
    if predicted is None:
        return None
    found, surprised = places(lesson.origin, offsets), predicted.surprise_kw != 0
    what_came, on_rest = came(seen, predicted), rests(seen, predicted)
    favour = predicted.favour * mask_of(MODELS, off)
    mixed = mix(experts, found, predicted.kw, favour, on_rest, seen.unit_kw, surprised)
    error = None
    if lesson.scored:
        day = offsets < SLOTS_PER_DAY
        came_kw = what_came[: len(offsets)][day]
        before = lesson.origin + offsets[day] - SLOTS_PER_WEEK
        last_week = np.where(before >= 0, seen.grid.load_kw[np.maximum(before, 0)], np.nan)
        note_score(experts, mixed, came_kw, last_week)
        wrong = np.abs(came_kw - mixed.kw[1, : len(came_kw)])
        error = float(np.nanmean(wrong)) if np.isfinite(wrong).sum() >= len(wrong) // 2 else None
    if judges and lesson.is_midnight and experts.ladder is not None:
        highest = highest_before(seen.scored_kw, lesson.origin)
        of_day = [found[number] for number in FIRST_BANDS]
        midnight = Midnight(experts, predicted, of_day, what_came, on_rest, seen.unit_kw, highest)
        experts.ladder.note_day(day_losses(midnight))
    learn(experts, found, lesson.bands, predicted.kw, mixed, what_came, on_rest, seen.unit_kw, surprised)
    return error


def _is_trial(grid: Grid, experts: ExpertWeights, lesson: Lesson) -> bool:
    """Whether rungs that are off are asked in this lesson, too."""
    return experts.ladder is not None and lesson.is_midnight and is_trial(int(grid.slot_at[lesson.origin]))


def with_guesses(
    grid: Grid, lessons: list[Lesson], guesses: Guesses, experts: ExpertWeights
) -> Iterator[tuple[Lesson, Mapping[str, Floats]]]:
    """Lessons with what the models say that are not worked out with the others; these are run for the far bands only, all origins at once."""
    far = [lesson for lesson in lessons if not lesson.is_near]
    origins = sorted({lesson.origin for lesson in far})
    known = guesses(grid, origins) if origins else {}
    is_served = TWO_STEP not in experts.off
    smooth = two_step(grid, sorted({one.origin for one in far if is_served or _is_trial(grid, experts, one)}))
    for lesson in lessons:
        of_origin = {} if lesson.is_near else known.get(lesson.origin, {})
        if not lesson.is_near and lesson.origin in smooth:
            of_origin = {**of_origin, TWO_STEP: smooth[lesson.origin]}
        yield lesson, of_origin


def fit(
    seen: Watched, guesses: Guesses = no_guesses, days: int = FIT_DAYS, price: Price | None = None, ladder: Ladder | None = None
) -> ExpertWeights:
    """Learn a series from scratch, by replaying its last `days`.

    Parameters
    ----------
    price
        What an error is worth: rungs are judged on the way. None: nobody says.
    ladder
        What is known of the rungs already: it is kept as it is.
    """
    experts = ExpertWeights.blank(MODELS)
    experts.ladder = ladder
    lessons = lessons_of_the_past(seen.grid, days)
    judges = ladder is None and price is not None
    if judges and lessons:
        experts.ladder = Ladder.new(int(seen.grid.slot_at[lessons[0].origin]))
    for lesson, by_name in with_guesses(seen.grid, lessons, guesses, experts):
        drifting(experts, study(seen, experts, lesson, by_name, judges))
        if judges and lesson.is_midnight:
            decide(seen.grid, experts, lesson, price)
    experts.drift = 0.0
    return experts


def decide(grid: Grid, experts: ExpertWeights, lesson: Lesson, price: Price | None) -> None:
    """Switch a rung on or off where the midnight of `lesson` makes the case for it; dated at the end of the lesson's day."""
    if experts.ladder is not None and price is not None:
        slot = int(grid.slot_at[lesson.origin]) + DAY_AGE
        experts.ladder.decide(price(slot), slot)


def drifting(experts: ExpertWeights, error_kw: float | None) -> bool:
    """Note one day-ahead error; whether the errors have become so much larger that what was learnt is of another load."""
    if error_kw is None:
        return False
    usual = experts.usual_error_kw
    if usual <= 0:
        experts.usual_error_kw = error_kw
        return False
    experts.drift = max(0.0, experts.drift + min(error_kw / max(usual, 1e-6), 6.0) - 1 - DRIFT_SLACK)
    experts.usual_error_kw = usual + 0.03 * (min(error_kw, 3 * usual) - usual)
    return experts.drift > DRIFT_LIMIT

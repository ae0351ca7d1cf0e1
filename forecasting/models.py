"""The ladder of models, one interface: from what was known at each origin, the load of the quarter hours after it.

Every model answers for many origins at once, so that the same code that serves the next 48 h also replays the past four weeks:
score and band come from what a model would have said then. Rungs, lightest first:

- ``last-week``: the same quarter hour a week ago;
- ``like-weekdays``, ``like-shifts``: weighted median of the same local quarter hour on the newest like days, alike by weekday or
  by the shifts that are worked (holidays rest as Sundays do);
- the same ``+jobs``: like days of the load without the known jobs, then the planned jobs put back where they are planned now;
- ``+correction``: the newest error, fading with lead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from forecasting.days import Like, LocalDay, SiteDays
from forecasting.jobs import FOREVER, JobLoads
from forecasting.slots import SCORED_FROM_PERCENT, SLOTS_PER_WEEK, Bools, Floats, Ints

LEADS = 192
"""48 h of quarter hours."""
LOOKBACK = 8
"""Quarter hours before each origin whose errors say how the running day differs."""
LIKE_DAYS = 6
CANDIDATES = 10
RECENCY = 0.9
"""Each older like day counts this much less than the one after it."""


@dataclass(frozen=True)
class Question:
    """What is known, and what is asked.

    All arrays over time start at slot `first_slot`; `load_kw` is nan where nothing is known, and for all of the future.
    """

    days: SiteDays
    first_slot: int
    load_kw: Floats
    trust: Floats
    known: int
    """How many leading entries of `load_kw` lie in the past of the newest origin."""
    origins: Ints
    """Indexes into `load_kw` of the first quarter hour asked for; ascending, the last one is the forecast to be served."""
    jobs: JobLoads
    inputs: Mapping[str, Floats] = field(default_factory=dict)
    """Known inputs by name (`planned_kw`, `temperature_c`, ...), as long as `load_kw` and known ahead; nan where they are not known."""

    @property
    def asked(self) -> Ints:
        """Indexes of the quarter hours answered for each origin, from `LOOKBACK` before it: (origins, LOOKBACK + LEADS)."""
        return self.origins[:, None] + np.arange(-LOOKBACK, LEADS)

    def actual_kw(self) -> Floats:
        """What was drawn in `asked`, nan where it is not known or not measured."""
        asked = self.asked
        values = np.where(self.trust * 100 >= SCORED_FROM_PERCENT, self.load_kw, np.nan)
        return np.where(asked >= 0, values[np.maximum(asked, 0)], np.nan)

    def same_regime(self) -> Bools:
        """For each lead, whether work (or rest) goes on without a break from the quarter hour before the origin: (origins, LEADS)."""
        asked = self.asked[:, LOOKBACK - 1 :]
        low = int(asked.min())
        days = self.days.between(self.first_slot + low, self.first_slot + int(asked.max()))
        begin = days[0].first_slot - self.first_slot
        at_work = np.concatenate([day.at_work for day in days])[asked - begin]
        same: Bools = np.logical_and.accumulate(at_work[:, 1:] == at_work[:, :1], axis=1)
        return same

    def jobs_kw(self) -> Floats:
        """Planned jobs in `asked`, by the plan as it stood at each origin; the newest origin knows all that is planned now."""
        rows = []
        for number, origin in enumerate(self.origins):
            asked_at = FOREVER - 1 if number == len(self.origins) - 1 else self.first_slot + int(origin)
            rows.append(self.jobs.as_known_at(asked_at, self.first_slot + int(origin) - LOOKBACK, LOOKBACK + LEADS))
        return np.array(rows)

    def past_jobs_kw(self) -> Floats:
        """Jobs in every entry of `load_kw`, as they came to pass by the newest plan."""
        return self.jobs.as_known_at(FOREVER - 1, self.first_slot, len(self.load_kw))


def last_week(question: Question) -> Floats:
    """The load a week before each quarter hour in `Question.asked`; nan where that is not known."""
    before = question.asked - SLOTS_PER_WEEK
    return np.where(before >= 0, question.load_kw[np.maximum(before, 0)], np.nan)


@dataclass(frozen=True, slots=True)
class LikeSlots:
    """For every quarter hour asked for, indexes of its like ones, newest first (-1: none), and which are only a makeshift."""

    first: int
    index: Ints
    makeshift: Bools


def like_slots(question: Question, alike: Callable[[LocalDay], Like]) -> LikeSlots:
    """The same local quarter hour on earlier days that are alike; behind them, as a makeshift, days of the same type, or any."""
    first = max(int(question.asked.min()), 0)
    last = int(question.asked.max())
    history = question.days.between(question.first_slot, question.first_slot + last)
    wanted = question.days.date_of(question.first_slot + first)
    index = np.full((last - first + 1, CANDIDATES), -1, np.int64)
    makeshift = np.zeros_like(index, dtype=bool)
    by_alike: dict[Like, list[int]] = {}
    by_type: dict[Like, list[int]] = {}
    for number, day in enumerate(history):
        if day.day >= wanted:
            like = by_alike.get(alike(day), [])[: -CANDIDATES + 1 : -1]
            others = [n for n in by_type.get(day.by_type, [])[:-5:-1] if n not in like] or list(
                range(number - 1, max(number - 4, -1), -1)
            )
            chosen = (like + others)[:CANDIDATES]
            if chosen:
                begin = day.first_slot - question.first_slot
                rows = np.arange(begin, begin + len(day.clock)) - first
                inside = (rows >= 0) & (rows < len(index))
                found = np.array([history[n].slot_at for n in chosen]).T[day.clock[inside]] - question.first_slot
                index[rows[inside], : len(chosen)] = np.where(found >= 0, found, -1)
                makeshift[rows[inside], len(like) : len(chosen)] = True
        by_alike.setdefault(alike(day), []).append(number)
        by_type.setdefault(day.by_type, []).append(number)
    return LikeSlots(first, index, makeshift)


def like_median(question: Question, like: LikeSlots, values_kw: Floats) -> Floats:
    """Weighted median of `values_kw` on the newest like days known at each origin; what is less trusted or older counts less."""
    asked = question.asked
    candidates = np.where((asked >= like.first)[..., None], like.index[np.maximum(asked - like.first, 0)], -1)
    makeshift = like.makeshift[np.maximum(asked - like.first, 0)]
    values = values_kw[np.maximum(candidates, 0)]
    usable = (candidates >= 0) & (candidates < question.origins[:, None, None]) & np.isfinite(values)
    proper = usable & ~makeshift
    usable = np.where(proper.any(axis=-1, keepdims=True), proper, usable)
    rank = np.cumsum(usable, axis=-1)
    weights = np.where(usable & (rank <= LIKE_DAYS), question.trust[np.maximum(candidates, 0)] * RECENCY**rank, 0.0)
    return weighted_median(np.where(weights > 0, values, np.inf), weights)


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Median along the last axis, mean of lower and upper one; values of weight 0 must be inf; nan where all weigh nothing."""
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    share = np.cumsum(np.take_along_axis(weights, order, axis=-1), axis=-1)
    total = share[..., -1:]
    lower = np.argmax(share >= total * (0.5 - 1e-9), axis=-1)[..., None]
    upper = np.argmax(share >= total * (0.5 + 1e-9), axis=-1)[..., None]
    middle = (np.take_along_axis(ordered, lower, axis=-1) + np.take_along_axis(ordered, upper, axis=-1))[..., 0] / 2
    return np.where(total[..., 0] > 0, middle, np.nan)


@dataclass(frozen=True, slots=True)
class Answer:
    """One model's loads [kW] for `Question.asked`: (origins, LOOKBACK + LEADS); nan where it cannot say."""

    model: str
    kw: Floats
    knows_jobs: bool = False


def ladder(question: Question) -> list[Answer]:
    """Answers of all rungs below the correction, lightest first."""
    answers = [Answer("last-week", last_week(question))]
    likes = {"like-weekdays": like_slots(question, lambda day: day.by_weekday)}
    by_shifts = like_slots(question, lambda day: day.by_shifts)
    if not np.array_equal(by_shifts.index, likes["like-weekdays"].index):
        likes["like-shifts"] = by_shifts
    answers += [Answer(name, like_median(question, like, question.load_kw)) for name, like in likes.items()]
    if question.jobs.kw.size:
        without_jobs = question.load_kw - question.past_jobs_kw()
        planned = question.jobs_kw()
        answers += [
            Answer(f"{name}+jobs", like_median(question, like, without_jobs) + planned, knows_jobs=True)
            for name, like in likes.items()
        ]
    return answers


ERROR_WEIGHTS = np.array([0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.3, 0.4])
"""Of the `LOOKBACK` newest errors, oldest first."""
CORRECTIONS = [(share, fades) for share in (0.4, 0.7, 1.0) for fades in (2.0, 6.0, 16.0, 48.0)]
"""Tried: which share of the newest error is carried over, and after how many quarter hours a third of it is left."""

UNUSUAL = 1.25
"""How many times the usual error the newest errors together must be to count at all; what is far above counts in full."""
STEADY_CORRECTIONS = [(1.0, 400.0), (1.0, 96.0), (1.0, 24.0), (0.8, 8.0), (0.0, 1.0)]
"""Tried in this order: the first that history does not speak against is taken."""


def newest_errors(question: Question, answer: Floats) -> tuple[Floats, Floats]:
    """Errors [kW] of the quarter hours just before each origin, nan where unknown, and their weights: (origins, LOOKBACK)."""
    asked = question.asked[:, :LOOKBACK]
    actual = np.where(asked >= 0, question.load_kw[np.maximum(asked, 0)], np.nan)
    errors = actual - answer[:, :LOOKBACK]
    return errors, np.where(np.isfinite(errors), ERROR_WEIGHTS * question.trust[np.maximum(asked, 0)], 0.0)


def mean_error(errors: Floats, weights: Floats) -> Floats:
    """Weighted mean of each row of `newest_errors`; 0 where none is known."""
    total = weights.sum(axis=1)
    return np.where(total > 0, (np.nan_to_num(errors) * weights).sum(axis=1) / np.maximum(total, 1e-9), 0.0)


def steady_error(errors: Floats, usual_kw: Floats) -> Floats:
    """Median of the newest errors where they agree and are far more than usual: something is on, or off, that never is.

    Parameters
    ----------
    errors
        From `newest_errors`.
    usual_kw
        Median absolute error of the next hours on such a day: (origins,).
    """
    known = np.isfinite(errors)
    signs = np.sign(np.where(known, errors, 0.0)).sum(axis=1)
    count = known.sum(axis=1)
    middle = np.nanmedian(np.where(known.any(axis=1, keepdims=True), errors, 0.0), axis=1)
    # All but one lie on the same side.
    one_sided = (count >= LOOKBACK - 2) & (np.abs(signs) >= count - 2)
    noise = (UNUSUAL * usual_kw / np.maximum(np.abs(middle), 1e-9)) ** 2
    return np.where(one_sided, middle * np.maximum(1.0 - noise, 0.0), 0.0)


def correction(error_kw: Floats, share: float, fades: float) -> Floats:
    """What to add to each lead: (origins, LEADS)."""
    if share == 0.0:
        return np.zeros((len(error_kw), LEADS))
    return np.outer(error_kw, share * np.exp(-np.arange(LEADS) / fades))

"""Which model is served, by what each would have said over the past four weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.models import (
    CORRECTIONS,
    LEADS,
    LOOKBACK,
    STEADY_CORRECTIONS,
    Answer,
    Question,
    correction,
    mean_error,
    newest_errors,
    steady_error,
)
from forecasting.slots import SLOTS_PER_DAY, Floats, Ints

LEAD_BANDS = ((0, 16), (16, 96), (96, LEADS))
"""The next four hours, the rest of the first day, the second day: what is known of the plan differs, so may the best model."""
GAIN_TO_CLIMB = 0.98
"""A heavier model must make its mean absolute error this much smaller; otherwise the lighter one stays."""
PLAN_MAY_COST = 1.02
"""A model that knows the planned jobs is preferred to its twin even when slightly worse: it sees a job that is moved."""
FEWEST_ERRORS = 200
"""Below this many scored quarter hours no merit is told apart from luck; the middle of the ladder is served."""


@dataclass(frozen=True, slots=True)
class Served:
    """The chosen combination, for the past origins and for the one to be served (last row)."""

    model: str
    kw: Floats
    errors_kw: Floats
    """Actual minus said; nan where not known: (origins, LEADS). The last row is all nan."""
    score: float | None
    """Mean absolute error over that of last week's same quarter hour, on the same quarter hours."""
    scored: int


def mean_absolute(errors: Floats) -> float:
    """Mean absolute value of what is finite; inf where nothing is."""
    known = np.abs(errors[np.isfinite(errors)])
    return float(known.mean()) if known.size else float("inf")


def serve(question: Question, answers: list[Answer], kinds: Ints) -> Served:
    """The lightest model in each band of leads that earns its keep, corrected by the newest error if that helps."""
    actual = question.actual_kw()[:, LOOKBACK:]
    filled = [_without_gaps(answer.kw, answers) for answer in answers]
    chosen = [_best(answers, filled, actual, begin, end) for begin, end in LEAD_BANDS]
    kw = np.concatenate(
        [filled[pick][:, LOOKBACK + a : LOOKBACK + b] for pick, (a, b) in zip(chosen, LEAD_BANDS, strict=True)], axis=1
    )
    kw, corrected = _corrected(question, kinds, filled[chosen[0]], kw, actual)
    kw = np.maximum(kw, 0.0)
    errors = actual - kw
    score, scored = _score(errors, actual - answers[0].kw[:, LOOKBACK:])
    names = list(dict.fromkeys(answers[pick].model for pick in chosen))
    return Served(" then ".join(names) + ("+correction" if corrected else ""), kw, errors, score, scored)


def _without_gaps(kw: Floats, answers: list[Answer]) -> Floats:
    """`kw` with what it cannot say taken from the other models, and at last from the mean of what it can say."""
    for other in [answer.kw for answer in answers[1:] + answers[:1]]:
        kw = np.where(np.isfinite(kw), kw, other)
    known = kw[np.isfinite(kw)]
    return np.where(np.isfinite(kw), kw, float(np.median(known)) if known.size else 0.0)


def _best(answers: list[Answer], filled: list[Floats], actual: Floats, begin: int, end: int) -> int:
    window = actual[:, begin:end]
    columns = slice(LOOKBACK + begin, LOOKBACK + end)
    # The same quarter hours for all: those for which last week is known, if there are enough of them.
    comparable = np.isfinite(window) & np.isfinite(answers[0].kw[:, columns])
    if comparable.sum() < FEWEST_ERRORS:
        comparable = np.isfinite(window)
    if comparable.sum() < FEWEST_ERRORS:
        return len(answers) - 1
    mae = [float(np.abs(window - kw[:, columns])[comparable].mean()) for kw in filled]
    best = 0
    for number in range(1, len(answers)):
        knows_more = answers[number].knows_jobs and not answers[best].knows_jobs
        if mae[number] < mae[best] * (PLAN_MAY_COST if knows_more else GAIN_TO_CLIMB):
            best = number
    return best


def _corrected(question: Question, kinds: Ints, base: Floats, kw: Floats, actual: Floats) -> tuple[Floats, bool]:
    """`kw` with a lasting shift carried on and the rest of the newest error faded out, as far as the past bears each out."""
    newest, weights = newest_errors(question, base)
    near = slice(0, SLOTS_PER_DAY)
    errors = actual[:, near] - kw[:, near]
    if np.isfinite(errors).sum() < FEWEST_ERRORS:
        return kw + correction(mean_error(newest, weights), 0.7, 2.0), True
    steady = steady_error(newest, _usual_error(errors[:, :16], kinds[:, 0]))
    # What was left on at rest is found when work begins, and the other way round: a shift ends with the regime.
    lasts = question.same_regime()
    trials = [mean_absolute(errors - (lasts * correction(steady, *way))[:, near]) for way in STEADY_CORRECTIONS]
    bearable = next(n for n, mae in enumerate(trials) if mae <= min(trials) * 1.002)
    shift = lasts * correction(steady, *STEADY_CORRECTIONS[bearable])
    kw, errors = kw + shift, errors - shift[:, near]
    passing = mean_error(newest - shift[:, :1], weights)
    soon = slice(0, 32)
    ways = [(mean_absolute(errors[:, soon] - correction(passing, *way)[:, soon]), way) for way in CORRECTIONS]
    gain, way = min(ways)
    if gain < mean_absolute(errors[:, soon]) * 0.99:
        return kw + correction(passing, *way), True
    return kw, bool(shift[-1].any())


def _usual_error(errors: Floats, kinds: Ints) -> Floats:
    """Median absolute error of the past origins that began on the same kind of day, or of all if they are few: (origins,)."""
    sizes = np.abs(errors)
    everywhere = float(np.nanmedian(sizes))
    usual = {}
    for kind in set(kinds.tolist()):
        mine = sizes[kinds == kind]
        usual[kind] = float(np.nanmedian(mine)) if np.isfinite(mine).sum() >= FEWEST_ERRORS // 4 else everywhere
    return np.array([usual[kind] for kind in kinds.tolist()])


def _score(errors: Floats, naive_errors: Floats) -> tuple[float | None, int]:
    same = np.isfinite(errors) & np.isfinite(naive_errors)
    if same.sum() < FEWEST_ERRORS:
        return None, int(same.sum())
    naive = mean_absolute(naive_errors[same])
    return (mean_absolute(errors[same]) / naive if naive > 1e-6 else None), int(same.sum())

"""Weights of the models and calibration of their quantiles: learnt by rolling origin, from each series itself.

In: what every model forecast from a past origin, and what came.  Out: weights a model, and factors that widen or narrow the band.

Weights follow Bernstein online aggregation [1]_ on the quantile loss [2]_, for each level by itself, with old regrets fading
and a small share kept for everyone, so that a model that was right before a change can come back. The band is then held to its stated
coverage by adaptive conformal inference [3]_: each miss above what was stated widens it, each below narrows it, on
days of work and of rest apart.

How well a model does depends on how far ahead it looks and at which time of day it is used, so all this is kept apart by band of leads
(`BANDS`) and for four times of day; between these it is blended. A lasting rise of the errors is found by the Page-Hinkley test [4]_.

References
----------
.. [1] Wintenberger: Optimal learning with Bernstein online aggregation. Machine Learning 106 (2017) 119-141.
   doi:10.1007/s10994-016-5592-6
.. [2] Koenker, Bassett: Regression quantiles. Econometrica 46 (1978) 33-50. doi:10.2307/1913643
.. [3] Gibbs, Candès: Adaptive conformal inference under distribution shift. NeurIPS 34 (2021). arXiv:2106.00170
.. [4] Page: Continuous inspection schemes. Biometrika 41 (1954) 100-115. doi:10.2307/2333009
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecasting.grid import AHEAD_DAYS, REACH
from forecasting.rungs import NOT_AT_FIRST, Ladder, decode_ladder, encode_ladder
from forecasting.similar_days import LEVELS
from forecasting.slots import LEADS, SLOTS_PER_DAY, Floats, Ints

Stored = NDArray[np.float32]

NEAR_BANDS = ((0, 1), (1, 4), (4, 16))
FAR_BANDS = ((16, 48), (48, 96), (96, REACH))
"""Steps ahead of the origin; the near ones are learnt for all times of day together, every three hours."""
NEAR_AGE, DAY_AGE, FAR_AGE = 16, 96, LEADS
"""After how many quarter hours an origin's near bands, its first day and its second day are learnt from."""
NEAR_EVERY = 12
CLOCKS = 4
CLOCK_STEP = SLOTS_PER_DAY // CLOCKS
"""The far bands are learnt for origins at 0, 6, 12 and 18 o'clock."""

NEAR_CELLS = len(NEAR_BANDS)
FAR_CELLS = len(FAR_BANDS) + AHEAD_DAYS
USUAL_CELLS = NEAR_CELLS + CLOCKS * FAR_CELLS
CELLS = 2 * USUAL_CELLS
"""The near bands; then, for each clock, the far bands and the three days' peaks; then the same again for what is learnt of origins with
a surprise behind them, on top of what is learnt of all."""

_OF_SECOND_DAY = [band[0] >= SLOTS_PER_DAY for band in FAR_BANDS] + [day > 0 for day in range(AHEAD_DAYS)]
IS_SECOND_DAY = np.array(2 * ([False] * NEAR_CELLS + CLOCKS * _OF_SECOND_DAY))
"""Of each cell."""

FADES_A_DAY = 0.96
"""What is left of a regret after a day."""
SHARED = 0.05
STEEPEST = 50.0
SECOND_DAY_RATE = 0.5
"""How fast weights of the second day's bands follow regrets, over the rate of the first day's: they are learnt a day later, from fewer
days that are unlike each other, and what looks best of these is luck more often."""
CAUTION = 0.25
"""How far a day's miss moves the logarithm of the band's width; Gibbs and Candès' step, for a whole day of quarter hours. A larger one
keeps the coverage of each week nearer to what is stated, with a band that jumps: at 0.5 it is 7 % wider and its quantile loss 1.5 % more."""
FIRST_CAUTION, CAUTION_FADES = 0.5, 0.98
"""The step on the first day that is learnt from, and what is left of it a day later, down to `CAUTION`: the width begins anywhere."""
CAUTION_NEAR = 0.15
WIDTH_LIMITS = (-1.5, 2.0)
THINNEST = 0.005
"""No half of a band is thinner than this share of the series' mean deviation before it is calibrated."""
STATED_OUTSIDE = LEVELS[0]
_STATED = np.array(LEVELS)[:, None]
SCORED_DAYS = 28
SCORES = SCORED_DAYS * CLOCKS


@dataclass(slots=True)
class ExpertWeights:
    """What was learnt of a series: changed in place by `learn`."""

    models: tuple[str, ...]
    regret: Stored
    """(CELLS, levels, models), in mean deviations."""
    variation: Stored
    width: Stored
    """Logarithm of the factor on the lower and the upper half of the band: (USUAL_CELLS, work or rest, 2)."""
    scores: Stored = field(default_factory=lambda: np.zeros((SCORES, 4), np.float32))
    """Of the newest day-ahead replays: sum of absolute errors, of last week's errors, quarter hours within the band, quarter hours."""
    scored: int = 0
    usual_error_kw: float = 0.0
    """Running mean of the day-ahead error."""
    drift: float = 0.0
    """Page and Hinkley's sum of how much larger than usual the newest errors were."""
    ladder: Ladder | None = None
    """Which rungs are worth their electricity; None where no price says what an error costs: then all are served as at first."""

    @property
    def off(self) -> frozenset[str]:
        """Models that are not served."""
        return NOT_AT_FIRST if self.ladder is None else self.ladder.off

    @classmethod
    def blank(cls, models: tuple[str, ...]) -> ExpertWeights:
        """Nothing learnt: all models count the same."""
        shape = (CELLS, len(LEVELS), len(models))
        return cls(models, np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros((USUAL_CELLS, 2, 2), np.float32))

    def weights(self, cells: Ints, favour: Floats, surprised: bool) -> Floats:
        """Share of each model in each of `cells`, by level: (cells, levels, models).

        Parameters
        ----------
        favour
            Factor of each model before anything is learnt; 0 for one that is not used.
        surprised
            Whether what was learnt after surprises counts on top.
        """
        regret, variation = self.regret[cells].astype(np.float64), self.variation[cells].astype(np.float64)
        if surprised:
            regret, variation = regret + self.regret[cells + USUAL_CELLS], variation + self.variation[cells + USUAL_CELLS]
        spread = np.maximum(variation, 1e-9)
        rate = np.minimum(np.sqrt(np.log(max(len(self.models), 2)) / spread), STEEPEST)
        rate *= np.where(IS_SECOND_DAY[cells], SECOND_DAY_RATE, 1.0)[:, None, None]
        power = rate * regret
        share = favour * rate * np.exp(power - power.max(axis=-1, keepdims=True))
        share /= np.maximum(share.sum(axis=-1, keepdims=True), 1e-300)
        everyone = favour / max(float(favour.sum()), 1e-9)
        mixed: Floats = (1 - SHARED) * share + SHARED * everyone
        return mixed

    def for_models(self, models: tuple[str, ...]) -> ExpertWeights:
        """The same for other `models`: new ones begin with nothing learnt."""
        if models == self.models:
            return self
        found = ExpertWeights.blank(models)
        for number, name in enumerate(models):
            if name in self.models:
                found.regret[..., number] = self.regret[..., self.models.index(name)]
                found.variation[..., number] = self.variation[..., self.models.index(name)]
        found.width, found.scores, found.scored = self.width, self.scores, self.scored
        found.usual_error_kw, found.drift, found.ladder = self.usual_error_kw, self.drift, self.ladder
        return found

    def score(self) -> tuple[float | None, float | None]:
        """Mean absolute error over last week's, and share within the band, a day ahead over the last 28 days; None before there is any."""
        error, naive, inside, count = (float(value) for value in self.scores.sum(axis=0))
        if count < SLOTS_PER_DAY:
            return None, None
        return (error / naive if naive > 0 else None), inside / count


@dataclass(frozen=True, slots=True)
class Mixed:
    """The models' quantiles put together, before and after the band is calibrated: (levels, columns)."""

    raw_kw: Floats
    kw: Floats
    shares: Floats
    """Mean share of each model in the medians: (models,)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which columns belong to a band, and which learnt cells speak for it with which part."""

    where: slice
    cells: tuple[tuple[int, float], ...]


def places(origin: int, offsets: Ints) -> list[Place]:
    """The bands of `offsets`, which ascend, from `origin`, and of the three days' peaks behind them."""

    def within(band: tuple[int, int]) -> slice:
        begin, end = np.searchsorted(offsets, band)
        return slice(int(begin), int(end))

    found = [Place(within(band), ((cell, 1.0),)) for cell, band in enumerate(NEAR_BANDS)]
    clock, part = divmod(origin % SLOTS_PER_DAY, CLOCK_STEP)
    pair = ((clock, 1 - part / CLOCK_STEP), ((clock + 1) % CLOCKS, part / CLOCK_STEP))

    def cells(number: int) -> tuple[tuple[int, float], ...]:
        return tuple((NEAR_CELLS + one * FAR_CELLS + number, weight) for one, weight in pair if weight > 0)

    found += [Place(within(band), cells(number)) for number, band in enumerate(FAR_BANDS)]
    for day in range(AHEAD_DAYS):
        where = slice(len(offsets) + day, len(offsets) + day + 1)
        found.append(Place(where, cells(len(FAR_BANDS) + day)))
    return found


def mix(
    experts: ExpertWeights, found: list[Place], predicted_kw: Floats, favour: Floats, rests: Ints, unit_kw: float, surprised: bool
) -> Mixed:
    """Mix the forecasts of the models.

    Parameters
    ----------
    predicted_kw
        (models, levels, columns); nan where a model says nothing.
    rests
        Of each column: 1 on a day of rest.
    unit_kw
        The series' mean deviation.
    surprised
        Whether the newest quarter hours are unlike those of any such day.
    """
    levels, count = predicted_kw.shape[1:]
    raw = np.zeros((levels, count))
    low, high = np.zeros(count), np.zeros(count)
    shares = np.zeros(len(experts.models))
    answers = np.isfinite(predicted_kw)
    values_kw = np.where(answers, predicted_kw, 0.0)
    cells = sorted({cell for place in found for cell, _ in place.cells})
    trusted = dict(zip(cells, experts.weights(np.array(cells), favour, surprised).transpose(0, 2, 1), strict=True))
    for place in found:
        if place.where.start == place.where.stop:
            continue
        weight = sum(part * trusted[cell] for cell, part in place.cells)
        counts = np.asarray(weight)[:, :, None] * answers[:, :, place.where]
        total = np.maximum(counts.sum(axis=0), 1e-12)
        raw[:, place.where] = (counts * values_kw[:, :, place.where]).sum(axis=0) / total
        shares += (counts[:, 1] / total[1]).sum(axis=1)
        width = sum(part * experts.width[cell].astype(np.float64) for cell, part in place.cells)
        low[place.where], high[place.where] = np.asarray(width)[rests[place.where]].T
    raw.sort(axis=0)
    thinnest = THINNEST * unit_kw
    kw = np.stack(
        [
            raw[1] - np.maximum(raw[1] - raw[0], thinnest) * np.exp(low),
            raw[1],
            raw[1] + np.maximum(raw[2] - raw[1], thinnest) * np.exp(high),
        ]
    )
    return Mixed(raw, kw, shares / count)


def learn(
    experts: ExpertWeights,
    found: list[Place],
    chosen: Sequence[int],
    predicted_kw: Floats,
    mixed: Mixed,
    came_kw: Floats,
    rests: Ints,
    unit_kw: float,
    surprised: bool,
) -> None:
    """Learn from what came after an origin, in the bands number `chosen` of `found`; what did not come is not learnt from.

    The origin must be at one of the clocks whose cells are learnt, so that each place has one cell.
    """
    outside = np.array([came_kw < mixed.kw[0], came_kw > mixed.kw[2]])
    has_come = np.isfinite(came_kw)
    for number in chosen:
        place = found[number]
        where: slice | Ints = place.where
        if not has_come[place.where].all():
            where = place.where.start + np.flatnonzero(has_come[place.where])
        came = came_kw[where]
        if not len(came):
            continue
        (cell, _), *_ = place.cells
        near = number < NEAR_CELLS
        left = FADES_A_DAY ** (NEAR_EVERY / SLOTS_PER_DAY if near else 1.0)
        together = mixed.raw_kw[:, where]
        slope = np.where(came < together, 1 - _STATED, -_STATED) / (len(came) * unit_kw)
        # A model that says nothing is neither better nor worse.
        apart = together - predicted_kw[:, :, where]
        better = (np.where(np.isnan(apart), 0.0, apart) * slope).sum(axis=2).T
        for learnt in (cell, cell + USUAL_CELLS) if surprised else (cell,):
            experts.regret[learnt] = left * experts.regret[learnt] + better
            experts.variation[learnt] = left**2 * experts.variation[learnt] + better**2
        step = CAUTION_NEAR if near else max(CAUTION, FIRST_CAUTION * CAUTION_FADES ** (experts.scored / CLOCKS))
        for rest in (0, 1):
            these = rests[where] == rest
            if count := int(np.count_nonzero(these)):
                misses = (outside[:, where] & these).sum(axis=1) / count - STATED_OUTSIDE
                moved = experts.width[cell, rest] + step * count / len(came) * misses
                experts.width[cell, rest] = np.minimum(np.maximum(moved, WIDTH_LIMITS[0]), WIDTH_LIMITS[1])


def note_score(experts: ExpertWeights, mixed: Mixed, came_kw: Floats, last_week_kw: Floats) -> None:
    """Note how good a day-ahead forecast was; only quarter hours that came and are known a week before count."""
    known = np.isfinite(came_kw) & np.isfinite(last_week_kw)
    came, kw = came_kw[known], mixed.kw[:, : len(came_kw)][:, known]
    experts.scores[experts.scored % SCORES] = (
        np.abs(came - kw[1]).sum(),
        np.abs(came - last_week_kw[known]).sum(),
        ((came >= kw[0]) & (came <= kw[2])).sum(),
        known.sum(),
    )
    experts.scored += 1


_HEAD = struct.Struct("<IIdd")


def encode_experts(experts: ExpertWeights) -> bytes:
    """What was learnt as bytes: the models' names, the arrays as they lie in memory, then the ladder where there is one."""
    names = "\n".join(experts.models).encode()
    head = _HEAD.pack(len(names), experts.scored, experts.usual_error_kw, experts.drift)
    arrays = (experts.regret, experts.variation, experts.width, experts.scores)
    ladder = b"" if experts.ladder is None else encode_ladder(experts.ladder)
    return b"".join((head, names, *(array.tobytes() for array in arrays), ladder))


def decode_experts(payload: bytes) -> ExpertWeights:
    """What `encode_experts` wrote."""
    size, scored, usual, drift = _HEAD.unpack_from(payload)
    at = _HEAD.size
    experts = ExpertWeights.blank(tuple(payload[at : at + size].decode().split("\n")))
    at += size
    for array in (experts.regret, experts.variation, experts.width, experts.scores):
        array[...] = np.frombuffer(payload, np.float32, array.size, at).reshape(array.shape)
        at += array.nbytes
    experts.scored, experts.usual_error_kw, experts.drift = scored, usual, drift
    experts.ladder = decode_ladder(payload[at:]) if len(payload) > at else None
    return experts

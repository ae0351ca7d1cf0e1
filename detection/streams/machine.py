"""Several channels of one machine: how they move together, learned from its first rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from detection.streams.row import Judgement, Row, Verdict, verdict_of

UNUSUAL = "channels_unusual"
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Model:
    """Principal components of smoothed channels, and the limits of both distances: within the components (Hotelling's T²) and beside them (Q).

    A channel that drifted while it was learned will drift on, so its scale holds several times what it drifted.
    """

    mean: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)
    axes: list[list[float]] = field(default_factory=list)
    """Of each component, divided by its standard deviation."""
    deviations: list[float] = field(default_factory=list)
    limit_within: float = 0.0
    limit_beside: float = 0.0

    EXPLAINED = 0.9
    """Share of the variance that the components hold."""
    QUANTILE = 0.99
    """Of the distances while learning, that becomes the limit."""
    UNSEEN_SHARE = 1 / 3
    """Of the learned rows: by how much a model of the others is worse on them."""
    UNSEEN_QUANTILE = 0.9
    MARGIN = 1.1
    TIMES_DRIFT = 3.0

    def learn(self, rows: list[list[float]]) -> None:
        """Fit to these smoothed rows."""
        values = np.array(rows)
        seen = len(values) - round(self.UNSEEN_SHARE * len(values))
        self._fit(values[:seen])
        known, unseen = self._distances(values[:seen]), self._distances(values[seen:])
        worse = [self._worse(one, two) for one, two in zip(known, unseen, strict=True)]
        self._fit(values)
        limits = [max(float(np.quantile(one, self.QUANTILE)), 1e-9) for one in self._distances(values)]
        self.limit_within, self.limit_beside = (self.MARGIN * limit * times for limit, times in zip(limits, worse, strict=True))

    def _worse(self, known: Floats, unseen: Floats) -> float:
        """By which factor distances of rows that were not learned are larger; at least 1."""
        one, two = (float(np.quantile(distances, self.UNSEEN_QUANTILE)) for distances in (known, unseen))
        return max(1.0, two / max(one, 1e-12))

    def _fit(self, values: Floats) -> None:
        mean = values.mean(axis=0)
        places = np.arange(len(values)) - (len(values) - 1) / 2
        drift = places @ (values - mean) / (places @ places) * len(values)
        scale = np.sqrt(values.var(axis=0) + (self.TIMES_DRIFT * drift) ** 2) + 1e-9 * np.abs(mean) + 1e-12
        variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(((values - mean) / scale).T)))
        order = np.argsort(-variances)
        variances, vectors = np.maximum(variances[order], 1e-12), vectors[:, order]
        explained = np.cumsum(variances) / variances.sum()
        count = min(int(np.searchsorted(explained, self.EXPLAINED)) + 1, values.shape[1] - 1)
        self.mean, self.scale = mean.tolist(), scale.tolist()
        self.axes, self.deviations = vectors[:, :count].T.tolist(), np.sqrt(variances[:count]).tolist()

    def _distances(self, values: Floats) -> tuple[Floats, Floats]:
        scaled = (values - np.array(self.mean)) / np.array(self.scale)
        within = scaled @ np.array(self.axes).reshape(-1, values.shape[1]).T
        beside = np.maximum((scaled**2).sum(axis=1) - (within**2).sum(axis=1), 0.0)
        return ((within / np.array(self.deviations)) ** 2).sum(axis=1), beside

    def distances(self, row: list[float]) -> tuple[float, float, int]:
        """Distance within the components (T²) and beside them (Q), each over its limit, and the place of the channel that is furthest from its mean."""
        scaled = [(value - mean) / scale for value, mean, scale in zip(row, self.mean, self.scale, strict=True)]
        total = sum(value * value for value in scaled)
        within = 0.0
        for axis, deviation in zip(self.axes, self.deviations, strict=True):
            along = sum(weight * value for weight, value in zip(axis, scaled, strict=True))
            within += (along / deviation) ** 2
            total -= along * along
        furthest = max(range(len(scaled)), key=lambda place: abs(scaled[place]))
        return within / self.limit_within, max(total, 0.0) / self.limit_beside, furthest

    def strength(self, row: list[float]) -> tuple[float, int]:
        """Root of the larger distance over its limit, and the place of the channel that is furthest from its mean."""
        within, beside, furthest = self.distances(row)
        return sqrt(max(within, beside)), furthest

    def follow(self, row: list[float], share: float) -> None:
        """Move the mean by this share of the way to a normal row."""
        self.mean = [mean + share * (value - mean) for mean, value in zip(self.mean, row, strict=True)]


@dataclass(slots=True)
class Machine:
    """Channels of a machine without calendar: the first `LEARNING_ROWS` rows are taken as normal, then each row is judged.

    Channels pass a median of three rows and an exponential mean; a missing value keeps the one before. An alarm ends below `ENDS_BELOW`, and a state that lasts `LASTS_ROWS` is
    learned as a new normal one.
    """

    smooth: list[float] = field(default_factory=list)
    recent: list[list[float]] = field(default_factory=list)
    learning: list[list[float]] = field(default_factory=list)
    model: Model = field(default_factory=Model)
    learned: bool = False
    open_rows: int = 0

    LEARNING_ROWS = 400
    SETTLING_ROWS = 20
    """At the beginning, while the means settle."""
    WEIGHT = 0.1
    FOLLOW_WEIGHT, FOLLOW_BELOW = 0.002, 0.8
    ENDS_BELOW = 0.85
    LASTS_ROWS = 20_000

    def update(self, row: Row) -> Verdict:
        """The verdict on the next row."""
        smooth = self._smoothed(row)
        if not self.learned:
            self._learn(smooth)
            return Verdict(0.0, False, "", 0.0)
        strength, channel = self.model.strength(smooth)
        if strength < self.FOLLOW_BELOW:
            self.model.follow(smooth, self.FOLLOW_WEIGHT)
        if strength < (self.ENDS_BELOW if self.open_rows else 1.0):
            self.open_rows = 0
            return verdict_of(Judgement(min(strength, 0.999), UNUSUAL))
        self.open_rows += 1
        if self.open_rows >= self.LASTS_ROWS:
            self.learned, self.open_rows = False, 0
        return verdict_of(Judgement(max(strength, 1.0), f"{UNUSUAL} channel={channel + 1}"))

    def _smoothed(self, row: Row) -> list[float]:
        before = self.recent[-1] if self.recent else [0.0] * len(row.values)
        values = [known if isnan(value) else value for value, known in zip(row.values, before, strict=True)]
        self.recent = [*self.recent[-2:], values]
        if len(self.recent) == 3:
            values = [sorted(three)[1] for three in zip(*self.recent, strict=True)]
        if not self.smooth:
            self.smooth = values
        self.smooth = [mean + self.WEIGHT * (value - mean) for mean, value in zip(self.smooth, values, strict=True)]
        return self.smooth

    def _learn(self, smooth: list[float]) -> None:
        self.learning.append(smooth)
        if len(self.learning) >= self.LEARNING_ROWS:
            self.model.learn(self.learning[self.SETTLING_ROWS :])
            self.learning, self.learned = [], True

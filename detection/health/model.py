"""What is usual in one operating state of a machine: learned step by step, judged the more strictly the more was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detection.streams.machine import Model
from domain.health_settings import HealthChannels

FIRST_MINUTES = 60
"""Good minutes of a state before it is judged at all: its cold start."""
RELEARNS_AT_MOST = 4 * 1440
"""Minutes of the state from one learning to the next; they double until then."""
MOST_ROWS = 240
MOST_EVERY = 64
"""Of so many minutes one is kept at least: 240 rows are then 10 days of the state."""
FIRST_NEED = 3.0
"""How many times over its limit a distance must be after `FIRST_MINUTES`; 1 after `FIRST_MINUTES` times 81, or 3.4 days of the state."""
RIDGE = 0.01
WEIGHT = 0.1
SETTLING = 5
"""Minutes after a change of the state that are not judged."""
LEAST_SHARE = 0.15
"""Of the usual value: what is nearer to it is no finding, however steady the channel was."""
LEAST_DEVIATIONS = 3.0
"""The same in standard deviations."""
LIMIT_DEVIATIONS, LIMIT_SHARE = 6.0, 0.5
"""The learned limits: so many standard deviations, and at least this share of the usual value, from it."""


class Judged(NamedTuple):
    """A minute, judged.

    Attributes
    ----------
    t2, q
        Both distances over their limits.
    strength
        1 where a minute is unusual, in proportion below.
    place
        Of the channel that is furthest from its usual value, of those that show wear.
    """

    t2: float
    q: float
    strength: float
    place: int


@dataclass(slots=True)
class StateModel:
    """One operating state of one machine."""

    seen: int = 0
    """Minutes that taught it."""
    every: int = 1
    next_learning: int = FIRST_MINUTES
    rows: list[list[float]] = field(default_factory=list)
    model: Model = field(default_factory=Model)
    usual: list[float] = field(default_factory=list)
    deviation: list[float] = field(default_factory=list)
    """Standard deviation of each channel."""
    slopes: list[list[float]] = field(default_factory=list)
    """Of each channel that shows wear, by each that shows load."""
    run: int = 0
    """Minutes since the machine came into the state."""
    smooth: list[float] = field(default_factory=list)
    recent: list[list[float]] = field(default_factory=list)

    @property
    def learned(self) -> bool:
        """Whether it is judged."""
        return bool(self.usual)

    def begin(self) -> None:
        """The machine has come into the state."""
        self.run, self.smooth, self.recent = 0, [], []

    def smoothed(self, values: list[float]) -> list[float] | None:
        """The row to judge and learn: a median of three minutes, then an exponential mean; None while it settles."""
        self.run += 1
        self.recent = [*self.recent[-2:], values]
        middle = [sorted(three)[1] for three in zip(*self.recent, strict=True)] if len(self.recent) == 3 else values
        weight = max(WEIGHT, 1.0 / self.run)
        before = self.smooth or middle
        self.smooth = [mean + weight * (value - mean) for mean, value in zip(before, middle, strict=True)]
        return self.smooth if self.run > SETTLING else None

    def judge(self, row: list[float], health: HealthChannels) -> Judged | None:
        """A smoothed row, unusual only where a channel that shows wear is far from what is usual at this load; None before enough was learned."""
        if not self.learned:
            return None
        t2, q, _ = self.model.distances(row)
        furthest, place = max((self._off(row, place, health), place) for place in health.judged)
        return Judged(t2, q, min(sqrt(max(t2, q)) / self.need(), furthest), place)

    def expected(self, row: list[float], place: int, health: HealthChannels) -> float:
        """What a channel that shows wear usually is at the load of this row."""
        slopes = self.slopes[health.judged.index(place)]
        by_load = (slope * (row[load] - self.usual[load]) for slope, load in zip(slopes, health.explaining, strict=True))
        return self.usual[place] + sum(by_load)

    def _off(self, row: list[float], place: int, health: HealthChannels) -> float:
        """How far a channel is from what is usual, and from what is usual at this load, over the least that counts: the smaller of both."""
        least = max(LEAST_SHARE * abs(self.usual[place]), LEAST_DEVIATIONS * self.deviation[place])
        off = min(abs(row[place] - self.usual[place]), abs(row[place] - self.expected(row, place, health)))
        return off / least if least > 0 else 0.0

    def need(self) -> float:
        """How many times over its limit the root of a distance must be."""
        return max(1.0, FIRST_NEED * sqrt(sqrt(FIRST_MINUTES / max(self.seen, FIRST_MINUTES))))

    def teach(self, row: list[float], health: HealthChannels) -> None:
        """A row that is usual."""
        self.seen += 1
        if self.seen % self.every == 0:
            self.rows.append([float(f"{value:.6g}") for value in row])
        if len(self.rows) > MOST_ROWS:
            if self.every < MOST_EVERY:
                self.rows, self.every = self.rows[::2], 2 * self.every
            else:
                del self.rows[0]
        if self.seen >= self.next_learning:
            self._learn(health)

    def absorb(self, other: StateModel, health: HealthChannels) -> None:
        """Learn what another one was taught beside what is usual already."""
        self.rows = [*self.rows, *other.rows][-MOST_ROWS:]
        self._learn(health)

    def _learn(self, health: HealthChannels) -> None:
        self.model.learn(self.rows)
        values = np.array(self.rows)
        self.usual, self.deviation = np.median(values, axis=0).tolist(), values.std(axis=0).tolist()
        self.slopes = _slopes(values, health)
        self.next_learning = self.seen + min(self.seen, RELEARNS_AT_MOST)

    def low(self, place: int) -> float | None:
        """Learned lower limit of a channel."""
        return self.usual[place] - self._reach(place) if self.learned else None

    def high(self, place: int) -> float | None:
        """Learned upper limit of a channel."""
        return self.usual[place] + self._reach(place) if self.learned else None

    def _reach(self, place: int) -> float:
        return max(LIMIT_DEVIATIONS * self.deviation[place], LIMIT_SHARE * abs(self.usual[place]))


def _slopes(values: NDArray[np.float64], health: HealthChannels) -> list[list[float]]:
    """Least squares of each channel that shows wear by those that show load, held back (ridge) where these hardly move."""
    loads, worn = values[:, list(health.explaining)], values[:, list(health.judged)]
    loads, worn = loads - loads.mean(axis=0), worn - worn.mean(axis=0)
    scale = loads.std(axis=0) + RIDGE * np.abs(values[:, list(health.explaining)]).mean(axis=0) + 1e-12
    scaled = loads / scale
    found = np.linalg.solve(scaled.T @ scaled + RIDGE * len(values) * np.eye(scaled.shape[1]), scaled.T @ worn)
    slopes: list[list[float]] = (found.T / scale).tolist()
    return slopes

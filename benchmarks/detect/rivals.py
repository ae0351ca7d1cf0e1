"""What a plain rule would find, judged on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from detection.streams.row import Judgement, Row, Verdict, verdict_of

_WEEK = 7 * 96


@dataclass(slots=True)
class Threshold:
    """An alarm above 1.1 times the highest quarter hour of the first four weeks."""

    rows: int = 0
    highest: float = 0.0

    TIMES = 1.1
    LEARNING_ROWS = 4 * _WEEK

    def update(self, row: Row) -> Verdict:
        """The verdict on the next row."""
        self.rows += 1
        if self.rows <= self.LEARNING_ROWS:
            self.highest = max(self.highest, row.values[0])
            return verdict_of(Judgement())
        return verdict_of(Judgement(row.values[0] / (self.TIMES * self.highest), "above_threshold"))


@dataclass(slots=True)
class RunningZ:
    """An alarm where a value is more than four standard deviations from the mean of about a week."""

    rows: int = 0
    mean: float = 0.0
    variance: float = 0.0

    MOST = 4.0

    def update(self, row: Row) -> Verdict:
        """The verdict on the next row."""
        self.rows += 1
        off = row.values[0] - self.mean
        found = (
            Judgement(abs(off) / (self.MOST * sqrt(self.variance)), "far_from_mean")
            if self.variance > 0 and self.rows > _WEEK
            else Judgement()
        )
        weight = max(1.0 / self.rows, 1.0 / _WEEK)
        self.mean += weight * off
        self.variance = (1 - weight) * (self.variance + weight * off * off)
        return verdict_of(found)

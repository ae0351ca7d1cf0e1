"""What the past teaches of the running quarter hour and of those after it: straight lines, and how far off they were in like cases.

Only quarter hours of high load teach: what is usual at night says nothing of a peak.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governor.least_peak import Floats

_STIFFNESS = 0.01
"""[kW2]: keeps a line that has seen nothing at zero."""


class Line:
    """Least squares that learns row by row."""

    def __init__(self, inputs: int) -> None:
        self._squares = np.eye(inputs) * _STIFFNESS
        self._products = np.zeros(inputs)
        self._weights: Floats | None = None

    @property
    def fitted(self) -> bool:
        """Whether `fit` has been called."""
        return self._weights is not None

    def learn(self, row: Floats, value: float) -> None:
        """Take one case; it counts from the next `fit` on."""
        self._squares += np.outer(row, row)
        self._products += row * value

    def fit(self) -> None:
        """Draw the line through all cases so far."""
        self._weights = np.linalg.solve(self._squares, self._products)

    def says(self, rows: Floats) -> Floats:
        """Values for rows of shape ``(..., inputs)``."""
        assert self._weights is not None
        result: Floats = rows @ self._weights
        return result


@dataclass(frozen=True, slots=True)
class Around:
    """What is known when a quarter hour begins: loads and plans of the quarter hours around it [kW]."""

    usual_kw: float
    """High load of the last weeks."""
    before_kw: float
    two_before_kw: float
    plan_kw: Sequence[float]
    """Two before, one before, this one, the next."""

    def row(self, mean_kw: float, last_kw: float) -> Floats:
        """Inputs of the line of the running quarter hour, from its mean so far and its last minutes."""
        return np.array([self.usual_kw, *self.plan_kw, self.before_kw, self.two_before_kw, mean_kw, last_kw], dtype=np.float64)


ROW_INPUTS = 9
AHEAD_INPUTS = 4
_LIKENESS = np.sqrt(np.array([2.0, 1.0, 0.5, 1.0]))
"""How much it counts, in the search for like cases, that these are like: expected mean, last minutes, load before, highest plan around."""


def marks(expected_kw: float, last_kw: float, around: Around) -> Floats:
    """By what like cases are found, weighted."""
    found: Floats = np.array([expected_kw, last_kw, around.before_kw, max(around.plan_kw[1:])]) * _LIKENESS
    return found


class Cases:
    """Ring of past quarter hours of high load: their marks and errors at each minute of decision, and the errors of those that followed [kW].

    Parameters
    ----------
    room
        How many are kept.
    minutes
        Minutes of decision.
    ahead
        Quarter hours that follow each.
    """

    def __init__(self, room: int, minutes: int, ahead: int) -> None:
        self._marks = np.zeros((minutes, room, len(_LIKENESS)))
        self._errors = np.zeros((minutes, room))
        self._ahead = np.zeros((room, ahead))
        self._count = 0
        self._waiting: deque[tuple[int, Floats, Floats, Floats]] = deque()

    def __len__(self) -> int:
        return min(self._count, len(self._ahead))

    def add(self, slot: int, found: Floats, errors: Floats) -> None:
        """A quarter hour that has ended: marks (minutes, 4) and errors (minutes,). It is found once those that follow it have ended, too."""
        self._waiting.append((slot, found, errors, np.zeros(self._ahead.shape[1])))

    def followed(self, slot: int, error_kw: float) -> None:
        """How far off the outlook of `slot` was, for the quarter hours before it; called for every slot in order."""
        size = self._ahead.shape[1]
        while self._waiting and slot - self._waiting[0][0] > size:
            _, found, errors, ahead = self._waiting.popleft()
            place = self._count % len(self._ahead)
            self._marks[:, place], self._errors[:, place], self._ahead[place] = found, errors, ahead
            self._count += 1
        for before, _, _, ahead in self._waiting:
            if slot > before:
                ahead[slot - before - 1] = error_kw

    def spread_kw(self) -> Floats:
        """Standard deviation of the errors at each minute of decision [kW]."""
        spread: Floats = np.sqrt(np.mean(self._errors[:, : len(self)] ** 2, axis=1))
        return spread

    def like(self, minute: int, found: Floats, wanted: int) -> tuple[Floats, Floats]:
        """Errors of the `wanted` most like cases [kW]: of their own means (wanted,), and of the quarter hours that followed (wanted, ahead)."""
        known = len(self)
        distance = ((self._marks[minute, :known] - found) ** 2).sum(axis=1)
        near = np.argpartition(distance, wanted)[:wanted] if wanted < known else np.arange(known)
        return self._errors[minute, near], self._ahead[near]

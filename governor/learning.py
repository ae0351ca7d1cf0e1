"""What the past teaches of the running quarter hour and of those after it: straight lines, and by how much they are off in like cases.

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

    def says(self, row: Floats) -> float:
        """Value for a row of shape ``(inputs,)``."""
        assert self._weights is not None
        return float(row @ self._weights)


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

    def spread_row(self, expected_kw: float, mean_kw: float, last_kw: float) -> Floats:
        """Inputs of the line that says how far off the expected mean is: it is where plan or load jump."""
        _, before, now, after = self.plan_kw
        jumps = [abs(now - before), abs(after - now), abs(last_kw - mean_kw), abs(last_kw - self.before_kw)]
        return np.array([self.usual_kw, *jumps, expected_kw], dtype=np.float64)


ROW_INPUTS = 9
SPREAD_INPUTS = 6
LEAD_INPUTS = 8


class Leads:
    """A line for each of the quarter hours that follow a running one, from their plans and from how the running one goes.

    Parameters
    ----------
    count
        Quarter hours that follow.
    """

    def __init__(self, count: int) -> None:
        self._squares = np.tile(np.eye(LEAD_INPUTS) * _STIFFNESS, (count, 1, 1))
        self._products = np.zeros((count, LEAD_INPUTS))
        self._weights: Floats | None = None
        self._rows: deque[Floats | None] = deque(maxlen=count)

    @staticmethod
    def rows(around: Around, ahead_plan_kw: Floats, expected_kw: float) -> Floats:
        """Inputs (count, 8), from the plans of this quarter hour and the ``count + 1`` after it, and the mean expected of this one."""
        count = len(ahead_plan_kw) - 2
        known = np.array([expected_kw, around.plan_kw[2], around.before_kw, around.plan_kw[1]])
        plans = [ahead_plan_kw[:-2], ahead_plan_kw[1:-1], ahead_plan_kw[2:]]
        return np.column_stack([np.full(count, around.usual_kw), *plans, np.tile(known, (count, 1))])

    def begun(self, rows: Floats | None) -> None:
        """A quarter hour has ended whose rows these were; None: it does not teach."""
        self._rows.appendleft(rows)

    def followed(self, load_kw: float) -> None:
        """The quarter hour after the last that has `begun` had this load."""
        for lead, rows in enumerate(self._rows):
            if rows is not None:
                row = rows[lead]
                self._squares[lead] += np.outer(row, row)
                self._products[lead] += row * load_kw

    def fit(self) -> None:
        """Draw the lines through all cases so far."""
        self._weights = np.linalg.solve(self._squares, self._products[:, :, None])[:, :, 0]

    def says(self, rows: Floats) -> Floats:
        """Expected loads (count,) [kW]."""
        assert self._weights is not None
        result: Floats = np.maximum((rows * self._weights).sum(axis=1), 0.0)
        return result

"""What the past teaches: straight lines, and those of the quarter hours that follow the running one.

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
    before_end_kw: float
    """Of the last minutes of the quarter hour before."""
    plan_kw: Sequence[float]
    """Two before, one before, this one, the next."""


ROW_INPUTS = 11
SPREAD_INPUTS = 8
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

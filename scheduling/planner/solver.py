"""The solver's library (CP-SAT of OR-Tools), loaded when it is first needed: that takes a second, and the first plan does without."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def library() -> Any:
    """The module ``ortools.sat.python.cp_model``."""
    from ortools.sat.python import cp_model

    return cp_model


def has_plan(status: int) -> bool:
    """Whether the solver has found a plan."""
    return status in (library().OPTIMAL, library().FEASIBLE)


def is_proved(status: int) -> bool:
    """Whether it has proved that no other is cheaper."""
    return bool(status == library().OPTIMAL)


def has_none(status: int) -> bool:
    """Whether it has proved that there is none."""
    return bool(status == library().INFEASIBLE)

"""A counter that stands still although the power gauge shows a load. Pure."""

from __future__ import annotations

from domain.intervals import IntervalMethod, IntervalQuality
from metering.rows import Row

STUCK_SHARE = 0.05
"""Share of the maximum power above which a gauge contradicts a counter that stands still."""
STUCK_STEPS = 10
"""So many steps of the register it may miss in any case."""


def marked(row: Row, drawn_uwh: int, stuck_uwh: int, step_uwh: int) -> Row:
    """The row of a counter that stood still, marked as faulty where the gauge saw what it did not count.

    Parameters
    ----------
    drawn_uwh
        What the gauge saw of it [uWh].
    stuck_uwh
        Share of the maximum energy of a quarter hour that it may miss.
    step_uwh
        Smallest step of the register.
    """
    missed = drawn_uwh - (row.energy_uwh or 0)
    if missed > stuck_uwh and missed > STUCK_STEPS * step_uwh:
        return row._replace(quality=IntervalQuality.FAULTY, method=IntervalMethod.STUCK)
    if row.quality is IntervalQuality.FAULTY:
        return row._replace(quality=IntervalQuality.MEASURED, method=IntervalMethod.REGISTER)
    return row

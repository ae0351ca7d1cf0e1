"""A power gauge beside a counter: do both say the same of a quarter hour?  Pure.

In: the counter's advance and the gauge's integral.  Out: the deviation, and whether it is more than steps and sampling explain.  A
lasting deviation means a wrong transformer ratio, a swapped phase or a gauge of another measuring point.
"""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 0.05
"""Share of the counter's energy; a gauge is sampled, a counter is not."""
LEAST_COVERAGE = 0.95
"""Below this coverage a gauge does not represent the whole."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What counter and gauge say of one quarter hour."""

    counter_uwh: int
    gauge_uwh: int
    deviation: float | None
    """Gauge over counter, less one; None where the counter shows nothing."""
    is_off: bool
    """Whether they are farther apart than the limit and the register's step allow."""


def reconcile(
    counter_uwh: int | None, gauge_uwh: int, gauge_coverage: float, step_uwh: int, limit: float = LIMIT
) -> Reconciliation | None:
    """Compare both; None where one of them has not seen the quarter hour.

    Parameters
    ----------
    counter_uwh
        Advance of the register; import less export where the gauge has a sign.
    gauge_uwh, gauge_coverage
        Integral of the gauge, and the share of the time that it saw.
    step_uwh
        Smallest step of the register: at both ends it may hide one.
    limit
        Share of the counter's energy that is no finding.
    """
    if counter_uwh is None or gauge_coverage < LEAST_COVERAGE:
        return None
    apart = abs(gauge_uwh - counter_uwh)
    deviation = gauge_uwh / counter_uwh - 1 if counter_uwh else None
    return Reconciliation(counter_uwh, gauge_uwh, deviation, apart > limit * abs(counter_uwh) + 2 * step_uwh)

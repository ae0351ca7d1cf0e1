"""A machine that works long before its first shift, or after its last one, day after day: what *on without a shift* has learnt to be normal."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.live.incidents import Incident, Sign
from detection.staffing import OffPhase
from detection.streams.hours import Hours
from domain.anomalies import AnomalyKind
from domain.intervals import QUARTER_MS, QUARTERS_PER_HOUR

QUARTER_S = QUARTER_MS // 1000
WORKING = 0.5
"""Of the way from rest to work."""
LIKE_DAYS = 3
"""Like days in a row that make a habit, and that end it with one fewer."""
LEAST_QUARTERS = 4
"""Well before, or well after: an hour."""
OVER_QUARTERS = 2
"""A habit is over below this."""
LONGEST_QUARTERS = 48
"""A run that is longer is no start and no end of a day."""


@dataclass(slots=True)
class Edge:
    """One end of the working day on like days: how long the machine worked beyond it, newest last."""

    quarters: list[float] = field(default_factory=list)
    kwh: list[float] = field(default_factory=list)
    from_s: list[float] = field(default_factory=list)

    def add(self, quarters: int, kwh: float, from_s: int) -> None:
        """Another day."""
        for values, value in ((self.quarters, quarters), (self.kwh, kwh), (self.from_s, from_s)):
            values.append(float(value))
            del values[:-LIKE_DAYS]

    @property
    def is_habit(self) -> bool:
        """Whether it was so on each of the last like days."""
        return len(self.quarters) == LIKE_DAYS and min(self.quarters) >= LEAST_QUARTERS


@dataclass(slots=True)
class Run:
    """Quarter hours in a row at working level in a span of rest."""

    from_s: int = 0
    quarters: int = 0
    kwh: float = 0.0
    is_reported: bool = False
    """Whether *on without a shift* has reported one of them."""

    def clear(self) -> None:
        """It is over."""
        self.from_s, self.quarters, self.kwh, self.is_reported = 0, 0, 0.0, False


@dataclass(slots=True)
class Habits:
    """Of a machine: starts and stops after short rests and after long ones (weekends), each like days of their own."""

    run: Run = field(default_factory=Run)
    is_first: bool = False
    """Whether the run began with the span of rest: the machine has not stopped yet."""
    was_off: bool = False
    was_long: bool = False
    edges: list[Edge] = field(default_factory=lambda: [Edge() for _ in range(4)])

    def edge(self, late: bool, is_long: bool) -> Edge:
        """The starts, or the stops, after short or long rests."""
        return self.edges[2 * late + is_long]


def take(
    habits: Habits,
    incidents: dict[AnomalyKind, Incident],
    hours: Hours,
    off: OffPhase | None,
    at_s: int,
    power_kw: float,
    live: bool,
    reported: bool,
) -> list[AnomalyKind]:
    """Count a quarter hour of a machine; kinds that are to be published.

    Parameters
    ----------
    off
        Where in its span of rest it lies; None while it is staffed.
    power_kw
        NaN where it is not known: then it says nothing.
    live
        Whether a finding may be made.
    reported
        Whether *on without a shift* says the same just now.
    """
    span_kw = hours.work_kw - hours.rest_kw
    if not hours.works():
        return []
    run = habits.run
    found: list[AnomalyKind] = []
    if off is None:
        if habits.was_off and not habits.is_first:
            found = _ended(habits, incidents, False, at_s, live)
        habits.was_off, habits.is_first = False, False
        run.clear()
        return found
    if power_kw != power_kw:
        return []
    if not habits.was_off:
        habits.was_off, habits.is_first = True, True
        run.clear()
    habits.was_long = off.is_long
    if power_kw >= hours.rest_kw + WORKING * span_kw:
        run.from_s = at_s if not run.quarters else run.from_s
        run.quarters += 1
        run.kwh += (power_kw - hours.rest_kw) / QUARTERS_PER_HOUR
        run.is_reported |= reported
        return []
    if habits.is_first:
        habits.is_first = False
        found = _ended(habits, incidents, True, at_s, live)
    run.clear()
    return found


def _ended(habits: Habits, incidents: dict[AnomalyKind, Incident], late: bool, at_s: int, live: bool) -> list[AnomalyKind]:
    """A start or a stop has come: one more like day."""
    run, edge = habits.run, habits.edge(late, habits.was_long)
    if run.is_reported or run.quarters > LONGEST_QUARTERS:
        return []
    edge.add(run.quarters, run.kwh, run.from_s or at_s)
    kind = AnomalyKind.LATE_STOP if late else AnomalyKind.EARLY_START
    incident = incidents.get(kind)
    if incident is None or not live:
        return []
    if not edge.is_habit:
        calm = run.quarters < OVER_QUARTERS
        return [kind] if calm and incident.not_seen(LIKE_DAYS - 1, at_s) else []
    first = not incident.is_open
    mean_hours = sum(edge.quarters) / LIKE_DAYS / QUARTERS_PER_HOUR
    mean_kwh = sum(edge.kwh) / LIKE_DAYS
    sign = Sign(
        int(edge.from_s[0] if first else edge.from_s[-1]), at_s, sum(edge.kwh) if first else run.kwh, numbers=(mean_hours, float(LIKE_DAYS)),
        actual_kw=mean_kwh / mean_hours, expected_kw=0.0, kwh_per_day=mean_kwh,
    )  # fmt: skip
    return [kind] if incident.seen(sign, at_s) else []

"""Which means make a billed power: over blocks or sliding windows, the highest or the mean of several.

A block is a fixed interval of the local clock (Germany: quarter hours). Sliding windows are used by some utilities, for instance of 15 minutes
every 5; their maximum is never below that of the blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing.calendars import Calendar, clock
from billing.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """How a billed power comes from the load.

    Attributes
    ----------
    interval_min
        Over how long a mean is taken [min].
    step_min
        How far apart sliding windows begin [min]; None: blocks.
    highest
        The mean of how many of the highest means is billed.
    per_day
        Of each local day only its highest counts.
    """

    interval_min: int
    step_min: int | None = None
    highest: int = 1
    per_day: bool = False

    @property
    def grid_min(self) -> int:
        """What the intervals of a load, and the edges of windows, must fit into [min]."""
        return self.step_min or self.interval_min

    @property
    def grid_key(self) -> str:
        """The key of the tariff file that sets `grid_min`."""
        return "step_min" if self.step_min else "interval_min"


def read_statistic(table: Table) -> Statistic:
    """The keys `interval_min`, `method`, `step_min`, `statistic`, `highest` and `per`."""
    interval_min = table.whole("interval_min", required=True, default=15, choices=(15, 30, 60))
    step_min = _step_min(table, interval_min)
    highest, per_day = _highest(table)
    return Statistic(interval_min=interval_min, step_min=step_min, highest=highest, per_day=per_day)


def _step_min(table: Table, interval_min: int) -> int | None:
    sliding = table.choice("method", ("block", "sliding"), default="block") == "sliding"
    if not sliding:
        if table.has("step_min"):
            table.wrong("step_min", table.raw("step_min", False, ""), 'no step, or method = "sliding"')
        return None
    step_min = table.whole("step_min", required=True, default=interval_min, low=1)
    if interval_min % max(step_min, 1):
        table.wrong("step_min", step_min, f"a divisor of interval_min, {interval_min}")
    return step_min


def _highest(table: Table) -> tuple[int, bool]:
    mean = table.choice("statistic", ("max", "mean_of_highest"), default="max") == "mean_of_highest"
    if not mean:
        for key in ("highest", "per"):
            if table.has(key):
                table.wrong(key, table.raw(key, False, ""), 'statistic = "mean_of_highest" with it')
        return 1, False
    highest = table.whole("highest", required=True, default=1, low=1)
    return highest, table.choice("per", ("interval", "day"), required=True) == "day"


def check_edges(table: Table, key: str, calendar: Calendar | None, statistic: Statistic) -> None:
    """Keep a fault for each band edge of `calendar`, named by `key`, that cuts a demand interval (sliding: a step) in two."""
    if calendar is None:
        return
    for edge_min in (edge for band in calendar.bands for edge in band.edges_min):
        if edge_min % statistic.grid_min:
            found = f"a band edge at {clock(edge_min)} in calendar {calendar.id!r}"
            table.wrong(key, found, f"band edges on multiples of {statistic.grid_min} minutes")

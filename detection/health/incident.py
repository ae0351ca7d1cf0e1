"""When something is published of a machine: once as it begins, at most once an hour while it lasts, once as it ends, and not again for a while."""

from __future__ import annotations

from dataclasses import dataclass

HOUR, DAY = 60, 1440
"""Minutes."""
REFRACTORY = DAY
"""After the end of an incident, until the next of its kind at the machine."""


@dataclass(slots=True)
class Incident:
    """Something of one kind that lasts; all times are minutes since 1970."""

    channel: str
    state: str
    since: int
    revision: int = -1
    published: int = 0
    published_excess_kwh: float = 0.0
    minutes: int = 0
    """In the state, since it began."""
    calm: int = 0
    """In a row without it."""
    over_kw: float = 0.0
    """Sum over the minutes of power above what is usual."""
    actual: float = 0.0
    """The channel now, and what is usual, as last judged."""
    usual: float = 0.0

    @property
    def excess_kwh(self) -> float:
        """Energy above what is usual so far."""
        return self.over_kw / HOUR

    @property
    def mean_over_kw(self) -> float:
        """Power above what is usual, over its minutes."""
        return self.over_kw / self.minutes if self.minutes else 0.0

    def is_due(self, minute: int) -> bool:
        """Whether it is to be published again: an hour has passed, or its cost has doubled and is more than nothing."""
        if self.revision < 0 or minute - self.published >= HOUR:
            return True
        return self.excess_kwh > max(2 * self.published_excess_kwh, 1.0)

    def publish(self, minute: int) -> None:
        """It is published now."""
        self.revision += 1
        self.published, self.published_excess_kwh = minute, self.excess_kwh


@dataclass(slots=True)
class Suspicion:
    """Minutes that speak for something, less those that do not: what comes and goes opens nothing."""

    weight: int = 0
    since: int = 0

    OPENS_AT = 20

    def add(self, minute: int, speaks: bool) -> bool:
        """Whether it is enough."""
        if speaks:
            self.since = minute if self.weight == 0 else self.since
            self.weight += 1
        else:
            self.weight = max(self.weight - 1, 0)
        return self.weight >= self.OPENS_AT

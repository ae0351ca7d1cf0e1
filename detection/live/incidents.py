"""An incident of one kind on one meter: it opens, grows and ends, and goes on where the same is found again within a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple

HOUR_S, DAY_S = 3_600, 86_400
REFRACTORY_S = DAY_S
"""What is found again within this of its end is the same incident."""


class Sign(NamedTuple):
    """What shows an incident in a span.

    Attributes
    ----------
    from_s, to_s
        ``[from_s, to_s)`` in seconds since 1970.
    excess_kwh
        Energy above expectation that is new with it.
    expected_kw, actual_kw
        NaN where there is no such power.
    kwh_per_day
        Energy above expectation in a day if it goes on.
    like_day
        Local days since 1970 of the last like day; -1 without one.
    numbers
        What else its sentence says, in the order of its kind.
    """

    from_s: int
    to_s: int
    excess_kwh: float = 0.0
    expected_kw: float = nan
    actual_kw: float = nan
    kwh_per_day: float = 0.0
    like_day: int = -1
    numbers: tuple[float, ...] = ()


@dataclass(slots=True)
class Incident:
    """The newest incident of its kind; `revision` is -1 before the first."""

    since_s: int = 0
    until_s: int = 0
    """0 while it lasts."""
    last_s: int = 0
    """End of the newest span that shows it."""
    calm: int = 0
    """Spans in a row that do not show it."""
    revision: int = -1
    published_s: int = 0
    published_kwh: float = 0.0
    excess_kwh: float = 0.0
    expected_kw: float = nan
    actual_kw: float = nan
    kwh_per_day: float = 0.0
    like_day: int = -1
    numbers: list[float] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.revision >= 0 and not self.until_s

    def seen(self, sign: Sign, at_s: int, every_s: int = HOUR_S) -> bool:
        """Count a sign; whether a revision of it is to be published now: it is new, its energy has doubled, or `every_s` have passed."""
        if not self.is_open:
            if self.revision < 0 or sign.from_s - self.until_s >= REFRACTORY_S:
                self.since_s, self.revision, self.excess_kwh = sign.from_s, -1, 0.0
            self.until_s = self.published_s = 0
        self.calm, self.last_s = 0, sign.to_s
        self.excess_kwh += sign.excess_kwh
        self.expected_kw, self.actual_kw, self.kwh_per_day = sign.expected_kw, sign.actual_kw, sign.kwh_per_day
        self.like_day, self.numbers = sign.like_day, list(sign.numbers)
        doubled = self.published_kwh > 0 and self.excess_kwh >= 2 * self.published_kwh
        return self._published(at_s) if not self.published_s or doubled or at_s - self.published_s >= every_s else False

    def not_seen(self, patience: int, at_s: int) -> bool:
        """Count a span that does not show it; whether it has ended with that, where the last span that showed it ended."""
        if not self.is_open:
            return False
        self.calm += 1
        return self.calm >= patience and self.end(at_s)

    def end(self, at_s: int) -> bool:
        """End it where the newest span that shows it ended."""
        if not self.is_open:
            return False
        self.until_s = max(self.last_s, self.since_s + 1)
        return self._published(at_s)

    def _published(self, at_s: int) -> bool:
        self.revision, self.published_s, self.published_kwh = self.revision + 1, at_s, self.excess_kwh
        return True

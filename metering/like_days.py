"""Which earlier quarter hours show the shape of a long gap: the same local time on earlier days of the same type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from domain.calendars import DayType, day_type
from domain.clock import epoch_ms, instant
from domain.intervals import QUARTER_MS
from domain.plant import Site
from quarters.periods import day_span

LOOK_BACK_DAYS = 28
"""Days farther back are no longer alike."""
MOST_LIKE_DAYS = 3


class LocalDay(NamedTuple):
    """A local day: its first quarter hour and the one after its last, by number, and its type."""

    first: int
    stop: int
    kind: DayType


Measured = Callable[[int], int | None]
"""Energy [uWh] of a quarter hour (by number) if it was measured."""


class LikeDays:
    """Like days of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._zone = site.zone
        self._day_type = lru_cache(maxsize=512)(lambda day: day_type(day, site))
        self._earlier = lru_cache(maxsize=2048)(self._find_earlier)
        self._local_day = lru_cache(maxsize=512)(self._find_day)
        self._known_day = LocalDay(0, 0, self._day_type(date(1970, 1, 1)))

    def day_of(self, quarter: int) -> LocalDay:
        """The local day that a quarter hour lies in."""
        if not self._known_day.first <= quarter < self._known_day.stop:
            self._known_day = self._local_day(instant(quarter * QUARTER_MS).astimezone(self._zone).date())
        return self._known_day

    def _find_day(self, day: date) -> LocalDay:
        starts = day_span(day, self._zone)
        first, stop = (epoch_ms(start) // QUARTER_MS for start in starts)
        return LocalDay(first, stop, self._day_type(day))

    def weights(self, t0: int, t1: int, measured: Measured) -> list[tuple[int, int]] | None:
        """Cumulated weights of a gap's quarter hours.

        Returns
        -------
        list of (end [ms], weight up to there), or None
            None if some quarter hour has no reference day, or if reference days drew nothing at all.
        """
        found: list[tuple[int, int]] = []
        total = 0
        for quarter in range(t0 // QUARTER_MS, -(-t1 // QUARTER_MS)):
            mean = self._mean(quarter, measured)
            if mean is None:
                return None
            end = min(t1, (quarter + 1) * QUARTER_MS)
            total += mean * (end - max(t0, quarter * QUARTER_MS))
            found.append((end, total))
        return found if total > 0 else None

    def _mean(self, quarter: int, measured: Measured) -> int | None:
        energies: list[int] = []
        for candidates in self._earlier(quarter):
            known = next((energy for c in candidates if (energy := measured(c)) is not None), None)
            if known is not None:
                energies.append(max(known, 0))
                if len(energies) == MOST_LIKE_DAYS:
                    break
        return sum(energies) // len(energies) if energies else None

    def _find_earlier(self, quarter: int) -> tuple[tuple[int, ...], ...]:
        """The same local time on earlier days of the same type, the latest first; two on the day the clock goes back."""
        local = instant(quarter * QUARTER_MS).astimezone(self._zone)
        kind = self._day_type(local.date())
        days = (local.date() - timedelta(days=n) for n in range(1, LOOK_BACK_DAYS + 1))
        return tuple(self._at(day, local.time()) for day in days if self._day_type(day) is kind)

    def _at(self, day: date, clock: time) -> tuple[int, ...]:
        found = []
        for fold in (0, 1):
            at_utc = datetime.combine(day, clock.replace(fold=fold), tzinfo=self._zone).astimezone(UTC)
            number = epoch_ms(at_utc) // QUARTER_MS
            # A time that the clock skips in spring comes back as another one.
            if at_utc.astimezone(self._zone).time() == clock.replace(fold=0) and number not in found:
                found.append(number)
        return tuple(found)

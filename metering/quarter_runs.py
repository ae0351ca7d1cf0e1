"""A set of quarter hours (by number) that is mostly one long run: a few numbers instead of thousands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class QuarterRuns:
    """Sorted runs ``[first, stop)`` that neither overlap nor touch."""

    __slots__ = ("_firsts", "_stops")

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._stops: list[int] = []
        for first, stop in runs:
            self._firsts.append(first)
            self._stops.append(stop)

    def __contains__(self, quarter: int) -> bool:
        at = bisect_right(self._firsts, quarter) - 1
        return at >= 0 and quarter < self._stops[at]

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def runs(self) -> Iterator[tuple[int, int]]:
        """First and stop of each run."""
        return zip(self._firsts, self._stops, strict=True)

    def covers(self, first: int, last: int) -> bool:
        """Whether `first` to `last`, both included, are all in it."""
        at = bisect_right(self._firsts, first) - 1
        return at >= 0 and last < self._stops[at]

    def stop_of(self, quarter: int) -> int:
        """The first quarter hour from `quarter` on that is not in it."""
        at = bisect_right(self._firsts, quarter) - 1
        return self._stops[at] if at >= 0 and quarter < self._stops[at] else quarter

    def add(self, quarter: int) -> None:
        """Put one quarter hour into it."""
        firsts, stops = self._firsts, self._stops
        at = bisect_right(firsts, quarter)
        if at and quarter < stops[at - 1]:
            return
        joins_before = bool(at) and stops[at - 1] == quarter
        joins_after = at < len(firsts) and firsts[at] == quarter + 1
        if joins_before and joins_after:
            stops[at - 1] = stops[at]
            del firsts[at], stops[at]
        elif joins_before:
            stops[at - 1] = quarter + 1
        elif joins_after:
            firsts[at] = quarter
        else:
            firsts.insert(at, quarter)
            stops.insert(at, quarter + 1)

    def drop_before(self, quarter: int) -> None:
        """Forget what lies before `quarter`."""
        at = bisect_right(self._stops, quarter)
        del self._firsts[:at], self._stops[:at]
        if self._firsts and self._firsts[0] < quarter:
            self._firsts[0] = quarter

    def drop_from(self, quarter: int) -> None:
        """Forget `quarter` and what follows."""
        at = bisect_left(self._firsts, quarter)
        del self._firsts[at:], self._stops[at:]
        if self._stops and self._stops[-1] > quarter:
            self._stops[-1] = quarter

"""The quarter hours of one register, kept small: 36 bytes each instead of 300, so that a year of many meters fits into memory.

In: the rows of a series in a period.  Out: a sequence of them by place, which makes an `Interval` whenever one is looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from reporting.periods import Period

_QUALITIES = tuple(IntervalQuality)
_METHODS = tuple(IntervalMethod)
_ORIGINS = tuple(IntervalOrigin)
_QUALITY, _METHOD, _ORIGIN = ({word: n for n, word in enumerate(words)} for words in (_QUALITIES, _METHODS, _ORIGINS))
"""One of each: words of different lists are equal, such as ``calculated``."""
_NO_ROW = 255


class Slots(Sequence[Interval | None]):
    """Quarter hours of one meter's channel by their place in a period; None where there is no row.

    Parameters
    ----------
    rows
        In any order, each of its own quarter hour of the period.
    """

    def __init__(self, period: Period, rows: Iterable[Interval | None]) -> None:
        count = period.expected
        self._period = period
        self._name = ("", "", "")
        self._quality = bytearray([_NO_ROW]) * count
        self._method, self._origin = bytearray(count), bytearray(count)
        self._energy, self._revision, self._readings = (array("q", bytes(8 * count)) for _ in range(3))
        self._coverage = array("d", bytes(8 * count))
        for row in rows:
            if row is None:
                continue
            place = period.slot(row.start_utc)
            self._name = (row.site, row.meter, row.channel)
            self._quality[place] = _QUALITY[row.quality]
            self._method[place], self._origin[place] = _METHOD[row.method], _ORIGIN[row.origin]
            self._energy[place], self._coverage[place] = row.energy_uwh or 0, row.coverage
            self._revision[place], self._readings[place] = row.revision, row.readings

    def __len__(self) -> int:
        return len(self._quality)

    @overload
    def __getitem__(self, place: int) -> Interval | None: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Interval | None, ...]: ...
    def __getitem__(self, place: int | slice) -> Interval | tuple[Interval | None, ...] | None:
        if isinstance(place, slice):
            return tuple(self._at(n) for n in range(*place.indices(len(self))))
        return self._at(range(len(self))[place])

    def __iter__(self) -> Iterator[Interval | None]:
        return map(self._at, range(len(self)))

    def _at(self, place: int) -> Interval | None:
        code = self._quality[place]
        if code == _NO_ROW:
            return None
        quality = _QUALITIES[code]
        return Interval(
            *self._name, self._period.start_utc(place), None if quality is IntervalQuality.MISSING else self._energy[place],
            self._coverage[place], quality, _METHODS[self._method[place]], self._revision[place], self._readings[place],
            _ORIGINS[self._origin[place]],
        )  # fmt: skip

"""What is known of one meter's quarter hours: the newest revision of each, and what follows from them.

In: quarter hours of one series, in any order, of any date.  Out: powers, the newest row, the highest quarter hour of a span.

Nothing here only rises: a maximum is looked up in all rows that count now, so it comes down with the row that made it. Faulty rows never
make a maximum. Days are kept apart, so a row with a wrong year takes the memory of one day and no more.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.intervals import QUARTERS_PER_HOUR, Interval, IntervalQuality
from domain.stored_state import joined, parted
from domain.units import UWH_PER_KWH
from quarters.numbers import slot_of
from quarters.quality import is_sound, makes_maximum

MOST_DAYS = 1_100
"""Days kept: three years."""
SLOTS = 96
"""Quarter hours of a day here, counted by UTC."""
MOST_REVISION = 2**15 - 1
_QUALITIES = tuple(IntervalQuality)
_CODES = {quality: np.int8(code) for code, quality in enumerate(_QUALITIES)}
_NO_ROW = -1
_COUNTS = np.array([makes_maximum(quality) for quality in _QUALITIES] + [False])
"""Whether a row's value counts, by its code; the last one, which `_NO_ROW` picks, stands for no row."""
_SOUND = np.array([is_sound(quality) for quality in _QUALITIES] + [False])
_ROW = np.dtype([("uwh", "<i8"), ("revision", "<i2"), ("quality", "i1")])
_DAY = struct.Struct("<i")
Day = npt.NDArray[Any]
"""`SLOTS` rows of `_ROW`."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Highest:
    """The highest quarter hour of a span."""

    slot: int
    energy_uwh: int
    quality: IntervalQuality

    @property
    def power_kw(self) -> float:
        """Its mean power [kW]."""
        return self.energy_uwh * QUARTERS_PER_HOUR / UWH_PER_KWH


class QuarterSeries:
    """The newest revision of each quarter hour of one series. Changed in place: history comes in bursts of rows."""

    def __init__(self) -> None:
        self._days: dict[int, Day] = {}
        self._stored: bytes | None = None

    def put(self, interval: Interval, about_slot: int | None = None) -> bool:
        """Take one quarter hour; False where a newer revision is known, or where there is no room for it.

        Parameters
        ----------
        about_slot
            Where there are more days than are kept, those furthest from it go; None: the oldest.
        """
        number, place = divmod(slot_of(interval.start_utc), SLOTS)
        day = self._days.get(number)
        if day is None:
            day = self._days[number] = np.array([(0, -1, _NO_ROW)] * SLOTS, _ROW)
            if len(self._days) > MOST_DAYS:
                about = max(self._days) if about_slot is None else about_slot // SLOTS
                gone = max(self._days, key=lambda known: (abs(known - about), known))
                del self._days[gone]
                if gone == number:
                    return False
        revision = min(interval.revision, MOST_REVISION)
        if day["quality"][place] != _NO_ROW and day["revision"][place] > revision:
            return False
        day[place] = (interval.energy_uwh or 0, max(revision, -1), _CODES[interval.quality])
        self._stored = None
        return True

    def forget(self, before_slot: int, after_slot: int) -> None:
        """Drop the days that end before `before_slot`, and those that begin after `after_slot`."""
        kept = {n: day for n, day in self._days.items() if (n + 1) * SLOTS > before_slot and n * SLOTS <= after_slot}
        if len(kept) < len(self._days):
            self._days, self._stored = kept, None

    def power_kw(self, slot: int) -> float | None:
        """Mean power [kW] of one quarter hour; None where it is missing, faulty or not known."""
        number, place = divmod(slot, SLOTS)
        day = self._days.get(number)
        if day is None or not _COUNTS[day["quality"][place]]:
            return None
        return int(day["uwh"][place]) * QUARTERS_PER_HOUR / UWH_PER_KWH

    def loads_kw(self, first_slot: int, end_slot: int) -> Floats:
        """Powers [kW] of ``[first_slot, end_slot)``; NaN where missing, faulty or not known."""
        loads = np.full(max(end_slot - first_slot, 0), np.nan)
        days = self._within(first_slot, end_slot)
        rows = _joined([day for _, day in days])
        loads_kw = np.where(_COUNTS[rows["quality"]], rows["uwh"] * float(QUARTERS_PER_HOUR) / UWH_PER_KWH, np.nan)
        done = 0
        for begin, day in days:
            loads[begin - first_slot : begin - first_slot + len(day)] = loads_kw[done : done + len(day)]
            done += len(day)
        return loads

    def in_doubt(self, first_slot: int, end_slot: int) -> npt.NDArray[np.bool_]:
        """Which of ``[first_slot, end_slot)`` have a value that does not rest on readings of the quarter hour itself."""
        found = np.zeros(max(end_slot - first_slot, 0), np.bool_)
        for begin, day in self._within(first_slot, end_slot):
            found[begin - first_slot : begin - first_slot + len(day)] = _COUNTS[day["quality"]] & ~_SOUND[day["quality"]]
        return found

    def highest(self, first_slot: int, end_slot: int) -> Highest | None:
        """The highest quarter hour of ``[first_slot, end_slot)``, the earliest of equal ones; None where none has a value."""
        days = self._within(first_slot, end_slot)
        rows = _joined([day for _, day in days])
        places = np.flatnonzero(_COUNTS[rows["quality"]])
        if not len(places):
            return None
        place = int(places[int(np.argmax(rows["uwh"][places]))])
        energy_uwh, quality = int(rows["uwh"][place]), _QUALITIES[int(rows["quality"][place])]
        for begin, day in days:
            if place < len(day):
                return Highest(begin + place, energy_uwh, quality)
            place -= len(day)
        return None

    def first(self) -> int | None:
        """The first quarter hour of the oldest day that is kept; None where nothing is."""
        return min(self._days) * SLOTS if self._days else None

    def newest(self, end_slot: int) -> int | None:
        """The newest quarter hour before `end_slot` of which there is a row, of whatever quality."""
        for number in sorted((n for n in self._days if n * SLOTS < end_slot), reverse=True):
            places = np.flatnonzero(self._days[number]["quality"][: end_slot - number * SLOTS] != _NO_ROW)
            if len(places):
                return number * SLOTS + int(places[-1])
        return None

    def _within(self, first_slot: int, end_slot: int) -> list[tuple[int, Day]]:
        """Rows of ``[first_slot, end_slot)`` in order, day by day, each with its first slot."""
        found = []
        for number in sorted(n for n in self._days if (n + 1) * SLOTS > first_slot and n * SLOTS < end_slot):
            begin, end = max(first_slot, number * SLOTS), min(end_slot, (number + 1) * SLOTS)
            found.append((begin, self._days[number][begin - number * SLOTS : end - number * SLOTS]))
        return found

    def to_bytes(self) -> bytes:
        """All rows as they lie in memory; the same object again while nothing has changed."""
        if self._stored is None:
            self._stored = b"".join(part for n in sorted(self._days) for part in (_DAY.pack(n), self._days[n].tobytes()))
        return self._stored

    @staticmethod
    def from_bytes(stored: bytes) -> QuarterSeries:
        """The series that `to_bytes` wrote."""
        series = QuarterSeries()
        size = _DAY.size + SLOTS * _ROW.itemsize
        for at in range(0, len(stored), size):
            (number,) = _DAY.unpack_from(stored, at)
            series._days[number] = np.frombuffer(stored, _ROW, SLOTS, at + _DAY.size).copy()
        return series


def _joined(days: list[Day]) -> Day:
    return np.concatenate(days) if days else np.empty(0, _ROW)


def with_series(notes: bytes, series: Mapping[str, QuarterSeries]) -> bytes:
    """A step's notes, then meter by meter its name and its quarter hours as they lie in memory; `notes_and_series` takes them apart."""
    return joined([notes, *(part for meter in sorted(series) for part in (meter.encode(), series[meter].to_bytes()))])


def notes_and_series(stored: bytes) -> tuple[bytes, dict[str, QuarterSeries]]:
    """What `with_series` has put together."""
    notes, *named = parted(stored)
    return notes, {meter.decode(): QuarterSeries.from_bytes(rows) for meter, rows in zip(named[::2], named[1::2], strict=True)}

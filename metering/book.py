"""The rows of one channel as they were last published.

For `EXACT_QUARTERS` they are kept as they were.  Then those that nothing can change any more are *settled*: of an ordinary one only
its energy is kept, rounded, and only as long as other days may take their shape from it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from domain.intervals import IntervalQuality
from metering.like_days import LOOK_BACK_DAYS, MOST_LIKE_DAYS, LocalDay
from metering.quarter_runs import QuarterRuns
from metering.rows import Published

EXACT_QUARTERS = 2 * 96
"""For two days a row can be published again, for instance with a new number of readings."""
UNKNOWN = 0xFFFF
_MANTISSA_BITS = 10
_HIDDEN = 1 << _MANTISSA_BITS


def rounded(energy_uwh: int) -> int:
    """An energy as kept of a reference day: to one part in 4,000, in 16 bits; never negative."""
    if energy_uwh < _HIDDEN:
        return max(energy_uwh, 0)
    shift = energy_uwh.bit_length() - 1 - _MANTISSA_BITS
    mantissa = (energy_uwh + (1 << shift >> 1)) >> shift
    # A mantissa that was rounded up to the next power of two carries into the exponent by itself.
    return (shift << _MANTISSA_BITS) + mantissa


def unrounded(code: int) -> int:
    """The energy [uWh] of a code."""
    if code < _HIDDEN:
        return code
    shift = (code >> _MANTISSA_BITS) - 1
    return (_HIDDEN + (code & (_HIDDEN - 1))) << shift


class LikeDayShelf:
    """Rounded energies of settled quarter hours by local day, for as long as they may be needed."""

    __slots__ = ("days",)

    def __init__(self) -> None:
        self.days: dict[int, array[int]] = {}
        """By the first quarter hour of the local day: a code each."""

    def put(self, quarter: int, energy_uwh: int, day: LocalDay) -> None:
        """Keep the energy of a quarter hour of `day`."""
        codes = self.days.get(day.first)
        if codes is None:
            codes = self.days[day.first] = array("H", [UNKNOWN]) * (day.stop - day.first)
        codes[quarter - day.first] = rounded(energy_uwh)

    def energy(self, quarter: int, day: LocalDay) -> int | None:
        """The energy of a quarter hour of `day` if it was measured."""
        codes = self.days.get(day.first)
        code = UNKNOWN if codes is None else codes[quarter - day.first]
        return None if code == UNKNOWN else unrounded(code)

    def forget(self, day_of: Callable[[int], LocalDay], first_unsettled: Callable[[int], int]) -> None:
        """Forget the days that no quarter hour that may still change can be like: there are later ones, or they are too old."""
        whole = [d for first, codes in self.days.items() if len(codes) >= 96 and UNKNOWN not in codes for d in (day_of(first),)]
        for first in list(self.days):
            day = day_of(first)
            stop = first_unsettled(day.stop)
            later = sum(1 for other in whole if other.kind == day.kind and first < other.first and other.stop <= stop)
            if later >= MOST_LIKE_DAYS or stop - day.stop > (LOOK_BACK_DAYS + 1) * 100:
                del self.days[first]


class RowBook:
    """The rows of one channel, and which must be looked at again."""

    __slots__ = ("dirty", "first", "next_quarter", "published", "settled", "shelf", "stored")

    def __init__(self) -> None:
        self.published: dict[int, Published] = {}
        """In order of time."""
        self.first: int | None = None
        """First quarter hour that was published."""
        self.next_quarter: int | None = None
        """First quarter hour that has not been published yet."""
        self.dirty: set[int] = set()
        self.settled = QuarterRuns()
        """Published and final: they are no longer in `published`."""
        self.shelf = LikeDayShelf()
        self.stored: bytes | None = None
        """The rows as bytes, as long as they do not change."""

    def publish(self, quarter: int, published: Published) -> None:
        """Remember a published row."""
        self.published[quarter] = published
        self.stored = None
        if self.first is None or quarter < self.first:
            self.first = quarter

    def set_back(self, quarter: int) -> None:
        """Publish `quarter` and what follows again when it is due; their revisions go on."""
        if self.next_quarter is not None:
            self.next_quarter = min(self.next_quarter, quarter)
        self.dirty = {q for q in self.dirty if q < quarter}
        self.settled.drop_from(quarter)
        self.shelf.days = {first: codes for first, codes in self.shelf.days.items() if first + len(codes) <= quarter}
        self.stored = None

    def settle(self, quarter: int, day: LocalDay) -> None:
        """Keep of a row only what reference days need."""
        published = self.published.pop(quarter)
        self.settled.add(quarter)
        self.stored = None
        if published.row.quality is IntervalQuality.MEASURED and published.row.energy_uwh is not None:
            self.shelf.put(quarter, published.row.energy_uwh, day)

"""The slots of one planning problem: which quarter hour each one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.intervals import QUARTER
from quarters.numbers import quarter_from, slot_of, slot_start

Span = tuple[datetime, datetime]
"""``[start_utc, end_utc)``."""
Slots = tuple[int, int]
"""``[first, end)``, counted from the beginning of a horizon."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """`count` quarter hours from quarter hour `first_slot` (since 1970) on. Its own slots are counted from 0."""

    first_slot: int
    count: int

    @property
    def start_utc(self) -> datetime:
        """Its first instant."""
        return slot_start(self.first_slot)

    @property
    def end_utc(self) -> datetime:
        """First instant after it."""
        return slot_start(self.first_slot + self.count)

    def instant(self, slot: int) -> datetime:
        """When one of its slots begins."""
        return slot_start(self.first_slot + slot)

    def slot(self, at_utc: datetime) -> int:
        """The slot that `at_utc` lies in; below 0 before it, `count` or more after it."""
        return slot_of(at_utc) - self.first_slot

    def slot_from(self, at_utc: datetime) -> int:
        """The first slot that begins at `at_utc` or later."""
        return slot_of(quarter_from(at_utc)) - self.first_slot

    def whole(self, span: Span) -> Slots:
        """The slots that lie wholly in `span`, as far as they are its own; its first is not below its end where there are none."""
        return max(self.slot_from(span[0]), 0), min(self.slot(span[1]), self.count)

    def touched(self, span: Span) -> Slots:
        """The slots that `span` has a part of, as far as they are its own."""
        return max(self.slot(span[0]), 0), min(self.slot_from(span[1]), self.count)


def slots_of(length_min: float) -> int:
    """Whole slots that `length_min` needs."""
    return int(-(-length_min * 60 // QUARTER.total_seconds()))


def gaps(spans: Iterable[Slots], count: int) -> list[Slots]:
    """What of ``[0, count)`` lies in none of `spans`, in order."""
    found, at = [], 0
    for first, end in sorted(spans):
        if at < first:
            found.append((at, min(first, count)))
        at = max(at, end)
    if at < count:
        found.append((at, count))
    return found


def without(spans: Iterable[Slots], holes: Iterable[Slots]) -> list[Slots]:
    """`spans` without `holes`, in order."""
    closed = list(holes)
    found = []
    for first, end in spans:
        inside = [(max(a, first), min(b, end)) for a, b in closed if a < end and first < b]
        found += [(first + a, first + b) for a, b in gaps([(a - first, b - first) for a, b in inside], end - first)]
    return sorted(found)

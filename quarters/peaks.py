"""The highest quarter hours of a span. Pure.

In: quarter hours of one meter.  Out: the highest, the earliest of equal ones first. A faulty quarter hour and one without a value never make
a maximum; a substituted or estimated one may, and its quality says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from domain.intervals import IntervalQuality
from quarters.quality import makes_maximum


class Dated(Protocol):
    """A quarter hour with its energy."""

    @property
    def start_utc(self) -> datetime:
        """Its start."""

    @property
    def energy_uwh(self) -> int | None:
        """None where there is no value."""

    @property
    def quality(self) -> IntervalQuality:
        """How the energy is known."""


D = TypeVar("D", bound=Dated)


def highest(rows: Iterable[D | None]) -> D | None:
    """The highest quarter hour, the earliest of equal ones; None where none counts."""
    return min((row for row in rows if row is not None and _counts(row)), key=_rank, default=None)


def highest_first(rows: Iterable[D | None], count: int | None = None) -> list[D]:
    """The `count` highest quarter hours (None: all that count), highest and earliest first."""
    return sorted((row for row in rows if row is not None and _counts(row)), key=_rank)[:count]


def _counts(row: Dated) -> bool:
    return row.energy_uwh is not None and makes_maximum(row.quality)


def _rank(row: Dated) -> tuple[int, datetime]:
    return -(row.energy_uwh or 0), row.start_utc

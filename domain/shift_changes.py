"""What differs from the weekly pattern of shifts on one day: a special Saturday, a bridge day, another start, an optional shift that is opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from domain.instants import LocalDay, UtcInstant
from domain.orders import Workers
from domain.texts import Key, Name, Text
from domain.units import Int64

ClockText = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00|)$")]
"""Local wall-clock time ``HH:MM``, up to ``24:00``; empty: as in the weekly pattern."""


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """One shift on one local day; the record with the highest `revision` counts.

    What is not named stays as the plant file has it for that shift.
    """

    site: Key
    shift: Key
    """A shift of the plant file."""
    day_local: LocalDay
    """The day on which it begins."""
    revision: Int64
    worked: bool
    """Whether it is worked on that day."""
    at_utc: UtcInstant
    """When it was entered."""
    from_local: ClockText = ""
    to_local: ClockText = ""
    workers: Annotated[tuple[Workers, ...], Field(max_length=20)] = ()
    """Empty: as in the plant file."""
    crew: Key | None = None
    """Which crew works it; None: as in the plant file."""
    by: Name = ""
    reason: Text = ""
    withdrawn: bool = False
    """Whether the weekly pattern holds again."""


def newest_changes(changes: Iterable[ShiftChange]) -> tuple[ShiftChange, ...]:
    """Of each shift and day the change with the highest revision, the first of those that are equal; by day and shift."""
    found: dict[tuple[str, str, str], ShiftChange] = {}
    for change in changes:
        key = (change.day_local, change.shift, change.site)
        if key not in found or change.revision > found[key].revision:
            found[key] = change
    return tuple(found[key] for key in sorted(found))

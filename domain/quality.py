"""What was made and what of it is no good: pieces of one machine over a span, by whoever counted them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from domain.instants import UtcInstant
from domain.texts import Key, Name, Text
from domain.units import Count, Int64

LONGEST_SPAN = timedelta(days=31)
"""Counts over more than a month say nothing of the energy that went into them."""
COUNTER_SOURCE = "counter"
"""`QualityEvent.source` of what the machine's own counters show."""


@dataclass(frozen=True, slots=True)
class QualityEvent:
    """Pieces that one machine made in a span; of one `event` the record with the highest `revision` counts.

    Counts that are not given are not known, which is not zero. A camera that sees one bad piece writes ``scrap=1`` and no `good`.

    Raises
    ------
    ValueError
        If it ends before it starts, lasts longer than `LONGEST_SPAN`, or gives no count.
    """

    site: Key
    machine: Key
    event: Key
    """Id, by which a correction finds what it corrects."""
    revision: Int64
    start_utc: UtcInstant
    """When the first of the pieces was begun."""
    end_utc: UtcInstant
    """When the last was done; `start_utc` for what was seen at one instant."""
    at_utc: UtcInstant
    """When this was written."""
    product: Name = ""
    """Empty: not known."""
    job: Name = ""
    """Job or production order; empty: not known."""
    good: Count | None = None
    """Good pieces."""
    scrap: Count | None = None
    """Pieces that are thrown away."""
    rework: Count | None = None
    """Pieces that must be worked on again. Where it is not given they are counted among the good ones."""
    reason: Text = ""
    """What is wrong with them."""
    source: Name = ""
    """Where it comes from: ``counter``, ``api``, ``page``, a file's name, the name of a camera system."""
    by: Name = ""
    withdrawn: bool = False
    """Whether it was taken back."""

    def __post_init__(self) -> None:
        if self.end_utc < self.start_utc:
            msg = f"end_utc not before start_utc; found {self.end_utc.isoformat()} before {self.start_utc.isoformat()}"
            raise ValueError(msg)
        if self.end_utc - self.start_utc > LONGEST_SPAN:
            msg = f"a span of at most {LONGEST_SPAN.days} days; found {self.start_utc.isoformat()} to {self.end_utc.isoformat()}"
            raise ValueError(msg)
        if self.good is None and self.scrap is None and self.rework is None and not self.withdrawn:
            msg = f"good, scrap or rework; event {self.event} gives none of them"
            raise ValueError(msg)

    @property
    def pieces(self) -> int:
        """All pieces that it tells of."""
        return (self.good or 0) + (self.scrap or 0) + (self.rework or 0)


def newest_events(events: Iterable[QualityEvent]) -> tuple[QualityEvent, ...]:
    """Of each machine's event the record with the highest revision, the first of those that are equal, without those that were taken back; by
    machine and start."""
    found: dict[tuple[str, str, str], QualityEvent] = {}
    for event in events:
        key = (event.site, event.machine, event.event)
        if key not in found or event.revision > found[key].revision:
            found[key] = event
    kept = (event for event in found.values() if not event.withdrawn)
    return tuple(sorted(kept, key=lambda event: (event.machine, event.start_utc, event.event)))

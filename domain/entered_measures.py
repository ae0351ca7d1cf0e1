"""Measures and events as people enter them, revision by revision: what somebody did to save energy, and what else happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import LocalDay, UtcInstant
from domain.measures import Event, Measure
from domain.texts import Key, Name, Text
from domain.units import Amount, Int64

FIRST_REVISION = 1
MOST_METERS = 100


class EntryKind(StrEnum):
    """What an entry is about."""

    MEASURE = "measure"
    """Something that was done to save energy."""
    EVENT = "event"
    """Something that has nothing to do with any measure and changes what is drawn: an adjustment with a name."""


@dataclass(frozen=True, slots=True)
class EnteredMeasure:
    """One measure or event; of one `measure` the record with the highest `revision` counts.

    Raises
    ------
    ValueError
        If days are not in order, an event has no last day, or a field is given that belongs to the other kind.
    """

    site: Key
    measure: Key
    """Id, by which a correction finds what it corrects."""
    revision: Int64
    kind: EntryKind
    first_local: LocalDay
    """First local day on which a measure may show; the first one of an event."""
    at_utc: UtcInstant
    """When it was entered."""
    complete_local: LocalDay | None = None
    """First local day on which a measure acts in full; None: `first_local`."""
    last_local: LocalDay | None = None
    """Last local day of an event, which belongs to it."""
    description: Text = ""
    """What was done, or what happened."""
    meters: Annotated[tuple[Key, ...], Field(max_length=MOST_METERS)] = ()
    """On which it shows; none: on every meter that is looked at."""
    kwh_per_day: Amount | None = None
    """What an event added to each of its days [kWh]; below zero: what it took. None: its days count for nothing."""
    by: Name = ""
    withdrawn: bool = False
    """Whether it was taken back."""

    def __post_init__(self) -> None:
        is_event = self.kind is EntryKind.EVENT
        if is_event and (self.last_local is None or self.last_local < self.first_local):
            msg = f"last_local: {self.first_local} or later, the event's first day; found {self.last_local}"
            raise ValueError(msg)
        if not is_event and self.complete_local is not None and self.complete_local < self.first_local:
            msg = f"complete_local: {self.first_local} or later, where the measure begins; found {self.complete_local}"
            raise ValueError(msg)
        if (is_event and self.complete_local is not None) or (not is_event and self.last_local is not None):
            msg = "complete_local of a measure, last_local of an event"
            raise ValueError(msg)
        if not is_event and self.kwh_per_day is not None:
            msg = f"kwh_per_day of an event; {self.measure} is a measure"
            raise ValueError(msg)

    def states_the_same_as(self, other: EnteredMeasure) -> bool:
        """Whether both say the same, whoever entered them and when."""
        return replace(self, revision=other.revision, at_utc=other.at_utc, by=other.by) == other

    def shows_on(self, meter: str) -> bool:
        """Whether it is looked for on that meter."""
        return not self.meters or meter in self.meters

    def as_measure(self) -> Measure:
        """For `baselines`; of `EntryKind.MEASURE` only. Its id is any that a record may have."""
        complete = None if self.complete_local is None else date.fromisoformat(self.complete_local)
        return Measure.model_construct(
            id=self.measure,
            begins=date.fromisoformat(self.first_local),
            complete=complete,
            description=self.description,
            meters=self.meters,
        )

    def as_event(self) -> Event:
        """For `baselines`; of `EntryKind.EVENT` only."""
        last = date.fromisoformat(self.last_local or self.first_local)
        name = self.description[:200] or self.measure
        return Event.model_construct(name=name, first=date.fromisoformat(self.first_local), last=last, kwh_per_day=self.kwh_per_day)


def entered(one: Measure | Event, name: str, site: str, at_utc: datetime, by: str = "") -> EnteredMeasure:
    """A measure or event as it is entered first.

    Parameters
    ----------
    name
        Its id.
    """
    if isinstance(one, Measure):
        complete = None if one.complete is None else one.complete.isoformat()
        return EnteredMeasure(
            site,
            name,
            FIRST_REVISION,
            EntryKind.MEASURE,
            one.begins.isoformat(),
            at_utc,
            complete,
            None,
            one.description,
            one.meters,
            by=by,
        )
    return EnteredMeasure(
        site, name, FIRST_REVISION, EntryKind.EVENT, one.first.isoformat(), at_utc, None, one.last.isoformat(), one.name,
        kwh_per_day=one.kwh_per_day, by=by,
    )  # fmt: skip


def newest_measures(records: Iterable[EnteredMeasure]) -> tuple[EnteredMeasure, ...]:
    """Of each the record with the highest revision, the first of those that are equal, withdrawn ones too; by first day and id."""
    found: dict[tuple[str, str], EnteredMeasure] = {}
    for record in records:
        key = (record.site, record.measure)
        if key not in found or record.revision > found[key].revision:
            found[key] = record
    return tuple(sorted(found.values(), key=lambda one: (one.first_local, one.measure, one.site)))

"""The watch for rising scrap of one machine and product: one incident from its opening to its end, priced. Pure.

In: pieces, scrap and energy, event by event, in the order in which they come.  Out: changes of the incident, from which `scrap.report` makes records.

- History trains and never alarms: an event that was written long after what it tells of is history (`HISTORY`).
- While an incident is open its days teach nothing. A share that stays for `NEW_NORMAL_DAYS` days of production is the new normal: the incident ends
  and its days are what is usual from then on.
- After an end nothing opens for `REFRACTORY_SLOTS`; what is found meanwhile opens afterwards, if it still holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.texts import Key, Name
from domain.units import Amount, Int64
from scrap.shares import ALARM, OVER, Day, Usual, usual_of, with_day

HISTORY = timedelta(hours=36)
"""An event that was written so long after its end is history."""
REFRACTORY_SLOTS = 8 * 4
NEW_NORMAL_DAYS = 5
UPDATE_SLOTS = 4
"""An open incident is published again after an hour at most."""
LOUDER = 2.0
"""Or at once when its energy has doubled."""
ENERGY_RISE, ENERGY_SPREADS = 1.05, 3.0
"""Energy per part has risen where it is more than 5 % and three standard deviations of the days of the past above their mean."""
LONGEST_RUN = 400
"""Events of a run that is no incident yet; older ones belong to the past."""
MOST_TIMES = 10.0
"""Times the pieces of a usual day that one event may tell of for each day of its span."""
_Many = Annotated[float, Field(ge=0, le=1e15)]


@dataclass(slots=True)
class Sums:
    """Pieces, scrap, and the energy of those that were measured."""

    pieces: _Many = 0.0
    scrap: _Many = 0.0
    kwh: Amount = 0.0
    measured: _Many = 0.0

    def add(self, seen: Seen | Past) -> None:
        """Add one event."""
        self.pieces += seen.pieces
        self.scrap += seen.scrap
        if seen.kwh is not None:
            self.kwh += seen.kwh
            self.measured += seen.pieces

    def join(self, other: Sums) -> None:
        """Add what another counted."""
        self.pieces += other.pieces
        self.scrap += other.scrap
        self.kwh += other.kwh
        self.measured += other.measured


@dataclass(frozen=True, slots=True)
class Seen:
    """One event as the watch sees it."""

    first_slot: int
    end_slot: int
    day: int
    """Ordinal of the local date in which it begins."""
    pieces: int
    scrap: int
    kwh: float | None
    """Energy that went into its pieces; None: not known."""
    eur_per_kwh: float | None
    is_history: bool


@dataclass(frozen=True, slots=True)
class Past:
    """One event of a run that may become an incident."""

    first_slot: Int64
    day: Int64
    pieces: Int64
    scrap: Int64
    kwh: Amount | None


@dataclass(slots=True)
class Incident:
    """One span of more scrap than usual."""

    since_slot: Int64
    newest_slot: Int64
    """First quarter hour after what was seen of it."""
    revision: Int64 = 0
    sums: Sums = field(default_factory=Sums)
    eur_per_kwh: Amount | None = None
    published_slot: Int64 = 0
    published_kwh: Amount = 0.0
    over: Amount = 0.0
    """CUSUM of its end."""
    over_slot: Int64 = 0
    """Since when it would be over."""
    after: Sums = field(default_factory=Sums)
    """What was made since then: none of it is the incident's, if it is over."""
    days: tuple[Day, ...] = ()
    """What was made since, by day: the new normal, if it stays."""
    like_day: Int64 = 0
    """Ordinal of the last day before it."""


@dataclass(slots=True)
class Watched:
    """What is known of one machine and product. Changed in place."""

    machine: Key
    product: Name
    days: tuple[Day, ...] = ()
    """Of the past, those of which scrap was counted."""
    cusums: tuple[_Many, ...] = ()
    """One for each of `scrap.shares.FACTORS`; empty: zero."""
    run: list[Past] = field(default_factory=list)
    """What came since one of them left zero, at most `LONGEST_RUN`; it teaches nothing yet."""
    newest_slot: Int64 = 0
    quiet_until_slot: Int64 = 0
    incident: Incident | None = None


class Change(StrEnum):
    """What became of an incident."""

    OPENED = "opened"
    GOES_ON = "goes_on"
    ENDED = "ended"
    NEW_NORMAL = "new_normal"


@dataclass(frozen=True, slots=True)
class Rising:
    """An incident as it is to be published."""

    change: Change
    watched: Watched
    incident: Incident
    usual: Usual
    until_slot: int | None

    @property
    def share(self) -> float:
        """Share of scrap since it began, 0..1."""
        return self.incident.sums.scrap / self.incident.sums.pieces if self.incident.sums.pieces else 0.0

    @property
    def extra_pieces(self) -> float:
        """Scrap beyond what is usual so far."""
        return max(0.0, self.incident.sums.scrap - self.usual.share * self.incident.sums.pieces)

    @property
    def kwh_per_piece(self) -> float | None:
        """Energy of a piece since it began; else as in the past; None where neither is known."""
        sums = self.incident.sums
        return sums.kwh / sums.measured if sums.measured else self.usual.kwh_per_piece

    @property
    def energy_has_risen(self) -> bool:
        """Whether a piece also takes more energy than it used to."""
        sums, usual = self.incident.sums, self.usual
        if not sums.measured or usual.kwh_per_piece is None or usual.kwh_spread is None:
            return False
        least = max(ENERGY_RISE * usual.kwh_per_piece, usual.kwh_per_piece + ENERGY_SPREADS * usual.kwh_spread)
        return sums.kwh / sums.measured > least

    @property
    def excess_kwh(self) -> float | None:
        """Energy that went into the extra scrap so far."""
        each = self.kwh_per_piece
        return None if each is None else self.extra_pieces * each

    @property
    def kwh_per_day(self) -> float | None:
        """The same of a usual day of production."""
        each = self.kwh_per_piece
        return None if each is None else max(0.0, self.share - self.usual.share) * self.usual.pieces_per_day * each

    @property
    def eur_per_day(self) -> float | None:
        """At the newest price that is known."""
        energy, price = self.kwh_per_day, self.incident.eur_per_kwh
        return None if energy is None or price is None else energy * price


def take(watched: Watched, seen: Seen) -> Rising | None:
    """Note one event; what is to be published of it. One of more pieces than the machine can make says nothing."""
    known = usual_of(watched.days)
    if known is not None and seen.pieces > MOST_TIMES * known.pieces_per_day * max(1.0, (seen.end_slot - seen.first_slot) / 96):
        return None
    if seen.is_history or seen.end_slot <= watched.newest_slot - 96:
        watched.days = with_day(watched.days, _day_of(seen))  # late ones correct the past and open nothing
        return None
    watched.newest_slot = max(watched.newest_slot, seen.end_slot)
    if watched.incident is not None:
        return _go_on(watched, watched.incident, seen)
    usual = usual_of(tuple(day for day in watched.days if day.day < seen.day))
    if usual is None:
        watched.days = with_day(watched.days, _day_of(seen))
        return None
    return _look(watched, usual, seen)


def _look(watched: Watched, usual: Usual, seen: Seen) -> Rising | None:
    evidence = usual.evidence_of_rise(seen.pieces, seen.scrap)
    before = watched.cusums or (0.0,) * len(evidence)
    watched.cusums = tuple(min(max(0.0, one + more), 4 * ALARM) for one, more in zip(before, evidence, strict=True))
    watched.run.append(Past(seen.first_slot, seen.day, seen.pieces, seen.scrap, seen.kwh))
    if not any(watched.cusums):
        _learn(watched, len(watched.run))  # what looked like a rise was none
        return None
    if max(watched.cusums) < ALARM or watched.newest_slot < watched.quiet_until_slot:
        _learn(watched, len(watched.run) - LONGEST_RUN)
        return None
    _learn(watched, usual.begin_of([(past.pieces, past.scrap) for past in watched.run]))
    first = watched.run[0]
    like_day = max((day.day for day in watched.days if day.day < first.day), default=0)
    incident = Incident(first.first_slot, watched.newest_slot, eur_per_kwh=seen.eur_per_kwh, like_day=like_day)
    for past in watched.run:
        incident.sums.add(past)
        incident.days = with_day(incident.days, _day_of(past))
    watched.incident, watched.cusums, watched.run = incident, (), []
    return _published(Rising(Change.OPENED, watched, incident, usual, None))


def _learn(watched: Watched, events: int) -> None:
    """The first `events` of the run belong to the past."""
    for past in watched.run[: max(events, 0)]:
        watched.days = with_day(watched.days, _day_of(past))
    del watched.run[: max(events, 0)]


def _go_on(watched: Watched, incident: Incident, seen: Seen) -> Rising | None:
    usual = usual_of(watched.days)
    if usual is None:  # an incident rests on enough days, and none are forgotten while it is open
        watched.incident = None
        return None
    share = incident.sums.scrap / incident.sums.pieces if incident.sums.pieces else usual.risen[0]
    incident.newest_slot = watched.newest_slot
    if seen.eur_per_kwh is not None:
        incident.eur_per_kwh = seen.eur_per_kwh
    incident.days = with_day(incident.days, _day_of(seen))
    if not incident.over:
        incident.over_slot, incident.after = seen.first_slot, Sums()
    incident.over = max(0.0, incident.over + usual.evidence_of_end(seen.pieces, seen.scrap, share))
    incident.after.add(seen)
    if incident.over >= OVER:
        until_slot = max(incident.over_slot, incident.since_slot + 1)
        return _closed(watched, Rising(Change.ENDED, watched, incident, usual, until_slot))
    if not incident.over:
        incident.sums.join(incident.after)
    if len({day.day for day in incident.days}) > NEW_NORMAL_DAYS:
        watched.days = incident.days
        return _closed(watched, Rising(Change.NEW_NORMAL, watched, incident, usual, incident.newest_slot))
    rising = Rising(Change.GOES_ON, watched, incident, usual, None)
    is_due = incident.newest_slot >= incident.published_slot + UPDATE_SLOTS
    is_louder = incident.published_kwh > 0 and (rising.excess_kwh or 0.0) >= LOUDER * incident.published_kwh
    return _published(rising) if is_due or is_louder else None


def _closed(watched: Watched, rising: Rising) -> Rising:
    watched.incident, watched.quiet_until_slot = None, rising.incident.newest_slot + REFRACTORY_SLOTS
    return _published(rising)


def _published(rising: Rising) -> Rising:
    """`rising` with the state that it is published in; what comes later changes it no more."""
    incident = rising.incident
    incident.published_slot, incident.published_kwh = incident.newest_slot, rising.excess_kwh or 0.0
    shown = replace(rising, incident=replace(incident, sums=replace(incident.sums), after=Sums()))
    incident.revision += 1
    return shown


def _day_of(seen: Seen | Past) -> Day:
    measured = 0.0 if seen.kwh is None else float(seen.pieces)
    return Day(seen.day, float(seen.pieces), float(seen.scrap), seen.kwh or 0.0, measured)

"""Quarter hours that were not simply measured, put together into gaps. Pure.

In: everything that was said of the quarter hours of one register.  Out: gaps: from, to, energy, how they were filled, at which revision, and what
had been said before. A gap that was healed by readings delivered later stays a gap: somebody may have read the substitute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.intervals import QUALITIES_BEST_FIRST, QUARTER, Interval, IntervalMethod, IntervalQuality

SOUND = (IntervalQuality.MEASURED, IntervalQuality.CALCULATED, IntervalQuality.CORRECTED)
"""Qualities that rest on readings of the quarter hour itself."""


class Absence(StrEnum):
    """Why there is no row for a quarter hour."""

    BEFORE = "before_recording"
    WITHIN = "no_record"
    AFTER = "not_yet"


class Filling(StrEnum):
    """Where the energy of a gap comes from."""

    LATE_READINGS = "late_readings"
    """Measured after all: by the device's or the gateway's memory."""
    SHARED_EVENLY = "shared_evenly"
    """The counter's advance, divided evenly over the time."""
    LIKE_DAYS = "like_days"
    """The counter's advance, divided as on like days."""
    SEEN_IN_PART = "seen_in_part"
    """The mean of what was seen stands for the rest."""
    AS_READ = "as_read"
    """What the register said, although it is not believed."""
    OF_ITS_SOURCE = "of_its_source"
    """A substitute that was delivered as one."""
    NOTHING = "nothing"
    """No value."""


_FILLINGS = {
    IntervalMethod.INTERPOLATED: Filling.SHARED_EVENLY,
    IntervalMethod.LIKE_DAY_SCALED: Filling.LIKE_DAYS,
    IntervalMethod.COVERED_MEAN: Filling.SEEN_IN_PART,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One quarter hour of one register: all that was said of it, oldest first, and when each was recorded."""

    revisions: tuple[Interval, ...]
    recorded_utc: tuple[datetime, ...]

    @property
    def first(self) -> Interval:
        """What was said first."""
        return self.revisions[0]

    @property
    def last(self) -> Interval:
        """What counts."""
        return self.revisions[-1]

    @property
    def start_utc(self) -> datetime:
        """Start of the quarter hour."""
        return self.revisions[0].start_utc

    def as_of(self, as_of_utc: datetime | None) -> Told | None:
        """What had been said by then; None if nothing, all if `as_of_utc` is None."""
        if as_of_utc is None:
            return self
        known = sum(1 for at in self.recorded_utc if at <= as_of_utc)
        return Told(self.revisions[:known], self.recorded_utc[:known]) if known else None

    @property
    def was_in_doubt(self) -> bool:
        """Whether any revision was something else than measured."""
        return any(interval.quality not in SOUND for interval in self.revisions)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was said of a gap's quarter hours and no longer counts, of one quality and rule."""

    quality: IntervalQuality
    method: IntervalMethod
    quarters: int
    energy_uwh: int | None
    """Sum of the values; None if there was none."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Quarter hours in a row that were not simply measured, all filled in the same way."""

    from_utc: datetime
    to_utc: datetime
    quality: IntervalQuality
    reason: str
    """An `IntervalMethod` or `Absence`."""
    filling: Filling
    energy_uwh: int
    """Sum of the values there are."""
    revision: int | None = None
    """The highest of its quarter hours; None where nothing was ever said."""
    first_energy_uwh: int | None = None
    """Sum of the values said first; None if there was none."""
    first_without_value: int = 0
    """Quarter hours of which it was first said that there is no value."""
    first_quality: IntervalQuality = IntervalQuality.MISSING
    """The worst of what was said first."""
    first_method: str = IntervalMethod.NONE
    """The rule behind the worst of what was said first."""
    last_recorded_utc: datetime | None = None
    """When the last of its revisions was recorded."""
    earlier: tuple[Earlier, ...] = ()
    """What was said before, in the order in which it came."""

    @property
    def quarters(self) -> int:
        """How many quarter hours."""
        return (self.to_utc - self.from_utc) // QUARTER

    @property
    def duration(self) -> timedelta:
        """From its beginning to its end."""
        return self.to_utc - self.from_utc

    @property
    def has_value(self) -> bool:
        """Whether there is any energy to speak of."""
        return self.filling is not Filling.NOTHING

    @property
    def is_healed(self) -> bool:
        """Whether it is measured by now."""
        return self.quality in SOUND

    @property
    def was_restated(self) -> bool:
        """Whether something else was said before."""
        return bool(self.earlier)


def filling_of(interval: Interval) -> Filling:
    """How the energy of a quarter hour in a gap came about."""
    if interval.energy_uwh is None:
        return Filling.NOTHING
    if interval.quality in SOUND:
        return Filling.LATE_READINGS
    if interval.quality is IntervalQuality.FAULTY:
        return Filling.AS_READ
    return _FILLINGS.get(interval.method, Filling.OF_ITS_SOURCE)


def gaps_in(told: Iterable[Told]) -> list[Gap]:
    """Gaps of one register, in order of time.

    Parameters
    ----------
    told
        Quarter hours of one register in order of time; those that were measured all along may be left out.
    """
    return [_gap(run) for run in _runs(quarter for quarter in told if quarter.was_in_doubt)]


def _runs(quarters: Iterable[Told]) -> Iterator[list[Told]]:
    """Neighbours that end alike."""
    run: list[Told] = []
    for quarter in quarters:
        if run and (quarter.start_utc != run[-1].start_utc + QUARTER or _end(quarter) != _end(run[-1])):
            yield run
            run = []
        run.append(quarter)
    if run:
        yield run


def _end(quarter: Told) -> tuple[IntervalQuality, str, Filling]:
    filling = filling_of(quarter.last)
    # Healed quarter hours belong together whether or not a register was reset in one of them.
    method = IntervalMethod.REGISTER if filling is Filling.LATE_READINGS else quarter.last.method
    quality = IntervalQuality.MEASURED if filling is Filling.LATE_READINGS else quarter.last.quality
    return quality, method, filling


def _gap(run: Sequence[Told]) -> Gap:
    quality, method, filling = _end(run[0])
    first = [quarter.first for quarter in run]
    worst = max(first, key=lambda interval: QUALITIES_BEST_FIRST.index(interval.quality))
    known = [interval.energy_uwh for interval in first if interval.energy_uwh is not None]
    return Gap(
        from_utc=run[0].start_utc,
        to_utc=run[-1].start_utc + QUARTER,
        quality=quality,
        reason=str(method),
        filling=filling,
        energy_uwh=sum(quarter.last.energy_uwh or 0 for quarter in run),
        revision=max(quarter.last.revision for quarter in run),
        first_energy_uwh=sum(known) if known else None,
        first_without_value=len(first) - len(known),
        first_quality=worst.quality,
        first_method=str(worst.method),
        last_recorded_utc=max(quarter.recorded_utc[-1] for quarter in run),
        earlier=tuple(_earlier(run)),
    )


def _earlier(run: Sequence[Told]) -> Iterator[Earlier]:
    """Superseded revisions by quality and rule; of each quarter hour the last of its kind."""
    said: dict[tuple[IntervalQuality, IntervalMethod], dict[datetime, int | None]] = {}
    for place in range(max(len(quarter.revisions) for quarter in run)):
        for quarter in run:
            if place < len(quarter.revisions) - 1:
                interval = quarter.revisions[place]
                if (interval.quality, interval.method) != (quarter.last.quality, quarter.last.method):
                    said.setdefault((interval.quality, interval.method), {})[interval.start_utc] = interval.energy_uwh
    for (quality, method), energies in said.items():
        known = [energy for energy in energies.values() if energy is not None]
        yield Earlier(quality, method, len(energies), sum(known) if known else None)

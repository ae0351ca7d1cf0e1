"""Quarter hours that were not simply measured, or that nobody ever sent, put together into gaps. Pure.

In: all revisions of the quarter hours of one register.  Out: gaps: from, to, energy, how they were filled, at which revision, and what
had been published before. A gap that was healed by readings delivered later stays a gap: somebody may have read the substitute.

`gaps_of_span` is the one answer to "what is missing here", for reports, coverage and the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.intervals import QUALITIES_BEST_FIRST, QUARTER, Interval, IntervalMethod, IntervalQuality
from quarters.numbers import quarter_start
from quarters.quality import is_sound

DUE_AFTER = timedelta(minutes=5)
"""So long after its end a quarter hour has been metered and recorded; if not, it is missing."""


class Absence(StrEnum):
    """Why there is no row for a quarter hour."""

    BEFORE = "before_recording"
    """Nothing had been recorded of any meter yet."""
    WITHIN = "no_record"
    """It should be there: nobody ever sent it."""
    AFTER = "not_yet"
    """It is not over, or has only just ended."""


class Filling(StrEnum):
    """Where the energy of a gap comes from."""

    LATE_READINGS = "late_readings"
    """Measured after all: from the device's or the gateway's memory, or from an import."""
    SHARED_EVENLY = "shared_evenly"
    """The counter's advance, divided evenly over the time."""
    LIKE_DAYS = "like_days"
    """The counter's advance, divided as on reference days."""
    SEEN_IN_PART = "seen_in_part"
    """The mean of what was seen stands for the rest."""
    AS_READ = "as_read"
    """What the register read, although it is not plausible."""
    OF_ITS_SOURCE = "of_its_source"
    """A substitute that was delivered as one, or calculated from some."""
    NOTHING = "nothing"
    """No value."""


_FILLINGS = {
    IntervalMethod.INTERPOLATED: Filling.SHARED_EVENLY,
    IntervalMethod.LIKE_DAY_SCALED: Filling.LIKE_DAYS,
    IntervalMethod.COVERED_MEAN: Filling.SEEN_IN_PART,
}


@dataclass(frozen=True, slots=True)
class QuarterRevisions:
    """One quarter hour of one register: all its revisions, oldest first, and when each was recorded."""

    revisions: tuple[Interval, ...]
    recorded_utc: tuple[datetime, ...]

    @property
    def first(self) -> Interval:
        """The first revision."""
        return self.revisions[0]

    @property
    def last(self) -> Interval:
        """What counts."""
        return self.revisions[-1]

    @property
    def start_utc(self) -> datetime:
        """Start of the quarter hour."""
        return self.revisions[0].start_utc

    def as_of(self, as_of_utc: datetime | None) -> QuarterRevisions | None:
        """The newest revision by then; None if nothing, all if `as_of_utc` is None."""
        if as_of_utc is None:
            return self
        known = sum(1 for at in self.recorded_utc if at <= as_of_utc)
        return QuarterRevisions(self.revisions[:known], self.recorded_utc[:known]) if known else None

    @property
    def was_in_doubt(self) -> bool:
        """Whether any revision was something else than measured."""
        return any(not is_sound(interval.quality) for interval in self.revisions)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was published of a gap's quarter hours and no longer counts, of one quality and rule."""

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
    """The highest of its quarter hours; None where nothing was ever published."""
    first_energy_uwh: int | None = None
    """Sum of the values published first; None if there was none."""
    first_without_value: int = 0
    """Quarter hours that were first published without a value."""
    first_quality: IntervalQuality = IntervalQuality.MISSING
    """The worst quality of the first revisions."""
    first_method: str = IntervalMethod.NONE
    """The rule behind the worst of the first revisions."""
    last_recorded_utc: datetime | None = None
    """When the last of its revisions was recorded."""
    earlier: tuple[Earlier, ...] = ()
    """What was published before, in the order in which it came."""

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
        """Whether there is any energy worth naming."""
        return self.filling is not Filling.NOTHING

    @property
    def is_healed(self) -> bool:
        """Whether it is measured by now."""
        return is_sound(self.quality)

    @property
    def was_restated(self) -> bool:
        """Whether something else was published before."""
        return bool(self.earlier)


def filling_of(interval: Interval) -> Filling:
    """How the energy of a quarter hour in a gap came about."""
    if interval.energy_uwh is None:
        return Filling.NOTHING
    if is_sound(interval.quality):
        return Filling.LATE_READINGS
    if interval.quality is IntervalQuality.FAULTY:
        return Filling.AS_READ
    return _FILLINGS.get(interval.method, Filling.OF_ITS_SOURCE)


def gaps_of_span(
    doubtful: Iterable[QuarterRevisions], starts_utc: Iterable[datetime], from_utc: datetime, to_utc: datetime, begun_utc: datetime | None,
    now_utc: datetime,
) -> list[Gap]:  # fmt: skip
    """Everything about ``[from_utc, to_utc)`` of one register that was not simply measured, in order of time.

    Parameters
    ----------
    doubtful
        Those of its quarter hours that were ever published as not measured, in order of time.
    starts_utc
        Starts of all quarter hours of it that have a row, in any order; those outside the span are ignored.
    from_utc, to_utc
        On the grid of quarter hours.
    begun_utc
        Start of the first quarter hour that was ever recorded, of any meter; None if none was.
    now_utc
        Up to when quarter hours should be there: now, or the instant of the query.
    """
    found = [*gaps_in(doubtful), *never_sent(starts_utc, from_utc, to_utc, begun_utc, now_utc)]
    return sorted(found, key=lambda gap: gap.from_utc)


def never_sent(
    starts_utc: Iterable[datetime], from_utc: datetime, to_utc: datetime, begun_utc: datetime | None, now_utc: datetime
) -> Iterator[Gap]:
    """Quarter hours without a row, each run as a gap of its own; parameters as for `gaps_of_span`.

    A run is cut where recording began and where quarter hours are not due yet, since these are other reasons.
    """
    due_utc = quarter_start(now_utc - DUE_AFTER)
    edges = (min(begun_utc or due_utc, due_utc), due_utc)
    there = sorted({start for start in starts_utc if from_utc <= start < to_utc})
    for before, after in pairwise([from_utc - QUARTER, *there, to_utc]):
        begin, end = before + QUARTER, after
        cuts = [begin, *(edge for edge in dict.fromkeys(edges) if begin < edge < end), end]
        for first, stop in pairwise(cuts if begin < end else ()):
            why = Absence.AFTER if first >= edges[1] else Absence.WITHIN if first >= edges[0] else Absence.BEFORE
            yield Gap(first, stop, IntervalQuality.MISSING, str(why), Filling.NOTHING, 0)


def gaps_in(revisions: Iterable[QuarterRevisions]) -> list[Gap]:
    """Gaps of one register, in order of time.

    Parameters
    ----------
    revisions
        Quarter hours of one register in order of time; those that were measured all along may be left out.
    """
    return [_gap(run) for run in _runs(quarter for quarter in revisions if quarter.was_in_doubt)]


def _runs(quarters: Iterable[QuarterRevisions]) -> Iterator[list[QuarterRevisions]]:
    """Neighbours that end alike."""
    run: list[QuarterRevisions] = []
    for quarter in quarters:
        if run and (quarter.start_utc != run[-1].start_utc + QUARTER or _end(quarter) != _end(run[-1])):
            yield run
            run = []
        run.append(quarter)
    if run:
        yield run


def _end(quarter: QuarterRevisions) -> tuple[IntervalQuality, str, Filling]:
    filling = filling_of(quarter.last)
    # Healed quarter hours belong together whether or not a register was reset in one of them.
    method = IntervalMethod.REGISTER if filling is Filling.LATE_READINGS else quarter.last.method
    quality = IntervalQuality.MEASURED if filling is Filling.LATE_READINGS else quarter.last.quality
    return quality, method, filling


def _gap(run: Sequence[QuarterRevisions]) -> Gap:
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


def _earlier(run: Sequence[QuarterRevisions]) -> Iterator[Earlier]:
    """Superseded revisions by quality and rule; of each quarter hour the last of its kind."""
    former: dict[tuple[IntervalQuality, IntervalMethod], dict[datetime, int | None]] = {}
    for place in range(max(len(quarter.revisions) for quarter in run)):
        for quarter in run:
            if place < len(quarter.revisions) - 1:
                interval = quarter.revisions[place]
                if (interval.quality, interval.method) != (quarter.last.quality, quarter.last.method):
                    former.setdefault((interval.quality, interval.method), {})[interval.start_utc] = interval.energy_uwh
    for (quality, method), energies in former.items():
        known = [energy for energy in energies.values() if energy is not None]
        yield Earlier(quality, method, len(energies), sum(known) if known else None)

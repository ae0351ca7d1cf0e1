"""How far a series of quarter hours reaches, when some of its records may be dated wrongly.

In: quarter hours of one series in the order of the log, and the plant's clock where there is one.  Out: those that count now.

A step that holds "the newest quarter hour" stops at the first record with a wrong year: all that is right lies behind it from then on.
So a record does not move time by its date alone:

- A live quarter hour (origin metering) moves time on. One that is far ahead of all others, or ahead of the clock, waits until another one
  that was heard follows it: a clock that was wrong for one poll moves nothing.
- What people or other meters date (origin import, calculated) never moves time beyond the clock; where there is no clock, never more than
  `FAR` beyond the newest live quarter hour. Before the first live one a gap longer than `FAR` is crossed only with a day of rows behind it.
- Where time was moved too far all the same, the next live quarter hour that is not ahead of the clock takes it back; where there is no
  clock, live ones are believed against imported ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.instants import QuarterStart
from domain.intervals import Interval, IntervalOrigin
from quarters.numbers import quarter_start

FAR = timedelta(days=1)
"""Steps up to this need no second record: after an outage of the plant's network metering fills what is missing row by row."""
CLOCK_SLACK = timedelta(hours=1)
"""How far the clocks of a plant's computers may be apart before one of them is taken to be wrong."""
LIVE_THAT_FOLLOW, OTHERS_THAT_FOLLOW = 2, 96
"""Records in a row, the doubtful one included, after which a date far ahead is believed."""


@dataclass(frozen=True, slots=True)
class Newest:
    """How far one series reaches."""

    start_utc: QuarterStart | None = None
    """Newest quarter hour that counts; None before the first."""
    live_utc: QuarterStart | None = None
    """Newest of those that moved time by way of metering."""
    waiting: tuple[Interval, ...] = ()
    """Far from `start_utc`, oldest first, until enough of them follow one another."""

    def reaches(self, start_utc: datetime) -> bool:
        """Whether `start_utc` is no more than `FAR` ahead of what counts; of the other channels of the same meter."""
        return self.start_utc is None or start_utc - self.start_utc <= FAR


def admit(newest: Newest, interval: Interval, now_utc: datetime | None = None) -> tuple[Newest, tuple[Interval, ...]]:
    """Which quarter hours count now that `interval` has come, in order: itself, none, or those that waited and itself.

    What lies behind the newest always counts: it is history, a restatement or late. Where the newest is then older than before, time was
    taken back: what lies beyond it is void.

    Parameters
    ----------
    now_utc
        What the plant's clock shows; None where there is no clock, as in a replay.
    """
    if interval.origin is IntervalOrigin.METERING:
        return _admit_live(newest, interval, now_utc)
    latest_utc = now_utc
    if latest_utc is None and newest.live_utc is not None:
        latest_utc = newest.live_utc + FAR
    if latest_utc is not None and interval.start_utc > latest_utc:
        return newest, ()
    if latest_utc is None and not newest.reaches(interval.start_utc):
        return _wait(newest, interval, OTHERS_THAT_FOLLOW)
    return _moved(newest, interval), (interval,)


def _admit_live(newest: Newest, interval: Interval, now_utc: datetime | None) -> tuple[Newest, tuple[Interval, ...]]:
    start_utc = interval.start_utc
    back_utc = _taken_back(newest, start_utc, now_utc)
    if back_utc is not None:
        back = Newest(back_utc, back_utc)
        is_sure = now_utc is not None or newest.start_utc is None or newest.start_utc - start_utc <= FAR
        return (back, (interval,)) if is_sure else _wait(newest, interval, LIVE_THAT_FOLLOW, back)
    too_early = now_utc is not None and newest.start_utc is not None and newest.start_utc <= now_utc + CLOCK_SLACK < start_utc
    if too_early or not newest.reaches(start_utc):
        return _wait(newest, interval, LIVE_THAT_FOLLOW) if interval.coverage > 0 else (newest, ())
    return _moved(newest, interval), (interval,)


def _taken_back(newest: Newest, start_utc: datetime, now_utc: datetime | None) -> datetime | None:
    """Where time is taken back to by a live quarter hour; None where it was not moved too far."""
    if newest.start_utc is None or start_utc >= newest.start_utc:
        return None
    if now_utc is not None:
        # The quarter hour may be late itself: what is right of the last days is kept.
        is_wrong = start_utc <= now_utc + CLOCK_SLACK < newest.start_utc
        return max(start_utc, quarter_start(now_utc - CLOCK_SLACK)) if is_wrong else None
    # Without a clock the live quarter hours are the clock.
    return start_utc if newest.live_utc is None or newest.live_utc < start_utc else None


def _wait(newest: Newest, interval: Interval, needed: int, then: Newest | None = None) -> tuple[Newest, tuple[Interval, ...]]:
    waiting = newest.waiting
    follows = bool(waiting) and waiting[-1].origin is interval.origin and _is_next(waiting[-1], interval)
    waiting = (*waiting, interval) if follows else (interval,)
    if len(waiting) < needed:
        return replace(newest, waiting=waiting), ()
    return then or _moved(newest, interval), waiting


def _is_next(earlier: Interval, later: Interval) -> bool:
    return timedelta(0) < later.start_utc - earlier.start_utc <= FAR


def _moved(newest: Newest, interval: Interval) -> Newest:
    """`newest` with a quarter hour that counts; what waits is forgotten once time goes on without it."""
    start_utc = interval.start_utc
    if newest.start_utc is not None and start_utc < newest.start_utc:
        return newest
    live_utc = start_utc if interval.origin is IntervalOrigin.METERING else newest.live_utc
    return Newest(start_utc, live_utc)

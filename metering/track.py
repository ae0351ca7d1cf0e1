"""What counters and gauges have in common: their readings, and which of them a clock that was set has put out of order."""

from __future__ import annotations

from bisect import bisect_left

from domain.readings import RejectionReason
from metering.misdated import Judged, is_out_of_order, misdated, stands_between
from metering.points import Points, SetAside
from metering.rules import OUT_OF_ORDER_MS, SEAL_AGE_MS, CounterRules, GaugeRules

JUMP_MS = 60_000
"""A silence or a jump of dates longer than this may be the work of a clock: what follows is thinned out later."""
MOST_HELD = 4_000
"""No more readings than this are kept whole for that."""


Taken = tuple[tuple[int, int] | None, RejectionReason | None]
"""Of a reading that was taken: the span [ms] that it may have changed, if any, and why it was refused, if it was."""


class RegisterTrack:
    """The readings of one register.

    Which of them count where a clock was set is decided over all that have not been thinned out: it follows from which readings came,
    not from when they came.  So what comes late, and what comes after a jump of dates, is kept whole for a while.
    """

    __slots__ = ("_must_judge", "clock_bytes", "hold_from_ms", "hold_until_ms", "is_set", "misdated", "points", "reinstated")

    def __init__(self, rules: CounterRules | GaugeRules) -> None:
        self.points = Points(rules.chunk_ms)
        self.misdated: dict[int, SetAside] = {}
        """Readings that do not count because a clock was set, by time."""
        self.reinstated: dict[int, int | None] = {}
        """Readings that were published as refused and are used, by time, with what was thinned out after them."""
        self.is_set = False
        """Whether numbers out of order show that a clock was set."""
        self.hold_from_ms: int | None = None
        """Readings from here on are not thinned out until there are some of `hold_until_ms`."""
        self.hold_until_ms = 0
        self.clock_bytes: bytes | None = None
        """The five before as bytes, as long as they do not change."""
        self._must_judge = False

    def look_around(self, index: int, dense_ms: float, is_counted: bool) -> bool:
        """Whether the new reading at `index` can change which of the others count: it shows, or is known, that a clock was set.

        What follows on a jump of dates is kept whole.  With `is_counted` the values tell in which order they were taken.
        """
        points, times = self.points, self.points.times
        if is_out_of_order(points, index):
            self.is_set = True
            self.hold(times[max(index - 1, 0)], times[-1])
        elif is_counted and stands_between(points, index, dense_ms):
            self.hold(times[max(index - 2, 0)], times[-1])
            return True
        elif times[-1] - times[index] > OUT_OF_ORDER_MS or (index > 0 and times[index] - times[index - 1] > max(JUMP_MS, dense_ms)):
            self.hold(times[index], times[-1])
        return self.is_set or (is_counted and bool(self.misdated))

    def takes_the_place(self, new: SetAside, old: SetAside) -> bool:
        """Of two readings of one instant the one with the lower number stays, else the higher one, whichever came first."""
        routes = self.points.route_names
        numbered = new.origin.sequence >= 0 <= old.origin.sequence and routes[new.origin.route][0] == routes[old.origin.route][0]
        if numbered and new.origin.sequence != old.origin.sequence:
            return new.origin.sequence < old.origin.sequence
        return new.amount > old.amount

    def place_late(self, time_ms: int, new: SetAside) -> tuple[int | None, RejectionReason | None]:
        """Put a reading that is not the newest where the order of time wants it.

        Returns
        -------
        index, reason
            Where it is; None if nothing has changed. Why it was refused: as a duplicate also where it took the other one's place.
        """
        points, times = self.points, self.points.times
        if time_ms < points.floor_ms:
            return None, RejectionReason.BEYOND_HORIZON
        index = bisect_left(times, time_ms)
        if times[index] == time_ms:
            if not self.takes_the_place(new, points.set_aside(index)):
                return None, RejectionReason.DUPLICATE
            points.put(index, new)
            return index, RejectionReason.DUPLICATE
        if points.is_seen(time_ms, index):
            return None, RejectionReason.DUPLICATE
        points.insert(index, time_ms, new)
        return index, None

    def hold_after_jumps(self, known: int, dense_ms: float) -> None:
        """Keep whole what follows on jumps of dates in readings that were put after the first `known` ones."""
        times, most_ms = self.points.times, max(JUMP_MS, dense_ms)
        for k in range(known, len(times)):
            if times[k] - times[k - 1] > most_ms:
                self.hold(times[k], times[k])

    def hold(self, from_ms: int, head_ms: int) -> None:
        """Keep what follows on `from_ms` whole, until half an hour after `head_ms`, the newest reading.

        So is what came before it and has not been thinned out yet: in another order of arrival it would have come after.
        """
        from_ms = min(from_ms, self.points.thin_from_ms)
        self.hold_from_ms = from_ms if self.hold_from_ms is None else min(from_ms, self.hold_from_ms)
        self.hold_until_ms = head_ms + SEAL_AGE_MS
        self.clock_bytes = None

    def whole_from_ms(self) -> int | None:
        """From when on [ms] all readings must stay; None if none must: what was found out of order until then is so for good."""
        if self.hold_from_ms is not None:
            times = self.points.times
            if times[-1] >= self.hold_until_ms or len(times) - bisect_left(times, self.hold_from_ms) > MOST_HELD:
                self.hold_from_ms, self.is_set, self.misdated, self.clock_bytes = None, False, {}, None
        return self.hold_from_ms

    def thin_to_ms(self, thin_age_ms: int) -> int | None:
        """Up to when [ms] readings may be thinned out; None where it is not the time for it."""
        times = self.points.times
        if self._must_judge or not times:
            return None
        to_ms = times[-1] - thin_age_ms
        held = None if self.hold_from_ms is None else self.whole_from_ms()
        to_ms = to_ms if held is None else min(to_ms, held)
        return None if self.points.is_thin(to_ms) else to_ms

    def take_out_misdated(
        self, points: Points, were_out: dict[int, SetAside], rules: CounterRules | GaugeRules, is_counted: bool, site: str, meter: str
    ) -> tuple[list[int], Judged]:  # fmt: skip
        """Which of all `points` do not count because a clock was set, and what is to be reported of those that counted until now."""
        judged = Judged([], [], [], [])
        self.misdated, self.clock_bytes = {}, None
        if self.hold_from_ms is None:
            return [], judged
        out = misdated(points, self.hold_from_ms, rules.sampling_ms, rules.dense_ms, is_counted)
        for k in out:
            time_ms = points.times[k]
            known = were_out.get(time_ms)
            if known is None:
                judged.counts.append((time_ms, -1))
                judged.spans.append((time_ms, time_ms))
                if time_ms in self.reinstated:
                    del self.reinstated[time_ms]
                else:
                    judged.misdated.append(points.reading(k, site, meter, rules.channel))
            self.misdated[time_ms] = known or points.set_aside(k)
        return out, judged

    def set_back(self, to_ms: int) -> None:
        """Forget what is dated after `to_ms`."""
        self.points.set_back(to_ms)
        self.misdated, self.is_set, self.hold_from_ms, self.clock_bytes = {}, False, None, None
        self.reinstated = {time_ms: thinned for time_ms, thinned in self.reinstated.items() if time_ms <= to_ms}
        self._must_judge = False

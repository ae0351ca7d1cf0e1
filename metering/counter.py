"""A counter's readings as a track: what it has lawfully counted between any two instants."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from domain.readings import Reading, RejectionReason
from metering.attic import Attic
from metering.cases import Break, Plain, lawful, reset, step_removed
from metering.points import Origin, Points, SetAside
from metering.rows import MISSING, Row
from metering.rules import BEYOND_UWH, EXACT, HINDSIGHT_MS, LINEAR_MS, CounterRules
from metering.runs import ReadingRun, RunShape

Shape = Callable[[int, int], list[tuple[int, int]] | None]
"""Weights of the quarter hours of a long gap: (end or end of gap [ms], cumulated weight); None where no like day shows any."""

_UNCONFIRMED = (IntervalMethod.RESET, IntervalMethod.STEP_REMOVED)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A register went away at `from_ms` and may still come back to where it had been."""

    from_ms: int
    from_uwh: int
    fell: bool


class Judged(NamedTuple):
    """What hindsight says after a batch."""

    spans: list[tuple[int, int]]
    """Whose count may have changed [ms]."""
    refused: list[Reading]
    """Glitches, told for the first time."""
    counts: list[tuple[int, int]]
    """Time [ms] and by how many the readings in use have changed."""


_NOTHING_NEW = Judged([], [], [])


class CounterTrack:
    """The readings of one counter and the cases between them.

    What is a glitch is decided over all readings in order of time, those that were glitches before included: it follows from which
    readings came, not from when they came.
    """

    __slots__ = ("_must_judge", "aside", "attic", "breaks", "cases", "doubts", "points", "reinstated", "rules")

    def __init__(self, rules: CounterRules) -> None:
        self.rules = rules
        self.points = Points(rules.chunk_ms)
        self.breaks: dict[int, Break] = {}
        """By the time of the reading that a break leads to."""
        self.doubts: list[Doubt] = []
        self.attic = Attic()
        """What was thinned out while there was a doubt."""
        self.aside: dict[int, SetAside] = {}
        """By time."""
        self.reinstated: dict[int, int | None] = {}
        """Readings that were told as glitches and are none, by time, with what was thinned out after them."""
        self.cases: bytes | None = None
        """What was set aside and reinstated as bytes, as long as it does not change."""
        self._must_judge = False

    # Taking readings

    def take(self, time_ms: int, value: float, origin: Origin) -> tuple[tuple[int, int] | None, RejectionReason | None]:
        """Put one reading in its place.

        Returns
        -------
        span, reason
            The span whose count may have changed [ms], or why the reading was refused; `settle` must follow the batch.
        """
        points, times = self.points, self.points.times
        amount = self.rules.amount(value, time_ms)
        if not -BEYOND_UWH < amount < BEYOND_UWH:
            return None, RejectionReason.IMPOSSIBLE_POWER
        if not times or time_ms > times[-1]:
            points.append(time_ms, value, amount, origin, self.rules.dense_ms)
            return self._append_judged(), None
        if time_ms < points.floor_ms:
            return None, RejectionReason.BEYOND_HORIZON
        index = bisect_left(times, time_ms)
        if times[index] == time_ms:
            return self._same_instant(index, value, amount, origin), RejectionReason.DUPLICATE
        if points.is_seen(time_ms, index):
            return None, RejectionReason.DUPLICATE
        if self.aside and time_ms in self.aside:
            if amount > self.aside[time_ms].amount:
                self.aside[time_ms] = self.aside[time_ms]._replace(value=value, amount=amount, origin=origin)
                self._must_judge, self.cases = True, None
            return None, RejectionReason.DUPLICATE
        points.insert(index, time_ms, value, amount, origin)
        span = (times[max(index - 1, 0)], times[min(index + 1, len(times) - 1)])
        if not self._must_judge and not self._fits(index):
            self._must_judge = True
        return span, None

    def plain_amounts(self, times: list[int], run: ReadingRun, shape: RunShape | None) -> list[int] | None:
        """Amounts of a run that follows in ordinary steps on what is known; None if it does not."""
        points, rules = self.points, self.rules
        known = points.times
        if self._must_judge or known[-1] in self.breaks or rules.changes_within(known[-1], times[-1]):
            return None
        if shape is None or rules.is_balance:
            return self._plain_few(times, run.values.tolist())
        found = rules.amounts(run.values, shape.thousandths, times[0])
        if found is None:
            return None
        amounts: list[int] = found.tolist()
        if not rules.is_possible(amounts[0] - points.amounts[-1], times[0] - known[-1], amounts[0]):
            return None
        advances = found[1:] - found[:-1]
        most = advances.max().item()
        if advances.min() < 0 or most >= EXACT:
            return None
        if (
            most > rules.most_uwh_per_ms * shape.shortest_ms + rules.resolution_uwh
            and not (advances <= rules.most_uwh_per_ms * shape.elapsed + rules.resolution_uwh).all()
        ):
            return None
        return amounts

    def _plain_few(self, times: list[int], values: list[float]) -> list[int] | None:
        rules = self.rules
        t0, e0 = self.points.times[-1], self.points.amounts[-1]
        amounts: list[int] = []
        for time_ms, value in zip(times, values, strict=True):
            if time_ms <= t0 or not isfinite(value):
                return None
            amount = rules.amount(value, time_ms)
            if not rules.is_possible(amount - e0, time_ms - t0, amount):
                return None
            amounts.append(amount)
            t0, e0 = time_ms, amount
        return amounts

    def _append_judged(self) -> tuple[int, int]:
        times = self.points.times
        if self._must_judge or len(times) == 1:
            return times[-2] if len(times) > 1 else times[-1], times[-1]
        span, refused = self._judge_last()
        if refused is not None:
            # The return from a glitch: what lies between goes with the batch's settling, so that it is told once.
            self._must_judge = True
        return span

    def _same_instant(self, index: int, value: float, amount: int, origin: Origin) -> tuple[int, int] | None:
        """Of two readings of one instant the higher stays, whichever came first."""
        points = self.points
        if amount <= points.amounts[index]:
            return None
        points.put(index, value, amount, origin)
        self._must_judge = True
        return points.times[max(index - 1, 0)], points.times[min(index + 1, len(points) - 1)]

    def _fits(self, index: int) -> bool:
        """Whether the reading at `index` lies in an ordinary step and leaves two ordinary ones."""
        times, amounts = self.points.times, self.points.amounts
        before, after = index - 1, index + 1
        if times[after] in self.breaks or (before >= 0 and times[before] in self.breaks):
            return False
        if after + 1 < len(times) and times[after + 1] in self.breaks:
            return False
        since = times[before] if before >= 0 else 0
        if self.aside and any(since < time_ms < times[after] for time_ms in self.aside):
            return False
        pairs = [(index, after)] if before < 0 else [(before, index), (index, after)]
        return all(isinstance(lawful(self.rules, times[a], amounts[a], times[b], amounts[b]), Plain) for a, b in pairs)

    def settle(self, site: str, meter: str) -> Judged:
        """Judge again what a batch has put in doubt."""
        if not self._must_judge:
            return _NOTHING_NEW
        self._must_judge = False
        before, were_aside, all_points = self.breaks, self.aside, self._all_points()
        self.breaks, self.doubts, self.aside = {}, [], {}
        kept = all_points.emptied()
        self.points = kept
        spans: list[tuple[int, int]] = []
        refused: list[Reading] = []
        counts: list[tuple[int, int]] = []
        for index in range(len(all_points)):
            kept.append_from(all_points, index)
            if len(kept) > 1:
                span, glitch = self._judge_last()
                if glitch is not None:
                    found = self._set_aside(*glitch, were_aside, site, meter)
                    if found.counts:
                        spans.append(span)
                    refused += found.refused
                    counts += found.counts
        kept.dense_from_ms = None
        for time_ms, was in were_aside.items():
            if time_ms not in self.aside:
                self.reinstated[time_ms] = was.thinned
                counts.append((time_ms, 1 + (was.thinned or 0)))
                index = bisect_left(kept.times, time_ms)
                spans.append((kept.times[max(index - 1, 0)], kept.times[min(index + 1, len(kept) - 1)]))
        if were_aside or self.aside:
            self.cases = None
        spans += [(b.from_ms, b.to_ms) for b in {*before.values()} ^ {*self.breaks.values()}]
        return Judged(spans, refused, counts)

    def _all_points(self) -> Points:
        """The readings in use and those that were set aside, in order of time."""
        if not self.aside:
            return self.points
        points = self.points.emptied()
        late = sorted(self.aside.items(), reverse=True)
        for index, time_ms in enumerate(self.points.times):
            while late and late[-1][0] < time_ms:
                points.append_aside(*late.pop())
            points.append_from(self.points, index)
        while late:
            points.append_aside(*late.pop())
        return points

    def _set_aside(self, first: int, stop: int, were_aside: dict[int, SetAside], site: str, meter: str) -> Judged:
        """Take the readings ``[first, stop)`` out of use, and tell those that have not been told."""
        points, channel = self.points, self.rules.channel
        refused: list[Reading] = []
        counts: list[tuple[int, int]] = []
        for k in range(first, stop):
            time_ms = points.times[k]
            origin = Origin(points.received[k], points.sequences[k], points.roads[k])
            known = were_aside.get(time_ms)
            if known is not None:
                self.aside[time_ms] = known
                continue
            thinned: int | None = None
            if time_ms in self.reinstated:
                thinned = self.reinstated.pop(time_ms)
                counts.append((time_ms, -1 - (thinned or 0)))
            else:
                refused.append(points.reading(k, site, meter, channel))
                counts.append((time_ms, -1))
                if time_ms in points.whole and k + 1 < stop:
                    gone = self.attic.take_out(time_ms, points.times[k + 1], site, meter, channel)
                    thinned = len(gone)
                    refused += gone
                    counts += [(reading.observed_ms, -1) for reading in gone]
            self.aside[time_ms] = SetAside(points.values[k], points.amounts[k], origin, thinned)
        points.remove(first, stop)
        return Judged([], sorted(refused, key=lambda reading: reading.observed_ms), counts)

    def _judge_last(self) -> tuple[tuple[int, int], tuple[int, int] | None]:
        """Decide the step to the last reading: the span it changes, and the readings (indices) that it shows to be glitches."""
        times, amounts = self.points.times, self.points.amounts
        i, k = len(times) - 2, len(times) - 1
        t0, e0, t1, e1 = times[i], amounts[i], times[k], amounts[k]
        if t0 in self.points.whole:
            return (t0, t1), None
        held = self.breaks.get(t0)
        span = (held.from_ms if held is not None else t0, t1)
        case = lawful(self.rules, t0, e0, t1, e1)
        if case is not None:
            if isinstance(case, Break):
                self.breaks[t1] = case
            return span, None
        fell = e1 < e0
        if self.doubts:
            self.doubts = [d for d in self.doubts if t1 - d.from_ms <= HINDSIGHT_MS]
        # The latest doubt first: what came back explains as little as it can, and an earlier step stays what it was.
        for position in reversed(range(len(self.doubts))):
            doubt = self.doubts[position]
            back = lawful(self.rules, doubt.from_ms, doubt.from_uwh, t1, e1) if doubt.fell != fell else None
            if back is not None:
                del self.doubts[position:]
                self.breaks = {to_ms: b for to_ms, b in self.breaks.items() if to_ms <= doubt.from_ms}
                if isinstance(back, Break):
                    self.breaks[t1] = back
                return (doubt.from_ms, t1), (bisect_right(times, doubt.from_ms), k)
        self.doubts.append(Doubt(t0, e0, fell))
        before = None
        if i > 0 and t0 not in self.breaks:
            before = t0 - times[i - 1], e0 - amounts[i - 1]
        self.breaks[t1] = reset(self.rules, t0, e0, t1, e1) or step_removed(self.rules, t0, t1, before)
        return span, None

    # What the track says

    def _known(self) -> int:
        """How many readings count: a first reading after an impossible step waits for the second to confirm it."""
        times = self.points.times
        held = self.breaks.get(times[-1]) if times else None
        return len(times) - (held is not None and held.kind in _UNCONFIRMED)

    def _segments(self, first: int, last: int) -> Iterator[tuple[int, int, int, IntervalMethod]]:
        """Steps between the readings `first` and `last`: from, to [ms], advance [uWh], case."""
        times, amounts, breaks = self.points.times, self.points.amounts, self.breaks
        t0, e0 = times[first], amounts[first]
        for k in range(first + 1, last + 1):
            t1, e1 = times[k], amounts[k]
            case = breaks.get(t1) if breaks else None
            if case is None:
                yield t0, t1, e1 - e0, IntervalMethod.REGISTER
            else:
                for part_from, part_to, advance in case.parts:
                    yield part_from, part_to, advance, case.kind
            t0, e0 = t1, e1

    def is_gap(self, t0: int, t1: int) -> bool:
        """Whether the time between two neighbouring readings was not seen."""
        return t1 - t0 > self.rules.gap_ms and t0 not in self.points.whole

    def row(self, start_ms: int, shape: Shape) -> Row:
        """The quarter hour that begins at `start_ms`."""
        times, known, end_ms = self.points.times, self._known(), start_ms + QUARTER_MS
        if known < 2:
            return MISSING
        first = bisect_right(times, start_ms, 0, known) - 1
        last = bisect_left(times, end_ms, 0, known)
        is_bracketed = first >= 0 and last < known
        first, last = max(first, 0), min(last, known - 1)
        energy = seen_ms = 0
        method, like_day = IntervalMethod.REGISTER, False
        in_gap = False
        for t0, t1, advance, kind in self._segments(first, last):
            if t0 == t1:
                energy += advance if start_ms < t0 <= end_ms else 0
                continue
            if t1 <= start_ms or t0 >= end_ms:
                continue
            low, high = max(t0, start_ms), min(t1, end_ms)
            gap = t1 - t0 > self.rules.gap_ms and self.is_gap(t0, t1)
            if not gap:
                seen_ms += high - low
            if kind is not IntervalMethod.REGISTER and high > low:
                method = kind
            if low == t0 and high == t1:
                energy += advance
                continue
            if gap and (t0 < start_ms < t1 or t0 < end_ms < t1):
                in_gap = True
            weights = shape(t0, t1) if gap and t1 - t0 > LINEAR_MS else None
            like_day |= weights is not None
            energy += _until(high, t0, t1, advance, weights) - _until(low, t0, t1, advance, weights)
        coverage = round(seen_ms / QUARTER_MS, 6)
        if not is_bracketed:
            return MISSING._replace(coverage=coverage)
        if in_gap:
            division = IntervalMethod.LIKE_DAY_SCALED if like_day else IntervalMethod.INTERPOLATED
            return Row(energy, coverage, IntervalQuality.SUBSTITUTED, division)
        measured = method in (IntervalMethod.REGISTER, IntervalMethod.ROLLOVER)
        return Row(energy, coverage, IntervalQuality.MEASURED if measured else IntervalQuality.CORRECTED, method)

    def long_gaps(self) -> Iterator[tuple[int, int]]:
        """Gaps that take the shape of like days."""
        for k in range(1, self._known()):
            t0, t1 = self.points.times[k - 1], self.points.times[k]
            if t1 - t0 > LINEAR_MS and self.is_gap(t0, t1):
                yield t0, t1

    def can_seal(self, quarter: int) -> bool:
        """Whether nothing that may still come can change `quarter`."""
        if self.doubts or not self.points.is_complete(quarter, self.rules.dense_ms):
            return False
        start, end = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
        return not any(
            b.from_ms < end and (b.to_ms > start or (start <= b.from_ms + HINDSIGHT_MS and self._may_come_back(b)))
            for b in self.breaks.values()
        )

    def _is_doubtful(self, found: Break) -> bool:
        """Whether other readings may explain a step better: in a silence, a fall to zero can look like a full turn."""
        silent = found.to_ms - found.from_ms > self.rules.gap_ms
        return found.kind in _UNCONFIRMED or (silent and found.kind is IntervalMethod.ROLLOVER)

    def _may_come_back(self, found: Break) -> bool:
        """Whether a reading can still come that shows a step to have been a glitch."""
        times, whole = self.points.times, self.points.whole
        if not self._is_doubtful(found):
            return False
        first, last = bisect_left(times, found.from_ms), bisect_left(times, found.from_ms + HINDSIGHT_MS)
        return last >= len(times) or any(
            times[k + 1] - times[k] > self.rules.dense_ms and times[k] not in whole for k in range(first, last)
        )

    def _attic(self, from_ms: int) -> Attic | None:
        """Where readings from `from_ms` on go when they are thinned out: hindsight may want to tell them."""
        doubtful = self.doubts or any(b.kind in _UNCONFIRMED and from_ms - b.from_ms <= HINDSIGHT_MS for b in self.breaks.values())
        return self.attic if doubtful else None

    def seal(self, quarter: int) -> None:
        """Keep of `quarter` only what its neighbours need."""
        self.points.seal(quarter, self.rules.dense_ms, self._attic(quarter * QUARTER_MS))

    def thin(self) -> None:
        """Keep of readings that lie close together only what quarter hours and cases need."""
        points = self.points
        if self._must_judge or not points.times or points.is_thin(points.times[-1] - self.rules.thin_age_ms):
            return
        pins: set[int] = set()
        for found in self.breaks.values():
            if found.to_ms >= points.thin_from_ms:
                pins.update((found.from_ms, found.to_ms))
                before = bisect_left(points.times, found.from_ms)
                pins.update(points.times[max(before - 1, 0) : before])
        attic = self._attic(points.thin_from_ms)
        points.thin(points.times[-1] - self.rules.thin_age_ms, self.rules.dense_ms, pins, attic)

    def forget_old_doubts(self) -> None:
        """Doubts that no reading can settle any more."""
        if self.doubts:
            head = self.points.times[-1]
            self.doubts = [d for d in self.doubts if head - d.from_ms <= HINDSIGHT_MS]
        if self.attic:
            self.attic.forget_before(self.points.received[-1] - HINDSIGHT_MS)

    def forget_integral(self, quarter: int) -> None:
        """A counter has none."""

    def freeze_before(self, floor_ms: int) -> None:
        """Forget what is beyond the horizon."""
        self.points.freeze_before(floor_ms)
        if self.aside or self.reinstated:
            self.aside = {time_ms: found for time_ms, found in self.aside.items() if time_ms >= floor_ms}
            self.reinstated = {time_ms: thinned for time_ms, thinned in self.reinstated.items() if time_ms >= floor_ms}
            self.cases = None
        first = self.points.times[0] if self.points.times else floor_ms
        if self.breaks:
            self.breaks = {to_ms: b for to_ms, b in self.breaks.items() if to_ms > first}


def _until(at_ms: int, t0: int, t1: int, advance: int, weights: list[tuple[int, int]] | None) -> int:
    """How much of `advance` lies before `at_ms`; whole micro-watt-hours, so that neighbours sum exactly."""
    if at_ms <= t0:
        return 0
    if at_ms >= t1:
        return advance
    if weights is None:
        return advance * (at_ms - t0) // (t1 - t0)
    ends = [end for end, _ in weights]
    return advance * weights[bisect_left(ends, at_ms)][1] // weights[-1][1]

"""A counter's readings as a track: what it has lawfully counted between any two instants."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from domain.readings import Reading, RejectionReason
from metering.cases import Break, Plain, plausible, reset, step_removed
from metering.order import NOTHING_NEW, Judged
from metering.points import Origin, Points, SetAside
from metering.quarantine import Quarantine
from metering.rows import MISSING, Row
from metering.rules import BEYOND_UWH, EXACT, HINDSIGHT_MS, LINEAR_MS, REFRESH_SHOWN_MS, CounterRules
from metering.runs import ReadingRun, RunShape
from metering.stillness import before_run, catches_up, end_of_run, first_of_run, last_of_run, old_ms, run_across, runs_across
from metering.track import RegisterTrack

Shape = Callable[[int, int], list[tuple[int, int]] | None]
"""Weights of the quarter hours of a long gap: (end or end of gap [ms], cumulated weight); None where no like day shows any."""

_UNCONFIRMED = (IntervalMethod.RESET, IntervalMethod.STEP_REMOVED)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A register went away at `from_ms` and may still come back to where it had been."""

    from_ms: int
    from_uwh: int
    fell: bool


class Step(NamedTuple):
    """What a register has counted from one instant to another."""

    from_ms: int
    to_ms: int
    seen_from_ms: int
    """The reading before; `from_ms` may lie earlier, where the register stood still and then caught up."""
    advance_uwh: int
    kind: IntervalMethod


class CounterTrack(RegisterTrack):
    """The readings of one counter and the cases between them.

    What is a glitch is decided over all readings in order of time, those that were glitches before included: it follows from which
    readings came, not from when they came.
    """

    __slots__ = ("aside", "breaks", "cases", "doubts", "quarantine", "rules")

    def __init__(self, rules: CounterRules) -> None:
        super().__init__(rules)
        self.rules = rules
        self.breaks: dict[int, Break] = {}
        """By the time of the reading that a break leads to."""
        self.doubts: list[Doubt] = []
        self.quarantine = Quarantine()
        """What was thinned out while there was a doubt."""
        self.aside: dict[int, SetAside] = {}
        """By time."""
        self.cases: bytes | None = None
        """What was set aside and reinstated as bytes, as long as it does not change."""

    @property
    def _is_counted(self) -> bool:
        """Whether a higher value was taken later."""
        return not self.rules.is_balance

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
        new = SetAside(value, amount, origin, None)
        for out in (self.aside, self.misdated):
            if time_ms in out:
                if self.takes_the_place(new, out[time_ms]):
                    out[time_ms] = new._replace(thinned=out[time_ms].thinned)
                    self._must_judge, self.cases, self.clock_bytes = True, None, None
                return None, RejectionReason.DUPLICATE
        if not times or time_ms > times[-1]:
            points.append(time_ms, value, amount, origin, self.rules.dense_ms)
            self._must_judge |= self.look_around(len(times) - 1, self.rules.dense_ms, self._is_counted)
            return self._append_judged(), None
        if time_ms < points.floor_ms:
            return None, RejectionReason.BEYOND_HORIZON
        index = bisect_left(times, time_ms)
        if times[index] == time_ms:
            return self._same_instant(index, new), RejectionReason.DUPLICATE
        if points.is_seen(time_ms, index):
            return None, RejectionReason.DUPLICATE
        return self._insert(index, time_ms, new)

    def _insert(self, index: int, time_ms: int, new: SetAside) -> tuple[tuple[int, int] | None, RejectionReason | None]:
        """Put a late reading where the order of time wants it."""
        points, times = self.points, self.points.times
        points.insert(index, time_ms, new.value, new.amount, new.origin)
        self._must_judge |= self.look_around(index, self.rules.dense_ms, self._is_counted)
        first, last = max(index - 1, 0), index + 1
        if index > 0 and (points.amounts[first] == new.amount or catches_up(points, self.breaks, self.rules, index)):
            first = first_of_run(points, self.breaks, first)
        if points.amounts[last] == new.amount:
            last = min(last_of_run(points, self.breaks, last) + 1, len(times) - 1)
        if not self._must_judge and not self._fits(index):
            self._must_judge = True
        return (times[first], times[last]), None

    def plain_amounts(self, times: list[int], run: ReadingRun, shape: RunShape | None) -> list[int] | None:
        """Amounts of a run that follows in ordinary steps on what is known; None if it does not."""
        points, rules = self.points, self.rules
        known = points.times
        if known[-1] in self.breaks or rules.changes_within(known[-1], times[-1]):
            return None
        if shape is None or rules.is_balance:
            return self._plain_few(times, run.values.tolist())
        found = rules.amounts(run.values, shape.thousandths, times[0])
        if found is None:
            return None
        amounts: list[int] = found.tolist()
        advances = found[1:] - found[:-1]
        least, most = advances.min(), advances.max().item()
        first = amounts[0] - points.amounts[-1]
        if least < 0 or first < 0 or most >= EXACT or (self.doubts and max(first, most) >= self._least_return()):
            return None
        if not rules.is_possible(first, times[0] - known[-1], amounts[0]) or (
            most > rules.most_uwh_per_ms * shape.shortest_ms + rules.resolution_uwh
            and not (advances <= rules.most_uwh_per_ms * shape.elapsed + rules.resolution_uwh).all()
        ):
            return amounts if self._catches_up_plainly(times, np.concatenate(([first], advances))) else None
        return amounts

    def _catches_up_plainly(self, times: list[int], advances: NDArray[np.int64]) -> bool:
        """Whether all steps of a run are possible since the register last changed, and it stood still for a short time only."""
        rules, points = self.rules, self.points
        at = np.array([points.times[-1], *times], np.int64)
        first = points.times[first_of_run(points, self.breaks, len(points) - 1)]
        changed = np.concatenate(([first], np.where(advances > 0, at[1:], first)))
        since = np.maximum.accumulate(changed)[:-1]
        late = advances > rules.most_uwh_per_ms * (at[1:] - at[:-1]) + rules.resolution_uwh
        still_ms = (at[1:] - since)[late]
        possible = advances[late] <= rules.most_uwh_per_ms * (still_ms + rules.refresh_ms) + rules.resolution_uwh
        return bool(possible.all() and still_ms.max() <= REFRESH_SHOWN_MS)

    def _plain_few(self, times: list[int], values: list[float]) -> list[int] | None:
        rules = self.rules
        t0, e0 = self.points.times[-1], self.points.amounts[-1]
        least_return = self._least_return() if self.doubts else inf
        amounts: list[int] = []
        for time_ms, value in zip(times, values, strict=True):
            if time_ms <= t0 or not isfinite(value):
                return None
            amount = rules.amount(value, time_ms)
            if amount - e0 >= least_return or not rules.is_possible(amount - e0, time_ms - t0, amount):
                return None
            amounts.append(amount)
            t0, e0 = time_ms, amount
        return amounts

    def _least_return(self) -> float:
        """The smallest rise that can show a fall to have been a glitch."""
        falls = (doubt.from_uwh - self._first_away(doubt) for doubt in self.doubts if doubt.fell)
        return min(falls, default=inf)

    def _first_away(self, doubt: Doubt) -> int:
        """The first count after the register went away."""
        return self.points.amounts[bisect_right(self.points.times, doubt.from_ms)]

    def changed_from(self, index: int) -> int:
        """From when on [ms] readings after that at `index` change what was counted: from before it, where the register catches up."""
        points = self.points
        if index == 0 or points.amounts[index] != points.amounts[index - 1]:
            return points.times[index]
        first = first_of_run(points, self.breaks, index)
        last = last_of_run(points, self.breaks, index) + 1
        if first < index and last < len(points) and catches_up(points, self.breaks, self.rules, last):
            return points.times[first]
        return points.times[index]

    def _append_judged(self) -> tuple[int, int]:
        times = self.points.times
        if self._must_judge or len(times) == 1:
            return self._widened((times[-1], times[-1]))
        span, refused = self._judge_last()
        if refused is not None:
            # The return from a glitch: what lies between goes with the batch's settling, so that it is told once.
            self._must_judge = True
        return span

    def _same_instant(self, index: int, new: SetAside) -> tuple[int, int] | None:
        points = self.points
        if not self.takes_the_place(new, points.set_aside(index)):
            return None
        points.put(index, new.value, new.amount, new.origin)
        self.look_around(index, self.rules.dense_ms, self._is_counted)
        self._must_judge = True
        return points.times[max(index - 1, 0)], points.times[min(index + 1, len(points) - 1)]

    def _fits(self, index: int) -> bool:
        """Whether the reading at `index` lies in an ordinary step and leaves two ordinary ones."""
        if self.doubts:
            return False
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
        return all(isinstance(plausible(self.rules, times[a], amounts[a], times[b], amounts[b]), Plain) for a, b in pairs)

    def settle(self, site: str, meter: str) -> Judged:
        """Judge again what a batch has put in doubt."""
        if not self._must_judge:
            return NOTHING_NEW
        self._must_judge = False
        before, were_out, everything = self.breaks, {**self.aside, **self.misdated}, self._all_points()
        self.breaks, self.doubts, self.aside = {}, [], {}
        out, judged = self.take_out_misdated(everything, were_out, self.rules, self._is_counted, site, meter)
        all_points = everything.without(out) if out else everything
        kept = self.points = all_points.emptied()
        done = 0
        for odd in [*self._odd_steps(all_points), len(all_points)]:
            done = self._take_plain(all_points, done, odd)
            while done < min(odd + 1, len(all_points)):
                kept.append_from(all_points, done, done + 1)
                done += 1
                if len(kept) > 1:
                    self._judge_again(were_out, judged, site, meter)
        kept.dense_from_ms = None
        for time_ms, was in were_out.items():
            if time_ms not in self.aside and time_ms not in self.misdated:
                self.reinstated[time_ms] = was.thinned
                judged.counts.append((time_ms, 1 + (was.thinned or 0)))
                judged.spans.append((time_ms, time_ms))
        if were_out or self.aside or self.misdated:
            self.cases = self.clock_bytes = None
        judged.spans.extend((b.from_ms, b.to_ms) for b in {*before.values()} ^ {*self.breaks.values()})
        return judged._replace(spans=[self._widened(span) for span in judged.spans])

    def _odd_steps(self, points: Points) -> list[int]:
        """Indices that a step leads to of which more must be known than that it is an ordinary one."""
        rules, times, amounts = self.rules, points.times, points.amounts
        if rules.is_balance:
            return list(range(1, len(times)))
        most = rules.most_uwh_per_ms
        changes = bool(rules.exchanges or rules.multipliers)
        return [
            k
            for k in range(1, len(times))
            if not 0 <= amounts[k] - amounts[k - 1] <= most * (times[k] - times[k - 1])
            or (changes and rules.changes_within(times[k - 1], times[k]))
        ]

    def _take_plain(self, points: Points, first: int, stop: int) -> int:
        """Put the readings ``[first, stop)``, which ordinary steps lead to, after all others, as long as they bring nothing back."""
        if self.doubts and first > 0:
            least, amounts = self._least_return(), points.amounts
            stop = next((k for k in range(first, stop) if amounts[k] - amounts[k - 1] >= least), stop)
        if first < stop:
            self.points.append_from(points, first, stop)
        return max(first, stop)

    def _judge_again(self, were_out: dict[int, SetAside], judged: Judged, site: str, meter: str) -> None:
        """Judge the step to the last reading, and what is left of it when glitches before it are gone."""
        glitch: tuple[int, int] | None = (0, 0)
        while glitch is not None:
            span, glitch = self._judge_last()
            if glitch is not None and self._set_aside(*glitch, were_out, judged, site, meter):
                judged.spans.append(span)

    def _widened(self, span: tuple[int, int]) -> tuple[int, int]:
        """A span with the readings beside it, and as far as the register stands still there."""
        points, times = self.points, self.points.times
        first = max(bisect_left(times, span[0]) - 1, 0)
        last = min(bisect_right(times, span[1]), len(times) - 1)
        if last > 0 and points.amounts[last] == points.amounts[last - 1]:
            last = min(last_of_run(points, self.breaks, last) + 1, len(times) - 1)
        return min(span[0], times[first_of_run(points, self.breaks, first)]), max(span[1], times[last])

    def _all_points(self) -> Points:
        """The readings in use and those that were set aside, in order of time."""
        if not self.aside and not self.misdated:
            return self.points
        points, at = self.points.emptied(), 0
        for time_ms, out in sorted((*self.aside.items(), *self.misdated.items())):
            place = bisect_left(self.points.times, time_ms)
            points.append_from(self.points, at, place)
            points.append_aside(time_ms, out)
            at = place
        points.append_from(self.points, at, len(self.points))
        return points

    def _set_aside(
        self, first: int, stop: int, were_out: dict[int, SetAside], judged: Judged, site: str, meter: str
    ) -> bool:  # fmt: skip
        """Take the readings ``[first, stop)`` out of use, and tell those that have not been told; whether any was in use."""
        points, channel = self.points, self.rules.channel
        refused: list[Reading] = []
        told = len(judged.counts)
        for k in range(first, stop):
            time_ms = points.times[k]
            known = were_out.get(time_ms)
            if known is not None:
                self.aside[time_ms] = known
                continue
            thinned: int | None = None
            if time_ms in self.reinstated:
                thinned = self.reinstated.pop(time_ms)
                judged.counts.append((time_ms, -1 - (thinned or 0)))
            else:
                refused.append(points.reading(k, site, meter, channel))
                judged.counts.append((time_ms, -1))
                if time_ms in points.whole and k + 1 < stop:
                    gone = self.quarantine.take_out(time_ms, points.times[k + 1], site, meter, channel)
                    thinned = len(gone)
                    refused += gone
                    judged.counts.extend((reading.observed_ms, -1) for reading in gone)
            self.aside[time_ms] = points.set_aside(k, thinned)
        points.remove(first, stop)
        judged.refused.extend(sorted(refused, key=lambda reading: reading.observed_ms))
        return len(judged.counts) > told

    def _judge_last(self) -> tuple[tuple[int, int], tuple[int, int] | None]:
        """Decide the step to the last reading: the span it changes, and the readings (indices) that it shows to be glitches."""
        points, rules = self.points, self.rules
        times, amounts = points.times, points.amounts
        i, k = len(times) - 2, len(times) - 1
        t0, e0, t1, e1 = times[i], amounts[i], times[k], amounts[k]
        if t0 in points.whole:
            return (t0, t1), None
        held = self.breaks.get(t0)
        span = (held.from_ms if held is not None else t0, t1)
        case, still_from_ms = plausible(rules, t0, e0, t1, e1), t0
        if case is None:
            still_from_ms = times[first_of_run(points, self.breaks, i)]
            case = plausible(rules, t0, e0, t1, e1, old_ms(points, self.breaks, rules, i))
            span = (min(span[0], still_from_ms), t1)
        if self.doubts:
            self.doubts = [d for d in self.doubts if t1 - d.from_ms <= HINDSIGHT_MS]
            back = self._came_back(i, k, case)
            if back is not None:
                return (min(span[0], times[back]), t1), (back + 1, k)
        if case is not None:
            if isinstance(case, Break):
                self.breaks[t1] = case
            elif still_from_ms < t0 and t1 - still_from_ms > REFRESH_SHOWN_MS and e1 > e0:
                self.doubts.append(Doubt(t0, e0, False))
            return span, None
        self.doubts.append(Doubt(t0, e0, e1 < e0))
        before = None
        if i > 0 and t0 not in self.breaks:
            before = t0 - times[i - 1], e0 - amounts[i - 1]
        self.breaks[t1] = reset(rules, t0, e0, t1, e1) or step_removed(rules, t0, t1, before)
        return span, None

    def _came_back(self, i: int, k: int, case: Plain | Break | None) -> int | None:
        """Where the register had been before it went away, if the step from `i` to `k` brings it back there.

        The latest doubt first: what came back explains as little as it can, and an earlier step stays what it was.
        """
        times, amounts = self.points.times, self.points.amounts
        fell = amounts[k] < amounts[i]
        for position in reversed(range(len(self.doubts))):
            doubt = self.doubts[position]
            if doubt.fell == fell or not self._undoes(doubt, i, k, case):
                continue
            from_ = bisect_left(times, doubt.from_ms)
            old = old_ms(self.points, self.breaks, self.rules, from_)
            back = plausible(self.rules, doubt.from_ms, doubt.from_uwh, times[k], amounts[k], old)
            if back is not None:
                del self.doubts[position:]
                self.breaks = {to_ms: b for to_ms, b in self.breaks.items() if to_ms <= doubt.from_ms}
                if isinstance(back, Break):
                    self.breaks[times[k]] = back
                return from_
        return None

    def _undoes(self, doubt: Doubt, i: int, k: int, case: Plain | Break | None) -> bool:
        """Whether the step from `i` to `k` is of a kind that undoes that of `doubt`, in the other direction.

        An impossible one does. So does a rise that is at least as large as the fall, unless the register has gone on counting from where it
        fell to: then it must be soon after, seen, and more than the register's pace meanwhile by half the fall.
        """
        times, amounts = self.points.times, self.points.amounts
        first = bisect_right(times, doubt.from_ms)
        away, change = amounts[first], abs(amounts[k] - amounts[i])
        if not doubt.fell:
            # What only its standing still made possible is undone by no less than half of it.
            return times[first] in self.breaks or 2 * change > away - doubt.from_uwh
        if case is None:
            return True
        fall = doubt.from_uwh - away
        if not isinstance(case, Plain) or self.rules.is_balance or change < fall:
            return False
        if amounts[i] == away:
            return True
        if times[k] - times[first] > REFRESH_SHOWN_MS or self.is_gap(times[i], times[k]):
            return False
        still_ms = times[k] - times[first_of_run(self.points, self.breaks, i)]
        return 2 * (change - (amounts[i] - away) * still_ms // (times[i] - times[first])) >= fall

    # What the track says

    def _known(self) -> int:
        """How many readings count: a first reading after an impossible step waits for the second to confirm it."""
        times = self.points.times
        held = self.breaks.get(times[-1]) if times else None
        return len(times) - (held is not None and held.kind in _UNCONFIRMED)

    def _steps(self, first: int, last: int) -> Iterator[Step]:
        """Steps between the readings `first` and `last`, and the one behind them that ends a standing still across `last`."""
        points, breaks = self.points, self.breaks
        times, amounts = points.times, points.amounts
        for k in range(first + 1, last + 1):
            t0, t1 = times[k - 1], times[k]
            case = breaks.get(t1) if breaks else None
            if case is not None:
                for part_from, part_to, advance in case.parts:
                    yield Step(part_from, part_to, part_from, advance, case.kind)
            elif catches_up(points, breaks, self.rules, k):
                yield Step(self._still_from_ms(k), t1, t0, amounts[k] - amounts[k - 1], IntervalMethod.REGISTER)
            else:
                yield Step(t0, t1, t0, amounts[k] - amounts[k - 1], IntervalMethod.REGISTER)
        if last > first and amounts[last] == amounts[last - 1]:
            k = last_of_run(points, breaks, last) + 1
            if k < self._known() and catches_up(points, breaks, self.rules, k):
                yield Step(self._still_from_ms(k), times[k], times[k - 1], amounts[k] - amounts[k - 1], IntervalMethod.REGISTER)

    def _still_from_ms(self, index: int) -> int:
        return self.points.times[first_of_run(self.points, self.breaks, index - 1)]

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
        is_divided = False
        for step in self._steps(first, last):
            t0, t1, advance = step.from_ms, step.to_ms, step.advance_uwh
            if t0 == t1:
                energy += advance if start_ms < t0 <= end_ms else 0
                continue
            if t1 <= start_ms or t0 >= end_ms:
                continue
            low, high, seen_from = max(t0, start_ms), min(t1, end_ms), step.seen_from_ms
            gap = t1 - seen_from > self.rules.gap_ms and self.is_gap(seen_from, t1)
            if not gap:
                seen_ms += max(high - max(seen_from, start_ms), 0)
            if step.kind is not IntervalMethod.REGISTER and high > low:
                method = step.kind
            if low == t0 and high == t1:
                energy += advance
                continue
            unseen_from = seen_from if gap else t0 if seen_from - t0 > 0 and t1 - t0 > REFRESH_SHOWN_MS else t1
            is_divided |= unseen_from < start_ms < t1 or unseen_from < end_ms < t1
            weights = shape(t0, t1) if gap and t0 == seen_from and t1 - t0 > LINEAR_MS else None
            like_day |= weights is not None
            energy += _until(high, t0, t1, advance, weights) - _until(low, t0, t1, advance, weights)
        coverage = round(seen_ms / QUARTER_MS, 6)
        if not is_bracketed:
            return MISSING._replace(coverage=coverage)
        if is_divided:
            division = IntervalMethod.LIKE_DAY_SCALED if like_day else IntervalMethod.INTERPOLATED
            return Row(energy, coverage, IntervalQuality.SUBSTITUTED, division)
        measured = method in (IntervalMethod.REGISTER, IntervalMethod.ROLLOVER)
        return Row(energy, coverage, IntervalQuality.MEASURED if measured else IntervalQuality.CORRECTED, method)

    def stood_still(self, start_ms: int) -> bool:
        """Whether the register showed one value throughout the quarter hour that begins at `start_ms`."""
        times, amounts = self.points.times, self.points.amounts
        first, last = bisect_right(times, start_ms) - 1, bisect_left(times, start_ms + QUARTER_MS)
        return (
            first >= 0
            and last < len(times)
            and amounts[first] == amounts[last]
            and last_of_run(self.points, self.breaks, first) >= last
        )

    def long_gaps(self) -> Iterator[tuple[int, int]]:
        """Gaps that take the shape of like days."""
        for k in range(1, self._known()):
            t0, t1 = self.points.times[k - 1], self.points.times[k]
            if t1 - t0 > LINEAR_MS and self.is_gap(t0, t1):
                yield t0, t1

    def can_seal(self, quarter: int) -> bool:
        """Whether nothing that may still come can change `quarter`."""
        if self.doubts or not self.points.is_complete(quarter, self.rules.dense_ms) or self._hangs_on_silence(quarter):
            return False
        start, end = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
        return not any(
            b.from_ms < end and (b.to_ms > start or (start <= b.from_ms + HINDSIGHT_MS and self._may_come_back(b)))
            for b in self.breaks.values()
        )

    def _hangs_on_silence(self, quarter: int) -> bool:
        """Whether readings that may still come can change since when the register stands still at the beginning or the end of `quarter`."""
        points, times = self.points, self.points.times
        for boundary in (quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS):
            at = bisect_left(times, boundary)
            if not 0 < at < len(times):
                continue
            first, last = first_of_run(points, self.breaks, at), last_of_run(points, self.breaks, at)
            # Where a run is first seen at the boundary itself, it may have begun before it.
            stands = first < at or (times[at] == boundary and bool(end_of_run(points, self.breaks, self.rules, at)))
            if stands and (self._is_open(first) or (self._is_open(last + 1) and times[last] - times[at] <= HINDSIGHT_MS)):
                return True
        return False

    def _is_open(self, index: int) -> bool:
        """Whether readings may still come before the one at `index`."""
        times = self.points.times
        before = index - 1
        return (
            0 < index < len(times) and times[index] - times[before] > self.rules.dense_ms and times[before] not in self.points.whole
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

    def _quarantine(self, from_ms: int) -> Quarantine | None:
        """Where readings from `from_ms` on go when they are thinned out: hindsight may want to tell them."""
        doubtful = self.doubts or any(b.kind in _UNCONFIRMED and from_ms - b.from_ms <= HINDSIGHT_MS for b in self.breaks.values())
        return self.quarantine if doubtful else None

    def seal(self, quarter: int) -> None:
        """Keep of `quarter` only what its neighbours need."""
        points, times = self.points, self.points.times
        at = bisect_left(times, (quarter + 1) * QUARTER_MS)
        pins = {times[k] for k in run_across(points, self.breaks, self.rules, at)} if at < len(times) else set()
        points.seal(quarter, self.rules.dense_ms, pins, self._quarantine(quarter * QUARTER_MS), self)

    @property
    def open_from_ms(self) -> int:
        """From when on [ms] quarter hours may still change with what comes: where the register stands still it may catch up."""
        points = self.points
        head, held = len(points) - 1, self.whole_from_ms()
        first = first_of_run(points, self.breaks, head)
        still_from_ms = points.times[first] if first < head else points.times[head] + 1
        return still_from_ms if held is None else min(still_from_ms, held)

    def thin(self) -> None:
        """Keep of readings that lie close together only what quarter hours and cases need."""
        points, times, to_ms = self.points, self.points.times, self.thin_to_ms(self.rules.thin_age_ms)
        if to_ms is None:
            return
        start, stop = points.thin_span(to_ms)
        run_from = first_of_run(points, self.breaks, stop - 1) if stop > start else start
        points.thin(
            to_ms, self.rules.dense_ms, self._pins(start, stop), self._quarantine(points.thin_from_ms), runs=self,
            passing_ms=times[run_from] if start < run_from < stop - 1 else None,
        )  # fmt: skip

    def before(self, index: int) -> int:
        """Where the register began to stand still, if it catches up with the step to the reading at `index`; else the reading before."""
        return before_run(self.points, self.breaks, self.rules, index)

    def across(self, index: int) -> Sequence[int]:
        """Which readings tell how long the register stands still between the one at `index` and the one before."""
        return run_across(self.points, self.breaks, self.rules, index)

    def _pins(self, start: int, stop: int) -> set[int]:
        """Which of the readings ``[start, stop)`` must stay [ms]: those that cases hang on, and that tell since when the register stands still."""
        points, times = self.points, self.points.times
        pins = runs_across(points, self.breaks, self.rules, start, stop)
        from_ms = points.thin_from_ms
        for found in self.breaks.values():
            if found.to_ms >= from_ms:
                pins.update((found.from_ms, found.to_ms))
                before = bisect_left(times, found.from_ms)
                pins.update(times[max(before - 1, 0) : before])
        for doubt in self.doubts:
            pins.update((doubt.from_ms, times[bisect_right(times, doubt.from_ms)]))
        for time_ms in self.aside:
            if time_ms >= from_ms:
                after = bisect_left(times, time_ms)
                pins.update(times[max(after - 1, 0) : after + 1])
                pins.add(times[first_of_run(points, self.breaks, max(after - 1, 0))])
        return pins

    def forget_old_doubts(self) -> None:
        """Doubts that no reading can settle any more."""
        if self.doubts:
            head = self.points.times[-1]
            self.doubts = [d for d in self.doubts if head - d.from_ms <= HINDSIGHT_MS]
        if self.quarantine:
            self.quarantine.forget_before(self.points.received[-1] - HINDSIGHT_MS)

    def forget_integral(self, quarter: int) -> None:
        """A counter has none."""

    def set_back(self, to_ms: int) -> None:
        """Forget what is dated after `to_ms`."""
        super().set_back(to_ms)
        head_ms = self.points.times[-1] if self.points.times else to_ms
        self.breaks = {at_ms: found for at_ms, found in self.breaks.items() if at_ms <= head_ms}
        self.doubts = [doubt for doubt in self.doubts if doubt.from_ms < head_ms]
        self.aside = {time_ms: out for time_ms, out in self.aside.items() if time_ms <= to_ms}
        self.cases = None

    def freeze_before(self, floor_ms: int) -> None:
        """Forget what is beyond the horizon."""
        edge = bisect_left(self.points.times, floor_ms) - 1
        self.points.freeze_before(floor_ms, first_of_run(self.points, self.breaks, edge) if edge > 0 else None)
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

"""A counter's readings as a track: what it has plausibly counted between any two instants.

Where its rules stand, each by itself:

- `cases`: what can lie between two readings: an ordinary step, a rollover, an exchange, another multiplier, a reset, a step that is no energy;
- `stillness`: registers that are refreshed slowly, stand still and then catch up;
- `hindsight`: what a new reading shows about earlier steps: a glitch, or a register that stays where it went;
- `settling`: all readings judged again, after a late one or a return, so that the order of arrival does not matter;
- `track` and `misdated`: readings that do not count because a clock was set;
- `plain_runs`: whole runs of ordinary readings at once;
- `counter_quarter`: one quarter hour: interpolation at its boundaries, gaps, quality and method;
- `counter_needs` and `thinning`: what may be forgotten, and when a quarter hour is settled.
"""

from __future__ import annotations

from bisect import bisect_left
from math import inf

from domain.intervals import QUARTER_MS
from domain.readings import RejectionReason
from metering import settling, thinning
from metering.cases import Break
from metering.counted import Counted
from metering.counter_needs import boundary_pins, is_settled, may_be_wanted, pins
from metering.hindsight import Doubt, fits, least_return, newest_step, still_open
from metering.misdated import NOTHING_NEW, Judged
from metering.plain_runs import plain_amounts
from metering.points import Origin, SetAside
from metering.quarantine import Quarantine
from metering.rules import BEYOND_UWH, HINDSIGHT_MS, CounterRules
from metering.runs import ListedRun
from metering.stillness import catches_up, changed_from_ms, first_of_run, last_of_run, still_at_head_ms, widened
from metering.track import RegisterTrack, Taken


class CounterTrack(RegisterTrack):
    """The readings of one counter, the cases between them, and those that were glitches.

    It holds what is remembered and puts each new reading in its place; what follows from the readings is decided by the functions of
    the modules named above.
    """

    __slots__ = ("aside", "breaks", "cases", "doubts", "is_counted", "quarantine", "rules")

    def __init__(self, rules: CounterRules) -> None:
        super().__init__(rules)
        self.rules = rules
        self.is_counted = not rules.is_balance
        """Whether a higher value was taken later."""
        self.breaks: dict[int, Break] = {}
        """By the time of the reading that a break leads to."""
        self.doubts: list[Doubt] = []
        self.quarantine = Quarantine()
        """What was thinned out while there was a doubt."""
        self.aside: dict[int, SetAside] = {}
        """Glitches, by time."""
        self.cases: bytes | None = None
        """What was set aside and reinstated as bytes, as long as it does not change."""

    @property
    def counted(self) -> Counted:
        """What decisions start from."""
        return Counted(self.points, self.breaks, self.rules)

    # Taking readings

    def take(self, time_ms: int, value: float, origin: Origin) -> Taken:
        """Put one reading in its place: the span whose count may have changed [ms], or why it was refused.

        `settle` must follow the batch.
        """
        amount = self.rules.amount(value, time_ms)
        if not -BEYOND_UWH < amount < BEYOND_UWH:
            return None, RejectionReason.IMPOSSIBLE_POWER
        times = self.points.times
        if (self.aside and time_ms in self.aside) or (self.misdated and time_ms in self.misdated):
            return self._again_out_of_use(time_ms, SetAside(value, amount, origin, None))
        if not times or time_ms > times[-1]:
            self.points.append(time_ms, value, amount, origin, self.rules.dense_ms)
            self._must_judge |= self.look_around(len(times) - 1, self.rules.dense_ms, self.is_counted)
            return self._append_judged(), None
        index, reason = self.place_late(time_ms, SetAside(value, amount, origin, None))
        if index is None:
            return None, reason
        return self._inserted(index) if reason is None else self._replaced(index), reason

    def _again_out_of_use(self, time_ms: int, new: SetAside) -> Taken:
        """Another reading of an instant whose reading does not count."""
        out = self.aside if time_ms in self.aside else self.misdated
        if self.takes_the_place(new, out[time_ms]):
            out[time_ms] = new._replace(thinned=out[time_ms].thinned)
            self._must_judge, self.cases, self.clock_bytes = True, None, None
        return None, RejectionReason.DUPLICATE

    def _append_judged(self) -> tuple[int, int]:
        times = self.points.times
        if self._must_judge or len(times) == 1:
            return widened(self.counted, (times[-1], times[-1]))
        verdict = newest_step(self.counted, self.doubts)
        self.doubts, self.breaks = verdict.doubts, verdict.applied_to(self.breaks)
        # After the return from a glitch, what lies between goes when the batch is settled, so that it is reported once.
        self._must_judge = verdict.glitch is not None
        return verdict.span

    def _inserted(self, index: int) -> tuple[int, int]:
        """A late reading is at `index` now; the span that it changes [ms]."""
        times, amounts, counted = self.points.times, self.points.amounts, self.counted
        self._must_judge |= self.look_around(index, self.rules.dense_ms, self.is_counted)
        first, last = max(index - 1, 0), index + 1
        if index > 0 and (amounts[first] == amounts[index] or catches_up(counted, index)):
            first = first_of_run(counted, first)
        if amounts[last] == amounts[index]:
            last = min(last_of_run(counted, last) + 1, len(times) - 1)
        self._must_judge = self._must_judge or bool(self.doubts) or not fits(counted, self.aside, index)
        return times[first], times[last]

    def _replaced(self, index: int) -> tuple[int, int]:
        """The reading at `index` is another one now; the span that it changes [ms]."""
        times = self.points.times
        self.look_around(index, self.rules.dense_ms, self.is_counted)
        self._must_judge = True
        return times[max(index - 1, 0)], times[min(index + 1, len(times) - 1)]

    def plain_amounts(self, run: ListedRun) -> list[int] | None:
        """Amounts of a run that follows in ordinary steps on what is known; None if it does not."""
        counted = self.counted
        return plain_amounts(counted, least_return(counted, self.doubts) if self.doubts else inf, run)

    def run_span(self, known: int) -> tuple[int, int]:
        """The span [ms] whose count may have changed by a plain run that was put after the first `known` readings."""
        return changed_from_ms(self.counted, known - 1), self.points.times[-1]

    # Hindsight

    def settle(self, site: str, meter: str) -> Judged:
        """Judge again what a batch has put in doubt."""
        if not self._must_judge:
            return NOTHING_NEW
        self._must_judge = False
        before, were_out = self.breaks, {**self.aside, **self.misdated}
        everything = settling.in_order_of_time(self.points, were_out)
        out, judged = self.take_out_misdated(everything, were_out, self.rules, self.is_counted, site, meter)
        everything = everything.without(out) if out else everything
        found = settling.Settling(
            site, meter, self.rules, were_out, self.reinstated, self.quarantine, judged, everything.emptied()
        )  # fmt: skip
        found.run(everything)
        self.points, self.breaks, self.doubts, self.aside = found.points, found.breaks, found.doubts, found.aside
        self._reinstate(were_out, judged)
        judged.spans.extend((b.from_ms, b.to_ms) for b in {*before.values()} ^ {*self.breaks.values()})
        return judged._replace(spans=[widened(self.counted, span) for span in judged.spans])

    def _reinstate(self, were_out: dict[int, SetAside], judged: Judged) -> None:
        """What was out of use and no longer is counts again."""
        for time_ms, was in were_out.items():
            if time_ms not in self.aside and time_ms not in self.misdated:
                self.reinstated[time_ms] = was.thinned
                judged.counts.append((time_ms, 1 + (was.thinned or 0)))
                judged.spans.append((time_ms, time_ms))
        if were_out or self.aside or self.misdated:
            self.cases = self.clock_bytes = None

    # Forgetting

    @property
    def open_from_ms(self) -> int:
        """From when on [ms] quarter hours may still change with what comes: where the register stands still it may catch up."""
        held, still_ms = self.whole_from_ms(), still_at_head_ms(self.counted)
        return still_ms if held is None else min(still_ms, held)

    def can_seal(self, quarter: int) -> bool:
        """Whether nothing that may still come can change `quarter`."""
        return not self.doubts and is_settled(self.counted, quarter)

    def seal(self, quarter: int) -> None:
        """Keep of `quarter` only what its neighbours need."""
        counted = self.counted
        needs = thinning.Needs(boundary_pins(counted, quarter), counted, self._quarantine(quarter * QUARTER_MS))
        thinning.seal(self.points, quarter, self.rules.dense_ms, needs)

    def thin(self) -> None:
        """Keep of readings that lie close together only what quarter hours and cases need."""
        to_ms = self.thin_to_ms(self.rules.thin_age_ms)
        if to_ms is None:
            return
        counted, points = self.counted, self.points
        start, stop = thinning.span(points, to_ms)
        run_from = first_of_run(counted, stop - 1) if stop > start else start
        needs = thinning.Needs(
            pins(counted, self.doubts, self.aside, start, stop),
            counted,
            self._quarantine(points.thin_from_ms),
            passing_ms=points.times[run_from] if start < run_from < stop - 1 else None,
        )
        thinning.thin(points, to_ms, self.rules.dense_ms, needs)

    def _quarantine(self, from_ms: int) -> Quarantine | None:
        """Where readings from `from_ms` on go when they are thinned out; None if nobody can want them."""
        return self.quarantine if may_be_wanted(self.breaks.values(), self.doubts, from_ms) else None

    def forget_old_doubts(self) -> None:
        """Doubts that no reading can settle any more."""
        if self.doubts:
            self.doubts = still_open(self.doubts, self.points.times[-1])
        if self.quarantine:
            self.quarantine.forget_before(self.points.received[-1] - HINDSIGHT_MS)

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
        self.points.freeze_before(floor_ms, first_of_run(self.counted, edge) if edge > 0 else None)
        if self.aside or self.reinstated:
            self.aside = {time_ms: found for time_ms, found in self.aside.items() if time_ms >= floor_ms}
            self.reinstated = {time_ms: thinned for time_ms, thinned in self.reinstated.items() if time_ms >= floor_ms}
            self.cases = None
        first = self.points.times[0] if self.points.times else floor_ms
        if self.breaks:
            self.breaks = {to_ms: b for to_ms, b in self.breaks.items() if to_ms > first}

"""A gauge's readings as an integral: each holds until the next, but not for long."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import isfinite

import numpy as np

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from domain.readings import RejectionReason
from metering import thinning
from metering.misdated import NOTHING_NEW, Judged
from metering.packing import least, most
from metering.points import Origin, SetAside
from metering.rows import MISSING, Row
from metering.rules import MS_PER_HOUR, GaugeRules
from metering.runs import ListedRun
from metering.thinning import Needs
from metering.track import RegisterTrack, Taken

MEASURED_COVERAGE = 0.99
MOST_INT64 = 2.0**62
_INTEGRAL, _NOTHING_ELSE = Needs(integrate=True), Needs()


class GaugeTrack(RegisterTrack):
    """The readings of one gauge, and the integrals of quarter hours that are sealed."""

    __slots__ = ("integrals", "rules")

    def __init__(self, rules: GaugeRules) -> None:
        super().__init__(rules)
        self.rules = rules
        self.integrals: dict[int, int] = {}
        """Energy [uWh] of sealed quarter hours, which were seen whole."""

    def take(self, time_ms: int, value: float, origin: Origin) -> Taken:
        """Put one reading in its place: the span whose integral may have changed [ms], or why it was refused."""
        amount = self.rules.amount(value, time_ms)
        if not -self.rules.most_uw <= amount <= self.rules.most_uw:
            return None, RejectionReason.IMPOSSIBLE_POWER
        times = self.points.times
        if self.misdated and time_ms in self.misdated:
            return self._again_out_of_use(time_ms, SetAside(value, amount, origin, None))
        if not times or time_ms > times[-1]:
            self.points.append(time_ms, value, amount, origin, self.rules.dense_ms)
            return self._placed(len(times) - 1), None
        index, reason = self.place_late(time_ms, SetAside(value, amount, origin, None))
        if index is None:
            return None, reason
        first_ms, last_ms = self._placed(index)
        return (first_ms if reason is None else time_ms, last_ms), reason

    def _again_out_of_use(self, time_ms: int, new: SetAside) -> Taken:
        """Another reading of an instant whose reading does not count."""
        if self.takes_the_place(new, self.misdated[time_ms]):
            self.misdated[time_ms], self.clock_bytes, self._must_judge = new, None, True
        return None, RejectionReason.DUPLICATE

    def _placed(self, index: int) -> tuple[int, int]:
        """A new reading is at `index`; the span that it may change [ms], the reading before included."""
        times = self.points.times
        self._must_judge |= self.look_around(index, self.rules.dense_ms, is_counted=False)
        return times[max(index - 1, 0)], times[index] + self.rules.hold_ms

    def settle(self, site: str, meter: str) -> Judged:
        """Decide again which readings count where a clock was set."""
        if not self._must_judge:
            return NOTHING_NEW
        self._must_judge = False
        points, were_out, hold_ms = self.points, self.misdated, self.rules.hold_ms
        for time_ms, out in were_out.items():
            points.insert(bisect_left(points.times, time_ms), time_ms, out)
        gone, judged = self.take_out_misdated(points, were_out, self.rules, False, site, meter)
        for k in reversed(gone):
            points.remove(k, k + 1)
        for time_ms in were_out.keys() - self.misdated.keys():
            self.reinstated[time_ms] = None
            judged.counts.append((time_ms, 1))
            judged.spans.append((time_ms, time_ms))
        return judged._replace(spans=[(first - hold_ms, last + hold_ms) for first, last in judged.spans])

    def plain_amounts(self, run: ListedRun) -> list[int] | None:
        """Amounts [uW] of a run that follows on what is known; None if one of them cannot be used."""
        rules = self.rules
        if run.shape is None or rules.multipliers:
            return self._one_by_one(run.times, run.values)
        amounts = np.rint(run.run.values * rules.uw_per_unit)
        limit_uw = min(rules.most_uw, MOST_INT64)
        if not (-limit_uw <= least(amounts) and most(amounts) <= limit_uw):
            return None
        found: list[int] = amounts.astype(np.int64).tolist()
        return found

    def _one_by_one(self, times: list[int], values: list[float]) -> list[int] | None:
        t0, limit_uw = self.points.times[-1], self.rules.most_uw
        amounts: list[int] = []
        for time_ms, value in zip(times, values, strict=True):
            if time_ms <= t0 or not isfinite(value):
                return None
            amount = self.rules.amount(value, time_ms)
            if not -limit_uw <= amount <= limit_uw:
                return None
            amounts.append(amount)
            t0 = time_ms
        return amounts

    def run_span(self, known: int) -> tuple[int, int]:
        """The span [ms] whose integral may have changed by a run that was put after the first `known` readings."""
        times = self.points.times
        return times[known - 1], times[-1] + self.rules.hold_ms

    def integral(self, start_ms: int) -> tuple[int, int]:
        """Energy [uWh] and time [ms] covered in the quarter hour that begins at `start_ms`."""
        sealed = self.integrals.get(start_ms // QUARTER_MS)
        if sealed is not None:
            return sealed, QUARTER_MS
        times, amounts, end_ms = self.points.times, self.points.amounts, start_ms + QUARTER_MS
        hold_ms, whole = self.rules.hold_ms, self.points.whole
        uw_ms = seen_ms = 0
        for k in range(max(bisect_right(times, start_ms) - 1, 0), bisect_left(times, end_ms)):
            if times[k] in whole:
                uw_ms += whole[times[k]]
                seen_ms += times[k + 1] - times[k]
                continue
            stop = times[k] + hold_ms
            if k + 1 < len(times) and times[k + 1] < stop:
                stop = times[k + 1]
            held_ms = min(stop, end_ms) - max(times[k], start_ms)
            if held_ms > 0:
                uw_ms += amounts[k] * held_ms
                seen_ms += held_ms
        return round(uw_ms / MS_PER_HOUR) if abs(uw_ms) < 1 << 52 else uw_ms // MS_PER_HOUR, seen_ms

    def row(self, start_ms: int) -> Row:
        """The quarter hour that begins at `start_ms`: the mean of what was seen stands for the whole."""
        energy, seen_ms = self.integral(start_ms)
        if seen_ms == 0:
            return MISSING
        coverage = seen_ms / QUARTER_MS
        whole = energy * QUARTER_MS // seen_ms
        if coverage >= MEASURED_COVERAGE:
            return Row(whole, round(coverage, 6), IntervalQuality.MEASURED, IntervalMethod.INTEGRAL)
        return Row(whole, round(coverage, 6), IntervalQuality.ESTIMATED, IntervalMethod.COVERED_MEAN)

    def can_seal(self, quarter: int) -> bool:
        """Whether nothing that may still come can change `quarter`."""
        return self.points.is_complete(quarter, self.rules.dense_ms)

    def seal(self, quarter: int) -> None:
        """Keep of `quarter` its integral only, and what its neighbours need."""
        energy, _ = self.integral(quarter * QUARTER_MS)
        self.integrals[quarter] = energy
        thinning.seal(self.points, quarter, self.rules.dense_ms, _NOTHING_ELSE)

    def thin(self) -> None:
        """Keep of readings that lie close together only what quarter hours need."""
        to_ms = self.thin_to_ms(self.rules.thin_age_ms)
        if to_ms is not None:
            thinning.thin(self.points, to_ms, self.rules.dense_ms, _INTEGRAL)

    @property
    def open_from_ms(self) -> int:
        """From when on [ms] quarter hours may still change with what comes."""
        held = self.whole_from_ms()
        return self.points.times[-1] + 1 if held is None else held

    def forget_integral(self, quarter: int) -> None:
        """Nothing will be asked of `quarter` any more."""
        if self.integrals.pop(quarter, None) is not None:
            self.points.cold = self.points.stored = None

    def set_back(self, to_ms: int) -> None:
        """Forget what is dated after `to_ms`."""
        super().set_back(to_ms)
        self.integrals = {quarter: energy for quarter, energy in self.integrals.items() if quarter < to_ms // QUARTER_MS}

    def freeze_before(self, floor_ms: int) -> None:
        """Forget what is beyond the horizon."""
        self.points.freeze_before(floor_ms)
        if self.reinstated:
            self.reinstated = {time_ms: None for time_ms in self.reinstated if time_ms >= floor_ms}
            self.clock_bytes = None
        first = floor_ms // QUARTER_MS
        if self.integrals and next(iter(self.integrals)) < first:
            self.integrals = {quarter: energy for quarter, energy in self.integrals.items() if quarter >= first}

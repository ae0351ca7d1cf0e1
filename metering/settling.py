"""All readings of a counter judged again, in order of time, those that were glitches before included.

Late readings, and the return of a register that was away, change what earlier readings were.  So the judgement begins again with no breaks and
no doubts: it follows from which readings came, not from when they came.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.readings import Reading
from metering.cases import Break
from metering.counted import Counted
from metering.hindsight import Doubt, least_return, newest_step
from metering.misdated import Judged
from metering.points import Points, SetAside
from metering.quarantine import Quarantine
from metering.rules import CounterRules


def in_order_of_time(points: Points, were_out: Mapping[int, SetAside]) -> Points:
    """The readings in use and those, by time [ms], that were out of use."""
    if not were_out:
        return points
    everything, at = points.emptied(), 0
    for time_ms, out in sorted(were_out.items()):
        place = bisect_left(points.times, time_ms)
        everything.append_from(points, at, place)
        everything.append_aside(time_ms, out)
        at = place
    everything.append_from(points, at, len(points))
    return everything


@dataclass(slots=True)
class Settling:
    """One judgement of all readings; `run` fills `points`, `breaks`, `doubts` and `aside`."""

    site: str
    meter: str
    rules: CounterRules
    were_out: Mapping[int, SetAside]
    """What was out of use before, by time [ms]: it was reported then."""
    reinstated: dict[int, int | None]
    """What was reported as refused and is in use, by time [ms]: it is not reported again."""
    quarantine: Quarantine
    """What was thinned out while there was a doubt."""
    judged: Judged
    """What is to be reported."""
    points: Points
    """Empty at first."""
    breaks: dict[int, Break] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    aside: dict[int, SetAside] = field(default_factory=dict)

    @property
    def _counted(self) -> Counted:
        return Counted(self.points, self.breaks, self.rules)

    def run(self, everything: Points) -> None:
        """Judge all readings; ordinary ones are taken in one go."""
        done = 0
        for odd in [*odd_steps(everything, self.rules), len(everything)]:
            done = self._take_plain(everything, done, odd)
            while done < min(odd + 1, len(everything)):
                self.points.append_from(everything, done, done + 1)
                done += 1
                if len(self.points) > 1:
                    self._judge_newest()

    def _take_plain(self, everything: Points, first: int, stop: int) -> int:
        """Take the readings ``[first, stop)``, which ordinary steps lead to, as long as they bring nothing back; how far that was."""
        if self.doubts and first > 0:
            least, amounts = least_return(self._counted, self.doubts), everything.amounts
            stop = next((k for k in range(first, stop) if amounts[k] - amounts[k - 1] >= least), stop)
        if first < stop:
            self.points.append_from(everything, first, stop)
        return max(first, stop)

    def _judge_newest(self) -> None:
        """Judge the step to the newest reading, and what is left of it when glitches before it are gone."""
        while True:
            verdict = newest_step(self._counted, self.doubts)
            self.doubts, self.breaks = verdict.doubts, verdict.applied_to(self.breaks)
            if verdict.glitch is None:
                return
            if self._set_aside(verdict.glitch.first, verdict.glitch.stop):
                self.judged.spans.append(verdict.span)

    def _set_aside(self, first: int, stop: int) -> bool:
        """Take the readings ``[first, stop)`` out of use, and report those that were in use until now; whether any was."""
        refused: list[Reading] = []
        reported = len(self.judged.counts)
        for k in range(first, stop):
            time_ms = self.points.times[k]
            known = self.were_out.get(time_ms)
            self.aside[time_ms] = self._newly_out(k, stop, refused) if known is None else known
        self.points.remove(first, stop)
        self.judged.refused.extend(sorted(refused, key=lambda reading: reading.observed_ms))
        return len(self.judged.counts) > reported

    def _newly_out(self, index: int, stop: int, refused: list[Reading]) -> SetAside:
        """The reading at `index`, which was in use, as one that is not; it and what was thinned out after it is put to `refused`."""
        points, counts, channel = self.points, self.judged.counts, self.rules.channel
        time_ms = points.times[index]
        if time_ms in self.reinstated:
            thinned = self.reinstated.pop(time_ms)
            counts.append((time_ms, -1 - (thinned or 0)))
            return points.set_aside(index, thinned)
        refused.append(points.reading(index, self.site, self.meter, channel))
        counts.append((time_ms, -1))
        if time_ms not in points.whole or index + 1 >= stop:
            return points.set_aside(index)
        gone = self.quarantine.take_out(time_ms, points.times[index + 1], self.site, self.meter, channel)
        refused += gone
        counts.extend((reading.observed_ms, -1) for reading in gone)
        return points.set_aside(index, len(gone))


def odd_steps(points: Points, rules: CounterRules) -> list[int]:
    """Indices that a step leads to of which more must be known than that it is an ordinary one."""
    times, amounts, most = points.times, points.amounts, rules.most_uwh_per_ms
    if rules.is_balance:
        return list(range(1, len(times)))
    changes = bool(rules.exchanges or rules.multipliers)
    return [
        k
        for k in range(1, len(times))
        if not 0 <= amounts[k] - amounts[k - 1] <= most * (times[k] - times[k - 1])
        or (changes and rules.changes_within(times[k - 1], times[k]))
    ]

"""What the newest reading of a counter shows about the step to it, and about earlier steps that were in doubt. Pure.

A register that goes away by an impossible step leaves a *doubt*: it may still come back.  If it does so within `HINDSIGHT_MS`, what lies between
was a *glitch*; if not, it was a reset, or a step that is no energy.  All of this follows from the order of time, never from the order of arrival.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from metering.cases import Break, Plain, plausible, reset, step_removed
from metering.counted import Counted
from metering.rules import HINDSIGHT_MS, REFRESH_SHOWN_MS
from metering.stillness import old_ms, still_from_ms


@dataclass(frozen=True, slots=True)
class Doubt:
    """A register went away at `from_ms` and may still come back to where it had been."""

    from_ms: int
    from_uwh: int
    fell: bool


class Glitch(NamedTuple):
    """The register is back where it was at `from_ms`: the readings ``[first, stop)`` do not count, nor do the breaks between them."""

    first: int
    stop: int
    from_ms: int


class Verdict(NamedTuple):
    """What the newest reading shows."""

    span: tuple[int, int]
    """Whose count it changes [ms]; its end is the newest reading."""
    doubts: list[Doubt]
    """Those that are still open."""
    found: Break | None = None
    """The break that leads to the newest reading; None if the step is ordinary."""
    glitch: Glitch | None = None

    def applied_to(self, breaks: dict[int, Break]) -> dict[int, Break]:
        """The breaks as they are by this verdict; `breaks` itself may be changed."""
        if self.glitch is not None:
            breaks = {to_ms: found for to_ms, found in breaks.items() if to_ms <= self.glitch.from_ms}
        if self.found is not None:
            breaks[self.span[1]] = self.found
        return breaks


def newest_step(counted: Counted, doubts: list[Doubt]) -> Verdict:
    """Decide the step to the newest reading; there are at least two."""
    points, breaks, rules = counted
    times, amounts = points.times, points.amounts
    t0, e0, t1, e1 = times[-2], amounts[-2], times[-1], amounts[-1]
    if t0 in points.whole:
        return Verdict((t0, t1), doubts)
    held = breaks.get(t0)
    changed_ms, still_ms = t0 if held is None else held.from_ms, t0
    case = plausible(rules, t0, e0, t1, e1)
    if case is None:
        before = len(times) - 2
        still_ms = still_from_ms(counted, before)
        case = plausible(rules, t0, e0, t1, e1, old_ms(counted, before))
        changed_ms = min(changed_ms, still_ms)
    if doubts:
        doubts = still_open(doubts, t1)
        verdict = _came_back(counted, doubts, case, changed_ms)
        if verdict is not None:
            return verdict
    span = changed_ms, t1
    if case is None:
        return Verdict(span, [*doubts, Doubt(t0, e0, e1 < e0)], _stays_away(counted))
    if isinstance(case, Break):
        return Verdict(span, doubts, case)
    if still_ms < t0 and t1 - still_ms > REFRESH_SHOWN_MS and e1 > e0:
        return Verdict(span, [*doubts, Doubt(t0, e0, False)])
    return Verdict(span, doubts)


def still_open(doubts: Sequence[Doubt], now_ms: int) -> list[Doubt]:
    """The doubts that a reading at `now_ms` can still settle."""
    return [doubt for doubt in doubts if now_ms - doubt.from_ms <= HINDSIGHT_MS]


def _stays_away(counted: Counted) -> Break:
    """What an impossible step to the newest reading is, as long as the register does not come back."""
    points, breaks, rules = counted
    times, amounts = points.times, points.amounts
    t0, e0, t1, e1 = times[-2], amounts[-2], times[-1], amounts[-1]
    before = (t0 - times[-3], e0 - amounts[-3]) if len(times) > 2 and t0 not in breaks else None
    return reset(rules, t0, e0, t1, e1) or step_removed(rules, t0, t1, before)


def _came_back(counted: Counted, doubts: list[Doubt], case: Plain | Break | None, changed_ms: int) -> Verdict | None:
    """The verdict if the newest step, which is of `case`, brings the register back to where it had been before one of `doubts`.

    The latest doubt first: what came back explains as little as it can, and an earlier step stays what it was.
    """
    times, amounts = counted.points.times, counted.points.amounts
    fell = amounts[-1] < amounts[-2]
    for position in reversed(range(len(doubts))):
        doubt = doubts[position]
        if doubt.fell == fell or not _undoes(counted, doubt, case):
            continue
        index = bisect_left(times, doubt.from_ms)
        old = old_ms(counted, index)
        back = plausible(counted.rules, doubt.from_ms, doubt.from_uwh, times[-1], amounts[-1], old)
        if back is not None:
            span = min(changed_ms, times[index]), times[-1]
            found = back if isinstance(back, Break) else None
            return Verdict(span, doubts[:position], found, Glitch(index + 1, len(times) - 1, doubt.from_ms))
    return None


def _undoes(counted: Counted, doubt: Doubt, case: Plain | Break | None) -> bool:
    """Whether the newest step, which is of `case`, is of a kind that undoes that of `doubt`, in the other direction.

    An impossible one does. So does a rise that is at least as large as the fall, unless the register has gone on counting from where it
    fell to: see `_outruns_its_pace`.
    """
    times, amounts = counted.points.times, counted.points.amounts
    first = bisect_right(times, doubt.from_ms)
    away, change = amounts[first], abs(amounts[-1] - amounts[-2])
    if not doubt.fell:
        # What only its standing still made possible is undone by no less than half of it.
        return times[first] in counted.breaks or 2 * change > away - doubt.from_uwh
    if case is None:
        return True
    fall = doubt.from_uwh - away
    if not isinstance(case, Plain) or counted.rules.is_balance or change < fall:
        return False
    return amounts[-2] == away or _outruns_its_pace(counted, first, change, fall)


def _outruns_its_pace(counted: Counted, first: int, change: int, fall: int) -> bool:
    """Whether a rise soon after a fall, seen, is more than the register's pace meanwhile by half the fall.

    `first` is the index of the first reading after the fall, from which on the register has counted.
    """
    times, amounts = counted.points.times, counted.points.amounts
    if times[-1] - times[first] > REFRESH_SHOWN_MS or counted.is_gap(times[-2], times[-1]):
        return False
    still_ms = times[-1] - still_from_ms(counted, len(times) - 2)
    at_its_pace = (amounts[-2] - amounts[first]) * still_ms // (times[-2] - times[first])
    return 2 * (change - at_its_pace) >= fall


def least_return(counted: Counted, doubts: Sequence[Doubt]) -> float:
    """The smallest rise [uWh] that can show a fall to have been a glitch; infinite if there is none."""
    times, amounts = counted.points.times, counted.points.amounts
    falls = (doubt.from_uwh - amounts[bisect_right(times, doubt.from_ms)] for doubt in doubts if doubt.fell)
    return min(falls, default=inf)


def fits(counted: Counted, aside: Collection[int], index: int) -> bool:
    """Whether a late reading at `index`, while there is no doubt, lies in an ordinary step and leaves two ordinary ones.

    `aside` holds the times [ms] of readings that were glitches: with another reading beside them they may be none.
    """
    points, breaks, rules = counted
    times, amounts = points.times, points.amounts
    if any(times[at] in breaks for at in (index - 1, index + 1, index + 2) if 0 <= at < len(times)):
        return False
    since = times[index - 1] if index > 0 else 0
    if any(since < time_ms < times[index + 1] for time_ms in aside):
        return False
    steps = [(at - 1, at) for at in (index, index + 1) if at > 0]
    return all(isinstance(plausible(rules, times[a], amounts[a], times[b], amounts[b]), Plain) for a, b in steps)

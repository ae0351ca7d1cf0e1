"""When a machine runs: by the load of its own meter, and by what its control reports of its state where that is known and plausible.

In: loads of the machine's own meter and its idle power; states of its control (`production.signals`).  Out: spans of on, off, or not known.
A load between the two thresholds, like one that was not measured, shows nothing: what was before goes on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.intervals import QUARTER_MS
from domain.orders import LoadCurve
from production.runs import Bools, Loads

ON, OFF, UNKNOWN = 1, -1, 0
ON_SHARE, OFF_SHARE = 0.5, 0.25
"""Of the power expected of the job: above the first it runs, so a quarter hour that it ran half way counts; below the second it does not."""
LEAST_EXPECTED = 0.02
"""Of the rated power: less is noise."""
EXPECTED_UNKNOWN = 0.2
"""Of the rated power: what is expected of a job of which no power is known."""
STUCK_MS = 16 * QUARTER_MS
"""A state that the load contradicts for so long is not believed, from where they began to differ until it changes [ms]."""

Instants = NDArray[np.int64]
States = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Pause:
    """A machine is off from `begin_ms` on."""

    begin_ms: int
    off_ms: int
    """How long it is known to be off [ms]; what is not known in between does not count."""
    resumes_ms: int | None
    """When it runs again; None: not yet."""


@dataclass(frozen=True, slots=True)
class Activity:
    """`ON`, `OFF` or `UNKNOWN` in successive spans; instants are milliseconds since 1970."""

    begins_ms: Instants
    """Each span reaches to the next one's begin, the last one to `end_ms`."""
    states: States
    is_exact: Bools
    """Whether the machine's control showed the change with which a span begins, so that it is dated to the instant and not by quarter hours."""
    end_ms: int
    """First instant that is not known yet."""

    def state(self, at_ms: int) -> int:
        """The state at an instant."""
        place = self._place(at_ms)
        return UNKNOWN if place < 0 or at_ms >= self.end_ms else int(self.states[place])

    def begins_exactly(self, at_ms: int) -> bool:
        """Whether the control showed a change at that very instant."""
        place = self._place(at_ms)
        return place >= 0 and int(self.begins_ms[place]) == at_ms and bool(self.is_exact[place])

    def first(self, state: int, from_ms: int) -> int | None:
        """The first instant from `from_ms` on in that state."""
        for begin, _, found in self._spans(from_ms):
            if found == state:
                return begin
        return None

    def pauses(self, from_ms: int) -> Iterator[Pause]:
        """Each time from `from_ms` on that the machine is off."""
        begin_ms, off_ms = None, 0
        for begin, end, state in self._spans(from_ms):
            if state == OFF:
                begin_ms = begin if begin_ms is None else begin_ms
                off_ms += end - begin
            elif state == ON and begin_ms is not None:
                yield Pause(begin_ms, off_ms, begin)
                begin_ms, off_ms = None, 0
        if begin_ms is not None:
            yield Pause(begin_ms, off_ms, None)

    def _place(self, at_ms: int) -> int:
        return bisect_right(self.begins_ms, at_ms) - 1

    def _spans(self, from_ms: int) -> Iterator[tuple[int, int, int]]:
        for place in range(max(self._place(from_ms), 0), len(self.states)):
            begin = max(int(self.begins_ms[place]), from_ms)
            end = int(self.begins_ms[place + 1]) if place + 1 < len(self.states) else self.end_ms
            if begin < end:
                yield begin, end, int(self.states[place])


def by_load(loads: Loads, idle_kw: float, rated_kw: float, curve_kw: LoadCurve = ()) -> Activity:
    """By the load of the machine's own meter.

    Parameters
    ----------
    idle_kw
        What it draws between jobs.
    curve_kw
        What the job is expected to add, as typed or learned; empty: not known.
    """
    expected_kw = min(float(np.mean(curve_kw)), curve_kw[0]) if curve_kw else EXPECTED_UNKNOWN * rated_kw
    expected_kw = max(expected_kw, LEAST_EXPECTED * rated_kw)
    above_kw = loads.kw - idle_kw
    on, off = above_kw >= ON_SHARE * expected_kw, above_kw < OFF_SHARE * expected_kw
    states: States = np.where(on, ON, np.where(off, OFF, UNKNOWN)).astype(np.int8)
    begins_ms = (loads.first_slot + np.arange(len(states), dtype=np.int64)) * QUARTER_MS
    return _joined(begins_ms, states, np.zeros(len(states), np.bool_), loads.end_slot * QUARTER_MS)


def by_control(begins_ms: Instants, states: States, end_ms: int) -> Activity:
    """By the states that its control reported, each until the next."""
    return _joined(begins_ms, states, _changes(states != UNKNOWN), end_ms)


def together(control: Activity, load: Activity) -> Activity:
    """The control's states where they are known and plausible, the load's everywhere else."""
    begins_ms = np.union1d(control.begins_ms, load.begins_ms)
    if load.end_ms < control.end_ms:
        begins_ms = np.union1d(begins_ms, np.array([load.end_ms], np.int64))
    end_ms = max(control.end_ms, load.end_ms)
    reported, drawn = _states_at(control, begins_ms), _states_at(load, begins_ms)
    _disbelieve(reported, drawn, np.append(begins_ms[1:], end_ms) - begins_ms)
    is_known = reported != UNKNOWN
    return _joined(begins_ms, np.where(is_known, reported, drawn).astype(np.int8), _changes(is_known), end_ms)


def _changes(is_known: Bools) -> Bools:
    """Where a span and the one before it are known by the control; the first state that it reports shows no change."""
    found = is_known.copy()
    found[1:] &= is_known[:-1]
    found[:1] = False
    return found


def _joined(begins_ms: Instants, states: States, is_exact: Bools, end_ms: int) -> Activity:
    """Spans, equal neighbours made one; what begins at `end_ms` or later is left out."""
    kept = begins_ms < end_ms
    begins_ms, states, is_exact = begins_ms[kept], states[kept], is_exact[kept]
    if len(states):
        other = np.ones(len(states), np.bool_)
        other[1:] = states[1:] != states[:-1]
        begins_ms, states, is_exact = begins_ms[other], states[other], is_exact[other]
    return Activity(begins_ms, states, is_exact, end_ms)


def _states_at(activity: Activity, instants_ms: Instants) -> States:
    places = np.searchsorted(activity.begins_ms, instants_ms, "right") - 1
    found: States = np.where((places >= 0) & (instants_ms < activity.end_ms), np.append(activity.states, 0)[places], UNKNOWN)
    return found.astype(np.int8)


def _disbelieve(reported: States, drawn: States, lengths_ms: Instants) -> None:
    """Make states unknown that the load contradicts for `STUCK_MS`, until they change."""
    since, against_ms = None, 0
    for place in range(len(reported)):
        if place and reported[place] != reported[place - 1]:
            _forget_stuck(reported, since, against_ms, place)
            since, against_ms = None, 0
        if reported[place] == UNKNOWN or drawn[place] == UNKNOWN:
            continue
        if drawn[place] != reported[place]:
            since = place if since is None else since
            against_ms += int(lengths_ms[place])
        elif against_ms < STUCK_MS:
            since, against_ms = None, 0
    _forget_stuck(reported, since, against_ms, len(reported))


def _forget_stuck(reported: States, since: int | None, against_ms: int, end: int) -> None:
    if since is not None and against_ms >= STUCK_MS:
        reported[since:end] = UNKNOWN

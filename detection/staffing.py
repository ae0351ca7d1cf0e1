"""When a meter's machines are meant to run, answered for a quarter hour in microseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calendars import Span, shift_instances, staffed_spans
from domain.clock import EPOCH
from domain.intervals import QUARTER
from domain.plant import Machine, Plant

CHUNK = timedelta(days=28)
REACH = timedelta(days=8)
"""How far to either side of a chunk shifts are looked up: beyond a week a phase no longer depends on them."""
RUN_DOWN = timedelta(hours=1)
WARM_UP = timedelta(hours=3)


LONG = timedelta(hours=24)
"""A span of rest from this on is a weekend, a holiday or a shutdown: many machines are kept warm overnight and not over the weekend."""


class Phase(StrEnum):
    """Where an off-shift quarter hour lies: run-down and warm-up draw more than the dead of night, and are learnt apart."""

    AFTER_SHIFT = "after_shift"
    BETWEEN = "between"
    BEFORE_SHIFT = "before_shift"
    AT_REST = "at_rest"
    """Between, in a long span of rest."""
    BEFORE_FIRST_SHIFT = "before_first_shift"
    """Before the shift that ends a long span of rest: it is warmed up from cold."""
    AFTER_LAST_SHIFT = "after_last_shift"
    """After the shift before a long span of rest."""


@dataclass(frozen=True, slots=True)
class OffPhase:
    """An off-shift quarter hour: its phase, when the shift before it ended, as far as a week back, and whether the rest is a long one."""

    phase: Phase
    shift_end_utc: datetime | None
    is_long: bool


class Staffing:
    """The staffed time of all machines behind one meter."""

    def __init__(self, plant: Plant, machines: tuple[Machine, ...]) -> None:
        self._plant = plant
        self._machines = machines
        self._chunks: dict[int, tuple[list[datetime], list[datetime]]] = {}

    def off_phase(self, start_utc: datetime) -> OffPhase | None:
        """The phase of the quarter hour at `start_utc`, or None if any of it is staffed."""
        starts, ends = self._spans(start_utc)
        place = bisect_right(starts, start_utc)
        ended = ends[place - 1] if place else None
        begins = starts[place] if place < len(starts) else None
        if (ended is not None and ended > start_utc) or (begins is not None and begins < start_utc + QUARTER):
            return None
        is_long = ended is None or begins is None or begins - ended >= LONG
        if ended is not None and start_utc < ended + RUN_DOWN:
            return OffPhase(Phase.AFTER_LAST_SHIFT if is_long else Phase.AFTER_SHIFT, ended, is_long)
        if begins is not None and start_utc + QUARTER > begins - WARM_UP:
            return OffPhase(Phase.BEFORE_FIRST_SHIFT if is_long else Phase.BEFORE_SHIFT, ended, is_long)
        return OffPhase(Phase.AT_REST if is_long else Phase.BETWEEN, ended, is_long)

    def off_hours(self, from_utc: datetime, to_utc: datetime) -> float:
        """Hours within ``[from_utc, to_utc)`` in which nobody is meant to run these machines."""
        starts, ends = self._spans(from_utc)
        staffed = sum(
            (max(timedelta(0), min(b, to_utc) - max(a, from_utc)) for a, b in zip(starts, ends, strict=True)), timedelta(0)
        )
        return (to_utc - from_utc - staffed) / timedelta(hours=1)

    def _spans(self, at_utc: datetime) -> tuple[list[datetime], list[datetime]]:
        number = (at_utc - EPOCH) // CHUNK
        found = self._chunks.get(number)
        if found is None:
            if len(self._chunks) > 16:
                self._chunks.clear()
            begin = EPOCH + number * CHUNK
            found = self._chunks[number] = self._merged(begin - REACH, begin + CHUNK + REACH)
        return found

    def _staffed(self, machine: Machine, from_utc: datetime, to_utc: datetime) -> Iterator[Span]:
        yield from staffed_spans(machine, self._plant, from_utc, to_utc)
        if not machine.shifts:
            # It may serve any shift: the last night shift runs into the first day of a shutdown.
            for shift in shift_instances(self._plant.shifts, self._plant, from_utc, to_utc):
                yield shift.start_utc, shift.end_utc

    def _merged(self, from_utc: datetime, to_utc: datetime) -> tuple[list[datetime], list[datetime]]:
        spans = sorted(span for machine in self._machines for span in self._staffed(machine, from_utc, to_utc))
        starts: list[datetime] = []
        ends: list[datetime] = []
        for start, end in spans:
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return starts, ends

"""A meter, with a shift calendar or without: data first, then energy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from detection.streams.base_load import BaseLoad
from detection.streams.data_faults import DataFaults
from detection.streams.hours import Hour, Hours, HourSum
from detection.streams.left_on import LeftOn
from detection.streams.row import HOURS_OF_DAY, NOTHING, Judgement, Row, Verdict, stronger, verdict_of
from detection.streams.shifts import Shifts


class Judged(NamedTuple):
    """What each part says of a row: of its data, and of the hour that has ended with it.

    Attributes
    ----------
    hour
        That hour; None where none has ended. Then the rest says nothing.
    left_on, shifts, base
        Of the hour; `base` speaks with the first hour of a day.
    """

    fault: Judgement
    hour: Hour | None = None
    left_on: Judgement = NOTHING
    shifts: Judgement = NOTHING
    base: Judgement = NOTHING


@dataclass(slots=True)
class Held:
    """A judgement that stands for some hours: rows are finer than what is judged."""

    strength: float = 0.0
    reason: str = ""
    hours_left: int = 0

    def judgement(self) -> Judgement:
        """As long as it stands."""
        return Judgement(self.strength, self.reason) if self.hours_left > 0 else NOTHING

    def hour_ended(self, judged: Judgement, hours: int) -> None:
        """Take `judged` for the next `hours` if it says at least as much as what stands."""
        self.hours_left -= 1
        if judged.strength >= self.strength or self.hours_left <= 0:
            self.strength, self.reason, self.hours_left = judged.strength, judged.reason, hours


@dataclass(slots=True)
class Meter:
    """Power of a meter [kW], with its phases or without.

    Energy is judged by the hour, and only where a calendar says who works. An hour in an incident does not teach what is usual. Judgements of an hour stand for the rows of the
    next hour, those of a day for a day.
    """

    data: DataFaults = field(default_factory=DataFaults)
    hour_sum: HourSum = field(default_factory=HourSum)
    hours: Hours = field(default_factory=Hours)
    left_on: LeftOn = field(default_factory=LeftOn)
    shifts: Shifts = field(default_factory=Shifts)
    base_load: BaseLoad = field(default_factory=BaseLoad)
    of_hour: Held = field(default_factory=Held)
    of_day: Held = field(default_factory=Held)

    LONGEST_GAP_HOURS = 2
    """Between two hours with rows (the clock skips one in spring); hours before a longer one are not added to hours after it."""

    def update(self, row: Row) -> Verdict:
        """The verdict on the next row."""
        judged = self.judge(row)
        excess_kwh = max(judged.left_on.excess_kwh, judged.base.excess_kwh)
        if judged.fault.reason:
            return verdict_of(judged.fault, excess_kwh)
        return verdict_of(stronger(self.of_hour.judgement(), self.of_day.judgement()), excess_kwh)

    def judge(self, row: Row) -> Judged:
        """The same, part by part."""
        fault = self.data.judge(row)
        ended = None if row.staffed is None else self.hour_sum.add(row, good=not fault.reason)
        if ended is None:
            return Judged(fault)
        if 0 <= self.hours.last_hour < ended.local_hour - self.LONGEST_GAP_HOURS:
            self.left_on, self.shifts = LeftOn(), Shifts()
        left_on, shifts = self.left_on.update(ended, self.hours), self.shifts.update(ended, self.hours)
        base = self.base_load.update(ended, self.hours)
        of_hour = shifts if shifts.strength >= 1.0 else stronger(left_on, shifts)
        self.hours.add(ended, normal=of_hour.strength < 1.0)
        self.of_hour.hour_ended(of_hour, 1)
        self.of_day.hour_ended(base, HOURS_OF_DAY)
        return Judged(fault, ended, left_on, shifts, base)

"""Faults of the data, not of the plant: a value that is missing or repeats itself, a spike, a jump of the unit, a lost phase.

They are judged before everything else: a wrong value says nothing of energy, and must teach nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan

from detection.streams.row import NOTHING, Judgement, Row

GAP, STUCK, SPIKE, UNIT_JUMP, PHASE_DROP = "data_gap", "data_stuck", "data_spike", "data_unit_jump", "data_phase_drop"
KINDS = frozenset({GAP, STUCK, SPIKE, UNIT_JUMP, PHASE_DROP})


@dataclass(slots=True)
class Repeats:
    """Values that repeat for longer than they ever did.

    What is read to a tenth of a percent never repeats for an hour; a machine in whole kilowatts does for two. So the longest run of the past counts. Zero may repeat
    for ever: a machine that is off is off.
    """

    rows: int = 0
    run: int = 0
    longest: int = 0
    last: list[float] = field(default_factory=list)
    is_judged: bool = True
    """False for energy from a counter: one that stands still shows no energy at all, and a machine at rest shows the same for days."""

    FEWEST_ROWS = 6
    TIMES_LONGEST = 1.5
    LEARNING_ROWS = 192

    def strength(self, row: Row) -> float:
        """Of this row: rows of the run over what is too many."""
        if not self.is_judged:
            return 0.0
        self.rows += 1
        values = list(row.values)
        if values == self.last:
            self.run += 1
        else:
            if self.last and self.last[0] != 0.0 and (self.run < self._limit() or self.rows <= self.LEARNING_ROWS):
                self.longest = max(self.longest, self.run)
            self.run, self.last = 1, values
        return 0.0 if values[0] == 0.0 or self.rows <= self.LEARNING_ROWS else self.run / self._limit()

    def _limit(self) -> float:
        return max(self.FEWEST_ROWS, self.TIMES_LONGEST * self.longest + 2)


@dataclass(slots=True)
class Peaks:
    """The highest value of each of the last `DAYS` days with data."""

    of_days: list[float] = field(default_factory=list)
    day: int = -1
    today: float = 0.0
    highest: float = 0.0

    DAYS = 42
    FEWEST_DAYS = 4

    def times_highest(self, row: Row) -> float:
        """The value over the highest one of the past; 0 in the first days."""
        if len(self.of_days) < self.FEWEST_DAYS or self.highest <= 0:
            return 0.0
        return abs(row.values[0]) / self.highest

    def learn(self, row: Row) -> None:
        """The row was right."""
        if row.day != self.day:
            if self.day >= 0:
                self.of_days.append(self.today)
                del self.of_days[: -self.DAYS]
            self.day, self.today = row.day, 0.0
            self.highest = max(self.of_days, default=0.0)
        value = abs(row.values[0])
        if value > self.today:
            self.today = value
            self.highest = max(self.highest, value)


@dataclass(slots=True)
class Phases:
    """The usual share of each phase in their sum, to know one that reads zero while the others do not."""

    shares: list[float] = field(default_factory=list)
    rows: int = 0

    FEWEST_ROWS = 24
    LEAST_SHARE = 0.05
    """Of a phase that is in use."""
    MEMORY = 0.01

    def lost(self, row: Row) -> int:
        """Number of the lost phase from 1; 0 where there is none."""
        phases = row.values[1:]
        if 0.0 not in phases or self.rows < self.FEWEST_ROWS or not any(phases):
            return 0
        for number, (value, usual) in enumerate(zip(phases, self.shares, strict=True), 1):
            if value == 0.0 and usual > self.LEAST_SHARE:
                return number
        return 0

    def learn(self, row: Row) -> None:
        """The row was right."""
        phases = row.values[1:]
        total = sum(phases)
        if len(phases) < 2 or not total > 0:
            return
        if not self.shares:
            self.shares = [value / total for value in phases]
        self.rows += 1
        self.shares = [usual + self.MEMORY * (value / total - usual) for usual, value in zip(self.shares, phases, strict=True)]


@dataclass(slots=True)
class DataFaults:
    """Of a meter: its power, with its phases or without."""

    repeats: Repeats = field(default_factory=Repeats)
    peaks: Peaks = field(default_factory=Peaks)
    phases: Phases = field(default_factory=Phases)
    high_since_s: float = -1.0
    """Since when each row was too high; below zero where the last one was not."""
    possible_kw: float = 0.0
    """What is known to be drawn at times although it never was: no spike up to here."""

    SPIKE_TIMES = 1.6
    UNIT_TIMES = 8.0
    """A jump of the unit is a factor of 1000; at a hundredth of the peak load it still is ten times the peak."""
    SPIKE_LASTS_S = 3 * 3600.0
    UNIT_JUMP_LASTS_S = 72 * 3600.0
    """What is too high for longer is no fault of the data: it is learned."""

    def judge(self, row: Row) -> Judgement:
        """The fault of this row, with a reason where there is one; a row without teaches what is usual."""
        power = row.values[0]
        if isnan(power):
            return Judgement(0.0, GAP)
        stuck, times = self.repeats.strength(row), self.peaks.times_highest(row)
        if times < self.SPIKE_TIMES or abs(power) <= self.possible_kw:
            self.high_since_s = -1.0
        elif not self._for_good(row.at_s, times):
            kind = SPIKE if times < self.UNIT_TIMES else UNIT_JUMP
            return Judgement(times / self.SPIKE_TIMES, f"{kind} value={power:.6g} highest={self.peaks.highest:.6g}")
        lost = self.phases.lost(row)
        if lost:
            return Judgement(2.0, f"{PHASE_DROP} phase={lost}")
        if stuck >= 1.0:
            return Judgement(stuck, f"{STUCK} rows={self.repeats.run} longest={self.repeats.longest}")
        self.peaks.learn(row)
        self.phases.learn(row)
        return NOTHING

    def _for_good(self, at_s: float, times: float) -> bool:
        """Whether values have been too high for so long that they are right."""
        if self.high_since_s < 0:
            self.high_since_s = at_s
        return at_s - self.high_since_s > (self.SPIKE_LASTS_S if times < self.UNIT_TIMES else self.UNIT_JUMP_LASTS_S)

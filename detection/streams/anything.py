"""One column of anything over time: it speaks only where a view of it beats its own record."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan

from detection.streams.row import NOTHING, Judgement, Row, Verdict, stronger, verdict_of

SLOT_S, SLOTS = 1800, 48
VIEWS = (("off_level", 1.0), ("off_hour_of_day", 1.0), ("jump", 1.0), ("shift_of_level", 0.7), ("unrest", 0.3))
"""Name of each view, and what a beaten record of it weighs."""


@dataclass(slots=True)
class View:
    """One way to look at a series: a distance from what it should be, on its own scale, and the largest ones so far.

    Two records must be beaten: that of the distance, which is forgotten slowly, and that of the distance over its usual size, which is forgotten within hours of rows. The first keeps
    a quiet time from making small things large, the second keeps a wild time from speaking.
    """

    usual: float = nan
    record: float = 0.0
    record_relative: float = 0.0

    KEEPS = 0.99995
    KEEPS_RELATIVE = 0.999
    LEAST_RELATIVE = 4.0
    MEMORY = 0.0025
    MOST_TIMES = 5.0
    """Of the usual distance, that teaches it."""
    SETTLING_ROWS = 10
    WITHOUT_USUAL = 10.0
    """Relative distance where there was none until now, and share by which a first record is beaten."""

    def margin(self, distance: float, rows: int) -> float:
        """By which share both records are beaten; 0 where they are not."""
        usual = self.usual
        if isnan(usual):
            self.usual = usual = distance
        relative = distance / usual if usual > 0 else self.WITHOUT_USUAL if distance > 0 else 0.0
        margin = self._beaten(distance, relative) if rows >= self.SETTLING_ROWS else 0.0
        taught = min(distance, self.MOST_TIMES * usual) if usual > 0 else distance
        self.usual += max(self.MEMORY, 1.0 / (rows + 1)) * (taught - usual)
        return margin

    def _beaten(self, distance: float, relative: float) -> float:
        least = max(self.record_relative, self.LEAST_RELATIVE)
        margin = 0.0
        if relative > least and distance > self.record:
            margin = min(relative / least, distance / self.record if self.record > 0 else self.WITHOUT_USUAL) - 1.0
        self.record_relative = relative if relative > least else least * self.KEEPS_RELATIVE
        self.record = distance if distance > self.record else self.record * self.KEEPS
        return margin


@dataclass(slots=True)
class Anything:
    """Five views of a column: its distance from its level, from the level of the half hour of the day, from the row before; of its short-term level from its level; of how much it
    moves from how much it usually does. After it has spoken it is silent for some rows, unless something nearly as loud follows.
    """

    rows: int = 0
    level: float = 0.0
    short_level: float = 0.0
    before: float = 0.0
    of_slots: list[float] = field(default_factory=lambda: [nan] * SLOTS)
    moves: float = 0.0
    moves_usually: float = 0.0
    views: list[View] = field(default_factory=lambda: [View() for _ in VIEWS])
    spoke: int = -1
    """Row at which it spoke last; below zero where it never did."""
    loudness: float = 0.0

    LEARNING_ROWS = 100
    LEVEL_WEIGHT, SHORT_WEIGHT, SLOT_WEIGHT = 0.005, 0.1, 0.035
    ALARM_MARGIN = 0.07
    """By which a record must be beaten for an alarm."""
    SILENT_ROWS, NEARLY = 20, 0.7

    def update(self, row: Row) -> Verdict:
        """The verdict on the next row."""
        value = row.values[0]
        if isnan(value):
            return verdict_of(Judgement(0.0, "data_gap"))
        if not self.rows:
            self.level = self.short_level = self.before = value
        found = NOTHING
        for (name, weight), view, distance in zip(VIEWS, self.views, self._distances(row, value), strict=True):
            margin = weight * view.margin(abs(distance), self.rows)
            if margin > 0 and self.rows > self.LEARNING_ROWS:
                found = stronger(found, Judgement(margin / self.ALARM_MARGIN, f"{name} value={value:.6g} off_by={distance:.4g}"))
        self._follow(value)
        return verdict_of(self._once(found))

    def _once(self, found: Judgement) -> Judgement:
        """`found`, or nothing where it has been heard just before."""
        if found.strength <= 0 or (
            self.spoke >= 0 and self.rows - self.spoke < self.SILENT_ROWS and found.strength < self.NEARLY * self.loudness
        ):
            return NOTHING
        self.spoke, self.loudness = self.rows, found.strength
        return found

    def _follow(self, value: float) -> None:
        weight = max(self.LEVEL_WEIGHT, 1.0 / (self.rows + 1))
        self.level += weight * (value - self.level)
        self.moves_usually += weight * (abs(value - self.before) - self.moves_usually)
        self.before = value
        self.rows += 1

    def _distances(self, row: Row, value: float) -> tuple[float, ...]:
        slot = int(row.at_s // SLOT_S) % SLOTS
        of_slot = self.of_slots[slot]
        from_slot = 0.0 if isnan(of_slot) else value - of_slot
        self.of_slots[slot] = value if isnan(of_slot) else of_slot + self.SLOT_WEIGHT * from_slot
        self.short_level += self.SHORT_WEIGHT * (value - self.short_level)
        self.moves += self.SHORT_WEIGHT * (abs(value - self.before) - self.moves)
        return value - self.level, from_slot, value - self.before, self.short_level - self.level, self.moves - self.moves_usually

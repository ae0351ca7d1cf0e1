"""What a meter draws while nobody works, day by day: a step of it, and a slow rise."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.streams.hours import Hour, Hours
from detection.streams.row import HOURS_OF_DAY, NOTHING, Judgement, stronger

STEP, CREEP = "base_load_step", "base_load_creep"
_TO_SIGMA = 1.48
"""From the median absolute deviation of normal noise to its standard deviation."""


def median(values: list[float]) -> float:
    """The middle one; of an even count the lower of both."""
    return sorted(values)[(len(values) - 1) // 2]


@dataclass(slots=True)
class Risen:
    """A base load that has risen and was found: from which level, by how much, since when."""

    usual_kw: float = 0.0
    by_kw: float = 0.0
    days_left: int = 0
    days: int = 0
    """Days that have confirmed it since it was found."""

    DAYS = 42
    """After these a level that stays is the new normal."""

    def open(self, usual_kw: float, base_kw: float) -> None:
        """A rise was found."""
        if not self.days_left:
            self.usual_kw, self.days = usual_kw, 0
        self.by_kw, self.days_left = base_kw - self.usual_kw, self.DAYS

    def day_ended(self, base_kw: float) -> bool:
        """Follow the level; whether it has fallen again: a rise that has gone by two thirds has ended."""
        if not self.days_left:
            return False
        before_kw, self.by_kw, self.days_left = self.by_kw, base_kw - self.usual_kw, self.days_left - 1
        has_fallen = self.by_kw < before_kw / 3
        if has_fallen or not self.days_left:
            self.by_kw, self.days_left, self.days = 0.0, 0, 0
        else:
            self.days += 1
        return has_fallen


@dataclass(slots=True)
class BaseLoad:
    """Base load of each day without data faults [kW], judged when the day has ended.

    A day's base load is a low quantile of its hours without people in which the meter drew anything. A step is a cumulative sum (CUSUM) of how far the days are above
    like days of the weeks before, on their scale: days without anybody are not like nights between shifts. A creep compares the last days with two weeks six weeks before. A finding is made once, then silence.
    """

    day: int = -1
    today_kw: list[float] = field(default_factory=list)
    days_kw: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    """Of each of these days, whether nobody worked on it."""
    step_sum: float = 0.0
    step_kwh: float = 0.0
    step_since_day: int = -1
    """First of the days in a row that are clearly above, as local days since 1970; of the newest step once it was found."""
    step_silent: int = 0
    creep_silent: int = 0
    risen: Risen = field(default_factory=Risen)
    fewest_days: int = 14

    QUANTILE = 0.3
    FEWEST_HOURS = 3
    KEPT_DAYS = 84
    STEP_PAST = 21
    WHOLE_HOURS = 20
    FEWEST_LIKE = 4
    STEP_SLACK, STEP_LIMIT, STEP_MOST_A_DAY = 1.5, 5.0, 4.0
    """Standard deviations."""
    LEAST_SCALE = 0.01
    """Of the working load."""
    CREEP_DAYS, CREEP_LAG, CREEP_PAST = 10, 42, 14
    CREEP_LIMIT = 0.054
    """Of the mean load."""
    SILENT_DAYS = 14

    def update(self, hour: Hour, hours: Hours) -> Judgement:
        """Of an hour that ended."""
        found, excess_kwh = NOTHING, 0.0
        if hour.day != self.day:
            found = self._day_ended(hours)
            self.day, self.today_kw = hour.day, []
        if hour.good and hour.mean_kw > 0:
            excess_kwh = max(self.risen.by_kw, 0.0)
            if not hour.staffed:
                self.today_kw.append(hour.mean_kw)
        return found._replace(excess_kwh=found.excess_kwh + excess_kwh)

    def _day_ended(self, hours: Hours) -> Judgement:
        if len(self.today_kw) < self.FEWEST_HOURS or not hours.ready():
            return NOTHING
        values = sorted(self.today_kw)
        base_kw = values[int(self.QUANTILE * len(values))]
        by_kw = self.risen.by_kw
        if self.risen.day_ended(base_kw):
            self._shift(self.risen.usual_kw + by_kw, -by_kw)
        step = creep = NOTHING
        whole = int(len(self.today_kw) >= self.WHOLE_HOURS)
        like = [kw for kw, kind in zip(self.days_kw, self.whole, strict=True) if kind == whole]
        if len(self.days_kw) >= self.fewest_days and len(like) >= self.FEWEST_LIKE:
            step = self._step(base_kw, like[-self.STEP_PAST :], hours)
        if len(self.days_kw) >= self.fewest_days:
            creep = self._creep(base_kw, hours)
        self.days_kw.append(base_kw)
        self.whole.append(whole)
        del self.days_kw[: -self.KEPT_DAYS], self.whole[: -self.KEPT_DAYS]
        return stronger(step, creep)

    def _step(self, base_kw: float, past: list[float], hours: Hours) -> Judgement:
        usual_kw = median(past)
        scale_kw = max(_TO_SIGMA * median([abs(value - usual_kw) for value in past]), self.LEAST_SCALE * hours.working_kw)
        distance = min((base_kw - usual_kw) / scale_kw, self.STEP_MOST_A_DAY)
        if not self.risen.days_left and distance <= self.STEP_SLACK:
            self.step_since_day = -1
        elif not self.risen.days_left and self.step_since_day < 0:
            self.step_since_day = self.day
        self.step_sum += distance - self.STEP_SLACK
        self.step_kwh += (base_kw - usual_kw) * HOURS_OF_DAY
        if self.step_sum <= 0 or self.step_silent:
            self.step_sum = self.step_kwh = 0.0
        if self.step_silent:
            self.step_silent -= 1
            return NOTHING
        strength = self.step_sum / self.STEP_LIMIT
        if strength < 1:
            return Judgement(strength, STEP)
        return self._step_found(strength, base_kw, usual_kw)

    def _shift(self, from_kw: float, by_kw: float) -> None:
        """A new level is normal from now on: days nearer to `from_kw` than to it are taken to have been on it, those of the other kind, too."""
        self.days_kw = [kw + by_kw if abs(kw - from_kw) < abs(kw - from_kw - by_kw) else kw for kw in self.days_kw]

    def _step_found(self, strength: float, base_kw: float, usual_kw: float) -> Judgement:
        excess_kwh = 0.0 if self.risen.days_left else self.step_kwh
        self.step_silent, self.step_sum, self.step_kwh = self.SILENT_DAYS, 0.0, 0.0
        self.risen.open(usual_kw, base_kw)
        self._shift(usual_kw, base_kw - usual_kw)
        return Judgement(strength, f"{STEP} base_kw={base_kw:.4g} usual_kw={usual_kw:.4g}", excess_kwh)

    def _creep(self, base_kw: float, hours: Hours) -> Judgement:
        end = len(self.days_kw) - self.CREEP_LAG
        if self.creep_silent or end < self.CREEP_PAST + self.CREEP_DAYS:
            self.creep_silent = max(self.creep_silent - 1, 0)
            return NOTHING
        usual_kw = median(self.days_kw[end - self.CREEP_PAST : end])
        now_kw = median([*self.days_kw[-self.CREEP_DAYS + 1 :], base_kw])
        strength = max(now_kw - usual_kw, 0.0) / (self.CREEP_LIMIT * hours.mean_kw)
        if strength < 1:
            return Judgement(strength, CREEP)
        excess_kwh = 0.0 if self.risen.days_left else sum(value - usual_kw for value in self.days_kw[end:]) * HOURS_OF_DAY
        self.creep_silent = self.SILENT_DAYS
        self.risen.open(usual_kw, now_kw)
        return Judgement(strength, f"{CREEP} base_kw={now_kw:.4g} usual_kw={usual_kw:.4g}", max(excess_kwh, 0.0))

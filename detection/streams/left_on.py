"""What runs on while nobody works."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.streams.hours import Hour, Hours
from detection.streams.row import NOTHING, Judgement

LEFT_ON = "left_on"


@dataclass(slots=True)
class LeftOn:
    """Hours in a row without people, each above what the same hour usually draws without people.

    Overtime is in no calendar but ends within three hours; what was left on does not. So the lowest of the last `HOURS` counts.
    """

    margins: list[float] = field(default_factory=list)
    """By how much each of the last hours was above, over the margin that is allowed."""
    excess_kwh: list[float] = field(default_factory=list)
    local_hours: list[int] = field(default_factory=list)
    """Which hours these are; those without data are passed over."""
    open: bool = False

    HOURS = 5
    LEAST = 0.15
    """Margin, of the span between quiet and working load."""
    TIMES_SPREAD = 1.0
    """Margin, of the distance from the usual to a high load of that hour."""
    HIGH = 0.9
    FEWEST_PAST = 6

    def update(self, hour: Hour, hours: Hours) -> Judgement:
        """Of an hour that ended."""
        if not hour.good:
            return NOTHING
        past = [] if hour.staffed or not hours.ready() else hours.same_hours(hour.local_hour, staffed=False)
        if len(past) < self.FEWEST_PAST:
            self.margins, self.excess_kwh, self.local_hours, self.open = [], [], [], False
            return NOTHING
        usual_kw, high_kw = past[len(past) // 2], past[int(self.HIGH * len(past))]
        margin_kw = max(self.LEAST * hours.span_kw, self.TIMES_SPREAD * (high_kw - usual_kw))
        excess_kw = hour.mean_kw - usual_kw
        self.margins.append(excess_kw / margin_kw)
        self.excess_kwh.append(excess_kw)
        self.local_hours.append(hour.local_hour)
        del self.margins[: -self.HOURS], self.excess_kwh[: -self.HOURS], self.local_hours[: -self.HOURS]
        if len(self.margins) < self.HOURS:
            return NOTHING
        strength = max(min(self.margins), 0.0)
        was_open, self.open = self.open, strength >= 1.0
        if not self.open:
            return Judgement(strength, LEFT_ON)
        new_kwh = excess_kw if was_open else sum(self.excess_kwh)
        return Judgement(strength, f"{LEFT_ON} mean_kw={hour.mean_kw:.4g} usual_kw={usual_kw:.4g}", new_kwh)

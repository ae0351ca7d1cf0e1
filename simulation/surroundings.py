"""What is the same for all machines over a quarter hour: who is at work, who is on break, which cars stand at the chargers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from domain.calendars import at_local, is_holiday, shift_instances
from domain.plant import Plant
from simulation.noise import dice

QUARTER_S = 900
WARM_UP = "warm-up"
"""Shift of the plant file in which a timer heats the furnaces before the week begins."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One quarter hour."""

    shifts: frozenset[str]
    on_break: bool
    sessions: tuple[tuple[float, float], ...] = field(default=())
    workday: bool = True
    local_hour: float = 0.0

    @property
    def any_staffed(self) -> bool:
        """Whether a shift is in the house."""
        return bool(self.shifts - {WARM_UP, "unmanned"})


class Calendar:
    """Surroundings by quarter hour, from the plant's shifts and a seed for the cars."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self._plant = plant
        self._seed = seed
        self.at_quarter = lru_cache(maxsize=64)(self._at_quarter)
        self._sessions_of = lru_cache(maxsize=4)(self._sessions)

    def _at_quarter(self, quarter: int) -> Surroundings:
        start = datetime.fromtimestamp(quarter * QUARTER_S, UTC)
        zone = self._plant.site.zone
        local = start.astimezone(zone)
        instances = list(shift_instances(self._plant.shifts, self._plant, start, start + timedelta(minutes=15)))
        breaks = {shift.id: shift.breaks for shift in self._plant.shifts}
        clock = local.strftime("%H:%M")
        on_break = any(b.from_ <= clock < b.to for instance in instances for b in breaks[instance.shift])
        day = local.date()
        workday = day.weekday() < 5 and not is_holiday(day, self._plant.site)
        sessions = tuple(s for d in (day - timedelta(days=1), day) for s in self._sessions_of(d))
        live = tuple(s for s in sessions if s[0] < (quarter + 1) * QUARTER_S and s[0] + s[1] / 11 * 3600 > quarter * QUARTER_S)
        return Surroundings(
            frozenset(i.shift for i in instances), on_break, live, workday, local.hour + local.minute / 60
        )  # fmt: skip

    def _sessions(self, day: date) -> tuple[tuple[float, float], ...]:
        """Visitors' cars of one local day; they charge when they come. The plant's own vehicles are in `simulation.fleet`."""
        site = self._plant.site
        if day.weekday() == 6 or is_holiday(day, site):
            return ()
        chance = dice(self._seed, "cars", day)
        zone = site.zone
        found: list[tuple[float, float]] = []
        if day.weekday() < 5:
            nine = at_local(day, "09:00", zone).timestamp()
            found += [(nine + chance.uniform(0, 5400), chance.uniform(8, 20)) for _ in range(chance.choice((1, 1, 2)))]
        return tuple(found)

"""How reality strays from the plan: batches, durations, wear, breakdowns, rush orders and people, all drawn from a seed.

Every draw depends on the seed and on the name of what it is about alone, so that two runs that differ in one decision differ in nothing else.
A plant without these settings does as planned, to the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from simulation.noise import Noise, dice

DAY_S = 86_400
WEEK_S = 7 * DAY_S
Span = tuple[float, float]
"""From, to [s since 1970]."""


@dataclass(frozen=True, slots=True)
class Lifelike:
    """How far reality strays. Spreads are standard deviations of a factor around 1."""

    batch_spread: float = 0.10
    """Of what is in a batch: cold steel in a furnace, working power above idle elsewhere."""
    drift_spread: float = 0.04
    """Of a machine's power, which drifts from week to week."""
    typed_spread: float = 0.12
    """Of the typed curve of a product on a machine: wrong by the same factor in every order."""
    duration_spread: float = 0.06
    start_delay: timedelta = timedelta(minutes=4)
    """Mean time from the planned start of a job to its real one."""
    breakdowns_a_week: float = 2.0
    """Of the whole plant."""
    shortest_breakdown: timedelta = timedelta(minutes=15)
    longest_breakdown: timedelta = timedelta(minutes=120)
    rush_orders_a_week: float = 4.0
    rush_notice: timedelta = timedelta(hours=3)
    """From the moment at which a rush order is known to its planned start."""
    declined_share: float = 0.2
    """Of the recommendations that could be carried out."""
    thinking: timedelta = timedelta(minutes=12)
    """Median time from a recommendation to the decision."""
    late_share: float = 0.2
    """Of the moved jobs: they begin later than was agreed."""
    most_late: timedelta = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Effort:
    """Factors on what a job takes: by what is in its batch, and by how the machine has drifted."""

    batch: float = 1.0
    drift: float = 1.0


AS_PLANNED = Effort()


class Nature:
    """The draws of one seed."""

    def __init__(self, seed: int, settings: Lifelike, machines: Sequence[str]) -> None:
        self.seed, self.settings = seed, settings
        self._machines = tuple(machines)
        self._drifts = {machine: Noise(seed, f"drift-{machine}", WEEK_S) for machine in machines}
        self.batch = lru_cache(maxsize=4096)(self._batch)
        self.delay_s = lru_cache(maxsize=4096)(self._delay_s)
        self.breakdowns = lru_cache(maxsize=4096)(self._breakdowns)
        self._duration = lru_cache(maxsize=4096)(self._duration_of)

    def effort(self, job: str, machine: str, t_s: float) -> Effort:
        """What `job` takes on `machine` at `t_s`."""
        return Effort(self.batch(job), self.drift(machine, t_s)) if job else AS_PLANNED

    def _batch(self, job: str) -> float:
        return _factor(self.settings.batch_spread, self.seed, "batch", job)

    def drift(self, machine: str, t_s: float) -> float:
        """Factor on the power of `machine` at `t_s`."""
        return 1.0 + self.settings.drift_spread * self._drifts[machine].at(t_s)

    def typed(self, machine: str, product: str) -> float:
        """Factor by which the typed curve of a product is wrong."""
        return _factor(self.settings.typed_spread, self.seed, "typed", machine, product)

    # -- time ----------------------------------------------------------------------------------------------------

    def _delay_s(self, job: str, moved: bool) -> float:
        """How much later than planned a job begins [s], in whole minutes; more often and longer where advice has moved it."""
        chance = dice(self.seed, "delay", job)
        delay_s = min(chance.expovariate(1.0), 5.0) * self.settings.start_delay.total_seconds()
        if moved and chance.random() < self.settings.late_share:
            delay_s += chance.uniform(0.3, 1.0) * self.settings.most_late.total_seconds()
        return 60.0 * round(delay_s / 60)

    def end_s(self, job: str, machine: str, begun_s: float, planned_s: float) -> float:
        """When a job ends that was begun at `begun_s` and should take `planned_s`: while its machine stands still it waits."""
        end_s = begun_s + 60.0 * round(planned_s * self._duration(job) / 60)
        for day in range(int(begun_s // DAY_S) - 1, int(end_s // DAY_S) + 2):
            for from_s, to_s in self.breakdowns(machine, day):
                if from_s < end_s and begun_s < to_s:
                    end_s += to_s - max(from_s, begun_s)
        return end_s

    def _duration_of(self, job: str) -> float:
        return _factor(self.settings.duration_spread, self.seed, "duration", job)

    def stands_still(self, machine: str, t_s: float) -> bool:
        """Whether `machine` is broken at `t_s`."""
        day = int(t_s // DAY_S)
        return any(from_s <= t_s < to_s for one in (day - 1, day) for from_s, to_s in self.breakdowns(machine, one))

    def _breakdowns(self, machine: str, day: int) -> tuple[Span, ...]:
        """Breakdowns of `machine` that begin on a day [days since 1970, UTC]; at most one."""
        settings, chance = self.settings, dice(self.seed, "breakdown", machine, day)
        if chance.random() >= settings.breakdowns_a_week / 7 / len(self._machines):
            return ()
        from_s = day * DAY_S + 60.0 * chance.randint(0, 24 * 60 - 1)
        shortest, longest = settings.shortest_breakdown.total_seconds(), settings.longest_breakdown.total_seconds()
        return ((from_s, from_s + 60.0 * round(chance.uniform(shortest, longest) / 60)),)

    # -- people --------------------------------------------------------------------------------------------------

    def declines(self, recommendation: str) -> bool:
        """Whether somebody declines advice that could be followed."""
        return dice(self.seed, "declined", recommendation).random() < self.settings.declined_share

    def thinking(self, recommendation: str) -> timedelta:
        """How long somebody thinks about advice."""
        return self.settings.thinking * dice(self.seed, "thinking", recommendation).lognormvariate(0.0, 0.8)


def _factor(spread: float, seed: int, *names: object) -> float:
    """A factor around 1, never further away than three times its spread."""
    drawn = dice(seed, *names).gauss(0.0, 1.0)
    return 1.0 + spread * min(3.0, max(-3.0, drawn))

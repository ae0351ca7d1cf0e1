"""A machine that draws a little more from week to week while the plant rests: wear, leaks, a filter that clogs.

Only hours in which no shift of the plant runs are compared, so that more production is not taken for wear; machines that follow
weather, daylight or cars are left out.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations
from statistics import fmean, median

from detection.findings import Finding, anomaly_of
from detection.staffing import Staffing
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, fact
from domain.intervals import Interval, IntervalOrigin
from domain.plant import Machine, MachineKind, Plant
from quarters.numbers import slot_of
from quarters.periods import midnight_utc
from quarters.quality import is_sound

FOLLOWS_OTHERS = (MachineKind.CHILLER, MachineKind.LIGHTING, MachineKind.CHARGER, MachineKind.PHOTOVOLTAIC)
KEPT_DAYS = 56
FEWEST_HOURS = 4
"""Of rest, that make a day count."""
EACH = 4
"""One quarter hour of this many is kept."""
FEWEST_DAYS = 8
SHORTEST = timedelta(days=26)
OPENS_AT_Z = 3.0
"""Mann-Kendall trend test: one in 700 trendless series reaches it."""
OPENS_AT_DRIFT = 0.02
CLOSES_BELOW_DRIFT = 0.01
SMALLEST_KW = 0.2


RestingDay = dict[int, float]
"""Power [kW] of the resting quarter hours of one local day by their numbers, one an hour: what is restated is replaced."""


@dataclass(slots=True)
class Creep:
    """What one meter drew while the plant rested, by local day (ordinal), and what was published of it."""

    days: dict[int, RestingDay] = field(default_factory=dict)
    judged_day: int = 0
    since_day: int | None = None
    """First day of the comparison while a finding is open."""
    revision: int = -1


@dataclass(frozen=True, slots=True)
class Trend:
    """Robust trend of the resting power over `days` counted days in `span`."""

    first_day: date
    span: timedelta
    days: int
    from_kw: float
    to_kw: float
    z: float
    excess_kwh: float

    @property
    def drift(self) -> float:
        """Growth over the span as a share of where it began."""
        return (self.to_kw - self.from_kw) / self.from_kw if self.from_kw > 0 else 0.0


def trend(days: dict[int, RestingDay]) -> Trend | None:
    """Theil-Sen slope [1]_ and Mann-Kendall z [2]_ of the daily means; None where days or weeks are too few.

    References
    ----------
    .. [1] Sen: Estimates of the regression coefficient based on Kendall's tau. Journal of the American Statistical Association 63 (1968)
       1379-1389. doi:10.1080/01621459.1968.10480934
    .. [2] Mann: Nonparametric tests against trend. Econometrica 13 (1945) 245-259. doi:10.2307/1907187
    """
    counted = sorted((day, fmean(quiet.values())) for day, quiet in days.items() if len(quiet) >= FEWEST_HOURS)
    if len(counted) < FEWEST_DAYS or timedelta(days=counted[-1][0] - counted[0][0]) < SHORTEST:
        return None
    pairs = [((b_kw - a_kw) / (b - a), (b_kw > a_kw) - (b_kw < a_kw)) for (a, a_kw), (b, b_kw) in combinations(counted, 2)]
    slope = median(slope for slope, _ in pairs)
    score = sum(sign for _, sign in pairs)
    count = len(counted)
    deviation = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    z = (score - (score > 0) + (score < 0)) / deviation
    first, last = counted[0][0], counted[-1][0]
    level = median(kw - slope * (day - first) for day, kw in counted)
    excess = sum(sum(quiet.values()) - len(quiet) * level for quiet in days.values() if len(quiet) >= FEWEST_HOURS)
    return Trend(date.fromordinal(first), timedelta(days=last - first), count, level, level + slope * (last - first), z, excess)


class CreepWatch:
    """The watch over the machines behind one meter."""

    def __init__(self, plant: Plant, machines: tuple[Machine, ...], price_eur_per_kwh: float | None) -> None:
        everyone = tuple(
            machine.model_copy(update={"shifts": tuple(shift.id for shift in plant.shifts)}) for machine in machines[:1]
        )
        self._at_work = Staffing(plant, everyone)
        self._machines = tuple(machine.id for machine in machines)
        self._zone = plant.site.zone
        self._price = price_eur_per_kwh

    def at_price(self, price_eur_per_kwh: float | None) -> CreepWatch:
        """The same watch at another price of energy."""
        other = copy(self)
        other._price = price_eur_per_kwh
        return other

    def take(self, creep: Creep, interval: Interval, newer: bool, left_on: bool) -> list[Anomaly]:
        """Note one quarter hour; judge once a local day, on live records only. What an incident `left_on` drew is not counted.

        Parameters
        ----------
        newer
            Whether it is live and newer than all before. Imported and restated ones are noted in whatever order they come.
        """
        day = interval.start_utc.astimezone(self._zone).date().toordinal()
        found: list[Anomaly] = []
        if newer and day > creep.judged_day:
            creep.judged_day = day
            found = self._judge(creep, interval)
        if newer or interval.origin is IntervalOrigin.IMPORT or slot_of(interval.start_utc) in creep.days.get(day, {}):
            self._note(creep, interval, day, left_on and newer)
        return found

    def _note(self, creep: Creep, interval: Interval, day: int, left_on: bool) -> None:
        slot, power_kw = slot_of(interval.start_utc), interval.power_kw
        if slot % EACH or left_on or self._at_work.off_phase(interval.start_utc) is None:
            return
        if power_kw is None or not is_sound(interval.quality):
            creep.days.get(day, {}).pop(slot, None)
            return
        creep.days.setdefault(day, {})[slot] = round(power_kw, 3)
        if len(creep.days) > KEPT_DAYS:
            del creep.days[min(creep.days)]

    def _judge(self, creep: Creep, interval: Interval) -> list[Anomaly]:
        today = interval.start_utc.astimezone(self._zone).date().toordinal()
        found = trend({day: quiet for day, quiet in creep.days.items() if day < today})
        if found is None:
            return []
        if creep.since_day is None:
            if found.z < OPENS_AT_Z or found.drift < OPENS_AT_DRIFT or found.to_kw - found.from_kw < SMALLEST_KW:
                return []
            creep.since_day, creep.revision = found.first_day.toordinal(), -1
        creep.revision += 1
        since_day = date.fromordinal(creep.since_day)
        over = found.drift < CLOSES_BELOW_DRIFT
        if over:
            creep.since_day = None
        return [self._published(creep, interval, found, midnight_utc(since_day, self._zone), over)]

    def _published(self, creep: Creep, interval: Interval, found: Trend, since_utc: datetime, over: bool) -> Anomaly:
        more_kw = found.to_kw - found.from_kw
        # Per day: the growth over 24 h; what wears draws more while the plant works as well, at least as much as at rest.
        kwh_per_day = max(more_kw * 24, 0.0)
        eur_per_day = None if self._price is None else kwh_per_day * self._price
        facts = self._ended(found) if over else self._growing(found, since_utc, kwh_per_day, eur_per_day)
        finding = Finding(
            kind=AnomalyKind.CREEP,
            facts=facts,
            since_utc=since_utc,
            until_utc=interval.start_utc if over else None,
            revision=creep.revision,
            at_utc=interval.end_utc,
            expected_kw=found.from_kw,
            actual_kw=found.to_kw,
            excess_kwh=max(found.excess_kwh, 0.0),
            kwh_per_day=kwh_per_day,
            eur_per_day=eur_per_day,
            evidence={
                "drift": f"{found.drift:.4f}",
                "span_days": str(found.span.days),
                "days_compared": str(found.days),
                "mann_kendall_z": f"{found.z:.2f}",
                "compared": "hours_without_shift",
            },
        )
        return anomaly_of(interval, finding)

    def _growing(self, found: Trend, since_utc: datetime, kwh_per_day: float, eur_per_day: float | None) -> tuple[Fact, ...]:
        grows = fact(
            "creep.growing", machine=self._machines, since_utc=since_utc, growth=round(found.drift, 4), weeks=found.span.days / 7,
            actual_kw=found.to_kw, expected_kw=found.from_kw,
        )  # fmt: skip
        if eur_per_day is None:
            return grows, fact("creep.per_day_unpriced", kwh_per_day=kwh_per_day)
        return grows, fact("creep.per_day", kwh_per_day=kwh_per_day, eur_per_day=eur_per_day)

    def _ended(self, found: Trend) -> tuple[Fact, ...]:
        return (fact("creep.ended", machine=self._machines, actual_kw=found.to_kw),)

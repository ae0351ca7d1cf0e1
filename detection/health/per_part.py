"""Energy a good part of a machine, day by day: what rises against its own weeks is a finding, priced.

A counter of good parts by the minute and the quarter hours of the machine's meter meet by quarter hour; either may come first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import sqrt
from statistics import median
from zoneinfo import ZoneInfo

from detection.findings import Finding, record_of
from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.facts import Fact, fact
from domain.intervals import Interval, IntervalOrigin
from domain.minutes import MINUTE_MS, Minute
from domain.plant import Plant
from quarters.periods import midnight_utc

MINUTES = 15
WAITING = 16
"""Quarter hours that wait for their other half."""
KEPT_DAYS, FEWEST_PAST, NEWEST = 42, 10, 5
"""Days with parts: kept, needed before the newest, and the newest that are compared with them."""
FEWEST_QUARTERS = 8
"""With parts, that make a day count."""
LEAST_RISE, LEAST_Z = 0.06, 3.0
ACCEPTED_AFTER = 15
"""Days with parts: a level that lasts so long is usual from then on."""
MOST_KWH = 1e12
_TO_SIGMA = 1.48


@dataclass(frozen=True, slots=True)
class CountedMachine:
    """A machine whose control counts good parts."""

    site: str
    machine: str
    meter: str
    parts_channel: str
    energy_channel: str | None
    zone: ZoneInfo
    price: Callable[[datetime], float | None]


@dataclass(slots=True)
class DayOfParts:
    """Energy and parts of a local day (ordinal), of quarter hours in which both are known."""

    day: int = 0
    kwh: float = 0.0
    parts: float = 0.0
    quarters: int = 0

    @property
    def kwh_each(self) -> float:
        """Energy a part."""
        return self.kwh / self.parts


@dataclass(slots=True)
class PartsState:
    """What is remembered of one machine; quarter hours by their number since 1970."""

    counter: float | None = None
    """Count at the newest minute."""
    quarter: int = -1
    made: float | None = 0.0
    """Parts of the running quarter hour; None: not known."""
    parts: dict[int, float] = field(default_factory=dict)
    energy_kwh: dict[int, float] = field(default_factory=dict)
    today: DayOfParts = field(default_factory=DayOfParts)
    days: list[DayOfParts] = field(default_factory=list)
    since_day: int = 0
    """First day of the open finding; 0: none is open."""
    usual_kwh_each: float = 0.0
    revision: int = 0
    excess_kwh: float = 0.0
    open_days: int = 0


def counted_machines(plant: Plant, price: Callable[[datetime], float | None]) -> dict[str, CountedMachine]:
    """Of each meter with one machine the machine, where its control counts good parts."""
    found: dict[str, CountedMachine] = {}
    alone = [machine for machine in plant.machines if sum(other.meter == machine.meter for other in plant.machines) == 1]
    channels = {meter.id: meter.energy_channel() for meter in plant.meters}
    for machine in alone:
        counts = None if machine.control is None else machine.control.counts_good
        if counts is not None:
            found[machine.meter] = CountedMachine(
                plant.site.id, machine.id, machine.meter, counts, channels.get(machine.meter), plant.site.zone, price
            )
    return found


def take_count(counted: CountedMachine, state: PartsState, minute: Minute) -> list[Anomaly]:
    """A minute of the counter of parts; a count that falls makes its quarter hour unknown."""
    quarter = minute.start_ms // MINUTE_MS // MINUTES
    if minute.last is None or quarter < state.quarter:
        return []
    found: list[Anomaly] = []
    if quarter > state.quarter:
        if state.made is not None and state.made >= 1:
            found = _put(counted, state, state.parts, state.quarter, state.made)
        # Parts of a longer pause are nobody's: they may have been made in any of its quarter hours.
        state.made = 0.0 if state.counter is not None and quarter == state.quarter + 1 else None
        state.quarter = quarter
        state.made = 0.0 if state.made is None and state.counter == minute.last else state.made
    if state.counter is not None and state.made is not None:
        state.made = state.made + minute.last - state.counter if minute.last >= state.counter else None
    state.counter = minute.last
    return found


def take_interval(counted: CountedMachine, state: PartsState, interval: Interval) -> list[Anomaly]:
    """A quarter hour of the machine's meter; the first revision with a value counts."""
    if interval.channel != counted.energy_channel or interval.origin is not IntervalOrigin.METERING or interval.energy_kwh is None:
        return []
    return _put(counted, state, state.energy_kwh, epoch_ms(interval.start_utc) // (MINUTES * MINUTE_MS), interval.energy_kwh)


def _put(counted: CountedMachine, state: PartsState, half: dict[int, float], quarter: int, value: float) -> list[Anomaly]:
    half.setdefault(quarter, value)
    while len(half) > WAITING:
        del half[min(half)]
    found: list[Anomaly] = []
    for both in sorted(state.parts.keys() & state.energy_kwh.keys()):
        parts, kwh = state.parts.pop(both), state.energy_kwh.pop(both)
        day = datetime.fromtimestamp(both * MINUTES * 60, counted.zone).toordinal()
        if day > state.today.day:
            found += _end_day(counted, state, both)
            state.today = DayOfParts(day)
        if day == state.today.day:
            state.today.kwh, state.today.parts = state.today.kwh + kwh, state.today.parts + parts
            state.today.quarters += 1
    return found


def _end_day(counted: CountedMachine, state: PartsState, quarter: int) -> list[Anomaly]:
    today = state.today
    if today.quarters < FEWEST_QUARTERS or today.parts <= 0:
        return []
    state.days = [*state.days[-KEPT_DAYS + 1 :], today]
    newest = median(day.kwh_each for day in state.days[-NEWEST:])
    at_utc = datetime.fromtimestamp(quarter * MINUTES * 60, UTC)
    if state.since_day:
        return _go_on(counted, state, newest, at_utc)
    past = [day.kwh_each for day in state.days[:-NEWEST]]
    if len(past) < FEWEST_PAST:
        return []
    usual = median(past)
    sigma = _TO_SIGMA * median(abs(each - usual) for each in past)
    rises = all(day.kwh_each > usual for day in state.days[-NEWEST:]) and newest > usual * (1 + LEAST_RISE)
    if not rises or newest - usual < LEAST_Z * sigma / sqrt(NEWEST):
        return []
    state.since_day, state.usual_kwh_each, state.revision, state.open_days = state.days[-NEWEST].day, usual, 0, NEWEST
    state.excess_kwh = sum((day.kwh_each - usual) * day.parts for day in state.days[-NEWEST:])
    return [_anomaly(counted, state, newest, at_utc, "energy_per_part.higher")]


def _go_on(counted: CountedMachine, state: PartsState, newest: float, at_utc: datetime) -> list[Anomaly]:
    today, usual = state.days[-1], state.usual_kwh_each
    state.excess_kwh += (today.kwh_each - usual) * today.parts
    state.revision, state.open_days = state.revision + 1, state.open_days + 1
    if newest < usual * (1 + LEAST_RISE / 2):
        ended = _anomaly(counted, state, newest, at_utc, "energy_per_part.ended")
    elif state.open_days >= ACCEPTED_AFTER:
        ended = _anomaly(counted, state, newest, at_utc, "energy_per_part.accepted")
        state.days = state.days[-ACCEPTED_AFTER:]
    else:
        return [_anomaly(counted, state, newest, at_utc, "energy_per_part.higher")]
    state.since_day = 0
    return [ended]


def _anomaly(counted: CountedMachine, state: PartsState, newest: float, at_utc: datetime, key: str) -> Anomaly:
    lasts = key == "energy_per_part.higher"
    since_utc = midnight_utc(date.fromordinal(state.since_day), counted.zone)
    parts_a_day = median(day.parts for day in state.days[-NEWEST:])
    kwh_per_day = min(max((newest - state.usual_kwh_each) * parts_a_day, 0.0), MOST_KWH)
    price = counted.price(at_utc)
    eur_per_day = None if price is None else kwh_per_day * price
    finding = Finding(
        kind=AnomalyKind.ENERGY_PER_PART,
        facts=_says(counted, state, newest, since_utc, key, kwh_per_day, eur_per_day),
        since_utc=since_utc,
        until_utc=None if lasts else at_utc,
        revision=state.revision,
        at_utc=at_utc,
        excess_kwh=min(max(state.excess_kwh, 0.0), MOST_KWH),
        kwh_per_day=kwh_per_day,
        eur_per_day=eur_per_day,
        evidence={
            "machine": counted.machine,
            "expected_kwh_each": f"{state.usual_kwh_each:.5g}",
            "actual_kwh_each": f"{newest:.5g}",
            "parts_a_day": f"{parts_a_day:.6g}",
            "days_compared": str(len(state.days)),
        },
    )
    return record_of(counted.site, counted.meter, finding)


def _says(
    counted: CountedMachine,
    state: PartsState,
    newest: float,
    since_utc: datetime,
    key: str,
    kwh_per_day: float,
    eur_per_day: float | None,
) -> tuple[Fact, ...]:
    if key == "energy_per_part.ended":
        return (fact("energy_per_part.ended", machine=counted.machine, since_utc=since_utc),)
    each_wh, usual_wh = 1000 * newest, 1000 * state.usual_kwh_each
    if key == "energy_per_part.accepted":
        return (fact("energy_per_part.accepted", machine=counted.machine, since_utc=since_utc, each_wh=each_wh),)
    higher = fact("energy_per_part.higher", machine=counted.machine, since_utc=since_utc, each_wh=each_wh, usual_wh=usual_wh)
    return higher, per_day(kwh_per_day, eur_per_day)


def per_day(kwh_per_day: float, eur_per_day: float | None) -> Fact:
    """What it draws more than usual, in money where the price is known."""
    if eur_per_day is None:
        return fact("health.per_day_unpriced", kwh_per_day=kwh_per_day)
    return fact("health.per_day", kwh_per_day=kwh_per_day, eur_per_day=eur_per_day)

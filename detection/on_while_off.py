"""A machine that draws power while nobody is meant to run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detection.findings import Finding, anomaly_of
from detection.levels import HOURLY, OffHistory, OffLevel, above, is_alike
from detection.staffing import OffPhase, Phase, Staffing
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, Value, fact
from domain.intervals import Interval, IntervalOrigin
from domain.plant import Machine
from quarters.numbers import slot_of, slot_start
from quarters.quality import is_sound

OPENS_AFTER = 2
"""Consecutive quarter hours above the limit: the first after a shift's end alone is run-down, and one spike alone is nothing."""
CLOSES_AFTER = 2
"""Quarter hours below the limit; the incident then ends where the first of them began. A shift's start ends it at once."""
KEPT_SINGLY = 96
"""Quarter hours of an incident that late data may still restate; what is older is settled."""
DAY = timedelta(hours=24)
SEEN_COVERAGE = 0.5

MOST_RECENT = 4
"""Ended incidents that are remembered, because the next span of rest may go on with them."""
GOES_ON_WITHIN = 15 * 96
"""Quarter hours after which it does not: two weekends."""
CALM = 8
"""Normal quarter hours in a later span of rest that end what went on from one to the next."""
HABIT_SPANS, HABIT_LONG_SPANS, HABIT_QUARTERS = 5, 3, 160
"""A power found in five spans of rest in a row, or in three long ones, is how the machine idles now, not what somebody left on."""
IDLE_OF_RATED = 0.3
"""Above this share of the rated power a machine works; that never becomes its off level, it stays one open incident."""


@dataclass(slots=True)
class Drawn:
    """One quarter hour of an incident: by which revision, and its power [kW]."""

    revision: int
    power_kw: float


@dataclass(slots=True)
class Incident:
    """A machine found on: `quarters` by slot, older ones summed up in `settled_kwh` and `settled_quarters`."""

    level: OffLevel
    since_slot: int
    span_slot: int
    """First of its quarter hours in the newest span of rest; `since_slot` until another span goes on with it."""
    rest_slot: int
    """Which span of rest that was: when the shift before it ended; 0 where that was more than a week ago."""
    in_nights: bool
    in_long_rests: bool
    """In which spans of rest it was found: where it was not, a normal one does not end it."""
    revision: int = -1
    """-1 while only suspected."""
    quarters: dict[int, Drawn] = field(default_factory=dict)
    settled_kwh: float = 0.0
    settled_quarters: int = 0
    below_from: int | None = None
    """First of the newest quarter hours in a row that were below the limit."""
    below: int = 0
    spans: int = 1
    """Spans of rest in a row in which it was found."""
    calm: int = 0
    """Normal quarter hours in later spans of rest."""

    @property
    def suspected(self) -> bool:
        """Whether it has not been published yet."""
        return self.revision < 0

    @property
    def newest_slot(self) -> int:
        """Its newest quarter hour."""
        return max(self.quarters)

    @property
    def actual_kw(self) -> float:
        """Mean power of its quarter hours."""
        return self.level.expected_kw + self.excess_kwh() * 4 / self.seen_quarters()

    def has_fallen(self, power_kw: float) -> bool:
        """Whether `power_kw` is normal again: not above the limit, and nearer to what is expected than to what was found."""
        return power_kw <= self.level.limit_kw and 2 * power_kw <= self.level.expected_kw + self.actual_kw

    def add(self, slot: int, drawn: Drawn) -> None:
        """Count one quarter hour."""
        self.quarters[slot] = drawn
        while len(self.quarters) > KEPT_SINGLY:
            oldest = min(self.quarters)
            self.settled_kwh += self._excess_kwh(self.quarters.pop(oldest))
            self.settled_quarters += 1

    def go_on(self, other: Incident) -> None:
        """Take in what was found again, in the same span of rest or in a later one."""
        self.spans += other.rest_slot != self.rest_slot
        self.span_slot, self.rest_slot = other.span_slot, other.rest_slot
        self.in_nights |= other.in_nights
        self.in_long_rests |= other.in_long_rests
        self.below_from, self.below, self.calm = None, 0, 0
        for slot, drawn in other.quarters.items():
            self.add(slot, drawn)

    def excess_kwh(self) -> float:
        """Energy above the expected level so far [kWh]."""
        return self.settled_kwh + sum(self._excess_kwh(drawn) for drawn in self.quarters.values())

    def seen_quarters(self) -> int:
        """Quarter hours that `excess_kwh` rests on."""
        return self.settled_quarters + len(self.quarters)

    def _excess_kwh(self, drawn: Drawn) -> float:
        return (drawn.power_kw - self.level.expected_kw) / 4


@dataclass(slots=True)
class OffState:
    """What is known of one meter's machines while they should be off."""

    history: OffHistory = field(default_factory=OffHistory)
    incident: Incident | None = None
    recent: list[Incident] = field(default_factory=list)
    """Ended incidents that the next span of rest may go on with, oldest first."""


@dataclass(frozen=True, slots=True)
class OnWhileOff:
    """The watch over the machines behind one meter."""

    machines: tuple[Machine, ...]
    staffing: Staffing
    price_eur_per_kwh: float | None
    """None where it is not known."""

    @property
    def standby_kw(self) -> float:
        """What they may draw together while off."""
        return sum(machine.standby_kw for machine in self.machines)

    @property
    def rated_kw(self) -> float:
        """What they may draw together at all."""
        return sum(machine.rated_kw for machine in self.machines)

    def take(self, state: OffState, interval: Interval, newer: bool) -> list[Anomaly]:
        """Judge one quarter hour; `newer`: it is no restatement of one that was seen before.

        A quarter hour that was not measured (substituted, missing, seen for less than half) neither opens nor ends an incident and
        adds no energy; a restatement within an open incident corrects its energy with the next revision.
        """
        slot = slot_of(interval.start_utc)
        power_kw = interval.power_kw
        if not is_sound(interval.quality) or interval.coverage < SEEN_COVERAGE:
            power_kw = None
        off = self.staffing.off_phase(interval.start_utc)
        if interval.origin is IntervalOrigin.IMPORT:
            if off is not None and power_kw is not None:
                state.history.learn(off.phase, slot, power_kw)
            elif off is not None:
                state.history.forget(off.phase, slot)
            return []
        if not newer:
            if off is not None and power_kw is not None:
                self._restate(state.incident, interval, slot, power_kw)
            return []
        if off is None:
            return self._ended(state, interval, slot)
        found: list[Anomaly] = []
        incident = state.incident
        if incident is not None and off.shift_end_utc is not None and off.shift_end_utc > slot_start(incident.span_slot):
            # Records are missing over a whole shift: what was on before it is not what is on after it.
            found = self._ended(state, interval, incident.newest_slot + 1)
        return found if power_kw is None else found + self._judge(state, interval, slot, power_kw, off)

    def broken_off(self, state: OffState, interval: Interval) -> list[Anomaly]:
        """End what is open and forget what might go on: the time in which it was found has turned out to be wrong."""
        found = [] if state.incident is None else self._ended(state, interval, state.incident.newest_slot + 1)
        state.recent = []
        return found

    def _restate(self, incident: Incident | None, interval: Interval, slot: int, power_kw: float) -> None:
        if incident is None:
            return
        known = incident.quarters.get(slot)
        if known is None and (slot < incident.span_slot or slot < min(incident.quarters)):
            return
        if known is not None and known.revision >= interval.revision:
            return
        if incident.below_from is None or slot < incident.below_from:
            incident.add(slot, Drawn(interval.revision, power_kw))

    def _judge(self, state: OffState, interval: Interval, slot: int, power_kw: float, off: OffPhase) -> list[Anomaly]:
        level = state.history.level(off.phase, self.standby_kw, self.rated_kw)
        incident = state.incident
        judged_by = level if incident is None else incident.level
        if judged_by is None or self._is_normal(power_kw, incident, level, off):
            state.history.learn(off.phase, slot, power_kw)
            self._note_calm(state, power_kw, off)
            return self._below(state, interval, slot)
        found: list[Anomaly] = []
        if incident is not None and incident.spans > 1 and self._is_more(power_kw, incident):
            found, incident = self._ended(state, interval, slot), None
        if incident is None:
            incident = state.incident = self._opened(state, judged_by, slot, power_kw, off)
        incident.below_from, incident.below = None, 0
        incident.add(slot, Drawn(interval.revision, power_kw))
        if incident.suspected:
            if incident.seen_quarters() < OPENS_AFTER:
                return found
            incident = state.incident = self._gone_on(state, incident)
            if self._is_habit(incident):
                return [*found, self._accepted(state, incident, interval, slot)]
        return [*found, self._published(incident, interval, None)]

    @staticmethod
    def _is_normal(power_kw: float, incident: Incident | None, level: OffLevel | None, off: OffPhase) -> bool:
        if incident is None:
            return level is None or power_kw <= level.limit_kw
        # What was too much while it ran down may be what it always draws in a long rest.
        is_usual = level is not None and off.phase in HOURLY and level.limit_kw > incident.level.limit_kw
        return incident.has_fallen(power_kw) or (is_usual and level is not None and power_kw <= level.limit_kw)

    def _opened(self, state: OffState, level: OffLevel, slot: int, power_kw: float, off: OffPhase) -> Incident:
        """A new suspicion. Above a power that is found in each span of rest it is that which the machine is expected to draw."""
        for known in state.recent:
            if known.spans > 1 and self._is_more(power_kw, known):
                level = above(known.actual_kw, self.rated_kw, "earlier_finding")
        rest_slot = 0 if off.shift_end_utc is None else slot_of(off.shift_end_utc)
        return Incident(level, slot, slot, rest_slot, not off.is_long, off.is_long)

    def _is_more(self, power_kw: float, known: Incident) -> bool:
        return power_kw > known.actual_kw and not is_alike(power_kw, known.actual_kw, self.rated_kw)

    def _gone_on(self, state: OffState, incident: Incident) -> Incident:
        """The recent incident that `incident` goes on with, or itself."""
        state.recent = [one for one in state.recent if incident.since_slot - one.newest_slot <= GOES_ON_WITHIN]
        for one in reversed(state.recent):
            if is_alike(incident.actual_kw, one.actual_kw, self.rated_kw):
                state.recent.remove(one)
                one.go_on(incident)
                return one
        return incident

    def _is_habit(self, incident: Incident) -> bool:
        often = incident.spans >= HABIT_SPANS or (incident.spans >= HABIT_LONG_SPANS and incident.seen_quarters() >= HABIT_QUARTERS)
        return often and incident.actual_kw <= IDLE_OF_RATED * self.rated_kw

    def _accepted(self, state: OffState, incident: Incident, interval: Interval, slot: int) -> Anomaly:
        state.history.accept(incident.actual_kw)
        state.incident = None
        return self._published(incident, interval, slot, is_accepted=True)

    def _note_calm(self, state: OffState, power_kw: float, off: OffPhase) -> None:
        """Forget what no longer goes on. Running down after a shift says nothing of it."""
        if off.phase in (Phase.AFTER_SHIFT, Phase.AFTER_LAST_SHIFT) or not state.recent:
            return
        rest_slot = 0 if off.shift_end_utc is None else slot_of(off.shift_end_utc)
        for one in state.recent:
            was_found = one.in_long_rests if off.is_long else one.in_nights
            one.calm += was_found and one.rest_slot != rest_slot and one.has_fallen(power_kw)
        state.recent = [one for one in state.recent if one.calm < CALM]

    def _below(self, state: OffState, interval: Interval, slot: int) -> list[Anomaly]:
        incident = state.incident
        if incident is None or incident.suspected:
            state.incident = None
            return []
        incident.below_from = slot if incident.below_from is None else incident.below_from
        incident.below += 1
        return [] if incident.below < CLOSES_AFTER else self._ended(state, interval, slot)

    def _ended(self, state: OffState, interval: Interval, until_slot: int) -> list[Anomaly]:
        incident, state.incident = state.incident, None
        if incident is None or incident.suspected:
            return []
        state.recent = [*state.recent, incident][-MOST_RECENT:]
        return [self._published(incident, interval, until_slot if incident.below_from is None else incident.below_from)]

    def _published(self, incident: Incident, interval: Interval, until_slot: int | None, is_accepted: bool = False) -> Anomaly:
        incident.revision += 1
        since_utc = slot_start(incident.since_slot)
        # Per day: the hours of the 24 h from its beginning in which nobody is meant to run the machine, at its mean excess so far.
        off_hours = self.staffing.off_hours(since_utc, since_utc + DAY)
        kwh_per_day = (incident.actual_kw - incident.level.expected_kw) * off_hours
        price = self.price_eur_per_kwh
        until_utc = None if until_slot is None else slot_start(until_slot)
        cost = self._per_day(kwh_per_day) if until_utc is None else ()
        finding = Finding(
            kind=AnomalyKind.ON_WHILE_OFF,
            facts=(self._fact(incident, since_utc, until_utc, is_accepted), *cost),
            since_utc=since_utc,
            until_utc=until_utc,
            revision=incident.revision,
            at_utc=interval.end_utc,
            expected_kw=incident.level.expected_kw,
            actual_kw=incident.actual_kw,
            excess_kwh=incident.excess_kwh(),
            kwh_per_day=kwh_per_day,
            eur_per_day=None if price is None else kwh_per_day * price,
            evidence={
                "machines": ", ".join(machine.id for machine in self.machines),
                "limit_kw": f"{incident.level.limit_kw:.2f}",
                "expected_from": incident.level.basis,
                "quarter_hours": str(incident.seen_quarters()),
                "spans_of_rest": str(incident.spans),
                "off_hours_per_day": f"{off_hours:.2f}",
                "price_eur_per_kwh": "unknown" if price is None else f"{price:.4f}",
            },
        )
        return anomaly_of(interval, finding)

    def _fact(self, incident: Incident, since_utc: datetime, until_utc: datetime | None, is_accepted: bool) -> Fact:
        again = {"spans": incident.spans} if incident.spans > 1 or is_accepted else {}
        values: dict[str, Value] = {
            "machine": tuple(machine.id for machine in self.machines), "since_utc": since_utc, "actual_kw": incident.actual_kw,
            "expected_kw": incident.level.expected_kw, "excess_kwh": incident.excess_kwh(), **again,
        }  # fmt: skip
        if is_accepted:
            return fact("on_while_off.accepted", **values)
        if until_utc is None:
            return fact("on_while_off.lasting_again" if again else "on_while_off.lasting", **values)
        return fact("on_while_off.ended_again" if again else "on_while_off.ended", **values, until_utc=until_utc)

    def _per_day(self, kwh_per_day: float) -> tuple[Fact, ...]:
        if self.price_eur_per_kwh is None:
            return (fact("on_while_off.per_day_unpriced", kwh_per_day=kwh_per_day),)
        return (fact("on_while_off.per_day", kwh_per_day=kwh_per_day, eur_per_day=kwh_per_day * self.price_eur_per_kwh),)

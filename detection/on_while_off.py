"""A machine that draws power while nobody is meant to run it."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection import incident_report
from detection.incident import Drawn, Incident
from detection.levels import HOURLY, OffHistory, OffLevel, above, is_alike
from detection.staffing import OffPhase, Phase, Staffing
from domain.anomalies import Anomaly
from domain.intervals import Interval, IntervalOrigin
from domain.plant import Machine
from quarters.numbers import slot_of, slot_start
from quarters.quality import is_sound

OPENS_AFTER = 2
"""Consecutive quarter hours above the limit: the first after a shift's end alone is run-down, and one spike alone is nothing."""
CLOSES_AFTER = 2
"""Quarter hours below the limit; the incident then ends where the first of them began. A shift's start ends it at once."""
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
        return incident_report.anomaly(
            self.machines, self.staffing, self.price_eur_per_kwh, incident, interval, until_slot, is_accepted
        )

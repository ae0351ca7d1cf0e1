"""A machine that draws power while nobody is meant to run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from detection.findings import Finding, anomaly_of
from detection.levels import OffHistory, OffLevel
from detection.slots import slot_of, slot_start
from detection.staffing import OffPhase, Staffing
from detection.texts import clock_de, clock_en, number_de, number_en, places
from domain.anomalies import Anomaly, AnomalyKind
from domain.intervals import Interval, IntervalOrigin, IntervalQuality
from domain.plant import Machine

OPENS_AFTER = 2
"""Consecutive quarter hours above the limit: the first after a shift's end alone is run-down, and one spike alone is nothing."""
CLOSES_AFTER = 2
"""Quarter hours below the limit; the incident then ends where the first of them began. A shift's start ends it at once."""
KEPT_SINGLY = 96
"""Quarter hours of an incident that late data may still restate; what is older is settled."""
DAY = timedelta(hours=24)
SEEN = (IntervalQuality.MEASURED, IntervalQuality.CALCULATED, IntervalQuality.CORRECTED)
SEEN_COVERAGE = 0.5


@dataclass(slots=True)
class Drawn:
    """One quarter hour of an incident: which revision said so, and its power [kW]."""

    revision: int
    power_kw: float


@dataclass(slots=True)
class Incident:
    """A machine found on: `quarters` by slot, older ones summed up in `settled_kwh` and `settled_quarters`."""

    level: OffLevel
    since_slot: int
    revision: int = -1
    """-1 while only suspected."""
    quarters: dict[int, Drawn] = field(default_factory=dict)
    settled_kwh: float = 0.0
    settled_quarters: int = 0
    below_from: int | None = None
    """First of the newest quarter hours in a row that were below the limit."""
    below: int = 0

    @property
    def suspected(self) -> bool:
        """Whether it has not been told to anybody yet."""
        return self.revision < 0

    def add(self, slot: int, drawn: Drawn) -> None:
        """Count one quarter hour."""
        self.quarters[slot] = drawn
        while len(self.quarters) > KEPT_SINGLY:
            oldest = min(self.quarters)
            self.settled_kwh += self._excess_kwh(self.quarters.pop(oldest))
            self.settled_quarters += 1

    def excess_kwh(self) -> float:
        """Energy above the expected level so far [kWh]."""
        return self.settled_kwh + sum(self._excess_kwh(drawn) for drawn in self.quarters.values())

    def seen_quarters(self) -> int:
        """Quarter hours that `excess_kwh` rests on."""
        return self.settled_quarters + len(self.quarters)

    def _excess_kwh(self, drawn: Drawn) -> float:
        return (drawn.power_kw - self.level.expected_kw) / 4


@dataclass(frozen=True, slots=True)
class OnWhileOff:
    """The watch over the machines behind one meter, all of which have shifts."""

    machines: tuple[Machine, ...]
    staffing: Staffing
    zone: ZoneInfo
    price_eur_per_kwh: float

    @property
    def standby_kw(self) -> float:
        """What they may draw together while off."""
        return sum(machine.standby_kw for machine in self.machines)

    @property
    def rated_kw(self) -> float:
        """What they may draw together at all."""
        return sum(machine.rated_kw for machine in self.machines)

    def take(
        self, history: OffHistory, incident: Incident | None, interval: Interval, newer: bool
    ) -> tuple[Incident | None, list[Anomaly]]:
        """Judge one quarter hour; `newer` tells it from a restatement of one that was seen before.

        A quarter hour that was not measured (substituted, missing, seen for less than half) neither opens nor ends an incident and
        adds no energy; a restatement within an open incident corrects its energy with the next revision.
        """
        slot = slot_of(interval.start_utc)
        power_kw = interval.power_kw
        seen = power_kw is not None and interval.quality in SEEN and interval.coverage >= SEEN_COVERAGE
        off = self.staffing.off_phase(interval.start_utc)
        if interval.origin is IntervalOrigin.IMPORT:
            if off is not None and seen and power_kw is not None:
                history.learn(off.phase, slot, power_kw)
            return incident, []
        if not newer:
            return self._restate(incident, interval, slot, power_kw if seen and off is not None else None), []
        if off is None:
            return None, self._ended(incident, interval, slot)
        if incident is not None and off.shift_end_utc is not None and off.shift_end_utc > slot_start(incident.since_slot):
            # Records are missing over a whole shift: what was on before it is not what is on after it.
            ended, incident = self._ended(incident, interval, max(incident.quarters) + 1), None
            if not seen or power_kw is None:
                return None, ended
            incident, found = self._judge(history, None, interval, slot, power_kw, off)
            return incident, ended + found
        if not seen or power_kw is None:
            return incident, []
        return self._judge(history, incident, interval, slot, power_kw, off)

    def _restate(self, incident: Incident | None, interval: Interval, slot: int, power_kw: float | None) -> Incident | None:
        if incident is None or power_kw is None or slot < incident.since_slot:
            return incident
        known = incident.quarters.get(slot)
        settled = known is None and incident.settled_quarters > 0 and slot < min(incident.quarters, default=slot)
        if settled or (known is not None and known.revision >= interval.revision):
            return incident
        if incident.below_from is None or slot < incident.below_from:
            incident.add(slot, Drawn(interval.revision, power_kw))
        return incident

    def _judge(
        self, history: OffHistory, incident: Incident | None, interval: Interval, slot: int, power_kw: float, off: OffPhase
    ) -> tuple[Incident | None, list[Anomaly]]:
        level = history.level(off.phase, self.standby_kw, self.rated_kw)
        limit_kw = incident.level.limit_kw if incident is not None else (None if level is None else level.limit_kw)
        if limit_kw is None or power_kw <= limit_kw:
            history.learn(off.phase, slot, power_kw)
            return self._below(incident, interval, slot)
        if incident is None:
            if level is None:
                return None, []
            incident = Incident(level, slot)
        incident.below_from, incident.below = None, 0
        incident.add(slot, Drawn(interval.revision, power_kw))
        if incident.suspected and incident.seen_quarters() < OPENS_AFTER:
            return incident, []
        return incident, [self._told(incident, interval, None)]

    def _below(self, incident: Incident | None, interval: Interval, slot: int) -> tuple[Incident | None, list[Anomaly]]:
        if incident is None or incident.suspected:
            return None, []
        incident.below_from = slot if incident.below_from is None else incident.below_from
        incident.below += 1
        if incident.below < CLOSES_AFTER:
            return incident, []
        return None, self._ended(incident, interval, incident.below_from)

    def _ended(self, incident: Incident | None, interval: Interval, until_slot: int) -> list[Anomaly]:
        if incident is None or incident.suspected:
            return []
        until = incident.below_from if incident.below_from is not None else until_slot
        return [self._told(incident, interval, until)]

    def _told(self, incident: Incident, interval: Interval, until_slot: int | None) -> Anomaly:
        incident.revision += 1
        since_utc = slot_start(incident.since_slot)
        excess_kwh = incident.excess_kwh()
        excess_kw = excess_kwh * 4 / incident.seen_quarters()
        expected_kw = incident.level.expected_kw
        # Per day: the hours of the 24 h from its beginning in which nobody is meant to run the machine, at its mean excess so far.
        off_hours = self.staffing.off_hours(since_utc, since_utc + DAY)
        kwh_per_day = excess_kw * off_hours
        finding = Finding(
            kind=AnomalyKind.ON_WHILE_OFF,
            since_utc=since_utc,
            until_utc=None if until_slot is None else slot_start(until_slot),
            revision=incident.revision,
            at_utc=interval.end_utc,
            expected_kw=expected_kw,
            actual_kw=expected_kw + excess_kw,
            excess_kwh=excess_kwh,
            kwh_per_day=kwh_per_day,
            eur_per_day=kwh_per_day * self.price_eur_per_kwh,
            evidence={
                "machines": ", ".join(machine.id for machine in self.machines),
                "limit_kw": f"{incident.level.limit_kw:.2f}",
                "expected_from": incident.level.basis,
                "quarter_hours": str(incident.seen_quarters()),
                "off_hours_per_day": f"{off_hours:.2f}",
                "price_eur_per_kwh": f"{self.price_eur_per_kwh:.4f}",
            },
        )
        return anomaly_of(interval, finding, *self._messages(finding))

    def _messages(self, finding: Finding) -> tuple[str, str]:
        name = " + ".join(machine.label for machine in self.machines)
        actual, expected = finding.actual_kw or 0.0, finding.expected_kw or 0.0
        since_en, since_de = clock_en(finding.since_utc, self.zone), clock_de(finding.since_utc, self.zone)
        shown = places(actual)
        if finding.until_utc is not None:
            return (
                f"{name} was on outside its shifts from {since_en} to {clock_en(finding.until_utc, self.zone)}: "
                f"{number_en(actual, shown)} kW instead of {number_en(expected, 1)} kW, "
                f"{number_en(finding.excess_kwh, 1)} kWh too much.",
                f"{name} lief außerhalb der Schicht von {since_de} bis {clock_de(finding.until_utc, self.zone)}: "
                f"{number_de(actual, shown)} kW statt {number_de(expected, 1)} kW, {number_de(finding.excess_kwh, 1)} kWh zu viel.",
            )
        return (
            f"{name} has been on outside its shifts since {since_en}: "
            f"{number_en(actual, shown)} kW instead of {number_en(expected, 1)} kW, {number_en(finding.excess_kwh, 1)} kWh so far. "
            f"If it stays on: {number_en(finding.kwh_per_day)} kWh and {number_en(finding.eur_per_day)} EUR a day.",
            f"{name} läuft außerhalb der Schicht seit {since_de}: {number_de(actual, shown)} kW statt {number_de(expected, 1)} kW, "
            f"bisher {number_de(finding.excess_kwh, 1)} kWh. "
            f"Bleibt es so: {number_de(finding.kwh_per_day)} kWh und {number_de(finding.eur_per_day)} EUR am Tag.",
        )

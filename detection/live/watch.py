"""All watches of this room over one meter: a quarter hour in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import isnan, nan
from zoneinfo import ZoneInfo

from detection.live import data, electric, energy, habits, report
from detection.live.electric import PowerFactor, ReactiveTerms, ThreePhases
from detection.live.energy import Energy
from detection.live.habits import Habits
from detection.live.incidents import Incident
from detection.staffing import Staffing
from detection.streams.meter import Judged, Meter
from detection.streams.row import Row
from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import EPOCH
from domain.intervals import QUARTER, QUARTER_MS, Interval, IntervalOrigin
from domain.units import UWH_PER_KWH
from quarters.periods import midnight_utc
from quarters.quality import is_sound

KINDS = (
    AnomalyKind.STUCK, AnomalyKind.SPIKE, AnomalyKind.UNIT_JUMP, AnomalyKind.PHASE_DROP, AnomalyKind.LEFT_ON, AnomalyKind.UNPLANNED_WORK,
    AnomalyKind.BASE_LOAD_STEP, AnomalyKind.AIR_LEAK, AnomalyKind.EARLY_START, AnomalyKind.LATE_STOP, AnomalyKind.POOR_POWER_FACTOR,
    AnomalyKind.PHASE_IMBALANCE,
)  # fmt: skip
QUARTER_S = QUARTER_MS // 1000
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SEEN_COVERAGE = 0.5
BEGINS_AGAIN_S = 7 * 86_400
"""An import that reaches back further than what was seen begins again, as long as no more than this was seen."""


CONFIRMING_DAYS = 1
BASE_LOAD_DAYS = 6
"""Days with hours of rest, of three weekends in a plant that works around the clock else, from which on a base load is judged."""


def new_meter() -> Meter:
    """A detector that has seen nothing."""
    meter = Meter()
    meter.data.repeats.is_judged = False  # metering says which registers stood still under load
    meter.base_load.fewest_days = BASE_LOAD_DAYS
    return meter


@dataclass(slots=True)
class LiveState:
    """What was seen of one meter: numbers and lists of numbers alone (`detection.streams.packing`)."""

    first_s: int = -1
    last_s: int = -1
    """Oldest and newest quarter hour that was judged [s since 1970]."""
    hour_s: int = -1
    """First quarter hour of the running hour."""
    meter: Meter = field(default_factory=new_meter)
    energy: Energy = field(default_factory=Energy)
    habits: Habits = field(default_factory=Habits)
    power_factor: PowerFactor = field(default_factory=PowerFactor)
    phases: ThreePhases = field(default_factory=ThreePhases)
    incidents: list[Incident] = field(default_factory=lambda: [Incident() for _ in KINDS])
    """One for each of `KINDS`."""

    def incident(self, kind: AnomalyKind) -> Incident:
        """The newest of its kind."""
        return self.incidents[KINDS.index(kind)]


@dataclass(frozen=True, slots=True)
class LiveWatch:
    """The watches over one meter.

    Attributes
    ----------
    machines
        Ids of the machines behind it.
    kinds
        What it is watched for (`detection.watched`).
    staffing
        When people work in what it measures; None where the plant has no shifts: then only its data are judged.
    pattern
        The same by the weekly pattern alone, where special shifts are to be worked; None: nobody asks.
    possible_kw
        What may be drawn although it never was.
    terms
        Of reactive energy at an instant: None where it is not priced.
    """

    zone: ZoneInfo
    machines: tuple[str, ...]
    kinds: frozenset[AnomalyKind]
    staffing: Staffing | None
    pattern: Staffing | None
    possible_kw: float
    phase_channels: tuple[str, ...]
    reactive_channel: str | None
    terms: Callable[[datetime], ReactiveTerms | None]
    price_eur_per_kwh: float | None = None

    def at_price(self, price_eur_per_kwh: float | None) -> LiveWatch:
        """The same at a price of energy."""
        return replace(self, price_eur_per_kwh=price_eur_per_kwh)

    # -- the meter's energy -----------------------------------------------------------------------------------------------

    def take(self, state: LiveState, interval: Interval, newer: bool, off_reported: bool, growth_reported: bool) -> list[Anomaly]:
        """Judge one quarter hour of the meter's energy. Restated ones, and imported ones that are older than what was judged, teach nothing.

        Parameters
        ----------
        newer
            Whether it is live and newer than all before.
        off_reported
            Whether *on without a shift* is open, or was lately.
        growth_reported
            Whether *creep* is open: then a base load that has risen is no news, but air that leaks is.
        """
        imported = interval.origin is IntervalOrigin.IMPORT
        at_s = (interval.start_utc - EPOCH) // SECOND
        if imported and at_s < state.first_s and state.last_s - state.first_s < BEGINS_AGAIN_S:
            self._begin_again(state)
        if at_s <= state.last_s or not (imported or newer):
            return []
        state.first_s = at_s if state.first_s < 0 else state.first_s
        state.last_s = at_s
        row = self._row(interval, at_s)
        state.meter.data.possible_kw = self.possible_kw
        judged = state.meter.judge(row)
        incidents = {kind: incident for kind, incident in zip(KINDS, state.incidents, strict=True) if kind in self.kinds}
        due: list[AnomalyKind] = []
        if newer and AnomalyKind.STUCK in incidents:
            due += data.take(incidents, row, interval.method, judged.fault, state.meter)
        if judged.hour is not None:
            due += self._hour(state, incidents, judged, newer, off_reported, growth_reported)
        if state.meter.hour_sum.local_hour == row.local_hour and (judged.hour is not None or state.hour_s < 0):
            state.hour_s = at_s
        if self.staffing is not None and (AnomalyKind.LATE_STOP in incidents or AnomalyKind.EARLY_START in incidents):
            off = self.staffing.off_phase(interval.start_utc)
            power_kw = nan if judged.fault.reason else row.values[0]
            due += habits.take(state.habits, incidents, state.meter.hours, off, at_s, power_kw, newer, off_reported)
        found = [self._published(kind, incidents[kind], interval) for kind in due]
        return found + self._electric(state, interval, at_s, newer)

    def _row(self, interval: Interval, at_s: int) -> Row:
        power_kw = interval.power_kw
        if power_kw is None or not is_sound(interval.quality) or interval.coverage < SEEN_COVERAGE:
            power_kw = nan
        local = interval.start_utc.astimezone(self.zone).replace(tzinfo=UTC)
        staffed = None if self.staffing is None else self.staffing.off_phase(interval.start_utc) is None
        return Row(float(at_s), (local - EPOCH) // HOUR, (power_kw,), staffed)

    def _hour(
        self,
        state: LiveState,
        incidents: dict[AnomalyKind, Incident],
        judged: Judged,
        live: bool,
        off_reported: bool,
        growth_reported: bool,
    ) -> list[AnomalyKind]:
        """Kinds of which something is to be published with the hour that has ended."""
        hour, hour_s, meter, staffing = judged.hour, state.hour_s, state.meter, self.staffing
        assert hour is not None
        assert staffing is not None
        due: list[AnomalyKind] = []
        work = incidents.get(AnomalyKind.UNPLANNED_WORK)
        if live and work is not None:
            special = self.pattern is not None and hour.staffed and self._is_special(hour_s)
            is_due = energy.unplanned_work(work, judged, hour, hour_s, meter)
            if energy.not_worked(state.energy, work, hour, hour_s, meter.hours, special) or is_due:
                due.append(AnomalyKind.UNPLANNED_WORK)
        left = incidents.get(AnomalyKind.LEFT_ON)
        if live and left is not None:
            start_utc = EPOCH + (left.since_s if left.is_open else hour_s) * SECOND
            off_hours = staffing.off_hours(start_utc, start_utc + DAY)
            if energy.left_on(state.energy, left, judged, hour, hour_s, meter, off_hours, opens=work is None or not work.is_open):
                due.append(AnomalyKind.LEFT_ON)
        reported = off_reported or (left is not None and left.is_open)
        for kind in (AnomalyKind.BASE_LOAD_STEP, AnomalyKind.AIR_LEAK):
            if kind in incidents:
                is_step = kind is AnomalyKind.BASE_LOAD_STEP
                confirming_days = CONFIRMING_DAYS if is_step else 0
                since_s = self._midnight_s(meter.base_load.step_since_day)
                if energy.base_load(
                    state.energy,
                    incidents[kind],
                    judged,
                    hour,
                    hour_s,
                    meter,
                    since_s,
                    live,
                    reported or (is_step and growth_reported),
                    confirming_days,
                ):
                    due.append(kind)
        return due

    def _midnight_s(self, day: int) -> int:
        """When a day begins [s since 1970], of local days since 1970."""
        return (midnight_utc(EPOCH.date() + day * DAY, self.zone) - EPOCH) // SECOND

    def _is_special(self, hour_s: int) -> bool:
        """Whether the hour is staffed by a shift change alone."""
        assert self.pattern is not None
        quarters = (EPOCH + hour_s * SECOND + n * QUARTER for n in range(4))
        return all(self.pattern.off_phase(start_utc) is not None for start_utc in quarters)

    # -- other channels -----------------------------------------------------------------------------------------------------

    def take_other(self, state: LiveState, interval: Interval) -> list[Anomaly]:
        """Count a quarter hour of another channel of the meter: its reactive energy, or one of its phases."""
        if interval.channel != self.reactive_channel and interval.channel not in self.phase_channels:
            return []
        return self._electric(state, interval, (interval.start_utc - EPOCH) // SECOND, interval.origin is not IntervalOrigin.IMPORT)

    def _electric(self, state: LiveState, interval: Interval, at_s: int, live: bool) -> list[Anomaly]:
        if not (self.reactive_channel or self.phase_channels):
            return []
        energy_kwh = nan if interval.energy_uwh is None or not is_sound(interval.quality) else interval.energy_uwh / UWH_PER_KWH
        day = interval.start_utc.astimezone(self.zone).toordinal()
        found = []
        if interval.channel in self.phase_channels:
            drop, uneven = state.incident(AnomalyKind.PHASE_DROP), state.incident(AnomalyKind.PHASE_IMBALANCE)
            number = self.phase_channels.index(interval.channel)
            due = state.phases.take(drop, uneven, number, at_s, day, energy_kwh, live)
            kinds = (AnomalyKind.PHASE_DROP, AnomalyKind.PHASE_IMBALANCE)
            found = [
                self._published(kind, state.incident(kind), interval) for kind, is_due in zip(kinds, due, strict=True) if is_due
            ]
        elif self.reactive_channel and not isnan(energy_kwh):
            terms, incident = self.terms(interval.start_utc), state.incident(AnomalyKind.POOR_POWER_FACTOR)
            is_reactive = interval.channel == self.reactive_channel
            if state.power_factor.take(incident, is_reactive, at_s, day, energy_kwh, terms, live):
                found = [self._published(AnomalyKind.POOR_POWER_FACTOR, incident, interval, electric.eur_of(incident, terms))]
        return found

    # -- what is published ----------------------------------------------------------------------------------------------------

    def _published(self, kind: AnomalyKind, incident: Incident, interval: Interval, eur_per_day: float | None = None) -> Anomaly:
        return report.published(kind, incident, interval, interval.end_utc, self.machines, self.price_eur_per_kwh, eur_per_day)

    def broken_off(self, state: LiveState, interval: Interval) -> list[Anomaly]:
        """End what is open: the time in which it was found has turned out to be wrong. What was learnt before stays."""
        at_s = (interval.start_utc - EPOCH) // SECOND
        state.last_s, state.hour_s = at_s - QUARTER_S, -1
        hours = state.meter.hours
        hours.last_hour = min(hours.last_hour, self._row(interval, at_s).local_hour - 1)
        state.habits.run.clear()
        state.habits.was_off = False
        open_ones = [(kind, one) for kind, one in zip(KINDS, state.incidents, strict=True) if one.end(at_s)]
        return [self._published(kind, one, interval) for kind, one in open_ones]

    @staticmethod
    def _begin_again(state: LiveState) -> None:
        """Forget what was learnt; incidents stay."""
        state.first_s = state.last_s = state.hour_s = -1
        state.meter, state.energy, state.habits = new_meter(), Energy(), Habits()
        state.power_factor, state.phases = PowerFactor(), ThreePhases()

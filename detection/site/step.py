"""The watches over a whole site as a stream step: quarter hours, orders, shift changes, what jobs draw, set points and decisions in; findings
and advice on settings out.

A quarter hour is judged once, when every meter that is alive has passed it. What is learnt, and what is looked at once a day, follows at the
first one of a local day; advice is looked at every hour. Time comes only from live quarter hours; what was imported teaches and is never judged.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from detection.site import against, book, idle, pressure, rests, settings, starts
from detection.site.gauges import Gauge
from detection.site.levels import KEPT_SLOTS, learn
from detection.site.machines import SiteMachine, SiteMachines
from detection.site.state import SiteState, decode_state, encode_state
from detection.site.view import View
from domain.clock import Clock, instant
from domain.instants import UtcInstant
from domain.intervals import Interval, IntervalOrigin
from domain.job_power import JobPower
from domain.known_changes import Changes, with_change
from domain.plant import Plant, plant_with_changes
from domain.readings import Reading
from domain.set_points import MachineSetPoint, SetPointKind
from domain.shift_changes import ShiftChange
from domain.steps import Outputs, Records
from domain.topics import DECISIONS, FINDINGS, INTERVALS, JOB_POWERS, ORDERS, READINGS, RECOMMENDATIONS, SHIFT_CHANGES
from quarters.newest import Newest, admit
from quarters.numbers import slot_of, slot_start
from quarters.series import SLOTS, QuarterSeries

AHEAD = timedelta(minutes=5)
SILENT_SLOTS = 8
"""A meter that is further behind than this holds nothing up."""
MOST_SLOTS = 96
"""Of a longer gap only the end is judged."""
HOUR_SLOTS = 4
LEARNS_DAYS = idle.LEARNS_DAYS
PRICES_KEPT = 1_000


class SiteWatch:
    """Watches one site, and advises on how its machines are set.

    Parameters
    ----------
    tariff
        None where the plant has none: findings and advice then say no money.
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, clock: Clock | None = None) -> None:
        self._plant, self._tariff, self._clock = plant, tariff, clock
        self._under: tuple[Changes, SiteMachines] = ((), SiteMachines.of(plant))
        self._prices: dict[datetime, float | None] = {}
        self._rated = {machine.id: machine.rated_kw for machine in plant.machines}
        self._points: dict[tuple[str, str], list[tuple[SiteMachine, MachineSetPoint]]] = {}
        for machine in self._under[1].machines:
            for point in machine.machine.set_points:
                self._points.setdefault((machine.meter, point.channel), []).append((machine, point))

    def initial(self, key: str) -> SiteState:
        """A site of which nothing is known."""
        return SiteState()

    def encode(self, state: SiteState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> SiteState:
        """The state that `encode` made."""
        return decode_state(stored)

    def take(self, key: str, state: SiteState, records: Records) -> tuple[SiteState, Outputs]:
        """Each record; quarter hours last, as topics have no order between them."""
        outputs: Outputs = []
        mine = [(topic, record) for topic, record in records if record.site == self._plant.site.id]
        for topic, record in mine:
            if topic is SHIFT_CHANGES:
                self._take_change(state, record)
            elif (topic is ORDERS and state.notes.jobs.take_order(record, self._now(state))) or (
                topic is JOB_POWERS and self._take_power(state, record)
            ):
                state.encoded = None
            elif topic is READINGS:
                self._take_reading(state, record)
            elif topic is DECISIONS and (found := book.decide(state.notes.advised, record)):
                state.encoded = None
                outputs += [(RECOMMENDATIONS, one) for one in found]
        heard = [self._take_interval(state, record) for topic, record in mine if topic is INTERVALS]
        return state, outputs + (self._judge(state) if any(heard) else [])

    # What is taken note of.

    def _now(self, state: SiteState) -> UtcInstant | None:
        judged = state.notes.judged_slot
        return None if judged is None else slot_start(judged + 1)

    def _today(self, state: SiteState) -> date | None:
        now = self._now(state)
        return None if now is None else now.astimezone(self._plant.site.zone).date()

    def _take_power(self, state: SiteState, power: JobPower) -> bool:
        rated_kw = self._rated.get(power.machine)
        return rated_kw is not None and state.notes.jobs.take_power(power, rated_kw)

    def _take_change(self, state: SiteState, change: ShiftChange) -> None:
        changes = with_change(state.notes.changes, change, self._today(state))
        if changes is not state.notes.changes:
            state.notes.changes, state.encoded = changes, None

    def _take_reading(self, state: SiteState, reading: Reading) -> None:
        points = self._points.get((reading.meter, reading.channel), ())
        if not points or (self._clock is not None and instant(reading.observed_ms) > self._clock.now_utc() + AHEAD):
            return
        for machine, point in points:
            name = f"{machine.machine.id}/{point.channel}"
            gauge = state.notes.gauges.get(name, Gauge())

            def counts(slot: int, machine: SiteMachine = machine, point: MachineSetPoint = point) -> bool:
                return point.kind is not SetPointKind.HOLD_TEMPERATURE or self._waits(state, machine, slot)

            if gauge.take(reading, point, self._plant.site.zone, counts):
                state.notes.gauges[name], state.encoded = gauge, None

    def _waits(self, state: SiteState, machine: SiteMachine, slot: int) -> bool:
        """Whether a machine is in a shift and has no job: a furnace holds its temperature."""
        at_utc = slot_start(slot)
        return machine.staffing.off_phase(at_utc) is None and not state.notes.jobs.has_job(machine.machine.id, at_utc)

    def _take_interval(self, state: SiteState, interval: Interval) -> bool:
        """Note a quarter hour; whether it came live."""
        machines, notes, meter = self._machines(state), state.notes, interval.meter
        if machines.channels.get(meter) != interval.channel:
            return False
        before = notes.reach.get(meter, Newest())
        reach, counts = admit(before, interval, None if self._clock is None else self._clock.now_utc())
        if reach != before:
            notes.reach[meter], state.encoded = reach, None
        if reach.start_utc is None:
            return False
        newest, series = slot_of(reach.start_utc), state.series.setdefault(meter, QuarterSeries())
        for one in counts:
            if newest - KEPT_SLOTS <= slot_of(one.start_utc) <= newest and series.put(one, newest):
                state.encoded = None
        return interval.origin is IntervalOrigin.METERING

    def _machines(self, state: SiteState) -> SiteMachines:
        """The machines under the calendar that the state knows; made again only when that changes."""
        changes = state.notes.changes
        if self._under[0] is not changes and self._under[0] != changes:
            self._under = changes, SiteMachines.of(plant_with_changes(self._plant, changes) if changes else self._plant)
        return self._under[1]

    # What is judged.

    def _judge(self, state: SiteState) -> Outputs:
        notes = state.notes
        live = [slot_of(one.live_utc) for one in notes.reach.values() if one.live_utc is not None]
        if not live:
            return []
        passed = min(slot for slot in live if slot >= max(live) - SILENT_SLOTS)
        if notes.judged_slot is None or notes.judged_slot > passed + SILENT_SLOTS:
            notes.judged_slot = passed - 1  # the first, or time was taken back
        outputs: Outputs = []
        for slot in range(max(notes.judged_slot + 1, passed + 1 - MOST_SLOTS), passed + 1):
            outputs += self._judge_slot(state, slot)
            notes.judged_slot, state.encoded = slot, None
        return outputs

    def _judge_slot(self, state: SiteState, slot: int) -> Outputs:
        view = View(self._plant, self._machines(state), state, slot, self._price)
        outputs: Outputs = []
        day = view.start_utc.astimezone(view.zone).date().toordinal()
        if day > state.notes.learned_day or day < state.notes.learned_day - 1:
            outputs += self._begin_day(view, day)
        elif slot % HOUR_SLOTS == 0 and self._is_stale(view):
            self._learn(view)
        found = [*idle.watch(view), *pressure.watch(view)]
        outputs += [(FINDINGS, one) for one in found]
        if slot % HOUR_SLOTS == 0:
            outputs += [(RECOMMENDATIONS, one) for one in book.advise(view, settings.drafts(view))]
        return outputs

    @staticmethod
    def _is_stale(view: View) -> bool:
        """Whether history, or what jobs draw, has come since something was learnt."""
        for machine in view.machines.machines:
            levels, first = view.levels(machine), view.series(machine.meter).first()
            if levels is None or (
                machine.runs_jobs and not levels.knows_jobs and view.notes.jobs.limit_kw(machine.machine.id) is not None
            ):
                return True
            if (
                first is not None
                and levels.days < LEARNS_DAYS
                and (view.slot - max(first, view.slot - KEPT_SLOTS)) / SLOTS > 2 * levels.days + 1
            ):
                return True
        return False

    @staticmethod
    def _learn(view: View) -> None:
        view.notes.levels = {
            machine.machine.id: learn(machine, view.series(machine.meter), view.slot, view.notes.jobs.limit_kw(machine.machine.id))
            for machine in view.machines.machines
        }

    def _begin_day(self, view: View, day: int) -> Outputs:
        """Learn from all that is known before the day, then look at what is looked at once a day."""
        notes, is_first = view.notes, view.notes.learned_day == 0
        notes.learned_day = day
        notes.jobs.forget(view.start_utc)
        for series in view.state.series.values():
            series.forget(view.slot - KEPT_SLOTS, view.slot + KEPT_SLOTS)
        self._learn(view)
        found = [*rests.watch_day(view), *against.watch_day(view)]
        if not is_first:  # the day before the first live one is history
            found += starts.watch_day(view)
        return [(FINDINGS, one) for one in found]

    def _price(self, at_utc: datetime) -> float | None:
        if at_utc not in self._prices:
            if len(self._prices) > PRICES_KEPT:
                self._prices.clear()
            self._prices[at_utc] = marginal_energy_price_eur_per_kwh(self._tariff, at_utc)
        return self._prices[at_utc]

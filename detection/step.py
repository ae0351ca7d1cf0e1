"""Detection as a stream step, keyed by meter: quarter hours in, anomalies out; time comes only from the records."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial

from billing.reactive_price import inductive_terms
from billing.tariff import Tariff
from detection import discontinuity, silence
from detection.creep import Creep
from detection.discontinuity import Jump
from detection.live.electric import ReactiveTerms
from detection.live.watch import LiveState
from detection.on_while_off import OffState
from detection.silence import Silence
from detection.streams.packing import pack, restore
from detection.watches import Watches, WatchesByMeter
from domain.anomalies import Anomaly
from domain.channels import IMPORT
from domain.codec import decode, encode
from domain.intervals import Interval, IntervalOrigin
from domain.known_changes import with_change
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from domain.stored_state import StateForm, joined, parted
from quarters.newest import Newest, admit
from quarters.numbers import slot_of, slot_start

FORM = StateForm("detection", 5)


@dataclass(slots=True)
class Seen:
    """What was seen of one meter, as far as it is kept as JSON."""

    newest_slot: int | None = None
    """Newest live quarter hour of the meter's energy channel that was judged."""
    reach: Newest = field(default_factory=Newest)
    """How far that channel reaches, whatever single records say."""
    off: OffState = field(default_factory=OffState)
    jumps: dict[int, Jump] = field(default_factory=dict)
    silence: Silence | None = None
    creep: Creep = field(default_factory=Creep)
    changes: tuple[ShiftChange, ...] = ()
    """`domain.known_changes.Changes` of the site."""


@dataclass(slots=True)
class DetectionState(Seen):
    """What was seen of one meter. A step changes the state it is given and returns it."""

    live: LiveState | None = None
    """Of the watches of `detection.live`, which keep numbers alone; None before the first quarter hour."""


_SEEN = tuple(one.name for one in fields(Seen))


class DetectionStep:
    """Watches every meter of a plant; one state a meter.

    - ``on_while_off``: a machine above its off level for two quarter hours wholly outside its staffed spans. Its kWh and EUR a day
      are the mean excess so far over the off-shift hours of the 24 h from its beginning.
    - ``counter_discontinuity``: an interval whose counter was reset, exchanged or stepped; rollovers are no anomaly.
    - ``silent_meter``: quarter hours of which nothing was heard.
    - ``creep``: power at rest that grows from week to week.
    - what `detection.live` watches for: faults of the data, work and loads at the wrong time, base loads, reactive energy, phases.

    Records of origin import train the off level and never alarm. A repeated record, or an older revision, changes nothing, and a single
    record of a wrong date holds nothing up (`quarters.newest`).

    Parameters
    ----------
    energy_price_eur_per_kwh
        None where it is not known: findings then say no money.
    tariff
        Says what reactive energy costs; None where the plant has none.
    """

    def __init__(self, plant: Plant, energy_price_eur_per_kwh: float | None, tariff: Tariff | None = None) -> None:
        self._site, self._zone = plant.site.id, plant.site.zone
        self._channels = {meter.id: meter.main_channel() for meter in plant.meters}
        self._watches = WatchesByMeter(plant, partial(_reactive_terms, tariff))
        self._price = energy_price_eur_per_kwh

    def at_price(self, energy_price_eur_per_kwh: float | None) -> DetectionStep:
        """The same watch at another price of energy; what was worked out of the calendar is shared."""
        other = copy(self)
        other._price = energy_price_eur_per_kwh
        return other

    def initial(self) -> DetectionState:
        """Nothing seen yet."""
        return DetectionState()

    def take(
        self, state: DetectionState, interval: Interval, now_utc: datetime | None = None
    ) -> tuple[DetectionState, list[Anomaly]]:
        """Judge one quarter hour of the state's meter; a virtual meter is watched through its parts. Of `now_utc` see `quarters.newest.admit`."""
        if interval.origin is IntervalOrigin.CALCULATED:
            return state, []
        if interval.channel != (self._channels.get(interval.meter) or IMPORT):
            return state, self._other_channel(state, interval) if state.reach.reaches(interval.start_utc) else []
        state.reach, counts = admit(state.reach, interval, now_utc)
        found: list[Anomaly] = []
        if counts and state.reach.start_utc is not None and state.newest_slot is not None:
            reached = slot_of(state.reach.start_utc)
            if reached < state.newest_slot:
                found += self._taken_back(state, interval, reached)
        for one in counts:
            found += self._judge(state, one)
        return state, found

    def take_change(self, state: DetectionState, change: ShiftChange) -> DetectionState:
        """Judge by another calendar from now on: nothing that was judged is judged again."""
        if change.site == self._site:
            newest = state.newest_slot
            today = None if newest is None else slot_start(newest).astimezone(self._zone).date()
            state.changes = with_change(state.changes, change, today)
        return state

    def _watches_of(self, state: DetectionState, meter: str) -> Watches:
        return self._watches.of(meter, state.changes).at_price(self._price)

    def _taken_back(self, state: DetectionState, interval: Interval, reached: int) -> list[Anomaly]:
        """End what was found beyond the quarter hour that time was taken back to."""
        state.newest_slot = reached - 1
        day = slot_start(reached).astimezone(self._zone).date().toordinal()
        state.creep.judged_day = min(state.creep.judged_day, day)
        state.creep.days = {one: rest for one, rest in state.creep.days.items() if one <= day}
        watch = self._watches_of(state, interval.meter).off
        found = [] if watch is None else watch.broken_off(state.off, interval)
        state.silence, more = silence.broken_off(state.silence, interval)
        found += more
        live = self._watches_of(state, interval.meter).live
        return found if live is None or state.live is None else found + live.broken_off(state.live, interval)

    def _other_channel(self, state: DetectionState, interval: Interval) -> list[Anomaly]:
        found = self._jump(state, interval)
        live = self._watches_of(state, interval.meter).live
        if live is None:
            return found
        state.live = state.live or LiveState()
        return found + live.take_other(state.live, interval)

    def _jump(self, state: DetectionState, interval: Interval) -> list[Anomaly]:
        return discontinuity.take(state.jumps, interval)

    def _judge(self, state: DetectionState, interval: Interval) -> list[Anomaly]:
        found = self._jump(state, interval)
        slot = slot_of(interval.start_utc)
        newer = interval.origin is IntervalOrigin.METERING and (state.newest_slot is None or slot > state.newest_slot)
        if newer:
            state.newest_slot = slot
        watches = self._watches_of(state, interval.meter)
        watch, slow = watches.off, watches.creep
        accepted_kw = state.off.history.accepted_kw
        if watch is not None:
            found += watch.take(state.off, interval, newer)
        if state.off.history.accepted_kw != accepted_kw and state.creep.since_day is None:
            # The step to the level that is normal now was reported; growth is counted from it on.
            state.creep.days.clear()
        state.silence, more = silence.take(state.silence, interval, newer)
        if slow is not None:
            found += slow.take(state.creep, interval, newer, left_on=state.off.incident is not None)
        if watches.live is not None:
            state.live = state.live or LiveState()
            off_reported = bool(state.off.recent) or (state.off.incident is not None and not state.off.incident.suspected)
            found += watches.live.take(state.live, interval, newer, off_reported, growth_reported=state.creep.since_day is not None)
        return found + more


def _reactive_terms(tariff: Tariff | None, at_utc: datetime) -> ReactiveTerms | None:
    terms = inductive_terms(tariff, at_utc)
    return None if terms is None else ReactiveTerms(*(float(one) for one in terms))


def encode_state(state: DetectionState) -> bytes:
    """The state behind the header: what is JSON, and the numbers of `detection.live`."""
    seen = Seen(*(getattr(state, name) for name in _SEEN))
    return FORM.header + joined((encode(seen), b"" if state.live is None else pack(state.live)))


def decode_state(stored: bytes) -> DetectionState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    seen, live = parted(FORM.content(stored))
    found = decode(Seen, seen)
    state = DetectionState(live=restore(LiveState(), live) if live else None)
    for name in _SEEN:
        setattr(state, name, getattr(found, name))
    return state

"""The step of the room, keyed by site: counters, quarter hours, orders and records of pieces to what was made, and to findings of rising scrap.

What it writes of counters comes back to it among what others wrote, and is judged like theirs: one way for every door.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from domain.clock import Clock
from domain.intervals import QUARTERS_PER_HOUR, Interval
from domain.plant import Plant
from domain.quality import COUNTER_SOURCE, QualityEvent
from domain.steps import Outputs, Records
from domain.topics import FINDINGS, INTERVALS, ORDERS, QUALITY, READINGS
from production.meters import machine_meters
from quarters.numbers import slot_of, slot_start
from quarters.series import QuarterSeries
from scrap import rising
from scrap.blocks import slots_of
from scrap.counting import Counting
from scrap.report import anomaly_of
from scrap.state import MOST_WAITING, ScrapState, decode_state, encode_state

KEPT_SLOTS = 14 * 96
"""Quarter hours of a machine's meter that are remembered: two weeks."""
CLOCK_SLACK = timedelta(hours=1)
"""What ends later than that after the plant's clock, or after it was written or what is measured, tells nothing."""


class Scrap:
    """Counts pieces, and watches for more scrap than usual.

    Parameters
    ----------
    tariff
        None where the plant has none: findings then say no money.
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, clock: Clock | None = None) -> None:
        self._plant, self._tariff, self._clock = plant, tariff, clock
        self._counting = Counting(plant)
        self._machines = {machine.id: machine for machine in plant.machines}
        meters = machine_meters(plant)
        self._own = meters.own
        self._channels = {meter: meters.channels[meter] for meter in meters.own.values()}

    def initial(self, key: str) -> ScrapState:
        """Nothing known."""
        return ScrapState()

    def encode(self, state: ScrapState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> ScrapState:
        """The state that `encode` made."""
        return decode_state(stored)

    def take(self, key: str, state: ScrapState, records: Records) -> tuple[ScrapState, Outputs]:
        """Note all, count what is over, then judge what was made."""
        now_utc = None if self._clock is None else self._clock.now_utc()
        counting, notes = self._counting, state.notes.counting
        closed_slot, due, events = notes.closed_slot, set[str](), list[QualityEvent]()
        for topic, record in records:
            if topic is READINGS:
                machine = counting.take_reading(notes, record, now_utc)
                if machine is not None and counting.is_late(notes, record):
                    due.add(machine)
                if machine is not None:
                    state.encoded = None
            elif topic is ORDERS:
                if counting.take_order(notes, record) is not None:
                    state.encoded = None
            elif topic is INTERVALS:
                self._take_interval(state, record, now_utc)
            elif topic is QUALITY:
                events.append(record)
        if notes.closed_slot != closed_slot:
            due.update(counting.machines)
            state.encoded = None
        outputs: Outputs = [(QUALITY, event) for machine in sorted(due) for event in counting.due(notes, machine)]
        waiting, state.notes.waiting = state.notes.waiting, []
        for event in (*waiting, *events):
            if self._awaits_energy(state, event):
                state.notes.waiting.append(event)
                state.encoded = None
            else:
                outputs += self._judge(state, event, now_utc)
        return state, outputs

    def _awaits_energy(self, state: ScrapState, event: QualityEvent) -> bool:
        """Whether the machine's own quarter hour is still to come: meters have no order between them."""
        closed_slot, end = state.notes.counting.closed_slot, slots_of(event)[1]
        if event.good is None or end != closed_slot or len(state.notes.waiting) >= MOST_WAITING:
            return False
        meter = self._own.get(event.machine)
        series = None if meter is None else state.series.get(meter)
        return series is not None and series.power_kw(end - 1) is None

    def _take_interval(self, state: ScrapState, interval: Interval, now_utc: datetime | None) -> None:
        if interval.site != self._plant.site.id:
            return
        self._counting.take_interval(state.notes.counting, interval, now_utc)
        if self._channels.get(interval.meter) != interval.channel:
            return
        closed_slot = state.notes.counting.closed_slot
        series = state.series.setdefault(interval.meter, QuarterSeries())
        slot = slot_of(interval.start_utc)
        if closed_slot and not closed_slot - KEPT_SLOTS <= slot <= closed_slot + 96:
            return
        if series.put(interval, closed_slot or None):
            state.encoded = None
        if closed_slot:
            series.forget(closed_slot - KEPT_SLOTS, closed_slot + 96)

    def _judge(self, state: ScrapState, event: QualityEvent, now_utc: datetime | None) -> Outputs:
        """What one record of pieces changes of what is watched. Corrections change the account, not what was found."""
        notes = state.notes
        closed_slot = notes.counting.closed_slot
        latest_utc = event.at_utc if now_utc is None else min(event.at_utc, now_utc)
        if closed_slot:  # no further than what is measured: a wrong date would keep out what is right
            latest_utc = min(latest_utc, slot_start(closed_slot))
        if event.site != self._plant.site.id or event.machine not in self._machines or event.end_utc > latest_utc + CLOCK_SLACK:
            return []
        if event.withdrawn or not event.pieces or not notes.is_new(event.machine, event.event):
            return []
        state.encoded = None
        if event.scrap is not None and event.machine not in notes.counts_scrap:
            notes.counts_scrap.append(event.machine)
        if event.machine not in notes.counts_scrap:
            return []
        if event.source == COUNTER_SOURCE:
            end = slots_of(event)[1]
            if end <= notes.counted_slot.get(event.machine, 0):
                return []
            notes.counted_slot[event.machine] = end
        watched = notes.of(event.machine, event.product)
        found = rising.take(watched, self._seen(state, event))
        return [] if found is None else [(FINDINGS, anomaly_of(found, event.site, self._machines[event.machine].meter))]

    def _seen(self, state: ScrapState, event: QualityEvent) -> rising.Seen:
        first, end = slots_of(event)
        return rising.Seen(
            first, end, event.start_utc.astimezone(self._plant.site.zone).date().toordinal(), event.pieces, event.scrap or 0,
            self._kwh(state, event, first, end), marginal_energy_price_eur_per_kwh(self._tariff, slot_start(first)),
            is_history=event.at_utc - event.end_utc > rising.HISTORY,
        )  # fmt: skip

    def _kwh(self, state: ScrapState, event: QualityEvent, first: int, end: int) -> float | None:
        """Energy of its pieces; None where a quarter hour is missing or in doubt, or where its good pieces are not known."""
        series = state.series.get(self._own.get(event.machine, ""))
        if series is None or event.good is None or end - first > KEPT_SLOTS or series.in_doubt(first, end).any():
            return None
        kw = series.loads_kw(first, end)
        if not np.isfinite(kw).all():
            return None
        worked = kw > self._machines[event.machine].standby_kw
        return float(kw[worked].sum() if worked.any() else kw.sum()) / QUARTERS_PER_HOUR

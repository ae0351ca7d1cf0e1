"""What the room takes note of, and the powers that are known of it."""

from __future__ import annotations

import numpy as np

from domain.clock import Clock
from domain.intervals import Interval, IntervalOrigin
from domain.job_power import JobPower, newest_powers
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import OF_SETTINGS, Recommendation
from effects.series import Powers, powers_of
from effects.state import EffectsState
from production.meters import machine_meters
from quarters.newest import Newest, admit
from quarters.numbers import slot_of
from quarters.series import QuarterSeries


class Intake:
    """Puts records into the state of one plant.

    Attributes
    ----------
    main
        The billing meter; empty where there is none.
    machines
        Machine -> the meter that measures it alone.
    most_kw
        Meter -> what its fuse lets through [kW].
    """

    def __init__(self, plant: Plant, clock: Clock | None) -> None:
        self._clock = clock
        meters = machine_meters(plant)
        self.machines = dict(meters.own)
        self._channels = {meter: meters.channels[meter] for meter in self.machines.values()}
        billing = plant.billing_meter()
        self.main = "" if billing is None else billing.id
        channel = None if billing is None else billing.energy_channel()
        if channel is not None:
            self._channels[self.main] = channel
        self.most_kw = {meter.id: meter.max_power_kw for meter in plant.meters}

    def take_interval(self, state: EffectsState, interval: Interval) -> int | None:
        """Note a quarter hour; the number of the billing meter's newest one where it has moved on, live."""
        meter = interval.meter
        if self._channels.get(meter) != interval.channel:
            return None
        before = state.notes.reach.get(meter, Newest())
        reach, counts = admit(before, interval, None if self._clock is None else self._clock.now_utc())
        if reach != before:
            state.notes.reach[meter], state.encoded = reach, None
        if reach.start_utc is None:
            return None
        newest, series = slot_of(reach.start_utc), state.series.setdefault(meter, QuarterSeries())
        for one in counts:
            if slot_of(one.start_utc) <= newest and series.put(one, newest):
                state.encoded = None
        moved_on = before.start_utc is not None and reach.start_utc > before.start_utc
        return newest if meter == self.main and moved_on and interval.origin is IntervalOrigin.METERING else None

    def take_order(self, state: EffectsState, order: Order) -> None:
        """Note a newer revision of a job."""
        known = state.notes.orders.get(order.job)
        if known is None or order.revision > known.revision:
            state.notes.orders[order.job], state.encoded = order, None

    def take_advice(self, state: EffectsState, advice: Recommendation) -> None:
        """Note a newer revision of a recommendation; settings of machines are for no peak, and are not measured here."""
        if advice.action in OF_SETTINGS:
            return
        known = state.notes.advice.get(advice.recommendation)
        if known is None or advice.revision > known.revision:
            state.notes.advice[advice.recommendation], state.encoded = advice, None

    def take_power(self, state: EffectsState, power: JobPower) -> None:
        """Note a newer revision of what a product draws."""
        notes = state.notes
        known = newest_powers(notes.powers).get(power.key)
        if known is None or power.revision > known.revision:
            notes.powers = [*(one for one in notes.powers if one.key != power.key), power]
            state.encoded = None

    def powers(self, state: EffectsState, meter: str, end_slot: int) -> Powers:
        """All that is known of a meter before `end_slot`; what its fuse does not let through is not known."""
        series = state.series.get(meter, QuarterSeries())
        first = series.first()
        found = powers_of(series, end_slot if first is None else first, end_slot)
        found.kw[~(np.abs(found.kw) <= self.most_kw[meter])] = np.nan
        return found


def newest_slot(state: EffectsState, main: str) -> int:
    """The billing meter's newest quarter hour; 0 before the first."""
    reach = state.notes.reach.get(main, Newest())
    return 0 if reach.start_utc is None else slot_of(reach.start_utc)

"""The running quarter hour: what was drawn in it so far, from the billing meter's readings as they come.

In: readings and intervals of the billing meter.  Out: at most one `Demand` a second of device time; its figures are made in `projection`.
"""

from __future__ import annotations

from domain.channels import IMPORT
from domain.demand import Demand
from domain.intervals import QUARTER_MS, Interval
from domain.plant import Plant, RegisterKind
from domain.readings import Reading, ReadingQuality
from metering.block_sync import Sign, bounds_by
from metering.projection import Projection
from metering.rules import CLOCK_AHEAD_MS, OUT_OF_ORDER_MS, REFRESH_SHOWN_MS, CounterRules, GaugeRules, counter_rules, gauge_rules
from metering.running_state import NOW_MS, RunningState

RECENT_MINUTES = 10
"""Minutes whose mean powers the band is drawn from."""
_PUBLISH_EVERY_MS = 900
"""A second less a tenth: a meter that is read every second is published every second, though its stamps waver."""


class RunningQuarter:
    """Keyed by site; see the module."""

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site
        self._meter = plant.billing_meter()
        self._counter: CounterRules | None = None
        self._gauge: GaugeRules | None = None
        if self._meter is not None:
            for register in self._meter.registers:
                if register.kind is RegisterKind.COUNTER and register.channel == IMPORT and not register.is_reactive:
                    self._counter = counter_rules(self._meter, register)
                elif register == self._meter.gauge():
                    self._gauge = gauge_rules(self._meter, register)

        self._projection = Projection(plant, self._gauge)

    def initial(self) -> RunningState:
        """A site of which nothing is known."""
        return RunningState()

    # -- intervals: the billed peak ------------------------------------------------------------------------------------

    def take_interval(self, state: RunningState, interval: Interval) -> tuple[RunningState, list[Demand]]:
        """Learn one quarter hour of the billing meter; the newest revision counts."""
        if self._meter is None or interval.meter != self._meter.id or interval.channel != self._meter.energy_channel():
            return state, []
        if state.known.put(interval, state.quarter or None):
            state.peak = None
        return state, []

    # -- readings: the running quarter hour ----------------------------------------------------------------------------

    def take_reading(self, state: RunningState, reading: Reading) -> tuple[RunningState, list[Demand]]:
        """Take one reading of the billing meter; what cannot be used is left to the metering step, which says why."""
        if (
            self._meter is None
            or reading.meter != self._meter.id
            or reading.quality is not ReadingQuality.GOOD
            or reading.value is None
            or reading.observed_ms > reading.received_ms + CLOCK_AHEAD_MS
        ):
            return state, []
        if _is_set_back(state, reading):
            state.begin_again()
        if reading.channel == self._site.sync:
            self._take_sign(state, Sign(reading.observed_ms, float(reading.value)))
            return state, []
        if self._counter is not None and reading.channel == self._counter.channel:
            moved = self._take_counter(state, reading.observed_ms, self._counter.amount(reading.value, reading.observed_ms))
        elif self._gauge is not None and reading.channel == self._gauge.channel:
            moved = self._take_power(state, reading.observed_ms, self._gauge.amount(reading.value, reading.observed_ms))
        else:
            return state, []
        if not moved or reading.observed_ms - state.published_ms < _PUBLISH_EVERY_MS:
            return state, []
        demand = self._projection.demand(state, reading.observed_ms)
        if demand is None:
            return state, []
        state.published_ms = reading.observed_ms
        return state, [demand]

    def set_back(self, state: RunningState) -> RunningState:
        """An operator says that readings were dated ahead: begin to see the running quarter hour again."""
        state.begin_again()
        return state

    def _take_sign(self, state: RunningState, sign: Sign) -> None:
        if self._site.sync is None or (state.sign is not None and sign.time_ms <= state.sign.time_ms):
            return
        state.bounds = bounds_by(self._site.sync, state.sign, sign, state.bounds)
        state.sign = sign

    def _enter(self, state: RunningState, time_ms: int) -> bool:
        """Whether a reading at `time_ms` belongs to the running quarter hour or begins a newer one, by the billing meter's clock."""
        offset_ms = 0 if state.bounds is None else state.bounds.offset_ms
        if time_ms < state.start_ms:
            return False
        # A quarter hour keeps the beginning that it was entered with.
        if (time_ms - offset_ms) // QUARTER_MS > state.quarter:
            state.quarter, state.offset_ms = (time_ms - offset_ms) // QUARTER_MS, offset_ms
            state.gauge_uwh = state.gauge_seen_ms = 0
            seen = (
                state.count.read is not None and self._counter is not None and time_ms - state.count.read[0] <= self._counter.gap_ms
            )
            state.start_count_uwh = state.count.at(state.start_ms, *state.held(self._gauge)) if seen else None
        return True

    def _take_counter(self, state: RunningState, time_ms: int, value: int) -> bool:
        assert self._counter is not None
        count = state.count
        if count.read is not None and time_ms <= count.read[0]:
            return False
        if not self._enter(state, time_ms):
            return False
        read, changed = count.read, count.changes[-1] if count.changes else None
        moved = count.take(self._counter, time_ms, value)
        if moved is None:
            # The metering step will say what it was. Until the next quarter hour this one rests on the gauge.
            state.start_count_uwh = None
        elif moved and read is not None and changed is not None:
            self._find_start(state, read[0], changed, time_ms)
        return True

    def _find_start(self, state: RunningState, read_ms: int, changed: tuple[int, int], time_ms: int) -> None:
        """The count at the quarter hour's start, if it lies in the step of the register that ends at `time_ms`."""
        assert self._counter is not None
        start_ms, count = state.start_ms, state.count.changes[-1][1]
        if read_ms >= start_ms or time_ms - read_ms > self._counter.gap_ms:
            return
        stood_still = changed[0] < read_ms
        if stood_still and (state.powers or time_ms - changed[0] > REFRESH_SHOWN_MS):
            return  # when it flowed is known from the gauge, or not at all
        from_ms = changed[0]
        state.start_count_uwh = changed[1] + (count - changed[1]) * (start_ms - from_ms) // (time_ms - from_ms)

    def _take_power(self, state: RunningState, time_ms: int, value_uw: int) -> bool:
        assert self._gauge is not None
        if state.powers and time_ms <= state.powers[-1][0]:
            return False
        before = state.powers[-1] if state.powers else None
        if not self._enter(state, time_ms):
            return False
        if before is not None:
            state.count.flow(before[1], min(time_ms, before[0] + self._gauge.hold_ms))
            held_from = max(before[0], state.start_ms)
            held_until = min(time_ms, before[0] + self._gauge.hold_ms)
            if held_until > held_from:
                state.gauge_uwh += before[1] * (held_until - held_from) // 3_600_000
                state.gauge_seen_ms += held_until - held_from
        state.powers.append((time_ms, value_uw))
        if state.powers[0][0] <= time_ms - NOW_MS:
            state.powers = [sample for sample in state.powers if sample[0] > time_ms - NOW_MS]
        minute = time_ms // NOW_MS
        total, count = state.minutes.get(minute, (0, 0))
        state.minutes[minute] = (total + value_uw, count + 1)
        if next(iter(state.minutes)) < minute - RECENT_MINUTES:
            state.minutes = {at: seen for at, seen in state.minutes.items() if at >= minute - RECENT_MINUTES}
        return True


def _is_set_back(state: RunningState, reading: Reading) -> bool:
    """Whether the clock that dates live readings was set back: a newer number with an older date."""
    if reading.sequence is None or reading.origin != "live":
        return False
    newest = state.newest
    is_next = newest is not None and newest[0] == reading.gateway
    if is_next and newest is not None and reading.sequence <= newest[1]:
        return False
    state.newest = (reading.gateway, reading.sequence, reading.observed_ms)
    return is_next and newest is not None and reading.observed_ms < newest[2] - OUT_OF_ORDER_MS

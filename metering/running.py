"""The running quarter hour: where it stands, where it is going, what may still be drawn.

In: readings and intervals of the billing meter.  Out: at most one `Demand` a second of device time.  Formulas: with ``E_t`` the energy
imported since the start [kWh], ``t`` seconds elapsed of ``T`` = 900, ``P_now`` the mean power of the last seconds [kW]:
``P_trend = (E_t + P_now (T - t)/3600) 3600/T`` and ``P_rest = (P_target T/3600 - E_t) 3600/(T - t)``, the usual ones of a
Maximumwächter.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta

from domain.channels import IMPORT
from domain.clock import instant
from domain.demand import Demand
from domain.intervals import QUARTER_MS, QUARTERS_PER_HOUR, Interval, IntervalMethod, IntervalQuality
from domain.plant import Plant, RegisterKind
from domain.readings import Reading, ReadingQuality
from metering.block_sync import Bounds, Sign, bounds_by
from metering.live_count import LiveCount
from metering.rules import CLOCK_AHEAD_MS, OUT_OF_ORDER_MS, REFRESH_SHOWN_MS, CounterRules, GaugeRules, counter_rules, gauge_rules
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw
from quarters.series import Highest, QuarterSeries

_T_S = QUARTER_MS / 1000
NOW_MS = 60_000
"""`now_kw` is the mean over this time: one sample is no trend."""
RECENT_MINUTES = 10
"""Minutes whose mean powers the band is drawn from."""
DEAD_TIME_S = 120.0
"""In the first minutes the trend is weak: said as ``early``."""
SEEN_SHARE = 0.95
"""Share of the time so far that the gauge must have seen to stand in for the counter without a word."""
Z_BAND = 1.2816
"""Normal quantile of 90 %: the band holds eight of ten."""
_SAY_EVERY_MS = 900
"""A second less a tenth: a meter that is read every second is told every second, though its stamps waver."""
SYNC_MS = 1_000
"""A quarter hour that was begun so near to where the meter's begin follows it."""
KEPT_BEYOND = timedelta(days=62)
"""Quarter hours of the billing period that held this long ago are kept: a clock that is wrong for a while loses none of the present one."""
_STATE_VERSION = 6
_WITH_QUARTER_HOURS = 5
"""The version before, which had all quarter hours of the billing period; older ones had the highest."""
_UWH_PER_KWH = 1_000_000_000
_UW_PER_KW = 1_000_000_000
_NO_END = 2**62


@dataclass(slots=True)
class RunningState:
    """What is remembered of the billing meter: a few kilobytes, and eleven bytes a quarter hour of the billing period."""

    quarter: int = 0
    start_count_uwh: int | None = None
    """The count at the quarter hour's start; None if its start was not seen."""
    count: LiveCount = field(default_factory=LiveCount)
    newest: tuple[str | None, int, int] | None = None
    """Gateway, number and time [ms] of the newest numbered reading."""
    gauge_uwh: int = 0
    """The same from the power gauge, for a meter whose counter has not told the start."""
    gauge_seen_ms: int = 0
    """For how long the gauge was seen in it."""
    powers: list[tuple[int, int]] = field(default_factory=list)
    """Samples of the power gauge within `NOW_MS` of the newest: (time [ms], µW)."""
    minutes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of each recent minute (since 1970) the sum of its samples [µW] and how many there are."""
    said_ms: int = 0
    sign: Sign | None = None
    """Newest reading of the channel that shows where the meter's quarter hours begin."""
    bounds: Bounds | None = None
    """Where they begin, as far as that was shown."""
    offset_ms: int = 0
    """By how much later than UTC's the running quarter hour began."""
    known: QuarterSeries = field(default_factory=QuarterSeries)
    """Quarter hours of the billing period, newest revisions: whichever of them is restated, the peak is looked up among all."""
    peak: tuple[int, Highest | None] | None = None
    """The quarter hour for which the peak was looked up last, and what was found; None once a row has changed."""


class RunningQuarter:
    """Keyed by site; see the module."""

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site
        self._meter = plant.billing_meter()
        self._counter: CounterRules | None = None
        self._gauge: GaugeRules | None = None
        self._connection_kw = math.inf
        if self._meter is not None:
            self._connection_kw = self._meter.max_power_kw
            for register in self._meter.registers:
                if register.kind is RegisterKind.COUNTER and register.channel == IMPORT and not register.is_reactive:
                    self._counter = counter_rules(self._meter, register)
                elif register == self._meter.gauge():
                    self._gauge = gauge_rules(self._meter, register)

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

    def _billed_peak(self, state: RunningState) -> tuple[float, datetime | None, IntervalQuality]:
        """The highest quarter hour of the billing period that holds the running one, up to it; never a faulty one."""
        # Before the first reading the newest row says what time it is.
        quarter = state.quarter or state.known.newest(_NO_END) or 0
        now_utc = slot_start(quarter)
        if state.peak is None or state.peak[0] != quarter:
            state.known.forget(slot_of(billing_period(self._site, now_utc - KEPT_BEYOND).start_utc), _NO_END)
            begin = slot_of(billing_period(self._site, now_utc).start_utc)
            state.peak = quarter, state.known.highest(begin, quarter + 1)
        highest, floor_kw = state.peak[1], known_peak_kw(self._site, now_utc)
        if highest is None or highest.power_kw <= floor_kw:
            return floor_kw, None, IntervalQuality.MEASURED
        return highest.power_kw, slot_start(highest.slot), highest.quality

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
            _begin_again(state)
        if reading.channel == self._site.sync:
            self._take_sign(state, Sign(reading.observed_ms, float(reading.value)))
            return state, []
        if self._counter is not None and reading.channel == self._counter.channel:
            moved = self._take_counter(state, reading.observed_ms, self._counter.amount(reading.value, reading.observed_ms))
        elif self._gauge is not None and reading.channel == self._gauge.channel:
            moved = self._take_power(state, reading.observed_ms, self._gauge.amount(reading.value, reading.observed_ms))
        else:
            return state, []
        if not moved or reading.observed_ms - state.said_ms < _SAY_EVERY_MS:
            return state, []
        demand = self._demand(state, reading.observed_ms)
        if demand is None:
            return state, []
        state.said_ms = reading.observed_ms
        return state, [demand]

    def set_back(self, state: RunningState) -> RunningState:
        """An operator says that readings were dated ahead: begin to see the running quarter hour again."""
        _begin_again(state)
        return state

    def _take_sign(self, state: RunningState, sign: Sign) -> None:
        if self._site.sync is None or (state.sign is not None and sign.time_ms <= state.sign.time_ms):
            return
        state.bounds = bounds_by(self._site.sync, state.sign, sign, state.bounds)
        state.sign = sign

    def _enter(self, state: RunningState, time_ms: int) -> bool:
        """Whether a reading at `time_ms` belongs to the running quarter hour or begins a newer one, by the billing meter's clock."""
        offset_ms = 0 if state.bounds is None else state.bounds.offset_ms
        if time_ms < _start_ms(state):
            return False
        # A quarter hour keeps the beginning that it was entered with.
        if (time_ms - offset_ms) // QUARTER_MS > state.quarter:
            state.quarter, state.offset_ms = (time_ms - offset_ms) // QUARTER_MS, offset_ms
            state.gauge_uwh = state.gauge_seen_ms = 0
            seen = (
                state.count.read is not None and self._counter is not None and time_ms - state.count.read[0] <= self._counter.gap_ms
            )
            state.start_count_uwh = state.count.at(_start_ms(state), *self._held(state)) if seen else None
        return True

    def _held(self, state: RunningState) -> tuple[int | None, int]:
        """The gauge's newest power [uW], and for how long it stands [ms]."""
        if self._gauge is None or not state.powers:
            return None, 0
        return state.powers[-1][1], self._gauge.hold_ms

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
        start_ms, count = _start_ms(state), state.count.changes[-1][1]
        if read_ms >= start_ms or time_ms - read_ms > self._counter.gap_ms:
            return
        stood_still = changed[0] < read_ms
        if stood_still and (state.powers or time_ms - changed[0] > REFRESH_SHOWN_MS):
            return  # when it flowed is told by the gauge, or by nobody
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
            held_from = max(before[0], _start_ms(state))
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

    def _demand(self, state: RunningState, now_ms: int) -> Demand | None:
        elapsed_s = min(_T_S, (now_ms - _start_ms(state)) / 1000)
        remaining_s = _T_S - elapsed_s
        energy_kwh, confidence, by_counter = self._energy_kwh(state, now_ms)
        now_kw = self._now_kw(state, now_ms)
        if now_kw is None:
            return None
        if confidence == "measured" and elapsed_s < DEAD_TIME_S:
            confidence = "early"
        projected_kw = (energy_kwh + now_kw * remaining_s / 3600) * QUARTERS_PER_HOUR
        spread_kw = Z_BAND * self._deviation_kw(state) * remaining_s / _T_S
        peak_kw, peak_utc, peak_quality = self._billed_peak(state)
        target_kw = self._site.target_kw or peak_kw or self._connection_kw
        return Demand(
            site=self._site.id,
            meter=self._meter.id if self._meter else "",
            at_utc=instant(now_ms),
            start_utc=instant(state.quarter * QUARTER_MS),
            elapsed_s=elapsed_s,
            remaining_s=remaining_s,
            energy_kwh=energy_kwh,
            now_kw=now_kw,
            mean_so_far_kw=energy_kwh * 3600 / elapsed_s if elapsed_s > 0 else now_kw,
            projected_kw=projected_kw,
            projected_low_kw=max(energy_kwh * QUARTERS_PER_HOUR, projected_kw - spread_kw),
            projected_high_kw=projected_kw + spread_kw,
            target_kw=target_kw,
            allowed_kw=allowed_kw(target_kw, energy_kwh, elapsed_s, 1.2 * self._connection_kw),
            headroom_kw=target_kw - projected_kw,
            billed_peak_kw=peak_kw,
            billed_peak_utc=peak_utc,
            billed_peak_quality=peak_quality,
            confidence=confidence,
            synchronised=by_counter and (self._site.sync is None or _is_shown(state, now_ms)),
            basis_observed_ms=now_ms,
            sync_offset_ms=state.offset_ms if _is_shown(state, now_ms) else None,
        )

    def _energy_kwh(self, state: RunningState, now_ms: int) -> tuple[float, str, bool]:
        """Imported so far [kWh], how it is known, and whether the counter says so.

        Without the counter the gauge's integral stands in; where the start was not seen either, the mean of what was seen stands
        for all of it: missing is never zero.
        """
        start_ms = _start_ms(state)
        if state.start_count_uwh is not None:
            count_uwh = state.count.at(now_ms, *self._held(state))
            return max(0, count_uwh - state.start_count_uwh) / _UWH_PER_KWH, "measured", True
        seen_kwh, seen_ms = max(0, state.gauge_uwh) / _UWH_PER_KWH, state.gauge_seen_ms
        if self._gauge is not None and state.powers:
            since_ms = max(state.powers[-1][0], start_ms)
            held_ms = max(0, min(now_ms, state.powers[-1][0] + self._gauge.hold_ms) - since_ms)
            seen_kwh += state.powers[-1][1] / _UW_PER_KW * held_ms / 3_600_000
            seen_ms += held_ms
        elapsed_ms = now_ms - start_ms
        if seen_ms <= 0:
            return 0.0, "measured" if elapsed_ms == 0 else "partial", False
        return seen_kwh * elapsed_ms / seen_ms, "measured" if seen_ms >= SEEN_SHARE * elapsed_ms else "partial", False

    def _now_kw(self, state: RunningState, now_ms: int) -> float | None:
        recent = [value for time_ms, value in state.powers if time_ms > now_ms - NOW_MS]
        if recent:
            return sum(recent) / len(recent) / _UW_PER_KW
        pace_uw = state.count.pace_uw(now_ms) if state.start_count_uwh is not None else None
        return None if pace_uw is None else pace_uw / _UW_PER_KW

    def _deviation_kw(self, state: RunningState) -> float:
        """Standard deviation [kW] of one-minute means over the last minutes: how far the rest may differ from now."""
        means = [total / count / _UW_PER_KW for total, count in state.minutes.values()]
        if len(means) < 2:
            return 0.05 * (means[0] if means else 0.0)
        mean = sum(means) / len(means)
        return math.sqrt(sum((value - mean) ** 2 for value in means) / (len(means) - 1))


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


def _begin_again(state: RunningState) -> None:
    """Nothing is known of the running quarter hour; what was dated ahead must not keep it silent."""
    state.quarter = state.said_ms = state.offset_ms = state.gauge_uwh = state.gauge_seen_ms = 0
    state.start_count_uwh, state.count, state.powers, state.minutes = None, LiveCount(), [], {}
    state.sign = state.bounds = None


def _start_ms(state: RunningState) -> int:
    """Where the running quarter hour began, on the clock of the meter's readings."""
    return state.quarter * QUARTER_MS + state.offset_ms


def _is_shown(state: RunningState, now_ms: int) -> bool:
    """Whether the billing meter has shown of late where its quarter hours begin, and this one follows it."""
    return state.bounds is not None and state.bounds.holds_at(now_ms) and abs(state.bounds.offset_ms - state.offset_ms) <= SYNC_MS


def allowed_kw(target_kw: float, energy_kwh: float, elapsed_s: float, limit_kw: float) -> float:
    """P_rest: mean power [kW] that may be drawn for the rest of the quarter hour, within 0 and `limit_kw`.

    Near the end it would explode in both directions, so it is clamped.
    """
    remaining_s = _T_S - elapsed_s
    if remaining_s <= 0:
        return 0.0
    return min(limit_kw, max(0.0, (target_kw * _T_S / 3600 - energy_kwh) * 3600 / remaining_s))


_FIELDS = tuple(entry.name for entry in fields(RunningState) if entry.name not in ("known", "peak"))


def encode_state(state: RunningState) -> bytes:
    """A line of versioned JSON, then the quarter hours as they lie in memory."""
    shown = {name: getattr(state, name) for name in _FIELDS}
    head = json.dumps({"version": _STATE_VERSION, **shown, "count": asdict(state.count)}).encode()
    return b"\n".join((head, state.known.to_bytes()))


def decode_state(stored: bytes) -> RunningState:
    """The state that `encode_state` made; ValueError for an unknown version."""
    head, _, rows = stored.partition(b"\n")
    document = json.loads(head)
    version = document.pop("version")
    if version not in range(1, _STATE_VERSION + 1):
        msg = f"running-quarter state of version {version}; this step reads version {_STATE_VERSION}"
        raise ValueError(msg)
    if version < _STATE_VERSION:
        # Of the older forms the quarter hours are kept; the running one begins to be seen again.
        known = QuarterSeries.from_bytes(rows) if version == _WITH_QUARTER_HOURS else _known_of(document.get("peaks", {}))
        return RunningState(known=known)
    document["known"] = QuarterSeries.from_bytes(rows)
    if document.get("sign") is not None:
        document["sign"] = Sign(*document["sign"])
    if document.get("bounds") is not None:
        document["bounds"] = Bounds(*document["bounds"])
    if document.get("newest") is not None:
        document["newest"] = tuple(document["newest"])
    count = document["count"]
    count["changes"] = [(time_ms, count_uwh) for time_ms, count_uwh in count["changes"]]
    document["count"] = LiveCount(**count | {name: tuple(count[name]) if count[name] else None for name in ("read", "strange")})
    document["powers"] = [(time_ms, value) for time_ms, value in document["powers"]]
    document["minutes"] = {int(minute): (total, count) for minute, (total, count) in document["minutes"].items()}
    return RunningState(**document)


def _known_of(peaks: dict[str, tuple[float, str, int]]) -> QuarterSeries:
    """Quarter hours of the older form, which kept the highest only: start -> (kW, quality, revision)."""
    known = QuarterSeries()
    for start, (power_kw, quality, revision) in peaks.items():
        energy_uwh = round(power_kw * _UW_PER_KW / QUARTERS_PER_HOUR)
        method, start_utc = IntervalMethod.NONE, datetime.fromisoformat(start)
        known.put(Interval("", "", "", start_utc, energy_uwh, 1.0, IntervalQuality(quality), method, revision))
    return known

"""Where the running quarter hour is going, and what may still be drawn in it.

With ``E_t`` the energy imported since the start [kWh], ``t`` seconds elapsed of ``T`` = 900, ``P_now`` the mean power of the last seconds
[kW]: ``P_trend = (E_t + P_now (T - t)/3600) 3600/T`` and ``P_rest = (P_target T/3600 - E_t) 3600/(T - t)``, the usual ones of a
Maximumwächter.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from domain.clock import instant
from domain.demand import Demand
from domain.intervals import QUARTER_MS, QUARTERS_PER_HOUR, IntervalQuality
from domain.plant import Plant
from metering.rules import GaugeRules
from metering.running_state import NOW_MS, RunningState
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw

_T_S = QUARTER_MS / 1000
DEAD_TIME_S = 120.0
"""In the first minutes the trend is weak: marked as ``early``."""
SEEN_SHARE = 0.95
"""Share of the time so far that the gauge must have seen to stand in for the counter without a word."""
Z_BAND = 1.2816
"""Normal quantile of 90 %: the band holds eight of ten."""
KEPT_BEYOND = timedelta(days=62)
"""Quarter hours of the billing period that held this long ago are kept: a clock that is wrong for a while loses none of the present one."""
_UWH_PER_KWH = 1_000_000_000
_UW_PER_KW = 1_000_000_000
NO_END = 2**62


class Projection:
    """Makes the `Demand` of a state.

    Parameters
    ----------
    gauge
        The billing meter's power gauge, if it has one.
    """

    def __init__(self, plant: Plant, gauge: GaugeRules | None) -> None:
        self._site = plant.site
        self._meter = plant.billing_meter()
        self._gauge = gauge
        self._connection_kw = math.inf if self._meter is None else self._meter.max_power_kw

    def demand(self, state: RunningState, now_ms: int) -> Demand | None:
        """The report at a reading of `now_ms`; None while no power is known."""
        elapsed_s = min(_T_S, (now_ms - state.start_ms) / 1000)
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
            synchronised=by_counter and (self._site.sync is None or state.is_shown(now_ms)),
            basis_observed_ms=now_ms,
            sync_offset_ms=state.offset_ms if state.is_shown(now_ms) else None,
        )

    def _energy_kwh(self, state: RunningState, now_ms: int) -> tuple[float, str, bool]:
        """Imported so far [kWh], how it is known, and whether the counter says so.

        Without the counter the gauge's integral stands in; where the start was not seen either, the mean of what was seen stands
        for all of it: missing is never zero.
        """
        start_ms = state.start_ms
        if state.start_count_uwh is not None:
            count_uwh = state.count.at(now_ms, *state.held(self._gauge))
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

    def _billed_peak(self, state: RunningState) -> tuple[float, datetime | None, IntervalQuality]:
        """The highest quarter hour of the billing period that holds the running one, up to it; never a faulty one."""
        # Before the first reading the newest row says what time it is.
        quarter = state.quarter or state.known.newest(NO_END) or 0
        now_utc = slot_start(quarter)
        if state.peak is None or state.peak[0] != quarter:
            state.known.forget(slot_of(billing_period(self._site, now_utc - KEPT_BEYOND).start_utc), NO_END)
            begin = slot_of(billing_period(self._site, now_utc).start_utc)
            state.peak = quarter, state.known.highest(begin, quarter + 1)
        highest, floor_kw = state.peak[1], known_peak_kw(self._site, now_utc)
        if highest is None or highest.power_kw <= floor_kw:
            return floor_kw, None, IntervalQuality.MEASURED
        return highest.power_kw, slot_start(highest.slot), highest.quality


def allowed_kw(target_kw: float, energy_kwh: float, elapsed_s: float, limit_kw: float) -> float:
    """P_rest: mean power [kW] that may be drawn for the rest of the quarter hour, within 0 and `limit_kw`.

    Near the end it would explode in both directions, so it is clamped.
    """
    remaining_s = _T_S - elapsed_s
    if remaining_s <= 0:
        return 0.0
    return min(limit_kw, max(0.0, (target_kw * _T_S / 3600 - energy_kwh) * 3600 / remaining_s))

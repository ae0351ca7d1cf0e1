"""The metering step of one meter: readings in, quarter hours and rejections out, for as long as late readings may restate.

The final table depends on the set of readings only, not on their order. `take` sorts readings in; `advance` publishes quarter
hours that are over, and publishes again, with a higher revision, those that have changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from domain.calendars import DayType, day_type
from domain.clock import epoch_ms, instant
from domain.codec import encode
from domain.intervals import QUARTER_MS, Interval, IntervalQuality
from domain.plant import Plant, RegisterKind
from domain.readings import Reading, ReadingQuality, Rejection, RejectionReason
from metering.cases import GLITCH_MS, Resolved, resolve
from metering.rows import MISSING, CounterCurve, Row, counter_row, gauge_integral, gauge_row
from metering.rules import POWER_MARGIN, UW_PER_KW, RegisterRules, rules_of
from metering.state import MeterState, Published, Series, decode_state, encode_state

__all__ = ["MeterState", "MeterStep", "decode_state", "encode_state"]

PATIENCE_MS = 60_000
"""Readings may be this late before a quarter hour is published."""
FUTURE_MS = 5_000
LIKE_DAYS = 3
WHOLE_MS = 36 * 3_600_000
"""For this long every reading is kept; after it only those that decide boundaries, gaps and cases."""
_THIN_EVERY_MS = 3_600_000
_CONTEXT_READINGS = 4
_DAY_MS = 86_400_000

Output = Interval | Rejection


class MeterStep:
    """Keyed by meter; holds rules only, all memory is in the `MeterState`."""

    def __init__(self, plant: Plant, meter_id: str) -> None:
        self._site = plant.site
        self._zone: ZoneInfo = plant.site.zone
        self._meter = plant.meter_by_id(meter_id)
        self._rules = rules_of(self._meter)
        self._commissioned_ms = epoch_ms(plant.site.commissioned_utc)
        self._horizon_ms = plant.site.late_horizon_days * _DAY_MS
        counters = [c for c, r in self._rules.items() if r.kind is RegisterKind.COUNTER]
        self._gauge = next((c for c, r in self._rules.items() if r.kind is RegisterKind.GAUGE and r.unit in ("W", "kW")), None)
        self._published_channels = counters or ([self._gauge] if self._gauge else [])
        self._watched_by_gauge = "energy_import" if "energy_import" in counters else next(iter(counters), None)
        self._day_types: dict[date, DayType] = {}

    def initial(self) -> MeterState:
        """A meter that has never spoken."""
        return MeterState()

    def begin(self, state: MeterState, site_start_ms: int) -> MeterState:
        """Tell where the site's first reading fell, also where this meter was silent then."""
        quarter = site_start_ms // QUARTER_MS
        if state.first_quarter is None:
            state.first_quarter = state.next_quarter = quarter
        elif quarter < state.first_quarter:
            if state.next_quarter > state.first_quarter:
                for channel in self._published_channels:
                    state.dirty[channel] = min(state.dirty.get(channel, quarter), quarter)
            else:
                state.next_quarter = quarter
            state.first_quarter = quarter
        return state

    # -- readings ------------------------------------------------------------------------------------------------------

    def take(self, state: MeterState, readings: Sequence[Reading]) -> tuple[MeterState, list[Output]]:
        """Sort readings in, in the order of their arrival; what cannot be used leaves with its reason."""
        outputs: list[Output] = []
        for reading in readings:
            reason = self._reason_against(state, reading) or self._insert(state, reading)
            if reason is not None:
                outputs.append(self._rejection(reading, reason))
                continue
            self.begin(state, reading.observed_ms)
            self._count(state, reading.observed_ms, 1)
        return state, outputs

    def _reason_against(self, state: MeterState, reading: Reading) -> RejectionReason | None:
        if reading.quality is not ReadingQuality.GOOD:
            return RejectionReason.BAD_QUALITY
        if reading.observed_ms < self._commissioned_ms:
            return RejectionReason.CLOCK_BEFORE_RANGE
        if reading.observed_ms > reading.received_ms + FUTURE_MS:
            return RejectionReason.CLOCK_IN_FUTURE
        if reading.observed_ms < state.site_time_ms - self._horizon_ms:
            return RejectionReason.BEYOND_HORIZON
        rules = self._rules.get(reading.channel)
        if rules is None:
            return None
        if reading.value is None:
            return RejectionReason.BAD_QUALITY
        if rules.kind is RegisterKind.GAUGE:
            greatest_uw = POWER_MARGIN * self._meter.max_power_kw * UW_PER_KW
            if abs(rules.stored(reading.value)) > greatest_uw:
                return RejectionReason.IMPOSSIBLE_POWER
        return None

    def _insert(self, state: MeterState, reading: Reading) -> RejectionReason | None:
        rules = self._rules.get(reading.channel)
        if rules is None or reading.value is None:
            return None
        series = state.series.setdefault(reading.channel, Series())
        times = series.times
        time_ms = reading.observed_ms
        index = len(times) if not times or time_ms > times[-1] else bisect_left(times, time_ms)
        if index < len(times) and (times[index] == time_ms or (series.linked[index] and time_ms < state.thinned_ms)):
            return RejectionReason.DUPLICATE
        series.insert(index, time_ms, rules.stored(reading.value), reading.received_ms)
        self._mark_dirty(state, rules, series, index)
        return None

    def _mark_dirty(self, state: MeterState, rules: RegisterRules, series: Series, index: int) -> None:
        """Note which published quarter hours a reading at `index` may change."""
        times, values = series.times, series.values
        channel = rules.channel
        if rules.kind is RegisterKind.GAUGE:
            from_ms = times[index]
            channels = [channel] if channel in self._published_channels else [c for c in [self._watched_by_gauge] if c]
        else:
            before = index - 1
            while before >= 0 and series.glitch[before]:
                before -= 1
            from_ms = times[before] if before >= 0 else times[index]
            if index > 0 and rules.possible_step(times[index - 1], values[index - 1], times[index], values[index]) is None:
                irregular = [t for t in state.irregular.get(channel, []) if t >= times[index] - GLITCH_MS]
                from_ms = min([from_ms, *irregular])
            channels = [channel]
        quarter = from_ms // QUARTER_MS
        if quarter < state.next_quarter:
            for name in channels:
                state.dirty[name] = min(state.dirty.get(name, quarter), quarter)

    def _count(self, state: MeterState, observed_ms: int, by: int) -> None:
        quarter = observed_ms // QUARTER_MS
        state.counts[quarter] = state.counts.get(quarter, 0) + by
        if quarter < state.next_quarter:
            state.recounted.add(quarter)

    def _rejection(self, reading: Reading, reason: RejectionReason) -> Rejection:
        return Rejection(
            reading.site,
            reading.meter,
            reason,
            encode(reading).decode(),
            f"channel {reading.channel}",
            "",
            instant(reading.received_ms),
        )

    # -- time ----------------------------------------------------------------------------------------------------------

    def advance(self, state: MeterState, site_time_ms: int) -> tuple[MeterState, list[Output]]:
        """Publish what is over by the site's event time, and again what has changed."""
        self.begin(state, site_time_ms)
        state.site_time_ms = max(state.site_time_ms, site_time_ms)
        return state, self._publish(state, self._due_until(state))

    def close(self, state: MeterState, last_ms: int) -> tuple[MeterState, list[Output]]:
        """Publish everything up to the quarter hour that `last_ms` lies in: nothing more will come."""
        self.begin(state, last_ms)
        return state, self._publish(state, max(state.next_quarter, last_ms // QUARTER_MS + 1))

    def _due_until(self, state: MeterState) -> int:
        quarter = state.next_quarter
        while self._is_due(state, (quarter + 1) * QUARTER_MS):
            quarter += 1
        return quarter

    def _is_due(self, state: MeterState, end_ms: int) -> bool:
        if state.site_time_ms < end_ms + PATIENCE_MS:
            return False
        for channel in self._published_channels:
            series = state.series.get(channel)
            has_come = series is not None and len(series.times) > 0 and series.times[-1] >= end_ms
            if not has_come and state.site_time_ms < end_ms + PATIENCE_MS + 2 * self._rules[channel].sampling_ms:
                return False
        return True

    def _publish(self, state: MeterState, until: int) -> list[Output]:
        if until == state.next_quarter and not state.dirty and not state.recounted:
            return []
        outputs: list[Output] = []
        first_new = state.next_quarter
        changed_from: int | None = None
        for channel in self._published_channels:
            start = min(state.dirty.get(channel, first_new), first_new)
            changed_from = self._publish_channel(state, channel, start, until, outputs, changed_from)
        state.next_quarter = max(until, first_new)
        state.dirty.clear()
        self._publish_counts(state, first_new, outputs)
        if changed_from is not None:
            self._reshape_long_gaps(state, changed_from, outputs)
        if state.site_time_ms - state.thinned_ms > WHOLE_MS + _THIN_EVERY_MS:
            self._thin(state)
        return outputs

    def _publish_channel(
        self, state: MeterState, channel: str, start: int, until: int, outputs: list[Output], changed_from: int | None
    ) -> int | None:
        """Evaluate and publish ``[start, until)`` of a channel; gives the first quarter hour that was restated so far."""
        start = max(start, state.first_quarter or 0)
        until = max(until, state.next_quarter)
        rows = self._rows(state, channel, start, until, outputs)
        known = state.published.setdefault(channel, {})
        for quarter, row in zip(range(start, until), rows, strict=True):
            readings = state.counts.get(quarter, 0)
            before = known.get(quarter)
            if before is not None and before.row == row:
                continue
            if before is not None:
                changed_from = quarter if changed_from is None else min(changed_from, quarter)
            known[quarter] = Published(row, 1 if before is None else before.revision + 1, readings)
            outputs.append(self._interval(channel, quarter, known[quarter]))
        return changed_from

    def _publish_counts(self, state: MeterState, first_new: int, outputs: list[Output]) -> None:
        """Say again rows whose energy stands but whose number of readings has changed."""
        for quarter in sorted(state.recounted):
            for channel in self._published_channels:
                before = state.published.get(channel, {}).get(quarter)
                if before is not None and quarter < first_new and before.readings != state.counts.get(quarter, 0):
                    restated = Published(before.row, before.revision + 1, state.counts.get(quarter, 0))
                    state.published[channel][quarter] = restated
                    outputs.append(self._interval(channel, quarter, restated))
        state.recounted.clear()

    def _reshape_long_gaps(self, state: MeterState, changed_from: int, outputs: list[Output]) -> None:
        """A like day was restated: long gaps after it may have another shape."""
        for channel, gaps in state.long_gaps.items():
            for start_ms, end_ms in gaps:
                if start_ms // QUARTER_MS > changed_from:
                    until = min(state.next_quarter, end_ms // QUARTER_MS + 1)
                    rows = self._rows(state, channel, start_ms // QUARTER_MS, until, outputs)
                    known = state.published[channel]
                    for quarter, row in zip(range(start_ms // QUARTER_MS, until), rows, strict=True):
                        before = known.get(quarter)
                        if before is not None and before.row != row:
                            known[quarter] = Published(row, before.revision + 1, before.readings)
                            outputs.append(self._interval(channel, quarter, known[quarter]))

    def _interval(self, channel: str, quarter: int, published: Published) -> Interval:
        row = published.row
        return Interval(
            self._site.id, self._meter.id, channel, instant(quarter * QUARTER_MS), row.energy_uwh, row.coverage, row.quality,
            row.method, published.revision, published.readings,
        )  # fmt: skip

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _rows(self, state: MeterState, channel: str, start: int, until: int, outputs: list[Output]) -> list[Row]:
        """Rows of the quarter hours ``[start, until)``; readings found to be glitches leave by `outputs`."""
        if start >= until:
            return []
        rules = self._rules[channel]
        series = state.series.get(channel)
        if series is None or not series.times:
            return [MISSING] * (until - start)
        if rules.kind is RegisterKind.GAUGE:
            return [gauge_row(rules, series.times, series.values, quarter) for quarter in range(start, until)]
        first = self._context_start(state, rules, series, start * QUARTER_MS)
        last = min(len(series.times), bisect_left(series.times, until * QUARTER_MS + GLITCH_MS) + 1)
        resolved = resolve(rules, series.times[first:last], series.values[first:last], series.linked[first:last])
        self._note(state, series, channel, first, last, resolved, outputs)
        curve = CounterCurve(resolved.pieces, lambda quarter: self._like_day_energy(state, channel, quarter))
        self._note_long_gaps(state, channel, curve)
        gauge = self._rules.get(self._gauge or "")
        gauge_series = state.series.get(self._gauge or "") if channel == self._watched_by_gauge else None
        rows = []
        for quarter in range(start, until):
            seen = None
            if gauge is not None and gauge_series is not None and gauge_series.times:
                seen = gauge_integral(gauge, gauge_series.times, gauge_series.values, quarter)[0]
            rows.append(counter_row(rules, curve, quarter, seen))
        return rows

    def _context_start(self, state: MeterState, rules: RegisterRules, series: Series, from_ms: int) -> int:
        """Index from which the readings must be looked at to judge what comes after `from_ms`."""
        irregular = [t for t in state.irregular.get(rules.channel, []) if from_ms - GLITCH_MS <= t < from_ms]
        index = bisect_right(series.times, min([from_ms, *irregular])) - 1
        kept = 0
        while index > 0:
            if not series.glitch[index]:
                kept += 1
                if kept >= _CONTEXT_READINGS:
                    break
            index -= 1
        return max(0, index)

    def _note(
        self, state: MeterState, series: Series, channel: str, first: int, last: int, resolved: Resolved, outputs: list[Output]
    ) -> None:
        """Keep what hindsight found: new glitches are rejected, withdrawn ones count again."""
        now = bytearray(last - first)
        for index in resolved.glitches:
            now[index] = 1
        for offset, is_glitch in enumerate(now):
            index = first + offset
            if is_glitch and not series.glitch[index]:
                outputs.append(self._rejection(self._reading(channel, series, index), RejectionReason.GLITCH))
                self._count(state, series.times[index], -1)
            elif series.glitch[index] and not is_glitch:
                self._count(state, series.times[index], 1)
        series.glitch[first:last] = now
        oldest = state.site_time_ms - 2 * GLITCH_MS
        start_ms, end_ms = series.times[first], series.times[last - 1]
        outside = [t for t in state.irregular.get(channel, []) if t >= oldest and not start_ms <= t <= end_ms]
        state.irregular[channel] = sorted({*outside, *(t for t in resolved.irregular_ms if t >= oldest)})

    def _reading(self, channel: str, series: Series, index: int) -> Reading:
        value = self._rules[channel].raw(series.values[index])
        return Reading(self._site.id, self._meter.id, channel, series.times[index], series.received[index], value)

    def _note_long_gaps(self, state: MeterState, channel: str, curve: CounterCurve) -> None:
        gaps = {*state.long_gaps.get(channel, []), *curve.long_gaps()}
        series = state.series[channel]

        def still_there(gap: tuple[int, int]) -> bool:
            index = bisect_right(series.times, gap[0])
            return gap[1] > state.site_time_ms - self._horizon_ms and not (
                index < len(series.times) and series.times[index] < gap[1]
            )

        state.long_gaps[channel] = sorted(gap for gap in gaps if still_there(gap))

    def _like_day_energy(self, state: MeterState, channel: str, quarter: int) -> float | None:
        """Mean energy [µWh] of the last like days in the same local slot, of those that were measured then."""
        known = state.published.get(channel, {})
        local = instant(quarter * QUARTER_MS).astimezone(self._zone)
        wanted = self._type_of(local.date())
        found: list[int] = []
        for days in range(1, self._site.late_horizon_days + 1):
            day = local.date() - timedelta(days=days)
            if self._type_of(day) is not wanted:
                continue
            moment = local.replace(year=day.year, month=day.month, day=day.day, fold=0)
            published = known.get(epoch_ms(moment.astimezone(self._zone)) // QUARTER_MS)
            if published is not None and published.row.quality is IntervalQuality.MEASURED and published.row.energy_uwh is not None:
                if instant(epoch_ms(moment)).astimezone(self._zone).time() != local.time():
                    continue  # the slot does not exist on a spring clock-change day
                found.append(published.row.energy_uwh)
                if len(found) == LIKE_DAYS:
                    break
        return sum(found) / len(found) if found else None

    def _type_of(self, day: date) -> DayType:
        if day not in self._day_types:
            self._day_types[day] = day_type(day, self._site)
        return self._day_types[day]

    # -- thinning ------------------------------------------------------------------------------------------------------

    def _thin(self, state: MeterState) -> None:
        """Forget readings that decide nothing any more, and everything beyond the horizon."""
        limit_ms = state.site_time_ms - WHOLE_MS
        oldest_ms = state.site_time_ms - self._horizon_ms - _DAY_MS
        for channel, series in state.series.items():
            rules = self._rules[channel]
            if rules.kind is RegisterKind.GAUGE and channel not in self._published_channels:
                first = bisect_left(series.times, limit_ms)
                series.keep(list(range(first, len(series.times))), list(series.linked[first:]))
            elif rules.kind is RegisterKind.COUNTER:
                _thin_counter(rules, series, limit_ms, oldest_ms)
        oldest_quarter = oldest_ms // QUARTER_MS
        state.counts = {quarter: count for quarter, count in state.counts.items() if quarter >= oldest_quarter}
        for channel, rows in state.published.items():
            state.published[channel] = {quarter: row for quarter, row in rows.items() if quarter >= oldest_quarter}
        state.first_quarter = max(state.first_quarter or 0, oldest_quarter)
        state.thinned_ms = limit_ms


def _thin_counter(rules: RegisterRules, series: Series, limit_ms: int, oldest_ms: int) -> None:
    """Of old readings keep the first and last of each quarter hour and the edges of gaps and cases."""
    times = series.times
    keep, links = [], []
    skipped = False
    for index, time_ms in enumerate(times):
        if time_ms < oldest_ms or (series.glitch[index] and time_ms < limit_ms):
            continue
        inner = (
            time_ms < limit_ms
            and 0 < index < len(times) - 1
            and _is_plain(rules, series, index - 1, index)
            and _is_plain(rules, series, index, index + 1)
            and times[index - 1] // QUARTER_MS == time_ms // QUARTER_MS == times[index + 1] // QUARTER_MS
        )
        if inner:
            skipped = True
            continue
        keep.append(index)
        links.append(1 if skipped or series.linked[index] else 0)
        skipped = False
    series.keep(keep, links)


def _is_plain(rules: RegisterRules, series: Series, before: int, after: int) -> bool:
    """Whether two neighbours are an ordinary step apart, without a gap."""
    if series.glitch[before] or series.glitch[after]:
        return False
    elapsed = series.times[after] - series.times[before]
    if elapsed > rules.gap_ms and not series.linked[after]:
        return False
    return rules.is_possible(series.values[after] - series.values[before], elapsed, series.values[after])

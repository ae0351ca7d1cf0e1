"""The step of one meter: readings in any order, quarter hours with revisions.

`take` puts readings in their place and says which were refused; `advance` tells what has become due by the site's event time, and
tells again what has changed.  Both alter the state that they are given and return it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from domain.clock import instant
from domain.intervals import QUARTER_MS, Interval, IntervalMethod, IntervalQuality
from domain.plant import Plant, RegisterKind
from domain.readings import Reading, Rejection, RejectionReason
from metering.book import EXACT_QUARTERS, RowBook, rounded, unrounded
from metering.counter import CounterTrack
from metering.gauge import GaugeTrack
from metering.intake import Intake, has_number, rejection
from metering.like_days import LOOK_BACK_DAYS, LikeDays
from metering.packing import FEW
from metering.points import Origin
from metering.reconcile import Reconciliation, reconcile
from metering.rows import Published, Row
from metering.rules import CLOCK_AHEAD_MS, OUT_OF_ORDER_MS, SEAL_AGE_MS, counter_rules, gauge_rules
from metering.runs import NO_SEQUENCE, ReadingRun, RunShape
from metering.state import MeterState, Track
from metering.state_bytes import from_bytes, read_into, to_bytes
from metering.track import JUMP_MS

DAY_MS = 86_400_000
QUARTERS_A_DAY = 96
LEAP_MS = DAY_MS
"""Event time that leaps farther is not believed at once: one clock that is wrong must not fill a month with quarter hours."""
LEAP_SEEN_MS = 60_000
"""It is believed when it has gone on by so much from there."""
STUCK_SHARE = 0.05
"""Share of the maximum power above which a gauge contradicts a counter that stands still."""
STUCK_STEPS = 10
_HORIZON_DETAIL = "observed longer ago than late readings are waited for"
_SETTLED_DETAIL = "of a channel that is no register, after its meter's quarter hour was settled for good"
_SEALED_DETAIL = "of this instant or of a span in which no reading is missing"
_MISDATED_DETAIL = "dated among readings that were taken at another time: a clock was set"
_SET_BACK_DETAIL = "dated after the instant that an operator has set the meter back to"
_GLITCH_DETAIL = "the register went back to where it had been"
_DETAILS = {RejectionReason.DUPLICATE: _SEALED_DETAIL, RejectionReason.BEYOND_HORIZON: _HORIZON_DETAIL}

Output = Interval | Rejection


class MeterStep:
    """Quarter hours of one meter.

    Parameters
    ----------
    plant, meter_id
        The plant file and the meter in it; KeyError if it has no such meter.
    """

    def __init__(self, plant: Plant, meter_id: str) -> None:
        meter = plant.meter_by_id(meter_id)
        self._site, self._meter = plant.site.id, meter.id
        self._counters = {r.channel: counter_rules(meter, r) for r in meter.counters()}
        self._gauges = {r.channel: gauge_rules(meter, r) for r in meter.registers if r.kind is RegisterKind.GAUGE}
        gauge = meter.gauge()
        self._power = None if gauge is None else gauge.channel
        self._stuck_signs = {
            r.channel: 0 if r.balance else -1 if "export" in r.channel else 1 for r in meter.counters() if not r.is_reactive
        }
        self._stuck_uwh = round(STUCK_SHARE * meter.max_power_kw * 1_000_000_000 / 4)
        self._row_channels = tuple(r.channel for r in meter.interval_registers())
        self._intake = Intake(plant)
        self._like_days = LikeDays(plant.site)
        self._horizon_ms = plant.site.late_horizon_days * DAY_MS

    def initial(self) -> MeterState:
        """Nothing heard yet."""
        state = MeterState()
        self._furnish(state)
        return state

    def _furnish(self, state: MeterState) -> None:
        tracks: dict[str, Track] = {channel: CounterTrack(rules) for channel, rules in self._counters.items()}
        tracks |= {channel: GaugeTrack(rules) for channel, rules in self._gauges.items()}
        state.tracks = tracks
        state.books = {channel: RowBook() for channel in self._row_channels}

    def _bind(self, state: MeterState) -> None:
        """Give a state that was read from bytes the rules of this meter."""
        if state.stored is not None:
            self._furnish(state)
            read_into(state)

    # Readings

    def take(self, state: MeterState, readings: Sequence[Reading]) -> tuple[MeterState, list[Output]]:
        """Put readings of this meter, of any channel and in any order, in their places."""
        outputs: list[Output] = []
        self._bind(state)
        oldest_ms = state.site_ms - self._horizon_ms
        for reading in readings:
            refused = self._intake.refusal(reading)
            if refused is not None:
                outputs.append(refused)
            elif reading.observed_ms < oldest_ms:
                outputs.append(rejection(reading, RejectionReason.BEYOND_HORIZON, _HORIZON_DETAIL))
            elif (track := state.tracks.get(reading.channel)) is None:
                self._count_other(state, reading, outputs)
            elif not has_number(reading):
                outputs.append(rejection(reading, RejectionReason.BAD_QUALITY, "a register's reading without a number"))
            else:
                self._place(state, track, reading, outputs)
        for track in state.tracks.values():
            self._settle(state, track, outputs)
            track.thin()
        return state, outputs

    def take_run(self, state: MeterState, run: ReadingRun) -> tuple[MeterState, list[Output]]:
        """The same as `take` of the run's readings, and cheap where they are ordinary."""
        self._bind(state)
        if self._take_ordinary(state, run):
            return state, []
        return self.take(state, run.readings())

    def _take_ordinary(self, state: MeterState, run: ReadingRun) -> bool:
        """Put a run after all that is known, if every reading of it is in order; else nothing is changed."""
        track = state.tracks.get(run.channel)
        times: list[int] = run.observed_ms.tolist()
        if track is None or not track.points.times or not times:
            return False
        points = track.points
        first, last, before = times[0], times[-1], points.times[-1]
        if first <= before or first < self._intake.commissioned_ms or first < state.site_ms - self._horizon_ms:
            return False
        received: list[int] = run.received_ms.tolist()
        shape = RunShape(run) if len(times) >= FEW else None
        if shape is not None:
            if shape.least_lag_ms < -CLOCK_AHEAD_MS or shape.shortest_ms <= 0:
                return False
        elif any(at - got > CLOCK_AHEAD_MS for at, got in zip(times, received, strict=True)):
            return False
        if run.sequences.item(0) < points.sequences[-1] or track.is_set or track.misdated or not _are_rising(run):
            return False
        amounts = track.plain_amounts(times, run, shape)
        if amounts is None:
            return False
        known = len(points)
        points.extend(run, shape, times, amounts, received, track.rules.dense_ms)
        if (shape.widest_ms if shape is not None else last - first) > JUMP_MS or first - before > JUMP_MS:
            track.hold_after_jumps(known, track.rules.dense_ms)
        at = 0
        for quarter in range(first // QUARTER_MS, last // QUARTER_MS + 1):
            stop = len(times) if quarter == last // QUARTER_MS else bisect_left(times, (quarter + 1) * QUARTER_MS, at)
            if stop > at:
                self._count(state, times[at], stop - at)
            at = stop
        if isinstance(track, GaugeTrack):
            self._touch(state, track, (before, last + track.rules.hold_ms))
        else:
            self._touch(state, track, (track.changed_from(known - 1), last))
        track.thin()
        return True

    def _place(self, state: MeterState, track: Track, reading: Reading, outputs: list[Output]) -> None:
        """One usable reading of a register."""
        assert reading.value is not None
        sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
        origin = Origin(reading.received_ms, sequence, track.points.road(reading.gateway, reading.origin))
        span, reason = track.take(reading.observed_ms, float(reading.value), origin)
        if reason is not None:
            outputs.append(rejection(reading, reason, _DETAILS.get(reason) or track.rules.most_detail()))
        else:
            self._count(state, reading.observed_ms, 1)
        if span is not None:
            self._touch(state, track, span)

    def _settle(self, state: MeterState, track: Track, outputs: list[Output]) -> None:
        """What hindsight makes of a register's readings after a batch."""
        judged = track.settle(self._site, self._meter)
        outputs += [rejection(reading, RejectionReason.GLITCH, _GLITCH_DETAIL) for reading in judged.refused]
        outputs += [rejection(reading, RejectionReason.CLOCK_JUMPED, _MISDATED_DETAIL) for reading in judged.misdated]
        for time_ms, by in judged.counts:
            self._count(state, time_ms, by)
        for span in judged.spans:
            self._touch(state, track, span)

    def _count_other(self, state: MeterState, reading: Reading, outputs: list[Output]) -> None:
        """A reading of a channel that is no register: it is counted, as long as its quarter hour can be told again."""
        if any(reading.observed_ms // QUARTER_MS in book.settled for book in state.books.values()):
            outputs.append(rejection(reading, RejectionReason.BEYOND_HORIZON, _SETTLED_DETAIL))
        else:
            self._count(state, reading.observed_ms, 1)

    def _count(self, state: MeterState, observed_ms: int, by: int) -> None:
        """Count a reading as used; rows that were told already are told again with the new number."""
        quarter = observed_ms // QUARTER_MS
        count = state.used.get(quarter)
        state.used[quarter] = (_told_readings(state, quarter) if count is None else count) + by
        if state.grid_from is None or quarter < state.grid_from:
            state.grid_from = quarter
        for book in state.books.values():
            if book.next_quarter is not None and quarter < book.next_quarter:
                book.dirty.add(quarter)

    def _touch(self, state: MeterState, track: Track, span: tuple[int, int]) -> None:
        """Mark rows in a span that may have changed."""
        channel = track.rules.channel
        first, last = span[0] // QUARTER_MS, span[1] // QUARTER_MS
        for row_channel, book in state.books.items():
            if book.next_quarter is None or first >= book.next_quarter:
                continue
            if row_channel == channel or (channel == self._power and row_channel in self._stuck_signs):
                book.dirty.update(range(max(first, state.grid_from or first), min(last + 1, book.next_quarter)))

    # Time

    def advance(self, state: MeterState, site_time_ms: int) -> tuple[MeterState, list[Output]]:
        """Tell what is due by the site's event time, and again what has changed since it was told."""
        return self._tell(state, site_time_ms, None)

    def next_due_ms(self, state: MeterState) -> int | None:
        """The site's event time at which `advance` can next have something to tell; None if nothing was heard yet.

        Call it after `take` or `advance`.  `advance` may be called earlier and more often: that changes no row.
        """
        self._bind(state)
        if state.grid_from is None:
            return None
        due: list[int] = []
        for channel, book in state.books.items():
            if book.dirty or (book.first is not None and state.grid_from < book.first):
                return state.site_ms
            quarter = state.grid_from if book.next_quarter is None else book.next_quarter
            due.append(self._due_ms(state.tracks[channel], quarter))
        return min(due, default=None)

    def close(self, state: MeterState, site_time_ms: int) -> tuple[MeterState, list[Output]]:
        """Tell everything up to the quarter hour of `site_time_ms`, waiting for nothing: there is no more to come."""
        return self._tell(state, site_time_ms, site_time_ms // QUARTER_MS)

    def _believed_ms(self, state: MeterState, site_time_ms: int) -> int:
        """The site's event time as far as it is believed: a leap of more than a day waits for the time to go on from there."""
        if state.site_ms == 0 or site_time_ms <= state.site_ms + LEAP_MS:
            if site_time_ms > state.site_ms:
                state.leap_ms = 0
            return max(site_time_ms, state.site_ms) if state.site_ms else site_time_ms
        if state.leap_ms and site_time_ms >= state.leap_ms + LEAP_SEEN_MS:
            state.leap_ms = 0
            return site_time_ms
        state.leap_ms = min(state.leap_ms or site_time_ms, site_time_ms)
        return state.site_ms

    def _tell(self, state: MeterState, site_time_ms: int, up_to: int | None) -> tuple[MeterState, list[Output]]:
        self._bind(state)
        if up_to is None:
            site_time_ms = self._believed_ms(state, site_time_ms)
        quarter = site_time_ms // QUARTER_MS
        if state.grid_from is None or quarter < state.grid_from:
            state.grid_from = max(quarter, state.floor_quarter)
        state.site_ms = max(state.site_ms, site_time_ms)
        outputs: list[Output] = []
        oldest = (state.site_ms - self._horizon_ms) // QUARTER_MS - QUARTERS_A_DAY
        for channel, book in state.books.items():
            self._open_grid(state, book)
            if book.next_quarter is not None and book.next_quarter < oldest:
                book.next_quarter = oldest  # so long a silence is not told quarter hour by quarter hour
            track = state.tracks[channel]
            if book.dirty:
                self._tell_again(state, channel, track, book, outputs)
            while book.next_quarter is not None and (
                self._due_ms(track, book.next_quarter) <= state.site_ms if up_to is None else book.next_quarter <= up_to
            ):
                self._tell_row(state, channel, track, book, book.next_quarter, {}, outputs)
                book.next_quarter += 1
        self._seal(state)
        if outputs:
            for told in [q for q, count in state.used.items() if _is_told(state, q, count)]:
                del state.used[told]
            self._forget(state)
        return state, outputs

    def _open_grid(self, state: MeterState, book: RowBook) -> None:
        """Rows begin with the site's first quarter hour; an earlier one found later puts rows before the others."""
        assert state.grid_from is not None
        if book.next_quarter is None or book.first is None:
            book.next_quarter = state.grid_from
        elif state.grid_from < book.first:
            book.dirty.update(range(state.grid_from, book.first))

    def _due_ms(self, track: Track, quarter: int) -> int:
        """When a quarter hour can be told: readings after its end have come, and late ones have had their time."""
        end_ms = (quarter + 1) * QUARTER_MS
        latest_ms = end_ms + OUT_OF_ORDER_MS + 2 * track.rules.sampling_ms
        times = track.points.times
        after = bisect_left(times, end_ms)
        return min(latest_ms, times[after] + OUT_OF_ORDER_MS) if after < len(times) else latest_ms

    # An operator's word

    def set_back(self, state: MeterState, to_ms: int) -> tuple[MeterState, list[Output]]:
        """Forget what a clock has dated after `to_ms`: from there on quarter hours are told again, with the next revisions, as readings come.

        Quarter hours before stay as they are.  For the operator, when a clock was ahead and all that comes now is too old.
        """
        self._bind(state)
        quarter, outputs = to_ms // QUARTER_MS, list[Output]()
        for channel, track in state.tracks.items():
            gone = [
                track.points.reading(k, self._site, self._meter, channel)
                for k in range(bisect_right(track.points.times, to_ms), len(track.points))
            ]
            outputs += [rejection(reading, RejectionReason.CLOCK_IN_FUTURE, _SET_BACK_DETAIL) for reading in gone]
            track.set_back(to_ms)
        state.site_ms, state.leap_ms = min(state.site_ms, to_ms), 0
        state.floor_quarter = min(state.floor_quarter, quarter)
        state.next_seal = {channel: min(first, quarter) for channel, first in state.next_seal.items()}
        state.used = {q: count for q, count in state.used.items() if q < quarter}
        state.grid_from = None if state.grid_from is None else min(state.grid_from, quarter)
        for book in state.books.values():
            book.set_back(quarter)
        return state, outputs

    # Rows

    def _tell_again(self, state: MeterState, channel: str, track: Track, book: RowBook, outputs: list[Output]) -> None:
        """Look again at what may have changed; what follows from it by like days comes second."""
        shapes: dict[tuple[int, int], list[tuple[int, int]] | None] = {}
        dirty, book.dirty = sorted(book.dirty), set()
        before = {quarter: self._like_day_energy(book, quarter) for quarter in dirty}
        opened = any(quarter not in book.published for quarter in dirty)
        for quarter in dirty:
            self._tell_row(state, channel, track, book, quarter, shapes, outputs)
        if opened:
            book.published = dict(sorted(book.published.items()))
            book.stored = None
        changed = [q for q in dirty if self._like_day_energy(book, q) != before[q]]
        if changed and isinstance(track, CounterTrack):
            again = {
                quarter
                for t0, t1 in track.long_gaps()
                for quarter in range(t0 // QUARTER_MS, min(t1 // QUARTER_MS + 1, book.next_quarter or 0))
                if changed[0] < quarter <= changed[-1] + (LOOK_BACK_DAYS + 1) * DAY_MS // QUARTER_MS
            }
            shapes = {}
            for quarter in sorted(again):
                self._tell_row(state, channel, track, book, quarter, shapes, outputs)
        stop = min(state.next_seal.get(channel, 0), track.open_from_ms // QUARTER_MS) if dirty and track.points.times else 0
        for quarter in dirty:
            if quarter < stop and quarter not in track.points.sealed and track.can_seal(quarter):
                track.seal(quarter)

    def _tell_row(
        self, state: MeterState, channel: str, track: Track, book: RowBook, quarter: int,
        shapes: dict[tuple[int, int], list[tuple[int, int]] | None], outputs: list[Output],
    ) -> None:  # fmt: skip
        """Tell one row if it differs from what was told last."""
        told = book.published.get(quarter)
        if told is None and (quarter in book.settled or quarter < state.floor_quarter):
            return
        row = self._row(state, channel, track, book, quarter, shapes, told)
        count = state.used.get(quarter)
        readings = _told_readings(state, quarter) if count is None else count
        if told is not None and told.row == row and told.readings == readings:
            return
        revision = 1 if told is None else told.revision + 1
        book.tell(quarter, Published(row, revision, readings))
        outputs.append(
            Interval(
                self._site, self._meter, channel, instant(quarter * QUARTER_MS), row.energy_uwh, row.coverage,
                row.quality, row.method, revision, readings,
            )
        )  # fmt: skip

    def _row(
        self, state: MeterState, channel: str, track: Track, book: RowBook, quarter: int,
        shapes: dict[tuple[int, int], list[tuple[int, int]] | None], told: Published | None,
    ) -> Row:  # fmt: skip
        start_ms = quarter * QUARTER_MS
        if told is not None and (quarter in track.points.sealed or start_ms < track.points.floor_ms):
            row = told.row
        elif isinstance(track, GaugeTrack):
            return track.row(start_ms)
        else:

            def shape(t0: int, t1: int) -> list[tuple[int, int]] | None:
                if track.rules.is_balance:
                    return None
                if (t0, t1) not in shapes:
                    shapes[t0, t1] = self._like_days.weights(t0, t1, lambda q: self._like_day_energy(book, q))
                return shapes[t0, t1]

            row = track.row(start_ms, shape)
        if isinstance(track, CounterTrack) and row.energy_uwh is not None and (row.energy_uwh == 0 or track.stood_still(start_ms)):
            return self._stuck(state, channel, track, start_ms, row)
        return row

    def _stuck(self, state: MeterState, channel: str, track: CounterTrack, start_ms: int, row: Row) -> Row:
        """The row, marked where the gauge shows a load that the register did not count."""
        sign = self._stuck_signs.get(channel)
        gauge = state.tracks.get(self._power or "")
        if sign is None or not isinstance(gauge, GaugeTrack):
            return row
        drawn, _ = gauge.integral(start_ms)
        at = bisect_left(track.points.times, start_ms)
        level = track.points.amounts[min(at, len(track.points) - 1)]
        missed = (drawn * sign if sign else abs(drawn)) - (row.energy_uwh or 0)
        if missed > self._stuck_uwh and missed > STUCK_STEPS * track.rules.step_uwh(level):
            return row._replace(quality=IntervalQuality.FAULTY, method=IntervalMethod.STUCK)
        if row.quality is IntervalQuality.FAULTY:
            return row._replace(quality=IntervalQuality.MEASURED, method=IntervalMethod.REGISTER)
        return row

    def reconcile(self, state: MeterState, channel: str, start_ms: int) -> Reconciliation | None:
        """Whether the power gauge says the same as a counter of the quarter hour that begins at `start_ms`.

        None where either has not seen it, or where it is settled.
        """
        self._bind(state)
        track, gauge = state.tracks.get(channel), state.tracks.get(self._power or "")
        book, sign = state.books.get(channel), self._stuck_signs.get(channel)
        told = None if book is None else book.published.get(start_ms // QUARTER_MS)
        if told is None or sign is None or not isinstance(track, CounterTrack) or not isinstance(gauge, GaugeTrack):
            return None
        drawn_uwh, seen_ms = gauge.integral(start_ms)
        step_uwh = track.rules.step_uwh(track.points.amounts[-1])
        return reconcile(told.row.energy_uwh, drawn_uwh * (sign or 1), seen_ms / QUARTER_MS, step_uwh)

    # Forgetting

    def _seal(self, state: MeterState) -> None:
        """Thin out what is settled, and forget what is beyond the horizon."""
        for channel, track in state.tracks.items():
            times = track.points.times
            if not times:
                continue
            quarter = state.next_seal.get(channel)
            if quarter is None:
                quarter = times[0] // QUARTER_MS
            elif (quarter + 1) * QUARTER_MS + SEAL_AGE_MS > times[-1]:
                continue
            if isinstance(track, CounterTrack):
                track.forget_old_doubts()
                if track.doubts:
                    continue
            book = state.books.get(channel)
            stop = track.open_from_ms // QUARTER_MS
            if book is not None:
                stop = min(stop, book.next_quarter or 0)
            while quarter < stop and (quarter + 1) * QUARTER_MS + SEAL_AGE_MS <= times[-1]:
                if quarter not in track.points.sealed and track.can_seal(quarter):
                    track.seal(quarter)
                quarter += 1
            state.next_seal[channel] = quarter
            track.points.bound()

    def _forget(self, state: MeterState) -> None:
        """Settle what nothing can change any more, and forget what is beyond the horizon."""
        self._settle_rows(state)
        floor = (state.site_ms // DAY_MS * DAY_MS - self._horizon_ms - DAY_MS) // QUARTER_MS
        if state.floor_quarter and floor <= state.floor_quarter:
            return
        state.floor_quarter = max(floor, 1)
        state.used = {quarter: count for quarter, count in state.used.items() if quarter >= floor}
        for track in state.tracks.values():
            track.freeze_before(floor * QUARTER_MS)
        for book in state.books.values():
            for quarter in [q for q in book.published if q < floor]:
                book.settle(quarter, self._like_days.day_of(quarter))
            book.settled.drop_before(floor)
            book.first = max(book.first, floor) if book.first is not None else None
            self._forget_days(state, book)
        if state.grid_from is not None:
            state.grid_from = max(state.grid_from, floor)

    def _settle_rows(self, state: MeterState) -> None:
        """Rows of which no register can tell anything new are kept for two days, and then only as far as like days need them."""
        oldest_kept = state.site_ms // QUARTER_MS - EXACT_QUARTERS
        settled: set[int] = set()
        for book in state.books.values():
            days = len(book.shelf.days)
            for quarter in list(book.published):
                if quarter >= oldest_kept:
                    break
                if quarter not in book.dirty and all(quarter in track.points.sealed for track in state.tracks.values()):
                    book.settle(quarter, self._like_days.day_of(quarter))
                    settled.add(quarter)
            if len(book.shelf.days) > days:
                self._forget_days(state, book)
        for quarter in settled:
            if all(quarter in book.settled for book in state.books.values()):
                for track in state.tracks.values():
                    track.forget_integral(quarter)

    def _forget_days(self, state: MeterState, book: RowBook) -> None:
        floor = state.floor_quarter
        book.shelf.forget(self._like_days.day_of, lambda quarter: book.settled.stop_of(max(quarter, floor)))
        book.stored = None

    def _like_day_energy(self, book: RowBook, quarter: int) -> int | None:
        """The energy of a row if other days may take their shape from it: rounded, whether or not it is settled."""
        told = book.published.get(quarter)
        if told is None:
            return book.shelf.energy(quarter, self._like_days.day_of(quarter)) if book.shelf.days else None
        energy_uwh = told.row.energy_uwh
        return unrounded(rounded(energy_uwh)) if told.row.quality is IntervalQuality.MEASURED and energy_uwh is not None else None


def encode_state(state: MeterState) -> bytes:
    """The state as bytes."""
    return to_bytes(state)


def decode_state(stored: bytes) -> MeterState:
    """The state in `stored`; the step that it is given to knows the registers and reads the rest.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    return from_bytes(stored)


def _are_rising(run: ReadingRun) -> bool:
    """Whether the gateway's numbers are in order."""
    numbers = run.sequences
    return len(numbers) < 2 or not (numbers[1:] < numbers[:-1]).any()


def _told_readings(state: MeterState, quarter: int) -> int:
    """How many readings were last told of a quarter hour."""
    return next((book.published[quarter].readings for book in state.books.values() if quarter in book.published), 0)


def _is_told(state: MeterState, quarter: int, count: int) -> bool:
    """Whether all rows of a quarter hour tell this number of readings."""
    return all(quarter in book.published and book.published[quarter].readings == count for book in state.books.values())

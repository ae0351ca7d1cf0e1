"""The step of one meter: readings in any order, quarter hours with revisions.

`take` puts readings in their places and says which were refused; `advance` publishes what has become due by the site's event time, and
again what has changed.  Both alter the state that they are given and return it.

What the step is made of: `intake` (a reading by itself), `counter` and `gauge` (the readings of one register), `run_intake` (whole runs at
once), `marking` (which rows a reading concerns), `event_time` (when a row is due), `publishing` (rows and revisions), `forgetting` (what is
no longer needed).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from domain.intervals import QUARTER_MS
from domain.plant import Plant
from domain.readings import Reading, Rejection, RejectionReason
from metering import forgetting, marking
from metering.book import RowBook
from metering.counter import CounterTrack
from metering.event_time import believed, due_ms
from metering.gauge import GaugeTrack
from metering.intake import Intake, has_number, rejection
from metering.meter_rules import meter_rules
from metering.misdated import NOTHING_NEW, Judged
from metering.points import Origin
from metering.publishing import QUARTERS_A_DAY, ChannelRows, Output
from metering.reconcile import Reconciliation, reconcile
from metering.run_intake import take_ordinary
from metering.runs import NO_SEQUENCE, ReadingRun
from metering.state import MeterState
from metering.state_bytes import from_bytes, read_into, to_bytes

_HORIZON_DETAIL = "observed longer ago than late readings are waited for"
_SETTLED_DETAIL = "of a channel that is no register, after its meter's quarter hour was settled for good"
_SEALED_DETAIL = "of this instant or of a span in which no reading is missing"
_MISDATED_DETAIL = "dated among readings that were taken at another time: a clock was set"
_SET_BACK_DETAIL = "dated after the instant that an operator has set the meter back to"
_GLITCH_DETAIL = "the register went back to where it had been"
_NO_NUMBER_DETAIL = "a register's reading without a number"
_DETAILS = {RejectionReason.DUPLICATE: _SEALED_DETAIL, RejectionReason.BEYOND_HORIZON: _HORIZON_DETAIL}


class MeterStep:
    """Quarter hours of one meter.

    Parameters
    ----------
    plant, meter_id
        The plant file and the meter in it; KeyError if it has no such meter.
    """

    def __init__(self, plant: Plant, meter_id: str) -> None:
        self._rules = meter_rules(plant, meter_id)
        self._intake = Intake(plant)

    def initial(self) -> MeterState:
        """Nothing heard yet."""
        state = MeterState()
        self._furnish(state)
        return state

    def _furnish(self, state: MeterState) -> None:
        rules = self._rules
        state.tracks = {channel: CounterTrack(counter) for channel, counter in rules.counters.items()}
        state.tracks |= {channel: GaugeTrack(gauge) for channel, gauge in rules.gauges.items()}
        state.books = {channel: RowBook() for channel in rules.row_channels}

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
        oldest_ms = state.site_ms - self._rules.horizon_ms
        for reading in readings:
            refused = self._intake.refusal(reading) or self._placed(state, reading, oldest_ms)
            if refused is not None:
                outputs.append(refused)
        for track in state.tracks.values():
            judged = track.settle(self._rules.site, self._rules.meter)
            if judged is not NOTHING_NEW:
                outputs += self._judged(state, track.rules.channel, judged)
            track.thin()
        return state, outputs

    def take_run(self, state: MeterState, run: ReadingRun) -> tuple[MeterState, list[Output]]:
        """The same as `take` of the run's readings, and cheap where they are ordinary."""
        self._bind(state)
        earliest_ms = max(self._intake.commissioned_ms, state.site_ms - self._rules.horizon_ms)
        if take_ordinary(state, self._rules, earliest_ms, run):
            return state, []
        return self.take(state, run.readings())

    def _placed(self, state: MeterState, reading: Reading, oldest_ms: int) -> Rejection | None:
        """Put a reading that is sound by itself in its place; the rejection if it is not used."""
        if reading.observed_ms < oldest_ms:
            return rejection(reading, RejectionReason.BEYOND_HORIZON, _HORIZON_DETAIL)
        track = state.tracks.get(reading.channel)
        if track is None:
            return self._counted(state, reading)
        if not has_number(reading):
            return rejection(reading, RejectionReason.BAD_QUALITY, _NO_NUMBER_DETAIL)
        assert reading.value is not None
        sequence = NO_SEQUENCE if reading.sequence is None else reading.sequence
        origin = Origin(reading.received_ms, sequence, track.points.route(reading.gateway, reading.origin))
        span, reason = track.take(reading.observed_ms, float(reading.value), origin)
        if reason is None:
            marking.count(state, reading.observed_ms, 1)
        if span is not None:
            marking.mark(state, self._rules, reading.channel, span)
        return None if reason is None else rejection(reading, reason, _DETAILS.get(reason) or track.rules.most_detail())

    def _counted(self, state: MeterState, reading: Reading) -> Rejection | None:
        """Count a reading of a channel that is no register, as long as its quarter hour can be published again."""
        if marking.is_settled(state, reading.observed_ms):
            return rejection(reading, RejectionReason.BEYOND_HORIZON, _SETTLED_DETAIL)
        marking.count(state, reading.observed_ms, 1)
        return None

    def _judged(self, state: MeterState, channel: str, judged: Judged) -> list[Output]:
        """What hindsight makes of a register's readings after a batch: rows that may have changed, and what is refused after all."""
        for time_ms, by in judged.counts:
            marking.count(state, time_ms, by)
        for span in judged.spans:
            marking.mark(state, self._rules, channel, span)
        glitches = [rejection(reading, RejectionReason.GLITCH, _GLITCH_DETAIL) for reading in judged.refused]
        return [*glitches, *(rejection(reading, RejectionReason.CLOCK_JUMPED, _MISDATED_DETAIL) for reading in judged.misdated)]

    # Time

    def next_due_ms(self, state: MeterState) -> int | None:
        """The site's event time at which `advance` can next have something to publish; None if nothing was heard yet.

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
            due.append(due_ms(state.tracks[channel], quarter))
        return min(due, default=None)

    def advance(self, state: MeterState, site_time_ms: int) -> tuple[MeterState, list[Output]]:
        """Publish what is due by the site's event time, and again what has changed since it was published."""
        self._bind(state)
        site_time_ms, state.leap_ms = believed(state.site_ms, state.leap_ms, site_time_ms)
        return self._publish(state, site_time_ms, None)

    def close(self, state: MeterState, site_time_ms: int) -> tuple[MeterState, list[Output]]:
        """Publish everything up to the quarter hour of `site_time_ms`, waiting for nothing: there is no more to come."""
        self._bind(state)
        return self._publish(state, site_time_ms, site_time_ms // QUARTER_MS)

    def _publish(self, state: MeterState, site_time_ms: int, up_to: int | None) -> tuple[MeterState, list[Output]]:
        quarter = site_time_ms // QUARTER_MS
        if state.grid_from is None or quarter < state.grid_from:
            state.grid_from = max(quarter, state.floor_quarter)
        state.site_ms = max(state.site_ms, site_time_ms)
        outputs: list[Output] = []
        oldest = (state.site_ms - self._rules.horizon_ms) // QUARTER_MS - QUARTERS_A_DAY
        for channel, book in state.books.items():
            rows = ChannelRows(self._rules, state, channel, state.tracks[channel], book, outputs)
            rows.open_grid(oldest)
            if book.dirty:
                rows.publish_again()
            rows.publish_due(up_to)
        forgetting.seal(state)
        if outputs:
            marking.forget_published_counts(state)
            forgetting.forget(state, self._rules)
        return state, outputs

    # For people

    def set_back(self, state: MeterState, to_ms: int) -> tuple[MeterState, list[Output]]:
        """Forget what a clock has dated after `to_ms`: from there on quarter hours are published again, with the next revisions, as readings come.

        Quarter hours before stay unchanged.  For the operator, when a clock was ahead and all that comes now is too old.
        """
        self._bind(state)
        quarter, outputs = to_ms // QUARTER_MS, list[Output]()
        for channel, track in state.tracks.items():
            for k in range(bisect_right(track.points.times, to_ms), len(track.points)):
                reading = track.points.reading(k, self._rules.site, self._rules.meter, channel)
                outputs.append(rejection(reading, RejectionReason.CLOCK_IN_FUTURE, _SET_BACK_DETAIL))
            track.set_back(to_ms)
        for book in state.books.values():
            book.set_back(quarter)
        state.site_ms, state.leap_ms = min(state.site_ms, to_ms), 0
        state.floor_quarter = min(state.floor_quarter, quarter)
        state.next_seal = {channel: min(first, quarter) for channel, first in state.next_seal.items()}
        state.used = {q: count for q, count in state.used.items() if q < quarter}
        state.grid_from = None if state.grid_from is None else min(state.grid_from, quarter)
        return state, outputs

    def reconcile(self, state: MeterState, channel: str, start_ms: int) -> Reconciliation | None:
        """Whether the power gauge says the same as a counter of the quarter hour that begins at `start_ms`.

        None where either has not seen it, or where it is settled.
        """
        self._bind(state)
        track, gauge = state.tracks.get(channel), state.tracks.get(self._rules.power_channel or "")
        book, sign = state.books.get(channel), self._rules.gauge_signs.get(channel)
        known = None if book is None else book.published.get(start_ms // QUARTER_MS)
        if known is None or sign is None or not isinstance(track, CounterTrack) or not isinstance(gauge, GaugeTrack):
            return None
        drawn_uwh, seen_ms = gauge.integral(start_ms)
        step_uwh = track.rules.step_uwh(track.points.amounts[-1])
        return reconcile(known.row.energy_uwh, drawn_uwh * (sign or 1), seen_ms / QUARTER_MS, step_uwh)


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

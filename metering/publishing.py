"""The rows of one channel: published when they are due, and again, with the next revision, when they have changed."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from domain.clock import instant
from domain.intervals import QUARTER_MS, Interval, IntervalQuality
from domain.readings import Rejection
from metering import counter_quarter, marking, stuck
from metering.book import RowBook, rounded, unrounded
from metering.counter import CounterTrack
from metering.counter_quarter import Shape, Weights
from metering.event_time import due_ms
from metering.gauge import GaugeTrack
from metering.like_days import LOOK_BACK_DAYS
from metering.meter_rules import DAY_MS, MeterRules
from metering.rows import Published, Row
from metering.state import MeterState, Track

Output = Interval | Rejection
QUARTERS_A_DAY = DAY_MS // QUARTER_MS


@dataclass(slots=True)
class ChannelRows:
    """The rows of one channel of a meter, while the site's event time goes on; what is published is put to `outputs`."""

    rules: MeterRules
    state: MeterState
    channel: str
    track: Track
    book: RowBook
    outputs: list[Output]

    def open_grid(self, oldest: int) -> None:
        """Rows begin with the site's first quarter hour; an earlier one found later puts rows before the others."""
        book, grid_from = self.book, self.state.grid_from
        assert grid_from is not None
        if book.next_quarter is None or book.first is None:
            book.next_quarter = grid_from
        elif grid_from < book.first:
            book.dirty.update(range(grid_from, book.first))
        # So long a silence is not published quarter hour by quarter hour.
        book.next_quarter = max(book.next_quarter, oldest)

    def publish_due(self, up_to: int | None) -> None:
        """Publish the rows that are due, or all up to a quarter hour, which is included."""
        book, site_ms = self.book, self.state.site_ms
        assert book.next_quarter is not None
        while book.next_quarter <= up_to if up_to is not None else due_ms(self.track, book.next_quarter) <= site_ms:
            self._publish(book.next_quarter, self._shapes())
            book.next_quarter += 1

    def publish_again(self) -> None:
        """Look again at rows that may have changed; what follows from them by reference days comes second."""
        book = self.book
        dirty, book.dirty = sorted(book.dirty), set()
        before = {quarter: energy_to_refer_to(self.rules, book, quarter) for quarter in dirty}
        opened = any(quarter not in book.published for quarter in dirty)
        self._publish_all(dirty)
        if opened:
            book.published = dict(sorted(book.published.items()))
            book.stored = None
        changed = [q for q in dirty if energy_to_refer_to(self.rules, book, q) != before[q]]
        if changed and isinstance(self.track, CounterTrack):
            self._publish_all(sorted(self._shaped_by(self.track, changed[0], changed[-1])))
        self._seal_again(dirty)

    def _publish_all(self, quarters: list[int]) -> None:
        shape = self._shapes()
        for quarter in quarters:
            self._publish(quarter, shape)

    def _shaped_by(self, track: CounterTrack, first: int, last: int) -> set[int]:
        """Quarter hours in long gaps that may take their shape from one of `first` to `last`."""
        farthest = last + (LOOK_BACK_DAYS + 1) * QUARTERS_A_DAY
        return {
            quarter
            for t0, t1 in counter_quarter.long_gaps(track.counted)
            for quarter in range(t0 // QUARTER_MS, min(t1 // QUARTER_MS + 1, self.book.next_quarter or 0))
            if first < quarter <= farthest
        }

    def _seal_again(self, quarters: list[int]) -> None:
        """Thin out those of `quarters` that had their turn before they were settled."""
        track = self.track
        if not quarters or not track.points.times:
            return
        stop = min(self.state.next_seal.get(self.channel, 0), track.open_from_ms // QUARTER_MS)
        for quarter in quarters:
            if quarter < stop and quarter not in track.points.sealed and track.can_seal(quarter):
                track.seal(quarter)

    def _publish(self, quarter: int, shape: Shape) -> None:
        """Publish one row if it differs from what was published last."""
        before = self.book.published.get(quarter)
        if before is None and (quarter in self.book.settled or quarter < self.state.floor_quarter):
            return
        row, readings = self._row(quarter, shape, before), marking.readings_of(self.state, quarter)
        if before is not None and before.row == row and before.readings == readings:
            return
        revision = 1 if before is None else before.revision + 1
        self.book.publish(quarter, Published(row, revision, readings))
        self.outputs.append(
            Interval(
                self.rules.site, self.rules.meter, self.channel, instant(quarter * QUARTER_MS), row.energy_uwh, row.coverage,
                row.quality, row.method, revision, readings,
            )
        )  # fmt: skip

    def _row(self, quarter: int, shape: Shape, before: Published | None) -> Row:
        """What is known of a quarter hour now; where its readings have been forgotten, what was published `before`."""
        track, start_ms = self.track, quarter * QUARTER_MS
        known = before.row if before is not None and self._is_forgotten(quarter) else None
        if isinstance(track, GaugeTrack):
            return track.row(start_ms) if known is None else known
        row = counter_quarter.row(track.counted, start_ms, shape) if known is None else known
        if row.energy_uwh is None or (row.energy_uwh != 0 and not counter_quarter.stood_still(track.counted, start_ms)):
            return row
        return self._marked(track, start_ms, row)

    def _is_forgotten(self, quarter: int) -> bool:
        points = self.track.points
        return quarter in points.sealed or quarter * QUARTER_MS < points.floor_ms

    def _marked(self, track: CounterTrack, start_ms: int, row: Row) -> Row:
        """The row, marked where the gauge shows a load that the register did not count."""
        sign = self.rules.gauge_signs.get(self.channel)
        gauge = self.state.tracks.get(self.rules.power_channel or "")
        if sign is None or not isinstance(gauge, GaugeTrack):
            return row
        drawn_uwh, _ = gauge.integral(start_ms)
        at = min(bisect_left(track.points.times, start_ms), len(track.points) - 1)
        step_uwh = track.rules.step_uwh(track.points.amounts[at])
        return stuck.marked(row, drawn_uwh * sign if sign else abs(drawn_uwh), self.rules.stuck_uwh, step_uwh)

    def _shapes(self) -> Shape:
        """The shapes of long gaps; each is found once."""
        known: dict[tuple[int, int], Weights | None] = {}
        is_balance = isinstance(self.track, CounterTrack) and self.track.rules.is_balance

        def shape(t0: int, t1: int) -> Weights | None:
            if is_balance:
                return None
            if (t0, t1) not in known:
                known[t0, t1] = self.rules.like_days.weights(t0, t1, lambda q: energy_to_refer_to(self.rules, self.book, q))
            return known[t0, t1]

        return shape


def energy_to_refer_to(rules: MeterRules, book: RowBook, quarter: int) -> int | None:
    """The energy [uWh] of a row if other days may take their shape from it: rounded, whether or not it is settled."""
    known = book.published.get(quarter)
    if known is None:
        return book.shelf.energy(quarter, rules.like_days.day_of(quarter)) if book.shelf.days else None
    energy_uwh = known.row.energy_uwh
    return unrounded(rounded(energy_uwh)) if known.row.quality is IntervalQuality.MEASURED and energy_uwh is not None else None

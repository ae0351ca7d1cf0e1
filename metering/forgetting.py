"""What a meter no longer needs: readings of settled quarter hours, rows that nothing can change, all that is beyond the horizon.

Each function changes the state that it is given; none changes what is published.
"""

from __future__ import annotations

from domain.intervals import QUARTER_MS
from metering.book import EXACT_QUARTERS, RowBook
from metering.counter import CounterTrack
from metering.gauge import GaugeTrack
from metering.meter_rules import DAY_MS, MeterRules
from metering.rules import SEAL_AGE_MS
from metering.state import MeterState, Track


def seal(state: MeterState) -> None:
    """Thin out the quarter hours that are settled, as time goes on."""
    for channel, track in state.tracks.items():
        times = track.points.times
        quarter = state.next_seal.get(channel)
        if not times or (quarter is not None and not _is_old(quarter, times[-1])):
            continue
        if isinstance(track, CounterTrack):
            track.forget_old_doubts()
            if track.doubts:
                continue
        book = state.books.get(channel)
        state.next_seal[channel] = _seal_old(track, book, times[0] // QUARTER_MS if quarter is None else quarter)
        track.points.bound()


def _is_old(quarter: int, head_ms: int) -> bool:
    return (quarter + 1) * QUARTER_MS + SEAL_AGE_MS <= head_ms


def _seal_old(track: Track, book: RowBook | None, quarter: int) -> int:
    """Seal what is settled from `quarter` on; the first quarter hour that is too new for it."""
    head_ms, stop = track.points.times[-1], track.open_from_ms // QUARTER_MS
    if book is not None:
        stop = min(stop, book.next_quarter or 0)
    while quarter < stop and _is_old(quarter, head_ms):
        if quarter not in track.points.sealed and track.can_seal(quarter):
            track.seal(quarter)
        quarter += 1
    return quarter


def forget(state: MeterState, rules: MeterRules) -> None:
    """Settle what nothing can change any more, and forget what is beyond the horizon."""
    _settle_rows(state, rules)
    floor = (state.site_ms // DAY_MS * DAY_MS - rules.horizon_ms - DAY_MS) // QUARTER_MS
    if state.floor_quarter and floor <= state.floor_quarter:
        return
    state.floor_quarter = max(floor, 1)
    state.used = {quarter: count for quarter, count in state.used.items() if quarter >= floor}
    for track in state.tracks.values():
        track.freeze_before(floor * QUARTER_MS)
    for book in state.books.values():
        _forget_rows(state, rules, book, floor)
    if state.grid_from is not None:
        state.grid_from = max(state.grid_from, floor)


def _forget_rows(state: MeterState, rules: MeterRules, book: RowBook, floor: int) -> None:
    for quarter in [q for q in book.published if q < floor]:
        book.settle(quarter, rules.like_days.day_of(quarter))
    book.settled.drop_before(floor)
    book.first = max(book.first, floor) if book.first is not None else None
    _forget_days(state, rules, book)


def _settle_rows(state: MeterState, rules: MeterRules) -> None:
    """Rows of which no register can say anything new are kept for two days, and then only as far as reference days need them."""
    settled: set[int] = set()
    for book in state.books.values():
        days = len(book.shelf.days)
        for quarter in _settled_rows(state, book):
            book.settle(quarter, rules.like_days.day_of(quarter))
            settled.add(quarter)
        if len(book.shelf.days) > days:
            _forget_days(state, rules, book)
    for quarter in settled:
        if all(quarter in book.settled for book in state.books.values()):
            _forget_integrals(state, quarter)


def _settled_rows(state: MeterState, book: RowBook) -> list[int]:
    found: list[int] = []
    oldest_kept = state.site_ms // QUARTER_MS - EXACT_QUARTERS
    for quarter in book.published:
        if quarter >= oldest_kept:
            break
        if quarter not in book.dirty and all(quarter in track.points.sealed for track in state.tracks.values()):
            found.append(quarter)
    return found


def _forget_integrals(state: MeterState, quarter: int) -> None:
    for track in state.tracks.values():
        if isinstance(track, GaugeTrack):
            track.forget_integral(quarter)


def _forget_days(state: MeterState, rules: MeterRules, book: RowBook) -> None:
    floor = state.floor_quarter
    book.shelf.forget(rules.like_days.day_of, lambda quarter: book.settled.stop_of(max(quarter, floor)))
    book.stored = None

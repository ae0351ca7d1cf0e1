"""Which rows a reading concerns: it is counted in its quarter hour, and rows that may have changed are marked to be published again.

Each function changes the state that it is given.
"""

from __future__ import annotations

from domain.intervals import QUARTER_MS
from metering.meter_rules import MeterRules
from metering.state import MeterState


def count(state: MeterState, observed_ms: int, by: int) -> None:
    """Count readings of an instant as used; rows that were published already are published again with the new number."""
    quarter = observed_ms // QUARTER_MS
    used = state.used.get(quarter)
    state.used[quarter] = (published_readings(state, quarter) if used is None else used) + by
    if state.grid_from is None or quarter < state.grid_from:
        state.grid_from = quarter
    for book in state.books.values():
        if book.next_quarter is not None and quarter < book.next_quarter:
            book.dirty.add(quarter)


def mark(state: MeterState, rules: MeterRules, channel: str, span: tuple[int, int]) -> None:
    """Mark rows that readings of `channel` may have changed, in a span [ms]."""
    first, last = span[0] // QUARTER_MS, span[1] // QUARTER_MS
    for row_channel, book in state.books.items():
        if book.next_quarter is not None and first < book.next_quarter and rules.feeds(channel, row_channel):
            book.dirty.update(range(max(first, state.grid_from or first), min(last + 1, book.next_quarter)))


def is_settled(state: MeterState, observed_ms: int) -> bool:
    """Whether some row of an instant's quarter hour is published for good."""
    return any(observed_ms // QUARTER_MS in book.settled for book in state.books.values())


def readings_of(state: MeterState, quarter: int) -> int:
    """How many readings of a quarter hour are used."""
    used = state.used.get(quarter)
    return published_readings(state, quarter) if used is None else used


def published_readings(state: MeterState, quarter: int) -> int:
    """How many readings were last published of a quarter hour."""
    return next((book.published[quarter].readings for book in state.books.values() if quarter in book.published), 0)


def forget_published_counts(state: MeterState) -> None:
    """Forget the numbers of readings that all rows of their quarter hour show."""
    for quarter in [quarter for quarter, used in state.used.items() if _all_show(state, quarter, used)]:
        del state.used[quarter]


def _all_show(state: MeterState, quarter: int, used: int) -> bool:
    return all(quarter in book.published and book.published[quarter].readings == used for book in state.books.values())

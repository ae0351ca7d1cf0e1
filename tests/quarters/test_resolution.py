"""A stretch of another resolution is distinguished from gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quarters.resolution import coarser_stretch

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)


def starts(*distances: timedelta) -> list[datetime]:
    found = [NEW_YEAR]
    for distance in distances:
        found.append(found[-1] + distance)
    return found


def test_hours_between_quarter_hours_are_found_where_they_begin() -> None:
    assert coarser_stretch(starts(*[QUARTER] * 8, *[HOUR] * 24, *[QUARTER] * 8), QUARTER) == (8, HOUR)
    assert coarser_stretch(starts(*[HOUR] * 24, QUARTER), QUARTER) == (0, HOUR)


def test_gaps_of_any_length_are_no_other_resolution() -> None:
    assert coarser_stretch(starts(QUARTER, timedelta(days=5), QUARTER, HOUR, QUARTER, HOUR, HOUR, HOUR, QUARTER), QUARTER) is None
    assert coarser_stretch(starts(*[timedelta(minutes=45)] * 9), QUARTER) is None
    assert coarser_stretch([], QUARTER) is None


@given(before=st.integers(0, 50), hours=st.integers(4, 50), after=st.integers(0, 50))
def test_a_change_of_resolution_is_never_overlooked(before: int, hours: int, after: int) -> None:
    found = coarser_stretch(starts(*[QUARTER] * before, *[HOUR] * hours, *[QUARTER] * after), QUARTER)
    assert found == (before, HOUR)

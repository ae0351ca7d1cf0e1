"""One column of anything: it speaks where it beats its own records, and not when it repeats itself."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.streams.anything import Anything
from detection.streams.choose import detector_for
from detection.streams.packing import pack, restore
from detection.streams.row import Row

DAY = 288


def rows(change=lambda _, value: value, days: int = 14) -> list[Row]:
    """Five-minute values around 50, around 80 from 8 to 16 o'clock."""
    random, found = Random(11), []
    for place in range(days * DAY):
        value = (80.0 if 96 <= place % DAY < 192 else 50.0) + random.gauss(0, 1)
        found.append(Row(300.0 * place, place // 12, (change(place, value),)))
    return found


def alarms(series: list[Row]) -> dict[int, str]:
    detector = Anything()
    verdicts = [detector.update(row) for row in series]
    return {place: verdict.reason.split()[0] for place, verdict in enumerate(verdicts) if verdict.alarm}


def test_a_spike_beyond_all_that_was_is_found_in_its_row():
    spike = 10 * DAY + 150
    assert spike in alarms(rows(lambda place, value: value + 60 * (place == spike)))


def test_work_at_night_is_off_for_that_hour_of_the_day_though_not_in_itself():
    night = range(10 * DAY + 12, 10 * DAY + 36)
    found = alarms(rows(lambda place, value: value + 30 * (place in night)))
    assert any(place in night and kind == "off_hour_of_day" for place, kind in found.items())


def test_the_same_spike_does_not_speak_twice_as_loud():
    first, second = 8 * DAY + 150, 10 * DAY + 150
    found = alarms(rows(lambda place, value: value + 60 * (place in (first, second))))
    assert first in found
    assert second not in found


def test_two_normal_weeks_are_nearly_silent():
    assert len(alarms(rows())) <= 2


def test_a_series_that_never_moves_is_silent():
    assert not alarms([Row(300.0 * place, place // 12, (7.0,)) for place in range(2000)])


WILD = rows(lambda place, value: value + 60 * (place % 997 == 0))


@settings(max_examples=8, deadline=None)
@given(st.integers(1, len(WILD) - 1))
def test_a_restart_changes_nothing_and_later_rows_change_nothing_before_them(cut):
    whole, stopped = Anything(), Anything()
    expected = [whole.update(row) for row in WILD]
    before = [stopped.update(row) for row in WILD[:cut]]
    again = restore(Anything(), pack(stopped))
    assert before + [again.update(row) for row in WILD[cut:]] == expected


@pytest.mark.parametrize(
    ("columns", "calendar", "name", "places"),
    [
        (("power_kw",), False, "meter", (0,)),
        (("power_l2_kw", "power_kw", "power_l1_kw", "power_l3_kw"), False, "meter", (1, 0, 2, 3)),
        (("value",), True, "meter", (0,)),
        (("value",), False, "series", (0,)),
        (("a", "b", "power_kw"), False, "machine", (0, 1, 2)),
        (("oven_kw", "press_kw"), False, "machine", (0, 1)),
    ],
)
def test_the_detector_follows_from_the_columns(columns, calendar, name, places):
    choice = detector_for(columns, calendar)
    assert (choice.name, choice.places) == (name, places)

"""Each kind of fault on a meter whose normal weeks are known: 100 kW at work from Monday to Friday, 6 to 22, and 20 kW at rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.streams.data_faults import DataFaults
from detection.streams.meter import Meter
from detection.streams.packing import pack, restore
from detection.streams.row import Row
from domain.stored_state import UnreadableState
from tests.detection.detected import QUARTERS, WEEK, alarms, meter_rows, staffed, verdicts

FAULT_WEEK = 6 * WEEK


def at(day: int, hour: float) -> int:
    """Place of a row in the week of the fault."""
    return FAULT_WEEK + day * QUARTERS + round(hour * 4)


def only(kind: str, found) -> list[int]:
    """Places of the alarms, all of this kind."""
    places = [place for place, verdict in enumerate(found) if verdict.alarm]
    assert places == alarms(found, kind)
    return places


def test_eight_normal_weeks_raise_no_alarm():
    assert not any(verdict.alarm for verdict in verdicts(meter_rows(8, phases=True)))


def test_a_spike_is_one_row_and_teaches_nothing():
    spike = at(2, 10)
    meter = Meter()
    found = verdicts(meter_rows(7, lambda place, kw: 250.0 if place == spike else kw), meter)
    assert only("data_spike", found) == [spike]
    assert meter.data.peaks.highest < 104


def test_a_jump_of_the_unit_is_named_from_its_first_row_to_its_last():
    jump = range(at(1, 8), at(1, 20))
    found = verdicts(meter_rows(7, lambda place, kw: 1000 * kw if place in jump else kw))
    assert only("data_unit_jump", found) == list(jump)


def test_a_register_that_repeats_is_found_after_the_sixth_value():
    stuck = range(at(3, 8), at(3, 16))
    rows = meter_rows(7, lambda place, kw: 101.5 if place in stuck else kw)
    found = verdicts(rows)
    assert min(alarms(found, "data_stuck")) == stuck.start + DataFaults().repeats.FEWEST_ROWS - 1


def test_a_machine_in_whole_kilowatts_repeats_itself_without_alarm_until_it_does_for_longer_than_ever():
    values = [3.0] * 20 + [0.0] * 200 + ([3.0] * 20 + [4.0] + [0.0] * 5) * 4 + [3.0] * 40
    rows = [Row(300.0 * place, place // 12, (value,)) for place, value in enumerate(values)]
    assert alarms(verdicts(rows), "data_stuck")[0] == len(values) - 40 + 31  # the 32nd: one and a half times 20 and two


def test_a_phase_that_reads_zero_is_named():
    lost = range(at(0, 9), at(0, 15))
    rows = meter_rows(7, phases=True)
    rows = [
        row._replace(values=(row.values[0] - row.values[2], row.values[1], 0.0, row.values[3])) if place in lost else row
        for place, row in enumerate(rows)
    ]
    found = verdicts(rows)
    assert only("data_phase_drop", found) == list(lost)
    assert found[lost.start].reason == "data_phase_drop phase=2"


def test_what_is_left_on_over_a_night_is_found_after_five_hours_with_its_energy():
    # 30 kW more from Tuesday 22:00 to Wednesday 6:00
    night = range(at(1, 22), at(2, 6))
    found = verdicts(meter_rows(7, lambda place, kw: kw + 30 if place in night else kw))
    places = only("left_on", found)
    assert places[0] == at(2, 3)
    assert sum(verdict.excess_kwh for verdict in found) == pytest.approx(240, rel=0.03)


def test_hours_before_a_gap_are_not_added_to_those_after_it():
    before, after = range(at(1, 22), at(2, 1)), range(at(2, 22), at(3, 1))
    rows = meter_rows(7, lambda place, kw: kw + 30 if place in before or place in after else kw)
    assert not any(v.alarm for v in verdicts(rows[: before.stop] + rows[after.start :]))


def test_two_hours_of_overtime_are_nothing():
    overtime = range(at(1, 22), at(2, 0))
    assert not any(v.alarm for v in verdicts(meter_rows(7, lambda place, kw: kw + 80 if place in overtime else kw)))


def test_a_sunday_that_is_worked_without_a_plan_is_a_wrong_shift():
    sunday = range(at(6, 6), at(6, 22))
    found = verdicts(meter_rows(7, lambda place, kw: kw + 80 if place in sunday else kw))
    assert min(alarms(found, "wrong_shift")) == at(6, 11)


def test_a_shift_four_hours_early_is_a_wrong_shift():
    wednesday = range(at(2, 0), at(3, 0))

    def early(place: int, kw: float) -> float:
        return (100.0 if staffed(place + 16) else 20.0) * kw / (100.0 if staffed(place) else 20.0) if place in wednesday else kw

    assert alarms(verdicts(meter_rows(7, early)), "wrong_shift")


def test_a_base_load_that_steps_up_is_found_once_within_three_days():
    # 10 kW of 20 kW more for four weeks, from a Monday on
    found = verdicts(meter_rows(10, lambda place, kw: kw + 10 if place >= FAULT_WEEK else kw))
    places = alarms(found, "base_load_step")
    assert FAULT_WEEK < places[0] <= FAULT_WEEK + 3 * QUARTERS + 1
    assert places[-1] - places[0] < QUARTERS
    assert sum(verdict.excess_kwh for verdict in found) == pytest.approx(10 * 24 * 28, rel=0.2)


def test_a_base_load_that_creeps_is_found_before_it_has_risen_by_a_sixth():
    # another 0.55 kW, 1 % of the mean load, every week
    found = verdicts(meter_rows(16, lambda place, kw: kw + 0.55 * max(0, place - 8 * WEEK) / WEEK))
    places = [place for place, verdict in enumerate(found) if verdict.alarm]
    assert places[0] <= 16 * WEEK
    assert found[places[0]].reason.startswith("base_load_")


def test_without_a_calendar_only_data_are_judged():
    night = range(at(1, 22), at(2, 6))
    rows = [row._replace(staffed=None) for row in meter_rows(7, lambda place, kw: kw + 30 if place in night else kw)]
    assert not any(verdict.alarm for verdict in verdicts(rows))


EVENTFUL = meter_rows(
    7, lambda place, kw: kw + 30 if at(1, 22) <= place < at(2, 6) else 900.0 if place == at(0, 9) else kw, phases=True
)
WHOLE = verdicts(EVENTFUL)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, len(EVENTFUL) - 1))
def test_rows_that_are_cut_off_change_no_verdict_before_them(cut):
    assert verdicts(EVENTFUL[:cut]) == WHOLE[:cut]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, len(EVENTFUL) - 1))
def test_a_restart_changes_nothing(cut):
    stopped = Meter()
    before = verdicts(EVENTFUL[:cut], stopped)
    again = restore(Meter(), pack(stopped))
    assert before + verdicts(EVENTFUL[cut:], again) == WHOLE


def test_the_state_is_bounded():
    meter, sizes = Meter(), []
    for part in range(4):
        verdicts(meter_rows(8, lambda place, kw, more=part: kw + more), meter)
        sizes.append(len(pack(meter)))
    assert max(sizes) < 12_000


def test_a_state_of_something_else_is_refused():
    with pytest.raises(UnreadableState, match="detection-streams"):
        restore(Meter(), b"lastgang-state detection 3\n[]")


@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan")), st.just(0.0)), min_size=1, max_size=300))
@settings(deadline=None, max_examples=30)
def test_any_numbers_have_a_score_between_zero_and_one(values):
    rows = [Row(900.0 * place, place // 4, (value,), bool(place % 96 > 30)) for place, value in enumerate(values)]
    assert all(0 <= verdict.score <= 1 for verdict in verdicts(rows))

"""Laws of what a rule holds and gives back, and of the hand that follows it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governor.flexibility import MINUTES, Flexibility
from governor.hand import Hand
from governor.held import Held
from governor.level import Level
from governor.rules import RULES, Moment, shift_kw

FLEXIBILITY = Flexibility(share=0.2, longest_min=60)
LAST = FLEXIBILITY.decision_minutes[-1]
POWERS = st.floats(0, 500, allow_nan=False)


def moment(expected: float, spread: float, due: float, owed: float, level: float, minute: int = LAST) -> Moment:
    first = FLEXIBILITY.decision_minutes[0]
    return Moment(expected, spread, due, 0.0, owed, level, minute, (minute - first) / (LAST - first))


@settings(deadline=None)
@given(st.sampled_from(RULES), POWERS, st.floats(0, 50), st.floats(0, 100), st.floats(0, 100), POWERS)
def test_what_is_held_is_possible_and_what_is_given_back_stays_below_the_level(rule, expected, spread, due, owed, level) -> None:  # type: ignore[no-untyped-def]
    found = shift_kw(rule, moment(expected, spread, due, owed, level), FLEXIBILITY)
    assert found <= FLEXIBILITY.most_kw(expected, LAST, 0.0) + 1e-9
    if found < 0:
        assert -found <= owed + 1e-9
        assert expected + due - found <= level + 1e-9


@settings(deadline=None)
@given(st.sampled_from(RULES), POWERS, st.floats(0, 50), POWERS, st.floats(0, 100))
def test_a_lower_level_never_holds_less(rule, expected, spread, level, lower) -> None:  # type: ignore[no-untyped-def]
    high, low = (shift_kw(rule, moment(expected, spread, 10.0, 20.0, at), FLEXIBILITY) for at in (level, level - lower))
    assert low >= high - 1e-9


@pytest.mark.parametrize("minute", list(FLEXIBILITY.decision_minutes)[:-1])
def test_nothing_is_given_back_before_the_last_minute_of_decision(minute: int) -> None:
    assert shift_kw(RULES[0], moment(100.0, 1.0, 0.0, 20.0, 400.0, minute), FLEXIBILITY) == 0.0
    assert shift_kw(RULES[0], moment(100.0, 1.0, 0.0, 20.0, 400.0), FLEXIBILITY) == pytest.approx(-20.0)


def test_giving_back_comes_on_top_of_what_comes_back_by_itself() -> None:
    level = Level(FLEXIBILITY.share, FLEXIBILITY.delay_slots)
    plan = np.full(96, 300.0)
    plan[40] = 450.0
    level.plan(plan, to_the_end=True)
    hand = Hand(RULES[0], FLEXIBILITY, level, ahead_slots=8)
    loads = [[500.0] * MINUTES, [500.0] * MINUTES, *[[415.0] * MINUTES] * 2, [200.0] * MINUTES]
    hand.peak_kw = 420.0
    nets = []
    for slot, minutes in enumerate(loads):
        hand.open_quarter(slot)
        for index, minute in enumerate(FLEXIBILITY.decision_minutes):
            hand.decide(minutes[0], 0.5, np.full(8, 100.0), minute, index / 3)
        nets.append(hand.end(minutes, minutes[0]))
    before = np.array([row[0] for row in loads])
    assert nets[0] < before[0]
    assert nets[1] < before[1]
    assert nets[2:4] == before[2:4].tolist()
    assert sum(nets) == pytest.approx(before.sum())


def test_what_comes_back_by_itself_in_some_minutes_is_what_was_held_so_long_before() -> None:
    held = Held(FLEXIBILITY)
    held.pass_quarter(0, [100.0] * MINUTES, [0.0] * 5 + [30.0] * 10, [0.0] * MINUTES)
    assert held.due_kw(60, 75) == pytest.approx(20.0)
    assert held.due_kw(60, 65) == 0.0
    assert held.due_kw(70, 75) == pytest.approx(5 * 30 / MINUTES)

"""Which rungs are served: by what each takes off the error of the peak in euros, beside the electricity that it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.tariff import load_tariff
from forecasting.price_of_error import worth_by
from forecasting.rungs import (
    BY_NAME,
    DWELL_DAYS,
    NOT_AT_FIRST,
    RUNGS,
    TRIED_EVERY_DAYS,
    DayLoss,
    Ladder,
    Worth,
    decode_ladder,
    encode_ladder,
    is_trial,
)
from forecasting.slots import SLOTS_PER_DAY
from quarters.numbers import slot_of

WORTH = Worth(eur_per_kw_a_month=10.0, eur_per_kwh=0.25)
USELESS = DayLoss(with_kw=5.0, without_kw=5.0, peak_gain_kw=-0.5, alone_kw=7.0)
USEFUL = DayLoss(with_kw=5.0, without_kw=5.5, peak_gain_kw=0.5, alone_kw=6.0)
PLANT = Path(__file__).parents[1] / "plants" / "hardening-shop"


def after(days: int, losses: dict[str, DayLoss], ladder: Ladder | None = None) -> Ladder:
    ladder = Ladder.new(0) if ladder is None else ladder
    for _ in range(days):
        ladder.note_day(losses)
    return ladder


def test_electricity_of_a_rung_is_that_worked_by_hand() -> None:
    """1.1 ms at 4 W for 112 questions a day and 30 days: 14.784 J, 4.1 µWh times a thousand."""
    carried = BY_NAME["carried"]
    assert carried.joules == pytest.approx(1.1e-3 * 4)
    assert carried.kwh_a_month == pytest.approx(1.1e-3 * 4 * 112 * 30 / 3.6e6)


def test_a_rung_that_adds_nothing_is_switched_off_once_enough_days_say_so_and_the_reason_is_noted() -> None:
    ladder = after(10, {"carried": USELESS})
    assert ladder.decide(WORTH, 960) is None
    after(30, {"carried": USELESS}, ladder)
    assert ladder.decide(WORTH, 4000) == "carried"
    assert not ladder.serves("carried")
    assert {"carried-1h", "carried-4h", "carried-16h"} <= ladder.off
    (note,) = ladder.notes(4001)
    assert note.key == "forecast.rung_off"
    assert note.numbers["gain_eur_per_month"] == pytest.approx(-5.0)
    assert note.numbers["cost_eur_per_month"] == pytest.approx(BY_NAME["carried"].kwh_a_month * 0.25)
    assert ladder.notes(4000 + SLOTS_PER_DAY) == ()


def test_a_gain_that_is_smaller_than_its_electricity_is_none() -> None:
    """The quarter hours gain nothing, the peak a millionth of a watt: at a price per kWh high enough that is not worth its electricity."""
    tiny = DayLoss(5.0, 5.0, 1e-9, 7.0)
    expensive = Worth(10.0, 1e6)
    assert after(40, {"carried": tiny}).decide(WORTH, 4000) == "carried"  # 1e-8 EUR a month against 1e-6 EUR
    small = DayLoss(5.0, 5.0, 1e-3, 7.0)
    assert after(40, {"carried": small}).decide(WORTH, 4000) is None
    assert after(40, {"carried": small}).decide(expensive, 4000) == "carried"


def test_without_a_price_nothing_is_switched() -> None:
    ladder = after(60, {"carried": USELESS})
    assert ladder.decide(None, 6000) is None
    assert ladder.serves("carried")
    use = next(one for one in ladder.account(None) if one.rung == "carried")
    assert (use.gain_eur, use.cost_eur, use.served) == (None, None, True)
    assert use.error_kw == pytest.approx(7.0)


def test_a_rung_that_helps_the_quarter_hours_stays_although_the_peak_shows_no_gain() -> None:
    assert after(60, {"carried": DayLoss(5.0, 5.2, -0.1, 7.0)}).decide(WORTH, 6000) is None


def test_a_heavier_model_is_served_when_its_gain_is_proven_and_not_before() -> None:
    ladder = after(4, {"two-step": USEFUL})
    assert "two-step" in ladder.off
    assert ladder.decide(WORTH, 400) is None
    # Gains from -2 to +3 kW: the mean is above zero by less than a standard error.
    unsure = Ladder.new(0)
    for number in range(12):
        after(1, {"two-step": DayLoss(5.0, 5.5, 3.0 if number % 2 else -2.9, 6.0)}, unsure)
    assert unsure.decide(WORTH, 4000) is None
    after(10, {"two-step": USEFUL}, ladder)
    assert ladder.decide(WORTH, 4000) == "two-step"
    assert ladder.off == frozenset()
    assert [one.key for one in ladder.notes(4000)] == ["forecast.rung_on"]


def test_one_rung_a_day_and_none_again_within_two_weeks() -> None:
    ladder = after(60, {"carried": USELESS, "profile": USELESS})
    assert ladder.decide(WORTH, 6000) in {"carried", "profile"}
    gone = [rung.name for rung in RUNGS if not ladder.serves(rung.name) and rung.is_served_at_first]
    assert len(gone) == 1
    after(60, {gone[0]: USEFUL}, ladder)
    assert ladder.decide(WORTH, 6000 + DWELL_DAYS * SLOTS_PER_DAY - 1) != gone[0]
    assert ladder.decide(WORTH, 6000 + DWELL_DAYS * SLOTS_PER_DAY) == gone[0]
    assert ladder.serves(gone[0])


def test_every_weekday_has_its_turn_to_try_what_is_off() -> None:
    tried = [day for day in range(700) if is_trial(day * SLOTS_PER_DAY)]
    assert len(tried) == 700 // TRIED_EVERY_DAYS
    assert {day % 7 for day in tried} == set(range(7))


losses = st.builds(DayLoss, st.floats(0.1, 100), st.floats(0.1, 100), st.one_of(st.none(), st.floats(-50, 50)), st.floats(0.1, 100))
days = st.lists(st.dictionaries(st.sampled_from([rung.name for rung in RUNGS]), losses), max_size=80)


@settings(max_examples=60, deadline=None)
@given(days)
def test_a_stopped_and_resumed_ladder_decides_as_one_that_was_not_stopped(past: list[dict[str, DayLoss]]) -> None:
    straight, stopped = Ladder.new(0), Ladder.new(0)
    for number, day in enumerate(past):
        stopped = decode_ladder(encode_ladder(stopped))
        for ladder in (straight, stopped):
            ladder.note_day(day)
        assert straight.decide(WORTH, number * SLOTS_PER_DAY) == stopped.decide(WORTH, number * SLOTS_PER_DAY)
    assert straight == stopped
    assert straight.account(WORTH) == stopped.account(WORTH)


@settings(max_examples=60, deadline=None)
@given(days)
def test_no_day_switches_more_than_one_rung_and_what_all_rests_on_is_never_off(past: list[dict[str, DayLoss]]) -> None:
    ladder = Ladder.new(0)
    for number, day in enumerate(past):
        before = ladder.off
        ladder.note_day(day)
        name = ladder.decide(WORTH, number * SLOTS_PER_DAY)
        changed = before ^ ladder.off
        assert changed == (frozenset() if name is None else frozenset(BY_NAME[name].models))
        assert not {"calendar", "weekday", "newest", "last-week"} & ladder.off


def test_rungs_of_another_version_begin_again_and_old_ones_are_left_out() -> None:
    stored = encode_ladder(after(3, {"carried": USEFUL})).replace(b"carried", b"swapped", 1)
    ladder = decode_ladder(stored)
    assert ladder.standings["carried"].days == 0
    assert set(ladder.standings) == {rung.name for rung in RUNGS}
    assert ladder.off == NOT_AT_FIRST


def test_an_error_is_worth_what_the_tariff_asks_for_a_kilowatt_of_the_peak() -> None:
    tariff = load_tariff(PLANT / "tariff.toml")
    worth = worth_by(tariff, slot_of(datetime(2026, 3, 2, tzinfo=UTC)))
    assert worth is not None
    assert worth.eur_per_kw_a_month == pytest.approx(120.0 * 30 / 365)
    assert worth.eur_per_kwh == pytest.approx(0.14)
    assert worth_by(None, 0) is None
    assert worth_by(tariff, slot_of(datetime(1990, 1, 1, tzinfo=UTC))) is None

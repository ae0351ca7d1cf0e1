"""Effects of moved jobs, each with its right value worked by hand: 10 EUR a kilowatt and month, jobs of 100 kW and an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.effects import Basis, Effect, EffectStatus, Figure, Outcome
from domain.job_power import JobPower, PowerSource
from domain.orders import OrderStatus
from tests.effects.effect_cases import (
    JOB_KW,
    MONTHLY,
    RATCHET,
    SITE,
    Works,
    advised,
    at,
    order,
    plant,
    tariff,
)


def keys(effect: Effect) -> list[str]:
    return [fact.key for fact in effect.reason]


def value(figure: Figure | None) -> float:
    assert figure is not None
    assert figure.low <= figure.value <= figure.high
    return figure.value


def width(figure: Figure | None) -> float:
    assert figure is not None
    return figure.high - figure.low


def test_a_job_moved_out_of_the_peak_saves_the_price_of_its_power(tmp_path):
    # Without: 300 + 100 = 400 at 40. With: the job at 60 makes 300, as high as the bump without it.
    works = Works([order("a", 60)], bumps={40: 300.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert (effect.status, effect.outcome, effect.basis) == (EffectStatus.PROVISIONAL, Outcome.AS_ADVISED, Basis.SUB_METER)
    assert (value(effect.reduction_kw), value(effect.saving_eur), value(effect.relief_kw)) == (100.0, 1000.0, 100.0)
    assert (effect.promised_kw, effect.promised_eur) == (50.0, 500.0)


def test_in_an_idle_plant_a_move_is_worth_nothing(tmp_path):
    # 150 kW without the move, where 300 kW are billed already this month.
    works = Works([order("a", 60)], base_kw=50.0)
    site = plant(billed_peak_kw=300.0, billed_peak_on=date(2026, 3, 1))
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60), site=site)["r-a"]
    assert effect.saving_eur == Figure(0.0, 0.0, 0.0)
    assert effect.reduction_kw == Figure(0.0, 0.0, 0.0)
    assert value(effect.relief_kw) == 100.0


def test_above_the_forecast_a_move_is_worth_more_than_it_promised(tmp_path):
    # Forecast 350, came 400: with the job it had been 500; what remains is 400.
    works = Works([order("a", 60)], bumps={40: 400.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert (value(effect.reduction_kw), value(effect.saving_eur)) == (100.0, 1000.0)


def test_two_moves_that_share_a_peak_have_half_of_it_each(tmp_path):
    # Without both 400; with either 300; with both 300, each alone at its new place: 100 kW, shared by two.
    works = Works([order("a", 60), order("b", 70, "oven")])
    found = works.effects(tariff(tmp_path), advised("a", 40, 60), advised("b", 40, 70, "oven"))
    assert [value(one.reduction_kw) for one in found.values()] == [50.0, 50.0]
    assert [value(one.saving_eur) for one in found.values()] == [500.0, 500.0]
    assert found["r-a"].shared_with == ("r-b",)
    assert not found["r-a"].sampled


def test_a_move_that_shares_no_peak_takes_nothing_from_one_that_made_it(tmp_path):
    # b left a quarter hour that would have reached 300, far below the 500 that a left.
    works = Works([order("a", 60), order("b", 130, "oven")], bumps={40: 400.0})
    found = works.effects(tariff(tmp_path), advised("a", 40, 60), advised("b", 120, 130, "oven"))
    assert [value(one.saving_eur) for one in found.values()] == [1000.0, 0.0]
    assert found["r-a"].shared_with == ()


def test_a_move_carried_out_late_is_worth_what_it_did_there(tmp_path):
    # It ran at 70, where 250 + 100 = 350 came; at its old place 300 + 100 = 400 had come.
    works = Works([order("a", 70)], bumps={40: 300.0, 70: 250.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert effect.outcome is Outcome.LATE
    assert (value(effect.reduction_kw), value(effect.saving_eur)) == (50.0, 500.0)


def test_a_move_carried_out_by_half_is_worth_what_is_left_of_it(tmp_path):
    # Moved by two quarter hours only: it still runs in the second peak, 300 + 100, so nothing is lower.
    works = Works([order("a", 42)], bumps={40: 300.0, 42: 300.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert effect.outcome is Outcome.IN_PART
    assert (value(effect.reduction_kw), value(effect.saving_eur), value(effect.relief_kw)) == (0.0, 0.0, 100.0)


def test_a_job_that_ran_where_it_was_changed_nothing(tmp_path):
    works = Works([order("a", 40)], bumps={40: 300.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert (effect.outcome, effect.saving_eur) == (Outcome.NOT_CARRIED_OUT, Figure(0.0, 0.0, 0.0))


def test_a_move_that_makes_the_peak_costs(tmp_path):
    # It left a quiet hour for one in which 300 + 100 came: the highest is 100 kW higher than it had been.
    works = Works([order("a", 60)], bumps={60: 300.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert (value(effect.reduction_kw), value(effect.saving_eur)) == (-100.0, -1000.0)


def test_what_is_missing_at_the_old_place_leaves_the_effect_unknown(tmp_path):
    works = Works([order("a", 60)], bumps={40: 300.0}, gaps=[41])
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert (effect.status, effect.saving_eur, effect.reduction_kw) == (EffectStatus.UNKNOWN, None, None)
    assert keys(effect) == ["effect.gap"]


def test_a_gap_elsewhere_leaves_it_known(tmp_path):
    works = Works([order("a", 60)], bumps={40: 300.0}, gaps=[10, 11])
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert value(effect.saving_eur) == 1000.0


def test_a_gap_in_the_machines_meter_takes_the_learned_power_with_a_wider_interval(tmp_path):
    learned = JobPower(
        SITE, "furnace", "rings", 1, (60.0,) * 4, (90.0,) * 4, (120.0,) * 4, 12, PowerSource.SUB_METER, 3.0, at(0), idle_kw=10.0
    )
    price = tariff(tmp_path)
    works = Works([order("a", 60)], bumps={41: 300.0}, machine_gaps=[61], powers=[learned])
    effect = works.effects(price, advised("a", 40, 60, peak_start_utc=at(41)))["r-a"]
    # 390 at the old place against 300 that came.
    assert (value(effect.saving_eur), effect.basis) == (900.0, Basis.LEARNED)
    assert keys(effect) == ["effect.learned_power"]
    whole = Works([order("a", 60)], bumps={41: 300.0}).effects(price, advised("a", 40, 60, peak_start_utc=at(41)))["r-a"]
    assert width(effect.relief_kw) > 1.5 * width(whole.relief_kw) > 0


def test_a_job_whose_power_nobody_knows_has_an_unknown_effect(tmp_path):
    works = Works([order("a", 60)], machine_gaps=[61])
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60))["r-a"]
    assert (effect.status, effect.saving_eur, keys(effect)) == (EffectStatus.UNKNOWN, None, ["effect.no_power"])


def test_a_substitute_at_the_old_place_says_so_and_widens_the_interval(tmp_path):
    # 320 + 100 = 420 without, 330 at another time with: 90 kW. The 320 kW may as well have been 290 or 350.
    price, bumps = tariff(tmp_path), {40: 320.0, 90: 330.0}
    sound, doubtful = (
        Works([order("a", 60)], bumps=bumps, doubts=doubts).effects(price, advised("a", 40, 60))["r-a"] for doubts in ((), (40,))
    )
    assert value(sound.saving_eur) == value(doubtful.saving_eur) == 900.0
    assert width(doubtful.saving_eur) > 1.5 * width(sound.saving_eur)
    assert (keys(sound), keys(doubtful)) == ([], ["effect.in_doubt"])


def test_a_move_across_the_month_end_costs_the_next_month_what_it_saves_this_one(tmp_path):
    # 30 days to the end of March: the job leaves the last hour but one of it (400 against 300) for April, whose highest is 300 with it, 200 without.
    old, new = 96 * 30 - 8, 96 * 30 + 4
    works = Works([order("a", new)], bumps={old: 300.0}, days=31)
    effect = works.effects(tariff(tmp_path), advised("a", old, new))["r-a"]
    assert value(effect.reduction_kw) == 100.0
    assert value(effect.saving_eur) == pytest.approx(0.0, abs=5.0)  # the rest of April is the mean of March, a little above 200


def test_an_effect_is_final_once_its_billing_period_is_over(tmp_path):
    works = Works([order("a", 60)], bumps={40: 300.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60), is_over=True)["r-a"]
    assert effect.status is EffectStatus.FINAL
    assert effect.period_end_utc == at(96 * 30 - 4)  # summer time since 29 March


def test_a_ratchet_makes_a_peak_cost_in_later_months_too(tmp_path):
    # March: 400 - 300 = 100 kW. April to December at least 80 % of it: 320 against 240, both above the 200 kW that come: 9 x 80 kW. 10 EUR each.
    works = Works([order("a", 60)], bumps={40: 300.0})
    effect = works.effects(tariff(tmp_path, RATCHET), advised("a", 40, 60))["r-a"]
    assert value(effect.saving_eur) == pytest.approx(10 * 100 + 9 * 10 * 80, abs=0.05)


SEASONS = """
[[season]]
id = "winter"
months = [12, 1, 2]
[[season]]
id = "rest"
months = [3, 4, 5, 6, 7, 8, 9, 10, 11]
"""
BY_SEASON = SEASONS + MONTHLY.replace('reset = "month"', 'reset = "season"').replace("EUR/kW/month", "EUR/kW/season")
BY_DAY = """
[[calendar]]
id = "day"
[[calendar.band]]
days = ["all"]
from = "08:00"
to = "12:00"
season = "rest"
"""


def test_a_charge_by_season_is_saved_once_and_not_each_month(tmp_path):
    # 400 against 300 kW: 100 kW at 10 EUR a season. The plant file knows months and years: with the year nothing is final before the season ends.
    works = Works([order("a", 60)], bumps={40: 300.0})
    effect = works.effects(tariff(tmp_path, BY_SEASON), advised("a", 40, 60), site=plant(demand_period="year"))["r-a"]
    assert (value(effect.reduction_kw), value(effect.saving_eur)) == (100.0, 1000.0)
    assert effect.period_end_utc == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert effect.status is EffectStatus.PROVISIONAL


def test_a_move_out_of_the_hours_that_are_billed_saves_though_the_load_is_as_high(tmp_path):
    # Billed from 08:00 to 12:00 only, places 32 to 48: without the move 400 kW at 10:00; with it 300 kW there, and 400 kW at 15:00, which nobody bills.
    works = Works([order("a", 60)], bumps={40: 300.0, 60: 300.0})
    inside = BY_SEASON.replace("[[demand]]", BY_DAY + '[[demand]]\ninside = "day"\n')
    effect = works.effects(tariff(tmp_path, inside), advised("a", 40, 60))["r-a"]
    assert value(effect.saving_eur) == 1000.0
    whole_day = works.effects(tariff(tmp_path, BY_SEASON), advised("a", 40, 60))["r-a"]
    assert value(whole_day.saving_eur) == 0.0


def test_without_a_tariff_the_effect_is_in_kilowatts_alone():
    works = Works([order("a", 60)], bumps={40: 300.0})
    effect = works.effects(None, advised("a", 40, 60))["r-a"]
    assert (value(effect.reduction_kw), effect.saving_eur, keys(effect)) == (100.0, None, ["effect.no_tariff"])


def test_a_job_that_was_moved_twice_counts_once_from_where_it_was_first(tmp_path):
    works = Works([order("a", 70)], bumps={40: 300.0})
    first = advised("a", 40, 60, name="r-1")
    second = advised("a", 60, 70, name="r-2", issued_utc=at(1))
    found = works.effects(tariff(tmp_path), first, second)
    assert (found["r-1"].outcome, found["r-1"].saving_eur) == (Outcome.REPLACED, Figure(0.0, 0.0, 0.0))
    assert value(found["r-2"].saving_eur) == 1000.0


def test_a_job_that_has_not_ended_has_no_effect_yet(tmp_path):
    works = Works([order("a", 280, status=OrderStatus.RUNNING)])
    assert works.effects(tariff(tmp_path), advised("a", 270, 280)) == {}


def test_what_a_surcharge_cost_is_taken_off_what_was_saved(tmp_path):
    works = Works([order("a", 60)], bumps={40: 300.0})
    effect = works.effects(tariff(tmp_path), advised("a", 40, 60, cost_eur=120.0))["r-a"]
    assert value(effect.saving_eur) == 880.0


def test_the_interval_of_a_measured_job_is_narrow_and_holds_its_power(tmp_path):
    works = Works([order("a", 60)], bumps={41: 300.0})
    relief = works.effects(tariff(tmp_path), advised("a", 40, 60, peak_start_utc=at(41)))["r-a"].relief_kw
    assert relief is not None
    assert JOB_KW - 25 < relief.low < JOB_KW < relief.high < JOB_KW + 25

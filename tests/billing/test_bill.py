"""Bills worked by hand, and laws that every bill obeys."""

from datetime import UTC, date, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tariffs import MONTHLY, PAIR, YEAR, place, profile, tariff, year_load

from billing.bill import bill
from billing.load import LoadProfile, Series, read_load
from domain.errors import InputFaults


def lines(result):
    return {(line.id, line.kind, line.period): line for line in result.lines}


def test_cutting_the_peak_changes_the_price_pair_so_the_saving_is_the_difference_of_two_bills(tmp_path):
    prices = tariff(tmp_path, PAIR)
    before, after = year_load(), year_load()
    for loads, peak in ((before, 900.0), (after, 780.0)):
        first = place("2026-01-19T08:00")
        loads[first : first + 88] = 344.0  # 22 h of 116 kW more, and the spike below, make 2,000,000 kWh
        loads[place("2026-11-18T10:15")] = peak
    bills = [bill(prices, profile(loads)) for loads in (before, after)]
    # 2,000,000 kWh / 900 kW = 2,222 h: 900 x 45.55 + 2,000,000 x 4.59 ct.
    assert bills[0].total_eur == Fraction("132795.00")
    # 120 kW less in one quarter hour are 30 kWh less; 2,564 h: 780 x 133.55 + 1,999,970 x 1.07 ct.
    assert bills[1].total_eur == Fraction("104169.00") + Fraction("21399.68")
    assert bills[0].total_eur - bills[1].total_eur == Fraction("7226.32")


def test_each_month_of_a_monthly_system_has_its_own_peak_and_names_the_quarter_hour(tmp_path):
    loads = year_load(100.0)
    loads[place("2026-03-03T09:00")] = 250.0
    found = lines(bill(tariff(tmp_path, MONTHLY), profile(loads)))
    march = found["network", "demand", "2026-03"]
    assert (march.quantity, march.amount_eur) == (250, 2500)
    assert march.cause == (datetime(2026, 3, 3, 8, tzinfo=UTC),)
    assert found["network", "demand", "2026-04"].amount_eur == 1000


def test_a_missing_quarter_hour_is_not_zero_and_makes_the_bill_provisional(tmp_path):
    loads = np.full(96, 100.0)
    loads[40:44] = np.nan
    energy = '\n[[energy]]\nid = "supply"\nprice = "20.00 ct/kWh"\n'
    result = bill(tariff(tmp_path, energy), profile(loads))
    assert result.status == "provisional"
    assert result.covered_share == Fraction(92, 96)
    assert result.total_eur == 92 * 25 * Fraction("0.2")
    assert [(s.column, s.from_utc.hour, s.to_utc.hour) for s in result.missing] == [("power_kw", 9, 10)]


def test_the_autumn_clock_change_day_has_a_hundred_quarter_hours_and_the_spring_one_ninety_two(tmp_path):
    night = """
[[calendar]]
id = "night"
[[calendar.band]]
days = ["all"]
from = "00:00"
to = "06:00"
[[energy]]
id = "night"
inside = "night"
price = "10.00 ct/kWh"
"""
    prices = tariff(tmp_path, night)
    loads = profile(year_load(100.0))
    for day, quarters in ((date(2026, 10, 25), 28), (date(2026, 3, 29), 20), (date(2026, 6, 1), 24)):
        result = bill(prices, loads, (day, date.fromordinal(day.toordinal() + 1)))
        assert result.lines[0].quantity == quarters * 25, day


def test_a_year_of_what_if_bills_pays_for_the_calendar_once(tmp_path):
    from billing.frame import frame

    prices = tariff(tmp_path, PAIR)
    loads = profile(year_load())
    bill(prices, loads, YEAR)
    misses = frame.cache_info().misses
    for _ in range(3):
        bill(prices, loads, YEAR)
    assert frame.cache_info().misses == misses


def test_values_with_more_digits_than_an_integer_holds_are_billed_exactly(tmp_path):
    path = tmp_path / "load.csv"
    path.write_text(
        "start_utc,power_kw\n2026-03-03T23:00:00Z,0.333333333333333333\n2026-03-03T23:15:00Z,100000000.666666666666666667\n"
    )
    prices = tariff(tmp_path, '\n[[energy]]\nid = "supply"\nprice = "100.00 EUR/MWh"\n')
    [line] = bill(prices, read_load(path)).lines
    assert line.quantity == Fraction(100000001) / 4


@settings(max_examples=30, deadline=None)
@given(
    loads=st.lists(st.integers(0, 900), min_size=96, max_size=96),
    at=st.integers(0, 95),
    more=st.integers(0, 500),
)
def test_drawing_more_in_one_quarter_hour_is_never_cheaper(tmp_path_factory, loads, at, more):
    prices = tariff(tmp_path_factory.mktemp("t"), MONTHLY + '\n[[energy]]\nid = "s"\nprice = "14.00 ct/kWh"\n')
    higher = list(loads)
    higher[at] += more
    assert bill(prices, profile(np.array(higher))).total_eur >= bill(prices, profile(np.array(loads))).total_eur


@settings(max_examples=20, deadline=None)
@given(loads=st.lists(st.integers(-200, 900), min_size=96, max_size=96))
def test_a_plan_never_gets_cheaper_by_adding_a_rule(tmp_path_factory, loads):
    folder = tmp_path_factory.mktemp("t")
    plain = bill(tariff(folder, MONTHLY), profile(np.array(loads))).total_eur
    for rule in ('minimum = "100 kW"', 'ratchet = { percent = 80, months = 11 }\nhistory = { "2025-12" = "700 kW" }'):
        assert bill(tariff(folder, MONTHLY + rule), profile(np.array(loads))).total_eur >= plain


@settings(max_examples=20, deadline=None)
@given(loads=st.lists(st.integers(-200, 900), min_size=96, max_size=96))
def test_cutting_every_interval_in_three_changes_no_line(tmp_path_factory, loads):
    prices = tariff(tmp_path_factory.mktemp("t"), MONTHLY + '\n[[energy]]\nid = "s"\nprice = "14.00 ct/kWh"\n')
    coarse = profile(np.array(loads))
    there = np.repeat(coarse.power.there, 3)
    fine = LoadProfile(coarse.start_utc, coarse.resolution / 3, coarse.decimals, Series(np.repeat(coarse.power.values, 3), there))
    assert bill(prices, fine).lines == bill(prices, coarse).lines


def test_a_period_outside_the_tariffs_validity_is_refused(tmp_path):
    with pytest.raises(InputFaults, match="valid from 2026-01-01 to before 2027-01-01"):
        bill(tariff(tmp_path, MONTHLY), profile(np.full(96, 1.0), datetime(2027, 1, 1, tzinfo=UTC)))

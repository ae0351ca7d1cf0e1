"""What a kilowatt costs over a horizon: periods, windows, floors, by hand and against whole bills."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from small_tariffs import HEAD, MONTHLY, PAIR, place, profile, tariff, year_load

from billing.bill import bill
from billing.demand_prices import demand_components
from quarters.numbers import slot_of

YEAR = (date(2026, 1, 1), date(2027, 1, 1))
BY_YEAR = MONTHLY.replace('reset = "month"', 'reset = "year"').replace("10.00 EUR/kW/month", "120.00 EUR/kW/year")
SEASONS = '[[season]]\nid = "winter"\nmonths = [12, 1, 2]\n[[season]]\nid = "rest"\nmonths = [3, 4, 5, 6, 7, 8, 9, 10, 11]\n'
BY_SEASON = SEASONS + MONTHLY.replace('reset = "month"', 'reset = "season"').replace("EUR/kW/month", "EUR/kW/season")
HIGH_LOAD = """
[[calendar]]
id = "hlzf"
holidays = "DE-BW"
[[calendar.band]]
days = ["workday"]
from = "16:30"
to = "19:00"
season = "winter"
"""
ATYPICAL = SEASONS + HIGH_LOAD + BY_YEAR.replace(
    "[[demand]]", '[[demand]]\ninside = "hlzf"\n'
    'atypical = { floor_percent = 20, min_distance_percent = 30, min_distance = "100 kW", min_saving = "500 EUR" }',
)  # fmt: skip


def day(text: str, quarters: int = 96) -> range:
    first = slot_of(datetime.fromisoformat(text).astimezone(UTC))
    return range(first, first + quarters)


def starts(first: str, end: str) -> tuple[int, int]:
    return tuple(slot_of(datetime.fromisoformat(one).astimezone(UTC)) for one in (first, end))


def test_a_monthly_charge_costs_its_price_and_a_horizon_over_the_turn_of_the_month_has_both_months(tmp_path: Path):
    one, other = demand_components(tariff(tmp_path, MONTHLY), day("2026-03-31T12:00+02:00", 192))
    assert (one.eur_per_kw, one.from_day, one.to_day) == (10.0, date(2026, 3, 1), date(2026, 4, 1))
    assert one.windows == (starts("2026-03-31T12:00+02:00", "2026-04-01T00:00+02:00"),)
    assert (other.from_day, other.to_day) == (date(2026, 4, 1), date(2026, 5, 1))
    assert other.windows == (starts("2026-04-01T00:00+02:00", "2026-04-02T12:00+02:00"),)
    assert one.all_day
    assert (one.name, other.name) == ("network/2026-03-01", "network/2026-04-01")


@pytest.mark.parametrize(
    ("price", "eur"), [("10.00 EUR/kW/month", 10.0), ("120.00 EUR/kW/year", 10.0), ("0.50 EUR/kW/day", 0.5 * 31)]
)
def test_prices_by_year_and_day_are_those_of_the_month(tmp_path: Path, price: str, eur: float):
    (found,) = demand_components(tariff(tmp_path, MONTHLY.replace("10.00 EUR/kW/month", price)), day("2026-03-04T00:00+01:00"))
    assert found.eur_per_kw == pytest.approx(eur)


def test_a_season_is_one_period_also_over_the_turn_of_the_year(tmp_path: Path):
    (winter,) = demand_components(tariff(tmp_path, BY_SEASON), day("2026-02-10T00:00+01:00"))
    assert (winter.from_day, winter.to_day, winter.eur_per_kw) == (date(2026, 1, 1), date(2026, 3, 1), 10.0), "valid from January"
    (december,) = demand_components(tariff(tmp_path, BY_SEASON), day("2026-12-10T00:00+01:00"))
    assert (december.from_day, december.to_day) == (date(2026, 12, 1), date(2027, 1, 1)), "valid to the end of December"


def test_high_load_windows_are_those_of_working_days_in_their_season(tmp_path: Path):
    sheet = tariff(tmp_path, ATYPICAL)
    # Thursday 5 to Monday 9 February 2026: windows on Thursday, Friday and Monday.
    (found,) = demand_components(sheet, day("2026-02-05T00:00+01:00", 5 * 96))
    assert found.windows == tuple(starts(f"2026-02-{n:02d}T16:30+01:00", f"2026-02-{n:02d}T19:00+01:00") for n in (5, 6, 9))
    assert not found.all_day
    assert (found.eur_per_kw, found.reset, found.atypical.floor_percent) == (120.0, "year", 20)
    assert demand_components(sheet, day("2026-07-01T00:00+02:00", 7 * 96)) == (), "no window in July, no charge on its loads"
    assert demand_components(sheet, day("2026-01-06T00:00+01:00")) == (), "Epiphany"


def test_windows_on_the_day_of_the_clock_change_follow_the_local_clock(tmp_path: Path):
    night = (
        HIGH_LOAD.replace('"16:30"', '"01:00"')
        .replace('"19:00"', '"04:00"')
        .replace('"workday"', '"sunday"')
        .replace('season = "winter"\n', "")
    )
    sheet = tariff(tmp_path, night + BY_YEAR.replace("[[demand]]", '[[demand]]\ninside = "hlzf"'))
    (spring,) = demand_components(sheet, day("2026-03-29T00:00+01:00", 92))
    (autumn,) = demand_components(sheet, day("2026-10-25T00:00+02:00", 100))
    assert [end - first for (first, end) in (*spring.windows, *autumn.windows)] == [8, 16]


def test_floors_excess_and_usage_hours(tmp_path: Path):
    minimum = tariff(tmp_path, MONTHLY + 'minimum = "300 kW"\n')
    (found,) = demand_components(minimum, day("2026-03-04T00:00+01:00"))
    assert (found.floor_kw, found.eur_per_kw) == (300.0, 10.0)
    contracted = tariff(tmp_path, MONTHLY + 'contracted = "400 kW"\nexcess_price = "25.00 EUR/kW/month"\n')
    (found,) = demand_components(contracted, day("2026-03-04T00:00+01:00"))
    assert (found.floor_kw, found.eur_per_kw) == (400.0, 25.0)
    (free,) = demand_components(tariff(tmp_path, MONTHLY + 'contracted = "400 kW"\n'), day("2026-03-04T00:00+01:00"))
    assert free.eur_per_kw == 0.0, "what lies above the contracted capacity costs nothing more"
    (pair,) = demand_components(tariff(tmp_path, PAIR), day("2026-03-04T00:00+01:00"))
    assert pair.eur_per_kw == pytest.approx(133.55)


def test_outside_the_validity_nothing_has_a_price_and_each_version_has_its_own(tmp_path: Path):
    later = MONTHLY.replace("[[demand]]", "[[demand]]\nvalid_from = 2026-07-01").replace("10.00", "12.00")
    sheet = tariff(tmp_path, MONTHLY.replace("[[demand]]", "[[demand]]\nvalid_to = 2026-07-01") + later)
    assert demand_components(sheet, day("2027-02-01T00:00+01:00")) == ()
    june, july = demand_components(sheet, day("2026-06-30T12:00+02:00"))
    assert (june.eur_per_kw, july.eur_per_kw) == (10.0, 12.0)
    assert june.windows == (starts("2026-06-30T12:00+02:00", "2026-07-01T00:00+02:00"),)
    assert july.windows == (starts("2026-07-01T00:00+02:00", "2026-07-01T12:00+02:00"),)


def test_a_horizon_with_steps_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="without steps"):
        demand_components(tariff(tmp_path, MONTHLY), range(0, 96, 4))


@pytest.mark.parametrize("body", [MONTHLY, BY_YEAR, BY_SEASON, PAIR, MONTHLY + 'minimum = "200 kW"\n'])
def test_a_kilowatt_more_costs_in_the_bill_what_its_price_says(tmp_path: Path, body: str):
    sheet = tariff(tmp_path, body, HEAD)
    (found,) = demand_components(sheet, day("2026-03-04T00:00+01:00"))
    base = year_load()
    base[place("2026-03-04T10:00")] = 500.0
    higher = base.copy()
    higher[place("2026-03-04T10:00")] = 510.0
    before, after = (bill(sheet, profile(load), YEAR) for load in (base, higher))
    assert float(after.demand_eur - before.demand_eur) == pytest.approx(10 * found.eur_per_kw, abs=0.02)

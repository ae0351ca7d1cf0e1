"""Prices of a market that changed its unit: each day by its own resolution, never a guess; loads of two resolutions are refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tariffs import HEAD, tariff

from billing.bill import bill
from billing.load import LoadProfile, read_load
from billing.price import marginal_energy_price_eur_per_kwh
from billing.spot import read_spot
from domain.errors import InputFaults

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 9, 29, 22, tzinfo=UTC)
"""Local midnight: the day of hours before the day of quarter hours."""
CHANGE = FIRST + timedelta(days=1)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
SPOT = '\n[[energy]]\nid = "supply"\nspot = { file = "spot.csv", factor = 1, adder = "0 ct/kWh" }\n'


def series(first: datetime, step: timedelta, count: int) -> list[datetime]:
    return [first + n * step for n in range(count)]


def write(path: Path, starts: Iterable[datetime], column: str = "price_eur_per_mwh", value: object = 100) -> Path:
    path.write_text(f"start_utc,{column}\n" + "".join(f"{start:%Y-%m-%dT%H:%M:%SZ},{value}\n" for start in starts))
    return path


def billed(folder: Path, starts: Iterable[datetime], days: int = 2) -> tuple[float, str]:
    """What 1,000 kW flat cost over `days` local days, and the bill's status."""
    write(folder / "spot.csv", starts)
    load = read_load(write(folder / "load.csv", series(FIRST, QUARTER, 96 * days), "power_kw", 1000))
    made = bill(tariff(folder, SPOT), load)
    return float(made.total_eur), made.status


def test_a_market_that_goes_from_hours_to_quarter_hours_is_billed_whole(tmp_path: Path) -> None:
    """1,000 kW for 48 h at 100 EUR/MWh: 4,800 EUR."""
    assert billed(tmp_path, [*series(FIRST, HOUR, 24), *series(CHANGE, QUARTER, 96)]) == (4_800.0, "final")


def test_and_back_again(tmp_path: Path) -> None:
    assert billed(tmp_path, [*series(FIRST, QUARTER, 96), *series(CHANGE, HOUR, 24)]) == (4_800.0, "final")


def test_each_hour_has_its_own_price_in_all_its_quarter_hours(tmp_path: Path) -> None:
    lines = [
        *(f"{s:%Y-%m-%dT%H:%M:%SZ},{n}\n" for n, s in enumerate(series(FIRST, HOUR, 24))),
        *(f"{s:%Y-%m-%dT%H:%M:%SZ},500\n" for s in series(CHANGE, QUARTER, 96)),
    ]
    (tmp_path / "spot.csv").write_text("start_utc,price_eur_per_mwh\n" + "".join(lines))
    prices = read_spot(tmp_path / "spot.csv", BERLIN)
    assert prices.resolution == QUARTER
    assert [prices.at(FIRST + 3 * HOUR + n * QUARTER) for n in range(-1, 5)] == [2, 3, 3, 3, 3, 4]
    assert prices.at(CHANGE) == 500


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)])
def test_the_change_may_fall_on_a_day_whose_clock_changes(tmp_path: Path, day: datetime) -> None:
    hours = 23 if day.month == 3 else 25
    write(tmp_path / "spot.csv", [*series(day, HOUR, hours), *series(day + hours * HOUR, QUARTER, 96)])
    assert len(read_spot(tmp_path / "spot.csv", BERLIN).eur_per_mwh) == 4 * hours + 96


def test_a_file_that_begins_within_the_last_day_of_hours_is_understood(tmp_path: Path) -> None:
    write(tmp_path / "spot.csv", [*series(FIRST + 18 * HOUR, HOUR, 6), *series(CHANGE, QUARTER, 96)])
    assert len(read_spot(tmp_path / "spot.csv", BERLIN).eur_per_mwh) == 24 + 96


def test_a_change_within_a_day_is_refused_with_its_line(tmp_path: Path) -> None:
    write(tmp_path / "spot.csv", [*series(FIRST, HOUR, 12), *series(FIRST + 12 * HOUR, QUARTER, 48)])
    with pytest.raises(
        InputFaults, match=r"spot\.csv:2: start_utc: found prices 60 minutes apart, 15 minutes elsewhere on this day"
    ):
        read_spot(tmp_path / "spot.csv", BERLIN)


@pytest.mark.parametrize("hours", [1, 2, 3])
def test_a_change_at_another_midnight_than_the_markets_is_refused_with_its_line(tmp_path: Path, hours: int) -> None:
    change = CHANGE + hours * HOUR
    there = [*series(FIRST, HOUR, 24 + hours), *series(change, QUARTER, 4 * (24 - hours))]
    with pytest.raises(InputFaults, match=r"spot\.csv:26: start_utc: found"):
        read_spot(write(tmp_path / "spot.csv", there), BERLIN)
    back = [*series(FIRST, QUARTER, 96 - 4 * hours), *series(CHANGE - hours * HOUR, HOUR, 24 + hours)]
    with pytest.raises(InputFaults, match=rf"spot\.csv:{98 - 4 * hours}: start_utc: found"):
        read_spot(write(tmp_path / "spot.csv", back), BERLIN)


def test_a_day_that_could_be_of_either_is_refused_with_its_line(tmp_path: Path) -> None:
    some = [CHANGE + 3 * HOUR, CHANGE + 9 * HOUR]
    write(tmp_path / "spot.csv", [*series(FIRST, HOUR, 24), *some, *series(CHANGE + timedelta(days=1), QUARTER, 96)])
    with pytest.raises(InputFaults, match=r"spot\.csv:26: start_utc: found prices that may hold for an hour or for 15 minutes"):
        read_spot(tmp_path / "spot.csv", BERLIN)


def test_a_price_that_is_not_there_is_missing_and_never_that_of_the_hour_before(tmp_path: Path) -> None:
    quarters = series(FIRST, QUARTER, 192)
    del quarters[4:7]
    assert billed(tmp_path, quarters) == (4_800.0 - 75.0, "provisional")
    hours = series(FIRST, HOUR, 48)
    del hours[5]
    assert billed(tmp_path, hours) == (4_700.0, "provisional")


def test_a_day_of_hours_that_lacks_one_is_still_of_hours(tmp_path: Path) -> None:
    hours = series(FIRST, HOUR, 24)
    del hours[5]
    assert billed(tmp_path, [*hours, *series(CHANGE, QUARTER, 96)]) == (4_700.0, "provisional")


def test_prices_every_half_hour_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "spot.csv", series(FIRST, 2 * QUARTER, 48))
    with pytest.raises(InputFaults, match="30 minutes as the smallest distance"):
        read_spot(tmp_path / "spot.csv", BERLIN)


def test_the_price_of_one_more_kilowatt_hour_knows_both_days(tmp_path: Path) -> None:
    write(tmp_path / "spot.csv", [*series(FIRST, HOUR, 24), *series(CHANGE, QUARTER, 96)])
    prices = tariff(tmp_path, SPOT)
    for instant in (FIRST + QUARTER * 2, CHANGE + QUARTER * 2):
        assert marginal_energy_price_eur_per_kwh(prices, instant) == pytest.approx(0.1)


@given(days=st.lists(st.booleans(), min_size=1, max_size=6))
def test_whole_days_of_either_resolution_in_any_order_have_a_price_each_quarter_hour(
    tmp_path_factory: pytest.TempPathFactory, days: list[bool]
) -> None:
    starts = [
        s
        for n, hourly in enumerate(days)
        for s in series(FIRST + n * timedelta(days=1), HOUR if hourly else QUARTER, 24 if hourly else 96)
    ]
    path = write(tmp_path_factory.mktemp("spot") / "spot.csv", starts)
    prices = read_spot(path, BERLIN)
    assert all(prices.at(FIRST + n * QUARTER) == 100 for n in range(96 * len(days)))


def test_a_load_of_two_resolutions_is_refused_with_the_line_where_it_changes(tmp_path: Path) -> None:
    """Hourly rows taken for quarter hours would be billed as a quarter of what was drawn."""
    path = write(tmp_path / "load.csv", [*series(FIRST, QUARTER, 96), *series(CHANGE, HOUR, 24)], "power_kw", 1000)
    with pytest.raises(
        InputFaults,
        match=r"load\.csv:98: start_utc: found rows 60 minutes apart from here on, 15 minutes elsewhere; expected one resolution, or a row every 15 minutes",
    ):
        read_load(path)


def test_a_load_with_gaps_is_no_load_of_two_resolutions(tmp_path: Path) -> None:
    starts = series(FIRST, QUARTER, 96)
    del starts[20:60], starts[4:7]
    assert int(read_load(write(tmp_path / "load.csv", starts, "power_kw", 1)).power.there.sum()) == 53


@pytest.mark.parametrize("year", ["8026", "1026"])
def test_a_mistyped_year_is_no_load_of_thousands_of_years(tmp_path: Path, year: str) -> None:
    rows = sorted([f"{year}-10-01T00:00:00Z,1\n", "2026-10-01T00:00:00Z,1\n", "2026-10-01T00:15:00Z,1\n"])
    (tmp_path / "load.csv").write_text("start_utc,power_kw\n" + "".join(rows))
    with pytest.raises(InputFaults, match=r"load\.csv:[34]: start_utc: found .* after .*; expected rows of at most 50 years"):
        read_load(tmp_path / "load.csv")


def test_a_cell_as_long_as_a_book_and_a_number_without_measure_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text(f"start_utc,power_kw\n2026-10-01T00:00:00Z,{'9' * 200_000}\n")
    with pytest.raises(InputFaults, match="expected cells of less than 128 KiB"):
        read_load(path)
    path.write_text("start_utc,power_kw\n2026-10-01T00:00:00Z,1e99\n2026-10-01T00:15:00Z,1\n")
    with pytest.raises(InputFaults, match=r"load\.csv:2: power_kw: found '1e99'; expected a number up to 1e\+12"):
        read_load(path)


def test_energies_near_the_end_of_64_bits_are_billed_exactly(tmp_path: Path) -> None:
    """A ledger holds up to 9.2 TWh a quarter hour; four times that is beyond 64 bits."""
    energy = 2**63 - 1
    load = LoadProfile.of_energies(FIRST, [energy, None] + [0] * 94)
    [line] = bill(tariff(tmp_path, '\n[[energy]]\nid = "s"\nprice = "1.00 EUR/kWh"\n'), load).lines
    assert line.quantity == Fraction(energy, 10**9)


def test_a_yearly_fee_keeps_the_figure_of_the_price_sheet(tmp_path: Path) -> None:
    """480 EUR a year are a twelfth of a year at 480 EUR, 40 EUR a month; not one month at 40 EUR."""
    fixed = '\n[[fixed]]\nid = "meter"\nprice = "480.00 EUR/year"\n[[fixed]]\nid = "day"\nprice = "1.00 EUR/day"\n[[fixed]]\nid = "month"\nprice = "7.00 EUR/month"\n'
    load = LoadProfile.of_energies(FIRST, [0] * 96)
    lines = {
        line.id: (line.quantity, line.unit, line.price_eur, line.amount_eur)
        for line in bill(tariff(tmp_path, fixed, HEAD), load).lines
    }
    assert lines == {
        "meter": (Fraction(1, 12), "year", 480, 40), "day": (1, "day", 1, 1), "month": (1, "month", 7, 7),
    }  # fmt: skip

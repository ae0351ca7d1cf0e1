"""Day-ahead prices of the topic in a tariff: what counts where they overlap, what is not known, and what a kilowatt-hour costs by them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tariffs import MONTHLY, profile, tariff, year_load

from billing.bill import bill
from billing.energy_prices import energy_price_eur_per_kwh
from billing.lacks import Lack
from billing.published import PublishedPrices, published
from billing.site import SitePrices
from domain.errors import InputFaults
from domain.prices import Prices, newest_prices
from quarters.numbers import slot_of

START = datetime(2026, 3, 2, 23, tzinfo=UTC)
READ = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
SPOT = '[[energy]]\nid = "spot"\nspot = { zone = "DE-LU", factor = 1.1, adder = "2.00 ct/kWh" }\n'
HOURLY = SPOT.replace("factor = 1.1", 'product = "hour"')
LEVY = '[[levy]]\nid = "tax"\nprice = "0.05 ct/kWh"\n'


def prices(*eur_per_mwh: float, minutes: int = 60, start: datetime = START, revision: int = 1, at: datetime = READ) -> Prices:
    return Prices("works", "DE-LU", start, revision, minutes, eur_per_mwh, at, "a test")


def quarters(*records: Prices) -> list[float | None]:
    known = published(records).of_quarters("DE-LU")
    last = max(known, default=START - QUARTER)
    return [None if (one := known.get(START + n * QUARTER)) is None else float(one) for n in range((last - START) // QUARTER + 1)]


def test_an_hours_price_stands_for_its_quarter_hours_and_a_gap_has_none():
    assert quarters(prices(80, -5)) == [80] * 4 + [-5] * 4
    assert quarters(prices(80), prices(90, start=START + 2 * HOUR)) == [80] * 4 + [None] * 4 + [90] * 4
    assert quarters(prices(10, 20, minutes=30)) == [10, 10, 20, 20]


def test_of_one_span_the_highest_revision_counts_whenever_it_was_read():
    first, second = prices(80, revision=1), prices(70, revision=2, at=READ - HOUR)
    assert quarters(first, second) == quarters(second, first) == [70] * 4
    assert [one.revision for one in newest_prices([first, second, first])] == [2]


def test_shorter_prices_stand_before_longer_ones_and_of_equal_ones_the_later_read():
    assert quarters(prices(80, 80), prices(1, 2, minutes=15, at=READ - HOUR)) == [1, 2] + [80] * 6
    whole = prices(10, 20, 30, at=READ + HOUR)
    assert quarters(whole, prices(21, start=START + HOUR)) == [10] * 4 + [20] * 4 + [30] * 4


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_the_order_in_which_records_come_does_not_matter(chance: random.Random, count: int):
    records = [
        prices(
            *(chance.randint(-50, 200) for _ in range(chance.randint(1, 5))), minutes=chance.choice([15, 30, 60]),
            start=START + chance.randint(0, 3) * HOUR, revision=chance.randint(1, 3), at=READ + n * HOUR,
        )
        for n in range(count)
    ]  # fmt: skip
    expected = quarters(*records)
    chance.shuffle(records)
    assert quarters(*records) == expected


def test_the_hourly_index_is_the_mean_of_four_quarter_hours_and_needs_all_of_them():
    of = published([prices(10, 20, 30, 60, 5, minutes=15)]).of_hours("DE-LU")
    assert of == {START: Fraction(30)}
    assert published([prices(80)]).of_hours("DE-LU") == {START: Fraction(80)}
    assert published([prices(80)]).of_hours("FR") == {}


def test_a_kilowatt_hour_costs_what_was_published_and_is_unknown_where_nothing_was(tmp_path: Path):
    sheet, slots = tariff(tmp_path, MONTHLY + SPOT + LEVY), [slot_of(START) + n for n in (0, 4, 8)]
    found = energy_price_eur_per_kwh(sheet, published([prices(100, -50)]), slots)
    assert found.eur_per_kwh[:2] == (pytest.approx(0.11 + 0.02 + 0.0005), pytest.approx(-0.055 + 0.02 + 0.0005))
    assert found.eur_per_kwh[2] is None
    assert found.known is None
    assert [(one.component.id, one.lack) for one in found.lacking] == [("spot", Lack.SPOT)]
    whole = energy_price_eur_per_kwh(sheet, published([prices(100, -50, 0)]), slots)
    assert whole.known == (*found.eur_per_kwh[:2], pytest.approx(0.0205))
    assert whole.lacking == ()


def test_without_prices_or_without_a_tariff_no_price_is_known(tmp_path: Path):
    sheet, slots = tariff(tmp_path, MONTHLY + SPOT), [slot_of(START)]
    for empty in (None, PublishedPrices(), published([Prices("works", "FR", START, 1, 60, (5.0,), READ)])):
        assert energy_price_eur_per_kwh(sheet, empty, slots).eur_per_kwh == (None,)
    assert energy_price_eur_per_kwh(None, None, slots).eur_per_kwh == (None,)


def test_a_fixed_price_needs_no_published_one_and_the_tariff_stays_the_same(tmp_path: Path):
    sheet = tariff(tmp_path, '[[energy]]\nid = "supply"\nprice = "14.00 ct/kWh"\n')
    assert sheet.zones == ()
    assert sheet.with_published(published([prices(100)])) is sheet
    assert energy_price_eur_per_kwh(sheet, published([prices(100)]), [slot_of(START)]).known == (pytest.approx(0.14),)


def test_an_hourly_contract_is_billed_by_the_mean_of_the_hour(tmp_path: Path):
    sheet, of = tariff(tmp_path, HOURLY), published([prices(10, 20, 30, 60, minutes=15)])
    slots = [slot_of(START) + n for n in range(4)]
    assert energy_price_eur_per_kwh(sheet, of, slots).known == (pytest.approx(0.03 + 0.02),) * 4


def test_what_the_file_knows_stands_before_the_topic_whose_prices_fill_the_gaps(tmp_path: Path):
    (tmp_path / "spot.csv").write_text(
        f"start_utc,price_eur_per_mwh\n{START:%Y-%m-%dT%H:%M}Z,40\n{START + HOUR:%Y-%m-%dT%H:%M}Z,\n"
    )
    sheet = tariff(tmp_path, SPOT.replace("zone =", 'file = "spot.csv", zone =').replace("factor = 1.1, ", ""))
    of = published([prices(1, 2, 3, 4, 5, 6, 7, 8, minutes=15)])
    found = energy_price_eur_per_kwh(sheet, of, [slot_of(START) + n for n in range(8)])
    assert found.known == (*[pytest.approx(0.06)] * 4, *(pytest.approx(0.02 + n / 1000) for n in (5, 6, 7, 8)))
    again = sheet.with_published(of).with_published(published([prices(*[9] * 8, minutes=15)]))
    assert float(again.components[0].spot.prices.at(START + HOUR)) == 9, "what was published before is not kept"


def test_a_bill_by_published_prices_is_added_up_by_hand_and_says_where_none_was_known(tmp_path: Path):
    sheet = tariff(tmp_path, SPOT).with_published(published([prices(100, -50)]))
    day = (START + HOUR).date()
    load = profile(year_load(40.0))
    made = bill(sheet, load, (day, day + timedelta(days=1)))
    # Two hours of 40 kWh each: 80 kWh, 1.1 x (40 x 0.100 - 40 x 0.050) + 80 x 0.02.
    (line,) = made.lines
    assert (float(line.quantity), float(line.amount_eur)) == (80.0, pytest.approx(2.2 + 1.6))
    assert made.status == "provisional"
    assert [(span.column, span.from_utc) for span in made.missing] == [("spot", START + 2 * HOUR)]


def test_load_moved_to_a_cheaper_hour_saves_the_difference_of_two_bills(tmp_path: Path):
    sheet = tariff(tmp_path, SPOT).with_published(published([prices(100, -50, 70)]))
    day = (START + HOUR).date()
    before, after = year_load(40.0), year_load(40.0)
    first = (START - datetime(2025, 12, 31, 23, tzinfo=UTC)) // QUARTER
    before[first] += 8  # 2 kWh
    after[first + 4] += 8
    saved = (
        bill(sheet, profile(before), (day, day + timedelta(days=1))).total_eur
        - bill(sheet, profile(after), (day, day + timedelta(days=1))).total_eur
    )
    assert float(saved) == pytest.approx(2 * 0.150 * 1.1, abs=0.011), "each bill is rounded to cents"
    known = SitePrices(sheet, frozenset()).of([START, START + HOUR])
    assert known.energy_known
    assert not SitePrices(sheet, frozenset()).of([START, START + 3 * HOUR]).energy_known


@pytest.mark.parametrize(
    ("spot", "words"),
    [
        ("factor = 1", "file: found nothing; expected a text: the key is required"),
        ('file = "spot.csv", product = "hour"', "product: found 'no zone'; expected a zone with product"),
        ('zone = "DE-LU", product = "day"', "product: found 'day'; expected one of quarter_hour, hour"),
        ("zone = 5", "zone: found 5; expected a text"),
    ],
)
def test_a_wrong_spot_table_is_named(tmp_path: Path, spot: str, words: str):
    (tmp_path / "spot.csv").write_text("start_utc,price_eur_per_mwh\n2026-03-02T23:00:00Z,40\n2026-03-03T00:00:00Z,40\n")
    with pytest.raises(InputFaults) as found:
        tariff(tmp_path, f'[[energy]]\nid = "spot"\nspot = {{ {spot} }}\n')
    assert words in str(found.value)


def test_negative_and_huge_prices_stay_exact():
    found = published([replace(prices(0.1), eur_per_mwh=(-99_999.99,))]).of_quarters("DE-LU")
    assert found[START] == Fraction(-9_999_999, 100)


def test_the_check_of_settings_states_where_the_prices_come_from(tmp_path: Path):
    (note,) = tariff(tmp_path, SPOT).components[0].notes(frozenset(), START)
    assert "prices of the zone DE-LU are those of the topic energy.prices.v1" in note

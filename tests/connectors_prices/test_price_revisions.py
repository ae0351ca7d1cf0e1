"""What is sent of prices that were read: records, revisions, and that nothing known is lost."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.published import published
from connectors.prices.listing import price_rows, span_rows
from connectors.prices.records import Reading, revisions
from connectors.prices.series import ZonePrices
from domain.codec import decode, encode
from domain.prices import Prices
from quarters.profiles.day_prices import DayPrice

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 3, 27, 23, tzinfo=UTC)
"""Local midnight, two days before a clock change."""
NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


def hours(*prices: float | None, start: datetime = FIRST, minutes: int = 60) -> ZonePrices:
    rows = [
        DayPrice(start + n * timedelta(minutes=minutes), minutes, Decimal(str(price)), n + 2)
        for n, price in enumerate(prices) if price is not None
    ]  # fmt: skip
    return ZonePrices("DE-LU", tuple(rows))


def sent(read: ZonePrices, known: list[Prices], hour: int = 0) -> list[Prices]:
    return revisions(read, known, Reading("works", BERLIN, NOW + timedelta(hours=hour), "a file"))


def spans(records: list[Prices]) -> list[tuple[str, int, int]]:
    return [(f"{one.first_start_utc:%d %H}", len(one.eur_per_mwh), one.revision) for one in records]


def state(records: list[Prices]) -> dict[datetime, float]:
    return {start: float(price) for start, price in published(records).of_quarters("DE-LU").items()}


def test_each_local_day_is_a_record_with_as_many_hours_as_it_has():
    found = sent(hours(*range(24 + 23 + 24)), [])
    assert spans(found) == [("27 23", 24, 1), ("28 23", 23, 1), ("29 22", 24, 1)]
    assert [decode(Prices, encode(one)) for one in found] == found


def test_a_gap_parts_the_day_and_has_no_price():
    found = sent(hours(1, 2, None, 4), [])
    assert spans(found) == [("27 23", 2, 1), ("28 02", 1, 1)]
    assert FIRST + timedelta(hours=2) not in state(found)


def test_the_same_file_again_sends_nothing_and_another_price_is_a_revision_of_its_day():
    first = sent(hours(*range(48)), [])
    assert sent(hours(*range(48)), first) == []
    again = sent(hours(*range(24), 99, *range(25, 48)), first, 1)
    assert spans(again) == [("28 23", 23, 2)]
    assert state([*first, *again])[FIRST + timedelta(hours=24)] == 99


def test_an_hour_that_a_later_file_lacks_stays_as_it_was():
    first = sent(hours(1, 2, 3, 4), [])
    again = sent(hours(1, 20, None, 4), first, 1)
    assert spans(again) == [("27 23", 4, 2)]
    assert again[0].eur_per_mwh == (1, 20, 3, 4)


def test_a_gap_that_is_filled_later_makes_one_record_of_the_day():
    first = sent(hours(1, 2, None, 4), [])
    again = sent(hours(None, None, 3, None), first, 1)
    assert spans(again) == [("27 23", 4, 2)]
    assert sorted(state([*first, *again]).values())[::4] == [1, 2, 3, 4]
    later = sent(hours(None, None, None, 40), [*first, *again], 2)
    assert state([*first, *again, *later])[FIRST + timedelta(hours=3)] == 40


def test_hours_and_quarter_hours_of_a_day_are_records_of_their_own():
    first = sent(hours(10, 20), [])
    fine = sent(hours(1, 2, 3, 4, minutes=15), first, 1)
    assert [(one.minutes, one.revision) for one in fine] == [(15, 1)]
    assert list(state([*first, *fine]).values())[:5] == [1, 2, 3, 4, 20]


def test_records_of_other_sites_and_zones_change_nothing():
    first = sent(hours(1, 2), [])
    from dataclasses import replace

    others = [replace(first[0], site="elsewhere"), replace(first[0], zone="FR")]
    assert spans(sent(hours(1, 2), others)) == [("27 23", 2, 1)]


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_after_every_file_what_is_known_is_what_was_stated_last(chance: random.Random):
    known: list[Prices] = []
    expected: dict[datetime, float] = {}
    for hour in range(6):
        values = [chance.choice([None, *range(5)]) for _ in range(60)]
        new = sent(hours(*values), known, hour)
        known += new
        expected |= {FIRST + timedelta(hours=n): price for n, price in enumerate(values) if price is not None}
        assert {start: price for start, price in state(known).items() if start.minute == 0} == expected
        assert sent(hours(*values), known, hour) == []
        assert len({(one.first_start_utc, one.revision) for one in known}) == len(known), "no revision twice"


def test_listed_prices_are_those_that_count():
    first = sent(hours(10, -20.25), [])
    known = [*first, *sent(hours(11, -20.25), first, 1)]
    assert list(price_rows(known)) == [("2026-03-27T23:00:00Z", "11.0"), ("2026-03-28T00:00:00Z", "-20.25")]
    (span,) = span_rows(known)
    assert span[:9] == ("DE-LU", "2026-03-27T23:00:00Z", "2026-03-28T01:00:00Z", "60", "2", "-20.25", "-4.62", "11.00", "2")

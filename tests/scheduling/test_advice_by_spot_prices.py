"""Advice priced by day-ahead prices of the topic: what moving energy to another hour is worth, and what is published while prices are unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from small_works import NOW, SITE, TARIFF, Advised, forecast, interval, two_furnaces, works

from domain.intervals import QUARTER
from domain.prices import Prices
from domain.topics import FORECASTS, INTERVALS, ORDERS, PRICES, RECOMMENDATIONS
from scheduling.advice import Advice
from scheduling.state import decode_state, encode_state
from stream_jobs.jobs import ADVICE
from tests.spoken import english

SPOT = TARIFF.replace('price = "14.00 ct/kWh"', 'spot = { zone = "DE-LU", adder = "2.00 ct/kWh" }')
HOUR = timedelta(hours=1)


def prices(eur_per_mwh: list[float], hour: int = 0, revision: int = 1, **changes: object) -> Prices:
    fields = {
        "site": SITE,
        "zone": "DE-LU",
        "first_start_utc": NOW + hour * HOUR,
        "revision": revision,
        "minutes": 60,
        "at_utc": NOW,
    }
    return Prices(**{**fields, "eur_per_mwh": tuple(eur_per_mwh), **changes})


def worth_of(advised: Advised, *known: Prices):
    for one in known:
        advised.take(one)
    jobs = two_furnaces()
    [advice] = advised.take(forecast(jobs))
    return advice


def test_without_published_prices_the_energy_of_a_move_is_unknown_and_never_nothing(tmp_path: Path):
    advice = worth_of(Advised(tmp_path, *two_furnaces(), price=SPOT))
    assert advice.saving_energy_eur is None
    assert advice.saving_demand_eur == 12000.0, "what power saves is known all the same"
    assert "spot" in english(advice, works())


def test_with_published_prices_it_is_the_difference_of_two_bills(tmp_path: Path):
    jobs = two_furnaces()
    # Ten hours from 06:00 on; the job of 2 x 30 kWh leaves the hour from 08:00 for another one.
    by_hour = [80.0, 90.0, 100.0, 60.0, -20.0, 70.0, 75.0, 85.0, 95.0, 65.0]
    advice = worth_of(Advised(tmp_path, *jobs, price=SPOT), prices(by_hour))
    moved = [by_hour[(at + n * QUARTER - NOW) // HOUR] for at in (advice.from_utc, advice.to_utc) for n in (0, 1)]
    expected = 30.0 * (moved[0] + moved[1] - moved[2] - moved[3]) / 1000
    assert abs(expected) > 0.1, "the two hours cost different prices"
    assert advice.saving_energy_eur == pytest.approx(expected, abs=0.011)
    assert advice.saving_eur == pytest.approx(12000.0 + expected, abs=0.011)
    assert "spot" not in english(advice, works())


def test_prices_that_come_later_make_the_worth_known_in_another_revision(tmp_path: Path):
    jobs = two_furnaces()
    advised = Advised(tmp_path, *jobs, price=SPOT)
    first = worth_of(advised)
    advised.take(prices([10.0 * n for n in range(10)]))
    for n in range(4):
        advised.take(interval(NOW + n * QUARTER))
    again = advised.take(forecast(jobs, base=420.0))
    assert [one.recommendation for one in again] == [first.recommendation]
    assert again[0].saving_energy_eur is not None


@pytest.mark.parametrize("other", [{"zone": "FR"}, {"site": "elsewhere"}, {"first_start_utc": NOW + timedelta(days=400)}])
def test_prices_of_others_and_of_far_days_are_not_kept(tmp_path: Path, other: dict[str, object]):
    jobs = two_furnaces()
    advised = Advised(tmp_path, *jobs, price=SPOT)
    advised.take(forecast(jobs))
    advised.take(prices([50.0] * 10, **other))
    assert advised.state.notes.prices == []


def test_a_tariff_with_a_fixed_price_keeps_none(tmp_path: Path):
    advised = Advised(tmp_path)
    advised.take(prices([50.0] * 10))
    assert advised.state.notes.prices == []


def test_prices_survive_in_the_stored_state_and_an_older_revision_changes_nothing(tmp_path: Path):
    advised = Advised(tmp_path, price=SPOT)
    advised.take(prices([50.0] * 10, revision=2))
    stored = encode_state(advised.state)
    advised.take(prices([10.0] * 10, revision=1))
    assert encode_state(advised.state) is stored
    assert decode_state(stored).notes.prices == [prices([50.0] * 10, revision=2)]


def test_what_is_over_is_forgotten(tmp_path: Path):
    jobs = two_furnaces()
    advised = Advised(tmp_path, *jobs, price=SPOT)
    advised.take(prices([50.0] * 24, hour=-24 * 4))
    advised.take(prices([60.0] * 24))
    advised.take(forecast(jobs))
    assert [one.first_start_utc for one in advised.state.notes.prices] == [NOW]


def test_the_job_reads_the_topic_and_its_step_takes_prices(tmp_path: Path):
    row, _ = ADVICE.steps  # the other one is the governor's
    assert PRICES in row.reads
    advised = Advised(tmp_path, price=SPOT)
    step = Advice(works(), advised.step._tariff)
    jobs = two_furnaces()
    state, out = step.take(SITE, step.initial(SITE), [(PRICES, prices([50.0] * 10)), *((ORDERS, job) for job in jobs)])
    assert out == []
    assert state.notes.prices == [prices([50.0] * 10)]
    records = [(INTERVALS, interval(NOW - n * QUARTER)) for n in range(96, 0, -1)]
    _, out = step.take(SITE, state, [*records, (FORECASTS, replace(forecast(jobs)))])
    assert [one.saving_energy_eur for to, one in out if to is RECOMMENDATIONS] == [pytest.approx(0.0, abs=0.011)]

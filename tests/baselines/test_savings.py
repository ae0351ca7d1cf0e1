"""A saving that is there is found and claimed, one that the data cannot carry is refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.answer import Wishes, account, answer
from baselines.rows import Rows
from billing.tariff import load_tariff
from domain.effects import Figure
from domain.emission_factors import EmissionFactor
from domain.measures import Event
from tests.baselines.days import FIRST, heated, made, measure

BERLIN = ZoneInfo("Europe/Berlin")


def judged(rows: Rows, **wishes: object):
    found = answer(rows, replace(Wishes((measure(),)), **wishes), BERLIN)
    return found.measures[0]


def keys(facts) -> list[str]:
    return [one.key for one in facts]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_a_saving_is_found_and_its_interval_holds_it(share: float) -> None:
    rows = heated(share=share)
    one = judged(rows)
    assert one.refusals == ()
    true_kwh = float((rows.energy_kwh[365:] * share / (1 - share)).sum())
    assert one.saving.saved_kwh.low <= true_kwh <= one.saving.saved_kwh.high
    assert one.saving.share.value == pytest.approx(share, abs=0.015)
    assert one.saving.cusum_kwh[-1] == pytest.approx(one.saving.saved_kwh.value)


def test_nothing_saved_is_not_claimed() -> None:
    one = judged(heated())
    assert keys(one.refusals) == ["baseline.uncertain"]
    assert abs(one.saving.share.value) < 0.02


def test_more_energy_is_called_more() -> None:
    assert keys(judged(heated(share=-0.1)).refusals) == ["baseline.more"]


@given(st.floats(0.1, 20))
@settings(max_examples=5, deadline=None)
def test_a_plant_of_another_size_has_the_same_share(factor: float) -> None:
    rows = heated(share=0.08)
    one, other = judged(rows), judged(rows.with_kw(rows.kw * factor))
    assert other.saving.share.value == pytest.approx(one.saving.share.value, rel=1e-6)
    assert other.saving.saved_kwh.low == pytest.approx(one.saving.saved_kwh.low * factor, rel=1e-6)


def test_saved_is_expected_less_measured() -> None:
    saving = judged(heated(share=0.1)).saving
    assert saving.saved_kwh.value == pytest.approx(saving.expected_kwh - saving.measured_kwh)


def test_days_of_no_weather_are_no_saving_and_too_few_of_them_none_at_all() -> None:
    rows = heated(share=0.1)
    weather = rows.temperature_c.copy()
    weather[400:500] = np.nan
    one = judged(replace(rows, temperature_c=weather))
    assert keys(one.refusals) == ["baseline.reported_coverage"]
    assert one.saving.days == 265


@pytest.mark.parametrize(
    ("days", "known_weather", "expected"),
    [(50, True, "baseline.few_days"), (200, False, "baseline.season"), (200, True, None)],
)
def test_a_short_baseline_is_refused_unless_the_weather_explains_it(days: int, known_weather: bool, expected: str | None) -> None:
    rows = heated(365 + 200, share=0.15, known_weather=known_weather)
    found = judged(rows, begins=FIRST + timedelta(days=365 - days))
    assert (expected in keys(found.refusals)) == (expected is not None)
    assert "baseline.few_days" not in keys(found.refusals) or found.saving is None


def test_a_baseline_with_holes_is_refused() -> None:
    rows = heated(share=0.1)
    kw = rows.kw.copy()
    kw[100:160] = np.nan
    assert "baseline.coverage" in keys(judged(rows.with_kw(kw)).refusals)


def test_a_plant_that_follows_nothing_known_is_refused() -> None:
    rows = heated(share=0.1)
    rng = np.random.default_rng(3)
    found = judged(rows.with_kw(rng.lognormal(3, 1.2, len(rows))))
    assert "baseline.fit" in keys(found.refusals)


def test_a_level_that_changed_within_the_baseline_is_named_with_its_day() -> None:
    rows = heated(share=0.1)
    kw = rows.kw.copy()
    kw[:200] += 25.0
    found = judged(rows.with_kw(kw))
    (change,) = [one for one in found.refusals if one.key == "baseline.changed"]
    assert abs((change.instants["since_utc"].date() - (FIRST + timedelta(days=200))).days) <= 7
    assert change.numbers["change"] == pytest.approx(-0.23, abs=0.05)


def test_weather_beyond_what_was_seen_is_refused() -> None:
    rows = heated(share=0.1)
    warmer = rows.temperature_c + np.where(np.arange(len(rows)) >= 365, 12.0, 0.0)
    assert "baseline.beyond" in keys(judged(replace(rows, temperature_c=warmer)).refusals)


def test_an_event_of_known_energy_is_taken_off_and_another_is_left_out() -> None:
    rows = heated(share=0.1)
    kw = rows.kw.copy()
    kw[400:460] += 50.0
    disturbed = rows.with_kw(kw)
    first, last = FIRST + timedelta(days=400), FIRST + timedelta(days=459)
    plain = judged(rows).saving
    known = judged(disturbed, events=(Event(name="fair", first=first, last=last, kwh_per_day=1200.0),)).saving
    unknown = judged(disturbed, events=(Event(name="fair", first=first, last=last),)).saving
    assert known.saved_kwh.value == pytest.approx(plain.saved_kwh.value, rel=1e-9)
    assert [(one.name, one.days, one.kwh) for one in known.adjustments] == [("fair", 60, 72000.0)]
    assert unknown.days == plain.days - 60
    assert unknown.share.value == pytest.approx(plain.share.value, abs=0.01)
    assert judged(disturbed).saving.saved_kwh.value < plain.saved_kwh.value - 60_000


def test_an_event_in_the_baseline_is_taken_off_as_well() -> None:
    rows = heated(share=0.1)
    kw = rows.kw.copy()
    kw[100:200] += 50.0
    event = Event(name="lent press", first=FIRST + timedelta(days=100), last=FIRST + timedelta(days=199), kwh_per_day=1200.0)
    assert judged(rows.with_kw(kw), events=(event,)).saving.saved_kwh.value == pytest.approx(judged(rows).saving.saved_kwh.value)


def test_no_day_counts_for_two_measures() -> None:
    rows = heated(1000, share=0.1)
    both = (measure(), measure(800, id="later"))
    found = answer(rows, Wishes(both), BERLIN)
    first, second = (one.saving for one in found.measures)
    assert set(first.day_list).isdisjoint(second.day_list)
    assert first.end == both[1].begins
    assert keys(found.measures[1].refusals) == ["baseline.uncertain"]


def test_days_between_begin_and_completion_count_for_nothing() -> None:
    one = judged(heated(share=0.1), measures=(measure(complete=FIRST + timedelta(days=395)),))
    assert one.saving.first == FIRST + timedelta(days=395)
    assert one.baseline.last == FIRST + timedelta(days=364)


def test_a_measure_of_another_meter_is_not_looked_for() -> None:
    elsewhere = measure(meters=("press-1",))
    assert answer(heated(), Wishes((elsewhere,), meter="press-2"), BERLIN).measures == ()
    assert len(answer(heated(), Wishes((elsewhere,), meter="press-1"), BERLIN).measures) == 1


def test_co2_is_energy_times_the_factor_and_none_without_one() -> None:
    factor = EmissionFactor(g_per_kwh=400, of_year=2024, source="a table")
    one = judged(heated(share=0.1), factor=factor).saving
    assert one.saved_co2_kg.value == pytest.approx(0.4 * one.saved_kwh.value)
    assert judged(heated(share=0.1)).saving.saved_co2_kg is None


def test_money_is_not_known_without_a_tariff_or_beyond_its_validity() -> None:
    rows = heated(share=0.1)
    assert judged(rows).saving.saved_eur is None
    tariff = load_tariff(Path(__file__).parents[2] / "billing" / "sample_tariff.toml")
    assert judged(rows, tariff=tariff).saving.saved_eur.value > 0
    # the sample ends with 2030, in the middle of the reporting period
    later = replace(rows, days=tuple(day + timedelta(days=6 * 365 + 200) for day in rows.days))
    moved = measure(365 + 6 * 365 + 200)
    assert judged(later, tariff=tariff, measures=(moved,)).saving.saved_eur is None


def test_the_account_sums_what_is_claimed_and_keeps_advice_apart() -> None:
    factor = 0.25
    good, bad = judged(heated(share=0.1)), judged(heated())
    eur = Figure(
        *(factor * value for value in (good.saving.saved_kwh.value, good.saving.saved_kwh.low, good.saving.saved_kwh.high))
    )
    priced = replace(good, saving=replace(good.saving, saved_eur=eur))
    found = account([priced, bad], Figure(100.0, 50.0, 120.0))
    assert (found.measures_kwh, found.measures_eur, found.unclaimed) == (good.saving.saved_kwh, eur, 1)
    assert found.total_eur == Figure(eur.value + 100, eur.low + 50, eur.high + 120)
    assert account([good, bad], Figure(100.0, 50.0, 120.0)).total_eur is None
    assert account([bad], None).measures_kwh is None


def test_same_days_give_the_same_answer() -> None:
    one, other = judged(heated(share=0.1)), judged(heated(share=0.1))
    assert one.saving.saved_kwh == other.saving.saved_kwh


def test_energy_per_piece_lies_in_its_band_and_beyond_it_when_energy_is_wasted() -> None:
    rows = made(400)
    found = answer(rows, Wishes(), BERLIN)
    months = found.specific["pieces"]
    assert sum(one.is_within is False for one in months) <= 4
    kw = rows.kw.copy()
    december = np.array([day.month == 12 for day in rows.days])
    kw[december] += 20.0
    wasted = answer(rows.with_kw(kw), Wishes((measure(330),)), BERLIN).specific["pieces"]
    assert [one.month.month for one in wasted if one.is_within is False and one.kwh_per_unit > one.expected.high] == [12]

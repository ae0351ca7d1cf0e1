"""What advice promises: over a billing period never more than what it can come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_works import NOW, TARIFF, forecast, interval, order, tariff, works

from domain.intervals import QUARTER
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import slot_of
from quarters.series import QuarterSeries
from scheduling.explain import Basis
from scheduling.live.rest import RestPeak, quantiles_of_highest, rest_peaks
from scheduling.odds import CASES
from scheduling.outlook import day_of, outlook
from scheduling.pen import Pen
from scheduling.pricing import Pricing
from scheduling.problem import Rules
from scheduling.promised import promised_beside
from scheduling.settings import AdviceSettings
from scheduling.solve import moves
from scheduling.state import AdviceState, Notes

PLANT = works(target_kw=None, billed_peak_kw=0.0)
MONTHLY = TARIFF.replace('reset = "year"', 'reset = "month"').replace("EUR/kW/year", "EUR/kW/month")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return tariff(tmp_path_factory.mktemp("year"))


@pytest.fixture(scope="module")
def monthly(tmp_path_factory):
    return tariff(tmp_path_factory.mktemp("month"), MONTHLY)


class Days:
    """A plant that lives through days, each with a peak that one move lowers; its advice is always carried out."""

    def __init__(self, sheet, rest_kw: float | None = None):
        self.sheet, self.rest_kw = sheet, rest_kw
        self.pricing = Pricing(PLANT, sheet)
        self.state = AdviceState(Notes())

    def live(
        self, day: int, before_kw: float, after_kw: float, rest_kw: float | None = None, follow: bool = True
    ) -> Recommendation:
        """The advice of one day: a job of 2 h lies on a peak of `before_kw`, and moved away leaves `after_kw`."""
        now = NOW + timedelta(days=day)
        job = order(f"J{day}", start=0, profile=(before_kw - after_kw,) * 2)
        job = replace(job, start_utc=now + 8 * QUARTER, earliest_utc=now, due_utc=now + 32 * QUARTER)
        loads = forecast([job], base=1.0, issued=now, at={8: after_kw - 1.0, 9: after_kw - 1.0})
        notes = self.state.notes
        notes.clocks = {"forecast": now, "demand": now}
        notes.orders = {job.job: job}
        expected = outlook(notes, loads, 0.3, PLANT.site.zone)
        worth = self.pricing.worth(self.state, expected)
        if rest_kw is not None:
            known = rest_peaks(self.sheet, self.state.known, expected.first_slot, expected.end_slot)
            worth = replace(worth, rest=tuple(replace(one, cases_kw=(rest_kw,) * len(CASES)) for one in known))
        pen = Pen(
            loads, Rules.at(PLANT, AdviceSettings(), now, expected), worth, Basis(PLANT, worth.billed_kw, 0.0),
            lambda at: day_of(at, PLANT.site.zone),
            lambda name: promised_beside(notes.promised, notes.recommendations, name, expected, notes.orders, now),
        )  # fmt: skip
        move = moves(expected, job, [slot_of(now) + 16])[0]
        advice = pen.write(move, [], expected, f"R{day}", now, 1)
        measured_kw = after_kw if follow else before_kw
        for n in range(96):
            self.state.known.put(interval(now + n * QUARTER, measured_kw if n in (8, 9) else 1.0))
        if follow:
            notes.recommendations[advice.recommendation] = replace(advice, status=RecommendationStatus.CARRIED_OUT)
        return advice


heights = st.lists(st.tuples(st.integers(10, 500), st.integers(1, 300)), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=heights)
def test_promises_of_a_period_never_exceed_what_its_peak_comes_to(sheet, days):
    peaks = [(float(low + more), float(low)) for low, more in days]
    plant, promised_eur = Days(sheet), 0.0
    for number, (before_kw, after_kw) in enumerate(peaks):
        rest_kw = max([low for _, low in peaks[number + 1 :]], default=0.0)
        promised_eur += plant.live(number, before_kw, after_kw, rest_kw).saving_eur or 0.0
    without_kw, reached_kw = max(high for high, _ in peaks), max(low for _, low in peaks)
    assert promised_eur <= 100.0 * (without_kw - reached_kw) + 0.01 * len(days)


def test_a_peak_that_is_avoided_on_five_days_is_promised_once(sheet):
    plant = Days(sheet)
    found = [plant.live(day, 300.0, 200.0, rest_kw=0.0) for day in range(5)]
    assert [advice.saving_eur for advice in found] == pytest.approx([10_000.0, 0.0, 0.0, 0.0, 0.0])
    kept = found[1].reason[-1]
    assert (kept.key, kept.numbers) == ("advice.keeps", {"kept_eur": 10_000.0})
    assert found[1].lines == ()
    assert plant.live(5, 320.0, 200.0, rest_kw=0.0).saving_eur == pytest.approx(2_000.0), (
        "20 kW more would have come without advice"
    )


def test_what_earlier_advice_turned_out_to_be_worth_is_not_promised_by_the_next_one(sheet):
    plant = Days(sheet)
    plant.live(0, 300.0, 200.0, rest_kw=300.0)  # promises nothing, for 300 kW were expected to come anyway; they did not come
    assert plant.live(1, 230.0, 220.0, rest_kw=0.0).saving_eur == pytest.approx(1_000.0), (
        "10 kW are its own, 100 kW were the other's"
    )


def test_what_was_not_followed_is_promised_again(sheet):
    plant = Days(sheet)
    plant.live(0, 300.0, 200.0, follow=False)
    assert plant.live(1, 300.0, 200.0).saving_eur == pytest.approx(0.0), "the 300 kW are billed now"
    assert plant.live(2, 350.0, 310.0).saving_eur == pytest.approx(4_000.0)


def test_another_billing_period_has_promises_of_its_own(monthly):
    plant = Days(monthly)
    assert plant.live(0, 300.0, 200.0).saving_eur == pytest.approx(10_000.0)
    assert plant.live(1, 300.0, 200.0).saving_eur == pytest.approx(0.0)
    assert plant.live(20, 300.0, 200.0).saving_eur == pytest.approx(10_000.0), "in November"


def test_a_peak_of_january_that_july_never_reaches_makes_its_advice_worth_nothing(sheet):
    plant = Days(sheet)
    plant.state.known.put(interval(NOW - timedelta(days=200), 600.0))
    assert plant.live(0, 300.0, 200.0).saving_eur == pytest.approx(0.0)


def test_a_rest_of_the_period_that_comes_higher_makes_it_worth_nothing(sheet):
    assert Days(sheet).live(0, 300.0, 200.0, rest_kw=400.0).saving_eur == pytest.approx(0.0)
    assert Days(sheet).live(0, 300.0, 200.0, rest_kw=260.0).saving_eur == pytest.approx(4_000.0), (
        "down to the 260 kW that come anyway"
    )


# -- the rest of a period ----------------------------------------------------------------------------------------------


def weeks_of(peaks_kw: list[float], until=NOW) -> QuarterSeries:
    known = QuarterSeries()
    for back, peak_kw in enumerate(reversed(peaks_kw)):
        for n in range(1, 673):
            at = until - (back * 672 + n) * QUARTER
            known.put(interval(at, peak_kw if n == 100 else 50.0))
    return known


def rest_of(sheet, known: QuarterSeries) -> RestPeak:
    first = slot_of(NOW) + 2
    (found,) = rest_peaks(sheet, known, first, first + 190)
    return found


def test_the_rest_of_a_year_comes_as_high_as_the_weeks_before(sheet):
    found = rest_of(sheet, weeks_of([300.0, 320.0, 310.0, 330.0, 305.0, 315.0]))
    assert found.beyond_slot == slot_of(NOW) + 192
    assert list(found.cases_kw) == sorted(found.cases_kw)
    assert 315 < found.cases_kw[0] < found.cases_kw[-1] < 360, "the highest of ten more weeks"


def test_without_three_days_nothing_is_expected_of_the_rest(sheet):
    known = QuarterSeries()
    for n in range(1, 150):
        known.put(interval(NOW - n * QUARTER, 400.0))
    assert set(rest_of(sheet, known).cases_kw) == {0.0}


def test_a_month_that_ends_with_the_horizon_has_no_rest(monthly):
    end = slot_of(NOW) + 9 * 96  # 1 November
    found = rest_peaks(monthly, weeks_of([300.0] * 4), slot_of(NOW) + 2, end)
    assert found[0].beyond_slot is None


@given(
    peaks=st.lists(st.floats(10, 1000), min_size=3, max_size=12),
    shorter=st.floats(1, 10),
    longer=st.floats(1, 10),
)
def test_a_longer_rest_comes_higher(peaks, shorter, longer):
    kw, weights = np.array(peaks), np.ones(len(peaks))
    few, many = (quantiles_of_highest(kw, weights, factor) for factor in sorted((shorter, longer)))
    assert all(one <= other + 1e-9 for one, other in zip(few, many, strict=True))

"""What plans cost: numbers worked by hand, and the planner's sum beside one that was written independently."""

from __future__ import annotations

import pytest
from small_problems import cost_eur, document, job, problem_of

from scheduling.planner.cost.total import cost_of
from scheduling.planner.plan import Place, Plan


@pytest.fixture
def two_jobs():
    return document(
        [job("A", "oven", [80.0, 40.0, 40.0], due=3), job("B", "mill", [60.0, 60.0], skip_penalty_eur=7.0)],
        {"A": ("oven", 0), "B": ("mill", 0)},
    )


def test_energy_comes_from_the_median_and_the_peak_from_the_upper_quantile(two_jobs, tmp_path):
    found = cost_of(problem_of(two_jobs, tmp_path), Plan({"A": Place("oven", 0), "B": Place("mill", 0)}))
    assert found.energy_eur == pytest.approx(0.4 / 4 * (8 * 100 + 80 + 40 + 40 + 120))
    assert found.peak_kw == found.demand_peaks_kw["year"] == pytest.approx(110 + 80 + 60)
    assert found.demand_eur["year"] == pytest.approx(2 * 100)
    assert (found.tardiness_eur, found.skipped_eur, found.changes_eur) == (0, 0, 0)


def test_a_late_moved_job_and_a_skipped_one_each_have_their_line(two_jobs, tmp_path):
    found = cost_of(problem_of(two_jobs, tmp_path), Plan({"A": Place("oven", 2)}, frozenset({"B"})))
    assert found.tardiness_eur == pytest.approx(2.0)
    assert found.skipped_eur == pytest.approx(7.0)
    assert found.changes_eur == pytest.approx(2.0)
    assert found.total_eur == pytest.approx(0.1 * (800 + 160) + 2 * 40 + 2 + 7 + 2)


def test_a_charge_counts_in_its_windows_only(two_jobs, tmp_path):
    two_jobs["demand_charges"] = [{"id": "window", "price_eur_per_kw": 5.0, "incumbent_peak_kw": 100.0, "windows": [[4, 8]]}]
    found = cost_of(problem_of(two_jobs, tmp_path), Plan({"A": Place("oven", 0), "B": Place("mill", 6)}))
    assert found.demand_peaks_kw == {"window": pytest.approx(170.0)}
    assert found.demand_eur == {"window": pytest.approx(350.0)}


def test_what_the_sun_feeds_in_is_paid_at_the_feed_in_price(two_jobs, tmp_path):
    two_jobs["pv"] = {"q50_kw": [150.0] * 8, "q10_kw": [20.0] * 8, "feed_in_eur_per_kwh": [0.1] * 8}
    plan = Plan({"A": Place("oven", 0), "B": Place("mill", 3)})
    found = cost_of(problem_of(two_jobs, tmp_path), plan)
    # Slot by slot -50 kW; the job's 80 kW turn the first one into 30 kW bought, 40 and 40 leave 10 kW fed in, 60 and 60 buy 10 kW.
    assert found.energy_eur == pytest.approx((30 * 0.4 - 10 * 0.1 - 10 * 0.1 + 10 * 0.4 + 10 * 0.4 - 3 * 50 * 0.1) / 4)
    assert found.total_eur == pytest.approx(cost_eur(two_jobs, plan))


def test_an_opened_shift_and_the_crew_of_a_given_one_are_paid(tmp_path):
    raw = document([job("A", "oven", [80.0])], {"A": ("oven", 0)})
    raw["working_time"] = {"min_rest_slots": 2, "max_work_slots_in_24_h": 8}
    raw["crews"] = [{"id": "red"}, {"id": "blue"}]
    crews = [{"crew": "red", "eur_per_worker_slot": 0.0}, {"crew": "blue", "eur_per_worker_slot": 1.5}]
    raw["shifts"] = [
        {"id": "early", "skill": "operator", "from": 0, "to": 4, "workers": 2, "optional": False, "crews": crews},
        {"id": "extra", "skill": "operator", "from": 4, "to": 6, "workers": 1, "optional": True, "eur_per_worker_slot": 9.0},
    ]
    found = cost_of(
        problem_of(raw, tmp_path), Plan({"A": Place("oven", 0)}, open_shifts=frozenset({"extra"}), crew_of_shift={"early": "blue"})
    )
    assert found.shifts_eur == pytest.approx(2 * 4 * 1.5 + 1 * 2 * 9.0)

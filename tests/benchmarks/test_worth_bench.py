"""What advice is worth: laws of the compared runs, on two days of one seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.worth import page
from benchmarks.worth.foresight import foreseen
from benchmarks.worth.judging import BINS, Judged, calibration, judged, promised_eur
from benchmarks.worth.live_planner import answered
from benchmarks.worth.loop import TICK_S, Days, NoAdvice, StepsOfForecastAndAdvice, lived, run_from
from benchmarks.worth.trial import Advised, Trial, lifelike_span
from billing.tariff import load_tariff
from domain.contracts import EXAMPLES
from domain.planning import PlanningProblem, PlanStatus
from domain.recommendations import RecommendationStatus
from domain.topics import PLANNING_PROBLEMS
from scheduling.advice import Advice
from scheduling.live.answer import plan_of
from simulation.counterfactual import main_import_kw, without_moves
from simulation.factory import QuarterHour
from simulation.history import history
from simulation.lifelike import Lifelike
from simulation.span import Span

SEED = 7
LENGTH = timedelta(days=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plant")


@pytest.fixture(scope="module")
def span(folder: Path) -> Span:
    return lifelike_span(folder, SEED)


@pytest.fixture(scope="module")
def before(span: Span) -> list[QuarterHour]:
    return history(span)


def advised(span: Span, folder: Path, before: list[QuarterHour]) -> Days:
    adviser = StepsOfForecastAndAdvice(span.plant, Advice(span.plant, load_tariff(folder / "tariff.toml")))
    return lived(span, adviser, LENGTH, before)


@pytest.fixture(scope="module")
def with_advice(span: Span, folder: Path, before: list[QuarterHour]) -> Days:
    return advised(span, folder, before)


@pytest.fixture(scope="module")
def without(span: Span, before: list[QuarterHour]) -> Days:
    return lived(span, NoAdvice(), LENGTH, before)


@pytest.fixture
def trial() -> Trial:
    moves = Advised("single moves", 655.4, 1_312.5, 9, 2, 7, 4_387.0, (one_judged(0.83, 12.5), one_judged(0.55, 0.0)), 3.0)
    return Trial(SEED, 28, 637.0, 690.6, 610.2, 4_200.0, (moves,))


def test_days_that_nobody_advises_are_those_without_moves(span: Span, without: Days) -> None:
    assert without.load_kw == main_import_kw(without_moves(span, span.start_utc + LENGTH, TICK_S))


def test_days_on_which_nobody_follows_advice_are_those_without_moves(
    span: Span, folder: Path, before: list[QuarterHour], without: Days
) -> None:
    stubborn = replace(span, lifelike=Lifelike(declined_share=1.0))
    days = advised(stubborn, folder, before)
    assert days.recommendations
    assert not days.carried_out
    assert days.load_kw == without.load_kw


def test_some_advice_is_followed_and_changes_the_load(with_advice: Days, without: Days) -> None:
    assert with_advice.carried_out
    assert with_advice.load_kw.keys() == without.load_kw.keys()
    assert with_advice.load_kw != without.load_kw


def test_the_same_seed_gives_the_same_days(span: Span, folder: Path, before: list[QuarterHour], with_advice: Days) -> None:
    again = advised(span, folder, before)
    assert again.load_kw == with_advice.load_kw
    assert again.recommendations == with_advice.recommendations
    assert again.decisions == with_advice.decisions


def test_running_on_from_a_snapshot_with_the_same_orders_gives_the_same_load(with_advice: Days) -> None:
    middle = with_advice.span.start_utc + timedelta(hours=9)
    again = run_from(with_advice, list(with_advice.orders.values()), middle, with_advice.end_utc)
    assert again == {at: kw for at, kw in with_advice.load_kw.items() if at >= min(again)}
    assert min(again) == with_advice.span.start_utc + timedelta(hours=6)


def test_what_is_promised_is_the_sum_of_the_records_of_the_moves_that_were_made(with_advice: Days) -> None:
    newest = {one.recommendation: one for one in with_advice.recommendations if one.status is RecommendationStatus.OPEN}
    by_hand = sum(newest[name].saving_eur or 0.0 for name in with_advice.carried_out)
    assert by_hand > 0
    assert promised_eur(with_advice) == pytest.approx(by_hand)


def test_a_moved_recommendation_is_judged_against_the_load_without_it_alone(with_advice: Days) -> None:
    found = judged(with_advice)
    assert {one.was_moved for one in found} >= {True}
    moved = [one for one in found if one.was_moved]
    # what a move really does is what the factory says, not what was promised
    assert any(one.reduction_kw != pytest.approx(one.stated_reduction_kw, abs=0.5) for one in moved)
    assert all(0 < one.peak_with_kw <= max(with_advice.load_kw.values()) + 0.1 for one in moved)


def test_foresight_reaches_no_higher_peak_than_no_advice_by_the_same_work(without: Days) -> None:
    best = foreseen(without, lambda: 0.0)
    assert max(best.values()) <= max(without.load_kw.values())
    # the furnaces are kept hot for longer where a batch begins later in the night
    assert sum(best.values()) == pytest.approx(sum(without.load_kw.values()), rel=0.05)
    assert foreseen(without, lambda: 0.0) == best


def one_judged(confidence: float, reduction_kw: float) -> Judged:
    return Judged(f"r-{confidence}", confidence, 100.0, True, 10.0, 600.0 + reduction_kw, 600.0)


def test_every_confidence_is_in_one_bin_and_its_share_is_counted() -> None:
    found = [one_judged(n / 100, 5.0 if n % 4 else 0.0) for n in range(101)]
    bins = calibration(found)
    assert sum(one.count for one in bins) == len(found)
    assert [(one.low, one.high) for one in bins] == list(BINS)
    assert bins[-1].count == 11
    assert bins[-1].came_true == pytest.approx(8 / 11)
    assert bins[1].stated == pytest.approx(0.145)


def test_a_reduction_within_the_noise_of_the_compressors_did_not_come_true() -> None:
    assert not one_judged(0.9, 0.9).came_true
    assert one_judged(0.9, 1.1).came_true


def test_the_page_shows_the_figures_of_every_seed_and_a_sound_picture(trial: Trial, tmp_path: Path) -> None:
    (tmp_path / "planning.md").write_text("# Plans\n", encoding="utf-8")
    page.write([trial], 1.0, tmp_path)
    text = (tmp_path / "worth.md").read_text(encoding="utf-8")
    one = trial.advised[0]
    for value in (f"{trial.without_kw:.1f}", f"{one.peak_kw:.1f}", f"{trial.foresight_kw:.1f}", f"{one.promised_eur:,.0f}"):
        assert f"| {value} |" in text
    ElementTree.parse(tmp_path / "pictures" / page.PICTURE)
    first = (tmp_path / "planning.md").read_text(encoding="utf-8")
    page.write([trial], 1.0, tmp_path)
    assert (tmp_path / "planning.md").read_text(encoding="utf-8") == first
    assert first.startswith("# Plans\n")
    assert first.count(page.BEGIN) == first.count(page.END) == 1


def test_other_text_of_the_page_of_plans_stays_where_the_table_is_renewed() -> None:
    once = page.with_section("# Plans\n\ntext\n", "old table")
    assert page.with_section(once + "\nafter\n", "new table").split() == [*["#", "Plans", "text"], *page.BEGIN.split(), "new", "table", *page.END.split(), "after"]  # fmt: skip


def test_figures_are_those_of_the_trial(trial: Trial) -> None:
    found = page.figures([trial])
    assert isinstance(found[str(SEED)], Mapping)
    assert found[str(SEED)]["advised"][0]["peak_kw"] == trial.advised[0].peak_kw


def test_a_planning_problem_is_answered_with_a_plan_that_the_advice_can_read_or_with_the_reason() -> None:
    stated = EXAMPLES[PLANNING_PROBLEMS.name]
    assert isinstance(stated, PlanningProblem)
    found = answered(stated)
    assert found == answered(stated)
    assert (found.site, found.problem, found.first_start_utc) == (stated.site, stated.problem, stated.first_start_utc)
    assert plan_of(found.body) is not None
    unreadable = answered(replace(stated, body="{}"))
    assert unreadable.status is PlanStatus.NO_ANSWER
    assert "reason" in unreadable.body

"""A problem as text to an answer as text: what `lastgang plan` writes, or the reason why there is none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.planning import PlanStatus, ProposedPlan
from domain.topics import PLANS
from lastgang.planning.answering import solved
from lastgang.planning.answers import PLANNER, Effort, answer_to, unsolved
from scheduling.planner.cost.total import cost_of
from scheduling.planner.reading import problem_in
from tests.planner_process.planning_records import EXAMPLE, large_body

QUICK = Effort(1.0, 1)


def test_the_example_of_the_plans_answers_the_example_of_the_problems():
    answer = answer_to(EXAMPLE, solved(EXAMPLE.body, QUICK), 0.4)
    example = EXAMPLES[PLANS.name]
    assert json.loads(answer.body) == json.loads(example.body)
    assert replace(answer, body=example.body) == replace(
        example, planner=PLANNER, versions=replace(example.versions, planner=PLANNER)
    )


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_a_plan_costs_no_more_than_the_current_one(seconds):
    found = solved(large_body(), Effort(seconds, 2))
    assert found.status is PlanStatus.FEASIBLE
    problem = problem_in(large_body(), "problem")
    assert json.loads(found.body)["cost"]["total_eur"] <= cost_of(problem, problem.current).total_eur + 1e-6


def test_a_problem_that_no_plan_solves_names_the_rules_in_conflict():
    document = json.loads(EXAMPLE.body)
    document["jobs"][0] |= {"earliest": 3, "deadline": 4}
    found = solved(json.dumps(document), QUICK)
    assert found.status is PlanStatus.INFEASIBLE
    assert json.loads(found.body)["conflicts"][0]["jobs"] == ["H-2207"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "problem"),
        ("{}", "problem: slots: found nothing"),
        (EXAMPLE.body.replace('"furnace-2"', '"furnace-3"', 1), "furnace-2"),
        ("[" * 100_000, "problem: file: found"),
        ("1" * 399_000, "problem: file: found"),
    ],
)
def test_what_is_no_problem_is_answered_with_what_was_found_and_expected(body, reason):
    found = solved(body, QUICK)
    assert found.status is PlanStatus.NO_ANSWER
    assert reason in json.loads(found.body)["reason"]
    answer = answer_to(EXAMPLE, found, 0.0)
    assert decode(ProposedPlan, encode(answer)) == answer


def test_a_reason_of_any_length_and_any_characters_fits_into_the_answer():
    answer = answer_to(EXAMPLE, unsolved("\x00\u202e" + "x" * 10**6), 0.0)
    assert decode(ProposedPlan, encode(answer)) == answer

"""The live planner as an adviser: the step of the advice states problems, and each is answered at once, with a fixed effort instead of a clock."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from benchmarks.worth.loop import Steady
from billing.tariff import Tariff
from domain.errors import InputFaults
from domain.planning import PlanningProblem, PlanStatus, ProposedPlan
from domain.plant import Plant
from domain.recommendations import Recommendation
from domain.steps import Outputs, Records
from domain.topics import INTERVALS, ORDERS, PLANNING_PROBLEMS, PLANS, RECOMMENDATIONS
from forecasting.site_forecast import SiteForecast
from scheduling.advice import Advice
from scheduling.planner.answer import Answer, NoAnswer, Request, plan
from scheduling.planner.problem import Problem
from scheduling.planner.reading import problem_in

PLANNER = "lastgang planner"
REQUEST = Request(seconds=600.0, seed=0, rounds=1)
"""Rounds end it, so that the same days have the same plans; the seconds are never used up."""


class LivePlanner:
    """Single moves on each forecast, and a whole plan wherever the advice wants one; the plan is there at once."""

    def __init__(self, plant: Plant, tariff: Tariff) -> None:
        self._forecast = Steady(SiteForecast(plant), plant.site.id)
        self._advice = Steady(Advice(plant, tariff), plant.site.id)

    def take(self, records: Records) -> list[Recommendation]:
        """As `benchmarks.worth.loop.Adviser`."""
        forecasts = self._forecast.take([record for record in records if record[0] in (INTERVALS, ORDERS)])
        outputs = self._advice.take([*records, *forecasts])
        plans = [(PLANS, answered(record)) for topic, record in outputs if topic is PLANNING_PROBLEMS]
        return [*_recommendations(outputs), *_recommendations(self._advice.take(plans))]


def _recommendations(outputs: Outputs) -> Sequence[Recommendation]:
    return [record for topic, record in outputs if topic is RECOMMENDATIONS]


def answered(stated: PlanningProblem) -> ProposedPlan:
    """The plan of a problem as it lies on the topic; the same at every call."""
    try:
        problem = problem_in(stated.body, stated.problem)
        answer = plan(problem, REQUEST, time.monotonic)
        status, body = PlanStatus(answer.status), _body(problem, answer)
    except (InputFaults, NoAnswer) as refused:
        status, body = PlanStatus.NO_ANSWER, {"reason": str(refused)}
    return ProposedPlan(
        stated.site, stated.problem, stated.at_utc, stated.first_start_utc, status, json.dumps(body), PLANNER, 0.0, stated.versions
    )


def _body(problem: Problem, answer: Answer) -> dict[str, object]:
    """What of an answer the advice reads."""
    jobs: list[dict[str, object]] = []
    for job in problem.jobs:
        place = answer.plan.decision(job.id)
        jobs.append(
            {"id": job.id, "skipped": True} if place is None else {"id": job.id, "machine": place.machine, "start": place.start}
        )
    return {
        "status": answer.status.value,
        "jobs": jobs,
        "open_shifts": sorted(answer.plan.open_shifts),
        "crew_of_shift": dict(answer.plan.crew_of_shift),
    }

"""One planning problem as text to its answer as text; whatever is wrong with it, there is an answer."""

from __future__ import annotations

import json
import time
from typing import Any

import structlog

from domain.errors import InputFaults
from domain.planning import PlanStatus
from lastgang.planning.answers import Effort, Solved, unsolved
from lastgang.planning.charging import charging_plan
from lastgang.planning.texts import answer_as_json
from lastgang.planning.workers import in_processes
from scheduling.planner.answer import NoAnswer, Request, plan
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.reading import problem_in


def solved(body: str, effort: Effort) -> Solved:
    """The planner's answer to the problem in `body`; one that cannot be read or solved is answered with the reason."""
    try:
        problem = problem_in(body, "problem")
        answer = plan(problem, Request(effort.seconds, workers=effort.workers), time.monotonic, in_processes)
    except (InputFaults, NoAnswer) as refused:
        return unsolved(str(refused))
    except Exception as error:  # the next problem must not suffer from a fault of ours: it goes into the answer and the log
        return unsolved(f"the planner failed: {type(error).__name__}: {error}")
    found = answer_as_json(problem, answer, effort.language)
    if answer.cost is not None and (charging := _charging(problem, answer.plan)) is not None:
        found["charging"] = charging
    return Solved(PlanStatus(answer.status), json.dumps(found, ensure_ascii=False))


def _charging(problem: Problem, plan: Plan) -> dict[str, Any] | None:
    """The vehicles' plan; where that fails the jobs' plan is as good as without it, and the reason goes into the log."""
    try:
        return charging_plan(problem, plan)
    except Exception as error:
        structlog.get_logger().warning("no_charging_plan", reason=f"{type(error).__name__}: {error}")
        return None

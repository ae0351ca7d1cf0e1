"""What became of a planning problem, as a record; nothing of the solver is imported here, so whoever only waits for it stays small."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.metadata import version

from domain.planning import PlanningProblem, PlanStatus, ProposedPlan
from domain.texts import LINE_BREAKS, TEXT_LENGTH, printable

PLANNER = f"lastgang {version('lastgang')}"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to spend on a plan: wall time [s], and processes that search side by side."""

    seconds: float
    workers: int
    language: str = "en"
    """Of the texts where there is no plan."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What became of a problem; `body` as in `domain.planning.ProposedPlan`."""

    status: PlanStatus
    body: str


def unsolved(reason: str) -> Solved:
    """No answer, and why."""
    shown = printable(reason, TEXT_LENGTH, LINE_BREAKS)
    return Solved(PlanStatus.NO_ANSWER, json.dumps({"status": PlanStatus.NO_ANSWER, "reason": shown}, ensure_ascii=False))


def answer_to(problem: PlanningProblem, found: Solved, took_s: float) -> ProposedPlan:
    """The record that answers `problem`."""
    return ProposedPlan(
        problem.site, problem.problem, problem.at_utc, problem.first_start_utc, found.status, found.body, PLANNER, took_s,
        replace(problem.versions, planner=PLANNER),
    )  # fmt: skip

"""Planning problems as they come on the topic: the example of the contracts, and a plant with more to search than there is time for."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from benchmarks.planning.plants import PLANTS, problem_of
from domain.contracts import EXAMPLES
from domain.planning import PlanningProblem
from domain.topics import PLANNING_PROBLEMS

EXAMPLE: PlanningProblem = EXAMPLES[PLANNING_PROBLEMS.name]
SITE = EXAMPLE.site


@cache
def large_body() -> str:
    """Sixty jobs on eleven machines over two days: no proof within any test's patience."""
    return problem_of(PLANTS[-1]).model_dump_json(by_alias=True, exclude_none=True)


def problem(name: str, body: str = EXAMPLE.body, site: str = SITE) -> PlanningProblem:
    """The example under another name."""
    return replace(EXAMPLE, problem=name, body=body, site=site)

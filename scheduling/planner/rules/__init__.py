"""Hard rules, one file each: a plan that breaks one is refused, whatever it costs.

Each file has the rule's check of a plan, and its views for the search (starts that it closes) and for the solver (constraints that it
adds). A rule can be left out, which is how the explanation finds out which one stands in the way.
"""

from __future__ import annotations

from collections.abc import Mapping

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules import (
    complete,
    crew,
    deadline,
    earliest,
    horizon,
    locked,
    machine,
    moves,
    precedence,
    rest,
    setup,
    working_time,
)
from scheduling.planner.rules.breach import Breach, Rule

Rules = Mapping[str, Rule]

RULES: Rules = {
    module.RULE.name: module.RULE
    for module in (rest, working_time, horizon, earliest, deadline, locked, precedence, machine, setup, crew, moves)
}
"""Rules that can stand in the way of a plan, by name."""


def breaches(problem: Problem, plan: Plan) -> list[Breach]:
    """Every hard rule that `plan` breaks; none for a plan that can be carried out."""
    if unknown := list(complete.known(problem, plan)):
        return unknown
    whole = (complete.complete, complete.shift, complete.roster)
    return [found for check in (*whole, *(rule.breaches for rule in RULES.values())) for found in check(problem, plan)]


def without(name: str) -> Rules:
    """All rules but one."""
    return {key: rule for key, rule in RULES.items() if key != name}

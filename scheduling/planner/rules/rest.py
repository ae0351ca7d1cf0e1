"""A crew works one shift at a time, and rests long enough before one that does not adjoin (Arbeitszeitgesetz, Sec. 5(1)).

Shifts that adjoin are one working day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Crew, Problem, Span
from scheduling.planner.rules.breach import Breach, Rule

if TYPE_CHECKING:
    from scheduling.planner.model import Model, Worked


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Crews that work twice at once or rest too little."""
    for crew, spans in work_spans(problem, plan).items():
        yield from (Breach("rest", (), text) for text in faults(problem, problem.crew[crew], spans))


def work_spans(problem: Problem, plan: Plan) -> dict[str, list[Span]]:
    """Spans that each crew works, in order: those before the horizon and its shifts."""
    spans = {crew.id: list(crew.worked) for crew in problem.crew.values()}
    for shift, crew in plan.crew_of_shift.items():
        spans[crew].append(problem.shift[shift].span)
    return {crew: sorted(worked) for crew, worked in spans.items()}


def faults(problem: Problem, crew: Crew, worked: Sequence[Span]) -> Iterator[str]:
    """What is wrong with the spans that a crew works, in order."""
    least = problem.working_time.min_rest_slots if problem.working_time else 0
    for (first, end), (again, until) in pairwise(worked):
        if until > 0 and again < end:
            yield f"{crew.id} works [{first}, {end}) and [{again}, {until}) at once"
        elif until > 0 and end < again < end + least:
            yield f"{crew.id} rests {again - end} slots before [{again}, {until}), at least {least}"


def constrain(model: Model) -> None:
    """Of two spans too close to each other a crew works one, or also one that joins them."""
    problem = model.board.tables.problem
    least = problem.working_time.min_rest_slots if problem.working_time else 0
    for worked in model.worked.values():
        for at, one in enumerate(worked):
            for other in worked[at + 1 :]:
                if other.end > 0 and other.first < one.end:
                    model.never_both(one, other, ())
                elif other.end > 0 and one.end < other.first < one.end + least:
                    model.never_both(one, other, _between(worked, one, other))


def _between(worked: Sequence[Worked], one: Worked, other: Worked) -> tuple[Worked, ...]:
    return tuple(span for span in worked if one.end <= span.first and span.end <= other.first)


RULE = Rule("rest", breaches, constrain=constrain)

"""A crew works not too much in any 24 hours (Arbeitszeitgesetz, Sec. 3), nor in the horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scheduling.planner.plan import Plan
from scheduling.planner.problem import SLOTS_PER_DAY, Crew, Problem, Span
from scheduling.planner.rules.breach import Breach, Rule
from scheduling.planner.rules.rest import work_spans

if TYPE_CHECKING:
    from scheduling.planner.model import Model, Worked


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Crews that work too much."""
    for crew, spans in work_spans(problem, plan).items():
        yield from (Breach("working_time", (), text) for text in faults(problem, problem.crew[crew], spans))


def faults(problem: Problem, crew: Crew, worked: Sequence[Span]) -> Iterator[str]:
    """What is wrong with the spans that a crew works; what lies wholly before the horizon is nobody's fault now."""
    if problem.working_time is None:
        return
    most, planned = problem.working_time.max_work_slots_in_24_h, [span for span in worked if span[1] > 0]
    for first in day_starts(worked):
        slots = slots_within(worked, first)
        if slots > most and slots_within(planned, first):
            yield f"{crew.id} works {slots} slots in the 24 h from slot {first}, at most {most}"
            break
    slots = sum(end - first for first, end in planned)
    if crew.max_work_slots is not None and slots > crew.max_work_slots:
        yield f"{crew.id} works {slots} slots, at most {crew.max_work_slots} are left"


def day_starts(worked: Sequence[Span]) -> list[int]:
    """Where the 24 hours with most work can begin: with a span, ending with one, or just touching a planned one."""
    ends = {first for first, _ in worked} | {end - SLOTS_PER_DAY for _, end in worked}
    planned = [span for span in worked if span[1] > 0]
    touching = {first - SLOTS_PER_DAY + 1 for first, _ in planned} | {end - 1 for _, end in planned}
    return sorted(ends | touching)


def slots_within(worked: Sequence[Span], first: int) -> int:
    """Slots worked in the 24 hours from `first` on."""
    return sum(max(0, min(first + SLOTS_PER_DAY, end) - max(first, begin)) for begin, end in worked)


def constrain(model: Model) -> None:
    """Limits of each 24 hours and of the horizon, for every crew."""
    problem = model.board.tables.problem
    if problem.working_time is None:
        return
    for crew, worked in model.worked.items():
        for first in day_starts([(span.first, span.end) for span in worked]):
            _limit_day(model, worked, first, problem.working_time.max_work_slots_in_24_h)
        most = problem.crew[crew].max_work_slots
        planned = [(span.end - span.first, span.literal) for span in worked if span.literal is not None]
        if most is not None and planned:
            model.solver.add(sum(slots * literal for slots, literal in planned) <= most)


def _limit_day(model: Model, worked: Sequence[Worked], first: int, most: int) -> None:
    shares = [(slots_within([(span.first, span.end)], first), span.literal) for span in worked]
    done = sum(slots for slots, literal in shares if literal is None)
    planned = [(slots, literal) for slots, literal in shares if slots and literal is not None]
    if done > most:
        for _, literal in planned:
            model.solver.add(literal == 0)
    elif done + sum(slots for slots, _ in planned) > most:
        model.solver.add(sum(slots * literal for slots, literal in planned) <= most - done)


RULE = Rule("working_time", breaches, constrain=constrain)

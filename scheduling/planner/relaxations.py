"""What would have to give way where there is no plan: for each conflict, how far which rule, and what that costs.

Only rules that a planner can bend are looked at: deadlines, material dates, promises, the number of changes, workers. Machines,
changeovers and the order of work steps are facts, and rest and working time are law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from scheduling.planner.conflicts import Conflict
from scheduling.planner.exact import least_amount, with_extra_workers
from scheduling.planner.problem import Problem, Shift
from scheduling.planner.rules import RULES, without
from scheduling.planner.tables import Choice, Tables, tables_of

CHECK_S = 3.0
MOST_EXTRA_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One way out of a conflict.

    Attributes
    ----------
    rule
        The rule that gives way.
    amounts
        By job, or by skill for workers: slots later or earlier, 1 for a job that moves, worker slots.
    first, end
        When extra workers are needed; None for other rules.
    eur
        Extra cost; None where the problem does not say.
    """

    rule: str
    amounts: Mapping[str, int]
    first: int | None = None
    end: int | None = None
    eur: float | None = None


Amount = Callable[[Tables, int, Choice | None], int]
"""By how much a choice of a job goes beyond a rule."""


def relaxations_of(problem: Problem, conflicts: Sequence[Conflict]) -> tuple[Relaxation, ...]:
    """Ways out of all conflicts, the cheapest first; those without a price last."""
    found = [one for conflict in conflicts if conflict.jobs for one in _ways_out(problem, conflict)]
    return tuple(sorted(found, key=lambda one: (one.eur is None, one.eur or 0.0, sum(one.amounts.values()))))


def _ways_out(problem: Problem, conflict: Conflict) -> Iterator[Relaxation]:
    for rule, (amount, price) in BENDABLE.items():
        tables = tables_of(problem, without(rule))
        numbers = [tables.job_number[job] for job in conflict.jobs]
        chosen = least_amount(tables, numbers, partial(amount, tables), CHECK_S)
        if chosen is not None:
            amounts = {problem.jobs[job].id: amount(tables, job, choice) for job, choice in chosen.items()}
            yield Relaxation(rule, {job: most for job, most in amounts.items() if most}, eur=price(problem, amounts))
    yield from _more_workers(problem, conflict)


def _late(tables: Tables, job: int, choice: Choice | None) -> int:
    deadline = tables.problem.jobs[job].deadline
    return 0 if choice is None or deadline is None else max(0, choice.start + tables.ways[choice.way].slots - deadline)


def _early(tables: Tables, job: int, choice: Choice | None) -> int:
    return 0 if choice is None else max(0, tables.problem.jobs[job].earliest - choice.start)


def _elsewhere(tables: Tables, job: int, choice: Choice | None) -> int:
    locked, machines = tables.problem.jobs[job].locked, tables.problem.machines
    if locked is None or choice is None:
        return 0
    return int((machines[tables.ways[choice.way].machine].id, choice.start) != (locked.machine, locked.start))


def _moved(tables: Tables, job: int, choice: Choice | None) -> int:
    return int(tables.is_moved(job, choice))


def _tardiness_eur(problem: Problem, amounts: Mapping[str, int]) -> float:
    return sum(problem.job[job].tardiness_eur_per_slot * slots for job, slots in amounts.items())


def _changes_eur(problem: Problem, amounts: Mapping[str, int]) -> float:
    return problem.changes.eur_per_moved_job * sum(amounts.values())


def _unknown_eur(problem: Problem, amounts: Mapping[str, int]) -> None:
    return None


BENDABLE: Mapping[str, tuple[Amount, Callable[[Problem, Mapping[str, int]], float | None]]] = {
    "deadline": (_late, _tardiness_eur),
    "earliest": (_early, _unknown_eur),
    "locked": (_elsewhere, _unknown_eur),
    "moves": (_moved, _changes_eur),
}
"""Rule -> by how much a choice goes beyond it, and what that costs."""


def _more_workers(problem: Problem, conflict: Conflict) -> Iterator[Relaxation]:
    """The fewest slots of extra workers of one skill that the conflict needs."""
    ways = [way for job in conflict.jobs for way in problem.job[job].alternatives]
    for skill in sorted({skill for way in ways for skill in way.workers}):
        extra = [
            Shift.model_validate({"id": f"extra {number} {slot}", "skill": skill, "from": slot, "to": slot + 1, "workers": 1,
                                  "optional": True, "eur_per_worker_slot": _price(problem, skill)})
            for slot in range(problem.slot_count) for number in range(MOST_EXTRA_WORKERS)
        ]  # fmt: skip
        enlarged = _with_shifts(problem, extra)
        tables = tables_of(enlarged, RULES)
        opened = with_extra_workers(
            tables, [tables.job_number[job] for job in conflict.jobs], [shift.id for shift in extra], CHECK_S
        )
        slots = sorted(shift.first for shift in extra if opened and shift.id in opened)
        if slots:
            price = _price(problem, skill)
            yield Relaxation("crew", {skill: len(slots)}, slots[0], slots[-1] + 1, price * len(slots) if price else None)


def _with_shifts(problem: Problem, extra: Sequence[Shift]) -> Problem:
    fields = {name: getattr(problem, name) for name in Problem.model_fields}
    return Problem.model_construct(**{**fields, "shifts": (*problem.shifts, *extra)})


def _price(problem: Problem, skill: str) -> float:
    """What a worker of a skill costs a slot in the most expensive shift; 0 where no shift has a price."""
    shifts = [shift for shift in problem.shifts if shift.skill == skill]
    return max(
        [0.0, *(shift.eur_per_worker_slot or 0.0 for shift in shifts), *(p for shift in shifts for p in shift.crew_prices.values())]
    )

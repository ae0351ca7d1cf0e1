"""What a proposed plan changes, in groups that can be carried out by themselves.

Two changes that need each other (one takes the place that the other leaves, a job runs in a shift that is opened for it) are one group. Each
group by itself keeps every rule in the present plan, whether or not any other is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules import breaches
from scheduling.planner.rules.breach import Breach


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One job at another place, or one optional shift opened or dropped; of `job` and `shift` the other is empty."""

    job: str = ""
    machine: str = ""
    start: int = 0
    shift: str = ""
    opens: bool = False
    crew: str = ""


Group = tuple[Change, ...]


def changes_between(present: Plan, proposed: Plan, jobs: Iterable[str]) -> list[Change]:
    """What `proposed` has otherwise than `present`: of `jobs`, and of optional shifts."""
    moved = [job for job in sorted(jobs) if (place := proposed.decision(job)) is not None and place != present.decision(job)]
    opened = [
        Change(shift=key, opens=True, crew=proposed.crew_of_shift.get(key, ""))
        for key in sorted(proposed.open_shifts - present.open_shifts)
    ]
    dropped = [Change(shift=key) for key in sorted(present.open_shifts - proposed.open_shifts)]
    return [*(Change(job, proposed.places[job].machine, proposed.places[job].start) for job in moved), *opened, *dropped]


def applied(plan: Plan, changes: Iterable[Change]) -> Plan:
    """`plan` with some changes carried out."""
    places, opened, crews = dict(plan.places), set(plan.open_shifts), dict(plan.crew_of_shift)
    for change in changes:
        if change.job:
            places[change.job] = Place(change.machine, change.start)
        elif change.opens:
            opened.add(change.shift)
            if change.crew:
                crews[change.shift] = change.crew
        else:
            opened.discard(change.shift)
            crews.pop(change.shift, None)
    return Plan(places, plan.skipped, frozenset(opened), crews)


def groups_of(problem: Problem, present: Plan, changes: Sequence[Change]) -> list[Group]:
    """`changes` in the smallest groups that keep every rule by themselves; those that break one however they are grouped are left out."""
    groups: list[set[Change]] = []
    for change in changes:
        group = _closed(problem, present, {change}, changes)
        if group is None:
            continue
        shared = [other for other in groups if other & group]
        while shared:
            groups = [other for other in groups if other not in shared]
            closed = _closed(problem, present, group.union(*shared), changes)
            if closed is None:
                break
            group = closed
            shared = [other for other in groups if other & group]
        else:
            groups.append(group)
    return [tuple(sorted(group)) for group in groups]


def _closed(problem: Problem, present: Plan, group: set[Change], changes: Sequence[Change]) -> set[Change] | None:
    """The group with every further change that it needs; None where it breaks a rule with all of them."""
    group = set(group)
    while broken := breaks(problem, applied(present, group)):
        rest = [change for change in changes if change not in group]
        needed = {change for change in rest for breach in broken if _is_about(problem, breach, change)}
        if not rest:
            return None
        group |= needed or set(rest)
    return group


def breaks(problem: Problem, plan: Plan) -> list[Breach]:
    """The rules that `plan` breaks, the number of changes aside."""
    return [breach for breach in breaches(problem, plan) if breach.rule != "moves"]


def _is_about(problem: Problem, breach: Breach, change: Change) -> bool:
    """Whether a change may be what is missing where a rule is broken."""
    if change.job:
        return change.job in breach.jobs
    if breach.rule in ("crew", "rest", "working_time", "roster", "shift"):
        shift = problem.shift[change.shift]
        skills = {skill for job in breach.jobs for way in problem.job[job].alternatives for skill in way.workers}
        return not breach.jobs or bool(skills & shift.workers_by_skill.keys())
    return False

"""What the present plan may do although it breaks a rule: so that it is a plan that keeps all rules, which every better one is measured by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from scheduling.planner.problem import Problem
from scheduling.planner.rules.breach import Breach
from scheduling.planner.rules.crew import workers_present

STAFFING = "machines of "
"""What skills begin with that stand for a machine being staffed (`scheduling.live.staff.staffing`)."""
OF_MACHINES = ("machine", "setup", "horizon", "earliest", "deadline", "locked")
"""Rules that a job breaks by where it stands."""


@dataclass(frozen=True, slots=True)
class Excuses:
    """What of the present plan stays as it is although it breaks a rule."""

    standing: frozenset[str] = frozenset()
    """Jobs that stay where they are, on a machine of their own; the real one is not available then."""
    locked: frozenset[str] = frozenset()
    """Jobs that stay where they are, since people are short there."""
    set_up: frozenset[str] = frozenset()
    """Machines whose first changeover was made before."""
    links: frozenset[tuple[str, str]] = frozenset()
    """Predecessors and jobs that have begun without them."""
    short: tuple[tuple[str, int, int], ...] = ()
    """Skill, slot and number of workers who are there beyond the calendar."""

    def extra_shifts(self) -> list[dict[str, Any]]:
        """Given shifts of the workers who must be there, or the present plan could not be."""
        return [
            {"id": f"short {skill} {slot}", "skill": skill, "from": slot, "to": slot + 1, "workers": missing, "optional": False, "crews": ()}
            for skill, slot, missing in self.short
        ]  # fmt: skip

    def all_of(self, jobs: Iterable[str]) -> Excuses:
        """Everything stays as it is."""
        return replace(self, standing=frozenset(jobs))


def excused(excuses: Excuses, problem: Problem, broken: Iterable[Breach]) -> Excuses:
    """`excuses` with what the current plan of `problem` breaks by `broken`."""
    standing, locked, set_up, links = set(excuses.standing), set(excuses.locked), set(excuses.set_up), set(excuses.links)
    short: dict[tuple[str, int], int] = defaultdict(int)
    for breach in broken:
        if breach.rule == "setup" and len(breach.jobs) == 1:
            set_up.add(problem.current.places[breach.jobs[0]].machine)
        elif breach.rule in OF_MACHINES:
            standing |= set(breach.jobs)
        elif breach.rule == "precedence":
            links.add((breach.jobs[0], breach.jobs[1]))
        elif breach.rule == "crew":
            unstaffed = _unstaffed(problem, breach.jobs)
            standing |= unstaffed
            if not unstaffed:
                locked |= set(breach.jobs)
    if not standing - excuses.standing:
        for skill, slot, missing in _shortages(problem):
            short[skill, slot] += missing
    known = {(skill, slot): missing for skill, slot, missing in excuses.short}
    for key, missing in short.items():
        known[key] = known.get(key, 0) + missing
    return replace(
        excuses, standing=frozenset(standing), locked=frozenset(locked), set_up=frozenset(set_up), links=frozenset(links),
        short=tuple((skill, slot, missing) for (skill, slot), missing in sorted(known.items())),
    )  # fmt: skip


def _needs(problem: Problem) -> dict[tuple[str, int], int]:
    needed: dict[tuple[str, int], int] = defaultdict(int)
    for job, place in problem.current.places.items():
        for skill, workers in problem.job[job].on[place.machine].workers.items():
            for slot, count in enumerate(workers, start=place.start):
                needed[skill, slot] += count
    return needed


def _shortages(problem: Problem) -> list[tuple[str, int, int]]:
    """Skill, slot, and how many workers of it are short there in the current plan."""
    found = []
    for (skill, slot), count in sorted(_needs(problem).items()):
        missing = count - workers_present(problem, problem.current, skill, slot)
        if missing > 0 and not skill.startswith(STAFFING):
            found.append((skill, slot, missing))
    return found


def _unstaffed(problem: Problem, jobs: Iterable[str]) -> set[str]:
    """Of `jobs`, those that run where their machine is not staffed."""
    found = set()
    for job in jobs:
        place = problem.current.places[job]
        for skill, workers in problem.job[job].on[place.machine].workers.items():
            slots = [slot for slot, count in enumerate(workers, start=place.start) if count]
            if skill.startswith(STAFFING) and any(workers_present(problem, problem.current, skill, slot) == 0 for slot in slots):
                found.add(job)
    return found

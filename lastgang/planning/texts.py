"""A planner's answer as JSON, and in words where there is no plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.intervals import QUARTER
from scheduling.planner.answer import Answer
from scheduling.planner.conflicts import Conflict
from scheduling.planner.problem import Job, Problem
from scheduling.planner.relaxations import Relaxation
from words.speech import Words


def answer_as_json(problem: Problem, answer: Answer, language: str) -> dict[str, Any]:
    """The plan file."""
    plan, says = answer.plan, _Says(problem, language)
    placed = [{"id": job, "machine": place.machine, "start": place.start} for job, place in plan.places.items()]
    skipped = [{"id": job, "skipped": True} for job in sorted(plan.skipped)]
    found: dict[str, Any] = {
        "status": str(answer.status),
        "jobs": placed + skipped,
        "open_shifts": sorted(plan.open_shifts),
        "conflicts": [{"rule": one.rule, "jobs": list(one.jobs), "text": says.conflict(one)} for one in answer.conflicts],
    }
    if answer.conflicts:
        found["relaxations"] = [
            {"rule": one.rule, "amounts": dict(one.amounts), "eur": one.eur, "text": says.relaxation(one)}
            for one in answer.relaxations
        ]
    if problem.crews:
        found["crew_of_shift"] = dict(sorted(plan.crew_of_shift.items()))
    if answer.cost is not None:
        found |= answer.cost.as_json()
    return found


def summary(answer: Answer) -> str:
    """One line for the terminal."""
    if answer.cost is None:
        return f"no plan ({len(answer.conflicts)} conflicts, see their texts)"
    return f"{answer.status} plan of {answer.cost.total_eur:,.2f} EUR"


class _Says:
    """Sentences about a problem in one language, in the site's local time."""

    def __init__(self, problem: Problem, language: str) -> None:
        self._problem = problem
        self._words = Words(language, ZoneInfo(problem.slots.timezone))
        self._start_utc = datetime.fromisoformat(problem.slots.start_utc)

    def conflict(self, conflict: Conflict) -> str:
        """What stands in the way, and what each job needs."""
        if not conflict.jobs:
            reason = conflict.rule if conflict.rule in ("rest", "working_time") else "other"
            return self._words[f"planner.conflict.staffing_{reason}"]
        jobs = [self._problem.job[job] for job in conflict.jobs]
        skills = sorted({skill for job in jobs for one in job.alternatives for skill in one.workers})
        values = {"jobs": self._listed(conflict.jobs), "skills": self._listed(skills)}
        return " ".join([self._words.fill(f"planner.conflict.{conflict.rule}", **values), *(self._needs(job) for job in jobs)])

    def relaxation(self, relaxation: Relaxation) -> str:
        """What would have to give way, and what that costs."""
        changes = self._listed(list(self._changes(relaxation)))
        if relaxation.eur is None:
            return self._words.fill("planner.relax.way", changes=changes)
        return self._words.fill("planner.relax.priced", changes=changes, eur=self._words.number(relaxation.eur, 2))

    def _changes(self, relaxation: Relaxation) -> Iterator[str]:
        if relaxation.rule == "moves":
            count, most = sum(relaxation.amounts.values()), self._problem.changes.max_moved_jobs
            yield self._words.fill("planner.relax.moves", count=count, most=most)
            return
        for job, slots in relaxation.amounts.items():
            values = {"job": job, "minutes": 15 * slots, "hours": self._words.lasting(slots * QUARTER)}
            if relaxation.first is not None and relaxation.end is not None:
                values |= {"since": self._moment(relaxation.first), "until": self._moment(relaxation.end)}
            yield self._words.fill(f"planner.relax.{relaxation.rule}", **values)

    def _needs(self, job: Job) -> str:
        machines = self._listed([one.machine for one in job.alternatives])
        if job.locked is not None:
            return self._words.fill(
                "planner.job_locked", job=job.id, since=self._moment(job.locked.start), machines=job.locked.machine
            )
        shortest = min(one.duration_slots for one in job.alternatives)
        until = self._problem.slot_count if job.deadline is None else min(job.deadline, self._problem.slot_count)
        return self._words.fill(
            "planner.job", job=job.id, hours=self._words.lasting(shortest * QUARTER), machines=machines,
            since=self._moment(job.earliest), until=self._moment(until),
        )  # fmt: skip

    def _moment(self, slot: int) -> str:
        start_utc: datetime = self._start_utc + slot * QUARTER
        return self._words.moment(start_utc)

    def _listed(self, names: Sequence[str]) -> str:
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self._words['planner.and']} {names[-1]}"

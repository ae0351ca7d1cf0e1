"""The problem as arrays: every way to run every job, with the starts that the rules leave open and what each costs by itself.

A *way* is a job on one of its machines. A *choice* is a way and a start, or None for a job that is skipped. Jobs, machines, skills and
ways go by their place in the problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
import numpy.typing as npt

from scheduling.planner.cost import changes, energy, skipped, tardiness
from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import SLOT_H, Alternative, Job, Problem
from scheduling.planner.rules import Rules

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """A job on a way (by its place among the ways of all jobs) from a slot on."""

    way: int
    start: int


@dataclass(frozen=True, slots=True)
class Need:
    """Workers of a skill from a slot of a job on, for some slots."""

    skill: int
    first: int
    slots: int
    workers: int


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A job on one of its machines; arrays by start have a value for each start that ends within the horizon."""

    number: int
    job: int
    machine: int
    family: str
    slots: int
    power_kw: Floats
    needs: tuple[Need, ...]
    takes: Floats
    """What the job adds to the load and takes of the workers in each of its slots: a row a demand charge, one of the median load, one a skill."""
    open: Flags
    """Starts that break no rule, whatever the other jobs do."""
    cost_eur: Floats
    """Energy at the price of each slot, tardiness and change, by start."""


@dataclass(frozen=True, slots=True)
class Link:
    """A job that must run, and must have ended `gap_slots` before."""

    job: int
    gap_slots: int


@dataclass(frozen=True)
class Tables:
    """A problem as the search sees it, under some of the rules."""

    problem: Problem
    rules: Rules
    ways: tuple[Way, ...]
    of_job: tuple[tuple[int, ...], ...]
    """Ways of each job."""
    before: tuple[tuple[Link, ...], ...]
    after: tuple[tuple[Link, ...], ...]
    skills: tuple[str, ...]

    @cached_property
    def job_number(self) -> Mapping[str, int]:
        """Job id -> its place."""
        return {job.id: number for number, job in enumerate(self.problem.jobs)}

    @cached_property
    def freedom(self) -> tuple[int, ...]:
        """Starts of each job, on all its machines, that the rules leave open whatever the other jobs do."""
        return tuple(sum(int(self.ways[way].open.sum()) for way in ways) for ways in self.of_job)

    @cached_property
    def energy_kw_slots(self) -> tuple[float, ...]:
        """Energy of each job on the machine on which it needs most, as the sum of its power [kW] over its slots."""
        return tuple(max((float(self.ways[way].power_kw.sum()) for way in ways), default=0.0) for ways in self.of_job)

    @cached_property
    def least_eur(self) -> tuple[float, ...]:
        """The least that each job can add to the cost, whatever the other jobs do."""
        found = []
        for job, ways in enumerate(self.of_job):
            skip_eur = self.skip_eur[job]
            costs = [np.inf if skip_eur is None else skip_eur]
            for way in (self.ways[number] for number in ways):
                # At most all of its power would have been fed in.
                saved = np.convolve(self.export_eur_per_kw, way.power_kw[::-1], "valid")
                costs.append(float(np.min(way.cost_eur - saved[: len(way.cost_eur)], where=way.open, initial=np.inf)))
            found.append(min(costs))
        return tuple(found)

    @cached_property
    def setups(self) -> tuple[Mapping[tuple[str, str], int], ...]:
        """Changeovers of each machine; none where the rule is left out."""
        return tuple(machine.setup_slots if "setup" in self.rules else {} for machine in self.problem.machines)

    @cached_property
    def current(self) -> Mapping[int, Choice | None]:
        """Choice of each job in the current plan, in so far as it is one."""
        found: dict[int, Choice | None] = {}
        for number, job in enumerate(self.problem.jobs):
            if self.problem.current.knows(job.id):
                found[number] = self.choice(number, self.problem.current.decision(job.id))
        return found

    @cached_property
    def skip_eur(self) -> tuple[float | None, ...]:
        """What leaving each job out costs, with the change; None where it must run."""
        return tuple(
            None if job.skip_penalty_eur is None else skipped.penalty_eur(job) + changes.change_eur(self.problem, job, None)
            for job in self.problem.jobs
        )

    @cached_property
    def expected_kw(self) -> Floats:
        """Median load without jobs; below 0 it is fed in."""
        return energy.expected_kw(self.problem)

    @cached_property
    def export_eur_per_kw(self) -> Floats:
        """What a kW that is fed in, and not used, loses in each slot."""
        return np.asarray(energy.export_loss_eur_per_kwh(self.problem)) * SLOT_H

    def choice(self, job: int, place: Place | None) -> Choice | None:
        """`place` of a job as a choice."""
        if place is None:
            return None
        names = self.problem.machines
        way = next(way for way in self.of_job[job] if names[self.ways[way].machine].id == place.machine)
        return Choice(way, place.start)

    def is_moved(self, job: int, choice: Choice | None) -> bool:
        """Whether a choice differs from the current plan."""
        return job in self.current and self.current[job] != choice

    def plan(self, choices: Mapping[int, Choice | None], open_shifts: frozenset[str], crews: Mapping[str, str]) -> Plan:
        """The plan that choices make."""
        jobs, machines = self.problem.jobs, self.problem.machines
        places = {jobs[n].id: Place(machines[self.ways[at.way].machine].id, at.start) for n, at in sorted(choices.items()) if at}
        return Plan(places, frozenset(jobs[n].id for n, at in choices.items() if at is None), open_shifts, dict(crews))


def tables_of(problem: Problem, rules: Rules) -> Tables:
    """The arrays of a problem under `rules`."""
    skills = tuple(dict.fromkeys(skill for shift in problem.shifts for skill in (shift.skill, *shift.also)))
    machines = {machine.id: number for number, machine in enumerate(problem.machines)}
    ways: list[Way] = []
    of_job = []
    for number, job in enumerate(problem.jobs):
        first = len(ways)
        for alternative in job.alternatives:
            ways.append(_way(problem, rules, len(ways), number, job, alternative, machines, skills))
        of_job.append(tuple(range(first, len(ways))))
    before, after = _links(problem) if "precedence" in rules else ([()] * len(of_job), [()] * len(of_job))
    return Tables(problem, rules, tuple(ways), tuple(of_job), tuple(before), tuple(after), skills)


def _way(
    problem: Problem, rules: Rules, number: int, at: int, job: Job, alternative: Alternative, machines: Mapping[str, int], skills: Sequence[str]
) -> Way:  # fmt: skip
    count = max(0, problem.slot_count - alternative.duration_slots + 1)
    is_open = np.ones(count, bool)
    for rule in rules.values():
        if rule.closed_starts is not None:
            is_open &= ~rule.closed_starts(problem, job, alternative)[:count]
    needs = tuple(_needs(skills, alternative)) if "crew" in rules else ()
    takes = np.zeros((len(problem.demand_charges) + 1 + len(skills), alternative.duration_slots))
    takes[: len(problem.demand_charges) + 1] = alternative.power_kw
    for need in needs:
        takes[len(problem.demand_charges) + 1 + need.skill, need.first : need.first + need.slots] -= need.workers
    cost_eur = energy.by_start_eur(problem, alternative) + tardiness.by_start_eur(problem, job, alternative)
    cost_eur += changes.by_start_eur(problem, job, alternative)
    return Way(
        number, at, machines[alternative.machine], job.family, alternative.duration_slots, np.array(alternative.power_kw),
        needs, takes, is_open, cost_eur,
    )  # fmt: skip


def _needs(skills: Sequence[str], alternative: Alternative) -> Iterator[Need]:
    for skill, workers in alternative.workers.items():
        first = 0
        for count, slots in ((count, len(list(group))) for count, group in groupby(workers)):
            if count:
                yield Need(skills.index(skill), first, slots, count)
            first += slots


def _links(problem: Problem) -> tuple[list[tuple[Link, ...]], list[tuple[Link, ...]]]:
    numbers = {job.id: number for number, job in enumerate(problem.jobs)}
    before: list[list[Link]] = [[] for _ in numbers]
    after: list[list[Link]] = [[] for _ in numbers]
    for number, job in enumerate(problem.jobs):
        for link in job.predecessors:
            before[number].append(Link(numbers[link.job], link.min_gap_slots))
            after[numbers[link.job]].append(Link(number, link.min_gap_slots))
    return [tuple(links) for links in before], [tuple(links) for links in after]

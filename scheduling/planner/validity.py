"""What a planning problem must satisfy before anyone plans it: faults of the file, not of the factory.

A deadline that cannot be kept, or two jobs locked to one place, are no faults: such a problem is valid and has no plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import NamedTuple
from zoneinfo import available_timezones

from scheduling.planner.problem import Alternative, Crew, Job, Machine, PlacedJob, Problem, Series, Shift, Span


class Finding(NamedTuple):
    """A fault: field, what was found, what is expected."""

    field: str
    found: str
    expected: str


def problem_faults(problem: Problem) -> Iterator[Finding]:
    """Everything that is wrong with a problem whose form is right."""
    yield from _repeats(problem)
    yield from _slots(problem)
    yield from _series(problem)
    for machine in problem.machines:
        yield from _machine(machine, problem.slot_count)
    for shift in problem.shifts:
        yield from _shift(shift, problem)
    yield from _crews(problem)
    for charge in problem.demand_charges:
        yield from _spans(f"demand_charges[{charge.id}].windows", charge.windows or (), problem.slot_count)
    for job in problem.jobs:
        yield from _job(job, problem)
    yield from _cycle(problem)
    yield from _current_plan(problem)


def _listed_twice(field: str, names: Iterable[object]) -> Iterator[Finding]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Finding(field, f"{name!r} {count} times", "each of them once")


def _repeats(problem: Problem) -> Iterator[Finding]:
    for field in ("demand_charges", "machines", "shifts", "jobs", "crews"):
        yield from _listed_twice(field, (entry.id for entry in getattr(problem, field) or ()))
    yield from _listed_twice("current_plan.jobs", (job.id for job in problem.current_plan.jobs))
    yield from _listed_twice("current_plan.open_shifts", problem.current_plan.open_shifts)


def _slots(problem: Problem) -> Iterator[Finding]:
    text = problem.slots.start_utc
    try:
        start = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        start = None
    if start is None or start.utcoffset() or start.minute % 15 or start.second:
        yield Finding("slots.start_utc", repr(text), "a quarter hour of UTC, such as 2026-03-09T05:00:00Z")
    if problem.slots.timezone not in available_timezones():
        yield Finding("slots.timezone", repr(problem.slots.timezone), "a time zone such as Europe/Berlin")


def _series(problem: Problem) -> Iterator[Finding]:
    price, base, sun = problem.energy_price_eur_per_kwh, problem.base_load, problem.pv
    series = {"energy_price_eur_per_kwh": price, "base_load.q50_kw": base.q50_kw, "base_load.q90_kw": base.q90_kw}
    if sun is not None:
        series |= {"pv.q10_kw": sun.q10_kw, "pv.q50_kw": sun.q50_kw, "pv.feed_in_eur_per_kwh": sun.feed_in_eur_per_kwh}
    for field, values in series.items():
        if len(values) != problem.slot_count:
            yield Finding(field, f"{len(values)} values", f"{problem.slot_count}, one for each slot")
        if field.endswith("_kw") and min(values, default=0.0) < 0:
            yield Finding(field, f"{min(values)}", "powers of at least 0")
    yield from _in_order("base_load.q50_kw", base.q50_kw, "base_load.q90_kw", base.q90_kw)
    if sun is not None:
        yield from _in_order("pv.q10_kw", sun.q10_kw, "pv.q50_kw", sun.q50_kw)
        yield from _in_order("pv.feed_in_eur_per_kwh", sun.feed_in_eur_per_kwh, "energy_price_eur_per_kwh", price)


def _in_order(lower: str, lower_values: Series, upper: str, upper_values: Series) -> Iterator[Finding]:
    for slot, (low, high) in enumerate(zip(lower_values, upper_values, strict=False)):
        if low > high:
            yield Finding(f"{upper}[{slot}]", f"{high}, below {lower} {low}", f"at least {lower} in every slot")
            return


def _spans(field: str, spans: Iterable[Span], slot_count: int) -> Iterator[Finding]:
    for first, end in spans:
        if not 0 <= first < end <= slot_count:
            yield Finding(field, f"[{first}, {end}]", f"a span inside [0, {slot_count}]")


def _machine(machine: Machine, slot_count: int) -> Iterator[Finding]:
    field = f"machines[{machine.id}]"
    yield from _spans(f"{field}.unavailable", machine.unavailable, slot_count)
    yield from _listed_twice(f"{field}.setups", ((setup.before, setup.after) for setup in machine.setups))
    families = sorted({family for pair in machine.setup_slots for family in pair})
    for a, b, c in product(families, repeat=3):
        direct, by_way = machine.setup(a, c), machine.setup(a, b) + machine.setup(b, c)
        if direct > by_way:
            expected = f"no setup longer than one by way of a third family (by way of {b}: {by_way} slots)"
            yield Finding(f"{field}.setups", f"{direct} slots from {a} to {c}", expected)


def _shift(shift: Shift, problem: Problem) -> Iterator[Finding]:
    field = f"shifts[{shift.id}]"
    yield from _spans(field, [shift.span], problem.slot_count)
    if shift.eur_per_worker_slot is not None and not shift.optional:
        yield Finding(f"{field}.eur_per_worker_slot", f"{shift.eur_per_worker_slot}", "no price: a given shift is paid anyway")
    if shift.eur_per_worker_slot is not None and shift.crews:
        yield Finding(f"{field}.eur_per_worker_slot", f"{shift.eur_per_worker_slot}", "no price beside crews, which have their own")
    if shift.eur_per_worker_slot is None and shift.optional and not shift.crews:
        yield Finding(f"{field}.eur_per_worker_slot", "nothing", "the price of an optional shift")
    yield from _listed_twice(f"{field}.crews", (price.crew for price in shift.crews))
    for crew in shift.crew_prices.keys() - problem.crew.keys():
        yield Finding(f"{field}.crews", repr(crew), f"one of {sorted(problem.crew)}")


def _crews(problem: Problem) -> Iterator[Finding]:
    if bool(problem.crews) != (problem.working_time is not None):
        found = "crews without working_time" if problem.crews else "working_time without crews"
        yield Finding("crews", found, "both or neither")
    for crew in problem.crews or ():
        yield from _worked(crew)


def _worked(crew: Crew) -> Iterator[Finding]:
    for first, end in crew.worked:
        if not first < end <= 0:
            yield Finding(f"crews[{crew.id}].worked", f"[{first}, {end}]", "a span before the horizon, in slots below 0")


def _job(job: Job, problem: Problem) -> Iterator[Finding]:
    field = f"jobs[{job.id}]"
    if job.earliest >= problem.slot_count:
        yield Finding(f"{field}.earliest", f"{job.earliest}", f"a slot of the horizon, below {problem.slot_count}")
    if not job.alternatives:
        yield Finding(f"{field}.alternatives", "none", "at least one")
    yield from _listed_twice(f"{field}.alternatives", (alternative.machine for alternative in job.alternatives))
    for alternative in job.alternatives:
        yield from _alternative(f"{field}.alternatives[{alternative.machine}]", alternative, problem)
    for link in job.predecessors:
        if link.job not in problem.job:
            yield Finding(f"{field}.predecessors", repr(link.job), "a job of the problem")
    if job.locked is not None and job.locked.machine not in job.on:
        yield Finding(f"{field}.locked.machine", repr(job.locked.machine), f"one of its alternatives {sorted(job.on)}")
    if job.locked is not None and job.skip_penalty_eur is not None:
        yield Finding(f"{field}.skip_penalty_eur", f"{job.skip_penalty_eur}", "none: a locked job is never left out")


def _alternative(field: str, alternative: Alternative, problem: Problem) -> Iterator[Finding]:
    if alternative.machine not in problem.machine:
        yield Finding(f"{field}.machine", repr(alternative.machine), f"one of {sorted(problem.machine)}")
    if not alternative.phases:
        yield Finding(f"{field}.phases", "none", "at least one")
    skills = {skill for shift in problem.shifts for skill in shift.workers_by_skill}
    for skill in sorted(alternative.workers.keys() - skills):
        yield Finding(f"{field}.phases", f"workers of skill {skill!r}", f"a skill that a shift has: {sorted(skills)}")


def _cycle(problem: Problem) -> Iterator[Finding]:
    graph = {job.id: [link.job for link in job.predecessors if link.job in problem.job] for job in problem.jobs}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield Finding("jobs.predecessors", f"the cycle {' -> '.join(reversed(error.args[1]))}", "no job before itself")


def _current_plan(problem: Problem) -> Iterator[Finding]:
    plan = problem.current_plan
    optional = {shift.id for shift in problem.shifts if shift.optional}
    for shift in plan.open_shifts:
        if shift not in optional:
            yield Finding("current_plan.open_shifts", repr(shift), f"an optional shift: {sorted(optional)}")
    for shift, crew in plan.crew_of_shift.items():
        if shift not in problem.shift or crew not in problem.shift[shift].crew_prices:
            yield Finding(f"current_plan.crew_of_shift.{shift}", repr(crew), "a shift of the problem, and one of its crews")
    for placed in plan.jobs:
        yield from _placed(placed, problem)


def _placed(placed: PlacedJob, problem: Problem) -> Iterator[Finding]:
    field = f"current_plan.jobs[{placed.id}]"
    is_placed = placed.machine is not None and placed.start is not None
    if is_placed == placed.skipped or (placed.machine is None) != (placed.start is None):
        yield Finding(field, repr(placed.model_dump(exclude_none=True)), "machine and start, or skipped")
    if placed.id not in problem.job:
        yield Finding(field, "an unknown job", "a job of the problem")
    elif placed.machine is not None and placed.machine not in problem.job[placed.id].on:
        yield Finding(f"{field}.machine", repr(placed.machine), f"one of its alternatives {sorted(problem.job[placed.id].on)}")

"""The planning problem of a plant: from what is known at one moment to a `Problem`, and back to the jobs and shifts that it is about.

Ids need no memory: jobs and machines keep theirs, a shift is ``<shift>@<day>``, and with several crews ``<shift>@<day>@<crew>``.

The present plan always keeps the rules of its problem. Where it breaks one (a job outside its shifts, two jobs at once on a machine, too few
people) the plant knows something that its files do not say: what breaks it stays where it is, on nobody's account, and no other job
gains by it (`Excuses`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol

import numpy as np

from domain.instants import NEVER_UTC
from domain.orders import Order, OrderStatus
from domain.plant import Machine
from domain.recommendations import Places, Recommendation
from quarters.numbers import slot_of
from scheduling.live.charging import stays_of
from scheduling.live.excuses import Excuses, excused
from scheduling.live.horizon import Horizon, Slots, gaps, slots_of
from scheduling.live.known import Known, SlotPrices
from scheduling.live.pieces import Piece, is_planned, pieces_of
from scheduling.live.staff import NOBODY, PlannedShift, Staff, key_in, staffing
from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import FORMAT, SLOTS_PER_DAY, Problem
from scheduling.planner.rules import breaches

MOST_ROUNDS = 200
"""Each round excuses something more of the present plan."""


class Nothing(StrEnum):
    """Why there is nothing to plan."""

    NO_HORIZON = "no_horizon"
    """The forecast ends before anything can still change."""
    NO_PRICE = "no_price"
    """No tariff says what load costs."""
    NOTHING_MOVES = "nothing_moves"
    """No job may be moved, and no shift opened or dropped."""


@dataclass(frozen=True)
class Stated:
    """A planning problem, and what its ids stand for."""

    problem: Problem
    horizon: Horizon
    pieces: Mapping[str, Piece]
    shifts: Mapping[str, PlannedShift]
    present: Plan
    """The plan as it is, with accepted advice; the problem's current plan has open advice in it too."""
    excuses: Excuses
    has_workers: bool
    """Whether the people of shifts are known, so that the planner counts them."""
    has_crews: bool
    """Whether crews are known, so that it keeps rest and working time."""

    @cached_property
    def unknown_power(self) -> tuple[str, ...]:
        """Jobs that could be moved if their power were known."""
        return tuple(job for job, piece in self.pieces.items() if piece.powers_kw is None and piece.order.movable)

    def is_free(self, job: str) -> bool:
        """Whether `job` may be moved."""
        return job in self.problem.job and self.problem.job[job].locked is None


def problem_of(known: Known, horizon: Horizon, prices: SlotPrices, to_decide: bool = True) -> Stated | Nothing:
    """The problem of a plant, with the present plan as its current one; or why there is nothing to plan.

    Parameters
    ----------
    horizon
        Of `known`.
    prices
        For its slots.
    to_decide
        As for the horizon: whether people still have to decide.
    """
    draft = _Draft(known, prices, horizon, known.shifts_from_utc(to_decide))
    moves = any(piece.is_free for piece in draft.pieces.values()) or any(shift.is_optional for shift in draft.shifts)
    if not moves and not draft.stays:
        return Nothing.NOTHING_MOVES
    excuses = Excuses()
    for _ in range(MOST_ROUNDS):
        problem = draft.problem(excuses)
        broken = breaches(problem, problem.current)
        if not broken:
            break
        excuses = excused(excuses, problem, broken)
    else:
        excuses = excuses.all_of(draft.pieces)
        problem = draft.problem(excuses)
    present = problem.current
    advised = _advised(problem, horizon, present, known.open)
    if advised != present:
        problem = problem.model_copy(update={"current_plan": current_plan(problem, advised)})
        problem.__dict__.pop("current", None)
    shifts = {shift.id: shift for shift in draft.shifts}
    has_crews = bool(problem.crews)
    return Stated(problem, horizon, draft.pieces, shifts, present, excuses, draft.staff.has_workers, has_crews)


def _advised(problem: Problem, horizon: Horizon, present: Plan, advice: Iterable[Recommendation]) -> Plan:
    """The present plan with open advice carried out, as far as that keeps the rules."""
    plan = present
    for one in advice:
        tried = with_advice(problem, horizon, plan, one)
        if tried is not None and not breaches(problem, tried):
            plan = tried
    return plan


class Changing(Protocol):
    """What changes a plan: a recommendation, or the draft of one."""

    @property
    def before(self) -> Places:
        """The part that is changed, as it is."""
        ...

    @property
    def after(self) -> Places:
        """As it would be."""
        ...


def with_advice(problem: Problem, horizon: Horizon, plan: Plan, advice: Changing) -> Plan | None:
    """`plan` as it is once `advice` is carried out; None where the problem does not know what it is about."""
    places = dict(plan.places)
    for place in advice.after.jobs:
        slot = horizon.slot(place.start_utc)
        if place.job not in problem.job or place.machine not in problem.job[place.job].on or slot < 0:
            return None
        places[place.job] = Place(place.machine, slot)
    opened, crews = set(plan.open_shifts), dict(plan.crew_of_shift)
    for key, _ in _shifts_of(advice.before, problem):
        opened.discard(key)
        crews.pop(key, None)
    for key, crew in _shifts_of(advice.after, problem):
        if key not in problem.shift or not problem.shift[key].optional:
            return None
        opened.add(key)
        if crew:
            crews[key] = crew
    return Plan(places, plan.skipped, frozenset(opened), crews)


def _shifts_of(places: Places, problem: Problem) -> Iterator[tuple[str, str]]:
    return ((key_in(shift, problem.shift), shift.crew) for shift in places.shifts)


def current_plan(problem: Problem, plan: Plan) -> Any:
    """`plan` in the form of a problem's current plan."""
    placed = [{"id": job, "machine": place.machine, "start": place.start} for job, place in sorted(plan.places.items())]
    return type(problem.current_plan).model_validate(
        {"jobs": placed, "open_shifts": tuple(sorted(plan.open_shifts)), "crew_of_shift": dict(sorted(plan.crew_of_shift.items()))}
    )


class _Draft:
    """What a problem is made of; only what it excuses differs from round to round."""

    def __init__(self, known: Known, prices: SlotPrices, horizon: Horizon, shifts_from_utc: datetime) -> None:
        self._known, self._prices, self._horizon = known, prices, horizon
        self.staff = Staff(known.plant, horizon, shifts_from_utc)
        kept = known.held
        pieces = pieces_of(known.orders, known.accepted, horizon)
        self.pieces = {one.job: replace(one, is_free=False) if one.job in kept else one for one in pieces}
        self.shifts = tuple(
            one if one.instance.shift not in kept or not one.is_optional else _settled(one)
            for one in self.staff.shifts
            if not one.is_optional or one.is_open or one.instance.shift not in kept
        )
        self._staffed = {machine.id: staffing(machine) for machine in self.staff.in_optional_shifts}
        self._skills = self._known_skills()
        self.stays = stays_of(known.plant, horizon)

    def _known_skills(self) -> frozenset[str]:
        """Skills that can be counted: the people of all given shifts are known, and a shift has the skill."""
        if not self.staff.has_workers:
            return frozenset()
        return frozenset(skill for shift in self.shifts for skill in shift.workers)

    def problem(self, excuses: Excuses) -> Problem:
        plant = self._known.plant
        settings, crews = plant.planning, self.staff.crews()
        base_kw, high_kw = self._base()
        shifts = [*(self._shift(one) for one in self.shifts), *excuses.extra_shifts()]
        crews = crews if any(shift["crews"] for shift in shifts) else []
        rules = plant.working_time
        return Problem.model_validate(
            {
                "format": FORMAT, "site": plant.site.id,
                "slots": {
                    "start_utc": f"{self._horizon.start_utc:%Y-%m-%dT%H:%M:%SZ}", "minutes": 15, "count": self._horizon.count,
                    "timezone": plant.site.timezone,
                },
                "energy_price_eur_per_kwh": self._prices.energy_eur_per_kwh,
                "base_load": {"q50_kw": tuple(base_kw.tolist()), "q90_kw": tuple(high_kw.tolist())},
                "demand_charges": self._prices.charges,
                "machines": tuple(self._machines(excuses)), "shifts": tuple(shifts),
                "crews": tuple(crews) or None,
                "working_time": {
                    "min_rest_slots": slots_of(60 * rules.rest_hours),
                    "max_work_slots_in_24_h": min(int(4 * rules.most_hours_per_day), SLOTS_PER_DAY),
                } if crews else None,
                "jobs": tuple(self._job(piece, excuses) for piece in self.pieces.values()),
                "current_plan": {
                    "jobs": tuple(
                        {"id": job, "machine": self._machine(piece, excuses), "start": piece.first} for job, piece in self.pieces.items()
                    ),
                    "open_shifts": tuple(one.id for one in self.shifts if one.is_optional and one.is_open),
                    "crew_of_shift": self._rosters(),
                },
                "changes": {"eur_per_moved_job": settings.eur_per_moved_job, "max_moved_jobs": settings.most_moved_jobs},
                "charging": self.stays or None,
            }
        )  # fmt: skip

    def _base(self) -> tuple[Any, Any]:
        """The load that no job of the problem draws: its median, and its 90 % quantile [kW]."""
        outlook, horizon, forecast = self._known.outlook, self._horizon, self._known.forecast
        median = outlook.median_kw.copy()
        for piece in self.pieces.values():
            if piece.powers_kw is not None:
                order = self._known.orders[piece.job]
                median -= outlook.profile(order, slot_of(order.start_utc)) if is_planned(order) else 0.0
        first = horizon.first_slot - outlook.first_slot
        median = np.maximum(median[first : first + horizon.count], 0.0)
        place = horizon.first_slot - slot_of(forecast.first_start_utc)
        spread = (np.array(forecast.q90_kw) - np.array(forecast.q50_kw))[place : place + horizon.count]
        return median, median + np.maximum(spread, 0.0)

    # Machines.

    def _machine(self, piece: Piece, excuses: Excuses) -> str:
        """The machine of a piece where it is planned; one of its own for what breaks a rule of the real one."""
        return standing_on(piece.job) if piece.job in excuses.standing else piece.machine

    def _machines(self, excuses: Excuses) -> Iterator[dict[str, Any]]:
        plant = {machine.id: machine for machine in self._known.plant.machines}
        named = dict.fromkeys([*plant, *(piece.machine for piece in self.pieces.values())])
        for name in named:
            yield {
                "id": name, "setups": self._setups(name), "unavailable": tuple(self._closed(name, plant.get(name), excuses)),
                "initial_family": None if name in excuses.set_up else self._set_up_for(name),
            }  # fmt: skip
        for job in sorted(excuses.standing):
            yield {"id": standing_on(job)}

    def _setups(self, machine: str) -> tuple[dict[str, Any], ...]:
        mine = (one for one in self._known.plant.changeovers if one.machine == machine)
        return tuple({"from": one.from_, "to": one.to, "slots": slots_of(one.minutes)} for one in mine)

    def _set_up_for(self, machine: str) -> str | None:
        """The family of the last job that began on `machine` before the horizon; None where none is known."""
        before = [
            order for order in self._known.orders.values()
            if order.machine == machine and order.status is not OrderStatus.CANCELLED and order.start_utc < self._horizon.start_utc
        ]  # fmt: skip
        last = max(before, key=lambda order: (order.start_utc, order.job), default=None)
        return None if last is None else family_of(last)

    def _closed(self, name: str, machine: Machine | None, excuses: Excuses) -> list[Slots]:
        """When a machine cannot be used: not staffed, shut down, taken by what stays there by exception or is still to leave."""
        count = self._horizon.count
        spans = [(0, count)] if machine is None else self.staff.open_slots(machine)
        closed = gaps(spans, count)
        for piece in self.pieces.values():
            if piece.job in excuses.standing and piece.machine == name:
                closed.append((piece.first, piece.end))
            if piece.left is not None and piece.left.machine == name:
                closed.append(self._horizon.touched((piece.left.start_utc, piece.left.end_utc)))
        closed = [span for span in closed if span[0] < span[1]]
        return gaps(gaps(closed, count), count)

    # Shifts.

    def _shift(self, shift: PlannedShift) -> dict[str, Any]:
        horizon, span = self._horizon, (shift.instance.start_utc, shift.instance.end_utc)
        first, end = horizon.whole(span)
        needed = {skill: count for skill, count in shift.workers.items() if skill in self._skills or shift.is_optional}
        needed |= self.staff.staffed_by(shift)
        skill, workers = next(((skill, count) for skill, count in sorted(needed.items()) if count), (NOBODY, 0))
        also = {other: count for other, count in sorted(needed.items()) if other != skill}
        if first >= end:  # shorter than a quarter hour, or outside
            first, end, workers, also = 0, 1, 0, {}
        paid = max(workers * (end - first), 1)
        crews = tuple(
            {"crew": crew, "eur_per_worker_slot": (eur + shift.effort_eur) / paid} for crew, eur in sorted(shift.crews_eur.items())
        )
        price = shift.optional_eur / paid if shift.optional_eur is not None and not crews else None
        return {
            "id": shift.id, "skill": skill, "from": first, "to": end, "workers": workers, "also": also, "optional": shift.is_optional,
            "crews": crews, "eur_per_worker_slot": price,
        }  # fmt: skip

    def _rosters(self) -> dict[str, str]:
        """Who works each shift that is worked as planned now."""
        worked = (one for one in self.shifts if one.is_open and one.crews_eur)
        return {one.id: min(one.crews_eur, key=lambda crew: (one.crews_eur[crew], crew)) for one in worked}

    # Jobs.

    def _job(self, piece: Piece, excuses: Excuses) -> dict[str, Any]:
        order, horizon, settings = piece.order, self._horizon, self._known.plant.planning
        is_free = piece.is_free and piece.job not in excuses.locked | excuses.standing
        machine = self._machine(piece, excuses)
        ways = [self._way(piece, machine, piece.machine, piece.powers_kw or (0.0,) * piece.slots)]
        if is_free:
            ways += [self._way(piece, one.machine, one.machine, one.profile_kw) for one in self._others(order)]
        late = settings.tardiness_eur_per_hour
        due = min(horizon.slot(order.due_utc), horizon.count)
        hard = min(horizon.slot(order.deadline_utc), due if late is None else horizon.count, self._before_later_jobs(piece))
        return {
            "id": piece.job, "order": order.order or piece.job, "family": family_of(order), "alternatives": tuple(ways),
            "earliest": min(max(self._ready(piece), 0), piece.first), "due": max(due, 0), "tardiness_eur_per_slot": (late or 0.0) / 4 if is_free else 0.0,
            "deadline": max(hard, piece.end) if hard < horizon.count else None,
            "predecessors": tuple(self._links(piece, excuses)),
            "locked": None if is_free else {"machine": machine, "start": piece.first},
        }  # fmt: skip

    def _way(self, piece: Piece, name: str, machine: str, powers_kw: Iterable[float]) -> dict[str, Any]:
        crew = {one.skill: one.workers for one in piece.order.workers if one.workers and one.skill in self._skills}
        if machine in self._staffed and name == machine:
            crew[self._staffed[machine]] = 1
        return {
            "machine": name,
            "phases": tuple({"slots": len(list(run)), "power_kw": power, "crew": crew} for power, run in groupby(powers_kw)),
        }  # fmt: skip

    def _others(self, order: Order) -> list[Any]:
        """Other machines that can do it, as far as its power there is known."""
        machines = {machine.id for machine in self._known.plant.machines}
        ways = {one.machine: one for one in order.other_machines if one.machine in machines and one.machine != order.machine}
        return [one for one in ways.values() if one.profile_kw and min(one.profile_kw) >= 0 and one.quarters <= self._horizon.count]

    def _ready(self, piece: Piece) -> int:
        """Its first slot by its material and by jobs that are not in the problem."""
        ready = self._horizon.slot_from(min(piece.order.earliest_utc, NEVER_UTC - timedelta(days=1)))
        for link in piece.order.predecessors:
            other = self._known.orders.get(link.job)
            if other is not None and link.job not in self.pieces and other.status is not OrderStatus.CANCELLED:
                ready = max(ready, self._horizon.slot_from(min(other.end_utc, self._horizon.end_utc)) + slots_of(link.gap_min))
        return ready

    def _before_later_jobs(self, piece: Piece) -> int:
        """The slot by which it must have ended for jobs that begin after the horizon."""
        limits = [
            self._horizon.slot(order.start_utc) - slots_of(link.gap_min)
            for order in self._known.orders.values() if order.job not in self.pieces and not order.status.is_over
            for link in order.predecessors if link.job == piece.job
        ]  # fmt: skip
        return min(limits, default=self._horizon.count)

    def _links(self, piece: Piece, excuses: Excuses) -> Iterator[dict[str, Any]]:
        for link in piece.order.predecessors:
            if link.job in self.pieces and (link.job, piece.job) not in excuses.links:
                yield {"job": link.job, "min_gap_slots": slots_of(link.gap_min)}


def family_of(order: Order) -> str:
    """What its machine must be set up for."""
    return order.family or order.product


def standing_on(job: str) -> str:
    """The machine of its own of a job that stays where it is by exception."""
    return f"as planned: {job}"


def _settled(shift: PlannedShift) -> PlannedShift:
    """An open optional shift that somebody declined to drop: it is worked, whatever it costs."""
    crew = min(shift.crews_eur, key=lambda one: (shift.crews_eur[one], one), default=None)
    return replace(shift, is_optional=False, optional_eur=None, crews_eur={} if crew is None else {crew: 0.0})

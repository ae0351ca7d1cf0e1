"""From a planner's plan to recommendations: every change checked again against what is known by then.

The plan was made for a problem of some minutes ago. What it does with a job that has begun since, that somebody has locked, or whose place
is taken, falls away; the rest goes on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from domain.orders import Order
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import slot_of
from scheduling.live.difference import Change, Group, applied, breaks, changes_between, groups_of
from scheduling.live.problem import Stated, with_advice
from scheduling.live.staff import key_in
from scheduling.live.writing import Draft, drafted, name_of, write
from scheduling.pen import Pen
from scheduling.planner.cost.total import cost_of
from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import Problem
from scheduling.problem import Load, Outlook, load_change
from scheduling.state import Notes


@dataclass(frozen=True)
class Context:
    """What is known when a plan comes back."""

    stated: Stated
    """The problem as it would be stated now."""
    notes: Notes
    """Of the advice; recommendations that begin and end are written down in it."""
    orders: Mapping[str, Order]
    """Newest revision of each job, with learned powers."""
    pen: Pen
    outlook: Outlook
    """The expected load with accepted advice carried out."""
    planner: str
    """Its name and version."""
    most: int
    """How many recommendations may be open."""


def plan_of(body: str) -> Plan | None:
    """The plan in the answer that `lastgang plan --out` writes; None where there is none."""
    answer = json.loads(body)
    if answer.get("status") not in ("optimal", "feasible"):
        return None
    placed = {job["id"]: Place(job["machine"], job["start"]) for job in answer["jobs"] if not job.get("skipped")}
    return Plan(placed, frozenset(), frozenset(answer["open_shifts"]), dict(answer.get("crew_of_shift", {})))


def recommendations_of(first_start_utc: datetime, plan: Plan, context: Context) -> list[Recommendation]:
    """What is advised by `plan`, whose slot 0 begins at `first_start_utc`: withdrawn advice that it replaces, then new advice.

    Advice that is open stays unless the plan has one of its jobs elsewhere, and what replaces it is worth its change. Jobs that wait for their
    advised move to be carried out stay out of it.
    """
    stated, notes = context.stated, context.notes
    problem = stated.problem
    proposed = _as_of_now(plan, first_start_utc, stated)
    kept, touched = _open_advice(stated, notes, proposed)
    base = stated.present
    for advice in kept:
        base = with_advice(problem, stated.horizon, base, advice) or base
    free = [job for job in problem.job if stated.is_free(job) and not any(advice.changes(job) for advice in kept)]
    changes = [change for change in changes_between(base, proposed, free) if not change.shift or _may_change(stated, change, kept)]
    groups = [
        group
        for group in groups_of(problem, base, changes)
        if not breaks(problem, applied(stated.present, group)) and not _breaks_with_any(stated, kept, group)
    ]
    drafts = _in_turn(context, base, groups, kept, len(kept))
    count = len(notes.with_status(RecommendationStatus.OPEN))
    while True:
        replaced = [advice for advice in touched if _is_replaced(stated, advice, drafts)]
        room = max(context.most - (count - len(replaced)), 0)
        if len(drafts) <= room:
            break
        drafts = drafts[:room]
    issued = [notes.end(advice, RecommendationStatus.WITHDRAWN, context.pen.rules.now_utc) for advice in replaced]
    later_kw = np.zeros(len(context.outlook.median_kw)) + sum(draft.change_kw for draft in drafts)
    for draft in drafts:
        later_kw = later_kw - draft.change_kw
        issued.append(_written(draft, context, later_kw))
    return issued


def _is_replaced(stated: Stated, advice: Recommendation, drafts: list[Draft]) -> bool:
    """Whether a draft moves one of its jobs, changes its shift, or breaks a rule beside it."""
    shifts = {place.shift for draft in drafts for place in (*draft.before.shifts, *draft.after.shifts)}
    if any(advice.changes(place.job) for draft in drafts for place in draft.before.jobs):
        return True
    if advice.shift is not None and advice.shift.shift in shifts:
        return True
    plan = with_advice(stated.problem, stated.horizon, stated.present, advice)
    both = [] if plan is None else [with_advice(stated.problem, stated.horizon, plan, draft) for draft in drafts]
    return any(then is not None and breaks(stated.problem, then) for then in both)


def _written(draft: Draft, context: Context, later_kw: Load) -> Recommendation:
    notes, now_utc = context.notes, context.pen.rules.now_utc
    name = name_of(draft, notes.decided)
    known = notes.recommendations.get(name)
    issued_utc = known.issued_utc if known is not None and known.status is RecommendationStatus.OPEN else now_utc
    revision = 1 if known is None else known.revision + 1
    found = write(draft, context.stated, context.orders, context.pen, context.planner, name, issued_utc, revision, later_kw)
    notes.recommendations[name] = found
    return found


def _as_of_now(plan: Plan, first_start_utc: datetime, stated: Stated) -> Plan:
    """`plan` in the slots of the present problem: what it says of jobs and shifts that may still change; all else as it is."""
    problem, later = stated.problem, slot_of(first_start_utc) - stated.horizon.first_slot
    places = dict(stated.present.places)
    for job, place in plan.places.items():
        start = place.start + later
        if stated.is_free(job) and place.machine in problem.job[job].on and start >= 0:
            places[job] = Place(place.machine, start)
    optional = {shift.id for shift in problem.shifts if shift.optional}
    # A shift that the plan did not know of yet stays as it is.
    opened = frozenset((plan.open_shifts & optional) | (stated.present.open_shifts - plan_shifts(plan, stated)))
    opened = _one_time_each(opened, stated)
    crews = {**stated.present.crew_of_shift, **{key: crew for key, crew in plan.crew_of_shift.items() if key in opened}}
    crews = {key: crew for key, crew in crews.items() if key not in optional or key in opened}
    return Plan(places, stated.present.skipped, opened, crews)


def _one_time_each(opened: frozenset[str], stated: Stated) -> frozenset[str]:
    """Shifts that may be moved are worked once: at their usual time where the plan has them at no time, or at several."""
    times: defaultdict[str, set[str]] = defaultdict(set)
    for key, shift in stated.shifts.items():
        if shift.usual and shift.is_optional:
            times[shift.usual].add(key)
    for usual, keys in times.items():
        if len(keys & opened) != 1:
            opened = (opened - keys) | {usual}
    return opened


def plan_shifts(plan: Plan, stated: Stated) -> frozenset[str]:
    """Optional shifts that the plan decides on: all that began after the problem was made."""
    return frozenset(shift.id for shift in stated.problem.shifts if shift.optional)


def _open_advice(stated: Stated, notes: Notes, proposed: Plan) -> tuple[list[Recommendation], list[Recommendation]]:
    """Open advice that the plan agrees with, and that it would replace."""
    kept: list[Recommendation] = []
    touched: list[Recommendation] = []
    for advice in notes.with_status(RecommendationStatus.OPEN):
        then = with_advice(stated.problem, stated.horizon, stated.present, advice)
        agrees = then is None or all(
            not stated.is_free(place.job) or proposed.decision(place.job) == then.decision(place.job) for place in advice.after.jobs
        )
        agrees = agrees and (
            then is None or advice.shift is None or _has_shift(stated, advice, proposed) == _has_shift(stated, advice, then)
        )
        (kept if agrees else touched).append(advice)
    return kept, touched


def _has_shift(stated: Stated, advice: Recommendation, plan: Plan) -> bool:
    assert advice.shift is not None
    return key_in(advice.shift, stated.shifts) in plan.open_shifts


def _may_change(stated: Stated, change: Change, kept: Iterable[Recommendation]) -> bool:
    """Whether no open advice is about the shift of a change, at any of its times."""
    shift = stated.shifts[change.shift].instance
    subjects = {(advice.shift.shift, advice.shift.day_local) for advice in kept if advice.shift is not None}
    return (shift.shift, shift.day_local.isoformat()) not in subjects


def _breaks_with_any(stated: Stated, kept: Iterable[Recommendation], group: Group) -> bool:
    """Whether a group breaks a rule beside any open recommendation by itself: each may be accepted, or not."""
    for advice in kept:
        plan = with_advice(stated.problem, stated.horizon, stated.present, advice)
        if plan is not None and breaks(stated.problem, applied(plan, group)):
            return True
    return False


def _in_turn(context: Context, base: Plan, groups: list[Group], kept: list[Recommendation], busy: int) -> list[Draft]:
    """The groups that are worth their change, the best first, each in the load that those before it leave."""
    stated, outlook = context.stated, context.outlook
    for advice in kept:
        outlook = outlook.plus(_advised_change(context, advice, outlook))
    drafts: list[Draft] = []
    chosen: list[Group] = []
    left = list(groups)
    while left and busy + len(drafts) < context.most:
        best = min(left, key=lambda group: (_cost_with(stated.problem, base, group), group))
        if _gain(stated.problem, base, best) <= 0:
            best = tuple(sorted(change for group in left for change in group))
        left = [group for group in left if not set(group) <= set(best)]
        if not _fits_beside(stated, chosen, best):
            continue
        draft = drafted(best, stated, context.orders, context.pen, outlook)
        if draft is None or not is_worth_it(draft, best, stated):
            continue
        drafts.append(draft)
        chosen.append(best)
        base, outlook = applied(base, best), outlook.plus(draft.change_kw)
    return drafts


def _fits_beside(stated: Stated, chosen: Iterable[Group], group: Group) -> bool:
    """Whether a group keeps the rules alone, with each other one, and with all: any of them may be accepted or not."""
    others = [*((one,) for one in chosen), tuple(chosen), ()]
    return not any(
        breaks(stated.problem, applied(stated.present, [*(c for one in beside for c in one), *group])) for beside in others
    )


def _advised_change(context: Context, advice: Recommendation, outlook: Outlook) -> Load:
    known = [move for move in advice.moves() if move[0].job in context.orders]
    return load_change(known, context.orders, outlook)


def _cost_with(problem: Problem, base: Plan, group: Group) -> float:
    return cost_of(problem, applied(base, group)).total_eur


def _gain(problem: Problem, base: Plan, group: Group) -> float:
    return cost_of(problem, base).total_eur - _cost_with(problem, base, group)


def is_worth_it(draft: Draft, group: Group, stated: Stated) -> bool:
    """Whether it saves what moving its jobs and its shift costs the plant."""
    work_eur = stated.problem.changes.eur_per_moved_job * sum(bool(change.job) for change in group)
    work_eur += sum(stated.shifts[change.shift].effort_eur for change in group if change.opens)
    return draft.saving_eur is not None and round(draft.saving_eur, 2) > 0 and draft.saving_eur >= work_eur

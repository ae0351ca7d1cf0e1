"""A group of changes as the recommendation that people read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from domain.facts import MOST_FACTS, Fact, fact
from domain.forecasts import Forecast
from domain.instants import instant_text
from domain.orders import Order, Workers
from domain.plant import Plant
from domain.recommendations import (
    CHANGES_WORKING_TIME,
    Action,
    Driver,
    JobPlace,
    Places,
    Recommendation,
    RecommendationStatus,
    ShiftPlace,
    Versions,
)
from quarters.numbers import slot_of, slot_start
from scheduling.explain import (
    WORKS_COUNCIL,
    headline,
    keeps,
    lines_of,
    not_checked,
    nothing,
    plan_checked,
    surcharge,
)
from scheduling.live.difference import Group
from scheduling.live.horizon import Horizon
from scheduling.live.problem import Stated
from scheduling.live.staff import key_in
from scheduling.pen import Pen, free_name, short
from scheduling.problem import Load, Outlook, load_change
from scheduling.solve import peak_of
from scheduling.worth import Saving, cents

FOLLOWING = "condition.following_jobs"
"""Not checked of a single move; the planner knows what follows what."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A group of changes with what it does to the load and the bill."""

    action: Action
    before: Places
    after: Places
    outlook: Outlook
    """The load without it, and with what was advised before it."""
    change_kw: Load
    saving: Saving
    cost_eur: float
    """What the change itself costs: the shifts that it opens, less those that it drops."""

    @property
    def saving_eur(self) -> float | None:
        """What is left of the saving; None where no tariff prices it."""
        total = self.saving.total_eur
        return None if total is None else total - self.cost_eur


def action_of(group: Group, stated: Stated) -> Action | None:
    """What a group is; None for one that no single recommendation can say: two shifts at once, or one of two times of a shift."""
    shifts = [change for change in group if change.shift]
    jobs = [change for change in group if change.job]
    usual = {stated.shifts[change.shift].usual for change in shifts}
    if len(shifts) == 2 and len(usual) == 1 and usual != {""}:
        was, then = sorted(shifts, key=lambda change: change.opens)
        begins = [stated.shifts[change.shift].instance.start_utc for change in (was, then)]
        return Action.SHIFT_EARLIER if begins[1] < begins[0] else Action.SHIFT_LATER
    if len(shifts) > 1 or (shifts and usual != {""}):
        return None
    if shifts:
        return Action.OPEN_SHIFT if shifts[0].opens else Action.DROP_SHIFT
    if len(jobs) > 1:
        return Action.SWAP_JOBS
    return Action.MOVE_JOB if stated.present.places[jobs[0].job].machine == jobs[0].machine else Action.OTHER_MACHINE


def drafted(group: Group, stated: Stated, orders: Mapping[str, Order], pen: Pen, outlook: Outlook) -> Draft | None:
    """What a group does in the load `outlook`; None where no recommendation can say it."""
    action = action_of(group, stated)
    if action is None:
        return None
    places = [_job_places(change.job, change.machine, change.start, stated.horizon, orders) for change in group if change.job]
    places.sort(key=lambda pair: (-_energy(orders[pair[0].job]), pair[0].job))
    before, after = Places(tuple(was for was, _ in places)), Places(tuple(then for _, then in places))
    cost_eur = 0.0
    for change in group:
        if change.shift:
            place, eur = _shift_place(change.shift, change.crew, stated)
            cost_eur += eur if change.opens else -eur
            before = before if change.opens else replace(before, shifts=(place,))
            after = replace(after, shifts=(place,)) if change.opens else after
    return priced(action, before, after, cost_eur, orders, pen, outlook)


def priced(
    action: Action, before: Places, after: Places, cost_eur: float, orders: Mapping[str, Order], pen: Pen, outlook: Outlook
) -> Draft:
    """A change with what it does in the load `outlook`."""
    change_kw = load_change(zip(before.jobs, after.jobs, strict=True), orders, outlook)
    saving = pen.saving_by(outlook, change_kw)
    return Draft(action, before, after, outlook, change_kw, saving, cost_eur)


def again(advice: Recommendation, stated: Stated, orders: Mapping[str, Order], pen: Pen, outlook: Outlook) -> Draft | None:
    """Open advice as it is now; None where its shift may not be changed any more."""
    cost_eur = 0.0
    for places, sign in ((advice.after, 1), (advice.before, -1)):
        for place in places.shifts:
            key = key_in(place, stated.shifts)
            if key not in stated.shifts or stated.shifts[key].instance.start_utc != place.start_utc:
                return None
            cost_eur += sign * _shift_place(key, place.crew, stated)[1]
    return priced(advice.action, advice.before, advice.after, cost_eur, orders, pen, outlook)


def _job_places(job: str, machine: str, start: int, horizon: Horizon, orders: Mapping[str, Order]) -> tuple[JobPlace, JobPlace]:
    order = orders[job]
    there = order.on(machine) or order
    begin = horizon.instant(start)
    return JobPlace(job, order.machine, order.start_utc, order.end_utc), JobPlace(job, machine, begin, begin + there.duration)


def _shift_place(key: str, crew: str, stated: Stated) -> tuple[ShiftPlace, float]:
    shift = stated.shifts[key]
    crew = crew or stated.present.crew_of_shift.get(key, "")
    eur = shift.crews_eur.get(crew, 0.0) if crew else shift.optional_eur or 0.0
    people = tuple(Workers(skill, count) for skill, count in sorted(shift.workers.items()))
    one = shift.instance
    return ShiftPlace(one.shift, one.day_local.isoformat(), one.start_utc, one.end_utc, crew, people), eur


def _energy(order: Order) -> float:
    return sum(order.profile_kw)


def write(
    draft: Draft,
    stated: Stated,
    orders: Mapping[str, Order],
    pen: Pen,
    planner: str,
    name: str,
    issued_utc: datetime,
    revision: int,
    later_kw: Load | None = None,
) -> Recommendation:
    """A draft as the recommendation `name`; `later_kw` is what advice that is issued after it changes in the load."""
    outlook = draft.outlook
    saving = pen.promise_by(outlook, draft.change_kw, name)
    saving_eur = None if saving.total_eur is None else saving.total_eur - draft.cost_eur
    peak, after = peak_of(outlook), peak_of(outlook.plus(draft.change_kw))
    reduction_kw = peak.median_kw - after.median_kw
    moves = tuple(zip(draft.before.jobs, draft.after.jobs, strict=True))
    sure = pen.confidence(outlook, draft.change_kw, later_kw, peak.slot, moves, name)
    checked, unchecked = plan_checked(
        workers=stated.has_workers, working_time=stated.has_crews, changeovers=_has_changeovers(stated)
    )
    moves_people = draft.action in CHANGES_WORKING_TIME
    return Recommendation(
        site=stated.problem.site, recommendation=name, revision=revision, status=RecommendationStatus.OPEN,
        issued_utc=issued_utc, at_utc=pen.rules.now_utc, valid_until_utc=decide_until(draft.before, draft.after, pen.basis.plant),
        action=draft.action, before=draft.before, after=draft.after, peak_start_utc=slot_start(peak.slot),
        peak_before_kw=round(peak.median_kw, 1), peak_after_kw=round(after.median_kw, 1), reduction_kw=round(reduction_kw, 1),
        bill_before_eur=cents(saving.before_eur), bill_after_eur=cents(saving.after_eur), saving_eur=cents(saving_eur),
        saving_demand_eur=cents(saving.demand_eur), saving_energy_eur=cents(saving.energy_eur),
        confidence=sure, reason=_reason(draft, saving, slot_start(peak.slot), (peak.median_kw, after.median_kw)),
        alternatives=(nothing(draft.before, peak.median_kw, reduction_kw, cents(saving_eur)),), checked=checked,
        not_checked=(*unchecked, *([WORKS_COUNCIL] if moves_people else []), *(one for one in not_checked(saving) if one.key != FOLLOWING)),
        lines=lines_of(saving), cost_eur=cents(draft.cost_eur) or 0.0, drivers=drivers(orders, stated, peak.slot, peak.median_kw),
        needs_works_council=moves_people, versions=versions_of(pen.forecast, orders, planner),
    )  # fmt: skip


def decide_until(before: Places, after: Places, plant: Plant) -> datetime:
    """The latest instant at which a change must be decided: before the notice of each job and shift in it."""
    planning = plant.planning
    shift, job = timedelta(hours=planning.shift_notice_h), timedelta(minutes=planning.notice_min)
    places = (before, after)
    shifts = [one.start_utc - shift for part in places for one in part.shifts]
    return min(shifts + [one.start_utc - job for part in places for one in part.jobs])


def _has_changeovers(stated: Stated) -> bool:
    return any(machine.setups for machine in stated.problem.machines)


def _reason(draft: Draft, saving: Saving, peak_utc: datetime, peaks_kw: tuple[float, float]) -> tuple[Fact, ...]:
    found = headline(draft.action, draft.before, draft.after, peak_utc, peaks_kw)
    found += surcharge(draft.cost_eur)
    total_eur = None if saving.total_eur is None else saving.total_eur - draft.cost_eur
    if total_eur is not None and round(total_eur, 2) > 0:
        found.append(fact("advice.saves", saving_eur=total_eur))
    found += keeps(saving)
    return tuple(found[:MOST_FACTS])


def drivers(orders: Mapping[str, Order], stated: Stated, slot: int, peak_kw: float) -> tuple[Driver, ...]:
    """Machines whose jobs draw in quarter hour `slot`, the largest first, and their share in the peak."""
    kw: defaultdict[str, float] = defaultdict(float)
    for job, piece in stated.pieces.items():
        place = slot - slot_of(orders[job].start_utc)
        if piece.powers_kw is not None and 0 <= place < len(orders[job].profile_kw):
            kw[orders[job].machine] += orders[job].profile_kw[place]
    found = [
        Driver(machine, round(power, 1), round(min(power / peak_kw, 1.0), 4))
        for machine, power in kw.items()
        if power > 0 < peak_kw
    ]
    return tuple(sorted(found, key=lambda one: (-one.kw, one.machine)))[:100]


def versions_of(forecast: Forecast, orders: Mapping[str, Order], planner: str) -> Versions:
    """What it was made from."""
    revisions = "".join(f"{job}:{orders[job].revision};" for job in sorted(orders))
    return Versions(forecast.issued_utc, forecast.model, len(orders), f"{crc32(revisions.encode()):08x}", planner)


def name_of(draft: Draft, decided: Iterable[str]) -> str:
    """The same change has the same name, until somebody has decided it."""
    shift = next(iter((*draft.after.shifts, *draft.before.shifts)), None)
    jobs = tuple(zip(draft.before.jobs, draft.after.jobs, strict=True))
    if draft.action is Action.MOVE_JOB:
        was, then = jobs[0]
        return free_name(f"{short(was.job)}-{was.start_utc:%y%m%d%H%M}-{then.start_utc:%y%m%d%H%M}", decided)
    subject = jobs[0][0].job if shift is None else shift.shift
    text = "".join(
        f"{was.job} {was.machine} {instant_text(was.start_utc)} {then.machine} {instant_text(then.start_utc)};"
        for was, then in jobs
    )
    begins = jobs[0][0].start_utc if shift is None else shift.start_utc
    return free_name(f"{short(subject)}-{begins:%y%m%d%H%M}-{crc32(f'{draft.action} {text}'.encode()):08x}", decided)

"""Why, as facts: keys with kW, euros and instants. `words/` makes the sentences for the shop floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.lacks import Lack
from billing.site import LeftOut
from domain.facts import Fact, fact
from domain.plant import Plant
from domain.recommendations import CHANGES_WORKING_TIME, Action, Alternative, LineChange, Places
from quarters.numbers import slot_start
from scheduling.problem import place_of
from scheduling.solve import Move
from scheduling.worth import Saving, Unknown, cents

CHECKED = (
    fact("condition.dates"), fact("condition.machine_free"), fact("condition.shift_staffed"), fact("condition.notice"), fact("condition.load"),
)  # fmt: skip
WORKS_COUNCIL = fact("condition.works_council")
MOST_LINES = 100
NOT_CHECKED = (fact("condition.material"), fact("condition.following_jobs"), fact("condition.batch_quality"))


@dataclass(frozen=True, slots=True)
class Basis:
    """What a reason is made from."""

    plant: Plant
    billed_kw: float
    level_kw: float


def reason(basis: Basis, move: Move, saving: Saving, odds: tuple[float, float] | None = None) -> tuple[Fact, ...]:
    """Why this move, in the order of the sentences.

    Parameters
    ----------
    odds
        P(the day's peak passes the target) as planned, and with the move.
    """
    order, target_kw = move.order, basis.plant.site.target_kw
    before, after = (Places((place_of(order, start),)) for start in (order.start_utc, slot_start(move.to_slot)))
    peaks_kw = (move.before.median_kw, move.after.median_kw)
    found = headline(Action.MOVE_JOB, before, after, slot_start(move.before.slot), peaks_kw)
    if move.relief_kw >= move.reduction_kw + 1:
        found.append(fact("advice.peak_remains", relief_kw=move.relief_kw, remains_utc=slot_start(move.after.slot)))
    if odds is not None and target_kw is not None:
        found.append(fact("advice.odds", before=odds[0], after=odds[1], target_kw=target_kw))
    if saving.unknown is not None:
        found += _level(basis, move)
    return (*found, *_worth(basis, move, saving))


def _level(basis: Basis, move: Move) -> Iterator[Fact]:
    """Where the peak lies then, against the target or the peak that is billed already."""
    target_kw, then_kw = basis.plant.site.target_kw, move.after.median_kw
    level_kw = basis.billed_kw if target_kw is None else target_kw
    if level_kw <= 0:
        return
    values = {"apart_kw": abs(then_kw - level_kw), "level_kw": level_kw}
    if target_kw is not None:
        yield fact("advice.above_target", **values) if then_kw > level_kw else fact("advice.below_target", **values)
    else:
        yield fact("advice.above_billed", **values) if then_kw > level_kw else fact("advice.below_billed", **values)


def _worth(basis: Basis, move: Move, saving: Saving) -> Iterator[Fact]:
    if saving.unknown is not None or saving.total_eur is None:
        yield from _not_known(saving)
        return
    kept = keeps(saving)
    if not kept or round(saving.total_eur, 2) > 0:
        yield from _what_it_saves(basis, move, saving.total_eur)
    yield from kept
    for lack, components in _by_lack(saving.lacking):
        yield fact("advice.left_out", component=components, lack=lack)


def _what_it_saves(basis: Basis, move: Move, total_eur: float) -> Iterator[Fact]:
    if round(total_eur, 2) > 0:
        yield fact("advice.saves", saving_eur=total_eur)
        return
    target_kw = basis.plant.site.target_kw
    if target_kw is not None and move.before.judged_kw > target_kw:
        yield fact("advice.protects_target", target_kw=target_kw)
    is_billed = basis.billed_kw >= move.before.median_kw
    if round(total_eur, 2) == 0:
        yield fact("advice.saves_nothing_billed", billed_kw=basis.billed_kw) if is_billed else fact("advice.saves_nothing")
    elif is_billed:
        yield fact("advice.costs_billed", cost_eur=-total_eur, billed_kw=basis.billed_kw)
    else:
        yield fact("advice.costs", cost_eur=-total_eur)


def _not_known(saving: Saving) -> Iterator[Fact]:
    if saving.unknown is Unknown.NO_TARIFF:
        yield fact("advice.no_tariff")
    elif saving.unknown is Unknown.NOT_VALID:
        yield fact("advice.not_valid")
    else:
        for lack, components in _by_lack(saving.lacking):
            yield fact("advice.no_price", component=components, lack=lack)


def _by_lack(lacking: Sequence[LeftOut]) -> list[tuple[str, list[str]]]:
    """Charges that are in no bill, by why."""
    found: dict[Lack, list[str]] = {}
    for one in lacking:
        found.setdefault(one.lack, []).append(one.component.id)
    return [(str(lack), components) for lack, components in found.items()]


def plan_checked(*, workers: bool, working_time: bool, changeovers: bool) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """What the planner checked of a whole plan, and what it could not: only what the plant file says can be."""
    known = (
        (fact("condition.workers"), workers), (fact("condition.working_time"), working_time), (fact("condition.changeover"), changeovers),
    )  # fmt: skip
    checked = (*CHECKED, fact("condition.sequence"), *(rule for rule, is_known in known if is_known))
    return checked, tuple(rule for rule, is_known in known if not is_known)


def not_checked(saving: Saving) -> tuple[Fact, ...]:
    """What was not checked, including charges that could not be priced."""
    unpriced = (fact("condition.price", component=components, lack=lack) for lack, components in _by_lack(saving.lacking))
    return (*NOT_CHECKED, *unpriced)


def alternative(move: Move, best: Move, saving: Saving) -> Alternative:
    """Another start, and why it is second."""
    more_kw = move.after.median_kw - best.after.median_kw
    why = fact("alternative.higher", more_kw=more_kw) if more_kw >= 0.5 else fact("alternative.same_peak")
    after = Places((place_of(move.order, slot_start(move.to_slot)),))
    return Alternative(Action.MOVE_JOB, after, round(move.after.median_kw, 1), cents(saving.total_eur), (why,))


def do_nothing(move: Move, saving: Saving) -> Alternative:
    """The plan as it is, and what that costs."""
    return nothing(Places((place_of(move.order),)), move.before.median_kw, move.reduction_kw, cents(saving.total_eur))


def nothing(before: Places, peak_kw: float, more_kw: float, more_eur: float | None) -> Alternative:
    """The plan as it is: its peak, and by how much that and the bill are higher than with the advice."""
    if more_eur is None:
        why = fact("alternative.nothing_unpriced", more_kw=more_kw)
    else:
        why = fact("alternative.nothing", more_kw=more_kw, more_eur=more_eur)
    return Alternative(Action.DO_NOTHING, before, round(peak_kw, 1), None if more_eur is None else 0.0, (why,))


def headline(action: Action, before: Places, after: Places, peak_utc: datetime, peaks_kw: tuple[float, float]) -> list[Fact]:
    """What is to be changed, and by how much the peak falls; then the jobs that a shift takes along."""
    before_kw, after_kw = peaks_kw
    if action in CHANGES_WORKING_TIME:
        return _of_shift(action, before, after, peak_utc, peaks_kw)
    one, then = before.jobs[0], after.jobs[0]
    if action is Action.SWAP_JOBS:
        jobs = [place.job for place in before.jobs]
        return [fact("advice.swap", job=jobs, peak_utc=peak_utc, before_kw=before_kw, after_kw=after_kw)]
    if action is Action.OTHER_MACHINE:
        machines = (one.machine, then.machine)
        return [
            fact(
                "advice.other_machine", job=one.job, machine=machines, from_utc=one.start_utc, to_utc=then.start_utc,
                peak_utc=peak_utc, before_kw=before_kw, after_kw=after_kw,
            )
        ]  # fmt: skip
    return [
        fact(
            "advice.move", job=one.job, machine=one.machine, from_utc=one.start_utc, to_utc=then.start_utc,
            peak_utc=peak_utc, before_kw=before_kw, after_kw=after_kw,
        )
    ]  # fmt: skip


def _of_shift(action: Action, before: Places, after: Places, peak_utc: datetime, peaks_kw: tuple[float, float]) -> list[Fact]:
    before_kw, after_kw = peaks_kw
    shift = (*after.shifts, *before.shifts)[0]
    if action is Action.OPEN_SHIFT:
        found = fact(
            "advice.open_shift", shift=shift.shift, from_utc=shift.start_utc, until_utc=shift.end_utc, peak_utc=peak_utc,
            before_kw=before_kw, after_kw=after_kw,
        )  # fmt: skip
    elif action is Action.DROP_SHIFT:
        found = fact(
            "advice.drop_shift", shift=shift.shift, from_utc=shift.start_utc, until_utc=shift.end_utc, peak_utc=peak_utc,
            before_kw=before_kw, after_kw=after_kw,
        )  # fmt: skip
    else:
        found = fact(
            "advice.shift_move", shift=shift.shift, from_utc=before.shifts[0].start_utc, to_utc=shift.start_utc, peak_utc=peak_utc,
            before_kw=before_kw, after_kw=after_kw,
        )  # fmt: skip
    along = [place.job for place in after.jobs]
    return [found, fact("advice.takes_along", job=along)] if along else [found]


def surcharge(cost_eur: float) -> list[Fact]:
    """What the change itself costs; nothing where it costs nothing."""
    return [fact("advice.surcharge", cost_eur=cost_eur)] if round(cost_eur, 2) else []


def keeps(saving: Saving) -> list[Fact]:
    """What earlier advice of the billing period has promised, and this keeps; nothing where there is none."""
    return [fact("advice.keeps", kept_eur=saving.kept_eur)] if round(saving.kept_eur, 2) > 0 else []


def lines_of(saving: Saving) -> tuple[LineChange, ...]:
    """The lines of the bill that change, the largest change first."""
    found = []
    for line, (before_eur, after_eur) in saving.lines_eur.items():
        before, after = cents(before_eur), cents(after_eur)
        if before is not None and after is not None and before != after:
            found.append(LineChange(line, before, after))
    return tuple(sorted(found, key=lambda one: (-abs(one.saving_eur), one.line))[:MOST_LINES])

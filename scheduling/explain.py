"""Why, as facts: keys with kW, euros and instants. `words/` makes the sentences for the shop floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from billing.lacks import Lack
from billing.site import LeftOut
from domain.facts import Fact, fact
from domain.plant import Plant
from domain.recommendations import Alternative
from quarters.numbers import slot_start
from scheduling.solve import Move
from scheduling.worth import Saving, Unknown, cents

CHECKED = (
    fact("condition.dates"), fact("condition.machine_free"), fact("condition.shift_staffed"), fact("condition.notice"), fact("condition.load"),
)  # fmt: skip
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
    found = [
        fact(
            "advice.move", job=order.job, machine=order.machine, from_utc=order.start_utc, to_utc=slot_start(move.to_slot),
            peak_utc=slot_start(move.before.slot), before_kw=move.before.median_kw, after_kw=move.after.median_kw,
        )
    ]  # fmt: skip
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
    yield from _what_it_saves(basis, move, saving.total_eur)
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


def not_checked(saving: Saving) -> tuple[Fact, ...]:
    """What was not checked, including charges that could not be priced."""
    unpriced = (fact("condition.price", component=components, lack=lack) for lack, components in _by_lack(saving.lacking))
    return (*NOT_CHECKED, *unpriced)


def alternative(move: Move, best: Move, saving: Saving) -> Alternative:
    """Another start, and why it is second."""
    more_kw = move.after.median_kw - best.after.median_kw
    why = fact("alternative.higher", more_kw=more_kw) if more_kw >= 0.5 else fact("alternative.same_peak")
    return Alternative(slot_start(move.to_slot), round(move.after.median_kw, 1), cents(saving.total_eur), (why,))

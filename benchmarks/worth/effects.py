"""Measured effects beside the truth: what the platform measures of the moves of plant days, and what the same days without them really were.

Measured is by the platform's own functions, of the billing meter, the machines' meters and the orders alone. The truth of all moves together is the
run in which nobody moved a job; that of one move in the quarter hour that its advice named is a run with its job back in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.worth.loop import Days, run_from
from billing.tariff import Tariff
from domain.effects import Figure, Outcome
from domain.orders import Order
from domain.recommendations import JobPlace, Recommendation
from effects.draws import Lack, Ran
from effects.measuring import Measured, measured
from effects.moved import Moved, moved, others_on, owed
from effects.series import powers_from
from effects.undoing import chance_kw
from quarters.numbers import slot_of
from simulation.planner import order_at

AFTER = timedelta(hours=3)
"""How long after its last place a single move is followed."""


@dataclass(frozen=True, slots=True)
class Relief:
    """What one move took out of the quarter hour that its advice named [kW]."""

    recommendation: str
    outcome: Outcome
    measured_kw: Figure
    true_kw: float

    @property
    def holds(self) -> bool:
        """Whether the true figure lies in the stated interval."""
        return self.measured_kw.low <= self.true_kw <= self.measured_kw.high


@dataclass(frozen=True, slots=True)
class Effects:
    """What was measured of all moves of some days, and what of it is known to be true."""

    saving_eur: Figure | None
    """``bill(without) - bill(with)`` of all moves, with its interval."""
    peak_without_kw: float
    """The highest quarter hour as it would have been, by measurement."""
    reliefs: tuple[Relief, ...]
    unknown: int
    """Moves whose effect is not known: their jobs had not ended."""

    @property
    def holding(self) -> int:
        """Of how many single moves the interval holds the truth."""
        return sum(one.holds for one in self.reliefs)


def measured_effects(days: Days, before_kw: Mapping[datetime, float], tariff: Tariff) -> Effects:
    """The effects of all moves that were carried out in `days`.

    Parameters
    ----------
    before_kw
        Import [kW] of the weeks before.
    """
    plant = days.span.plant
    first, end = slot_of(min(before_kw, default=days.span.start_utc)), slot_of(max(days.load_kw)) + 1
    load = powers_from({slot_of(at): kw for at, kw in {**before_kw, **days.load_kw}.items()}, first, end)
    machines = {
        name: powers_from({slot_of(at): kw for at, kw in power_kw.items()}, slot_of(days.span.start_utc), end)
        for name, power_kw in days.machine_kw.items()
    }
    standby = {machine.id: machine.standby_kw for machine in plant.machines}

    def ran(job: str) -> Ran:
        order = days.orders[job]
        return Ran(order, end, machines.get(order.machine), others_on(order.machine, job, days.orders), standby[order.machine])

    moves = [moved(one, ran, {}, chance_kw(load)) for one in owed(_carried_out(days).values())]
    ended = [one for one in moves if one.lack is not Lack.NOT_OVER]
    found = measured(
        plant, tariff, load, [one.undoing for one in ended], {one.advice.recommendation: one.named_slot for one in ended}
    )
    without = [kw for at, kw in enumerate(found.without_kw.kw.tolist(), first) if at >= slot_of(days.span.start_utc)]
    return Effects(found.saving_eur, max(without), tuple(_reliefs(days, ended, found)), len(moves) - len(ended))


def _carried_out(days: Days) -> dict[str, Recommendation]:
    """The newest revision of each recommendation whose jobs were moved."""
    newest = {one.recommendation: one for one in days.recommendations}
    return {name: one for name, one in newest.items() if name in days.carried_out}


def _reliefs(days: Days, ended: list[Moved], found: Measured) -> list[Relief]:
    reliefs = []
    for one in ended:
        figure = found.figures[one.advice.recommendation].relief_kw
        true_kw = None if figure is None or one.outcome is Outcome.REPLACED else _true_relief(days, one.advice)
        if figure is not None and true_kw is not None:
            reliefs.append(Relief(one.advice.recommendation, one.outcome, figure, true_kw))
    return reliefs


def _true_relief(days: Days, advice: Recommendation) -> float | None:
    """By how much the load would have been higher in the quarter hour that `advice` names, with its jobs where they were."""
    at = advice.peak_start_utc
    places = [place for both in advice.moves() for place in both]
    until_utc = max(at, *(place.end_utc for place in places)) + AFTER
    if until_utc > days.end_utc or at not in days.load_kw:
        return None
    orders = dict(days.orders)
    for place in advice.before.jobs:
        orders[place.job] = _back(orders[place.job], place)
    other = run_from(days, list(orders.values()), min(at, advice.at_utc, *(place.start_utc for place in places)), until_utc)
    return other[at] - days.load_kw[at]


def _back(order: Order, place: JobPlace) -> Order:
    return order_at(order, place, order.at_utc, "")


HEADINGS = (
    "adviser",
    "measured [EUR]",
    "interval [EUR]",
    "true [EUR]",
    "measured / true",
    "moves",
    "interval of a move holds",
    "unknown",
)
"""Of the table that sets what was measured beside the truth."""


def effect_row(name: str, found: Sequence[tuple[Effects, float | None]]) -> tuple[str, ...]:
    """The row of one adviser, summed over seeds, each with its true EUR."""
    known = [(one.saving_eur, true) for one, true in found if one.saving_eur is not None and true is not None]
    measured_eur, low, high = (sum(getattr(figure, part) for figure, _ in known) for part in ("value", "low", "high"))
    true_eur = sum(true for _, true in known)
    moves, holding = sum(len(one.reliefs) for one, _ in found), sum(one.holding for one, _ in found)
    return (
        name, f"{measured_eur:,.0f}", f"{low:,.0f} to {high:,.0f}", f"{true_eur:,.0f}", f"{measured_eur / true_eur:.0%}" if true_eur else "-",
        str(moves), f"{holding / moves:.0%}" if moves else "-", str(sum(one.unknown for one, _ in found)),
    )  # fmt: skip

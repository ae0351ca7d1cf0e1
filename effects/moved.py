"""Accepted recommendations with what became of their jobs.

In: recommendations that were accepted, orders as they ran, quarter hours of machines.  Out: which recommendation a job's place is owed to, what
was done of each, and what undoing it adds to the load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.effects import Basis, Outcome
from domain.job_power import JobPower, MachineProduct
from domain.orders import Order, OrderStatus
from domain.recommendations import JobPlace, Recommendation
from effects.draws import Draw, Lack, Ran, draw_of
from effects.undoing import Undoing, undoing
from quarters.numbers import slot_of


@dataclass(frozen=True, slots=True)
class Owed:
    """The jobs whose places are owed to one recommendation: where each was before any advice, and where it was to go."""

    advice: Recommendation
    moves: tuple[tuple[JobPlace, JobPlace], ...]
    replaced: bool
    """Whether another recommendation has moved all of its jobs again."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one recommendation."""

    advice: Recommendation
    outcome: Outcome
    basis: Basis
    lack: Lack | None
    """Why its effect is not known; None: nothing is lacking so far."""
    undoing: Undoing
    """Empty where nothing was moved, or where something is lacking."""
    draws: tuple[Draw, ...] = ()
    """Of its jobs; none where something is lacking."""

    @property
    def named_slot(self) -> int:
        """The quarter hour that it was to relieve."""
        return slot_of(self.advice.peak_start_utc)


def owed(accepted: Iterable[Recommendation]) -> list[Owed]:
    """To which recommendation each job's place is owed: to the last that moved it, from where it was before the first.

    Parameters
    ----------
    accepted
        In any order; those accepted later count as later.
    """
    in_order = sorted(accepted, key=lambda one: (one.issued_utc, one.recommendation))
    first: dict[str, JobPlace] = {}
    last: dict[str, str] = {}
    for one in in_order:
        for before, _ in one.moves():
            first.setdefault(before.job, before)
            last[before.job] = one.recommendation
    found = []
    for one in in_order:
        mine = tuple((first[before.job], after) for before, after in one.moves() if last[before.job] == one.recommendation)
        found.append(Owed(one, mine, not mine and bool(one.before.jobs)))
    return found


def moved(one: Owed, ran_of: Callable[[str], Ran], powers: Mapping[MachineProduct, JobPower], other_kw: float) -> Moved:
    """What became of `one`.

    Parameters
    ----------
    ran_of
        What is known of a job by its name.
    other_kw
        `effects.undoing.chance_kw` of the site.
    """
    found = [draw_of(before, after, ran_of(after.job), powers) for before, after in one.moves]
    return moved_by(one, found, other_kw)


def moved_by(one: Owed, found: Sequence[Draw | Lack], other_kw: float) -> Moved:
    """The same by what its jobs drew, in the order of its moves."""
    advice, nothing = one.advice, undoing(one.advice.recommendation, (), other_kw)
    if one.replaced:
        return Moved(advice, Outcome.REPLACED, Basis.NONE, None, nothing)
    lacks = [lack for lack in found if isinstance(lack, Lack)]
    draws = tuple(draw for draw in found if isinstance(draw, Draw))
    if lacks or not draws:
        lack = next((lack for lack in lacks if lack is Lack.NOT_OVER), lacks[0] if lacks else Lack.NO_ORDER)
        return Moved(advice, _outcome(draws, len(found)), Basis.NONE, lack, nothing)
    changed = [draw for draw in draws if draw.outcome is not Outcome.NOT_CARRIED_OUT]
    basis = max((draw.basis for draw in changed or draws), key=list(Basis).index)
    return Moved(advice, _outcome(draws, len(found)), basis, None, undoing(advice.recommendation, changed, other_kw), draws)


def _outcome(draws: Sequence[Draw], moves: int) -> Outcome:
    """What was done of all its moves together."""
    outcomes = {draw.outcome for draw in draws}
    if len(outcomes) == 1 and len(draws) == moves:
        return outcomes.pop()
    return Outcome.LATE if outcomes == {Outcome.AS_ADVISED, Outcome.LATE} else Outcome.IN_PART


def others_on(machine: str, job: str, orders: Mapping[str, Order]) -> list[Order]:
    """The other jobs of a machine that ran, or are to."""
    there = (order for order in orders.values() if order.machine == machine and order.job != job)
    return [order for order in there if order.status is not OrderStatus.CANCELLED]

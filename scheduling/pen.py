"""Writes recommendations of one planning: a move as the contract that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zlib import crc32

from domain.forecasts import Forecast
from domain.orders import Order
from domain.recommendations import Action, Places, Recommendation, RecommendationStatus
from domain.texts import KEY_LENGTH
from quarters.numbers import slot_start
from scheduling.confidence import Misses, band_kw, lead_of
from scheduling.explain import CHECKED, Basis, alternative, do_nothing, lines_of, not_checked, reason
from scheduling.odds import above, above_after, cases
from scheduling.problem import Load, Outlook, Rules, place_of
from scheduling.promised import Promised
from scheduling.solve import Move
from scheduling.worth import Saving, Worth, cents, mean_saving

SINGLE_MOVES = "single moves"
"""The planner that moves of single jobs are found by (`scheduling.solve`), as `Versions` name it."""
MIXED = (1, 4, 2, 0, 3)
"""Which case of the rest of a period stands beside each case of a day's peak: without correlation."""
MOST_ALTERNATIVES = 2
MOST_OF_JOB = KEY_LENGTH - 30
"""Characters of a job's name in its recommendation's."""
APART = 2
"""Alternatives are at least this many quarter hours apart."""


@dataclass(frozen=True)
class Pen:
    """What recommendations of one planning are written from; `day_of` gives the local date of an instant."""

    forecast: Forecast
    rules: Rules
    worth: Worth
    basis: Basis
    day_of: Callable[[datetime], str]
    ledger: Callable[[str], Promised] = lambda name: Promised()
    """What is promised beside the recommendation of a name."""
    misses: Misses = field(default_factory=Misses)
    """What came of forecast peaks."""

    def saving(self, outlook: Outlook, move: Move) -> Saving:
        """What a move saves in the billing period: the mean over the cases of the day's peak, each the difference of two bills."""
        return self.saving_by(outlook, outlook.moved(move.order, move.to_slot).median_kw - outlook.median_kw, move.before.slot)

    def saving_by(self, outlook: Outlook, change_kw: Load, at_slot: int) -> Saving:
        """The same for any change of the load [kW], with the day of `at_slot` as the one whose peak it is about."""
        days = cases(self.forecast, outlook, at_slot, self.day_of)
        loads = [outlook.plus(case) for case in days]
        return mean_saving([self.worth.saving(loads[n], loads[n].plus(change_kw), rest) for n, rest in self._pairs(len(days))])

    def promise_by(self, outlook: Outlook, change_kw: Load, at_slot: int, name: str) -> Saving:
        """What of it the recommendation `name` may promise: what is promised already in the billing period is sunk (`scheduling.promised`)."""
        days, promised = cases(self.forecast, outlook, at_slot, self.day_of), self.ledger(name)
        loads = [outlook.plus(case) for case in days]
        return mean_saving(
            [self.worth.promise(loads[n], loads[n].plus(change_kw), promised, rest, days[n]) for n, rest in self._pairs(len(days))]
        )

    def _pairs(self, days: int) -> list[tuple[int, int]]:
        """Cases of the day's peak, each with one of the rest of its period: such that the two do not go together."""
        rest = self.worth.rest_cases
        if days == 1:
            return [(0, one) for one in rest]
        return [(n, MIXED[n] if len(rest) > 1 else 0) for n in range(days)]

    def write(
        self, move: Move, others: Iterable[Move], outlook: Outlook, name: str, issued_utc: datetime, revision: int
    ) -> Recommendation:
        """A move as the recommendation `name`."""
        order, to = move.order, slot_start(move.to_slot)
        saving = self.promise_by(outlook, outlook.moved(order, move.to_slot).median_kw - outlook.median_kw, move.before.slot, name)
        second = [alternative(other, move, self.saving(outlook, other)) for other in _apart(move, others)]
        return Recommendation(
            site=order.site, recommendation=name, revision=revision, status=RecommendationStatus.OPEN,
            issued_utc=issued_utc, at_utc=self.rules.now_utc, valid_until_utc=min(order.start_utc, to) - self.rules.settings.notice,
            action=Action.MOVE_JOB, before=Places((place_of(order),)), after=Places((place_of(order, to),)), peak_start_utc=slot_start(move.before.slot),
            peak_before_kw=round(move.before.median_kw, 1), peak_after_kw=round(move.after.median_kw, 1), reduction_kw=round(move.reduction_kw, 1),
            bill_before_eur=cents(saving.before_eur), bill_after_eur=cents(saving.after_eur), saving_eur=cents(saving.total_eur),
            saving_demand_eur=cents(saving.demand_eur), saving_energy_eur=cents(saving.energy_eur),
            confidence=round(self.confidence(outlook, move.before.slot, move.reduction_kw), 2), reason=reason(self.basis, move, saving, self._odds(move)), alternatives=(*second, do_nothing(move, saving)),
            checked=CHECKED, not_checked=not_checked(saving), lines=lines_of(saving),
        )  # fmt: skip

    def _odds(self, move: Move) -> tuple[float, float] | None:
        """P(the day's peak passes the target) without the move and with it; None where there is no target, or the peak is over."""
        target, slot = self.basis.plant.site.target_kw, move.before.slot
        before = above(self.forecast, slot, self.day_of)
        if target is None or before is None:
            return None
        after = above_after(self.forecast, slot, move.reduction_kw, target, self.day_of)
        return None if after is None else (before, after)

    def confidence(self, outlook: Outlook, at_slot: int, reduction_kw: float) -> float:
        """P(the peak without a change passes what it reaches with it), by how peaks came out before (`scheduling.confidence`)."""
        width_kw = band_kw(self.forecast, at_slot)
        if width_kw <= 0:
            return 1.0 if reduction_kw > 0 else 0.5
        return self.misses.share_above(lead_of(at_slot - outlook.first_slot), -reduction_kw / width_kw)


def recommendation_id(order: Order, to_slot: int, decided: Iterable[str]) -> str:
    """The same job from and to the same start is the same recommendation, until somebody has decided it: then it is another question."""
    return free_name(f"{short(order.job)}-{order.start_utc:%y%m%d%H%M}-{slot_start(to_slot):%y%m%d%H%M}", decided)


def short(subject: str) -> str:
    """What a recommendation's name begins with: the job or shift that it is about."""
    return subject if len(subject) <= MOST_OF_JOB else f"{subject[: MOST_OF_JOB - 9]}.{crc32(subject.encode()):08x}"


def free_name(name: str, decided: Iterable[str]) -> str:
    """`name`, numbered where somebody has decided a recommendation of that name."""
    taken, number = frozenset(decided), 1
    while (found := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return found


def _apart(best: Move, others: Iterable[Move]) -> list[Move]:
    taken: list[int] = [best.to_slot]
    chosen: list[Move] = []
    for other in others:
        if len(chosen) < MOST_ALTERNATIVES and all(abs(other.to_slot - slot) >= APART for slot in taken):
            taken.append(other.to_slot)
            chosen.append(other)
    return chosen

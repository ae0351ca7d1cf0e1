"""Writes recommendations of one planning: a move as the contract that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

from domain.forecasts import Forecast
from domain.orders import Order
from domain.recommendations import Action, Places, Recommendation, RecommendationStatus
from domain.texts import KEY_LENGTH
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc
from scheduling.explain import CHECKED, Basis, alternative, do_nothing, lines_of, not_checked, reason
from scheduling.odds import above, above_after
from scheduling.problem import Load, Outlook, Rules, place_of
from scheduling.promised import Promised
from scheduling.scenarios import CASES, Scenarios
from scheduling.solve import Move
from scheduling.track import Places as Moves
from scheduling.track import Track
from scheduling.worth import PricedDay, Saving, Worth, cents, mean_saving

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
    scenarios: Scenarios | None = None
    """How the load may come; None: as it is expected."""
    seeking: Scenarios | None = None
    """The same, drawn again: days in which moves are sought (`scheduling.scenarios`)."""
    track: Track = field(default_factory=Track)
    """What became of earlier recommendations. What is written is noted in it."""

    def saving(self, outlook: Outlook, move: Move) -> Saving:
        """What a move saves in the billing period: the mean over days as they may come, each the difference of two bills."""
        return self.saving_by(outlook, change_of(outlook, move))

    def saving_by(self, outlook: Outlook, change_kw: Load) -> Saving:
        """The same for any change of the load [kW]."""
        days = self._days(outlook).cases(outlook, change_kw)
        loads = [outlook.plus(day) for day in days]
        return mean_saving([self.worth.saving(loads[n], loads[n].plus(change_kw), rest) for n, rest in self._pairs(len(days))])

    def promise_by(self, outlook: Outlook, change_kw: Load, name: str) -> Saving:
        """What of it the recommendation `name` may promise: what is promised already in the billing period is sunk (`scheduling.promised`)."""
        days = self._days(outlook).cases(outlook, change_kw)
        loads = [outlook.plus(day) for day in days]
        priced = [PricedDay(loads[n], loads[n].plus(change_kw), days[n], rest) for n, rest in self._pairs(len(days))]
        return self.worth.promise(priced, self.ledger(name))

    def _days(self, outlook: Outlook) -> Scenarios:
        return self.scenarios or Scenarios.certain(len(outlook.median_kw))

    def _pairs(self, days: int) -> list[tuple[int, int]]:
        """Days that may come, each with a case of the rest of its period: such that the two do not go together."""
        rest = self.worth.rest_cases
        if days < CASES:
            return [(n, one) for n in range(days) for one in rest]
        return [(n, MIXED[n] if len(rest) > 1 else 0) for n in range(days)]

    def write(
        self,
        move: Move,
        others: Iterable[Move],
        outlook: Outlook,
        name: str,
        issued_utc: datetime,
        revision: int,
        later_kw: Load | None = None,
    ) -> Recommendation:
        """A move as the recommendation `name`.

        Parameters
        ----------
        outlook
            The expected load with all advice that was issued before it.
        later_kw
            What advice that is issued after it changes; None: nothing.
        """
        order, to = move.order, slot_start(move.to_slot)
        change_kw = change_of(outlook, move)
        saving = self.promise_by(outlook, change_kw, name)
        sure = self.confidence(outlook, change_kw, later_kw, move.before.slot, ((place_of(order), place_of(order, to)),), name)
        second = [alternative(other, move, self.saving(outlook, other)) for other in _apart(move, others)]
        return Recommendation(
            site=order.site, recommendation=name, revision=revision, status=RecommendationStatus.OPEN,
            issued_utc=issued_utc, at_utc=self.rules.now_utc, valid_until_utc=min(order.start_utc, to) - self.rules.settings.notice,
            action=Action.MOVE_JOB, before=Places((place_of(order),)), after=Places((place_of(order, to),)), peak_start_utc=slot_start(move.before.slot),
            peak_before_kw=round(move.before.median_kw, 1), peak_after_kw=round(move.after.median_kw, 1), reduction_kw=round(move.reduction_kw, 1),
            bill_before_eur=cents(saving.before_eur), bill_after_eur=cents(saving.after_eur), saving_eur=cents(saving.total_eur),
            saving_demand_eur=cents(saving.demand_eur), saving_energy_eur=cents(saving.energy_eur),
            confidence=sure, reason=reason(self.basis, move, saving, self._odds(move)), alternatives=(*second, do_nothing(move, saving)),
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

    def confidence(self, outlook: Outlook, change_kw: Load, later_kw: Load | None, at_slot: int, moves: Moves, name: str) -> float:
        """P(the peak without a change passes the one with it), all other advice as it stands; noted as what `name` says.

        The peaks are those from now to the end of the local day of `at_slot`, or of the last job that is moved. It is the share of the days that
        may come (`scheduling.scenarios`), drawn towards how often as likely advice came true (`scheduling.track`).
        """
        zone = self.basis.plant.site.zone
        day = slot_start(at_slot).astimezone(zone).date() + timedelta(days=1)
        ends = [slot_of(place.end_utc) for pair in moves for place in pair]
        until = min(max([slot_of(midnight_utc(day, zone)), *ends]), outlook.end_slot)
        beside = outlook if later_kw is None else outlook.plus(later_kw)
        chance = self._days(outlook).chance(beside, change_kw, until)
        if moves:
            self.track.state(name, moves, chance, outlook.first_slot, change_kw[: until - outlook.first_slot])
        return round(self.track.confidence(chance), 2)


def change_of(outlook: Outlook, move: Move) -> Load:
    """What a move changes in the load [kW]."""
    return outlook.moved(move.order, move.to_slot).median_kw - outlook.median_kw


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

"""How: the best single move, again and again.

Every allowed start of every movable job is tried against the judged load. A plan is better whose highest quarter hour lies less
above the level; of equal ones the one with the lower median peak, then the shorter move, then the earlier start. The search is
exhaustive for one move and greedy over several, and gives the same answer for the same input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from domain.orders import Order
from scheduling.problem import Outlook, Rules, slot_of

ROUND_KW = 3


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest quarter hour of an outlook's median, and the highest judged load."""

    slot: int
    median_kw: float
    judged_kw: float


@dataclass(frozen=True, slots=True)
class Move:
    """One job begun elsewhere, with the load and the peaks before and after."""

    order: Order
    to_slot: int
    before: Peak
    after: Peak

    @property
    def reduction_kw(self) -> float:
        """By how much the median's peak falls."""
        return self.before.median_kw - self.after.median_kw

    def rank(self, level_kw: float) -> tuple[float, float, int, int, str]:
        """Lower is better."""
        away = abs(self.to_slot - slot_of(self.order.start_utc))
        return (
            round(max(self.after.judged_kw, level_kw), ROUND_KW),
            round(max(self.after.median_kw, level_kw), ROUND_KW),
            away,
            self.to_slot,
            self.order.job,
        )


def peak_of(outlook: Outlook) -> Peak:
    """The peaks of an outlook; the earliest of equal quarter hours."""
    place = int(np.argmax(outlook.median_kw))
    return Peak(outlook.first_slot + place, float(outlook.median_kw[place]), float(outlook.judged_kw.max()))


def moves(outlook: Outlook, order: Order, starts: Iterable[int]) -> list[Move]:
    """Every move of `order` to one of `starts`."""
    before = peak_of(outlook)
    return [Move(order, slot, before, peak_of(outlook.moved(order, slot))) for slot in starts]


def is_better(move: Move, min_reduction_kw: float) -> bool:
    """Whether a move lowers the peak by enough, and raises no risk."""
    return move.reduction_kw >= min_reduction_kw and move.after.judged_kw < move.before.judged_kw


def best_move(
    outlook: Outlook,
    rules: Rules,
    orders: Mapping[str, Order],
    level_kw: float,
    lead: timedelta,
    without: frozenset[str] = frozenset(),
) -> list[Move]:
    """The best move of any job, followed by other good starts of the same job, best first; empty where none is worth while."""
    least = rules.settings.min_reduction_kw
    best: list[Move] = []
    for job in sorted(orders):
        order = orders[job]
        if job in without or not _touches_peak(outlook, order, level_kw):
            continue
        good = [move for move in moves(outlook, order, rules.starts(order, orders, lead)) if is_better(move, least)]
        good.sort(key=lambda move: move.rank(level_kw))
        if good and (not best or good[0].rank(level_kw) < best[0].rank(level_kw)):
            best = good
    return best


def _touches_peak(outlook: Outlook, order: Order, level_kw: float) -> bool:
    """Whether the job draws in the highest quarter hour: moving any other one cannot lower it."""
    del level_kw
    place = int(np.argmax(outlook.median_kw))
    return bool(outlook.profile(order, slot_of(order.start_utc))[place] > 0)

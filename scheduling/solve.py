"""How: the best single move, again and again.

Every allowed start of every movable job is tried in the days that may come (`scheduling.scenarios`). A plan is better whose peak lies less above
the level on average; of equal ones the one whose judged load is lower, then the one with the lower soft maximum (how high the load comes when
every quarter hour near the peak may turn out to be it), then the shorter move, then the earlier start. Where nothing but what is expected
may come, the judged load alone decides. The search is exhaustive for one move; over several it is greedy, then each is chosen again in view of the others. The same input gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from domain.orders import Order
from quarters.numbers import slot_of
from scheduling.problem import Outlook, Rules, with_move
from scheduling.scenarios import Scenarios

ROUND_KW = 3
SOFTNESS_KW = 20.0
SOFT_MAX_STEP_KW = 3.0
GAIN_STEP_KW = 0.5
MOST_STARTS = 6
"""Of a job that are looked at closely: those that gain most."""
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest quarter hour of an outlook's median, and the highest judged load."""

    slot: int
    median_kw: float
    judged_kw: float
    soft_max_kw: float
    """Soft maximum of the judged load: 20 kW x log of the sum of exp(load / 20 kW)."""


@dataclass(frozen=True, slots=True)
class Move:
    """One job begun elsewhere, with the load and the peaks before and after."""

    order: Order
    to_slot: int
    before: Peak
    after: Peak
    relief_kw: float
    """By how much the highest load falls over the quarter hours that the job leaves and takes: what it does where it acts."""
    gain_kw: float = 0.0
    """By how much less the peak lies above the level on average of the days that may come."""

    @property
    def reduction_kw(self) -> float:
        """By how much the median's peak falls."""
        return self.before.median_kw - self.after.median_kw

    def rank(self, level_kw: float) -> tuple[int, float, int, int, int, str]:
        """Lower is better; gains of half a kW and crowds within a few kW are alike."""
        away = abs(self.to_slot - slot_of(self.order.start_utc))
        return (
            -round(self.gain_kw / GAIN_STEP_KW),
            round(max(self.after.judged_kw, level_kw), ROUND_KW),
            round(self.after.soft_max_kw / SOFT_MAX_STEP_KW),
            away,
            self.to_slot,
            self.order.job,
        )


def peak_of(outlook: Outlook) -> Peak:
    """The peaks of an outlook; the earliest of equal quarter hours."""
    place = int(np.argmax(outlook.median_kw))
    judged_kw = float(outlook.judged_kw.max())
    soft_max_kw = judged_kw + SOFTNESS_KW * float(np.log(np.exp((outlook.judged_kw - judged_kw) / SOFTNESS_KW).sum()))
    return Peak(outlook.first_slot + place, float(outlook.median_kw[place]), judged_kw, soft_max_kw)


def moves(outlook: Outlook, order: Order, starts: Iterable[int]) -> list[Move]:
    """Every move of `order` to one of `starts`."""
    before, origin = peak_of(outlook), slot_of(order.start_utc)
    left = outlook.profile(order, origin) > 0
    highest_kw = float(outlook.median_kw.max(where=left, initial=0.0))
    found = []
    for slot in starts:
        moved = outlook.moved(order, slot)
        taken = left | (outlook.profile(order, slot) > 0)
        relief_kw = highest_kw - float(moved.median_kw.max(where=taken, initial=0.0))
        found.append(Move(order, slot, before, peak_of(moved), relief_kw))
    return found


def is_better(move: Move, min_reduction_kw: float) -> bool:
    """Whether a move relieves its place by enough, and raises neither the peak nor the risk.

    Where two peaks are alike the first move hardly lowers the higher of them; a plan as a whole must (see `plan`).
    """
    raises = move.reduction_kw < 0 or move.after.judged_kw > move.before.judged_kw
    return move.relief_kw >= min_reduction_kw and not raises


@dataclass(frozen=True, slots=True)
class Request:
    """The request for a plan: no more than `most` moves, while the judged peak passes `level_kw`, each at least `lead` ahead.

    `allowed` may refuse a move, with the load that it would be made in; its job is then left alone.
    """

    rules: Rules
    level_kw: float
    lead: timedelta
    most: int
    without: frozenset[str] = frozenset()
    allowed: Callable[[Move, Outlook], bool] = lambda move, outlook: True
    scenarios: Scenarios | None = None
    """How the load may come; None: as it is expected."""

    def days(self, outlook: Outlook) -> Scenarios | None:
        """How the load may come; None where nobody knows how likely anything is."""
        found = self.scenarios
        return None if found is None or found.is_certain or found.misses_kw.shape[1] != len(outlook.median_kw) else found

    def is_too_high(self, outlook: Outlook) -> bool:
        """Whether the peak passes the level: on average by as much as a move must gain, or by the judged load."""
        days = self.days(outlook)
        if days is None:
            return peak_of(outlook).judged_kw > self.level_kw
        return days.excess_kw(outlook, self.level_kw) >= self.rules.settings.min_gain_kw


def plan(outlook: Outlook, orders: Mapping[str, Order], request: Request) -> list[list[Move]]:
    """Moves to make one after the other, each followed by other good starts of its job, best first.

    Together they lower the expected peak by the least reduction that is worth while.
    """
    first = _greedy(outlook, orders, request)
    chosen = dict(first)
    for _ in range(ROUNDS):
        again = {job: _again(outlook, orders, request, chosen, job) for job in chosen}
        # One job at a time, so that two do not step aside to the same place.
        changed = next((job for job in chosen if again[job] != chosen[job]), None)
        if changed is None:
            break
        chosen[changed] = again[changed]
    turns = _in_turn(outlook, orders, request, chosen)
    if len(turns) < len(chosen):
        turns = _in_turn(outlook, orders, request, first)
    # Moves at the end that lower nothing any more, and plans that lower too little, are not worth a person's time.
    while turns and not _is_worth_while(turns, request, outlook):
        turns.pop()
    return turns


def _is_worth_while(turns: list[list[Move]], request: Request, outlook: Outlook) -> bool:
    settings = request.rules.settings
    if request.days(outlook) is not None:
        return turns[-1][0].gain_kw >= settings.min_gain_kw
    return turns[0][0].before.median_kw - turns[-1][0].after.median_kw >= settings.min_reduction_kw


def _greedy(outlook: Outlook, orders: Mapping[str, Order], request: Request) -> dict[str, int]:
    chosen: dict[str, int] = {}
    refused: set[str] = set()
    while len(chosen) < request.most and request.is_too_high(outlook):
        move = best_move(outlook, orders, request, request.without | refused | chosen.keys())
        if move is None:
            break
        if not request.allowed(move, outlook):
            refused.add(move.order.job)
            continue
        chosen[move.order.job] = move.to_slot
        outlook, orders = outlook.moved(move.order, move.to_slot), with_move(orders, move.order.job, move.to_slot)
    return chosen


def best_move(outlook: Outlook, orders: Mapping[str, Order], request: Request, without: frozenset[str] | set[str]) -> Move | None:
    """The best single move of any job; None where none is worth while."""
    places = _peak_places(outlook, request)
    found = [
        good[0]
        for job in sorted(orders)
        if job not in without
        and bool((outlook.profile(orders[job], slot_of(orders[job].start_utc))[places] > 0).any())
        and (good := good_moves(outlook, orders[job], orders, request))
    ]
    return min(found, key=lambda move: move.rank(request.level_kw), default=None)


def good_moves(outlook: Outlook, order: Order, orders: Mapping[str, Order], request: Request) -> list[Move]:
    """Moves of one job that are worth while, best first."""
    starts, settings = request.rules.starts(order, orders, request.lead), request.rules.settings
    days = request.days(outlook)
    if days is None:
        good = [move for move in moves(outlook, order, starts) if is_better(move, settings.min_reduction_kw)]
    else:
        gains = dict(zip(starts, days.gains_kw(outlook, order, starts, request.level_kw).tolist(), strict=True))
        best = sorted((slot for slot in starts if gains[slot] >= settings.min_gain_kw), key=lambda slot: (-gains[slot], slot))
        found = (replace(move, gain_kw=gains[move.to_slot]) for move in moves(outlook, order, best[:MOST_STARTS]))
        good = [move for move in found if move.reduction_kw >= 0]
    return sorted(good, key=lambda move: move.rank(request.level_kw))


def _again(outlook: Outlook, orders: Mapping[str, Order], request: Request, chosen: Mapping[str, int], job: str) -> int:
    """The best start of `job` with all the other moves made; as it was where nothing is worth while."""
    for other, slot in chosen.items():
        if other != job:
            outlook, orders = outlook.moved(orders[other], slot), with_move(orders, other, slot)
    good = good_moves(outlook, orders[job], orders, request)
    return good[0].to_slot if good else chosen[job]


def _in_turn(outlook: Outlook, orders: Mapping[str, Order], request: Request, chosen: Mapping[str, int]) -> list[list[Move]]:
    """The chosen moves, each in the load that those before it leave; one that is no longer worth while falls away."""
    turns = []
    for job, slot in chosen.items():
        good = good_moves(outlook, orders[job], orders, request)
        best = next((move for move in good if move.to_slot == slot), None)
        if best is not None:
            turns.append([best, *(move for move in good if move is not best)])
            outlook, orders = outlook.moved(orders[job], slot), with_move(orders, job, slot)
    return turns


def _peak_places(outlook: Outlook, request: Request) -> npt.NDArray[np.bool_]:
    """Where the peak may come: moving a job that draws nothing there cannot lower it."""
    days = request.days(outlook)
    if days is not None:
        return days.peak_places(outlook, request.level_kw)
    found = np.zeros(len(outlook.median_kw), np.bool_)
    found[int(np.argmax(outlook.median_kw))] = True
    return found

"""What loads that can wait did in the demo: tight quarter hours that holds eased, vehicles that left full, what was advised on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.instants import instant_text
from domain.intervals import QUARTER
from domain.orders import Order
from domain.recommendations import OF_LOADS, Action, Recommendation, RecommendationStatus
from lastgang.demo.account import Span as RunSpan
from simulation.counterfactual import main_import_kw, with_orders
from simulation.fleet import Leaving
from simulation.span import Span, begin, schedule_of
from simulation.waiting import Waiting

DONE = (RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)


@dataclass(frozen=True, slots=True)
class Eased:
    """A quarter hour that would have passed the target without holds."""

    start_utc: str
    loads: tuple[str, ...]
    """What was held in it; empty: nothing was."""
    kw: float
    """Import as it was [kW]."""
    without_kw: float
    """Import with the same jobs and charging plans, had nothing been held [kW]."""
    target_kw: float

    @property
    def holds(self) -> bool:
        """Whether it was kept below the target by what was held."""
        return bool(self.loads) and self.kw <= self.target_kw < self.without_kw


@dataclass(frozen=True, slots=True)
class Charged:
    """The vehicles that left in the run."""

    left: int
    full: int
    """Those that had what their next trip needs."""
    missing_kwh: float
    shifted: int
    """Advice to charge at other times that was accepted."""

    @property
    def holds(self) -> bool | None:
        """Whether all were full; None where none left."""
        return self.full == self.left if self.left else None


@dataclass(frozen=True, slots=True)
class WaitingAccount:
    """Of all loads that can wait."""

    eased: tuple[Eased, ...]
    charged: Charged
    advised: Mapping[str, int]
    """Recommendations on loads by action."""


def waiting_of(stored: Mapping[str, object] | None) -> Waiting:
    """What was set at the loads, from the simulator's stored state."""
    waiting = Waiting()
    if stored is not None and isinstance(loads := stored.get("waiting"), dict):
        waiting.restore(loads)
    return waiting


def account_of(
    span: Span,
    run: RunSpan,
    with_kw: Mapping[datetime, float],
    orders: Iterable[Order],
    stored: Mapping[str, object] | None,
    advice: Iterable[Recommendation],
) -> WaitingAccount:
    """What waited in a run.

    Parameters
    ----------
    with_kw
        Import of the grid connection as it was [kW].
    orders
        All revisions.
    stored
        The factory's state as the simulator stored it last; None: it stored none.
    advice
        Newest revision of each recommendation.
    """
    waiting = waiting_of(stored)
    without_kw = main_import_kw(with_orders(span, orders, waiting.without_holds(), run.to_utc))
    advised = [one for one in advice if one.action in OF_LOADS]
    shifted = sum(one.action is Action.SHIFT_LOAD and one.status in DONE for one in advised)
    counts = {str(action): sum(one.action is action for one in advised) for action in sorted(OF_LOADS)}
    left = [] if stored is None else [one for one in _leavings(span, stored) if run.from_utc <= one.at_utc < run.to_utc]
    full = [one for one in left if one.missing_kwh == 0]
    charged = Charged(len(left), len(full), round(sum(one.missing_kwh for one in left), 3), shifted)
    return WaitingAccount(tuple(_eased(span, run, with_kw, without_kw, waiting)), charged, counts)


def _leavings(span: Span, stored: Mapping[str, object]) -> list[Leaving]:
    factory = begin(span, schedule_of([]))
    factory.loads.restore(stored, factory.t_s)
    return factory.loads.fleet.leavings()


def _eased(
    span: Span, run: RunSpan, with_kw: Mapping[datetime, float], without_kw: Mapping[datetime, float], waiting: Waiting
) -> list[Eased]:
    target_kw = span.plant.site.target_kw
    found = []
    for start, kw in sorted(without_kw.items()):
        if target_kw is None or kw <= target_kw or start not in with_kw or not run.has(start):
            continue
        held = waiting.held_between(start.timestamp(), (start + QUARTER).timestamp())
        loads = tuple(dict.fromkeys(one.load for one in held))
        found.append(Eased(instant_text(start), loads, round(with_kw[start], 3), round(kw, 3), target_kw))
    return found

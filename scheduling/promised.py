"""What advice has promised already in a billing period, and what the load would be without any of it.

A peak that advice avoids on five days is avoided once on the bill. So advice promises only what it adds: the charges for power without any
advice less those with all of it, less what is promised already. Over a period the promises never exceed the price of what the peak without
advice lies above the one that was reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.instants import UtcInstant
from domain.orders import Order
from domain.recommendations import JobPlace, Recommendation, RecommendationStatus
from domain.units import Amount, Power
from quarters.numbers import slot_of
from scheduling.problem import Outlook, is_at, load_change


@dataclass(frozen=True, slots=True)
class Promise:
    """What advice for one peak promised: a peak that would have come, and what its lines of the bill save."""

    peak_utc: UtcInstant
    without_kw: Power
    lines_eur: dict[str, Amount] = field(default_factory=dict)


def promise_of(advice: Recommendation, came_kw: float | None = None) -> Promise:
    """What a recommendation promises; `came_kw` is the peak of its day as it would have come without advice, once that is known."""
    without_kw = advice.peak_before_kw if came_kw is None else came_kw
    return Promise(advice.peak_start_utc, without_kw, {line.line: line.saving_eur for line in advice.lines})


@dataclass(frozen=True, slots=True)
class Promised:
    """All that counts beside one piece of advice."""

    promises: tuple[Promise, ...] = ()
    without: Outlook | None = None
    """The expected load as it is without any advice; None: as the load is expected now."""
    now_utc: datetime | None = None

    def avoided(self) -> Iterator[tuple[int, float]]:
        """Quarter hours that are over, and the peak [kW] that would have come in them."""
        for one in self.promises:
            if self.now_utc is not None and one.peak_utc < self.now_utc:
                yield slot_of(one.peak_utc), one.without_kw

    def sunk_eur(self, first_slot: int, end_slot: int) -> dict[str, float]:
        """What is promised of each line of a bill of ``[first_slot, end_slot)`` [EUR]."""
        found: dict[str, float] = {}
        for promise in self.promises:
            if first_slot <= slot_of(promise.peak_utc) < end_slot:
                for line, eur in promise.lines_eur.items():
                    found[line] = found.get(line, 0.0) + eur
        return found


def promised_beside(
    kept: Sequence[Promise],
    advice: Mapping[str, Recommendation],
    name: str,
    outlook: Outlook,
    orders: Mapping[str, Order],
    now_utc: datetime,
    came_kw: Mapping[str, float] | None = None,
) -> Promised:
    """What counts beside the recommendation `name`.

    That is all that was accepted or carried out, and open advice that was issued before it.

    Parameters
    ----------
    kept
        Promises of advice that is not remembered any more.
    outlook
        The expected load with the jobs where they are planned now.
    came_kw
        By recommendation whose day is over: its peak as it would have come without advice (`scheduling.track`).
    """
    came_kw = came_kw or {}
    mine = advice.get(name)
    settled = (RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)

    def counts(one: Recommendation) -> bool:
        if one.recommendation == name:
            return False
        is_before = (
            mine is None
            or mine.status is not RecommendationStatus.OPEN
            or (one.issued_utc, one.recommendation) < (mine.issued_utc, name)
        )
        return one.status in settled or (one.status is RecommendationStatus.OPEN and is_before)

    others = [one for one in advice.values() if counts(one)]
    carried = [
        move for one in advice.values() if one.status in settled and one.peak_start_utc >= now_utc for move in _back(one, orders)
    ]
    without = outlook.plus(load_change(carried, {was.job: orders[was.job] for was, _ in carried}, outlook)) if carried else outlook
    return Promised((*kept, *(promise_of(one, came_kw.get(one.recommendation)) for one in others)), without, now_utc)


def _back(advice: Recommendation, orders: Mapping[str, Order]) -> Iterator[tuple[JobPlace, JobPlace]]:
    """Jobs that are planned as advised, on their way back."""
    for before, after in advice.moves():
        order = orders.get(after.job)
        if order is not None and is_at(order, after):
            yield after, before

"""Jobs within a horizon: what of each order lies in it, and which of them may still be moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.instants import NEVER_UTC
from domain.orders import LoadCurve, Order, OrderStatus
from domain.recommendations import JobPlace
from quarters.numbers import slot_start
from scheduling.live.horizon import Horizon


@dataclass(frozen=True, slots=True)
class Piece:
    """What of one order lies in a horizon, where it is planned: with accepted advice carried out."""

    order: Order
    """As it runs on `machine`."""
    machine: str
    first: int
    slots: int
    powers_kw: LoadCurve | None
    """Of each of its slots; None where its power is not known, or it feeds in: its load stays in the load that nobody plans."""
    is_free: bool
    """Whether it may be moved."""
    left: JobPlace | None = None
    """Where it still stands until accepted advice is carried out."""

    @property
    def end(self) -> int:
        """First slot after it."""
        return self.first + self.slots

    @property
    def job(self) -> str:
        """Its id."""
        return self.order.job


def pieces_of(orders: Mapping[str, Order], accepted: Mapping[str, JobPlace], horizon: Horizon) -> Iterator[Piece]:
    """The piece of each order that has one, in the order of their ids.

    Parameters
    ----------
    orders
        Newest revision of each job, with learned powers.
    accepted
        Where accepted advice puts a job that is not there yet.
    """
    for job in sorted(orders):
        order = orders[job]
        piece = None if order.status.is_over else _piece(order, accepted.get(job), horizon)
        if piece is not None:
            yield piece


def _piece(order: Order, advised: JobPlace | None, horizon: Horizon) -> Piece | None:
    there = None if advised is None else order.on(advised.machine)
    if advised is not None and there is not None:
        moved = _cut(there, advised.start_utc, horizon)
        left = JobPlace(order.job, order.machine, order.start_utc, order.end_utc)
        return None if moved is None else _known(there, moved, horizon, advised.start_utc, is_free=False, left=left)
    if order.start_utc >= NEVER_UTC:
        return None
    span = _cut(order, order.start_utc, horizon)
    if span is None:
        return Piece(order, order.machine, 0, 1, None, is_free=False) if order.status is OrderStatus.RUNNING else None
    is_whole = span == (horizon.slot(order.start_utc), order.duration_quarters)
    is_free = is_whole and order.movable and order.status is OrderStatus.PLANNED
    return _known(order, span, horizon, order.start_utc, is_free=is_free, left=None)


def _cut(order: Order, start_utc: datetime, horizon: Horizon) -> tuple[int, int] | None:
    """First slot and length of what lies in the horizon; None where nothing does."""
    first = horizon.slot(start_utc)
    begin, end = max(first, 0), min(first + order.duration_quarters, horizon.count)
    return (begin, end - begin) if begin < end else None


def _known(
    order: Order, span: tuple[int, int], horizon: Horizon, start_utc: datetime, *, is_free: bool, left: JobPlace | None
) -> Piece:
    first, slots = span
    offset = first - horizon.slot(start_utc)
    powers = order.profile_kw[offset : offset + slots]
    known = is_planned(order)
    return Piece(order, order.machine, first, slots, powers if known else None, is_free and known, left)


def is_planned(order: Order) -> bool:
    """Whether the planner can count what `order` draws: its power is known and it feeds nothing in."""
    return bool(order.profile_kw) and min(order.profile_kw) >= 0


def starts_at(piece: Piece, horizon: Horizon) -> datetime:
    """The instant of its first slot within the horizon."""
    return slot_start(horizon.first_slot + piece.first)

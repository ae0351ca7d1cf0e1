"""An accepted recommendation becomes the plan: revised orders and shift changes.

In: a recommendation that somebody accepted, the orders and shift changes as known.  Out: their next revisions, for the topics that every
reader of the plan reads. Nothing comes out for what stands already as advised: a decision that comes twice changes nothing.

Where a planning system of the plant's own is the master of the plan (`Planning.revises_plan` is false), it hears of the decision on the topic
and hands in its revisions itself; then nothing comes out of here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.recommendations import JobPlace, Recommendation, ShiftPlace
from domain.shift_changes import ShiftChange
from scheduling.problem import is_at


def revised_orders(accepted: Recommendation, orders: Mapping[str, Order]) -> list[Order]:
    """The next revision of each order that `accepted` moves and that is still where it was.

    An order that was revised meanwhile, has begun or is over stays as it is: what it is now is newer than what was accepted.
    """
    return [revised for before, after in accepted.moves() if (revised := _revised(accepted, orders.get(before.job), before, after))]


def _revised(accepted: Recommendation, order: Order | None, before: JobPlace, after: JobPlace) -> Order | None:
    planned = order is not None and order.movable and order.status is OrderStatus.PLANNED
    if order is None or not planned or not is_at(order, before) or is_at(order, after):
        return None
    there = order.on(after.machine)
    if there is None:
        return None
    return replace(
        there, revision=order.revision + 1, start_utc=after.start_utc, at_utc=accepted.at_utc, reason=accepted.recommendation
    )


def revised_shifts(accepted: Recommendation, plant: Plant, known: Iterable[ShiftChange]) -> list[ShiftChange]:
    """The shift changes that `accepted` makes, each newer than what is known of that shift and day; what a person entered there stays."""
    revisions: dict[tuple[str, str], int] = {}
    for change in known:
        key = (change.shift, change.day_local)
        revisions[key] = max(change.revision, revisions.get(key, 0))
    zone = plant.site.zone
    entered = {(one.shift, one.day_local): one.worked for one in known if not one.withdrawn}
    return [
        replace(change, revision=revisions.get((change.shift, change.day_local), 0) + 1)
        for change in _changes(accepted, plant.site.id, zone)
        if _is_news(change, entered.get((change.shift, change.day_local)))
    ]


def _is_news(change: ShiftChange, worked: bool | None) -> bool:
    """Whether a change says more than what a person entered for that shift and day (None: nothing), which stays as it is."""
    return worked is None if change.worked else worked is not False


def _changes(accepted: Recommendation, site: str, zone: ZoneInfo) -> Iterator[ShiftChange]:
    worked = {(place.shift, place.day_local) for place in accepted.after.shifts}
    for place in accepted.after.shifts:
        yield _change(accepted, site, place, zone, worked=True)
    for place in accepted.before.shifts:
        if (place.shift, place.day_local) not in worked:
            yield _change(accepted, site, place, zone, worked=False)


def _change(accepted: Recommendation, site: str, place: ShiftPlace, zone: ZoneInfo, *, worked: bool) -> ShiftChange:
    begin, end = (_clock(instant, zone) for instant in (place.start_utc, place.end_utc))
    return ShiftChange(
        site, place.shift, place.day_local, 0, worked, accepted.at_utc,
        from_local=begin if worked else "", to_local=end if worked else "", workers=place.workers if worked else (),
        crew=place.crew or None if worked else None, by=accepted.decided_by or "", reason=accepted.recommendation,
    )  # fmt: skip


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"

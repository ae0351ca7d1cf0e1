"""What is known of the orders: the newest revision of each job, and what each door stated last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.orders import PROGRESS_SOURCE, Order
from domain.plant import Plant, planned_orders

API_SOURCE, PAGE_SOURCE = "api", "page"


class Door(StrEnum):
    """Who hands in orders."""

    FILE = "file"
    API = "api"
    PAGE = "page"
    PROGRAM = "program"


def door_of(source: str) -> Door:
    """The door that an order's `source` names."""
    if source in ("", PROGRESS_SOURCE):
        return Door.PROGRAM
    return {API_SOURCE: Door.API, PAGE_SOURCE: Door.PAGE}.get(source, Door.FILE)


@dataclass(frozen=True, slots=True)
class Word:
    """What a door stated of one job last, field by field, whatever others have changed since."""

    source: str
    values: Mapping[str, Any]
    """Field of `domain.orders.Order` -> value."""


@dataclass(frozen=True, slots=True)
class KnownOrders:
    """Orders by job."""

    newest: Mapping[str, Order] = field(default_factory=dict)
    words: Mapping[tuple[Door, str], Word] = field(default_factory=dict)
    """By door and job."""


def known_orders(revisions: Iterable[Order], plant: Plant) -> KnownOrders:
    """What follows from all revisions of all jobs, in any order, and from the plant file; records of other sites do not count."""
    by_job: dict[str, dict[int, Order]] = {order.job: {order.revision: order} for order in planned_orders(plant)}
    for order in revisions:
        if order.site == plant.site.id:
            by_job.setdefault(order.job, {}).setdefault(order.revision, order)  # of two with one number the first counts
    newest: dict[str, Order] = {}
    words: dict[tuple[Door, str], Word] = {}
    for job, numbered in by_job.items():
        ordered = [numbered[number] for number in sorted(numbered)]
        newest[job] = ordered[-1]
        for before, order in zip([None, *ordered[:-1]], ordered, strict=True):
            if not order.reason:  # with one it was made for a recommendation, and is no door's word
                key = (door_of(order.source), job)
                words[key] = _word(words.get(key), before, order)
    return KnownOrders(newest, words)


def _word(word: Word | None, before: Order | None, order: Order) -> Word:
    """A door's first revision is its word as a whole; of a later one, what it changed. The rest was carried over."""
    values = values_of(order)
    if word is not None and before is not None:
        earlier = values_of(before)
        values = {**word.values, **{name: value for name, value in values.items() if earlier[name] != value}}
    return Word(order.source, values)


def values_of(order: Order) -> dict[str, Any]:
    """Its fields, with the duration as `quarters` however it is stated."""
    return {**{name: getattr(order, name) for name in Order.__dataclass_fields__}, "quarters": order.duration_quarters}

"""Rules that an order keeps whichever door it comes through: a sheet, the API, the page or the topic.

A fault is a key with values, so that each language has its sentence (`words.order_faults`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from domain.orders import Order
from domain.plant import Machine, MachineGroup, Plant

NO_VALUES: Mapping[str, str] = {}
MOST_NAMED = 30
"""Machines that a message lists."""


@dataclass(frozen=True, slots=True)
class OrderFault:
    """One thing wrong with an order."""

    field: str
    """Of the order sheet: ``machine``, ``due`` ..."""
    key: str
    """Which rule: the sentence is ``order_fault.<key>`` of the language."""
    found: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What the sentence names."""


def order_faults(order: Order, plant: Plant, known: Mapping[str, Order]) -> tuple[OrderFault, ...]:
    """What keeps `order` from being planned beside the orders `known` by job; one that is done or cancelled is always taken.

    A predecessor that is not known is no fault here: on a topic it may come later.
    """
    if order.status.is_over:
        return ()
    machines = {machine.id for machine in plant.machines}
    named = [order.machine, *(other.machine for other in order.other_machines)]
    # A plant file that names no machines judges none.
    faults = [unknown_machine(name, plant) for name in named if machines and name not in machines]
    faults += [
        OrderFault("machine", "machine_twice", name, {"machine": name})
        for name in sorted({name for name in named if named.count(name) > 1})
    ]
    faults += list(_cycle_faults(order, known))
    faults += list(_date_faults(order))
    return tuple(faults)


def unknown_machine(name: str, plant: Plant) -> OrderFault:
    """Names the machine or group that may have been meant, else all there are."""
    choices = names_of_machines(plant)
    close = get_close_matches(name.casefold(), [choice.casefold() for choice in choices], n=1, cutoff=0.6)
    if close:
        meant = next(choice for choice in choices if choice.casefold() == close[0])
        return OrderFault("machine", "machine_unknown_meant", name, {"meant": choices[meant]})
    return OrderFault("machine", "machine_unknown", name, {"choices": _listed(choices.values())})


def names_of_machines(plant: Plant) -> dict[str, str]:
    """Every id and name of a machine or group -> its id."""
    both: tuple[Machine | MachineGroup, ...] = (*plant.machines, *plant.machine_groups)
    return {**{one.name: one.id for one in both if one.name}, **{one.id: one.id for one in both}}


def _listed(ids: Iterable[str]) -> str:
    names = sorted(set(ids))
    more = f" … (+{len(names) - MOST_NAMED})" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more or "–"


def _cycle_faults(order: Order, known: Mapping[str, Order]) -> Iterable[OrderFault]:
    def before(job: str) -> Iterable[str]:
        other = order if job == order.job else known.get(job)
        return () if other is None else (predecessor.job for predecessor in other.predecessors)

    if way := cycle_through(order.job, before):
        yield OrderFault("predecessors", "cycle", " → ".join(way), {"job": order.job})


def cycle_through(job: str, before: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """A way from `job` over predecessors back to it, both ends named; empty if there is none. `before`: the jobs that a job waits for."""
    came_from: dict[str, str] = {}
    waiting = [job]
    while waiting:
        current = waiting.pop()
        for other in before(current):
            if other == job:
                return _way_back(job, current, came_from)
            if other not in came_from:
                came_from[other] = current
                waiting.append(other)
    return ()


def _way_back(job: str, last: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    way = [job, last] if last != job else [job]
    while way[-1] != job:
        way.append(came_from[way[-1]])
    return tuple(reversed(way)) if len(way) > 1 else (job, job)


def _date_faults(order: Order) -> Iterable[OrderFault]:
    # A due date may have passed: being late is only expensive. A deadline must be possible.
    try:
        ends = order.earliest_utc + order.duration
    except OverflowError:
        ends = order.earliest_utc
    if ends > order.deadline_utc:
        found = f"{order.deadline_utc:%Y-%m-%dT%H:%MZ}"
        yield OrderFault("deadline", "deadline_too_early", found, {"ends": f"{ends:%Y-%m-%dT%H:%MZ}"})

"""The peak that perfect foresight reaches: the planner on the loads as they really come, each working day by itself.

A day begins with the early shift, so that no job is cut. Only the highest quarter hour of the day is priced; jobs keep windows, machines and
shifts. What the planner finds is then run through the factory, whose physics has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.worth.loop import Days, run_from
from domain.calendars import at_local, staffed_spans
from domain.instants import instant_text
from domain.intervals import QUARTER
from domain.orders import Order
from quarters.numbers import slot_of, slot_start
from scheduling.planner.answer import Request, plan
from scheduling.planner.problem import FORMAT, Problem
from simulation.lifelike import AS_PLANNED
from simulation.orders import job_profile
from simulation.span import Span

DAY_BEGINS = "06:00"
HORIZON = 36 * 4
"""Slots of a day's problem: jobs of its night shift end in them."""
ROUNDS = 4
SECONDS = 600.0
EUR_PER_KW = 1000.0
LoadBySlot = dict[int, float]


def foreseen(days: Days, clock: Callable[[], float]) -> dict[datetime, float]:
    """The import [kW] of `days`, which nobody advised, had every job been placed by somebody who knew all loads."""
    span, orders = days.span, dict(days.orders)
    load = {slot_of(start): kw for start, kw in days.load_kw.items()}
    day, last = span.first_day, days.end_utc.astimezone(span.plant.site.zone).date()
    while day <= last:
        begin = slot_of(at_local(day, DAY_BEGINS, span.plant.site.zone).astimezone(UTC))
        end = slot_of(at_local(day + timedelta(days=1), DAY_BEGINS, span.plant.site.zone).astimezone(UTC))
        mine = [order for order in orders.values() if order.movable and begin <= slot_of(order.start_utc) < end]
        if mine and begin >= slot_of(span.start_utc):
            for order, start in _placed(span, load, begin, mine, orders.values(), clock):
                _shift(load, _true_profile(span, order), slot_of(order.start_utc), start)
                orders[order.job] = replace(order, start_utc=slot_start(start))
        day += timedelta(days=1)
    return run_from(days, list(orders.values()), span.start_utc, days.end_utc)


def _placed(
    span: Span, load: Mapping[int, float], begin: int, mine: Sequence[Order], orders: Iterable[Order], clock: Callable[[], float]
) -> list[tuple[Order, int]]:
    """The jobs of one day that somebody with foresight would move, with their new starts."""
    problem = _problem(span, load, begin, mine, orders)
    answer = plan(problem, Request(SECONDS, span.seed, ROUNDS), clock)
    starts = {order.job: begin + place.start for order in mine if (place := answer.plan.decision(order.job)) is not None}
    return [
        (order, starts[order.job]) for order in mine if starts.get(order.job, slot_of(order.start_utc)) != slot_of(order.start_utc)
    ]


def _problem(span: Span, load: Mapping[int, float], begin: int, mine: Sequence[Order], orders: Iterable[Order]) -> Problem:
    names = {order.job for order in mine}
    base = np.array([load.get(begin + n, 0.0) for n in range(HORIZON)])
    for order in mine:
        first = slot_of(order.start_utc) - begin
        for n, power_kw in enumerate(_true_profile(span, order)):
            if 0 <= first + n < HORIZON:
                base[first + n] -= power_kw
    others = [order for order in orders if order.job not in names]
    machines = sorted({order.machine for order in mine})
    base = np.maximum(base, 0.0)
    return Problem.model_validate(
        {
            "format": FORMAT,
            "site": span.plant.site.id,
            "slots": {
                "start_utc": instant_text(slot_start(begin)),
                "minutes": 15,
                "count": HORIZON,
                "timezone": span.plant.site.timezone,
            },
            "energy_price_eur_per_kwh": [0.0] * HORIZON,
            "base_load": {"q50_kw": base.tolist(), "q90_kw": base.tolist()},
            "demand_charges": [{"id": "peak", "price_eur_per_kw": EUR_PER_KW, "incumbent_peak_kw": 0.0}],
            "machines": [{"id": machine, "unavailable": _closed(span, machine, begin, others)} for machine in machines],
            "shifts": [],
            "jobs": [_job(span, order, begin) for order in mine],
            "current_plan": {"jobs": [{"id": o.job, "machine": o.machine, "start": slot_of(o.start_utc) - begin} for o in mine]},
            "changes": {"eur_per_moved_job": 1.0, "max_moved_jobs": None},
        }
    )


def _job(span: Span, order: Order, begin: int) -> dict[str, Any]:
    phases = [{"slots": 1, "power_kw": power_kw} for power_kw in _true_profile(span, order)]
    due = slot_of(order.due_utc) - begin
    return {
        "id": order.job, "order": order.job, "family": order.product, "alternatives": [{"machine": order.machine, "phases": phases}],
        "earliest": max(0, slot_of(order.earliest_utc) - begin), "due": due, "deadline": due, "tardiness_eur_per_slot": 0.0,
    }  # fmt: skip


def _closed(span: Span, machine: str, begin: int, others: Iterable[Order]) -> list[tuple[int, int]]:
    """Slots in which nobody is at `machine`, or in which a job of another day has it."""
    from_utc, to_utc = slot_start(begin), slot_start(begin + HORIZON)
    there = next(one for one in span.plant.machines if one.id == machine)
    closed, free_from = [], from_utc
    for open_utc, close_utc in staffed_spans(there, span.plant, from_utc, to_utc):
        closed.append((free_from, open_utc))
        free_from = close_utc
    closed.append((free_from, to_utc))
    closed += [(order.start_utc, order.end_utc) for order in others if order.machine == machine]
    spans = [(max(0, slot_of(first) - begin), min(HORIZON, slot_of(last - QUARTER) + 1 - begin)) for first, last in closed]
    return [(first, last) for first, last in spans if first < last]


def _true_profile(span: Span, order: Order) -> tuple[float, ...]:
    """What a job really adds to the idle power [kW] in each of its planned quarter hours."""
    nature = span.nature
    effort = AS_PLANNED if nature is None else nature.effort(order.job, order.machine, order.start_utc.timestamp())
    return tuple(power_kw * span.scale for power_kw in job_profile(order.machine, order.duration_quarters, effort))


def _shift(load: LoadBySlot, profile: Sequence[float], from_slot: int, to_slot: int) -> None:
    """Move what a job draws within the load."""
    for n, power_kw in enumerate(profile):
        load[from_slot + n] = load.get(from_slot + n, 0.0) - power_kw
        load[to_slot + n] = load.get(to_slot + n, 0.0) + power_kw

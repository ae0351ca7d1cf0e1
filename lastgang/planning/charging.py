"""Vehicles placed after the jobs: on the load that the jobs' plan leads to, by the prices of the same problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from domain.flexible_loads import ChargePoint
from flexibility.charging import Session
from flexibility.horizon import Horizon, PeakPrice
from flexibility.planning import FlexiblePlan, left_alone, plan_flexible
from scheduling.planner.cost.load import cautious_base_kw, jobs_kw
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem, Stay

COMES_LATE = timedelta(minutes=30)
"""A vehicle is not planned to charge in the first half hour after it usually comes, where the time is enough without."""
SPARE = timedelta(minutes=15)
"""Nor in the last quarter of an hour: chargers lose more than their plate says, and nearly full batteries take less power."""
_DIGITS = 3


def charging_plan(problem: Problem, plan: Plan) -> dict[str, Any] | None:
    """When vehicles charge: mean power of each slot as they would and as they should, by charge point [kW]; None where there are none.

    Returns
    -------
    dict
        ``loads``: ``load``, ``before_kw``, ``after_kw`` and ``not_in_base_kw`` (what of `before_kw` the base load does not have) of each
        charge point; ``unmet``: vehicles that cannot be ready in time even with full power, with what is missing [kWh].
    """
    if not problem.charging:
        return None
    start_utc = datetime.fromisoformat(problem.slots.start_utc)
    sessions = [_filled(_session(stay, start_utc), start_utc) for stay in problem.charging]
    points = [
        ChargePoint(id=name, max_kw=_most_kw(problem.charging, name)) for name in sorted({one.load for one in problem.charging})
    ]
    nothing = (0.0,) * problem.slot_count
    before = left_alone(points, Horizon(start_utc, nothing, problem.energy_price_eur_per_kwh, ()), sessions, {})
    known = {stay.load: min(one.in_base_load for one in problem.charging if one.load == stay.load) for stay in problem.charging}
    site_kw = cautious_base_kw(problem) + jobs_kw(problem, plan)
    for one in before.placed:
        site_kw -= known[one.name] * np.array(one.kw)
    after = _planned(problem, points, np.maximum(site_kw, 0.0).tolist(), sessions)
    drawn = {one.name: one.kw for one in after.placed}
    loads = [
        {
            "load": one.name, "before_kw": _rounded(one.kw), "after_kw": _rounded(drawn[one.name]),
            "not_in_base_kw": _rounded([(1 - known[one.name]) * kw for kw in one.kw]),
        }
        for one in before.placed
    ]  # fmt: skip
    return {"loads": loads, "unmet": [{"vehicle": one.name, "kwh": round(one.kwh, _DIGITS)} for one in after.unmet]}


def _planned(problem: Problem, points: list[ChargePoint], site_kw: list[float], sessions: list[Session]) -> FlexiblePlan:
    """The plan with time to spare; without it where some vehicle would not be ready so."""
    peaks = tuple(
        PeakPrice(one.price_eur_per_kw, one.incumbent_peak_kw, tuple(one.slots(problem.slot_count)))
        for one in problem.demand_charges
    )
    start_utc = datetime.fromisoformat(problem.slots.start_utc)
    horizon = Horizon(start_utc, tuple(site_kw), problem.energy_price_eur_per_kwh, peaks)
    careful = plan_flexible(points, horizon, [_with_spare(one, start_utc) for one in sessions], {})
    return plan_flexible(points, horizon, sessions, {}) if careful.unmet else careful


def _with_spare(session: Session, start_utc: datetime) -> Session:
    """`session` between a late coming and an early leaving, as far as full power is enough there."""
    from_utc = session.from_utc if session.from_utc <= start_utc else session.from_utc + COMES_LATE
    ready_utc = session.ready_utc - SPARE
    enough = from_utc < ready_utc and session.missing_kwh <= session.max_kw * ((ready_utc - from_utc) / timedelta(hours=1))
    return replace(session, from_utc=from_utc, ready_utc=ready_utc) if enough else session


def _filled(session: Session, start_utc: datetime) -> Session:
    """`session` charged up to its usual charge, as a charge point does by itself, where there is time for that; else what its trip needs."""
    full = replace(session, needed_kwh=max(session.top_kwh, session.needed_kwh))
    spared = _with_spare(full, start_utc)
    return full if spared is not full else session


def _session(stay: Stay, start_utc: datetime) -> Session:
    def instant(minutes: float) -> datetime:
        return start_utc + timedelta(minutes=minutes)

    return Session(
        stay.vehicle, stay.load, instant(stay.from_min), instant(stay.ready_min), stay.level_kwh, stay.needed_kwh, stay.capacity_kwh,
        stay.max_kw, stay.efficiency, stay.most_charge, stay.gentle_kw,
    )  # fmt: skip


def _most_kw(stays: Sequence[Stay], load: str) -> float:
    return max(stay.max_kw for stay in stays if stay.load == load)


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, _DIGITS) + 0.0 for value in values]

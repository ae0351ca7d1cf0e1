"""The operator who follows advice on loads that can wait: holds, releases and charging plans, within seconds. Pure; time is passed in.

What is advised for an instant that has passed by then is carried out from now on; what is over by then is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.recommendations import OF_LOADS, Action, LoadPlace, Recommendation
from simulation.waiting import LoadPlan, Planned, Waiting

REACTION = timedelta(seconds=20)
"""From advice on a load to the hand on the switch."""


def is_about_loads(recommendation: Recommendation) -> bool:
    """Whether the operator carries it out, not the planner."""
    return recommendation.action in OF_LOADS


def carry_out(recommendation: Recommendation, waiting: Waiting, now_utc: datetime) -> bool:
    """Set at the loads what an accepted recommendation says; whether there was still something to do."""
    places = recommendation.after.loads
    now_s = now_utc.timestamp()
    match recommendation.action:
        case Action.HOLD:
            ahead = [place for place in places if place.end_utc > now_utc]
            for place in ahead:
                waiting.hold(place.load, max(place.start_utc.timestamp(), now_s), place.end_utc.timestamp())
            return bool(ahead)
        case Action.RELEASE:
            for place in places:
                waiting.release(place.load, max(place.start_utc.timestamp(), now_s))
            return True
        case _:
            plans = _plans([*recommendation.before.loads, *places], places, now_s)
            for plan in plans:
                waiting.plan(plan)
            return bool(plans)


def _plans(all_places: Iterable[LoadPlace], after: Iterable[LoadPlace], now_s: float) -> list[LoadPlan]:
    """Each load's plan: from the first to the last instant that the advice names."""
    found: dict[str, tuple[float, float]] = {}
    for place in all_places:
        begin, end = found.get(place.load, (place.start_utc.timestamp(), place.end_utc.timestamp()))
        found[place.load] = min(begin, place.start_utc.timestamp()), max(end, place.end_utc.timestamp())
    spans = [Planned(place.load, place.kw, place.start_utc.timestamp(), place.end_utc.timestamp()) for place in after]
    return [
        LoadPlan(load, max(begin, now_s), end, tuple(one for one in spans if one.load == load))
        for load, (begin, end) in sorted(found.items())
        if end > now_s
    ]

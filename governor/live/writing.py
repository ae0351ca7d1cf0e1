"""Recommendations to hold and to release, as records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from domain.demand import Demand
from domain.facts import Fact, fact
from domain.load_facts import HOLD_CHECKED, LOADS_CHECKED, held, released, returning
from domain.recommendations import Action, LoadPlace, Places, Recommendation, RecommendationStatus, Versions
from governor.live.choosing import Chosen
from governor.live.moment import NOTICE, Running
from governor.live.state import Ahead, Held
from governor.rules import Moment

NAME = "governor 1"


def _name(kind: str, quarter_utc: datetime, number: int) -> str:
    """The same for the same input: what is decided again after a restart is the same recommendation."""
    return f"{kind}-{quarter_utc:%y%m%d%H%M}-{number}"


def hold(demand: Demand, run: Running, why: Moment, chosen: Sequence[Chosen], ahead: Ahead, number: int) -> Recommendation:
    """Advice to hold the `chosen` loads."""
    places = tuple(LoadPlace(one.load, round(one.kw, 1), one.start_utc, one.end_utc) for one in chosen)
    lowers = sum(run.mean_kw(one.kw, one.start_utc, one.end_utc) for one in chosen)
    before, after = round(why.projected_kw, 1), round(why.projected_kw - lowers, 1)
    reason = [held(places, demand.start_utc, before, after, why.level_kw), *_otherwise(demand, why)]
    back_kwh = sum(one.back_kwh for one in chosen)
    reason += [returning(back_kwh)] if back_kwh > 0 else []
    return _advice(
        demand, run, _name("hold", demand.start_utc, number), Action.HOLD, Places(), Places(loads=places), before, after,
        _latest_utc(run, why, chosen), _odds(why), tuple(reason), HOLD_CHECKED, ahead,
    )  # fmt: skip


def release(demand: Demand, run: Running, why: Moment, name: str, one: Held, ahead: Ahead, number: int) -> Recommendation:
    """Advice that a load that is held may draw again before its hold ends."""
    start = max(run.now_utc + NOTICE, one.since_utc)
    before = LoadPlace(name, round(one.kw, 1), one.since_utc, one.until_utc)
    after = LoadPlace(name, round(one.kw, 1), start, max(one.until_utc, start))
    mean, raised = round(why.projected_kw, 1), round(why.projected_kw + run.mean_kw(one.kw, start), 1)
    return _advice(
        demand, run, _name("release", demand.start_utc, number), Action.RELEASE, Places(loads=(before,)), Places(loads=(after,)), mean, raised,
        max(min(one.until_utc, run.end_utc), start), 1 - _odds(why), (released(after),), LOADS_CHECKED, ahead,
    )  # fmt: skip


def _advice(
    demand: Demand, run: Running, name: str, action: Action, before: Places, after: Places, before_kw: float, after_kw: float,
    until_utc: datetime, odds: float, reason: tuple[Fact, ...], checked: tuple[Fact, ...], ahead: Ahead,
) -> Recommendation:  # fmt: skip
    return Recommendation(
        demand.site, name, 1, RecommendationStatus.OPEN, run.now_utc, run.now_utc, until_utc, action, before, after, demand.start_utc,
        before_kw, after_kw, round(before_kw - after_kw, 1), None, None, None, None, None, odds, reason, checked=checked,
        versions=Versions(ahead.issued_utc, ahead.model, 0, "", NAME),
    )  # fmt: skip


def _otherwise(demand: Demand, why: Moment) -> list[Fact]:
    """What happens if nothing is held."""
    is_billed = demand.billed_peak_kw >= demand.target_kw
    level = demand.billed_peak_kw if is_billed else demand.target_kw
    apart = why.projected_kw - level
    if apart <= 0:
        return []
    return [fact("advice.above_billed" if is_billed else "advice.above_target", apart_kw=apart, level_kw=level)]


def _latest_utc(run: Running, why: Moment, chosen: Sequence[Chosen]) -> datetime:
    """The last start of the hold from which the expected mean still comes down to the level; its planned start where none does."""
    start, kw = min(one.start_utc for one in chosen), sum(one.kw for one in chosen)
    short = max(why.projected_kw - why.level_kw, 0.0)
    whole = run.mean_kw(kw, start)
    spare = 1 - short / whole if whole > 0 else 0.0
    latest = start + max(spare, 0.0) * (run.end_utc - start)
    return latest.replace(microsecond=0)


def _odds(why: Moment) -> float:
    """Probability that the mean without it is above the level, where errors are normal."""
    apart = (why.projected_kw - why.level_kw) / why.spread_kw if why.spread_kw > 0 else math.inf
    return round(0.5 * (1 + math.erf(apart / math.sqrt(2))), 3)

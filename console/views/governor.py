"""What is to be held in the running quarter hour, and what happens otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.views.now import Alarm, alarm_of
from console.views.plan import AdviceCard, advice_cards
from console.views.scene import Scene
from domain.demand import Demand
from domain.governing import Governing, GovernorMode
from domain.recommendations import Action, Recommendation, RecommendationStatus
from words.sentences import Names, names_of

GOVERNOR_ACTIONS = frozenset({Action.HOLD, Action.RELEASE})
_RUNS = (RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)


class Need(StrEnum):
    """What is needed of people now."""

    DECIDE = "decide"
    """Advice lies open."""
    HELD = "held"
    """Loads are held, or are about to be."""
    NOTHING = "nothing"
    """All is well without a hold."""
    NOT_NOW = "not_now"
    """The projection is above the level, and no hold is advised: there is still time, or none would help."""
    SILENT = "silent"
    """Nothing can be decided for want of data."""
    UNKNOWN = "unknown"
    """Nothing has been heard of the governor, or of the meter, lately."""


@dataclass(frozen=True, slots=True)
class GovernorView:
    """The governor's part of the page *Now*."""

    need: Need
    now_utc: datetime
    demand: Demand | None
    governing: Governing | None
    card: AdviceCard | None
    """What is to be decided first."""
    others_open: int
    """Open advice beyond that one."""
    running: tuple[Recommendation, ...]
    """What is held, or is about to be, by accepted advice."""
    names: Names


def governor_view(scene: Scene) -> GovernorView | None:
    """None for a plant without loads that can wait."""
    if not scene.plant.flexible.loads():
        return None
    demand = scene.demand()
    advice = [one for one in scene.recommendations() if one.action in GOVERNOR_ACTIONS]
    opened = [one for one in advice if one.status is RecommendationStatus.OPEN and one.valid_until_utc > scene.now_utc]
    cards = advice_cards(scene, opened)
    running = [one for one in advice if _runs(one, scene.now_utc)]
    running.sort(key=lambda one: (one.begins_utc, one.recommendation))
    governing = scene.live.governing
    return GovernorView(
        need=_need(scene, demand, governing, bool(cards), bool(running)),
        now_utc=scene.now_utc,
        demand=demand,
        governing=governing,
        card=cards[0] if cards else None,
        others_open=max(len(opened) - 1, 0),
        running=tuple(running),
        names=names_of(scene.plant),
    )


def _runs(advice: Recommendation, now_utc: datetime) -> bool:
    return advice.action is Action.HOLD and advice.status in _RUNS and max(place.end_utc for place in advice.loads) > now_utc


def _need(scene: Scene, demand: Demand | None, governing: Governing | None, is_open: bool, is_held: bool) -> Need:
    if is_open:
        return Need.DECIDE
    if governing is None or alarm_of(demand, scene) in (Alarm.NO_DATA, Alarm.STALE):
        return Need.HELD if is_held else Need.UNKNOWN
    if is_held:
        return Need.HELD
    if governing.mode is GovernorMode.SILENT:
        return Need.SILENT
    is_above = demand is not None and governing.level_kw is not None and demand.projected_kw > governing.level_kw
    return Need.NOT_NOW if is_above else Need.NOTHING

"""When a site is planned again, and what becomes of the plan: problems out, plans in (`docs/decisions/057-live-planning.md`).

A problem is stated at the first record that carries time in each plant hour, and after an event: an order, a decision, a shift change, prices, a
learned power, a forecast that moved; never more than one a minute of plant time. A plan is checked
against the present: it was made for a problem of some minutes ago.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.codec import encode
from domain.instants import instant_text
from domain.job_power import JobPower
from domain.known_changes import with_change
from domain.planning import PlanningCause, PlanningProblem, ProposedPlan
from domain.plant import Plant
from domain.readings import Rejection, RejectionReason
from domain.recommendations import Recommendation, RecommendationStatus
from domain.shift_changes import ShiftChange
from domain.texts import DOCUMENT_LENGTH, printable
from scheduling.besides import Besides
from scheduling.live.answer import plan_of
from scheduling.live.planning import LivePlanning
from scheduling.live.problem import Nothing
from scheduling.live.shifting import planned_loads
from scheduling.live.writing import versions_of
from scheduling.now import is_near
from scheduling.state import AdviceState

_NO_PLAN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What a text raises that is not what a planner writes."""


class Replanning:
    """Problems and plans of one site.

    Parameters
    ----------
    is_sound
        Whether the newest quarter hours of the billing meter are there, sound and recent.
    """

    def __init__(self, plant: Plant, planning: LivePlanning, besides: Besides, is_sound: Callable[[AdviceState], bool]) -> None:
        self._plant, self._planning, self._besides, self._is_sound = plant, planning, besides, is_sound

    def take_shift_change(self, state: AdviceState, change: ShiftChange) -> list[Recommendation]:
        """Learn what differs from the weekly pattern of shifts; it counts from the next plan on, and open advice about that shift is over."""
        replan, now = state.notes.replan, state.notes.now_utc
        if change.site != self._plant.site.id:
            return []
        known = with_change(replan.changes, change, None if now is None else now.astimezone(self._plant.site.zone).date())
        if known is replan.changes:
            return []
        replan.changes, state.encoded = known, None
        replan.note(PlanningCause.SHIFT)
        open_advice = state.notes.with_status(RecommendationStatus.OPEN)
        return [
            state.notes.end(one, RecommendationStatus.WITHDRAWN, change.at_utc) for one in open_advice if _is_about(one, change)
        ]

    def take_power(self, state: AdviceState, power: JobPower) -> None:
        """Learn what a product's jobs draw on a machine; it counts from the next plan on."""
        if power.site == self._plant.site.id and state.notes.replan.learn(power):
            state.notes.replan.note(PlanningCause.POWER)
            state.encoded = None

    def problems(self, state: AdviceState) -> list[PlanningProblem]:
        """The problem that is due now: none where there is nothing to plan. To be called after each record that carries time."""
        notes = state.notes
        now, forecast = notes.now_utc, notes.replan.forecast
        if now is None or forecast is None or (cause := notes.replan.due(now)) is None:
            return []
        if not is_near(forecast.issued_utc, now) or not self._is_sound(state):
            return []
        notes.replan.state(now)
        state.encoded = None
        stated = self._planning.problem(state, forecast, self._besides.of(notes))
        if isinstance(stated, Nothing):
            return []
        body = stated.problem.model_dump_json(by_alias=True)
        if len(body) > DOCUMENT_LENGTH:  # a broker would not take it
            return []
        name, versions = f"{instant_text(now)}-{cause}", versions_of(forecast, notes.orders, "")
        return [PlanningProblem(self._plant.site.id, name, now, stated.horizon.start_utc, cause, body, versions)]

    def take_plan(self, state: AdviceState, proposed: ProposedPlan) -> list[Recommendation] | Rejection:
        """What a plan comes to now; nothing where it is too old or was taken before, or the data are not sound; a rejection where it is none."""
        replan, now = state.notes.replan, state.notes.now_utc
        if now is None or replan.forecast is None or proposed.site != self._plant.site.id or not self._is_sound(state):
            return []
        if not replan.is_news(proposed.problem, proposed.at_utc, now):
            return []
        replan.answered, replan.answered_utc, state.encoded = proposed.problem, proposed.at_utc, None
        try:
            plan, loads = plan_of(proposed.body), planned_loads(proposed.body)
        except _NO_PLAN as error:
            return _rejected(proposed, error)
        if plan is None:
            return []
        beside, first_utc, planner = self._besides.of(state.notes), proposed.first_start_utc, proposed.planner
        issued = self._planning.answer(state, replan.forecast, beside, first_utc, plan, planner)
        return [*issued, *self._planning.shifted(state, replan.forecast, beside, first_utc, loads, planner)]


def _is_about(advice: Recommendation, change: ShiftChange) -> bool:
    places = (*advice.before.shifts, *advice.after.shifts)
    return any((place.shift, place.day_local) == (change.shift, change.day_local) for place in places)


def _rejected(proposed: ProposedPlan, error: Exception) -> Rejection:
    detail = f"plan for {proposed.problem}: no answer as `lastgang plan` writes it ({type(error).__name__}: {error})"
    return Rejection(proposed.site, "unknown", RejectionReason.UNPARSABLE, encode(proposed).decode(), printable(detail))

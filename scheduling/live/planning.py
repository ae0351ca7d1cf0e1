"""Live planning of one site: states the problem, takes the answer, and keeps what was advised while it helps.

One place for everything that needs a whole plan; moves of single jobs are found without it (`scheduling.solve`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.forecasts import Forecast
from domain.job_power import JobPower, MachineProduct, with_power
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import JobPlace, Recommendation, RecommendationStatus
from scheduling.explain import Basis
from scheduling.live.answer import Context, recommendations_of
from scheduling.live.charges import slot_prices
from scheduling.live.difference import breaks
from scheduling.live.known import Known, SlotPrices
from scheduling.live.problem import Nothing, Stated, problem_of, with_advice
from scheduling.live.shifting import PlannedLoad, Present, is_about_loads, shift_advice
from scheduling.live.writing import again, write
from scheduling.outlook import day_of, outlook
from scheduling.pen import SINGLE_MOVES, Pen
from scheduling.planner.plan import Plan
from scheduling.pricing import Pricing
from scheduling.problem import Load, Outlook, Rules, is_movable_from, load_change
from scheduling.promised import Promised, promised_beside
from scheduling.scenarios import SEEKING, Scenarios
from scheduling.settings import AdviceSettings
from scheduling.state import AdviceState, Notes
from scheduling.worth import Worth


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside the state of the advice.

    Attributes
    ----------
    plant
        With the shift changes that have come (`domain.plant.plant_with_changes`).
    powers
        Newest learned power of each machine and product.
    """

    plant: Plant
    powers: Mapping[MachineProduct, JobPower] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """Open advice that still helps."""

    change_kw: Load
    """What it does to the load."""
    now: Recommendation
    """Its next revision, with its figures as they are now."""


class LivePlanning:
    """Problems, plans and advice of one site; where the plant has no tariff there is nothing to plan by."""

    def __init__(self, pricing: Pricing, settings: AdviceSettings) -> None:
        self._pricing, self._settings = pricing, settings

    def problem(self, state: AdviceState, forecast: Forecast, beside: Beside) -> Stated | Nothing:
        """The problem of the present moment; or why there is nothing to plan."""
        known = self.known(state, forecast, beside)
        return self._stated(state, known, self._pricing.worth(state, known.outlook))

    def _stated(self, state: AdviceState, known: Known, worth: Worth) -> Stated | Nothing:
        horizon = known.horizon()
        if horizon is None:
            return Nothing.NO_HORIZON
        tariff = self._pricing.published(state)
        if tariff is None:
            return Nothing.NO_PRICE
        prices = slot_prices(tariff, worth.rest, state.known, worth.known_peak_kw, horizon)
        return problem_of(known, horizon, prices)

    def answer(
        self, state: AdviceState, forecast: Forecast, beside: Beside, first_start_utc: datetime, plan: Plan, planner: str
    ) -> list[Recommendation]:
        """What a plan, whose slot 0 began at `first_start_utc`, comes to now.

        Parameters
        ----------
        planner
            Its name and version.
        """
        known = self.known(state, forecast, beside)
        pen, load = self.pen(state, known), _with_accepted(known)
        stated = self._stated(state, known, pen.worth)
        if isinstance(stated, Nothing):
            return []
        return recommendations_of(
            first_start_utc, plan, Context(stated, state.notes, known.orders, pen, load, planner, self._settings.most_open)
        )

    def shifted(
        self,
        state: AdviceState,
        forecast: Forecast,
        beside: Beside,
        first_start_utc: datetime,
        loads: list[PlannedLoad],
        planner: str,
    ) -> list[Recommendation]:
        """What a plan of charge points comes to now, beside all advice on jobs that is accepted or open."""
        if not loads:
            return []
        known = self.known(state, forecast, beside)
        load = _with_accepted(known)
        for advice in known.open:
            load = load.plus(load_change(advice.moves(), known.orders, load))
        present = Present(state.notes, known.orders, self.pen(state, known), load, planner)
        return shift_advice(first_start_utc, loads, present)

    def kept(
        self, notes: Notes, known: Known, pen: Pen, advice: Recommendation, load: Outlook, later_kw: Load | None = None
    ) -> Kept | None:
        """Advice that a plan made, in the light of a new forecast: kept while it keeps the rules and saves something; None where it is over.

        Parameters
        ----------
        load
            The expected load with everything that is kept before it.
        later_kw
            What advice that was issued after it changes; None: nothing.
        """
        known = replace(known, open=_on_plan(notes))
        horizon = known.horizon(to_decide=False)
        if horizon is None or not all(_is_there(known.orders, place) for place in advice.before.jobs):
            return None
        free = SlotPrices((0.0,) * horizon.count, ())
        stated = problem_of(known, horizon, free, to_decide=False)
        if isinstance(stated, Nothing):
            return None
        plan = with_advice(stated.problem, horizon, stated.present, advice)
        if plan is None or breaks(stated.problem, plan):
            return None
        draft = again(advice, stated, known.orders, pen, load)
        if draft is None or advice.versions is None or (draft.saving_eur or 0.0) <= 0:
            return None
        planner, revision = advice.versions.planner, advice.revision + 1
        now = write(draft, stated, known.orders, pen, planner, advice.recommendation, advice.issued_utc, revision, later_kw)
        return Kept(draft.change_kw, now)

    def known(self, state: AdviceState, forecast: Forecast, beside: Beside) -> Known:
        """All that is known at this moment."""
        notes, zone = state.notes, beside.plant.site.zone
        now_utc = notes.now_utc or forecast.issued_utc
        orders = {job: with_power(order, beside.powers) for job, order in notes.orders.items()}
        load = outlook(notes, forecast, self._settings.risk_weight, zone)
        today = day_of(now_utc, zone)
        held = frozenset(one.subject for one in notes.declined if one.peak_day >= today)
        open_advice = _on_plan(notes)
        return Known(beside.plant, now_utc, forecast, load, orders, _accepted(notes, now_utc), open_advice, held)

    def pen(self, state: AdviceState, known: Known) -> Pen:
        """What recommendations are written from at this moment, those of single moves too."""
        plant = known.plant
        worth = self._pricing.worth(state, known.outlook)
        level_kw = plant.site.target_kw if plant.site.target_kw is not None else worth.billed_kw
        rules = Rules.at(plant, self._settings, known.now_utc, known.outlook)
        basis = Basis(plant, worth.billed_kw, level_kw)
        notes = state.notes

        def ledger(name: str) -> Promised:
            came_kw = notes.track.without_kw
            return promised_beside(notes.promised, notes.recommendations, name, known.outlook, known.orders, known.now_utc, came_kw)

        def local_day(instant: datetime) -> str:
            return day_of(instant, plant.site.zone)

        stating, seeking = Scenarios.of(known.forecast, local_day), Scenarios.of(known.forecast, local_day, SEEKING)
        return Pen(known.forecast, rules, worth, basis, local_day, ledger, stating, seeking, notes.track)


def is_of_a_plan(advice: Recommendation) -> bool:
    """Whether a plan made it, not the search for single moves."""
    return advice.versions is not None and advice.versions.planner != SINGLE_MOVES


def _on_plan(notes: Notes) -> tuple[Recommendation, ...]:
    """Open advice on jobs and shifts."""
    return tuple(one for one in notes.with_status(RecommendationStatus.OPEN) if not is_about_loads(one))


def _accepted(notes: Notes, now_utc: datetime) -> dict[str, JobPlace]:
    """Where accepted advice puts a job that is still where it was."""
    return {
        after.job: after
        for advice in notes.with_status(RecommendationStatus.ACCEPTED) if now_utc < advice.begins_utc
        for before, after in advice.moves() if _is_there(notes.orders, before)
    }  # fmt: skip


def _is_there(orders: Mapping[str, Order], place: JobPlace) -> bool:
    order = orders.get(place.job)
    return order is not None and is_movable_from(order, place)


def _with_accepted(known: Known) -> Outlook:
    """The load with accepted advice carried out."""
    moves = [
        (JobPlace(job, order.machine, order.start_utc, order.end_utc), place)
        for job, place in known.accepted.items() if (order := known.orders.get(job)) is not None
    ]  # fmt: skip
    return known.outlook.plus(load_change(moves, known.orders, known.outlook))

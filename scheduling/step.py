"""The advice as a stream step: forecasts, orders, decisions and quarter hours in, recommendations out.

Plans are made when a forecast comes. Between forecasts recommendations only end: they expire, are decided, lose their job, or are carried
out. Time comes only from the records, and no single record can move it far (`scheduling.now`). Nothing here fails for want of a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT
from billing.site import reactive_channels
from billing.tariff import Tariff
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER, Interval, IntervalOrigin
from domain.orders import Order, OrderStatus
from domain.planning import PlanningCause
from domain.plant import PLANT_FILE_REVISION, Plant, planned_orders
from domain.prices import Prices
from domain.recommendations import Decision, DecisionKind, JobPlace, Recommendation, RecommendationStatus
from quarters.newest import admit
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period
from scheduling.advising import Advising, still_as_advised
from scheduling.forget import forget
from scheduling.now import JUMP, agreed, is_near, now_of
from scheduling.outlook import day_of
from scheduling.prices_ahead import with_prices
from scheduling.problem import is_at
from scheduling.replanning import Replanning
from scheduling.settings import AdviceSettings
from scheduling.state import AdviceState, Billed, Declined

MINUTE = timedelta(minutes=1)

Recommendations = list[Recommendation]


class AdviceStep:
    """Recommendations for one site.

    Parameters
    ----------
    tariff
        None where the plant has none: advice then speaks in kilowatts, and all money is unknown.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, settings: AdviceSettings | None = None) -> None:
        self._plant = plant
        self._tariff = tariff
        planning = plant.planning
        self._settings = settings or AdviceSettings(
            notice=timedelta(minutes=planning.notice_min), time_to_decide=timedelta(minutes=planning.decide_min)
        )
        meter = plant.billing_meter()
        self._meter = None if meter is None else meter.id
        self._channel = None if meter is None else meter.energy_channel()
        self._reactive = reactive_channels(plant)
        self._advising = Advising(plant, tariff, self._settings)
        self.replanning = Replanning(plant, self._advising.planning, self._advising.besides, self._data_is_sound)

    def initial(self) -> AdviceState:
        """Nothing known but the jobs written down in the plant file."""
        return self.resumed(AdviceState())

    def resumed(self, state: AdviceState) -> AdviceState:
        """A stored state with the jobs that the plant file has now; those that also came on the topic stay as they came."""
        orders = {job: order for job, order in state.notes.orders.items() if order.revision > PLANT_FILE_REVISION}
        written = {order.job: order for order in planned_orders(self._plant)}
        if {**written, **orders} != state.notes.orders:
            state.notes.orders, state.encoded = {**written, **orders}, None
        return state

    def take_forecast(self, state: AdviceState, forecast: Forecast) -> tuple[AdviceState, Recommendations]:
        """Plan again."""
        if forecast.replayed:
            return state, []
        notes = state.notes
        notes.clocks["forecast"] = forecast.issued_utc
        state.encoded = None
        issued = self._pass_time(state, notes.now_utc)
        is_of_now = notes.now_utc is not None and is_near(forecast.issued_utc, notes.now_utc)
        if not is_of_now or not is_near(forecast.first_start_utc, forecast.issued_utc) or not self._data_is_sound(state):
            return state, issued
        notes.replan.take_forecast(forecast)
        # Quarter hours up to now are the proof that it is now.
        forget(state, self._plant, self._tariff, self._settings)
        notes.track.settle(state.known, slot_of(forecast.first_start_utc))
        return state, [*issued, *self._advising.plan(state, forecast)]

    def take_order(self, state: AdviceState, order: Order) -> tuple[AdviceState, Recommendations]:
        """Learn one revision of a job; what was advised and is now planned so is accepted, what advises against it is withdrawn.

        The plan and the decision come on two topics in either order: a plan that does as advised is as good as a word.
        """
        notes = state.notes
        known = notes.orders.get(order.job)
        if known is not None and known.revision >= order.revision:
            return state, []
        state.encoded = None
        issued = notes.clocks.get("forecast")
        if known is not None and (issued is None or not issued < known.at_utc <= issued + JUMP):
            notes.before[order.job] = known
        if known is not None and _load_of(known) != _load_of(order):
            notes.track.replan(order)
        notes.orders[order.job] = order
        notes.replan.note(PlanningCause.ORDER)
        open_advice = notes.with_status(RecommendationStatus.OPEN)
        advice = [advice for advice in open_advice if advice.changes(order.job) or _takes_place(order, advice)]
        changed = [
            (one, status) for one in advice if (status := _status_after(one, notes.orders, order)) is not RecommendationStatus.OPEN
        ]
        return state, [notes.end(one, status, order.at_utc) for one, status in changed]

    def take_decision(self, state: AdviceState, decision: Decision) -> tuple[AdviceState, Recommendations]:
        """Apply a person's decision, if it was made in time and is the first one (`domain.recommendations.deciding`)."""
        notes = state.notes
        recommendation = notes.recommendations.get(decision.recommendation)
        if recommendation is None or decision.at_utc > recommendation.valid_until_utc:
            return state, []
        is_first = recommendation.recommendation not in notes.decided
        if is_first:
            notes.decided.append(recommendation.recommendation)
            state.encoded = None
        accepted = decision.kind is DecisionKind.ACCEPTED
        planned_already = recommendation.status is RecommendationStatus.ACCEPTED and recommendation.decided_by is None
        is_open = is_first and recommendation.status in (RecommendationStatus.OPEN, RecommendationStatus.EXPIRED)
        if not is_open and not (accepted and planned_already):
            return state, []
        state.encoded = None
        notes.replan.note(PlanningCause.DECISION)
        status = RecommendationStatus.ACCEPTED if accepted else RecommendationStatus.REJECTED
        if not accepted:
            day = day_of(recommendation.peak_start_utc, self._plant.site.zone)
            notes.declined.append(Declined(recommendation.subject, day, recommendation.saving_eur, recommendation.reduction_kw))
        advice = replace(recommendation, decided_by=decision.by)
        return state, [notes.end(advice, status, decision.at_utc)]

    def take_prices(self, state: AdviceState, prices: Prices) -> tuple[AdviceState, Recommendations]:
        """Learn day-ahead prices; what is advised is priced by them from the next forecast on."""
        notes = state.notes
        known = with_prices(notes.prices, prices, self._plant, self._tariff, notes.now_utc)
        if known != notes.prices:
            notes.prices, state.encoded = known, None
            notes.replan.note(PlanningCause.PRICE)
        return state, []

    def take_demand(self, state: AdviceState, demand: Demand) -> tuple[AdviceState, Recommendations]:
        """Learn the billed peak; let what is too late expire."""
        notes = state.notes
        now = now_of({**notes.clocks, "demand": demand.at_utc})
        # The newest report of the peak counts, be it lower: what it rests on may have been restated.
        if self._says_more(notes.billed, demand) and (now is None or is_near(demand.at_utc, now)):
            notes.billed = Billed(demand.start_utc, demand.billed_peak_kw, demand.billed_peak_utc)
            state.encoded = None
        before = notes.clocks.get("demand")
        if state.encoded is None or before is None or abs(demand.at_utc - before) >= MINUTE:
            notes.clocks["demand"], state.encoded = demand.at_utc, None
        return state, self._pass_time(state, now)

    def _says_more(self, billed: Billed | None, demand: Demand) -> bool:
        """Whether `demand` reports another billed peak, or one of another billing period."""
        if billed is None or (billed.kw, billed.peak_utc) != (demand.billed_peak_kw, demand.billed_peak_utc):
            return True
        return demand.start_utc not in billing_period(self._plant.site, billed.start_utc)

    def take_interval(self, state: AdviceState, interval: Interval) -> tuple[AdviceState, Recommendations]:
        """Learn one quarter hour of the billing meter; what was advised for it may be over with it."""
        notes = state.notes
        if interval.meter != self._meter:
            return state, []
        reactive = {REACTIVE_IMPORT: state.reactive_import, REACTIVE_EXPORT: state.reactive_export}.get(interval.channel)
        about = None if notes.now_utc is None else slot_of(notes.now_utc)
        if reactive is not None and interval.channel in self._reactive:
            if reactive.put(interval, about):
                state.encoded = None
            return state, []
        if interval.channel != self._channel:
            return state, []
        before = notes.newest
        # What the other two agree on is a clock for live rows; others are history, whatever time it is.
        clock = agreed(notes.clocks, "forecast", "demand") if interval.origin is IntervalOrigin.METERING else None
        notes.newest, _ = admit(before, interval, clock)
        if state.known.put(interval, about) or notes.newest != before:
            state.encoded = None
        live_utc = notes.newest.live_utc
        if live_utc is None or live_utc == before.live_utc:
            return state, []
        notes.clocks["interval"] = min(live_utc + QUARTER, NEVER_UTC)
        return state, self._pass_time(state, notes.now_utc)

    # What follows from time alone.

    def _pass_time(self, state: AdviceState, now: datetime | None) -> Recommendations:
        """Expire what is too late at `now`, close what is over."""
        notes = state.notes
        if now is None:
            return []
        issued = []
        for recommendation in list(notes.recommendations.values()):
            if recommendation.status is RecommendationStatus.OPEN and now > recommendation.valid_until_utc:
                issued.append(notes.end(recommendation, RecommendationStatus.EXPIRED, now))
            elif recommendation.status is RecommendationStatus.ACCEPTED:
                issued += self._close(state, recommendation, now)
        if issued:
            state.encoded = None
        return issued

    def _close(self, state: AdviceState, recommendation: Recommendation, now: datetime) -> Recommendations:
        """Close an accepted recommendation once its peak and its new starts are over, or once one of its jobs has begun where it was."""
        notes = state.notes
        for place in recommendation.before.jobs:
            order = notes.orders.get(place.job)
            if order is not None and is_at(order, place) and now >= place.start_utc + QUARTER:
                return [notes.end(recommendation, RecommendationStatus.EXPIRED, now)]
        over = max(recommendation.peak_start_utc, recommendation.last_start_utc)
        newest = state.known.newest(slot_of(now) + 1)
        measured = state.known.power_kw(slot_of(recommendation.peak_start_utc))
        is_late = now > over + self._settings.keep_closed  # its quarter hour will not come any more
        if newest is None or slot_start(newest) < over or (measured is None and not is_late):
            return []
        return [notes.end(recommendation, RecommendationStatus.CARRIED_OUT, now)]

    def _data_is_sound(self, state: AdviceState) -> bool:
        """Whether the newest quarter hours of the billing meter are there, sound and recent."""
        now = state.notes.now_utc
        newest = None if now is None else state.known.newest(slot_of(now) + 1)
        if now is None or newest is None or now - slot_start(newest + 1) > self._settings.quality_lag:
            return False
        return all(state.known.power_kw(newest - n) is not None for n in range(self._settings.quality_quarters))


def _load_of(order: Order) -> tuple[datetime, tuple[float, ...], bool]:
    return order.start_utc, order.profile_kw, order.status is OrderStatus.CANCELLED


def _status_after(advice: Recommendation, orders: Mapping[str, Order], order: Order) -> RecommendationStatus:
    """Where open advice stands once one of its jobs is planned as in `order`: accepted when all of them are where it says."""
    places = {place.job: place for place in advice.after.jobs}
    if order.job not in places:
        return RecommendationStatus.WITHDRAWN
    if still_as_advised(advice, order):
        return RecommendationStatus.OPEN if _fits(order, places[order.job]) else RecommendationStatus.WITHDRAWN
    if not is_at(order, places[order.job]):
        return RecommendationStatus.WITHDRAWN
    others = [orders.get(job) for job in places if job != order.job]
    all_there = all(other is not None and is_at(other, places[other.job]) for other in others)
    return RecommendationStatus.ACCEPTED if all_there else RecommendationStatus.OPEN


def _takes_place(order: Order, advice: Recommendation) -> bool:
    """Whether `order`, which `advice` does not move, now runs where `advice` wants to have one of its jobs."""
    if order.status.is_over or advice.changes(order.job):
        return False
    there = [place for place in advice.after.jobs if place.machine == order.machine]
    return any(order.start_utc < place.end_utc and place.start_utc < order.end_utc for place in there)


def _fits(order: Order, place: JobPlace) -> bool:
    """Whether `order` may run at `place` as long as it takes by now."""
    there = order.on(place.machine)
    if there is None or place.start_utc < order.earliest_utc:
        return False
    return place.start_utc + there.duration == place.end_utc <= order.deadline_utc

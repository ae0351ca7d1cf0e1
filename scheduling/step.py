"""The advice as a stream step: forecasts, orders, decisions and quarter hours in, recommendations out.

Plans are made when a forecast comes. Between forecasts recommendations only end: they expire, are decided, lose their job, or are carried
out. Time comes only from the records, and no single record can move it far (`scheduling.now`). Nothing here fails for want of a price.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT
from billing.site import SitePrices, reactive_channels
from billing.span import billed_since
from billing.tariff import Tariff
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER, Interval, IntervalOrigin
from domain.orders import Order, OrderStatus
from domain.plant import PLANT_FILE_REVISION, Plant, planned_orders
from domain.recommendations import Decision, DecisionKind, Recommendation, RecommendationStatus
from quarters.newest import admit
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw, midnight_utc
from scheduling.explain import Basis
from scheduling.now import JUMP, agreed, is_near, now_of
from scheduling.pen import Pen, recommendation_id
from scheduling.problem import Load, Outlook, Rules, with_move
from scheduling.settings import AdviceSettings
from scheduling.solve import Ask, Move, moves, plan
from scheduling.state import AdviceState, Billed, Declined, Notes, decode_state, encode_state
from scheduling.worth import Measured, Saving, Worth

__all__ = ["AdviceState", "AdviceStep", "decode_state", "encode_state"]

KEEP_DONE = timedelta(hours=6)
"""How long jobs that are over are kept."""
MINUTE = timedelta(minutes=1)
REACH = timedelta(days=2)
"""Quarter hours further ahead than this are dropped."""

Said = list[Recommendation]


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
        self._settings = settings or AdviceSettings()
        self._zone = plant.site.zone
        meter = plant.billing_meter()
        self._meter = None if meter is None else meter.id
        self._channel = None if meter is None else meter.energy_channel()
        self._reactive = reactive_channels(plant)
        self._prices: dict[frozenset[str], SitePrices] = {}
        """By the reactive energies that are known; made once each."""

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

    def take_forecast(self, state: AdviceState, forecast: Forecast) -> tuple[AdviceState, Said]:
        """Plan again."""
        if forecast.replayed:
            return state, []
        notes = state.notes
        notes.clocks["forecast"] = forecast.issued_utc
        state.encoded = None
        said = self._pass_time(state, notes.now_utc)
        is_of_now = notes.now_utc is not None and is_near(forecast.issued_utc, notes.now_utc)
        if not is_of_now or not is_near(forecast.first_start_utc, forecast.issued_utc) or not self._data_is_sound(state):
            return state, said
        # Quarter hours up to now are the proof that it is now.
        self._forget(state)
        return state, [*said, *self._plan(state, forecast)]

    def take_order(self, state: AdviceState, order: Order) -> tuple[AdviceState, Said]:
        """Learn one revision of a job; what was advised and is now planned so is accepted, what advises against it is withdrawn.

        The plan and the decision come on two topics in either order: a plan that does as advised is as good as a word.
        """
        notes = state.notes
        known = notes.orders.get(order.job)
        if known is not None and known.revision >= order.revision:
            return state, []
        state.encoded = None
        if known is not None and _load_of(known) != _load_of(order):
            notes.before[order.job] = known
        notes.orders[order.job] = order
        told = [told for told in self._with_status(notes, RecommendationStatus.OPEN) if told.job == order.job]
        gone = [recommendation for recommendation in told if not _still_as_advised(recommendation, order)]
        return state, [self._end(notes, one, _status_after(one, order), order.at_utc) for one in gone]

    def take_decision(self, state: AdviceState, decision: Decision) -> tuple[AdviceState, Said]:
        """Honour what a person said, if it was said in time and nobody has decided before (`domain.recommendations.deciding`)."""
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
        status = RecommendationStatus.ACCEPTED if accepted else RecommendationStatus.REJECTED
        if not accepted:
            day = self.day_of(recommendation.peak_start_utc)
            notes.declined.append(Declined(recommendation.job, day, recommendation.saving_eur, recommendation.reduction_kw))
        told = replace(recommendation, decided_by=decision.by)
        return state, [self._end(notes, told, status, decision.at_utc)]

    def take_demand(self, state: AdviceState, demand: Demand) -> tuple[AdviceState, Said]:
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

    def take_interval(self, state: AdviceState, interval: Interval) -> tuple[AdviceState, Said]:
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

    def _pass_time(self, state: AdviceState, now: datetime | None) -> Said:
        """Expire what is too late at `now`, close what is over."""
        notes = state.notes
        if now is None:
            return []
        said = []
        for recommendation in list(notes.recommendations.values()):
            if recommendation.status is RecommendationStatus.OPEN and now > recommendation.valid_until_utc:
                said.append(self._end(notes, recommendation, RecommendationStatus.EXPIRED, now))
            elif recommendation.status is RecommendationStatus.ACCEPTED:
                said += self._close(state, recommendation, now)
        if said:
            state.encoded = None
        return said

    def _close(self, state: AdviceState, recommendation: Recommendation, now: datetime) -> Said:
        """Close an accepted recommendation once its peak and its new start are over, or once its job has begun where it was."""
        notes = state.notes
        order = notes.orders.get(recommendation.job)
        if (
            order is not None
            and order.start_utc == recommendation.from_start_utc
            and now >= recommendation.from_start_utc + QUARTER
        ):
            return [self._end(notes, recommendation, RecommendationStatus.EXPIRED, now)]
        over = max(recommendation.peak_start_utc, recommendation.to_start_utc)
        newest = state.known.newest(slot_of(now) + 1)
        measured = state.known.power_kw(slot_of(recommendation.peak_start_utc))
        if measured is None or newest is None or slot_start(newest) < over:
            return []
        return [self._end(notes, recommendation, RecommendationStatus.CARRIED_OUT, now)]

    def _end(self, notes: Notes, recommendation: Recommendation, status: RecommendationStatus, at_utc: datetime) -> Recommendation:
        """The next revision, in another status. What other programs date is taken for now where it is far from it."""
        now = notes.now_utc
        at_utc = at_utc if now is None or is_near(at_utc, now) else now
        told = replace(recommendation, status=status, revision=recommendation.revision + 1, at_utc=at_utc)
        notes.recommendations[told.recommendation] = told
        return told

    def _forget(self, state: AdviceState) -> None:
        """Drop what nothing can follow from any more."""
        notes, now = state.notes, state.notes.now_utc
        if now is None:
            return
        oldest = now - self._settings.keep_closed
        live = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)
        advised = {told.job for told in notes.recommendations.values() if told.status in live}
        # What came of a job in the plant file is kept: else a restart would plan it again as it stands there.
        kept = advised | {job.job for job in self._plant.orders}
        notes.orders = {job: order for job, order in notes.orders.items() if order.end_utc > now - KEEP_DONE or job in kept}
        notes.before = {job: order for job, order in notes.before.items() if job in notes.orders}
        notes.recommendations = {
            name: told
            for name, told in notes.recommendations.items()
            if told.status in live or max(told.at_utc, told.peak_start_utc) > oldest
        }
        notes.declined = [d for d in notes.declined if d.peak_day >= self.day_of(oldest)]
        notes.decided = [name for name in notes.decided if name in notes.recommendations]
        first = slot_of(billing_period(self._plant.site, oldest).start_utc)
        if self._tariff is not None:
            zone = self._tariff.zone
            first = min(first, slot_of(midnight_utc(billed_since(self._tariff, oldest.astimezone(zone).date()), zone)))
        for series in (state.known, state.reactive_import, state.reactive_export):
            series.forget(first, slot_of(now + REACH))

    # Planning.

    def _plan(self, state: AdviceState, forecast: Forecast) -> Said:
        notes, settings = state.notes, self._settings
        now = notes.now_utc or forecast.issued_utc
        if not forecast.q50_kw:
            return []
        outlook = self._outlook(notes, forecast)
        rules = Rules.at(self._plant, settings, now, outlook)
        worth = self._worth(state, outlook.first_slot)
        level = self._plant.site.target_kw if self._plant.site.target_kw is not None else worth.billed_kw
        orders = dict(notes.orders)
        for told in self._with_status(notes, RecommendationStatus.ACCEPTED):
            if (
                (order := orders.get(told.job)) is not None
                and _still_as_advised(told, order)
                and now < min(told.from_start_utc, told.to_start_utc)
            ):
                outlook, orders = (
                    outlook.moved(order, slot_of(told.to_start_utc)),
                    with_move(orders, told.job, slot_of(told.to_start_utc)),
                )
        pen = Pen(forecast, rules, worth, Basis(self._plant, worth.billed_kw, level), self.day_of)
        said: Said = []
        for told in self._with_status(notes, RecommendationStatus.OPEN):
            kept, news = self._kept(notes, pen, told, outlook, orders)
            said += news
            if kept is not None:
                outlook, orders = outlook.moved(kept.order, kept.to_slot), with_move(orders, kept.order.job, kept.to_slot)
        said += self._new(notes, pen, outlook, orders)
        return said

    def _worth(self, state: AdviceState, first_slot: int) -> Worth:
        """What plans are priced by; reactive energy that the plant measures counts once there is some."""
        prices = None
        if self._tariff is not None:
            series = {REACTIVE_IMPORT: state.reactive_import, REACTIVE_EXPORT: state.reactive_export}
            channels = frozenset(channel for channel in self._reactive if series[channel].newest(first_slot) is not None)
            if channels not in self._prices:
                self._prices[channels] = SitePrices(self._tariff, channels)
            prices = self._prices[channels]
        measured = Measured(state.known, state.reactive_import, state.reactive_export)
        period = billing_period(self._plant.site, slot_start(first_slot))
        return Worth(prices, measured, first_slot, period, self._known_peak_kw(state, first_slot))

    def _kept(
        self, notes: Notes, pen: Pen, told: Recommendation, outlook: Outlook, orders: dict[str, Order]
    ) -> tuple[Move | None, Said]:
        """An open recommendation in the light of a new forecast: kept while it helps, told again where its figures changed."""
        settings, to_slot = self._settings, slot_of(told.to_start_utc)
        order = orders.get(told.job)
        good = order is not None and _still_as_advised(told, order) and to_slot in pen.rules.starts(order, orders, settings.notice)
        if order is None or not good:
            return None, [self._end(notes, told, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        move = moves(outlook, order, [to_slot])[0]
        too_low = move.before.judged_kw < pen.basis.level_kw - settings.keep_margin_kw
        if too_low or move.reduction_kw < 0 or move.relief_kw < settings.keep_share * settings.min_reduction_kw:
            return None, [self._end(notes, told, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        changed = (
            abs(move.before.median_kw - told.peak_before_kw) >= settings.republish_kw
            or abs(move.after.median_kw - told.peak_after_kw) >= settings.republish_kw
            or _has_changed(told.saving_eur, pen.saving(outlook, move).total_eur, settings.republish_eur)
        )
        if not changed:
            return move, []
        again = pen.write(move, [], outlook, told.recommendation, told.issued_utc, told.revision + 1)
        again = replace(again, alternatives=told.alternatives)
        notes.recommendations[told.recommendation] = again
        return move, [again]

    def _new(self, notes: Notes, pen: Pen, outlook: Outlook, orders: dict[str, Order]) -> Said:
        """Further moves while the plan passes the level and there is room for advice."""
        settings = self._settings
        busy = {
            r.job for r in notes.recommendations.values() if r.status in (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)
        }
        ask = Ask(
            pen.rules,
            pen.basis.level_kw,
            settings.notice + settings.time_to_decide,
            settings.most_open - len(self._with_status(notes, RecommendationStatus.OPEN)),
            frozenset(busy),
            lambda move, load: self._may_be_advised(notes, move, pen.saving(load, move)),
        )
        said: Said = []
        for move, *others in plan(outlook, orders, ask):
            name = recommendation_id(move.order, move.to_slot, notes.decided)
            known = notes.recommendations.get(name)
            said.append(pen.write(move, others, outlook, name, pen.rules.now_utc, 1 if known is None else known.revision + 1))
            outlook = outlook.moved(move.order, move.to_slot)
        if self._plant.site.target_kw is None and not _is_worth_while(said):
            return []
        notes.recommendations |= {told.recommendation: told for told in said}
        return said

    def _may_be_advised(self, notes: Notes, move: Move, saving: Saving) -> bool:
        """Whether a move is not known to cost money, and nobody has said no to it for this peak, unless it is worth much more now.

        Worth is compared in euros where both are known, else in kilowatts.
        """
        total_eur, day = saving.total_eur, self.day_of(slot_start(move.before.slot))
        most_eur = 0.0 if self._plant.site.target_kw is None else self._settings.most_cost_eur
        if total_eur is not None and round(total_eur, 2) < -most_eur:
            return False
        for declined in notes.declined:
            if declined.job != move.order.job or declined.peak_day != day:
                continue
            in_eur = total_eur is not None and bool(declined.saving_eur)
            worth, then = (total_eur, declined.saving_eur) if in_eur else (move.reduction_kw, declined.reduction_kw)
            if (worth or 0.0) < self._settings.again_factor * (then or 0.0):
                return False
        return True

    def _outlook(self, notes: Notes, forecast: Forecast) -> Outlook:
        """The forecast, with the jobs where they are planned now: orders that are newer than it are moved in it.

        An order that is dated ahead of time was known when the forecast was made.
        """
        median, high = np.array(forecast.q50_kw), np.array(forecast.q90_kw)
        outlook = Outlook(slot_of(forecast.first_start_utc), median, self._judged(forecast, median, high))
        for job, order in notes.orders.items():
            if not forecast.issued_utc < order.at_utc <= forecast.issued_utc + JUMP:
                continue
            was = notes.before.get(job)
            change = _profile(outlook, order) - (_profile(outlook, was) if was is not None else 0.0)
            outlook = outlook.plus(change)
        return outlook

    def _judged(self, forecast: Forecast, median: Load, high: Load) -> Load:
        """The load that a plan is judged by: somewhat above the median, and each day as high as its peak is likely to be.

        The highest of many quarter hours is above the highest median. Where the forecast has a day's peak that is still to come, all
        of the day is lifted by what its highest quarter hour lacks to that peak, taken at the same risk.
        """
        risk = self._settings.risk_weight
        judged = median + risk * (high - median)
        first_slot = slot_of(forecast.first_start_utc)
        days = np.array([self.day_of(slot_start(first_slot + n)) for n in range(len(median))])
        for peak in forecast.peaks:
            of_day = days == peak.day_local
            if peak.start_utc >= forecast.first_start_utc and of_day.any():
                likely_kw = peak.q50_kw + risk * (peak.q90_kw - peak.q50_kw)
                judged[of_day] += max(0.0, likely_kw - float(judged[of_day].max()))
        return judged

    def _known_peak_kw(self, state: AdviceState, first_slot: int) -> float:
        """The peak billed so far in the period in which the outlook begins, as far as it is not among the known quarter hours."""
        site, billed = self._plant.site, state.notes.billed
        written_kw = known_peak_kw(site, slot_start(first_slot))
        if billed is None or billed.start_utc not in billing_period(site, slot_start(first_slot)):
            return written_kw
        is_known = billed.peak_utc is not None and state.known.power_kw(slot_of(billed.peak_utc)) is not None
        return written_kw if is_known else max(written_kw, billed.kw)

    def _data_is_sound(self, state: AdviceState) -> bool:
        """Whether the newest quarter hours of the billing meter are there, sound and recent."""
        now = state.notes.now_utc
        newest = None if now is None else state.known.newest(slot_of(now) + 1)
        if now is None or newest is None or now - slot_start(newest + 1) > self._settings.quality_lag:
            return False
        return all(state.known.power_kw(newest - n) is not None for n in range(self._settings.quality_quarters))

    def day_of(self, instant: datetime) -> str:
        """The local date of `instant`, ISO."""
        return instant.astimezone(self._zone).date().isoformat()

    @staticmethod
    def _with_status(notes: Notes, status: RecommendationStatus) -> list[Recommendation]:
        found = [told for told in notes.recommendations.values() if told.status is status]
        return sorted(found, key=lambda told: (told.issued_utc, told.recommendation))


def _load_of(order: Order) -> tuple[datetime, tuple[float, ...], bool]:
    return order.start_utc, order.profile_kw, order.status is OrderStatus.CANCELLED


def _profile(outlook: Outlook, order: Order) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if order.status is OrderStatus.CANCELLED:
        return np.zeros(len(outlook.median_kw))
    return outlook.profile(order, slot_of(order.start_utc))


def _still_as_advised(told: Recommendation, order: Order) -> bool:
    return order.movable and order.status is OrderStatus.PLANNED and order.start_utc == told.from_start_utc


def _status_after(told: Recommendation, order: Order) -> RecommendationStatus:
    carried_out = order.status is not OrderStatus.CANCELLED and order.start_utc == told.to_start_utc
    return RecommendationStatus.ACCEPTED if carried_out else RecommendationStatus.WITHDRAWN


def _has_changed(before_eur: float | None, after_eur: float | None, least_eur: float) -> bool:
    """Whether a saving has become known or unknown, or another by `least_eur`."""
    if before_eur is None or after_eur is None:
        return (before_eur is None) != (after_eur is None)
    return abs(after_eur - before_eur) >= least_eur


def _is_worth_while(said: Said) -> bool:
    """Whether moves together save money, or might: where no target is to be protected, nothing else speaks for them."""
    savings = [told.saving_eur for told in said]
    return any(saving is None for saving in savings) or sum(saving for saving in savings if saving is not None) > 0
